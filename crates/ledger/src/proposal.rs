//! Proposals to put a bundle in force: made by one principal, decided by another.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::act::Act;
use crate::audit::{AuditEvent, Door};
use crate::{Hash256, Ledger, LedgerError, PrincipalId, ProposalId, bundle, column, principal};

/// A proposal to put a bundle in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProposal {
    /// Alias under which it would be in force, such as `default`.
    pub alias: String,
    /// The bundle.
    pub bundle: Hash256,
    /// From when on; from its approval when left out.
    pub effective_from: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// Who proposes it.
    pub proposed_by: PrincipalId,
    /// When.
    pub proposed_at: DateTime<Utc>,
}

/// What was decided about a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is approved; otherwise it is rejected, or withdrawn by who made it.
    pub approved: bool,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: PrincipalId,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl Verdict {
    pub(crate) fn from_stored<K: Display>(
        row: &column::Row<K>,
        stored: (Option<bool>, Option<String>, Option<i64>, Option<i64>),
    ) -> Result<Option<Self>, LedgerError> {
        let (Some(approved), Some(reason), Some(by), Some(at)) = stored else { return Ok(None) };
        Ok(Some(Self { approved, reason, decided_by: PrincipalId(by), decided_at: row.time(at)? }))
    }

    /// `approved` or `rejected`.
    pub const fn state(&self) -> &'static str {
        if self.approved { "approved" } else { "rejected" }
    }
}

/// A proposal with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its number.
    pub id: ProposalId,
    /// The proposal.
    pub proposal: NewProposal,
    /// None while it waits.
    pub verdict: Option<Verdict>,
}

type Row = (
    i64,
    String,
    Vec<u8>,
    Option<i64>,
    String,
    i64,
    i64,
    Option<bool>,
    Option<String>,
    Option<i64>,
    Option<i64>,
);

/// Who acts, as errors call them.
const WHO: &str = "who proposes or decides";

/// One proposal, or all of them.
const SELECT: &str =
    "SELECT p.id, p.alias, p.bundle_hash, p.effective_from, p.reason, p.proposed_by, p.proposed_at,
    v.approved, v.reason, v.decided_by, v.decided_at
    FROM bundle_proposals p LEFT JOIN bundle_verdicts v ON v.proposal = p.id
    WHERE ?1 IS NULL OR p.id = ?1 ORDER BY p.id";

impl Proposal {
    fn from_stored(stored: Row) -> Result<Self, LedgerError> {
        let (id, alias, bundle, effective_from, reason, by, at, approved, why, decided_by, decided_at) =
            stored;
        let row = column::Row { table: "bundle_proposals", key: id };
        let verdict = Verdict::from_stored(&row, (approved, why, decided_by, decided_at))?;
        let proposal = NewProposal {
            alias,
            bundle: row.hash(&bundle)?,
            effective_from: effective_from.map(|at| row.time(at)).transpose()?,
            reason,
            proposed_by: PrincipalId(by),
            proposed_at: row.time(at)?,
        };
        Ok(Self { id: ProposalId(id), proposal, verdict })
    }
}

impl Ledger {
    /// Records a proposal that came through a door.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a blank alias or reason, a time of effect before the proposal, and somebody who may
    /// not act; [`LedgerError::Unknown`] for a principal, [`LedgerError::UnknownReference`] for a bundle that is not
    /// there.
    pub async fn propose_bundle(&self, new: &NewProposal, door: Door) -> Result<ProposalId, LedgerError> {
        column::require_name("the alias of a bundle", &new.alias)?;
        column::require_name("the reason of a proposal", &new.reason)?;
        if let Some(from) = new.effective_from.filter(|from| *from < new.proposed_at) {
            return Err(LedgerError::Invalid {
                what: "the time from which a bundle is in force",
                found: from.to_string(),
                right: "not before the proposal, since what was decided until then is decided",
            });
        }
        let mut tx = self.begin_write().await?;
        principal::acting_person(&mut tx, new.proposed_by, WHO).await?;
        let statement = "INSERT INTO bundle_proposals
            (alias, bundle_hash, effective_from, reason, proposed_by, proposed_at)
            VALUES (?, ?, ?, ?, ?, ?) RETURNING id";
        let inserted = sqlx::query_scalar(statement)
            .bind(new.alias.as_str())
            .bind(new.bundle.as_bytes().as_slice())
            .bind(new.effective_from.map(column::from_time))
            .bind(new.reason.as_str())
            .bind(new.proposed_by.0)
            .bind(column::from_time(new.proposed_at))
            .fetch_one(&mut *tx)
            .await;
        let id: i64 = inserted.map_err(LedgerError::inserting("a bundle proposal", "the bundle"))?;
        let from = new.effective_from.map_or_else(|| "its approval".to_owned(), |from| from.to_string());
        let detail =
            format!("proposal {id}: bundle {} to be in force as {:?} from {from}", new.bundle, new.alias);
        let act = Act { by: new.proposed_by, door, reason: new.reason.clone(), at: new.proposed_at };
        act.record(&mut tx, AuditEvent::Bundle, detail).await?;
        tx.commit().await?;
        Ok(ProposalId(id))
    }

