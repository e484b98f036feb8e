//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::sync::Mutex;
use tidegate_jobs::Run;
use tidegate_records::tables::RECORD_KINDS;
use tracing::level_filters::LevelFilter;

mod audit;
mod bundles;
mod datasets;
mod decide;
mod draws;
mod learn;
mod learning;
mod people;
mod policies;
mod retention;
mod serve;
mod sql;

pub use audit::{Audit, Span};
pub use bundles::Bundles;
pub use datasets::{Datasets, From as DatasetsFrom, Refresh as RefreshDatasets, Standing as DatasetStanding};
pub use decide::{Backtest, By, Decide, Estimate, Monitor, Promises, Replay, Treatments};
pub use draws::Draws;
pub use learn::Learn;
pub use learning::{CompareLoop, Loop, ProtocolLoop, RunLoop};
pub use people::{CreateToken, NamedIdentity, People, Standing, Tokens};
pub use policies::{Access as PolicyAccess, Policies, Verdict as PolicyVerdict};
pub use retention::{EraseRows, Grades, HoldRows, Retention};
pub use serve::Serve;
pub use sql::{Format, Sql};

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
    /// What is logged on standard error: off, error, warn, info, debug or trace
    #[arg(
        long,
        env = "TIDEGATE_LOG",
        default_value = "warn",
        global = true,
        value_name = "LEVEL",
        hide_short_help = true
    )]
    pub log: LevelFilter,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Name of the command with that of its part, such as `datasets refresh`.
    #[arg(skip)]
    pub job: String,
    /// What the command reads of the home that it opened last.
    #[arg(skip)]
    pub run: Mutex<Option<Run>>,
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
    Demo(Country),
    /// Generate a year of a country's declarations, with planted fraud, into the lake or into files
    #[command(
        after_help = "The truth about what was planted goes to a file of its own that no other command reads. A home takes one country, \
        and no other declarations before it."
    )]
    Generate(Generate),
    /// Load files of declarations, with inspection results where they have them
    #[command(
        after_help = "A record that cannot be used is set aside whole, with what is wrong with it: see the \
        table quarantine; loading fails when all of them are. The same file is never loaded twice.\n\nExamples:\n  \
        tidegate ingest --mapping kcs-import train.csv\n  \
        tidegate ingest messages/                a folder of WCO XML messages\n  \
        tidegate ingest past.ndjson --strict\n  \
        tidegate ingest --as special_filing filings.ndjson"
    )]
    Ingest(Ingest),
    /// Write declarations of the lake to a file: WCO XML, NDJSON or Parquet
    #[command(
        after_help = "Every version is written. What is exported can be loaded again without a mapping.\n\n\
        Example:\n  tidegate export --format wco-xml --out march.xml --where \"month = '2025-03'\""
    )]
    Export(Export),
    /// Learn profiles and a model from the records loaded: a bundle, active at once where one person works alone
    #[command(
        after_help = "A model that was trained elsewhere, with XGBoost, LightGBM or CatBoost on what --matrix writes, takes the \
        place of the one that is trained here: see docs/models-from-elsewhere.md.\n\nExamples:\n  \
        tidegate learn --features national\n  \
        tidegate learn --features national --matrix training.parquet\n  \
        tidegate learn --features national --model model.json --calibrate-from 2025-11-01"
    )]
    Learn(Learn),
    /// Put bundles in force: one person proposes, another approves, from a moment on
    #[command(subcommand)]
    Bundles(Bundles),
    /// Run the learning loop: decide, inspect, learn late, try a candidate, put it in force by two persons
    #[command(subcommand)]
    Loop(Loop),
    /// Score the declarations of a file: a CSV of ids and scores
    Score(Score),
    /// Decide which consignments to inspect, within the capacity of each office and day
    #[command(
        after_help = "Each consignment has an inclusion probability from a random floor, the score and the rules that \
        hit, and is drawn by a keyed hash. A declaration is decided once; `tidegate replay` decides it again from \
        what was stored and says whether anything differs."
    )]
    Decide(Decide),
    /// Run a draft of rules, policy or model over the past, beside the active bundle
    #[command(
        after_help = "Findings are known only where somebody looked: the share with a result is shown, the bounds, and an \
        estimate from logged draws where they allow one.\n\nExamples:\n  \
        tidegate backtest --rules draft.toml\n  \
        tidegate backtest --bundle 3fa1 --from 2025-11-01 --to 2025-12-31 --capacity 20"
    )]
    Backtest(Backtest),
    /// Estimate from the inspections of decided days what everything would have shown, and what was missed
    #[command(
        after_help = "Inspections that a draw selected are weighted by their probability. Results of other inspections are \
        no evidence and are left out. Where there is too little, the estimate is refused with its reason.\n\n\
        Example:\n  tidegate estimate --from 2025-11-01 --by office"
    )]
    Estimate(Estimate),
    /// Watch a bundle: drift of its features and score, and rules without hits or past their date
    #[command(
        after_help = "Days are compared with the last four weeks that the bundle learnt from. Rates from profiles move as results \
        come in; when they alone drift and the score does not, nothing needs to be done."
    )]
    Monitor(Monitor),
    /// Say how inspection rates stand that the law promises to grades of traders
    #[command(
        after_help = "A promise such as `under 20 % of the ordinary rate` is judged on all inspections by draw or rule, mandatory \
        ones too, each under the law of its day. \
        Windows with too few inspections to tell chance from a breach are called not assessable."
    )]
    Promises(Promises),
    /// Say what became of special packaging: what is under way to its destination, what was lost, and hit rates
    #[command(
        after_help = "Selected goods that cannot be opened at the port are sealed and opened at a filed destination. Their hit \
        rate is compared with that of ordinary goods of the same heading, grade and lane; with too few openings the \
        comparison is refused.\n\nExample:\n  tidegate treatments --from 2025-12-01 --as-of 2026-01-15"
    )]
    Treatments(Treatments),
    /// Decide again from what was stored, and say whether anything differs
    #[command(after_help = "Examples:\n  tidegate replay --from 2025-12-01 --to 2025-12-31\n  \
        tidegate replay --from 2025-12-31      up to the last day that was decided\n  \
        tidegate replay 12044526               one declaration")]
    Replay(Replay),
    /// Prove that consignments are drawn by chance: keys of periods, their reveal, published files and their verification
    #[command(subcommand)]
    Draws(Draws),
    /// Persons and services: who they are, what they may be, their passwords
    #[command(subcommand)]
    People(People),
    /// API tokens: shown once, bound to doors and purposes, never without an end
    #[command(subcommand)]
    Tokens(Tokens),
    /// Who read what, when, through which door and what for: show, sign and verify the audit chain
    #[command(subcommand)]
    Audit(Audit),
    /// Measure the model on a file of declarations with known results
    Evaluate(Evaluate),
    /// Say why a declaration was decided as it was, or why one of a file has its score
    Explain(Explain),
    /// Open the doors through which people read: HTTP, the protocol of PostgreSQL and Arrow Flight SQL
    #[command(after_help = "Only this machine can connect unless there is a certificate.\n\n\
        Example:\n  tidegate serve --http 127.0.0.1:8080\n  \
        curl -H \"Authorization: Bearer $TOKEN\" -d '{\"purpose\": \"risk-analysis\", \"statement\": \
        \"SELECT count(*) FROM declaration\"}' -H 'Content-Type: application/json' http://127.0.0.1:8080/api/v1/sql")]
    Serve(Serve),
    /// Read and check access policies: who is shown what, for which purpose
    #[command(subcommand)]
    Policies(Policies),
    /// Make, check and describe datasets: tables made of others, for everyday questions
    #[command(subcommand)]
    Datasets(Datasets),
    /// Look at what columns hold, and confirm their grades
    #[command(subcommand)]
    Grades(Grades),
    /// Erase what is kept no longer or must go, with every byte of it, and keep what is under a legal hold
    #[command(subcommand)]
    Retention(Retention),
    /// Keep the lake in order: join small files, forget old states, remove files that nobody needs
    #[command(
        after_help = "States younger than lake.keep_days, and files younger than a day, stay. Of tables, only those are dropped that held \
        a dataset when it had other columns, and that no state names any more. Safe while others load and read."
    )]
    Maintain(Maintain),
    /// Ask the lake in SQL
    #[command(
        after_help = "Tables: declaration, goods_item, inspection, reinspection, enterprise, special_filing, treatment_event, decision, \
        decision_item, work_list, quarantine, data_finding, code (what codes mean), and declaration_item (each goods item with \
        the columns of its declaration). `tidegate dictionary` lists their columns."
    )]
    Sql(Sql),
    /// Report what was decided and why: one HTML file with charts that needs no network
    #[command(after_help = "Example:\n  tidegate report --out report.html")]
    Report(Report),
    /// Measure how fast this machine does the main work, on data that it makes itself
    Bench(Bench),
    /// Print the whole configuration as TOML: what each setting is, and where it was set
    Config(Config),
    /// Print the data dictionary: every table and column, as Markdown where no JSON is asked for
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
    /// Mapping of CSV and Parquet files: a shipped name (kcs-import, national-csv) or a .toml file
    #[arg(long, value_name = "NAME")]
    pub mapping: Option<String>,
    /// Format of the files; their extensions tell it when left out
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<InputFormat>,
    /// Files, or folders of files, of one format
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum InputFormat {
    /// Messages of the WCO Data Model
    WcoXml,
    /// Canonical JSON, one record a line
    Ndjson,
    /// Rows, through a mapping
    Csv,
    /// Rows through a mapping, or an exported file
    Parquet,
}

