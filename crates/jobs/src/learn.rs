//! Learning a bundle from the records in the lake.

use crate::JobError;
use crate::content::{feature_set, rule_set, selection_policy};
use crate::history::{self, History};
use crate::home::Home;
use crate::progress::Progress;
use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use tidegate_records::mapping;
use tidegate_records::tables::RecordKind;
use tidegate_risk::evaluation::{Binning, Sample};
use tidegate_risk::features::FeatureSet;
use tidegate_risk::hex::hex;
use tidegate_risk::learn::{Adoption, Ingredients, LabelledRecords, adopt, learn as learn_bundle};
use tidegate_risk::model::{ImportedModel, MAX_MODEL_BYTES};
use tidegate_risk::origin::Origin;

/// What was learnt.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LearnSummary {
    /// Hash that names the bundle.
    pub bundle: String,
    /// Whether it is in force; otherwise it is a candidate that waits to be proposed and approved.
    pub is_active: bool,
    /// Feature set it was learnt on.
    pub feature_set: String,
    /// Goods items in the lake.
    pub records: usize,
    /// Those with a result of an inspection.
    pub results: usize,
    /// Results that found a discrepancy.
    pub discrepancies: usize,
    /// Last day that was learnt from, when it was asked for.
    pub until: Option<NaiveDate>,
    /// Rules in the bundle.
    pub rules: usize,
    /// Keys that the profiles remember.
    pub profile_keys: usize,
    /// Bytes that the profiles take in memory.
    pub profile_bytes: usize,
    /// Records predicted by a model that had not seen their month; for a model from elsewhere, those it was calibrated on.
    pub out_of_fold: usize,
    /// Area under the ROC curve on those.
    pub auc: Option<f64>,
    /// Average precision on those.
    pub average_precision: Option<f64>,
    /// Expected calibration error on those, in ten bins of equal width. The calibration was fitted on them.
    pub calibration_error: Option<f64>,
    /// Where the model comes from, if it was not learnt here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// What to learn from and with.
#[derive(Debug, Clone, Default)]
pub struct LearnOptions {
    /// Feature set; the one that the mapping of the newest load names when left out.
    pub features: Option<String>,
    /// Rule set of the bundle; the one with the name of the feature set when left out.
    pub rules: Option<String>,
    /// Selection policy of the bundle; `default` when left out.
    pub selection: Option<String>,
    /// Last day that may be learnt from: of records and of results.
    pub until: Option<NaiveDate>,
    /// A model from elsewhere in the place of one that is trained here.
    pub model: Option<ModelFile>,
}

/// A model from elsewhere, in a file.
#[derive(Debug, Clone)]
pub struct ModelFile {
    /// The file.
    pub path: PathBuf,
    /// Whether features without names stand in the order of the feature set.
    pub by_position: bool,
    /// First day of the records whose results it is calibrated on; its own link gives the probabilities when none.
    pub calibrate_from: Option<NaiveDate>,
}

