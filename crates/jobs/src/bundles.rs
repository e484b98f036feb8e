//! Bundles and who puts them in force: one person proposes, another approves, from a moment on.

use crate::JobError;
use crate::home::{DEFAULT_ALIAS, Home};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tidegate_ledger::{Hash256, NewProposal, PrincipalId, ProposalId, Verdict};
use tidegate_risk::origin::Origin;

/// A bundle as the home knows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownBundle {
    /// Hash.
    pub bundle: String,
    /// Name of its feature set.
    pub name: String,
    /// When it was learnt.
    pub learnt_at: DateTime<Utc>,
    /// Whether it decides now.
    pub is_active: bool,
    /// Where its model comes from, if it was not learnt here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// What the summary of a bundle says of its origin.
#[derive(serde::Deserialize)]
struct Summary {
    origin: Option<Origin>,
}

/// A proposal as the home knows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownProposal {
    /// Number.
    pub number: i64,
    /// Bundle that would be in force.
    pub bundle: String,
    /// From when on; from its approval when none.
    pub effective_from: Option<DateTime<Utc>>,
    /// Who proposed it.
    pub proposed_by: String,
    /// Why.
    pub reason: String,
    /// `waits`, `approved` or `rejected`.
    pub state: &'static str,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// Why so.
    pub verdict_reason: Option<String>,
}

/// Bundles, the newest last, and proposals in their order.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownBundles {
    /// Bundles.
    pub bundles: Vec<KnownBundle>,
    /// Proposals.
    pub proposals: Vec<KnownProposal>,
    /// Whether `learn` puts bundles in force itself, since one person works alone here.
    pub activates_alone: bool,
}

/// A proposal to make.
#[derive(Debug, Clone)]
pub struct Propose {
    /// Bundle by hash or the beginning of its hash.
    pub bundle: String,
    /// From when on; from its approval when none.
    pub effective_from: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// Name of the person, who is added when the ledger does not know it.
    pub proposed_by: String,
}

/// A verdict to give.
#[derive(Debug, Clone)]
pub struct Decide {
    /// Number of the proposal.
    pub number: i64,
    /// Whether it is approved.
    pub approved: bool,
    /// Why.
    pub reason: String,
    /// Name of the person, who is added when the ledger does not know it.
    pub decided_by: String,
}

/// All bundles and proposals of a home.
///
/// # Errors
/// When the ledger fails.
pub async fn known(home: &Home) -> Result<KnownBundles, JobError> {
    let active = home.ledger.active_bundle(DEFAULT_ALIAS, home.now).await?.map(|a| a.bundle);
    let names: HashMap<PrincipalId, String> =
        home.ledger.principals().await?.into_iter().map(|p| (p.id, p.name)).collect();
    let name = |id: PrincipalId| names.get(&id).cloned().unwrap_or_default();
    let bundles = home.ledger.bundles().await?;
    let proposals = home.ledger.proposals().await?;
    let proposal = |known: tidegate_ledger::Proposal| KnownProposal {
        number: known.id.0,
        bundle: known.proposal.bundle.to_string(),
        effective_from: known.proposal.effective_from,
        proposed_by: name(known.proposal.proposed_by),
        reason: known.proposal.reason,
        state: known.verdict.as_ref().map_or("waits", Verdict::state),
        decided_by: known.verdict.as_ref().map(|v| name(v.decided_by)),
        verdict_reason: known.verdict.map(|v| v.reason),
    };
    Ok(KnownBundles {
        bundles: bundles
            .into_iter()
            .map(|bundle| KnownBundle {
                is_active: Some(bundle.hash) == active,
                // A summary of another shape names no origin.
                origin: serde_json::from_str(&bundle.summary)
                    .ok()
                    .and_then(|summary: Summary| summary.origin),
                bundle: bundle.hash.to_string(),
                name: bundle.name,
                learnt_at: bundle.created_at,
            })
            .collect(),
        proposals: proposals.into_iter().map(proposal).collect(),
        activates_alone: home.ledger.activates_alone().await?,
    })
}

/// Proposes to put a bundle in force; gives the number of the proposal.
///
/// # Errors
/// When the bundle is not there or cannot be read, or the ledger refuses the proposal and says why.
pub async fn propose(home: &Home, new: &Propose) -> Result<i64, JobError> {
    let (_, hash) = home.bundle(Some(&new.bundle)).await?;
    let proposal = NewProposal {
        alias: DEFAULT_ALIAS.to_owned(),
        bundle: Hash256::new(hash.0),
        effective_from: new.effective_from,
        reason: new.reason.clone(),
        proposed_by: home.person(&new.proposed_by).await?,
        proposed_at: home.now,
    };
    Ok(home.ledger.propose_bundle(&proposal).await?.0)
}

/// Approves or rejects a proposal.
///
/// # Errors
/// When the ledger refuses the verdict and says why.
pub async fn decide(home: &Home, verdict: &Decide) -> Result<(), JobError> {
    let Decide { number, approved, reason, decided_by } = verdict;
    let verdict = Verdict {
        approved: *approved,
        reason: reason.clone(),
        decided_by: home.person(decided_by).await?,
        decided_at: home.now,
    };
    Ok(home.ledger.decide_proposal(ProposalId(*number), &verdict).await?)
}
