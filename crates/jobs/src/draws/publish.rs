//! The published files of a period.

use crate::JobError;
use crate::answer::Answer;
use crate::files::write_file;
use crate::home::Home;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tidegate_ledger::publication::{
    Kept, Outcome, PERIOD_FILE, ParseComponentError, Publication, PublishedRow, ROWS_FILE, Verified, verify,
    write_rows,
};
use tidegate_ledger::{Commitment, Period};
use tidegate_query::Platform;

/// Commitments read at once.
const PAGE: u32 = 16_384;

/// What was published.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Published {
    /// The period.
    pub period: Period,
    /// What holds of it, verified before it was written.
    pub verified: Verified,
}

/// Writes the files of a revealed period into a folder, after they were verified.
///
/// # Errors
/// When the key is not revealed, a commitment has no decision or more than one, or the files do not hold.
pub async fn publish(home: &Home, period: Period, folder: &Path) -> Result<Published, JobError> {
    let published = home.ledger.published_period(period).await?;
    let outcomes = outcomes(&home.platform().await?, period).await?;
    let mut commitments: Vec<Commitment> = Vec::new();
    loop {
        let page = home.ledger.commitments(period, commitments.len() as u64, PAGE).await?;
        if page.is_empty() {
            break;
        }
        commitments.extend(page);
    }
    let decided = commitments.iter().filter(|commitment| outcomes.contains_key(&commitment.sequence));
    let decided: BTreeSet<u64> = decided.map(|commitment| commitment.content.close).collect();
    let row = |commitment: &Commitment| {
        let outcome = of_commitment(&outcomes, &decided, period, commitment)?;
        Ok(PublishedRow::new(commitment, outcome))
    };
    let rows = commitments.iter().map(row).collect::<Result<_, JobError>>()?;
    let publication = Publication { period: published, rows };
    let kept = Kept { public_key: Some(home.signing_key()?.public_key()), checkpoints: Vec::new() };
    let verified = verify(std::slice::from_ref(&publication), &kept).map_err(|fault| {
        JobError::Missing(format!("nothing was written, since it does not hold: {fault}"))
    })?;
    let text = |error: &dyn std::fmt::Display| JobError::Missing(error.to_string());
    let period_file = publication.period.to_json().map_err(|e| text(&e))?;
    write_file(folder, PERIOD_FILE, &period_file)?;
    write_file(folder, ROWS_FILE, &write_rows(&publication.rows).map_err(|e| text(&e))?)?;
    Ok(Published { period, verified })
}

fn of_commitment(
    outcomes: &BTreeMap<u64, Vec<Outcome>>,
    decided: &BTreeSet<u64>,
    period: Period,
    commitment: &Commitment,
) -> Result<Outcome, JobError> {
    let sequence = commitment.sequence;
    match outcomes.get(&sequence).map_or(&[][..], Vec::as_slice) {
        [one] => Ok(*one),
        // The run was interrupted before anything of the close was stored.
        [] if !decided.contains(&commitment.content.close) => Ok(Outcome::ABANDONED),
        [] => Err(JobError::Missing(format!(
            "commitment {sequence} of {period} has no decision in the lake, although others of its day have; restore the lake from a backup"
        ))),
        many => Err(JobError::Missing(format!(
            "commitment {sequence} of {period} has {} decisions in the lake; `tidegate replay` says which is wrong",
            many.len()
        ))),
    }
}

/// What the decisions of a period have stored, by commitment.
async fn outcomes(platform: &Platform, period: Period) -> Result<BTreeMap<u64, Vec<Outcome>>, JobError> {
    let sql = format!(
        "SELECT commitment_sequence, draw, tau, realised_probability, component_code, lane_code, \
         CAST(is_candidate AS BIGINT) AS candidate, CAST(is_selected AS BIGINT) AS selected, \
         CAST(is_queued AS BIGINT) AS queued FROM decision WHERE period = '{period}'"
    );
    let answer = Answer::of(platform, "job draws", &sql).await?;
    let sequences = answer.counts("commitment_sequence")?;
    let (draws, taus, pis) =
        (answer.reals("draw")?, answer.reals("tau")?, answer.reals("realised_probability")?);
    let (components, lanes) = (answer.texts("component_code")?, answer.texts("lane_code")?);
    let [candidates, selected, queued] =
        [answer.integers("candidate")?, answer.integers("selected")?, answer.integers("queued")?];
    let wrong = |error: &dyn std::fmt::Display| JobError::Missing(error.to_string());
    let mut outcomes: BTreeMap<u64, Vec<Outcome>> = BTreeMap::new();
    for row in 0..answer.rows() {
        outcomes.entry(sequences[row]).or_default().push(Outcome {
            draw: draws[row],
            tau: taus[row],
            realised_probability: pis[row],
            component: components[row].parse().map_err(|e: ParseComponentError| wrong(&e))?,
            is_candidate: candidates[row] == 1,
            is_selected: selected[row] == 1,
            is_queued: queued[row] == 1,
            is_abandoned: false,
            lane: lanes[row].parse().map_err(|e: tidegate_ledger::ParseLaneError| wrong(&e))?,
        });
    }
    Ok(outcomes)
}
