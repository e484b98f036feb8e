//! What moves records: loading and exporting files, learning, scoring and evaluating. Each job takes the time from its caller
//! and tells it how far it is.

mod alone;
mod answer;
mod append;
pub mod audit;
mod backtest;
mod batcher;
mod batches;
pub mod bundles;
pub mod catalog;
mod check;
mod columns;
pub mod configuration;
mod content;
pub mod datasets;
mod decide;
pub mod desk;
pub mod draws;
mod estimate;
mod evaluate;
mod explain;
mod export;
mod files;
mod flat;
pub mod governing;
pub mod grades;
mod history;
mod home;
mod ingest;
mod input;
mod learn;
pub mod learning;
pub mod maintenance;
mod matrix;
mod monitor;
pub mod people;
pub mod policies;
mod progress;
mod promises;
mod replay;
pub mod report;
mod results;
pub mod retention;
mod rights;
mod run;
mod score;
mod served;
pub mod sessions;
mod source;
mod stored;
pub mod tokens;
mod treatments;
mod verdict;

pub use append::{Appender, is_appended, loads_held};
pub use backtest::{BacktestOptions, Backtested, OfficeLoad, RuleEffect, Side, Valued, backtest};
pub use check::Counts;
pub use configuration::Configuration;
pub use content::{feature_set, rule_set, selection_policy};
pub use decide::{
    Capacity, DecideOptions, Decided, KeptReason, Opening, ParseCapacityError, StoredDecision, StoredItem,
    WorkListEntry, decide, work_lists,
};
pub use estimate::{ComponentFound, Estimated, ReportedBy, ReportingCell, estimate, estimate_by};
pub use evaluate::{Evaluated, View, evaluate};
pub use explain::{Explanation, explain};
pub use export::{Exported, export};
pub use flat::flat;
pub use home::{Home, HomeError, random_bytes};
pub use ingest::{IngestOptions, Ingested, ingest};
pub use input::{Format, Input, InputError};
pub use learn::{LearnOptions, LearnSummary, ModelFile, learn};
pub use matrix::{MatrixSummary, training_matrix};
pub use monitor::{FeatureDrift, MonitorOptions, Monitored, RuleWatched, monitor};
pub use progress::{Progress, Quiet};
pub use promises::{
    Counted, GuaranteeKept, PromiseCounts, PromiseKept, Promises, Ratio, Verdict, Window, promises,
};
pub use replay::{
    Difference, ListDifference, ReplayReport, Replayed, SqlReplayReport, explain_decision, replay,
    replay_in_sql,
};
pub use report::report;
pub use run::Run;
pub use score::{Scored, score, scores};
pub use source::SourceError;
pub use treatments::{
    LostTreatment, Matched, Progressed, Treatments, TreatmentsOptions, UnderWay, treatments,
};
pub use verdict::KnownVerdict;

use arrow::array::RecordBatch;
use tidegate_lake::LakeError;
use tidegate_ledger::LedgerError;
use tidegate_query::policy::PolicyError;
use tidegate_query::{Principal, QueryError};

