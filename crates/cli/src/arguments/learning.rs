//! Arguments of `loop`.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use tidegate_jobs::Capacity;

/// What to run.
#[derive(Debug, Subcommand)]
pub enum Loop {
    /// Run the loop over a simulated year, in a home of its own
    #[command(
        after_help = "A generated country lodges its declarations day by day. Its own rules inspect in the first weeks; after \
        that only what this program selects is inspected, by officers who err, and results come late. Candidates are \
        back-tested, then shadowed for an epoch; one simulated person proposes, another approves or rejects.\n\n\
        Everything stays in the home: ask it with `sql`, `replay`, `estimate`, `promises`, `bundles list`, `report`.\n\n\
        Example:\n  tidegate --home .tidegate-loop loop run --declarations 30000 --offices 6"
    )]
    Run(RunLoop),
    /// Compare strategies over simulated years, paired by seed: the product's policy, random, exploitation and mixtures
    #[command(
        after_help = "Every strategy has the same slots and learns only from what it inspected itself. New kinds of fraud are \
        those that began within the year. Runs in memory; no home is needed.\n\n\
        Example:\n  tidegate loop compare --seeds 20 --declarations 20000"
    )]
    Compare(CompareLoop),
    /// Run the protocol of public comparisons on files whose outcomes are all known
    #[command(
        after_help = "Everything of the first days is labelled. From then on, week by week, a share is inspected, and only the \
        labels of what was inspected are seen, from the next week on.\n\n\
        Example:\n  tidegate loop protocol --mapping kcs-import train.csv valid.csv"
    )]
    Protocol(ProtocolLoop),
}

/// Arguments of `loop compare`.
#[derive(Debug, Args)]
pub struct CompareLoop {
    /// Years
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..1_000_000))]
    pub seeds: u64,
    /// Seed of the first year; each further one has the next
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(0..1_000_000_000))]
    pub first_seed: u64,
    /// Declarations in each year
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub declarations: u64,
    /// Calendar year
    #[arg(long, default_value_t = 2025, value_name = "YEAR")]
    pub year: i32,
    /// Days at the beginning of the year on which the country's own rules inspect
    #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(30..300))]
    pub warm_up: u32,
    /// Epochs (quarters of a month) from one bundle to the next
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..48))]
    pub learn_every: u32,
    /// Share that is inspected; an epoch is one work list, which in a small country is as long as a day's in a large one
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub share: f64,
    /// Feature set: a shipped name or a .toml file
    #[arg(long, default_value = "national", value_name = "NAME")]
    pub features: String,
    /// Selection policy: a shipped name (default) or a .toml file
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub selection: String,
    /// Strategies, the first of which is compared with the others; all when left out. `everything-seen` (learns from every outcome) and
    /// `foreknown` (knows what inspections find) are bounds of what there is to win
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub strategies: Vec<String>,
    /// File that keeps the figures of each year as soon as they are there; years that it has under the same settings are not run
    /// again
    #[arg(long, value_name = "FILE")]
    pub keep: Option<PathBuf>,
}

impl CompareLoop {
    /// What figures of a year depend on, beside its seed and the program.
    pub fn settings(&self) -> String {
        let Self { declarations, year, warm_up, learn_every, share, features, selection, strategies, .. } =
            self;
        format!(
            "{declarations} declarations in {year}, {warm_up} days before, {learn_every} epochs a bundle, share {share}, \
             features {features}, selection {selection}, strategies {}",
            strategies.join(",")
        )
    }
}

/// Arguments of `loop protocol`.
#[derive(Debug, Args)]
pub struct ProtocolLoop {
    /// Source.
    #[command(flatten)]
    pub input: super::Input,
    /// Share that is inspected each week
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    pub share: f64,
    /// Days at the beginning of which every label is known
    #[arg(long, default_value_t = 28, value_name = "DAYS")]
    pub labelled_days: u32,
    /// Seeds of the draws
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seeds: u64,
    /// Feature set; the one that the mapping names when left out
    #[arg(long, value_name = "NAME")]
    pub features: Option<String>,
    /// Selection policy: a shipped name (default) or a .toml file
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub selection: String,
    /// Strategies, the first of which is compared with the others; all when left out
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub strategies: Vec<String>,
}

/// Arguments of `loop run`.
#[derive(Debug, Args)]
pub struct RunLoop {
    /// Declarations in the year
    #[arg(long, default_value_t = 30_000, value_name = "N")]
    pub declarations: u64,
    /// The same seed gives the same country; keys of draws differ from run to run
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Calendar year
    #[arg(long, default_value_t = 2025, value_name = "YEAR")]
    pub year: i32,
    /// Customs offices: a small country needs few, or the one slot that each has a day is most of its declarations
    #[arg(long, default_value_t = 6, value_name = "N")]
    pub offices: u16,
    /// Days at the beginning of the year on which the country's own rules inspect
    #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(30..300))]
    pub warm_up: u32,
    /// Epochs (quarters of a month) from one candidate to the next
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(2..48))]
    pub learn_every: u32,
    /// Inspections a day at each office: a number, or a share of its declarations such as 10%, which is one at least
    #[arg(long, default_value = "10%", value_name = "N|P%")]
    pub capacity: Capacity,
    /// Feature set: a shipped name or a .toml file
    #[arg(long, default_value = "national", value_name = "NAME")]
    pub features: String,
    /// Rule set; the one named like the feature set when left out
    #[arg(long, value_name = "NAME")]
    pub rules: Option<String>,
    /// Selection policy: a shipped name (default) or a .toml file
    #[arg(long, value_name = "NAME")]
    pub selection: Option<String>,
}
