//! The secret key of a period's draws, made of two shares and a public value.

use std::fmt;

use zeroize::Zeroize as _;

use crate::hash::FieldHasher;
use crate::{Hash256, KeyShare, Period};

/// 32 secret bytes that key the draws of one period. Never shown, and overwritten in memory when dropped.
///
/// The ledger file holds its shares in the clear, so it is created readable for its owner only.
#[derive(Clone)]
pub struct PeriodKey([u8; 32]);

impl PeriodKey {
    /// Takes 32 bytes from a cryptographic random source: a key to throw away. The key of a period is derived.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key of a period: SHA-256 (FIPS 180-4) over domain, period, both shares and the public value, each behind
    /// its length, so that whoever misses one share knows nothing of the key, and nobody chose it who did not know
    /// the public value before both shares were fixed.
    pub fn derive(period: Period, shares: [&KeyShare; 2], public_value: Option<&[u8]>) -> Self {
        let [first, second] = shares;
        let hash = FieldHasher::new("tidegate/period-key/v2")
            .field(period.to_string().as_bytes())
            .field(first.expose())
            .field(second.expose())
            .field(public_value.unwrap_or_default())
            .finish();
        Self(*hash.as_bytes())
    }

    /// The secret itself; whoever sees it can predict every draw of the period.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash that binds to this key without giving it away. A period's chain of commitments starts from it, so
    /// that the key revealed later can be no other.
    pub fn commitment(&self, period: Period) -> Hash256 {
        FieldHasher::new("tidegate/period-key-commitment/v2")
            .field(period.to_string().as_bytes())
            .field(&self.0)
            .finish()
    }
}

impl fmt::Debug for PeriodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeriodKey(secret)")
    }
}

impl Drop for PeriodKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period() -> Period {
        "2026-11".parse().unwrap()
    }

    fn derived(first: u8, second: u8, public: Option<&[u8]>) -> PeriodKey {
        PeriodKey::derive(period(), [&KeyShare::new([first; 32]), &KeyShare::new([second; 32])], public)
    }

    #[test]
    fn a_key_is_never_shown() {
        assert_eq!(format!("{:?}", derived(0xab, 0xcd, None)), "PeriodKey(secret)");
    }

    #[test]
    fn a_key_commitment_binds_to_key_and_period() {
        let commitment =
            |key, period: &str| PeriodKey::new([key; 32]).commitment(period.parse().unwrap()).to_string();
        assert_eq!(commitment(1, "2026-11"), commitment(1, "2026-11"));
        assert_ne!(commitment(1, "2026-11"), commitment(2, "2026-11"));
        assert_ne!(commitment(1, "2026-11"), commitment(1, "2026-12"));
    }

    #[test]
    fn every_part_makes_another_key() {
        let one = derived(1, 2, Some(b"beacon"));
        for other in [derived(2, 1, Some(b"beacon")), derived(1, 3, Some(b"beacon")), derived(1, 2, None)] {
            assert_ne!(one.expose(), other.expose());
        }
    }

    /// Computed with Python's hashlib from the description of the layout, not by this code.
    #[test]
    fn a_key_is_the_documented_one() {
        let shown = Hash256::new(*derived(1, 2, Some(b"beacon")).expose()).to_string();
        assert_eq!(shown, "ba8bb88e818df6bf70b5c5d6e55b03f1efc00458ab16ab3d85f7c8fa64de12bf");
    }
}
