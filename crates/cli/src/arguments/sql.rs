//! Arguments of `sql`.

use clap::Args;

/// Arguments of `sql`.
#[derive(Debug, Args)]
pub struct Sql {
    /// One SELECT statement
    pub statement: String,
    /// What the answer is for; it is part of every read
    #[arg(long, default_value = "analysis at the command line", value_name = "TEXT")]
    pub purpose: String,
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
