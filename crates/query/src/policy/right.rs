//! What a policy lets people do besides reading: propose and approve what is in force, confirm grades of columns, ask the audit
//! chain.

use super::PolicyError;
use super::authority::{Authority, Verdict};
use crate::principal::Person;

/// What people act for who use a right: the purpose that policies see, and the audit chain keeps.
pub const GOVERNANCE: &str = "governance";

/// A right to do more than read. Nobody has one whom no policy permits its action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To propose a policy.
    ProposePolicy,
    /// To approve or reject a policy that somebody else proposed.
    ApprovePolicy,
    /// To propose that a bundle be in force.
    ProposeBundle,
    /// To approve or reject what somebody else proposed of bundles.
    ApproveBundle,
    /// To confirm grade and category of a column.
    Classify,
    /// To ask who saw rows of a company or person.
    Audit,
}

impl Right {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::ProposePolicy,
        Self::ApprovePolicy,
        Self::ProposeBundle,
        Self::ApproveBundle,
        Self::Classify,
        Self::Audit,
    ];

    /// The action that policies permit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProposePolicy => "propose-policy",
            Self::ApprovePolicy => "approve-policy",
            Self::ProposeBundle => "propose-bundle",
            Self::ApproveBundle => "approve-bundle",
            Self::Classify => "classify",
            Self::Audit => "audit",
        }
    }
}

/// Whether a policy permits a person the action of a right, as a whole.
pub(super) fn is_given(authority: &Authority, person: &Person, right: Right) -> Result<bool, PolicyError> {
    let question = authority.ask(person, GOVERNANCE, &[])?;
    Ok(question.may(right.as_str(), "Platform", "tidegate", "mask")? == Verdict::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use std::collections::BTreeSet;
    use tidegate_records::table::Grade;

    fn person(roles: &[&str]) -> Person {
        Person {
            name: "Ana".to_owned(),
            kind: "person".to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            clearance: Grade::Core,
            office: None,
            organisation: None,
            enterprise: None,
        }
    }

    /// Rights of somebody with these roles, under the shipped policy and one more.
    fn rights(roles: &[&str], more: &str) -> BTreeSet<&'static str> {
        let mut files = Policy::shipped_files();
        files.insert("more.cedar".to_owned(), more.to_owned());
        let policy = Policy::parse(&files).unwrap();
        let given = Right::ALL.into_iter().filter(|right| policy.gives(&person(roles), *right).unwrap());
        given.map(Right::as_str).collect()
    }

    #[test]
    fn one_role_proposes_and_another_approves() {
        assert_eq!(rights(&["steward"], ""), BTreeSet::from(["classify", "propose-policy"]));
        assert_eq!(rights(&["analyst"], ""), BTreeSet::from(["propose-bundle"]));
        assert_eq!(rights(&["supervisor"], ""), BTreeSet::from(["approve-bundle", "approve-policy"]));
        assert_eq!(rights(&["auditor"], ""), BTreeSet::from(["audit"]));
        for role in ["officer", "scientist", "trader", "partner", "guest"] {
            assert_eq!(rights(&[role], ""), BTreeSet::new(), "{role}");
        }
        assert_eq!(rights(&[], ""), BTreeSet::new());
    }

    #[test]
    fn what_forbids_takes_a_right_away_and_what_narrows_gives_none() {
        let forbid = "@id(\"more\") forbid (principal, action == Action::\"approve-policy\", resource);";
        assert_eq!(rights(&["supervisor"], forbid), BTreeSet::from(["approve-bundle"]));
        let narrowed = "@id(\"more\") @mask(\"pseudonym\")
            permit (principal in Role::\"officer\", action == Action::\"propose-policy\", resource);";
        assert_eq!(rights(&["officer"], narrowed), BTreeSet::new());
        let purpose = "@id(\"more\") permit (principal in Role::\"officer\", action == Action::\"propose-policy\", resource)
            when { context.purpose == \"governance\" };";
        assert_eq!(rights(&["officer"], purpose), BTreeSet::from(["propose-policy"]));
    }
}
