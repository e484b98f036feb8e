//! Why a query is not answered, in words that tell nothing that is not shown.

use crate::dataset::DatasetError;
use crate::policy::PolicyError;
use crate::reading::Fingerprint;
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use tidegate_lake::LakeError;
use tidegate_records::path::nearest;

/// Why a query is not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The policy does not hold together, or does not know the purpose.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A dataset's file is none.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The statement is refused or fails.
    #[error("{}", .0.strip_backtrace())]
    Engine(#[source] DataFusionError),
    /// The statement names a column that none of its tables has.
    #[error("there is no column `{name}`{hint}; `tidegate dictionary` lists the columns of every table")]
    Column {
        /// As it was written.
        name: String,
        /// The nearest that there is.
        hint: String,
    },
    /// A call of `assess` is none, or names no bundle.
    #[error("{0}")]
    Assess(String),
    /// A read needs a purpose.
    #[error("a read needs a purpose; say what it is for")]
    NoPurpose,
    /// There is no policy to read by.
    #[error("`{name}` cannot read here: no policy was given")]
    NoPolicy {
        /// Who reads.
        name: String,
    },
    /// The policy does not permit it for the purpose.
    #[error("{what} is not there for `{name}` reading for {purpose}: no policy permits it")]
    NotPermitted {
        /// What.
        what: String,
        /// Who reads.
        name: String,
        /// For what.
        purpose: String,
    },
    /// The statement is none that reads.
    #[error("{what} is refused: a statement reads tables and changes nothing")]
    Statement {
        /// What it is.
        what: &'static str,
    },
    /// A table does not stand behind a policy.
    #[error("the table {table} cannot be read")]
    Ungoverned {
        /// Its name.
        table: String,
    },
    /// More than a reader may use.
    #[error("{what}: {limit} is the most; {advice}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed, with its unit.
        limit: String,
        /// What to do.
        advice: &'static str,
    },
    /// A condition that the engine computes while it reads a file fails on a row that is shown.
    #[error(
        "a condition cannot be computed for every row; `try_cast` leaves texts out that are no numbers, `nullif(x, 0)` \
         divisors that are zero"
    )]
    Condition,
    /// What the answer was given by holds no longer.
    #[error("the answer breaks off: {0}")]
    Ended(&'static str),
    /// Something failed that readers are not told of.
    #[error("the query failed inside the platform; the platform's log has the cause under {fingerprint}")]
    Inside {
        /// Fingerprint of the statement, by which the cause is found in the log.
        fingerprint: Fingerprint,
        /// What failed, for the log and the audit log alone.
        cause: String,
    },
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        let DataFusionError::SchemaError(cause, _) = error.find_root() else { return Self::Engine(error) };
        let SchemaError::FieldNotFound { field, valid_fields } = cause.as_ref() else {
            return Self::Engine(error);
        };
        let near = nearest(field.name(), valid_fields.iter().map(Column::name));
        let hint = near.map(|n| format!("; `{n}` is the nearest")).unwrap_or_default();
        Self::Column { name: field.quoted_flat_name(), hint }
    }
}

impl QueryError {
    /// As a reader is told: what concerns the statement and the rows that are shown stays, what concerns files, plans and
    /// the program goes to the log.
    #[must_use]
    pub(crate) fn for_reader(self, fingerprint: Fingerprint) -> Self {
        let is_telling = match &self {
            Self::Engine(error) if shows_a_plan(error) => true,
            Self::Engine(error) => match error.find_root() {
                DataFusionError::SQL(..)
                | DataFusionError::NotImplemented(_)
                | DataFusionError::Plan(_)
                | DataFusionError::SchemaError(..) => false,
                DataFusionError::Execution(cause) => !is_said_of_values(cause),
                DataFusionError::ResourcesExhausted(_) => {
                    return Self::TooMuch {
                        what: "the query needs more memory than one reader has",
                        limit: "the limit of the configuration".to_owned(),
                        advice: "narrow it by a month or an office, or group by fewer columns",
                    };
                }
                DataFusionError::ArrowError(cause, _) => !is_of_values(cause),
                DataFusionError::ParquetError(cause) if is_of_a_condition(&cause.to_string()) => {
                    return Self::Condition;
                }
                _ => true,
            },
            Self::Lake(_) | Self::Policy(PolicyError::Evaluation { .. } | PolicyError::Expression { .. }) => {
                true
            }
            _ => false,
        };
        if !is_telling {
            return self;
        }
        let cause = self.to_string();
        tracing::error!(%fingerprint, error = %cause, "a query failed inside the platform");
        Self::Inside { fingerprint, cause }
    }

