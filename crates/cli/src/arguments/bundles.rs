//! Arguments of `bundles`.

use chrono::NaiveDate;
use clap::{Args, Subcommand};

/// What to do with bundles.
#[derive(Debug, Subcommand)]
pub enum Bundles {
    /// List bundles and proposals
    List,
    /// Propose to put a bundle in force: what is learnt, its rules and its policy
    #[command(
        after_help = "As soon as the ledger knows a person besides the owner of this machine, nobody puts a bundle in force \
        alone. Rules that make inspection mandatory travel in the bundle, so they need two persons as well.\n\n\
        Example:\n  tidegate bundles propose 3fa1 --by Ana --reason \"finds a tenth more\" --from 2026-12-01"
    )]
    Propose(Propose),
    /// Approve a proposal that somebody else made
    Approve(Verdict),
    /// Reject a proposal, or withdraw one's own
    Reject(Verdict),
}

/// Arguments of `bundles propose`.
#[derive(Debug, Args)]
pub struct Propose {
    /// Bundle by hash or the beginning of its hash
    #[arg(value_name = "HASH")]
    pub bundle: String,
    /// Who proposes it
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Day from which it is in force (CCYY-MM-DD, midnight UTC); from its approval when left out
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
}

/// Arguments of `bundles approve` and `bundles reject`.
#[derive(Debug, Args)]
pub struct Verdict {
    /// Number of the proposal
    pub number: i64,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}
