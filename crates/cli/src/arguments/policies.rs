//! Arguments of `policies`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with access policies.
#[derive(Debug, Subcommand)]
pub enum Policies {
    /// Write the files of the policy in force to a folder, to read or to change
    Write {
        /// Folder; it is made when it is not there
        folder: PathBuf,
    },
    /// Check the files of a policy: vocabulary, expressions, examples
    Check {
        /// Folder
        folder: PathBuf,
    },
    /// Say what one person is shown for one purpose
    #[command(after_help = "Example:\n  tidegate policies access Ana --purpose risk-analysis")]
    Access(Access),
}

/// Arguments of `policies access`.
#[derive(Debug, Args)]
pub struct Access {
    /// Name of the person
    pub name: String,
    /// What the person reads for
    #[arg(long, value_name = "PURPOSE")]
    pub purpose: String,
    /// Folder of a draft; the policy in force when left out
    #[arg(long, value_name = "FOLDER")]
    pub draft: Option<PathBuf>,
}
