//! What the loop came to, once the last result is in.

use super::EpochTold;
use crate::JobError;
use crate::answer::Answer;
use crate::bundles::{KnownBundles, known};
use crate::estimate::{Estimated, estimate};
use crate::home::Home;
use crate::promises::{Promises, promises};
use crate::results::{self, InspectionResult};
use chrono::{Datelike, Days, NaiveDate};
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
        let last = epochs.iter().map(|(told, _)| told.last).max().unwrap_or_default();
        // What is lodged on a day is accepted soon after midnight at the latest; what amends it, long before.
        let last = last.checked_add_days(Days::new(1)).unwrap_or(last);
        let platform = home.platform().await?;
        let results = results::read(&platform, PURPOSE, NaiveDate::default(), last).await?;
        let sql = "SELECT run_number, declaration_id FROM decision WHERE is_selected";
        let answer = Answer::of(&platform, PURPOSE, sql).await?;
        let (runs, ids) = (answer.integers("run_number")?, answer.texts("declaration_id")?);
        let mut selected: HashMap<i64, Vec<&InspectionResult>> = HashMap::new();
        for (run, id) in runs.iter().zip(&ids) {
            selected.entry(*run).or_default().extend(results.get(id));
        }
        let of_epoch = |(told, runs): (EpochTold, Vec<i64>)| {
            let mut epoch = EpochFound { told, known: 0, found: 0, revenue: 0.0 };
            for result in runs.iter().filter_map(|run| selected.get(run)).flatten() {
                epoch.known += 1;
                epoch.found += u64::from(result.finding.found);
                epoch.revenue += result.finding.revenue;
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
