//! Why a job did not do its work.

use crate::configuration::ConfigurationError;
use crate::input::InputError;
use std::io;
use std::path::{Path, PathBuf};
use tidegate_lake::LakeError;
use tidegate_ledger::LedgerError;
use tidegate_query::QueryError;
use tidegate_query::policy::PolicyError;
use tidegate_records::csv::CsvError;
use tidegate_records::parquet::ReadParquetError;
use tokio::task::JoinError;

/// Why a job did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The home cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
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
        cause: io::Error,
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
    /// No stored table or dataset has a column of this name.
    #[error(
        "there is no column `{column}`; write table.column, as `tidegate dictionary` or `tidegate datasets show` has them"
    )]
    NoColumn {
        /// As it was given.
        column: String,
    },
    /// A word is none of those that are known.
    #[error("`{word}` is no {what}; there are {known}")]
    NoWord {
        /// As it was given.
        word: String,
        /// What it should be.
        what: &'static str,
        /// Those there are.
        known: String,
    },
    /// A column was to have a lower grade than its definition gives it.
    #[error("{column} is defined as {least}; {wanted} would be lower")]
    LowerGrade {
        /// The column.
        column: String,
        /// The grade that it was to have.
        wanted: &'static str,
        /// The grade of its definition.
        least: &'static str,
    },
    /// A column was to be classified so that who confirms it would be shown more.
    #[error(
        "`{name}` would be shown more by this classification of {column}; who works on the machine itself can confirm it"
    )]
    ShowsMore {
        /// Who.
        name: String,
        /// The column.
        column: String,
    },
    /// Somebody wants to do more than read without a right to.
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

impl JobError {
    /// That a file cannot be read or written, by what the system says of it.
    pub fn file(path: &Path) -> impl Fn(io::Error) -> Self + Copy {
        move |cause| Self::File { path: path.display().to_string(), cause }
    }
}

/// What became of work on another thread.
pub(crate) fn joined<T>(result: Result<Result<T, JobError>, JoinError>) -> Result<T, JobError> {
    result.map_err(|error| JobError::Missing(format!("work on another thread stopped: {error}")))?
}

fn not_one_bundle(name: &str, found: usize) -> String {
    match found {
        0 => format!("no bundle's hash begins with `{name}`"),
        _ => format!("{found} bundles' hashes begin with `{name}`; give more of it"),
    }
}

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The folder cannot be made or read.
    #[error("home {path}: {cause}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// Why a source cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The file does not fit its mapping, or is no CSV.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The file does not fit its mapping, or is no Parquet file.
    #[error(transparent)]
    Parquet(#[from] ReadParquetError),
}
