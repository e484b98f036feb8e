//! Arguments of `decide` and of what follows decisions: back-tests, estimates, promises, treatments, replay.

use super::Which;
use chrono::NaiveDate;
use clap::Args;
use std::path::PathBuf;
use tidegate_jobs::Capacity;

/// Arguments of `decide`.
#[derive(Debug, Args)]
pub struct Decide {
    /// First day to decide (CCYY-MM-DD, UTC); the day after the last one that the bundle learnt from when left out
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Last day to decide; the last day with declarations when left out
    #[arg(long, value_name = "DAY")]
    pub to: Option<NaiveDate>,
    /// Inspections a day at each office: a number, or a share of its declarations such as 5%, which is one at least; at small
    /// offices one a day is far more than the share
    #[arg(long, default_value = "5%", value_name = "N|P%")]
    pub capacity: Capacity,
    /// Where to write the work lists of these days as CSV, those that were decided before among them
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Bundle.
    #[command(flatten)]
    pub which: Which,
}

/// Arguments of `backtest`.
#[derive(Debug, Args)]
pub struct Backtest {
    /// Rules in place of those of the bundle: a shipped name or a .toml file
    #[arg(long, value_name = "NAME")]
    pub rules: Option<String>,
    /// Selection policy in place of that of the bundle: a shipped name or a .toml file
    #[arg(long, value_name = "NAME")]
    pub selection: Option<String>,
    /// Bundle.
    #[command(flatten)]
    pub which: Which,
    /// First day (CCYY-MM-DD, UTC); the first with enough days before it when left out
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Last day; the last with declarations when left out
    #[arg(long, value_name = "DAY")]
    pub to: Option<NaiveDate>,
    /// Inspections a day at each office: a number, or a share of its declarations such as 5%, which is one at least
    #[arg(long, default_value = "5%", value_name = "N|P%")]
    pub capacity: Capacity,
}

/// Arguments of `estimate`.
#[derive(Debug, Args)]
pub struct Estimate {
    /// First day of acceptance (CCYY-MM-DD, UTC); the first decided when left out
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Last day of acceptance; the last decided when left out
    #[arg(long, value_name = "DAY")]
    pub to: Option<NaiveDate>,
    /// Say it by office or month too, where the random floor inspected enough
    #[arg(long, value_enum, value_name = "CELL")]
    pub by: Option<By>,
}

/// What estimates are reported by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// Office whose work list a declaration was decided for
    Office,
    /// Month of acceptance
    Month,
}

/// Arguments of `monitor`.
#[derive(Debug, Args)]
pub struct Monitor {
    /// Bundle.
    #[command(flatten)]
    pub which: Which,
    /// First day to watch (CCYY-MM-DD, UTC); four weeks up to the last when left out
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Last day to watch; the last with declarations when left out
    #[arg(long, value_name = "DAY")]
    pub to: Option<NaiveDate>,
}

/// Arguments of `promises`.
#[derive(Debug, Args)]
pub struct Promises {
    /// Calendar year; that of the last decision when left out
    #[arg(long, value_name = "CCYY")]
    pub year: Option<i32>,
}

/// Arguments of `treatments`.
#[derive(Debug, Args)]
pub struct Treatments {
    /// First day of acceptance (CCYY-MM-DD, UTC); the first decided when left out
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Last day of acceptance; the last decided when left out
    #[arg(long, value_name = "DAY")]
    pub to: Option<NaiveDate>,
    /// Day that what is under way is judged on; today when left out
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<NaiveDate>,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// Declaration to decide again
    #[arg(conflicts_with_all = ["from", "to"])]
    pub id: Option<String>,
    /// First day whose work lists are decided again (CCYY-MM-DD, UTC); the first decided when left out
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Last day; the last decided when left out
    #[arg(long, value_name = "DAY")]
    pub to: Option<NaiveDate>,
    /// Decide again by statements in SQL: `assess` of the records, and the outcome from the stored parts, draw and cut; alone: of
    /// all days
    #[arg(long)]
    pub in_sql: bool,
}
