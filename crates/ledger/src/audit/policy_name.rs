//! What an entry calls the policy that decided.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Hash256, PolicyVersion};

const SHIPPED: &str = "shipped:";

/// What an entry calls the policy that decided. In JSON a version is its number, and the policy that a program ships the text
/// `shipped:` with a hash, so that nobody takes one for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum PolicyName {
    /// A version that was approved.
    Version(PolicyVersion),
    /// The policy that the program ships, by the hash that its files have as a version: another program may ship another one.
    Shipped(Hash256),
}

impl PolicyName {
    /// The version, of a policy that is one.
    pub fn version(self) -> Option<PolicyVersion> {
        match self {
            Self::Version(version) => Some(version),
            Self::Shipped(_) => None,
        }
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(f),
            Self::Shipped(hash) => write!(f, "{SHIPPED}{hash}"),
        }
    }
}

/// The name as it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Version(i64),
    Shipped(String),
}

impl From<PolicyName> for Written {
    fn from(name: PolicyName) -> Self {
        match name {
            PolicyName::Version(version) => Self::Version(version.0),
            PolicyName::Shipped(_) => Self::Shipped(name.to_string()),
        }
    }
}

impl TryFrom<Written> for PolicyName {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Version(version) => Ok(Self::Version(PolicyVersion(version))),
            Written::Shipped(text) => {
                let hash = text.strip_prefix(SHIPPED).and_then(|hash| hash.parse().ok());
                hash.map(Self::Shipped).ok_or_else(|| {
                    format!("{text:?} names no policy; a number does, or {SHIPPED} before a hash")
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_others_refused() {
        let hash = Hash256::of(b"files");
        for (name, written) in [
            (PolicyName::Version(PolicyVersion(3)), "3".to_owned()),
            (PolicyName::Shipped(hash), format!("\"shipped:{hash}\"")),
        ] {
            assert_eq!(serde_json::to_string(&name).unwrap(), written);
            assert_eq!(serde_json::from_str::<PolicyName>(&written).unwrap(), name);
            assert_eq!(name.to_string(), written.trim_matches('"'));
        }
        for wrong in ["\"3\"", "\"shipped:\"", "\"shipped:ab\"", "true", "3.5"] {
            assert!(serde_json::from_str::<PolicyName>(wrong).is_err(), "{wrong}");
        }
    }
}