/// Why a job did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The home cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] configuration::ConfigurationError),
    /// The lake failed.
    #[error("the lake: {0}")]
    Lake(#[from] LakeError),
    /// A table definition cannot be stored, which is a defect of this program.
    #[error("a table definition cannot be stored: {0}")]
    Table(#[from] tidegate_lake::SpecError),
    /// The ledger failed.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// A query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A dataset cannot be made.
    #[error("dataset {name}: {cause}")]
    Dataset {
        /// Its name.
        name: String,
        /// Why.
        cause: Box<JobError>,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A source cannot be read on.
    #[error("{path}: {cause}")]
    Source {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: SourceError,
    },
    /// Files cannot be an input.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A declaration cannot be written to a file.
    #[error("declaration {declaration}: {cause}")]
    Export {
        /// Name of the declaration.
        declaration: String,
        /// Why not, and what would help.
        cause: String,
    },
    /// Rows of the lake cannot be read back.
    #[error("the lake holds what its table definitions do not allow: {0}")]
    Row(#[from] tidegate_records::columnar::ReadRowError),
    /// A record was set aside although none may be.
    #[error(
        "{path}, line {line}: {finding}\nnothing was loaded, since --strict was given; without it such records are set aside"
    )]
    Strict {
        /// The file.
        path: String,
        /// Line from 1.
        line: u64,
        /// What is wrong.
        finding: String,
    },
    /// A record does not fit its table although it was found sound.
    #[error("a record found sound does not fit its table, which is a defect of this program: {0}")]
    Write(#[from] tidegate_records::columnar::WriteValueError),
    /// Learning failed.
    #[error(transparent)]
    Learn(#[from] tidegate_risk::learn::LearnError),
    /// Records cannot be assessed.
    #[error(transparent)]
    Assess(#[from] tidegate_risk::assess::AssessError),
    /// A feature set cannot be used.
    #[error(transparent)]
    Features(#[from] tidegate_risk::features::CheckFeaturesError),
    /// A rule set cannot be used.
    #[error(transparent)]
    Rules(#[from] tidegate_risk::rules::CheckRulesError),
    /// A selection policy cannot be used.
    #[error(transparent)]
    Policy(#[from] tidegate_risk::selection::CheckPolicyError),
    /// Nothing can be evaluated.
    #[error(transparent)]
    Evaluation(#[from] tidegate_risk::evaluation::EvaluationError),
    /// A model from elsewhere cannot be used.
    #[error("{path}: {cause}")]
    Model {
        /// The file.
        path: String,
        /// Why not.
        cause: tidegate_risk::model::ImportError,
    },
    /// A table cannot be written to a Parquet file.
    #[error("{path}: {cause}")]
    Parquet {
        /// The file.
        path: String,
        /// Why not.
        cause: parquet::errors::ParquetError,
    },
    /// The bundle cannot be used.
    #[error("bundle {name}: {cause}")]
    Bundle {
        /// Name or hash.
        name: String,
        /// Why not.
        cause: Box<tidegate_risk::bundle::BundleError>,
    },
    /// The beginning of a hash names no bundle, or several.
    #[error("{}", not_one_bundle(.name, *.found))]
    BundleName {
        /// As it was given.
        name: String,
        /// How many bundles it names.
        found: usize,
    },
    /// An access policy that somebody wants in force cannot be used.
    #[error(transparent)]
    AccessPolicy(PolicyError),
    /// Somebody wants to change what is in force without a right to.
    #[error("`{name}` has no right to {rights} here: no policy permits it")]
    NoRight {
        /// Who.
        name: String,
        /// Which rights would do.
        rights: String,
    },
    /// A chart of the report cannot be drawn.
    #[error("a chart of the report cannot be drawn: {0}")]
    Chart(String),
    /// Batches do not fit together.
    #[error("records do not form a batch: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The job needs something that is not there yet.
    #[error("{0}")]
    Missing(String),
}

fn not_one_bundle(name: &str, found: usize) -> String {
    match found {
        0 => format!("no bundle's hash begins with `{name}`"),
        _ => format!("{found} bundles' hashes begin with `{name}`; give more of it"),
    }
}

/// Answers one statement of the local owner on the newest state of the tables.
///
/// # Errors
/// When the statement is refused or fails.
pub async fn query(home: &Home, purpose: &str, sql: &str) -> Result<Vec<RecordBatch>, JobError> {
    let mut platform = home.platform().await?;
    let bundles = platform.bundle_names(sql).await?;
    home.add_bundles(&mut platform, bundles, home.now).await?;
    let plan = platform.plan_for(&Principal::LocalOwner, purpose, sql).await?;
    let schema = plan.schema();
    let mut batches = plan.collect().await?;
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(batches)
}
