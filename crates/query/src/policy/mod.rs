//! Access policies: who may read which rows and columns, for which purpose, and who may do more than read.
//!
//! A policy is a set of files: Cedar policies (`*.cedar`) decide, and choose by annotation one of the masks of
//! `masks.toml` and the row filters of `filters.toml`; `purposes.toml` names what people may read for. What no policy
//! permits is not there.

mod access;
mod authority;
mod cmac;
mod error;
mod expression;
mod filter;
mod mask;
mod pseudonym;
mod relation;
mod right;
mod types;

pub use access::{Access, Rows, Shown, TableAccess};
pub use error::PolicyError;
pub(crate) use expression::{Compiler, is_comparison};
pub(crate) use filter::Condition;
pub use filter::Filter;
pub use mask::Mask;
pub use pseudonym::PseudonymKey;
pub use right::{GOVERNANCE, Right};

use crate::catalog::Catalog;
use crate::principal::Person;
use authority::Authority;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The files of the policy that this program ships.
const SHIPPED: &[(&str, &str)] = &[
    ("access.cedar", include_str!("../../../../policies/access.cedar")),
    ("filters.toml", include_str!("../../../../policies/filters.toml")),
    ("masks.toml", include_str!("../../../../policies/masks.toml")),
    ("purposes.toml", include_str!("../../../../policies/purposes.toml")),
];

/// The files of a policy, by name.
pub type PolicyFiles = BTreeMap<String, String>;

/// What people may say they read for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Purposes {
    purpose: Vec<Purpose>,
}

/// A checked policy.
pub struct Policy {
    authority: Authority,
    filters: Vec<Filter>,
    masks: Vec<Mask>,
    purposes: Vec<Purpose>,
}

impl Policy {
    /// The files that this program ships.
    pub fn shipped_files() -> PolicyFiles {
        SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    /// Reads and checks the files of a policy: the vocabulary, every expression, and every example.
    ///
    /// # Errors
    /// With the file and what would be right.
    pub fn parse(files: &PolicyFiles) -> Result<Self, PolicyError> {
        for name in files.keys() {
            let is_known = SHIPPED.iter().any(|(known, _)| known == name);
            if !is_known && !name.to_ascii_lowercase().ends_with(".cedar") {
                return Err(PolicyError::UnknownFile { file: name.clone() });
            }
        }
        let purposes: Purposes = read(files, "purposes.toml")?;
        let masks = mask::parse(&read(files, "masks.toml")?)?;
        let filters = filter::parse(read(files, "filters.toml")?)?;
        let authority = Authority::parse(files)?;
        authority.check_annotations("mask", |name| masks.iter().any(|m| m.name == name))?;
        authority.check_annotations("filter", |name| filters.iter().any(|f| f.name == name))?;
        Ok(Self { authority, filters, masks, purposes: purposes.purpose })
    }

    /// What people may read for.
    pub fn purposes(&self) -> &[Purpose] {
        &self.purposes
    }

    /// Checks that people may say that they read for a purpose.
    ///
    /// # Errors
    /// [`PolicyError::UnknownPurpose`], with those there are.
    pub fn knows(&self, purpose: &str) -> Result<(), PolicyError> {
        if self.purposes.iter().any(|known| known.name == purpose) {
            return Ok(());
        }
        let known: Vec<&str> = self.purposes.iter().map(|known| known.name.as_str()).collect();
        Err(PolicyError::UnknownPurpose { purpose: purpose.to_owned(), known: known.join(", ") })
    }

    /// Roles that the policy names. Any other gives nothing.
    pub fn roles(&self) -> BTreeSet<String> {
        self.authority.roles()
    }

    /// What a person may read for a purpose, of the stored tables and of datasets.
    ///
    /// # Errors
    /// [`PolicyError::UnknownPurpose`]; [`PolicyError::Evaluation`] when a policy fails on this person, after which
    /// nothing is permitted.
    pub fn access(&self, person: &Person, purpose: &str, catalog: &Catalog) -> Result<Access, PolicyError> {
        self.knows(purpose)?;
        access::of(&self.authority, person, purpose, catalog)
    }

    /// What a person may read of one table or dataset for a purpose; nothing where it is not there.
    ///
    /// # Errors
    /// As [`Policy::access`].
    pub fn table_access(
        &self,
        person: &Person,
        purpose: &str,
        catalog: &Catalog,
        table: &str,
    ) -> Result<Option<TableAccess>, PolicyError> {
        self.knows(purpose)?;
        access::of_table(&self.authority, person, purpose, catalog, table)
    }

    /// Whether a person has a right to do more than read.
    ///
    /// # Errors
    /// [`PolicyError::Evaluation`] when a policy fails on this person, after which nothing is permitted.
    pub fn gives(&self, person: &Person, right: Right) -> Result<bool, PolicyError> {
        right::is_given(&self.authority, person, right)
    }

    pub(crate) fn filter(&self, name: &str) -> Option<&Filter> {
        self.filters.iter().find(|filter| filter.name == name)
    }

    pub(crate) fn mask(&self, name: &str) -> Option<&Mask> {
        self.masks.iter().find(|mask| mask.name == name)
    }
}

fn read<T: serde::de::DeserializeOwned>(files: &PolicyFiles, name: &'static str) -> Result<T, PolicyError> {
    let text = files.get(name).ok_or(PolicyError::NoFile { file: name })?;
    toml::from_str(text).map_err(|error| PolicyError::Toml { file: name, cause: error.to_string() })
}
