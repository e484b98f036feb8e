//! The file of a period: its key, where the key comes from, what its rows refer to, and what was signed.

use serde::{Deserialize, Serialize};

use super::fault::PeriodFault;
use crate::{
    ChainHead, Custody, Hash256, KeyOrigin, KeyShare, Period, PeriodKey, PolicyStateVersion, PublicKey,
    SharePosition, SignedCheckpoint, hex,
};

/// Version of both files.
pub const FORMAT: u32 = 3;

/// The file of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedPeriod {
    /// [`FORMAT`].
    pub format: u32,
    /// The period.
    pub period: Period,
    /// How many persons hold the shares of the key.
    pub custody: Custody,
    /// The revealed key, 32 bytes as hexadecimal digits like all that follow.
    pub key: Hash256,
    /// The revealed shares.
    pub shares: [Hash256; 2],
    /// Their hashes, logged when they were handed in.
    pub share_commitments: [Hash256; 2],
    /// What was announced as the source of the public value.
    pub public_source: Option<String>,
    /// What that source gave, as hexadecimal digits.
    pub public_value: Option<String>,
    /// The commitment to the key.
    pub key_commitment: Hash256,
    /// Policy states that rows name, by version.
    pub policy_states: Vec<PublishedState>,
    /// Bundles that rows name.
    pub bundles: Vec<Hash256>,
    /// Number of rows.
    pub commitments: u64,
    /// End of their chain.
    pub head: Hash256,
    /// Root of the Merkle tree over their hashes.
    pub merkle_root: Hash256,
    /// Key that checks the signatures.
    pub public_key: PublicKey,
    /// What was signed, in that order: first before any commitment, last at the end.
    pub checkpoints: Vec<SignedCheckpoint>,
}

/// A policy state as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedState {
    /// Its version.
    pub version: i64,
    /// Hash of its content.
    pub sha256: Hash256,
    /// Its content, character by character.
    pub content: String,
}

impl PublishedPeriod {
    /// The file.
    ///
    /// # Errors
    /// As `serde_json`, which has no reason to.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it is not JSON or of another form.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Derives the key again and gives it with the first hash of the chain.
    pub(super) fn check_key(&self) -> Result<(PeriodKey, ChainHead), PeriodFault> {
        let shares = self.shares.map(|share| KeyShare::new(*share.as_bytes()));
        for (position, (share, logged)) in [SharePosition::First, SharePosition::Second]
            .into_iter()
            .zip(shares.iter().zip(self.share_commitments))
        {
            if share.commitment(self.period, position) != logged {
                return Err(PeriodFault::Share(position.number()));
            }
        }
        let public_value = match self.public_value.as_deref().map(hex::parse_any) {
            None => None,
            Some(Some(value)) if !value.is_empty() => Some(value),
            Some(_) => return Err(PeriodFault::PublicValue),
        };
        if self.public_source.as_ref().is_some_and(|source| !source.is_empty()) != public_value.is_some() {
            return Err(PeriodFault::PublicValue);
        }
        let key = PeriodKey::derive(self.period, [&shares[0], &shares[1]], public_value.as_deref());
        if key.expose() != self.key.as_bytes() {
            return Err(PeriodFault::Key);
        }
        if key.commitment(self.period) != self.key_commitment {
            return Err(PeriodFault::KeyCommitment);
        }
        let origin = KeyOrigin {
            share_commitments: self.share_commitments,
            custody: self.custody,
            public_source: self.public_source.clone(),
            public_value,
        };
        Ok((key, ChainHead::empty(self.period, self.key_commitment, &origin)))
    }

    pub(super) fn state(&self, version: PolicyStateVersion) -> Option<&PublishedState> {
        self.policy_states.iter().find(|state| state.version == version.0)
    }
}
