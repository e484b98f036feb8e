//! Learning a bundle from the records in the lake.

use crate::JobError;
use crate::history;
use crate::home::Home;
use crate::progress::Progress;
use std::path::Path;
use tidegate_records::mapping;
use tidegate_records::tables::item_row_schema;
use tidegate_risk::evaluation::{Binning, Sample};
use tidegate_risk::features::FeatureSet;
use tidegate_risk::learn::{LabelledRecords, learn as learn_bundle};

/// Feature sets that come with the program.
const SHIPPED: &[(&str, &str)] = &[
    ("kcs-import", include_str!("../../../features/kcs-import.toml")),
    ("national", include_str!("../../../features/national.toml")),
];

/// What was learnt.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LearnSummary {
    /// Hash that names the bundle.
    pub bundle: String,
    /// Feature set it was learnt on.
    pub feature_set: String,
    /// Goods items in the lake.
    pub records: usize,
    /// Those with a result of an inspection.
    pub results: usize,
    /// Results that found a discrepancy.
    pub discrepancies: usize,
    /// Keys that the profiles remember.
    pub profile_keys: usize,
    /// Records predicted by a model that had not seen their month.
    pub out_of_fold: usize,
    /// Area under the ROC curve on those.
    pub auc: Option<f64>,
    /// Average precision on those.
    pub average_precision: Option<f64>,
    /// Expected calibration error on those, in ten bins of equal width. The calibration was fitted on them.
    pub calibration_error: Option<f64>,
}

/// A feature set by the name of a shipped one or by the path of a `.toml` file.
///
/// # Errors
/// When there is none such, or it is refused.
pub fn feature_set(name: &str) -> Result<FeatureSet, JobError> {
    if Path::new(name).extension().is_some_and(|e| e == "toml") {
        let text =
            std::fs::read_to_string(name).map_err(|cause| JobError::File { path: name.to_owned(), cause })?;
        return Ok(FeatureSet::parse(name, &text, &item_row_schema())?);
    }
    let Some((name, text)) = SHIPPED.iter().find(|(n, _)| *n == name) else {
        let known: Vec<&str> = SHIPPED.iter().map(|(n, _)| *n).collect();
        let message =
            format!("no feature set is called `{name}`; give a .toml file or one of: {}", known.join(", "));
        return Err(JobError::Missing(message));
    };
    Ok(FeatureSet::parse(&format!("{name}.toml"), text, &item_row_schema())?)
}

/// Learns from everything in the lake and makes the bundle the active one. Without a name the feature set is the
/// one that the mapping of the newest load names.
///
/// # Errors
/// When there is too little to learn from.
pub async fn learn(
    home: &Home,
    features: Option<&str>,
    progress: &mut dyn Progress,
) -> Result<LearnSummary, JobError> {
    let name = match features {
        Some(name) => name.to_owned(),
        None => named_by_mapping(home).await?,
    };
    let set = feature_set(&name)?;
    progress.step("reading the lake", 0, "rows");
    let history = history::read(home, &set).await?;
    progress.step("computing columns and keys", history.records.num_rows() as u64, "rows");
    let prepared = set.prepare(&history.records).map_err(tidegate_risk::assess::AssessError::from)?;
    let records = LabelledRecords { prepared: &prepared, names: &history.names, outcomes: &history.outcomes };
    let mut told = false;
    let learnt = learn_bundle(set, &records, &mut |what, done, total| {
        if !told {
            progress.step("training", total as u64, "steps");
            told = true;
        }
        progress.done(done as u64);
        let _ = what;
    })?;
    let (scores, labels): (Vec<f64>, Vec<bool>) = learnt.out_of_fold.iter().copied().unzip();
    let sample = Sample::new(&scores, &labels)?.with_probabilities(&scores)?;
    let mut summary = LearnSummary {
        bundle: String::new(),
        feature_set: name,
        records: history.records.num_rows(),
        results: learnt.results,
        discrepancies: learnt.discrepancies,
        profile_keys: learnt.bundle.profiles.len(),
        out_of_fold: scores.len(),
        auc: sample.auc(),
        average_precision: sample.average_precision(),
        calibration_error: sample.calibration_error(Binning::EqualWidth),
    };
    let text = serde_json::to_string(&summary).map_err(|e| JobError::Missing(e.to_string()))?;
    summary.bundle = home.store_bundle(&learnt.bundle, &text).await?.to_string();
    Ok(summary)
}

async fn named_by_mapping(home: &Home) -> Result<String, JobError> {
    let loads = home.ledger.loads().await?;
    let newest = loads.iter().rev().find(|l| l.outcome.is_some());
    let newest = newest.ok_or_else(|| {
        JobError::Missing(
            "nothing was loaded yet; run `tidegate ingest --mapping NAME FILE` first".to_owned(),
        )
    })?;
    let mapping = &newest.start.mapping_name;
    let named = mapping::shipped(mapping).ok().and_then(|m| m.feature_set);
    named.ok_or_else(|| {
        JobError::Missing(format!("the mapping {mapping} names no feature set; say which with --features"))
    })
}
