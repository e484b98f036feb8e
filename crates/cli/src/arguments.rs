//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Decides which consignments to inspect: loads customs records, learns from inspections, scores and explains.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES, propagate_version = true)]
pub struct Arguments {
    /// Folder where everything rests
    #[arg(long, env = "TIDEGATE_HOME", default_value = ".tidegate", global = true, value_name = "DIR")]
    pub home: PathBuf,
    /// Configuration file; `tidegate.toml` in the home when left out
    #[arg(long, env = "TIDEGATE_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  tidegate ingest --mapping kcs-import train.csv     load past declarations with their inspection results
  tidegate learn                                     learn from everything loaded
  tidegate evaluate --mapping kcs-import valid.csv   how good is it on records it has not seen
  tidegate score --mapping kcs-import new.csv --out scores.csv
  tidegate sql \"select office_id, count(*) from declaration group by 1 order by 2 desc\"";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate a country, learn from it and ask it: a tour of one minute
    Demo(Generate),
    /// Generate a year of a country's declarations, with planted fraud, into the lake
    #[command(
        after_help = "The truth about what was planted goes to a file of its own that no other command reads."
    )]
    Generate(Generate),
    /// Load a file of declarations, with inspection results where it has them
    #[command(
        after_help = "A row that cannot be used is set aside whole, with what is wrong with it: see the \
        table quarantine. The same file is never loaded twice."
    )]
    Ingest(Ingest),
    /// Learn profiles and a model from the records loaded, and make them the active bundle
    Learn(Learn),
    /// Score the declarations of a file: a CSV of ids and scores
    Score(Score),
    /// Measure the model on a file of declarations with known results
    Evaluate(Evaluate),
    /// Say why one declaration of a file has its score
    Explain(Explain),
    /// Ask the lake in SQL
    #[command(
        after_help = "Tables: declaration, goods_item, inspection, enterprise, quarantine, data_finding, and \
        declaration_item (each goods item with the columns of its declaration)."
    )]
    Sql(Sql),
    /// Report what was decided and why: one HTML file with charts that needs no network
    #[command(after_help = "Example:\n  tidegate report --out report.html")]
    Report(Report),
    /// Measure how fast this machine does the main work, on data that it makes itself
    Bench(Bench),
    /// Print the whole configuration as TOML: what each setting is, and where it was set
    Config(Config),
    /// Print the data dictionary as Markdown: every table and column
    Dictionary,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Where records come from.
#[derive(Debug, Args)]
pub struct Input {
    /// Mapping of the file: a shipped name (kcs-import) or a .toml file
    #[arg(long, value_name = "NAME")]
    pub mapping: String,
    /// CSV file
    pub file: PathBuf,
}

/// Which bundle.
#[derive(Debug, Args)]
pub struct Which {
    /// Bundle by hash or the beginning of its hash; the active one when left out
    #[arg(long, value_name = "HASH")]
    pub bundle: Option<String>,
}

/// Arguments of `ingest`.
#[derive(Debug, Args)]
pub struct Ingest {
    /// Source.
    #[command(flatten)]
    pub input: Input,
    /// Stop at the first bad row and load nothing
    #[arg(long)]
    pub strict: bool,
}

/// Arguments of `generate` and `demo`.
#[derive(Debug, Args)]
pub struct Generate {
    /// Declarations in the year
    #[arg(long, default_value_t = 30_000, value_name = "N")]
    pub declarations: u64,
    /// The same seed gives the same country
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Calendar year
    #[arg(long, default_value_t = 2025, value_name = "YEAR")]
    pub year: i32,
    /// Folder for the truth; must not be the home
    #[arg(long, default_value = ".tidegate-truth", value_name = "DIR")]
    pub truth: PathBuf,
}

/// Arguments of `learn`.
#[derive(Debug, Args)]
pub struct Learn {
    /// Feature set: a shipped name (kcs-import) or a .toml file; what the mapping of the newest load names when left out
    #[arg(long, value_name = "NAME")]
    pub features: Option<String>,
}

/// Arguments of `score`.
#[derive(Debug, Args)]
pub struct Score {
    /// Source.
    #[command(flatten)]
    pub input: Input,
    /// Bundle.
    #[command(flatten)]
    pub which: Which,
    /// Where to write the scores; standard output when left out
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// Source.
    #[command(flatten)]
    pub input: Input,
    /// Bundle.
    #[command(flatten)]
    pub which: Which,
    /// Resamples of the bootstrap intervals; as configured when left out
    #[arg(long, value_name = "N")]
    pub resamples: Option<u32>,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Declaration to explain
    pub id: String,
    /// Source.
    #[command(flatten)]
    pub input: Input,
    /// Bundle.
    #[command(flatten)]
    pub which: Which,
    /// How many reasons; as configured when left out
    #[arg(long, value_name = "N")]
    pub reasons: Option<usize>,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Where to write the page
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    pub out: PathBuf,
    /// Decisions of this run only; all of them when left out
    #[arg(long, value_name = "NUMBER")]
    pub run: Option<i64>,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// Declarations to generate; the default takes about a minute
    #[arg(long, default_value_t = 50_000, value_name = "N")]
    pub rows: u64,
    /// The same seed gives the same data
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// Only check this file and say whether it can be used
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,
    /// The defaults of the program, whatever is set
    #[arg(long, conflicts_with = "check")]
    pub defaults: bool,
}

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
