//! Bundles: everything that makes an assessment, as named components; the hash of the list of their hashes is the
//! name of the bundle.

use crate::features::{CheckFeaturesError, FeatureSet, ForestChoice, ProfileSecret, Profiles};
use crate::hex::hex;
use crate::model::{Calibration, DecodeError, Forest};
use crate::origin::Origin;
use crate::rules::{CheckRulesError, RuleSet, rule_row_schema};
use crate::selection::{CheckPolicyError, SelectionPolicy};
use arrow::datatypes::SchemaRef;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// First line of a manifest; raised when the meaning of a component changes.
const FORMAT: &str = "tidegate-bundle/2";
/// First line of the manifest of a bundle whose profiles keep their keys under a secret: who does not know of that must not read
/// it.
const KEYED_FORMAT: &str = "tidegate-bundle/3";

/// File name of the manifest beside the components.
pub const MANIFEST: &str = "manifest.txt";

const FEATURES: &str = "features.toml";
const RULES: &str = "rules.toml";
const SELECTION: &str = "selection.toml";
const PROFILES: &str = "profiles.bin";
const SECRET_NAME: &str = "profile-secret.txt";
const FOREST: &str = "forest.bin";
const CALIBRATION: &str = "calibration.bin";
const REVENUE: &str = "revenue-forest.bin";
const ABLATION: &str = "ablation-forest.bin";
const ORIGIN: &str = "origin.toml";

