//! Who reads.

use std::collections::BTreeSet;
use tidegate_records::table::Grade;

/// Who reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// The person whose machine it is, and the jobs that this person starts. Who has the files of the lake can read
    /// them anyway, so no policy applies.
    LocalOwner,
    /// Anybody else, as policies know them.
    Person(Person),
}

/// A person or service, as far as policies ask.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// Name, unique.
    pub name: String,
    /// `person` or `service`.
    pub kind: String,
    /// Roles held.
    pub roles: BTreeSet<String>,
    /// The highest grade that the person may see.
    pub clearance: Grade,
    /// Customs office the person works at.
    pub office: Option<String>,
    /// Administration or body the person belongs to; a partner administration's is its country.
    pub organisation: Option<String>,
    /// Enterprise the person acts for.
    pub enterprise: Option<String>,
}

impl Principal {
    /// Name for logs.
    pub fn name(&self) -> &str {
        match self {
            Self::LocalOwner => "local-owner",
            Self::Person(person) => &person.name,
        }
    }
}
