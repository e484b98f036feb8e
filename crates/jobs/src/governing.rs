//! What persons do at the desk besides reading: put in force, confirm grades, ask the audit chain. Each takes a right that the
//! policy gives; each act, question and refusal is in the audit chain.

mod audit;
mod grades;

use crate::bundles::{self, KnownProposal, Propose};
use crate::desk::{Desk, person_of};
use crate::policies::{self, KnownPolicy};
use crate::{Home, JobError};
use std::sync::Arc;
use tidegate_ledger::{Act, Actor, Door, LedgerError, PolicyVersion, Principal as Account, ProposalId};
use tidegate_query::QueryError;
use tidegate_query::policy::{GOVERNANCE, PolicyFiles, Right};

/// The rights to propose and to approve something that is in force.
struct Rights {
    propose: Right,
    approve: Right,
}

const OF_POLICIES: Rights = Rights { propose: Right::ProposePolicy, approve: Right::ApprovePolicy };
const OF_BUNDLES: Rights = Rights { propose: Right::ProposeBundle, approve: Right::ApproveBundle };

impl Rights {
    /// What it takes to see what was proposed: one of them.
    fn seeing(&self) -> [Right; 2] {
        [self.propose, self.approve]
    }

    /// What it takes to decide: the right to approve; to withdraw what one proposed oneself, the right to propose is enough.
    fn deciding(&self, is_withdrawal: bool) -> Vec<Right> {
        if is_withdrawal { vec![self.approve, self.propose] } else { vec![self.approve] }
    }
}

/// Somebody who comes to the desk with a right to do more than read.
#[derive(Clone)]
pub struct Governor {
    /// The desk.
    pub desk: Arc<Desk>,
    /// Who.
    pub account: Account,
    /// Through which door.
    pub door: Door,
}

impl Governor {
    /// Every policy version, the oldest first; who may propose or approve sees them.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; when the ledger fails.
    pub async fn policies(&self) -> Result<Vec<KnownPolicy>, JobError> {
        self.with(&OF_POLICIES.seeing(), policies::known(self.home())).await
    }

    /// One policy version with its files.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; when there is none, or the ledger fails.
    pub async fn policy(&self, version: i64) -> Result<(KnownPolicy, PolicyFiles), JobError> {
        self.with(&OF_POLICIES.seeing(), policies::version(self.home(), version)).await
    }

    /// Proposes files of a policy, as [`policies::propose`] does; gives the version.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; as [`policies::propose`].
    pub async fn propose_policy(&self, files: &PolicyFiles, reason: &str) -> Result<i64, JobError> {
        let act = self.act(reason);
        let version = self.with(&[OF_POLICIES.propose], policies::propose(self.home(), files, &act)).await?;
        Ok(version.0)
    }

    /// Decides a policy version, as [`policies::decide`] does.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; as [`policies::decide`].
    pub async fn decide_policy(&self, version: i64, approved: bool, reason: &str) -> Result<(), JobError> {
        let act = self.act(reason);
        let found = self.home().ledger.policy(PolicyVersion(version)).await?;
        let is_own = found.is_some_and(|policy| policy.proposed_by == self.account.id);
        let rights = OF_POLICIES.deciding(is_own && !approved);
        self.with(&rights, policies::decide(self.home(), version, approved, &act)).await
    }

    /// Every proposal of a bundle, the oldest first; who may propose or approve sees them.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; when the ledger fails.
    pub async fn proposals(&self) -> Result<Vec<KnownProposal>, JobError> {
        self.with(&OF_BUNDLES.seeing(), bundles::proposals(self.home())).await
    }

    /// Proposes to put a bundle in force, as [`bundles::propose`] does; gives the number of the proposal.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; as [`bundles::propose`].
    pub async fn propose_bundle(&self, new: &Propose, reason: &str) -> Result<i64, JobError> {
        let act = self.act(reason);
        self.with(&[OF_BUNDLES.propose], bundles::propose(self.home(), new, &act)).await
    }