/// Why components are no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A component is missing.
    #[error("the bundle lacks the component {0}")]
    Missing(&'static str),
    /// A component is not the one the manifest names.
    #[error("component {0} is not the one the manifest names: its bytes have another hash")]
    Altered(String),
    /// The manifest is of another format.
    #[error("the manifest does not start with `{FORMAT}` or `{KEYED_FORMAT}`")]
    Format,
    /// The profiles are of an installation with another secret.
    #[error(
        "its profiles keep their keys under the secret {name}, which this home does not have: it was learnt in another one"
    )]
    OtherSecret {
        /// Name of the secret.
        name: String,
    },
    /// A component cannot be decoded.
    #[error("component {component}: {cause}")]
    Decode {
        /// Name of the component.
        component: &'static str,
        /// Why not.
        cause: DecodeError,
    },
    /// The feature set is refused.
    #[error(transparent)]
    Features(#[from] CheckFeaturesError),
    /// The rules are refused.
    #[error(transparent)]
    Rules(#[from] CheckRulesError),
    /// The selection policy is refused.
    #[error(transparent)]
    Policy(#[from] CheckPolicyError),
    /// The origin of the model cannot be read.
    #[error("component {ORIGIN}: {0}")]
    Origin(#[from] toml::de::Error),
    /// The forest reads other features than the set gives.
    #[error("{0} reads other features than the feature set gives it")]
    OtherFeatures(&'static str),
}

/// A feature set with what was learnt on it, rules and selection policy: everything that a decision is a function of
/// beside the record, the policy state and the draw.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Computed columns, profiles and features.
    pub set: FeatureSet,
    /// What the profiles had seen.
    pub profiles: Profiles,
    /// The forest that decides.
    pub forest: Forest,
    /// From its margins to probabilities.
    pub calibration: Calibration,
    /// The forest of what an inspection brings, when enough findings had an amount.
    pub revenue: Option<Forest>,
    /// The forest of the ablation, when the set has one.
    pub ablation: Option<Forest>,
    /// Rules that raise scores and make inspections mandatory.
    pub rules: RuleSet,
    /// How consignments are chosen.
    pub selection: SelectionPolicy,
    /// Where the forest comes from, if it was not learnt here.
    pub origin: Option<Origin>,
}

/// SHA-256 of a manifest, which names the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleHash(pub [u8; 32]);

impl std::fmt::Display for BundleHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Bundle {
    /// Components by file name, the manifest among them, and the hash that names the bundle.
    pub fn to_components(&self) -> (BTreeMap<String, Vec<u8>>, BundleHash) {
        let mut components = BTreeMap::from([
            (FEATURES.to_owned(), self.set.text.clone().into_bytes()),
            (RULES.to_owned(), self.rules.text.clone().into_bytes()),
            (SELECTION.to_owned(), self.selection.text.clone().into_bytes()),
            (PROFILES.to_owned(), self.profiles.to_bytes()),
            (FOREST.to_owned(), self.forest.to_bytes()),
            (CALIBRATION.to_owned(), self.calibration.to_bytes()),
        ]);
        for (name, forest) in [(REVENUE, &self.revenue), (ABLATION, &self.ablation)] {
            if let Some(forest) = forest {
                components.insert(name.to_owned(), forest.to_bytes());
            }
        }
        if let Some(origin) = &self.origin {
            components.insert(ORIGIN.to_owned(), origin.to_text().into_bytes());
        }
        let secret = self.set.secret.as_ref();
        if let Some(secret) = secret {
            components.insert(SECRET_NAME.to_owned(), secret.name().into_bytes());
        }
        let mut manifest = format!("{}\n", if secret.is_some() { KEYED_FORMAT } else { FORMAT });
        for (name, bytes) in &components {
            // Writing to a String cannot fail.
            let _ = writeln!(manifest, "{} {name}", hex(&Sha256::digest(bytes)));
        }
        let hash = BundleHash(Sha256::digest(manifest.as_bytes()).into());
        components.insert(MANIFEST.to_owned(), manifest.into_bytes());
        (components, hash)
    }

    /// Reads a bundle from its components over records with the columns of `schema`, in an installation with a secret.
    ///
    /// # Errors
    /// When a component is missing, altered or cannot be read, and when the profiles are under another secret.
    pub fn from_components(
        components: &BTreeMap<String, Vec<u8>>,
        schema: &SchemaRef,
        secret: &ProfileSecret,
    ) -> Result<(Self, BundleHash), BundleError> {
        let manifest = components.get(MANIFEST).ok_or(BundleError::Missing(MANIFEST))?;
        let is_keyed = check_manifest(&String::from_utf8_lossy(manifest), components)?;
        let get = |name: &'static str| components.get(name).ok_or(BundleError::Missing(name));
        let decode = |component| move |cause| BundleError::Decode { component, cause };
        let optional = |name: &'static str| {
            let bytes = components.get(name);
            bytes.map(|bytes| Forest::from_bytes(bytes)).transpose().map_err(decode(name))
        };
        let text = |name| get(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let mut set = FeatureSet::parse(FEATURES, &text(FEATURES)?, schema)?;
        if is_keyed {
            let name = text(SECRET_NAME)?;
            if name != secret.name() {
                return Err(BundleError::OtherSecret { name });
            }
            set = set.keyed(secret.clone());
        }
        let bundle = Self {
            rules: RuleSet::parse(RULES, &text(RULES)?, &rule_row_schema(&set, schema))?,
            selection: SelectionPolicy::parse(SELECTION, &text(SELECTION)?)?,
            set,
            profiles: Profiles::from_bytes(get(PROFILES)?).map_err(decode(PROFILES))?,
            forest: Forest::from_bytes(get(FOREST)?).map_err(decode(FOREST))?,
            calibration: Calibration::from_bytes(get(CALIBRATION)?).map_err(decode(CALIBRATION))?,
            revenue: optional(REVENUE)?,
            ablation: optional(ABLATION)?,
            origin: match components.get(ORIGIN) {
                Some(bytes) => Some(Origin::parse(&String::from_utf8_lossy(bytes))?),
                None => None,
            },
        };
        bundle.check(&bundle.forest, FOREST, ForestChoice::Decision)?;
        if let Some(forest) = &bundle.revenue {
            bundle.check(forest, REVENUE, ForestChoice::Decision)?;
        }
        if let Some(forest) = &bundle.ablation {
            bundle.check(forest, ABLATION, ForestChoice::Ablation)?;
        }
        Ok((bundle, BundleHash(Sha256::digest(manifest).into())))
    }

    fn check(
        &self,
        forest: &Forest,
        component: &'static str,
        choice: ForestChoice,
    ) -> Result<(), BundleError> {
        let read: Vec<&str> = self.set.read_by(choice).map(|f| f.name.as_str()).collect();
        let same = forest.features().as_slice().iter().map(String::as_str).eq(read);
        if same { Ok(()) } else { Err(BundleError::OtherFeatures(component)) }
    }
}

/// Whether the profiles of a manifest's components are under a secret; the components are those that it names.
fn check_manifest(text: &str, components: &BTreeMap<String, Vec<u8>>) -> Result<bool, BundleError> {
    let mut lines = text.lines();
    let is_keyed = match lines.next() {
        Some(FORMAT) => false,
        Some(KEYED_FORMAT) => true,
        _ => return Err(BundleError::Format),
    };
    for line in lines.filter(|line| !line.is_empty()) {
        let (expected, name) = line.split_once(' ').ok_or(BundleError::Format)?;
        let bytes = components.get(name).ok_or_else(|| BundleError::Altered(name.to_owned()))?;
        if hex(&Sha256::digest(bytes)) != expected {
            return Err(BundleError::Altered(name.to_owned()));
        }
    }
    Ok(is_keyed)
}
