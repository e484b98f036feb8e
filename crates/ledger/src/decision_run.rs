//! Decision runs: which bundle, policy state and lake snapshot decided how many records.

use chrono::{DateTime, Utc};

use crate::{DecisionRunId, Hash256, Ledger, LedgerError, Period, PolicyStateVersion, column};

/// What a run decides with, fixed before its first record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStart {
    /// The bundle.
    pub bundle: Hash256,
    /// The version of the policy state.
    pub policy_state: PolicyStateVersion,
    /// The period whose key draws.
    pub period: Period,
    /// Number of the lake snapshot the records are read from.
    pub snapshot_number: u64,
    /// When it starts.
    pub started_at: DateTime<Utc>,
}

/// What is known when a run has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOutcome {
    /// Records decided.
    pub rows: u64,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

/// One decision run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRun {
    /// Its number.
    pub id: DecisionRunId,
    /// What it decides with.
    pub start: RunStart,
    /// How it ended; none while it runs, or when it was killed.
    pub outcome: Option<RunOutcome>,
}

type Stored = (i64, Vec<u8>, i64, String, i64, i64, Option<i64>, Option<i64>);

/// Decision runs; what follows says which.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, bundle_hash, policy_state_version, period, snapshot_number, started_at, row_count,
            finished_at FROM decision_runs ",
            $which
        )
    };
}

impl DecisionRun {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, bundle, policy_state, period, snapshot, started_at, rows, finished_at) = stored;
        let row = column::Row { table: "decision_runs", key: id };
        let start = RunStart {
            bundle: row.hash(&bundle)?,
            policy_state: PolicyStateVersion(policy_state),
            period: period.parse().map_err(|error: crate::PeriodError| row.damaged(error.to_string()))?,
            snapshot_number: row.count(snapshot)?,
            started_at: row.time(started_at)?,
        };
        let outcome = match (rows, finished_at) {
            (None, None) => None,
            (Some(rows), Some(at)) => Some(RunOutcome { rows: row.count(rows)?, finished_at: row.time(at)? }),
            _ => return Err(row.damaged("half of its outcome is missing")),
        };
        Ok(Self { id: DecisionRunId(id), start, outcome })
    }
}

impl Ledger {
    /// Opens a decision run.
    ///
    /// # Errors
    /// [`LedgerError::UnknownReference`] for a bundle, policy state or period key that does not exist.
    pub async fn start_decision_run(&self, start: &RunStart) -> Result<DecisionRunId, LedgerError> {
        let statement = "INSERT INTO decision_runs (bundle_hash, policy_state_version, period, snapshot_number, started_at)
            VALUES (?, ?, ?, ?, ?) RETURNING id";
        let inserted = sqlx::query_scalar(statement)
            .bind(start.bundle.as_bytes().as_slice())
            .bind(start.policy_state.0)
            .bind(start.period.to_string())
            .bind(column::from_count("the number of a snapshot", start.snapshot_number)?)
            .bind(column::from_time(start.started_at))
            .fetch_one(self.pool())
            .await;
        let needs = "the bundle, the policy state and the key of the period";
        inserted.map(DecisionRunId).map_err(LedgerError::inserting("a decision run", needs))
    }

    /// Closes a decision run, once.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Already`] when closed before.
    pub async fn finish_decision_run(
        &self,
        id: DecisionRunId,
        outcome: &RunOutcome,
    ) -> Result<(), LedgerError> {
        let statement =
            "UPDATE decision_runs SET row_count = ?, finished_at = ? WHERE id = ? AND finished_at IS NULL";
        let done = sqlx::query(statement)
            .bind(column::from_count("the number of records decided", outcome.rows)?)
            .bind(column::from_time(outcome.finished_at))
            .bind(id.0)
            .execute(self.pool())
            .await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        self.decision_run(id).await?;
        Err(LedgerError::Already { what: "decision run", key: id.to_string(), state: "finished" })
    }

    /// The decision run with this number.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`].
    pub async fn decision_run(&self, id: DecisionRunId) -> Result<DecisionRun, LedgerError> {
        let stored = sqlx::query_as(select!("WHERE id = ?")).bind(id.0).fetch_optional(self.pool()).await?;
        let stored =
            stored.ok_or_else(|| LedgerError::Unknown { what: "decision run", key: id.to_string() })?;
        DecisionRun::from_stored(stored)
    }

    /// Every decision run, oldest first.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn decision_runs(&self) -> Result<Vec<DecisionRun>, LedgerError> {
        let stored: Vec<Stored> = sqlx::query_as(select!("ORDER BY id")).fetch_all(self.pool()).await?;
        stored.into_iter().map(DecisionRun::from_stored).collect()
    }
}
