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
mod error;
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
mod loaded;
pub mod maintenance;
mod matrix;
mod monitor;
pub mod people;
pub mod policies;
mod progress;
mod promises;
mod query;
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
mod visit;
mod writer;

pub use append::{Appender, is_appended, loads_held};
pub use backtest::{BacktestOptions, Backtested, OfficeLoad, RuleEffect, Side, Valued, backtest};
pub use check::Counts;
pub use configuration::Configuration;
pub use content::{feature_set, rule_set, selection_policy};
pub use decide::{
    Capacity, DecideOptions, Decided, KeptReason, Opening, ParseCapacityError, StoredDecision, StoredItem,
    WorkListEntry, decide, work_lists,
};
pub use error::{HomeError, JobError, SourceError};
pub use estimate::{ComponentFound, Estimated, ReportedBy, ReportingCell, estimate, estimate_by};
pub use evaluate::{Evaluated, View, evaluate};
pub use explain::{Explanation, explain};
pub use export::{Exported, export};
pub use flat::flat;
pub use home::{Home, random_bytes};
pub use ingest::{IngestOptions, Ingested, ingest};
pub use input::{Format, Input, InputError};
pub use learn::{LearnOptions, LearnSummary, ModelFile, learn};
pub use matrix::{MatrixSummary, training_matrix};
pub use monitor::{FeatureDrift, MonitorOptions, Monitored, RuleWatched, monitor};
pub use progress::{Progress, Quiet};
pub use promises::{
    Counted, GuaranteeKept, PromiseCounts, PromiseKept, Promises, Ratio, Verdict, Window, promises,
};
pub use query::query;
pub use replay::{
    Difference, ListDifference, ReplayReport, Replayed, SqlReplayReport, explain_decision, replay,
    replay_in_sql,
};
pub use report::report;
pub use run::Run;
pub use score::{Scored, score, scores};
pub use treatments::{
    LostTreatment, Matched, Progressed, Treatments, TreatmentsOptions, UnderWay, treatments,
};
pub use verdict::KnownVerdict;
