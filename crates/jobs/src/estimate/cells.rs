//! Offices or months that an estimate is reported by, each with the random inspections that it stands on.

use super::{Decision, Evidence};
use crate::backtest::Valued;
use crate::configuration::Estimate as Settings;
use std::collections::BTreeMap;
use tidegate_risk::estimation::{Measure, floor_size, reporting_cell};

/// What an estimate is reported by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedBy {
    /// Office whose work list a declaration was decided for.
    Office,
    /// Month of acceptance.
    Month,
}

/// A reporting cell.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ReportingCell {
    /// Office, or month as CCYY-MM.
    pub cell: String,
    /// N: declarations that are evidence.
    pub declarations: u64,
    /// n: those of them that the random floor selected, with a result.
    pub floor_inspected: u64,
    /// f = n / N.
    pub floor_share: f64,
    /// n that the cell needs for the relative error and the prevalence that are configured.
    pub floor_required: f64,
    /// Share of the declarations in which an inspection would find something; refused where n is too small.
    pub rate: Valued,
}

pub(super) fn of(evidence: &Evidence<'_>, by: ReportedBy, settings: &Settings) -> Vec<ReportingCell> {
    let key = |decision: &Decision| match by {
        ReportedBy::Office => decision.office.clone(),
        ReportedBy::Month => decision.month.clone(),
    };
    let mut cells: BTreeMap<String, Evidence<'_>> = BTreeMap::new();
    for one in &evidence.decisions {
        cells.entry(key(one.decision)).or_default().decisions.push(*one);
    }
    for one in &evidence.known {
        cells.entry(key(one.decision)).or_default().known.push(*one);
    }
    cells.into_iter().map(|(cell, evidence)| one(cell, &evidence, settings)).collect()
}

fn one(cell: String, evidence: &Evidence<'_>, settings: &Settings) -> ReportingCell {
    let in_floor = evidence.known.iter().filter(|k| k.decision.draw < k.decision.floor);
    let (inspected, declarations) = (in_floor.count(), evidence.decisions.len());
    let (prevalence, error) = (settings.cell_prevalence, settings.cell_error);
    let rate = reporting_cell(inspected, declarations, prevalence, error)
        .and_then(|_| evidence.total(Measure::Findings))
        .map(|total| total.per(declarations as f64));
    ReportingCell {
        cell,
        declarations: declarations as u64,
        floor_inspected: inspected as u64,
        floor_share: inspected as f64 / declarations.max(1) as f64,
        floor_required: floor_size(prevalence, error),
        rate: Valued::of(rate, declarations as u64),
    }
}
