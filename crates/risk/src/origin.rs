//! Origin: where a model from elsewhere comes from, kept in its bundle.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Library and format of the file.
    pub format: String,
    /// Version that the file names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Name of the file.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// First day of the records whose results it is calibrated on; its own link gives the probabilities when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrated_from: Option<NaiveDate>,
}

impl Origin {
    /// The component of a bundle.
    pub(crate) fn to_text(&self) -> String {
        // Texts and a date have a form in TOML.
        toml::to_string(self).unwrap_or_default()
    }

    /// Reads [`to_text`](Self::to_text).
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, version, file, sha256, calibrated_from } = self;
        write!(f, "{file}, {format}")?;
        if let Some(version) = version {
            write!(f, " of {version}")?;
        }
        write!(f, ", SHA-256 {}", sha256.get(..16).unwrap_or(sha256))?;
        match calibrated_from {
            Some(since) => write!(f, ", calibrated on results since {since}"),
            None => f.write_str(", with its own link"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_round_trip_and_read_as_a_line() {
        let mut origin = Origin {
            format: "XGBoost JSON".to_owned(),
            version: Some("3.2.0".to_owned()),
            file: "model \"a\".json".to_owned(),
            sha256: "5a".repeat(32),
            calibrated_from: NaiveDate::from_ymd_opt(2026, 11, 1),
        };
        assert_eq!(Origin::parse(&origin.to_text()).unwrap(), origin);
        let line = "model \"a\".json, XGBoost JSON of 3.2.0, SHA-256 5a5a5a5a5a5a5a5a";
        assert_eq!(origin.to_string(), format!("{line}, calibrated on results since 2026-11-01"));
        origin.calibrated_from = None;
        assert_eq!(Origin::parse(&origin.to_text()).unwrap(), origin);
        assert_eq!(origin.to_string(), format!("{line}, with its own link"));
        assert!(Origin::parse("format = 3").is_err());
    }
}
