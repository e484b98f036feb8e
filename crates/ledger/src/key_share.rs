//! The shares of a period's key: two secrets of two custodians, neither of which gives the key away.

use std::fmt;

use chrono::{DateTime, Utc};
use zeroize::Zeroize as _;

use crate::hash::FieldHasher;
use crate::{Hash256, Period, PrincipalId};

/// Which of the two shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SharePosition {
    /// Handed in first.
    First,
    /// Handed in second.
    Second,
}

impl SharePosition {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Second => 2,
        }
    }
}

/// 32 secret bytes of a custodian. Never shown, and overwritten in memory when dropped.
#[derive(Clone)]
pub struct KeyShare([u8; 32]);

impl KeyShare {
    /// Takes 32 bytes from a cryptographic random source of the custodian's own.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret itself; it becomes public together with the key.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash that is logged when the share is handed in. It gives nothing away, since a share is as long as the
    /// hash and random; the position keeps one custodian from handing in the other's hash as an own one.
    pub fn commitment(&self, period: Period, position: SharePosition) -> Hash256 {
        FieldHasher::new("tidegate/key-share/v1")
            .field(period.to_string().as_bytes())
            .field(&[position.number()])
            .field(&self.0)
            .finish()
    }
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyShare(secret)")
    }
}

impl Drop for KeyShare {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// That a share was handed in, without the share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// By whom.
    pub principal: PrincipalId,
    /// Its hash.
    pub commitment: Hash256,
    /// When.
    pub at: DateTime<Utc>,
}

/// How many persons hold the shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Custody {
    /// Two, neither of whom knows the key.
    TwoPersons,
    /// One, on a machine that knows nobody else: it could have tried shares until the draws pleased it.
    OnePerson,
}

impl Custody {
    pub(crate) const ALL: [Self; 2] = [Self::TwoPersons, Self::OnePerson];

    /// Its code in tables and files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TwoPersons => "two-persons",
            Self::OnePerson => "one-person",
        }
    }
}

/// Where a key comes from, all of it public: the first hash of the period's chain covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOrigin {
    /// Hashes of the shares, logged before the public value was known.
    pub share_commitments: [Hash256; 2],
    /// How many persons hold the shares.
    pub custody: Custody,
    /// What was announced as the source of the public value, such as a round of a randomness beacon.
    pub public_source: Option<String>,
    /// What that source gave.
    pub public_value: Option<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_shown() {
        assert_eq!(format!("{:?}", KeyShare::new([0xab; 32])), "KeyShare(secret)");
    }

    #[test]
    fn a_commitment_binds_to_share_period_and_position() {
        let commitment = |share, period: &str, position| {
            KeyShare::new([share; 32]).commitment(period.parse().unwrap(), position)
        };
        let one = commitment(1, "2026-11", SharePosition::First);
        assert_eq!(one, commitment(1, "2026-11", SharePosition::First));
        assert_ne!(one, commitment(2, "2026-11", SharePosition::First));
        assert_ne!(one, commitment(1, "2026-12", SharePosition::First));
        assert_ne!(one, commitment(1, "2026-11", SharePosition::Second));
    }
}
