//! Signed checkpoints of the audit chain, as they stand in the ledger and are kept outside.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::hash::encode;
use crate::{Hash256, PublicKey, Signature};

/// How far the audit chain had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditCheckpoint {
    /// Name of the log: which ledger of which authority.
    pub log: String,
    /// 1, 2, 3 and so on without a gap.
    pub number: u64,
    /// Number of entries.
    pub count: u64,
    /// Hash of the last one.
    pub head: Hash256,
    /// When it was signed, to the microsecond.
    #[serde(rename = "signed_at_micros", with = "chrono::serde::ts_microseconds")]
    pub signed_at: DateTime<Utc>,
}

/// A checkpoint with its signature. Whoever keeps one elsewhere can prove later that the chain was cut or written again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAuditCheckpoint {
    /// What is signed.
    pub checkpoint: AuditCheckpoint,
    /// Key that checks the signature.
    pub public_key: PublicKey,
    /// Ed25519 signature over [`AuditCheckpoint::to_bytes`].
    pub signature: Signature,
}

impl AuditCheckpoint {
    /// The bytes that are signed: each field behind its length as eight big-endian bytes, numbers as eight big-endian
    /// bytes, the moment as microseconds since 1970-01-01 UTC.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&[
            b"tidegate/audit-checkpoint/v1",
            self.log.as_bytes(),
            &self.number.to_be_bytes(),
            &self.count.to_be_bytes(),
            self.head.as_bytes(),
            &self.signed_at.timestamp_micros().to_be_bytes(),
        ])
    }
}

impl SignedAuditCheckpoint {
    /// Whether this key signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.public_key == *key && key.has_signed(&self.checkpoint.to_bytes(), &self.signature)
    }

    /// The text of the file that is kept outside: JSON and a line break.
    ///
    /// # Errors
    /// None in practice: every field has a JSON form.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}
