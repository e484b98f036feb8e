//! What the loop came to, once the last result is in.

use super::EpochTold;
use crate::JobError;
use crate::answer::Answer;
use crate::bundles::{KnownBundles, known};
use crate::estimate::{Estimated, estimate};
use crate::home::Home;
use crate::promises::{Promises, promises};
use chrono::Datelike;
use std::collections::HashMap;

const PURPOSE: &str = "job loop";

/// What the loop came to.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Looped {
    /// Epochs in their order.
    pub epochs: Vec<EpochFound>,
    /// What the inspections say of everything that was lodged.
    pub estimated: Estimated,
    /// What became of the promises in the year of the last day.
    pub promises: Promises,
    /// Bundles, proposals and verdicts.
    pub bundles: KnownBundles,
}

/// An epoch and what its inspections found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct EpochFound {
    /// What happened.
    #[serde(flatten)]
    pub told: EpochTold,
    /// Inspections with a result.
    pub known: u64,
    /// Those with a discrepancy.
    pub found: u64,
    /// Duty and tax recovered.
    pub revenue: f64,
}

impl Looped {
    pub(super) async fn read(home: &Home, epochs: Vec<(EpochTold, Vec<i64>)>) -> Result<Self, JobError> {
        let sql = "WITH result AS (SELECT declaration_id, \
             max(CASE WHEN result_code = 'discrepancy' THEN 1 ELSE 0 END) AS found \
             FROM inspection GROUP BY declaration_id), \
             amount AS (SELECT declaration_id, sum(f['revenue_amount']) AS revenue FROM \
             (SELECT declaration_id, unnest(findings) AS f FROM inspection) GROUP BY declaration_id) \
             SELECT d.run_number, count(*) AS known, sum(r.found) AS found, \
             CAST(coalesce(sum(a.revenue), 0) AS DOUBLE) AS revenue \
             FROM decision d JOIN result r ON r.declaration_id = d.declaration_id \
             LEFT JOIN amount a ON a.declaration_id = d.declaration_id \
             WHERE d.is_selected GROUP BY d.run_number";
        let answer = Answer::of(&home.platform().await?, PURPOSE, sql).await?;
        let (runs, known_results) = (answer.integers("run_number")?, answer.counts("known")?);
        let (found, revenue) = (answer.counts("found")?, answer.reals("revenue")?);
        let rows: HashMap<i64, usize> = runs.iter().enumerate().map(|(row, run)| (*run, row)).collect();
        let of_epoch = |(told, runs): (EpochTold, Vec<i64>)| {
            let mut epoch = EpochFound { told, known: 0, found: 0, revenue: 0.0 };
            for row in runs.iter().filter_map(|run| rows.get(run)) {
                epoch.known += known_results[*row];
                epoch.found += found[*row];
                epoch.revenue += revenue[*row];
            }
            epoch
        };
        let epochs: Vec<EpochFound> = epochs.into_iter().map(of_epoch).collect();
        let year = epochs.last().map(|epoch| epoch.told.last.year());
        Ok(Self {
            epochs,
            estimated: estimate(home, None, None).await?,
            promises: promises(home, year).await?,
            bundles: known(home).await?,
        })
    }
}
