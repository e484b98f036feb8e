//! Pseudonyms of consignments: what stands for a root wherever others may look.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroize as _;

use crate::hash::encode;
use crate::hex;

/// 32 secret bytes under which consignments get their pseudonyms. One for all time, since amendments keep the root;
/// made before the first period is opened, since whoever could change it later could roll draws again.
#[derive(Clone)]
pub struct RootKey([u8; 32]);

impl RootKey {
    /// Takes 32 bytes from a cryptographic random source.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The pseudonym of a consignment by what identifies it, such as consignee and house transport document: 64
    /// hexadecimal digits of HMAC-SHA256 (RFC 2104) over `tidegate/root/v1` and the parts, each behind its length.
    pub fn pseudonym(&self, parts: &[&str]) -> String {
        let mut fields = vec![b"tidegate/root/v1".as_slice()];
        fields.extend(parts.iter().map(|part| part.as_bytes()));
        // HMAC fills a shorter key with zeros to the block of the hash, 64 bytes.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        block.zeroize();
        mac.update(&encode(&fields));
        hex::Shown(&mac.finalize().into_bytes()).to_string()
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(secret)")
    }
}

impl Drop for RootKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python: `hmac.digest(bytes([7]) * 32, b"".join(struct.pack(">Q", len(f)) + f for f in fields), "sha256").hex()`
    /// with `fields = (b"tidegate/root/v1", b"KR1234567890", b"HAWB-1")`.
    #[test]
    fn a_pseudonym_is_what_any_hmac_gives() {
        let key = RootKey::new([7; 32]);
        let expected = "78be5945a4366d181b71d608f9a650bfc0c52c931fac8eaa0019b68d3e14524c";
        assert_eq!(key.pseudonym(&["KR1234567890", "HAWB-1"]), expected);
        assert_eq!(format!("{key:?}"), "RootKey(secret)");
    }

    #[test]
    fn parts_do_not_run_together() {
        let key = RootKey::new([7; 32]);
        assert_ne!(key.pseudonym(&["ab", "c"]), key.pseudonym(&["a", "bc"]));
        assert_ne!(key.pseudonym(&["ab"]), RootKey::new([8; 32]).pseudonym(&["ab"]));
    }
}