/// Formats that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// Messages of the WCO Data Model in one document
    WcoXml,
    /// Canonical JSON, one declaration a line
    Ndjson,
    /// One declaration a row, its goods items in a list column
    Parquet,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Format of the file
    #[arg(long, value_name = "FORMAT")]
    pub format: ExportFormat,
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Which declarations: a condition in SQL over the table declaration
    #[arg(long = "where", value_name = "CONDITION")]
    pub condition: Option<String>,
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
    /// Kind of the records, in NDJSON; declarations when left out
    #[arg(long = "as", value_name = "KIND", conflicts_with = "mapping", value_parser = record_kinds())]
    pub kind: Option<String>,
    /// Stop at the first bad record and load nothing
    #[arg(long)]
    pub strict: bool,
}

/// Names of the kinds of record that have tables of their own.
fn record_kinds() -> clap::builder::PossibleValuesParser {
    RECORD_KINDS.iter().map(|kind| kind.table.name).collect::<Vec<_>>().into()
}

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// Which country.
    #[command(flatten)]
    pub country: Country,
    /// Where it goes: the lake, one CSV file for the mapping national-csv, or a Parquet file for each table
    #[arg(long, default_value = "lake", value_name = "PLACE")]
    pub to: Destination,
    /// Folder for the files of --to csv and --to parquet
    #[arg(long, value_name = "DIR", required_if_eq_any = [("to", "csv"), ("to", "parquet")])]
    pub out: Option<PathBuf>,
}

/// Where a generated country goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Destination {
    /// The lake of the home
    Lake,
    /// One CSV file
    Csv,
    /// A Parquet file for each table
    Parquet,
}

/// A country to generate.
#[derive(Debug, Args)]
pub struct Country {
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

/// Arguments of `score`.
#[derive(Debug, Args)]
pub struct Score {
    /// Source.
    #[command(flatten)]
    pub input: Input,
    /// Bundle.
    #[command(flatten)]
    pub which: Which,
    /// Where to write the scores, as CSV; standard output when left out, one object a line with --json
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
    /// Files to look for it in; its stored decision is explained when left out
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Mapping of CSV and Parquet files
    #[arg(long, value_name = "NAME", requires = "files")]
    pub mapping: Option<String>,
    /// Format of the files; their extensions tell it when left out
    #[arg(long, value_name = "FORMAT", requires = "files")]
    pub format: Option<InputFormat>,
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

/// Arguments of `maintain`.
#[derive(Debug, Args)]
pub struct Maintain {
    /// Only say what would be removed
    #[arg(long)]
    pub dry_run: bool,
}
