//! How the periods stand.

use super::roots::Roots;
use crate::JobError;
use crate::home::Home;
use chrono::{DateTime, Utc};
use tidegate_ledger::{LedgerError, Period, SignedCheckpoint};

/// How a period stands.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PeriodStatus {
    /// The period.
    pub period: Period,
    /// `two-persons` or `one-person`; none while the key waits for shares or the public value.
    pub custody: Option<&'static str>,
    /// Announced source of the public value.
    pub public_source: Option<String>,
    /// Shares handed in.
    pub shares: usize,
    /// Commitments in its log.
    pub commitments: u64,
    /// Consignments drawn in it.
    pub consignments: u64,
    /// Those of them that are selected and have no inspection result.
    pub open: u64,
    /// When the key was revealed.
    pub revealed_at: Option<DateTime<Utc>>,
    /// The newest signed checkpoint, to be kept where the authority has no hand.
    pub checkpoint: Option<SignedCheckpoint>,
}

/// How every period stands, the earliest first.
///
/// # Errors
/// When the ledger or the lake fails.
pub async fn status(home: &Home) -> Result<Vec<PeriodStatus>, JobError> {
    let platform = home.platform().await?;
    let mut all = Vec::new();
    for period in home.ledger.periods().await? {
        let opened = home.ledger.opened_period(period).await?;
        let key = match home.ledger.period_key(period).await {
            Ok(stored) => Some(stored),
            Err(LedgerError::Unknown { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let commitments = match key {
            Some(_) => home.ledger.commitment_head(period).await?.count,
            None => 0,
        };
        let roots = Roots::of(&platform, period).await?;
        all.push(PeriodStatus {
            period,
            custody: key.as_ref().map(|stored| stored.origin.custody.code()),
            public_source: opened.opening.public_source,
            shares: opened.shares.len(),
            commitments,
            consignments: (roots.closed.len() + roots.open.len()) as u64,
            open: roots.open.len() as u64,
            revealed_at: key.and_then(|stored| stored.revealed).map(|revealed| revealed.at),
            checkpoint: home.ledger.checkpoints(period).await?.pop(),
        });
    }
    Ok(all)
}
