//! Arguments of `sql`.

use clap::Args;

/// Arguments of `sql`.
#[derive(Debug, Args)]
pub struct Sql {
    /// One SELECT statement
    pub statement: String,
    /// What the answer is for: part of every read, kept in the audit log; for others than the owner one of the policy's
    #[arg(long, default_value = "analysis at the command line", value_name = "TEXT")]
    pub purpose: String,
    /// Read as this person, shown what the policy shows; as the owner of this machine, shown everything, when left out
    #[arg(long = "as", value_name = "NAME")]
    pub reader: Option<String>,
    /// How to print: table, csv or json
    #[arg(long, default_value = "table", value_name = "FORMAT")]
    pub format: Format,
    /// Most rows to print as a table, 0 for all; as configured when left out
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns side by side
    Table,
    /// RFC 4180
    Csv,
    /// One object a line
    Json,
}
