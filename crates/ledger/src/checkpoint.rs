//! Signed checkpoints: how far the log of a period had come, in a form that its keeper cannot take back.
//!
//! Whoever keeps one can prove later that the log was rolled back, forked or cut, as with the signed tree heads of
//! RFC 6962 section 3.5.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::hash::encode;
use crate::{Hash256, Period, PublicKey, Signature, SigningKey};

/// How far the log of a period has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Name of the log: which ledger of which authority.
    pub log: String,
    /// The period.
    pub period: Period,
    /// Number of commitments.
    pub count: u64,
    /// End of their chain.
    pub head: Hash256,
    /// Root of the Merkle tree over their hashes.
    pub merkle_root: Hash256,
    /// Commitment to the period's key.
    pub key_commitment: Hash256,
    /// When it was signed, to the microsecond.
    #[serde(rename = "signed_at_micros", with = "chrono::serde::ts_microseconds")]
    pub signed_at: DateTime<Utc>,
}

/// A checkpoint with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// Key that checks the signature.
    pub public_key: PublicKey,
    /// Ed25519 signature over [`Checkpoint::to_bytes`].
    pub signature: Signature,
}

impl Checkpoint {
    /// The bytes that are signed: each field behind its length as eight big-endian bytes, numbers as eight big-endian
    /// bytes, the moment as microseconds since 1970-01-01 UTC.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&[
            b"tidegate/checkpoint/v1",
            self.log.as_bytes(),
            self.period.to_string().as_bytes(),
            &self.count.to_be_bytes(),
            self.head.as_bytes(),
            self.merkle_root.as_bytes(),
            self.key_commitment.as_bytes(),
            &self.signed_at.timestamp_micros().to_be_bytes(),
        ])
    }

    /// Signs it.
    pub fn sign(self, key: &SigningKey) -> SignedCheckpoint {
        let signature = key.sign(&self.to_bytes());
        SignedCheckpoint { checkpoint: self, public_key: key.public_key(), signature }
    }
}

impl SignedCheckpoint {
    /// Whether this key signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.public_key == *key && key.has_signed(&self.checkpoint.to_bytes(), &self.signature)
    }
}
