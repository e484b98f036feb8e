//! Why a country cannot be generated.

use tidegate_records::columnar::WriteValueError;

/// Why a country cannot be generated or written.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// A setting is out of range.
    #[error("{name} is {given}; it must be {expected}")]
    Configuration {
        /// Name of the setting.
        name: &'static str,
        /// Value as given.
        given: String,
        /// What would be right.
        expected: String,
    },
    /// An embedded data file cannot be read, which is a mistake of this crate.
    #[error("embedded file {file}: {cause}")]
    Data {
        /// Name of the file.
        file: &'static str,
        /// What is wrong.
        cause: String,
    },
    /// A record does not fit its table, which is a mistake of this crate.
    #[error(transparent)]
    Record(#[from] WriteValueError),
    /// Columns do not form a batch.
    #[error("a batch cannot be built: {0}")]
    Batch(#[from] arrow::error::ArrowError),
    /// A file or directory cannot be written.
    #[error("{path} cannot be written: {cause}")]
    Write {
        /// File or directory.
        path: String,
        /// What the system or the writer says.
        cause: String,
    },
    /// An inspection was ordered of what the country has not.
    #[error("this country has no declaration `{0}`")]
    UnknownDeclaration(String),
    /// A generating thread ended before its work was done.
    #[error("a generating thread ended early, before chunk {0}")]
    ThreadEnded(u64),
}

impl SimulationError {
    pub(crate) fn write(path: &std::path::Path, cause: impl std::fmt::Display) -> Self {
        Self::Write { path: path.display().to_string(), cause: cause.to_string() }
    }

    pub(crate) fn data(file: &'static str, cause: impl std::fmt::Display) -> Self {
        Self::Data { file, cause: cause.to_string() }
    }
}
