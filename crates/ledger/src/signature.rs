//! Ed25519 (RFC 8032): the key that signs checkpoints, its file, and what anybody checks with.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::hex;

/// The key that signs checkpoints. Never shown, and overwritten in memory when dropped.
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
}

/// A file of a signing key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// It cannot be written or read; a file that exists is never replaced.
    #[error("signing key {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It holds something else.
    #[error("signing key {path} is not 64 hexadecimal digits; restore it from a backup")]
    Content {
        /// The file.
        path: PathBuf,
    },
}

impl SigningKey {
    /// Takes 32 bytes from a cryptographic random source.
    pub fn new(seed: &[u8; 32]) -> Self {
        let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(seed) else {
            unreachable!("any 32 bytes are a seed");
        };
        Self { seed: Zeroizing::new(*seed), pair }
    }

    /// Writes the key into a new file, readable for its owner only: 64 hexadecimal digits and a line break.
    ///
    /// # Errors
    /// [`SigningKeyError::File`], also when the file exists.
    pub fn create(&self, path: &Path) -> Result<(), SigningKeyError> {
        let text = Zeroizing::new(format!("{}\n", hex::Shown(&*self.seed)));
        let written = write_new(path, text.as_bytes());
        written.map_err(|cause| SigningKeyError::File { path: path.to_owned(), cause })
    }

    /// Reads the key from a file of [`SigningKey::create`].
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub fn read(path: &Path) -> Result<Self, SigningKeyError> {
        let text = fs::read_to_string(path)
            .map_err(|cause| SigningKeyError::File { path: path.to_owned(), cause })?;
        let text = Zeroizing::new(text);
        let seed = hex::parse(text.trim_end()).map(Zeroizing::new);
        let seed = seed.ok_or_else(|| SigningKeyError::Content { path: path.to_owned() })?;
        Ok(Self::new(&seed))
    }

    /// What anybody checks its signatures with.
    pub fn public_key(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.pair.sign(message).as_ref());
        Signature(bytes)
    }
}

/// Writes a file that is not there yet. Wherever the program ends, it is there whole or not at all; of several programs at once one
/// writes it.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    // Who comes second waits here, and finds the file.
    file.lock()?;
    if path.try_exists()? {
        // The other one may have put it in place.
        let _ = fs::remove_file(&part);
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    file.set_len(0)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(secret)")
    }
}

macro_rules! shown_bytes {
    ($(#[$doc:meta] $name:ident, $length:literal, $error:ident, $what:literal;)*) => {$(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex::write(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        #[doc = concat!("A text that is no ", $what, ".")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("{0:?} is not a {what}; it has {digits} hexadecimal digits", what = $what, digits = 2 * $length)]
        pub struct $error(String);

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                hex::parse(text).map(Self).ok_or_else(|| $error(text.to_owned()))
            }
        }
    )*};
}

shown_bytes! {
    /// A public key (RFC 8032 section 5.1.5), shown as 64 hexadecimal digits.
    PublicKey, 32, ParsePublicKeyError, "public key";
    /// A signature (RFC 8032 section 5.1.6), shown as 128 hexadecimal digits.
    Signature, 64, ParseSignatureError, "signature";
}

impl PublicKey {
    /// Whether a signature is one of this key over the message.
    pub fn has_signed(&self, message: &[u8], signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, &signature.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032 section 7.1, tests 1 and 2.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let cases: [(&str, &[u8], &str, &str); 2] = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                b"",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                b"\x72",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ];
        for (seed, message, public, signature) in cases {
            let key = SigningKey::new(&hex::parse(seed).unwrap());
            assert_eq!(key.public_key().to_string(), public);
            assert_eq!(key.sign(message).to_string(), signature);
            let (public, signature): (PublicKey, Signature) =
                (public.parse().unwrap(), signature.parse().unwrap());
            assert!(public.has_signed(message, &signature));
            assert!(!public.has_signed(b"other", &signature));
        }
    }

    #[test]
    fn a_key_reads_back_from_its_file_and_is_never_replaced_nor_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.key");
        let key = SigningKey::new(&[0xab; 32]);
        key.create(&path).unwrap();
        assert_eq!(SigningKey::read(&path).unwrap().public_key(), key.public_key());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(matches!(key.create(&path), Err(SigningKeyError::File { .. })));
        assert_eq!(format!("{key:?}"), "SigningKey(secret)");
        fs::write(&path, "no key").unwrap();
        assert!(matches!(SigningKey::read(&path), Err(SigningKeyError::Content { .. })));
    }

    #[test]
    fn a_key_is_written_whole_and_by_one_of_several_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.key");
        // A program ended while it wrote.
        fs::write(folder.path().join("checkpoint.part"), "abab").unwrap();
        let create = |number: u8| {
            let path = path.clone();
            move || SigningKey::new(&[number; 32]).create(&path).is_ok()
        };
        let writing: Vec<_> = (0..8).map(|number| std::thread::spawn(create(number))).collect();
        let written = writing.into_iter().map(|one| usize::from(one.join().unwrap())).sum::<usize>();
        assert_eq!(written, 1);
        SigningKey::read(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }
}