/// Learns from the lake, or takes a model over. Where one person works alone the bundle becomes the active one, otherwise a
/// candidate.
///
/// # Errors
/// When there is too little to learn from, or the model cannot be taken over.
pub async fn learn(
    home: &Home,
    options: &LearnOptions,
    progress: &mut dyn Progress,
) -> Result<LearnSummary, JobError> {
    let model = options.model.as_ref().map(read_model).transpose()?;
    let (name, set, history) = read(home, options, progress).await?;
    let rules = rule_set(options.rules.as_deref().unwrap_or(&set.name), &set)?;
    let selection = selection_policy(options.selection.as_deref().unwrap_or("default"))?;
    let prepared = set.prepare(&history.records).map_err(tidegate_risk::assess::AssessError::from)?;
    let records = LabelledRecords { prepared: &prepared, names: &history.names, outcomes: &history.outcomes };
    let ingredients = Ingredients { set, rules, selection };
    let mut stepped = |what: &str, done: usize, total: usize| {
        progress.step(what, total as u64, "forests");
        progress.done(done as u64);
    };
    let learnt = match options.model.as_ref().zip(model) {
        None => learn_bundle(ingredients, &records, &mut stepped)?,
        Some((file, (model, origin))) => {
            let adoption = Adoption { model: &model, by_position: file.by_position, origin };
            adopt(ingredients, &records, adoption, &mut stepped)?
        }
    };
    let (scores, labels): (Vec<f64>, Vec<bool>) = learnt.out_of_fold.iter().copied().unzip();
    let sample = if scores.is_empty() {
        None
    } else {
        Some(Sample::new(&scores, &labels)?.with_probabilities(&scores)?)
    };
    let mut summary = LearnSummary {
        bundle: String::new(),
        is_active: home.ledger.activates_alone().await?,
        feature_set: name,
        records: history.records.num_rows(),
        results: learnt.results,
        discrepancies: learnt.discrepancies,
        until: options.until,
        rules: learnt.bundle.rules.rules.len(),
        profile_keys: learnt.bundle.profiles.len(),
        profile_bytes: learnt.bundle.profiles.bytes(),
        out_of_fold: scores.len(),
        auc: sample.as_ref().and_then(Sample::auc),
        average_precision: sample.as_ref().and_then(Sample::average_precision),
        calibration_error: sample.as_ref().and_then(|sample| sample.calibration_error(Binning::EqualWidth)),
        origin: learnt.bundle.origin.clone(),
    };
    let text = serde_json::to_string(&summary).map_err(|e| JobError::Missing(e.to_string()))?;
    summary.bundle = home.store_bundle(&learnt.bundle, &text).await?.to_string();
    Ok(summary)
}

/// What the feature set was called, the set, and the records that can be learnt from.
pub(crate) async fn read(
    home: &Home,
    options: &LearnOptions,
    progress: &mut dyn Progress,
) -> Result<(String, FeatureSet, History), JobError> {
    let name = match &options.features {
        Some(name) => name.clone(),
        None => named_by_mapping(home).await?,
    };
    let set = feature_set(&name)?.keyed(home.profile_secret().await?);
    progress.step("reading the lake", 0, "rows");
    let history = history::read(home, &set, options.until).await?;
    progress.step("computing columns and keys", history.records.num_rows() as u64, "rows");
    Ok((name, set, history))
}

fn read_model(file: &ModelFile) -> Result<(ImportedModel, Origin), JobError> {
    let path = file.path.display().to_string();
    let refused = JobError::file(&file.path);
    let mut bytes = Vec::new();
    // One byte more than is allowed tells that there is more.
    let mut limited = File::open(&file.path).map_err(refused)?.take(MAX_MODEL_BYTES as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(refused)?;
    let model = ImportedModel::read(&bytes).map_err(|cause| JobError::Model { path: path.clone(), cause })?;
    let origin = Origin {
        format: model.format.name().to_owned(),
        version: model.version.clone(),
        file: file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        sha256: hex(&Sha256::digest(&bytes)),
        calibrated_from: file.calibrate_from,
    };
    Ok((model, origin))
}

async fn named_by_mapping(home: &Home) -> Result<String, JobError> {
    let loads = home.ledger.loads().await?;
    let of_declarations = |name: &str| RecordKind::named(name).is_none();
    let newest = loads.iter().rev().find(|l| l.outcome.is_some() && of_declarations(&l.start.mapping_name));
    let newest = newest.ok_or_else(|| {
        JobError::Missing(
            "no load with a mapping names a feature set; say which with --features (generated records: national), or \
             run `tidegate ingest --mapping NAME FILE` first"
                .to_owned(),
        )
    })?;
    let mapping = &newest.start.mapping_name;
    let named = mapping::shipped(mapping).ok().and_then(|m| m.feature_set);
    named.ok_or_else(|| {
        JobError::Missing(format!("the mapping {mapping} names no feature set; say which with --features"))
    })
}