    /// Decides a proposal of a bundle, as [`bundles::decide`] does.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; as [`bundles::decide`].
    pub async fn decide_bundle(&self, number: i64, approved: bool, reason: &str) -> Result<(), JobError> {
        let act = self.act(reason);
        let found = self.home().ledger.proposal(ProposalId(number)).await?;
        let is_own = found.is_some_and(|found| found.proposal.proposed_by == self.account.id);
        let rights = OF_BUNDLES.deciding(is_own && !approved);
        self.with(&rights, bundles::decide(self.home(), number, approved, &act)).await
    }

    fn home(&self) -> &Home {
        self.desk.home()
    }

    fn act(&self, reason: &str) -> Act {
        Act { by: self.account.id, door: self.door, reason: reason.to_owned(), at: self.desk.now() }
    }

    /// Does something that takes one of some rights. What is refused is written down.
    async fn with<T>(
        &self,
        rights: &[Right],
        deed: impl Future<Output = Result<T, JobError>>,
    ) -> Result<T, JobError> {
        let done = match self.has_one_of(rights).await {
            Ok(()) => deed.await,
            Err(error) => Err(error),
        };
        let refusal = done.as_ref().err().filter(|error| is_refusal(error)).map(ToString::to_string);
        if let Some(refusal) = refusal {
            let who = Actor::from(&self.account);
            self.desk.turn_away(who, self.door, GOVERNANCE, format!("refused: {refusal}")).await?;
        }
        done
    }

    async fn has_one_of(&self, rights: &[Right]) -> Result<(), JobError> {
        let (policy, person) = (self.desk.policy().await?.policy, person_of(&self.account));
        for right in rights {
            if policy.gives(&person, *right).map_err(QueryError::from)? {
                return Ok(());
            }
        }
        let rights: Vec<&str> = rights.iter().map(|right| right.as_str()).collect();
        Err(JobError::NoRight { name: person.name, rights: rights.join(" or ") })
    }
}

/// Whether an error says that something is refused, and what would be right; otherwise something of ours failed.
pub fn is_refusal(error: &JobError) -> bool {
    match error {
        JobError::NoRight { .. }
        | JobError::AccessPolicy(_)
        | JobError::BundleName { .. }
        | JobError::NoColumn { .. }
        | JobError::NoWord { .. }
        | JobError::LowerGrade { .. }
        | JobError::ShowsMore { .. } => true,
        JobError::Ledger(error) => matches!(
            error,
            LedgerError::Invalid { .. }
                | LedgerError::Unknown { .. }
                | LedgerError::Already { .. }
                | LedgerError::SamePrincipal { .. }
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_proposed_may_withdraw_without_a_right_to_approve() {
        assert_eq!(OF_POLICIES.deciding(false), [Right::ApprovePolicy]);
        assert_eq!(OF_POLICIES.deciding(true), [Right::ApprovePolicy, Right::ProposePolicy]);
    }

    #[test]
    fn what_is_refused_is_told_apart_from_what_failed() {
        let (what, key) = ("policy version", "1".to_owned());
        assert!(is_refusal(&LedgerError::SamePrincipal { what, key }.into()));
        assert!(is_refusal(&JobError::BundleName { name: "3f".to_owned(), found: 2 }));
        let column = "declaration.lrn".to_owned();
        assert!(is_refusal(&JobError::LowerGrade { column, wanted: "general-1", least: "general-3" }));
        assert!(!is_refusal(&LedgerError::Busy.into()));
        assert!(!is_refusal(&JobError::Missing("lake/declaration".to_owned())));
        let told = |found| JobError::BundleName { name: "3f".to_owned(), found }.to_string();
        assert_eq!(told(0), "no bundle's hash begins with `3f`");
        assert_eq!(told(2), "2 bundles' hashes begin with `3f`; give more of it");
    }
}
