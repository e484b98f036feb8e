//! The reveal of a period's key.

use super::roots::Roots;
use crate::JobError;
use crate::home::Home;
use tidegate_ledger::{NewReveal, Period};

/// Open declarations that are named.
const NAMED: usize = 20;

/// That a key was revealed.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Revealed {
    /// The period.
    pub period: Period,
    /// Different consignments drawn in it, all of them closed.
    pub closed_roots: u64,
    /// Snapshot of the lake in which they are closed.
    pub closed_as_of: u64,
}

/// Makes the key of a period public, when the period is over and every consignment drawn in it is closed: not selected,
/// or inspected, or withdrawn before, with a result in the lake. From then on `replay` draws again, and [`super::publish`] may publish.
///
/// # Errors
/// When something is open, and says what; when the ledger refuses.
pub async fn reveal(home: &Home, period: Period) -> Result<Revealed, JobError> {
    let snapshot = home.snapshot().await?.map_or(0, |snapshot| snapshot.version);
    let Roots { closed, open } = Roots::of(&home.platform().await?, period).await?;
    if !open.is_empty() {
        let named = open.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if open.len() > NAMED { " and others" } else { "" };
        return Err(JobError::Missing(format!(
            "the key of {period} stays secret: {} selected consignments have no inspection result in the lake, of \
             declarations {named}{more}; load the results with `tidegate ingest`, with the result code \
             withdrawn for what left before it was inspected",
            open.len()
        )));
    }
    home.sign(period).await?;
    let by = home.owner().await?;
    let new = NewReveal { period, closed: &closed, closed_as_of: snapshot, by, at: home.now };
    home.ledger.reveal_period_key(&new).await?;
    Ok(Revealed { period, closed_roots: closed.len() as u64, closed_as_of: snapshot })
}
