//! Arguments of `audit`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use tidegate_jobs::audit::{AuditEvent, moment};

/// What to do with the audit chain.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Show what happened, the newest first: who, when, through which door, what for
    #[command(after_help = "Examples:\n  tidegate audit log --since 2026-11-01 --event denied\n  \
        tidegate audit log --by Ana --limit 200\n  tidegate audit log --json")]
    Log(LogAudit),
    /// Say who read rows of a company or person, when, through which door and what for; and who may have
    #[command(
        after_help = "KEY is the id that stands in the tables: of an importer, a declarant, a person. Reads that name nobody, \
        or not all whom they could show, are listed as possible.\n\n\
        Example:\n  tidegate audit who 1048126307 --since 2026-01-01"
    )]
    Who(WhoAudit),
    /// Compute every hash again and check signatures, copies and the guards of the file
    #[command(
        after_help = "Ends with exit code 1 and the first bad place when an entry was edited, deleted, moved, added or cut \
        off. What came after the newest checkpoint can be cut without a trace: sign often, and keep copies where nobody \
        who can write here can write.\n\nExample:\n  \
        tidegate audit verify --public-key audit.pub --kept checkpoint-000041.json"
    )]
    Verify(VerifyAudit),
    /// Sign how far the chain has come; a copy goes to lake/_audit in the home
    Checkpoint,
}

/// In which time, and how many.
#[derive(Debug, Args)]
pub struct Span {
    /// From this moment on: a day (CCYY-MM-DD, UTC) or a moment (2026-11-24T16:00:00Z)
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub since: Option<DateTime<Utc>>,
    /// Before this moment
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub until: Option<DateTime<Utc>>,
    /// Most entries
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: u32,
}

/// Arguments of `audit log`.
#[derive(Debug, Args)]
pub struct LogAudit {
    /// By whom, by name
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// What happened: read, finished, denied, failed, policy, bundle, grant, dataset, erasure
    #[arg(long, value_name = "EVENT")]
    pub event: Option<AuditEvent>,
    /// Time.
    #[command(flatten)]
    pub span: Span,
}

/// Arguments of `audit who`.
#[derive(Debug, Args)]
pub struct WhoAudit {
    /// Id of the company or person
    pub key: String,
    /// Time.
    #[command(flatten)]
    pub span: Span,
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub struct VerifyAudit {
    /// File with the public key that was known before, 64 hexadecimal digits; that of the home when left out
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// File of a checkpoint that was kept elsewhere; once for each
    #[arg(long, value_name = "FILE")]
    pub kept: Vec<PathBuf>,
}
