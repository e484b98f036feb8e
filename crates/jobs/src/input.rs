//! What a job reads: files of one format, with the mapping that they need.

use crate::configuration::Configuration;
use chrono::{DateTime, SubsecRound, Utc};
use std::fmt;
use std::path::{Path, PathBuf};
use tidegate_records::mapping::Mapping;
use tidegate_records::tables::{RECORD_KINDS, RecordKind};

/// A format of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Messages of the WCO Data Model.
    WcoXml,
    /// Canonical JSON, whatever lines it stands on.
    Ndjson,
    /// Rows, through a mapping.
    Csv,
    /// Rows through a mapping, or whole declarations as an export writes them.
    Parquet,
}

impl Format {
    /// Name in commands, and of a load without a mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WcoXml => "wco-xml",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "xml" => Some(Self::WcoXml),
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why files cannot be an input.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file or folder cannot be read.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A file or folder is not there.
    #[error("there is no file or folder {0}; a relative path starts at the folder that you are in")]
    Absent(String),
    /// A folder is empty.
    #[error("{0} holds no file")]
    Empty(String),
    /// The extension of a file tells no format.
    #[error(
        "{0}: its extension tells no format; rename it to .xml, .ndjson, .csv or .parquet, or give --format"
    )]
    UnknownFormat(String),
    /// Files of different formats.
    #[error("{first} is {first_format}, {other} is {other_format}; load files of one format at a time")]
    Mixed {
        /// One file.
        first: String,
        /// Its format.
        first_format: Format,
        /// Another file.
        other: String,
        /// Its format.
        other_format: Format,
    },
    /// The format needs a mapping.
    #[error("a file in the format {0} needs a mapping that says which column is which field; give --mapping")]
    NeedsMapping(Format),
    /// The format takes no mapping.
    #[error("a file in the format {0} names its fields itself; leave --mapping out")]
    TakesNoMapping(Format),
    /// There are no records of the kind.
    #[error("records of the kind `{name}` are not loaded; it is one of: {kinds}")]
    UnknownKind {
        /// Kind as written.
        name: String,
        /// The kinds there are.
        kinds: String,
    },
    /// What is to be read more than once can be read once.
    #[error("{0} is no file: what is loaded is read more than once; write it to a file first")]
    NoFile(String),
    /// The format does not hold records of the kind.
    #[error("records of the kind {kind} are loaded from ndjson, not from {format}; leave --mapping out")]
    KindFormat {
        /// The kind.
        kind: &'static str,
        /// Format of the files.
        format: Format,
    },
}

/// Files of one format.
#[derive(Debug, Clone)]
pub struct Input {
    files: Vec<PathBuf>,
    format: Format,
    mapping: Option<Mapping>,
    kind: Option<&'static RecordKind>,
    received_at: DateTime<Utc>,
    /// Limits of the readers.
    pub(crate) configuration: Configuration,
}

impl Input {
    /// Files, and the files directly in folders, ordered by name. Without a format the extensions tell it. A message
    /// without a moment of acceptance counts as accepted when it was received.
    ///
    /// # Errors
    /// When a file is not there, the formats differ or are not known, or the mapping does not go with the format.
    pub fn new(
        paths: &[PathBuf],
        format: Option<Format>,
        mapping: Option<Mapping>,
        received_at: DateTime<Utc>,
    ) -> Result<Self, InputError> {
        let mut files = Vec::new();
        for path in paths {
            let failed = |cause| unreadable(path, cause);
            if std::fs::metadata(path).map_err(failed)?.is_dir() {
                files.extend(files_in(path).map_err(failed)?);
            } else {
                files.push(path.clone());
            }
        }
        let all = || paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
        let first = files.first().ok_or_else(|| InputError::Empty(all()))?;
        let format = match format {
            Some(format) => format,
            None => common_format(first, &files)?,
        };
        match (format, &mapping) {
            (Format::Csv, None) => Err(InputError::NeedsMapping(format)),
            (Format::WcoXml | Format::Ndjson, Some(_)) => Err(InputError::TakesNoMapping(format)),
            _ => Ok(Self {
                files,
                format,
                mapping,
                kind: None,
                received_at: received_at.trunc_subsecs(6),
                configuration: Configuration::default(),
            }),
        }
    }

    /// The same input read within the limits of a configuration.
    #[must_use]
    pub fn within(self, configuration: &Configuration) -> Self {
        Self { configuration: configuration.clone(), ..self }
    }

    /// The same files as records of a kind that has a table of its own, such as `special_filing`.
    ///
    /// # Errors
    /// When there is no such kind, or the files are not NDJSON.
    pub fn of_kind(self, name: &str) -> Result<Self, InputError> {
        let kind = RecordKind::named(name).ok_or_else(|| {
            let kinds: Vec<&str> = RECORD_KINDS.iter().map(|kind| kind.table.name).collect();
            InputError::UnknownKind { name: name.to_owned(), kinds: kinds.join(", ") }
        })?;
        if self.format != Format::Ndjson {
            return Err(InputError::KindFormat { kind: kind.table.name, format: self.format });
        }
        Ok(Self { kind: Some(kind), ..self })
    }

    /// Kind of the records; none for declarations.
    pub(crate) fn kind(&self) -> Option<&'static RecordKind> {
        self.kind
    }

    /// Refuses what is no file, such as a pipe, which could be read but once.
    pub(crate) fn require_files(&self) -> Result<(), InputError> {
        for path in &self.files {
            if !std::fs::metadata(path).map_err(|cause| unreadable(path, cause))?.is_file() {
                return Err(InputError::NoFile(path.display().to_string()));
            }
        }
        Ok(())
    }

    /// The files, in the order they are read.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The same input with only some of its files.
    #[must_use]
    pub(crate) fn with_files(&self, files: Vec<PathBuf>) -> Self {
        Self { files, ..self.clone() }
    }

    /// Format of all files.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Mapping of the files, where they need one.
    pub fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_ref()
    }

    /// What names a way of reading in loads: the kind of the records, the mapping, otherwise the format.
    pub fn name(&self) -> &str {
        if let Some(kind) = self.kind {
            return kind.table.name;
        }
        self.mapping.as_ref().map_or(self.format.as_str(), |mapping| mapping.name.as_str())
    }

    /// When messages that say nothing about it count as accepted; nothing for rows, which are records of the past.
    pub(crate) fn assumed_acceptance(&self) -> Option<DateTime<Utc>> {
        self.mapping.is_none().then_some(self.received_at)
    }
}

fn unreadable(path: &Path, cause: std::io::Error) -> InputError {
    let shown = path.display().to_string();
    if cause.kind() != std::io::ErrorKind::NotFound {
        return InputError::File { path: shown, cause };
    }
    InputError::Absent(shown)
}

/// Files directly in a folder, by name; hidden ones are no records.
fn files_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !is_hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn common_format(first: &Path, files: &[PathBuf]) -> Result<Format, InputError> {
    let of = |path: &Path| {
        Format::of_extension(path).ok_or_else(|| InputError::UnknownFormat(path.display().to_string()))
    };
    let format = of(first)?;
    for file in files {
        let other_format = of(file)?;
        if other_format != format {
            let (first, other) = (first.display().to_string(), file.display().to_string());
            return Err(InputError::Mixed { first, first_format: format, other, other_format });
        }
    }
    Ok(format)
}
