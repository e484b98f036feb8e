//! Arguments of `datasets`.

use super::retention::Reason;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with datasets.
#[derive(Debug, Subcommand)]
pub enum Datasets {
    /// Name the datasets: what they are for, when they were made, and how they passed their checks
    List(From),
    /// Make datasets anew: what changed since the last time, or everything
    #[command(
        after_help = "A version whose strict checks fail (unique, required, range, reference) is kept back: readers see the \
        version before.\n\nExamples:\n  tidegate datasets refresh\n  tidegate datasets refresh trade_statistics --whole\n  \
        tidegate datasets refresh --due        # for a timer"
    )]
    Refresh(Refresh),
    /// Say all of one dataset: its columns with grade and origin, its checks, its versions
    Show {
        /// Name of the dataset
        name: String,
    },
    /// Take a dataset from readers and make it anew no more, until it is restored
    #[command(after_help = "Its versions stay, and what is erased goes out of them too.\n\nExample:\n  \
        tidegate datasets retire trade_statistics --reason \"published elsewhere\"")]
    Retire(Standing),
    /// Give a dataset that is retired back to readers, as it was made last
    Restore(Standing),
    /// Check the files of datasets against the tables, without making anything
    Check {
        /// Folder with a folder for each domain
        folder: PathBuf,
    },
    /// Write the files of the shipped datasets to a folder, to read or to change
    Write {
        /// Folder; it is made when it is not there
        folder: PathBuf,
    },
}

/// Where the definitions are.
#[derive(Debug, Args)]
pub struct From {
    /// Folder with a folder for each domain: `domain/name.sql`; when left out, the shipped datasets and those that were published
    #[arg(long = "from", value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

/// Arguments of `datasets retire` and `datasets restore`.
#[derive(Debug, Args)]
pub struct Standing {
    /// Name of the dataset
    pub name: String,
    /// Why.
    #[command(flatten)]
    pub reason: Reason,
}

/// Arguments of `datasets refresh`.
#[derive(Debug, Args)]
pub struct Refresh {
    /// Names of datasets; all when left out
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub from: From,
    /// Make every row anew, whatever changed
    #[arg(long)]
    pub whole: bool,
    /// Leave out what is not due yet by its header
    #[arg(long)]
    pub due: bool,
}
