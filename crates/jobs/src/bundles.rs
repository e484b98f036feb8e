//! Bundles and who puts them in force: one person proposes, another approves, from a moment on.

use crate::JobError;
pub use crate::home::DEFAULT_ALIAS;
use crate::home::Home;
use crate::people::Names;
use crate::verdict::KnownVerdict;
use chrono::{DateTime, Utc};
use tidegate_ledger::{Act, Hash256, LedgerError, NewProposal, Proposal, ProposalId, Verdict};
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
    /// Alias under which the bundle would be in force.
    pub alias: String,
    /// Bundle that would be in force.
    pub bundle: String,
    /// From when on; from its approval when none.
    pub effective_from: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// `waits`, `approved` or `rejected`.
    pub state: &'static str,
    /// What was decided; none while it waits.
    pub verdict: Option<KnownVerdict>,
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
    /// Alias under which the bundle would be in force.
    pub alias: String,
    /// Bundle by hash or the beginning of its hash.
    pub bundle: String,
    /// From when on; from its approval when none.
    pub effective_from: Option<DateTime<Utc>>,
}

/// All bundles and proposals of a home.
///
/// # Errors
/// When the ledger fails.
pub async fn known(home: &Home) -> Result<KnownBundles, JobError> {
    let active = home.ledger.active_bundle(DEFAULT_ALIAS, home.now).await?.map(|a| a.bundle);
    let bundles = home.ledger.bundles().await?;
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
        proposals: proposals(home).await?,
        activates_alone: home.ledger.activates_alone().await?,
    })
}

/// All proposals of a home, in their order.
///
/// # Errors
/// When the ledger fails.
pub async fn proposals(home: &Home) -> Result<Vec<KnownProposal>, JobError> {
    let names = Names::read(home).await?;
    let known = |Proposal { id, proposal, verdict }: Proposal| KnownProposal {
        number: id.0,
        alias: proposal.alias,
        bundle: proposal.bundle.to_string(),
        effective_from: proposal.effective_from,
        reason: proposal.reason,
        proposed_by: names.of(proposal.proposed_by),
        proposed_at: proposal.proposed_at,
        state: verdict.as_ref().map_or("waits", Verdict::state),
        verdict: verdict.map(|verdict| KnownVerdict::of(verdict, &names)),
    };
    Ok(home.ledger.proposals().await?.into_iter().map(known).collect())
}

/// Proposes to put a bundle in force; gives the number of the proposal.
///
/// # Errors
/// When the bundle is not there or cannot be read, the alias is none that decides, or the ledger refuses the proposal and says
/// why.
pub async fn propose(home: &Home, new: &Propose, act: &Act) -> Result<i64, JobError> {
    if new.alias != DEFAULT_ALIAS {
        let (what, right) = ("the alias of a bundle", "`default`, under which bundles decide");
        return Err(LedgerError::Invalid { what, found: format!("`{}`", new.alias), right }.into());
    }
    let (_, hash) = home.bundle_named(&new.bundle).await?;
    let proposal = NewProposal {
        alias: new.alias.clone(),
        bundle: Hash256::new(hash.0),
        effective_from: new.effective_from,
        reason: act.reason.clone(),
        proposed_by: act.by,
        proposed_at: act.at,
    };
    Ok(home.ledger.propose_bundle(&proposal, act.door).await?.0)
}

/// Approves or rejects a proposal.
///
/// # Errors
/// When the ledger refuses the verdict and says why.
pub async fn decide(home: &Home, number: i64, approved: bool, act: &Act) -> Result<(), JobError> {
    let verdict = Verdict { approved, reason: act.reason.clone(), decided_by: act.by, decided_at: act.at };
    Ok(home.ledger.decide_proposal(ProposalId(number), &verdict, act.door).await?)
}
