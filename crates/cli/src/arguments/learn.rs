//! Arguments of `learn`.

use chrono::NaiveDate;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `learn`.
#[derive(Debug, Args)]
pub struct Learn {
    /// Feature set: a shipped name (kcs-import) or a .toml file; what the mapping of the newest load names when left out
    #[arg(long, value_name = "NAME")]
    pub features: Option<String>,
    /// Rule set: a shipped name (national) or a .toml file; the one named like the feature set when left out
    #[arg(long, value_name = "NAME")]
    pub rules: Option<String>,
    /// Selection policy: a shipped name (default) or a .toml file
    #[arg(long, value_name = "NAME")]
    pub selection: Option<String>,
    /// Last day to learn from, of records and of results (CCYY-MM-DD, UTC); everything when left out
    #[arg(long, value_name = "DAY")]
    pub until: Option<NaiveDate>,
    /// Take the model of this file over instead of training one
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// The features of the model have no names and stand in the order of the feature set
    #[arg(long, requires = "model")]
    pub by_position: bool,
    /// Calibrate the model on results of records from this day on, which it was not trained on; its own link when left out
    #[arg(long, value_name = "DAY", requires = "model")]
    pub calibrate_from: Option<NaiveDate>,
    /// Learn nothing: write what would be trained on to this Parquet file, for training elsewhere
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "rules", "selection"])]
    pub matrix: Option<PathBuf>,
}
