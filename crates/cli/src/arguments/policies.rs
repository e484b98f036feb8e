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
    /// List versions: who proposed and decided them, and which is in force
    List,
    /// Propose the files of a folder as the next version
    #[command(
        after_help = "As soon as there is a person besides the owner of this machine, a version takes two: one proposes it, another \
        approves it.\n\nExample:\n  tidegate policies write draft\n  tidegate policies check draft\n  \
        tidegate policies propose draft --by Ana --reason \"officers see clearance times\""
    )]
    Propose {
        /// Folder
        folder: PathBuf,
        /// Who, and why.
        #[command(flatten)]
        by: By,
    },
    /// Approve a version that somebody else proposed; it is in force in every door at once
    Approve(Verdict),
    /// Reject a version
    Reject(Verdict),
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

/// Who does something, and why.
#[derive(Debug, Args)]
pub struct By {
    /// Name of who does it
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why; stands in the audit chain
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// Arguments of `policies approve` and `policies reject`.
#[derive(Debug, Args)]
pub struct Verdict {
    /// Number of the version
    pub number: i64,
    /// Who, and why.
    #[command(flatten)]
    pub by: By,
}
