//! The draw: a keyed hash of the consignment's root, which depends on no other record.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Bits of a draw: as many as a 64-bit float holds exactly.
pub const DRAW_BITS: u32 = 53;

/// A number in [0, 1) with [`DRAW_BITS`] bits.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Draw(f64);

impl Draw {
    /// The top bits of the keyed hash of `select/v1`, period and root under the key of the period.
    pub fn new(key: &[u8; 32], period: &str, root: &str) -> Self {
        Self::of_digest(&keyed_hash(key, &["select/v1", period, root]))
    }

    /// A draw as it was stored; `None` outside [0, 1).
    pub fn stored(value: f64) -> Option<Self> {
        (0.0..1.0).contains(&value).then_some(Self(value))
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// A further number in [0, 1) for a purpose: the top bits of the hash of the purpose and the draw. Whoever knows the draw
    /// can compute it, and given the draw it falls below a share as seldom as the share says.
    #[must_use]
    pub fn derived(self, purpose: &str) -> Self {
        Self::of_digest(&Sha256::new().chain_update(purpose).chain_update(self.0.to_be_bytes()).finalize())
    }

    fn of_digest(digest: &[u8]) -> Self {
        let mut top = [0; 8];
        top.copy_from_slice(&digest[..8]);
        Self((u64::from_be_bytes(top) >> (64 - DRAW_BITS)) as f64 / (1_u64 << DRAW_BITS) as f64)
    }
}

/// HMAC-SHA256 (RFC 2104) over parts, each preceded by its length in bytes as a big-endian 32-bit number, so that no two
/// lists of parts give the same bytes.
pub(super) fn keyed_hash(key: &[u8; 32], parts: &[&str]) -> [u8; 32] {
    // HMAC fills a shorter key with zeros to the block of the hash, 64 bytes.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in parts {
        mac.update(&(part.len() as u32).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_what_any_hmac_gives() {
        // Python: hmac.new(bytes(range(32)), b"\0\0\0\x09select/v1" b"\0\0\0\x072026-11" b"\0\0\0\x03R-1", "sha256")
        let key = std::array::from_fn(|i| i as u8);
        assert_eq!(Draw::new(&key, "2026-11", "R-1").value().to_bits(), 0x3fbd_2aae_6a7e_8788);
    }

    #[test]
    fn draws_are_uniform_and_parts_do_not_run_together() {
        let key = [7; 32];
        let draws: Vec<f64> =
            (0..20_000).map(|i| Draw::new(&key, "2026-11", &i.to_string()).value()).collect();
        for tenth in 0..10 {
            let low = f64::from(tenth) / 10.0;
            let count = draws.iter().filter(|u| (low..low + 0.1).contains(*u)).count();
            // Five standard errors of a binomial count of 20,000 at 0.1.
            assert!(
                (count as f64 - 2_000.0).abs() < 5.0 * (20_000.0_f64 * 0.1 * 0.9).sqrt(),
                "{tenth}: {count}"
            );
        }
        assert_ne!(Draw::new(&key, "2026-11", "1R"), Draw::new(&key, "2026-111", "R"));
    }

    #[test]
    fn a_derived_draw_is_uniform_whatever_the_draw_fell_into() {
        let draws = (0..200_000).map(|i| Draw::new(&[7; 32], "2026-11", &i.to_string()));
        let low: Vec<Draw> = draws.filter(|u| u.value() < 0.1).collect();
        let below = low.iter().filter(|u| u.derived("again").value() < 0.25).count() as f64;
        let (n, expected) = (low.len() as f64, 0.25 * low.len() as f64);
        assert!((below - expected).abs() < 5.0 * (n * 0.25 * 0.75).sqrt(), "{below} of {n}");
        assert_ne!(low[0].derived("again"), low[0].derived("other"));
    }
}