    /// As the audit log has it, which readers are not shown: with the cause of what failed inside.
    pub fn for_audit(&self) -> String {
        match self {
            Self::Inside { cause, .. } => format!("{self}: {cause}"),
            told => told.to_string(),
        }
    }
}

/// How the engine's functions begin what they say of values; whatever else fails while a query runs, such as a file that
/// cannot be read, is told in the same kind of error.
const OF_VALUES: [&str; 21] = [
    "DATE_BIN ",
    "Decimal value ",
    "Error parsing ",
    "Input range of ",
    "Overflow happened on ",
    "Scalar subquery returned more than one row",
    "Timestamp ",
    "array_element got invalid ",
    "array_slice got invalid ",
    "cannot take square root of a negative number",
    "date_bin timestamp value ",
    "factorial of a negative number ",
    "invalid Unicode scalar value: ",
    "lpad requested length ",
    "negative count not allowed",
    "overlay start position ",
    "rpad requested length ",
    "split_part index ",
    "step can't be 0 ",
    "string size overflow on repeat",
    "too long for a batch of rows: ",
];

/// Whether the engine found its own plan wrong, and shows it with the sizes of what it reads.
fn shows_a_plan(error: &DataFusionError) -> bool {
    match error {
        DataFusionError::Context(check, cause) => check == "SanityCheckPlan" || shows_a_plan(cause),
        _ => false,
    }
}

fn is_said_of_values(cause: &str) -> bool {
    OF_VALUES.iter().any(|beginning| cause.starts_with(beginning))
}

/// Whether an error speaks of values that a statement computes with.
fn is_of_values(error: &ArrowError) -> bool {
    matches!(
        error,
        ArrowError::ArithmeticOverflow(_)
            | ArrowError::CastError(_)
            | ArrowError::ComputeError(_)
            | ArrowError::DivideByZero
            | ArrowError::InvalidArgumentError(_)
            | ArrowError::ParseError(_)
    )
}

/// Whether a file is read with a condition that fails on a value. The engine makes a text of such an error.
fn is_of_a_condition(cause: &str) -> bool {
    let kinds = ["ArithmeticOverflow", "CastError", "ComputeError", "DivideByZero", "ParseError"];
    kinds.iter().any(|kind| cause.contains(&format!("Error evaluating filter predicate: ArrowError({kind}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::parquet::errors::ParquetError;

    fn told(error: DataFusionError) -> String {
        QueryError::from(error).for_reader(Fingerprint([7; 32])).to_string()
    }

    #[test]
    fn readers_are_told_of_values_and_not_of_files() {
        let of_values = [
            DataFusionError::Execution("factorial of a negative number is undefined".to_owned()),
            DataFusionError::Execution("Error parsing timestamp from 'x' using format '%Y': no".to_owned()),
            DataFusionError::ArrowError(Box::new(ArrowError::DivideByZero), None),
            DataFusionError::ArrowError(Box::new(ArrowError::CastError("Cannot cast 'x'".to_owned())), None),
        ];
        for error in of_values {
            let wanted = error.strip_backtrace();
            assert_eq!(told(error), wanted);
        }
        let in_a_file = |cause: &str| {
            let cause = ArrowError::ComputeError(format!("Error evaluating filter predicate: {cause}"));
            DataFusionError::ParquetError(Box::new(ParquetError::External(Box::new(cause))))
        };
        let of_a_condition = in_a_file("ArrowError(CastError(\"Cannot cast 'x'\"), None)");
        assert!(told(of_a_condition).starts_with("a condition cannot be computed for every row"));
        let inside = [
            in_a_file("Internal(\"/srv\")"),
            DataFusionError::Execution("Failed to open /srv/lake/declaration/part-0.parquet".to_owned()),
            DataFusionError::Execution("no room on /srv: Error parsing x".to_owned()),
            DataFusionError::Internal("/srv".to_owned()),
            DataFusionError::Plan("Plan: [\"DataSourceExec: partition_sizes=[36]\"]".to_owned())
                .context("SanityCheckPlan"),
            DataFusionError::ArrowError(Box::new(ArrowError::ParquetError("/srv".to_owned())), None),
        ];
        for error in inside {
            let error = QueryError::from(error.context("reading")).for_reader(Fingerprint([7; 32]));
            let (told, kept) = (error.to_string(), error.for_audit());
            assert!(!told.contains("/srv") && told.contains("under 0707070707070707"), "{told}");
            let cause = kept.strip_prefix(&told).unwrap();
            assert!(cause.contains("/srv") || cause.contains("partition_sizes"), "{kept}");
        }
    }
}
