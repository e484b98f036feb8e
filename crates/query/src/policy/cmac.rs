//! CMAC with AES-256 of many texts at once (NIST SP 800-38B, RFC 4493).
//!
//! One text after the other waits for each block to come out of the cipher; many at once keep it busy, which is a tenth of the
//! time on processors with instructions for AES. The crate `cmac` takes one text, and the key's schedule with each.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};

/// Bytes of a block, and of an authentication code.
pub(super) const BLOCK: usize = 16;

/// Texts that go through the cipher together.
const LANES: usize = 64;

type Block = aes::Block;

/// A key, ready for use.
pub(super) struct Cmac {
    cipher: Aes256,
    /// What the last block of a text is mixed with: the first when it is whole, the second when it is filled up.
    subkeys: [Block; 2],
}

impl Cmac {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let cipher = Aes256::new(key.into());
        let mut zero = Block::default();
        cipher.encrypt_block(&mut zero);
        let whole = doubled(zero);
        Self { cipher, subkeys: [whole, doubled(whole)] }
    }

    /// Gives the code of each text to `use_code`, in their order.
    pub(super) fn each<'a>(
        &self,
        texts: impl Iterator<Item = &'a [u8]>,
        mut use_code: impl FnMut(&[u8; BLOCK]),
    ) {
        let mut texts = texts.fuse();
        let mut group: Vec<&[u8]> = Vec::with_capacity(LANES);
        let mut codes = [Block::default(); LANES];
        loop {
            group.clear();
            group.extend(texts.by_ref().take(LANES));
            if group.is_empty() {
                return;
            }
            let codes = &mut codes[..group.len()];
            self.group(&group, codes);
            for code in &*codes {
                use_code(&code.0);
            }
        }
    }

    /// Codes of at most [`LANES`] texts.
    fn group(&self, texts: &[&[u8]], codes: &mut [Block]) {
        codes.fill(Block::default());
        let blocks = |text: &[u8]| text.len().div_ceil(BLOCK).max(1);
        let fewest = texts.iter().map(|text| blocks(text)).min().unwrap_or(0);
        for at in 0..fewest {
            codes.iter_mut().zip(texts).for_each(|(code, text)| self.mix(code, text, at));
            self.cipher.encrypt_blocks(codes);
        }
        for (code, text) in codes.iter_mut().zip(texts) {
            for at in fewest..blocks(text) {
                self.mix(code, text, at);
                self.cipher.encrypt_block(code);
            }
        }
    }

    /// Mixes one block of a text into what the cipher made of those before it.
    fn mix(&self, code: &mut Block, text: &[u8], at: usize) {
        let rest = &text[at * BLOCK..];
        if let Some(block) = rest.first_chunk::<BLOCK>() {
            xor(code, block);
            if rest.len() == BLOCK {
                xor(code, &self.subkeys[0].0);
            }
        } else {
            let mut filled = [0; BLOCK];
            filled[..rest.len()].copy_from_slice(rest);
            filled[rest.len()] = 0x80;
            xor(code, &filled);
            xor(code, &self.subkeys[1].0);
        }
    }
}

fn xor(code: &mut Block, with: &[u8; BLOCK]) {
    code.0 = (u128::from_ne_bytes(code.0) ^ u128::from_ne_bytes(*with)).to_ne_bytes();
}

/// A block times x in the field of 2^128 elements (SP 800-38B, 6.1).
fn doubled(block: Block) -> Block {
    let bits = u128::from_be_bytes(block.0);
    // The reduction is by arithmetic, not by a branch, so that its time tells nothing of the key.
    Array(((bits << 1) ^ ((bits >> 127) * 0x87)).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of SP 800-38B, D.3 (AES-256).
    #[test]
    fn codes_are_those_of_the_standard() {
        let key = bytes("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
        let text = bytes(concat!(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
            "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
        ));
        let expected = [
            (0, "028962f61b7bf89efc6b551f4667d983"),
            (16, "28a7023f452e8f82bd4bf28d8c37c35c"),
            (40, "aaf3d8f1de5640c232f5b169b9c911e6"),
            (64, "e1992190549f6ed5696a2c056c315410"),
        ];
        let cmac = Cmac::new(key.as_slice().try_into().unwrap());
        // Texts of all lengths side by side, and more of them than go through the cipher together.
        for copies in [1, 7, 50] {
            let texts = expected.iter().cycle().take(copies * expected.len());
            let mut found = Vec::new();
            cmac.each(texts.map(|(length, _)| &text[..*length]), |code| {
                found.push(tidegate_risk::hex::hex(code));
            });
            let wanted: Vec<&str> = expected.iter().map(|(_, code)| *code).collect();
            assert_eq!(found, wanted.repeat(copies));
        }
    }

    fn bytes(digits: &str) -> Vec<u8> {
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }
}