    /// Decides a proposal, through a door. An approval puts the bundle in force from the time that was proposed, in the same
    /// transaction; a rejection by who made it withdraws it.
    ///
    /// # Errors
    /// [`LedgerError::SamePrincipal`] when who proposed it approves it; [`LedgerError::Already`] when it is decided;
    /// [`LedgerError::Invalid`] when its time has passed, the reason is blank, or somebody may not act;
    /// [`LedgerError::Unknown`].
    pub async fn decide_proposal(
        &self,
        id: ProposalId,
        verdict: &Verdict,
        door: Door,
    ) -> Result<(), LedgerError> {
        column::require_name("the reason of a verdict", &verdict.reason)?;
        let mut tx = self.begin_write().await?;
        principal::acting_person(&mut tx, verdict.decided_by, WHO).await?;
        let (what, key) = ("bundle proposal", id.to_string());
        let Some(found) = find(&mut tx, id).await? else { return Err(LedgerError::Unknown { what, key }) };
        let Proposal { proposal, verdict: before, .. } = found;
        if let Some(before) = before {
            return Err(LedgerError::Already { what, key, state: before.state() });
        }
        if verdict.approved && verdict.decided_by == proposal.proposed_by {
            return Err(LedgerError::SamePrincipal { what, key });
        }
        let effective_from = proposal.effective_from.unwrap_or(verdict.decided_at);
        if verdict.approved && effective_from < verdict.decided_at {
            return Err(LedgerError::Invalid {
                what: "the time from which the proposed bundle is in force",
                found: effective_from.to_string(),
                right: "not before its approval; propose it anew with a later time",
            });
        }
        record(&mut tx, id, verdict).await?;
        let detail = format!("proposal {id}: bundle {} {}", proposal.bundle, verdict.state());
        let Verdict { decided_by: by, decided_at: at, .. } = *verdict;
        let act = Act { by, door, reason: verdict.reason.clone(), at };
        act.record(&mut tx, AuditEvent::Bundle, detail).await?;
        if verdict.approved {
            let activation = bundle::Activation {
                alias: proposal.alias,
                bundle: proposal.bundle,
                effective_from,
                activated_by: verdict.decided_by,
                recorded_at: verdict.decided_at,
                proposal: Some(id),
            };
            bundle::insert_activation(&mut tx, &activation).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The proposal of this number, if there is one.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn proposal(&self, id: ProposalId) -> Result<Option<Proposal>, LedgerError> {
        find(&mut *self.pool().acquire().await?, id).await
    }

    /// Every proposal, in the order of recording.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn proposals(&self) -> Result<Vec<Proposal>, LedgerError> {
        let stored: Vec<Row> = sqlx::query_as(SELECT).bind(None::<i64>).fetch_all(self.pool()).await?;
        stored.into_iter().map(Proposal::from_stored).collect()
    }
}

async fn find(connection: &mut SqliteConnection, id: ProposalId) -> Result<Option<Proposal>, LedgerError> {
    let stored: Option<Row> = sqlx::query_as(SELECT).bind(Some(id.0)).fetch_optional(connection).await?;
    stored.map(Proposal::from_stored).transpose()
}

async fn record(
    connection: &mut SqliteConnection,
    id: ProposalId,
    verdict: &Verdict,
) -> Result<(), LedgerError> {
    let statement = "INSERT INTO bundle_verdicts (proposal, approved, reason, decided_by, decided_at)
        VALUES (?, ?, ?, ?, ?)";
    sqlx::query(statement)
        .bind(id.0)
        .bind(verdict.approved)
        .bind(verdict.reason.as_str())
        .bind(verdict.decided_by.0)
        .bind(column::from_time(verdict.decided_at))
        .execute(connection)
        .await?;
    Ok(())
}
