//! `tidegate retention`.

use super::open;
use crate::arguments::{Arguments, EraseRows, HoldRows, Retention};
use crate::progress::Bars;
use crate::show;
use chrono::{DateTime, Utc};
use tidegate_jobs::retention::{Due, Erase, due, erase, hold, holds, lift, rows_held};
use tidegate_jobs::{Home, JobError};
use tidegate_ledger::{ErasedRows, Erasure, ErasureOrder, Held, Hold};

pub async fn run(arguments: &Arguments, command: &Retention) -> Result<(), JobError> {
    let home = open(arguments).await?;
    match command {
        Retention::Due => show::say(arguments, due(&home).await?.as_slice(), print_due),
        Retention::Run(why) => certify(arguments, &home, &Erase::Due, &why.reason).await,
        Retention::Erase(EraseRows { declaration, party, reason }) => {
            let what = match (declaration, party) {
                (Some(id), _) => Erase::Declaration(id.clone()),
                (None, Some(key)) => Erase::Party(key.clone()),
                (None, None) => return Err(JobError::Missing("say --declaration or --party".to_owned())),
            };
            certify(arguments, &home, &what, &reason.reason).await
        }
        Retention::Certificates => {
            print_certificates(arguments, &home.ledger.erasures().await?)?;
            print_open(arguments, &home.ledger.open_erasures().await?);
            Ok(())
        }
        Retention::Hold(command) => place(arguments, &home, command).await,
        Retention::Lift { number, reason } => {
            lift(&home, *number, &reason.reason).await?;
            let lifted =
                serde_json::json!({ "number": number, "reason": reason.reason, "lifted_at": home.now });
            show::say(arguments, &lifted, |_| println!("Legal hold {number} is lifted."))
        }
        Retention::Holds => print_holds(arguments, &holds(&home).await?),
    }
}

fn print_due(all: &[Due]) {
    if all.is_empty() {
        println!("Everything is kept for ever: the section [retention] of the configuration sets no days.");
    }
    for Due { table, days, before, rows, held } in all {
        let kept = if *held > 0 {
            format!(", {} of them under a legal hold", show::count(*held))
        } else {
            String::new()
        };
        println!(
            "{table:<16} {} rows of months before {before}{kept}; kept for {days} days",
            show::count(*rows)
        );
    }
}

/// A certificate as it is told.
#[derive(serde::Serialize)]
struct Certificate<'a> {
    number: i64,
    table: &'a str,
    before_month: Option<&'a str>,
    subject: Option<String>,
    /// Rows erased; of a dataset that was made anew, rows that it has since.
    rows: u64,
    is_made_anew: bool,
    files: u64,
    bytes: u64,
    reason: &'a str,
    erased_at: DateTime<Utc>,
}

impl<'a> From<&'a Erasure> for Certificate<'a> {
    fn from(erasure: &'a Erasure) -> Self {
        let erased = &erasure.erased;
        let (before_month, subject) = match &erased.of {
            ErasedRows::Before(month) => (Some(month.as_str()), None),
            ErasedRows::Subject(hash) => (None, Some(hash.to_string())),
        };
        Self {
            number: erasure.id.0,
            table: &erased.table,
            before_month,
            subject,
            rows: erased.rows,
            is_made_anew: erased.is_made_anew,
            files: erased.files,
            bytes: erased.bytes,
            reason: &erasure.reason,
            erased_at: erasure.erased_at,
        }
    }
}

async fn certify(arguments: &Arguments, home: &Home, what: &Erase, reason: &str) -> Result<(), JobError> {
    print_certificates(arguments, &erase(home, what, reason, &mut Bars::new()).await?)
}

fn print_certificates(arguments: &Arguments, all: &[Erasure]) -> Result<(), JobError> {
    let all: Vec<Certificate<'_>> = all.iter().map(Certificate::from).collect();
    show::say(arguments, &all, |all| {
        if all.is_empty() {
            println!("Nothing was erased.");
        }
        for one in all {
            let of = match (&one.before_month, &one.subject) {
                (Some(month), _) => format!("months before {month}"),
                (None, Some(hash)) => format!("declaration or party with keyed hash {}", &hash[..16]),
                (None, None) => String::new(),
            };
            let rows = show::count(one.rows);
            let what = if one.is_made_anew {
                format!("dataset {} made anew with {rows} rows, without those of {of}", one.table)
            } else {
                format!("erased {rows} rows of {}, {of}", one.table)
            };
            println!(
                "{:>4}  {}  {what}; {} files of {} bytes removed ({})",
                one.number,
                show::moment(one.erased_at),
                show::count(one.files),
                show::count(one.bytes),
                one.reason
            );
        }
    })
}

/// Tells people of erasures that broke off.
fn print_open(arguments: &Arguments, all: &[ErasureOrder]) {
    if arguments.json {
        return;
    }
    for ErasureOrder { subject, reason, begun_at, .. } in all {
        let how =
            if subject.is_some() { "give the same order again" } else { "`tidegate retention run` again" };
        println!(
            "An erasure that began {} ({reason}) broke off and is not done: {how}, and it goes on.",
            show::moment(*begun_at)
        );
    }
}

/// What a hold keeps, in words.
fn told(held: &Held) -> String {
    match held {
        Held::Key(key) => key.clone(),
        Held::Days(first, last) => format!("{first} to {last}"),
    }
}

/// A hold as it is told.
#[derive(serde::Serialize)]
struct Told<'a> {
    number: i64,
    table: &'a str,
    held: String,
    reason: &'a str,
    placed_at: DateTime<Utc>,
}

impl<'a> From<&'a Hold> for Told<'a> {
    fn from(hold: &'a Hold) -> Self {
        Self {
            number: hold.id.0,
            table: &hold.table,
            held: told(&hold.held),
            reason: &hold.reason,
            placed_at: hold.placed_at,
        }
    }
}

/// A hold that was placed now.
#[derive(serde::Serialize)]
struct Placed<'a> {
    #[serde(flatten)]
    hold: Told<'a>,
    /// Rows that it keeps now.
    rows: u64,
    /// Erasures that broke off: what is out already, no hold brings back.
    open_erasures: Vec<Open<'a>>,
}

/// An erasure that broke off.
#[derive(serde::Serialize)]
struct Open<'a> {
    begun_at: DateTime<Utc>,
    reason: &'a str,
}

async fn place(arguments: &Arguments, home: &Home, command: &HoldRows) -> Result<(), JobError> {
    let HoldRows { table, key, from, to, reason } = command;
    let held = match (key, from, to) {
        (Some(key), _, _) => Held::Key(key.clone()),
        (None, Some(from), Some(to)) => Held::Days(*from, *to),
        _ => return Err(JobError::Missing("say --key, or --from and --to".to_owned())),
    };
    let number = hold(home, table, &held, &reason.reason).await?;
    let open = home.ledger.open_erasures().await?;
    if !arguments.json {
        println!("Legal hold {number} is in force.");
    }
    print_open(arguments, &open);
    let reason = &reason.reason;
    let placed = Placed {
        hold: Told { number: number.0, table, held: told(&held), reason, placed_at: home.now },
        rows: rows_held(home, table, &held).await?,
        open_erasures: open.iter().map(|o| Open { begun_at: o.begun_at, reason: &o.reason }).collect(),
    };
    show::say(arguments, &placed, |placed| {
        if placed.rows == 0 {
            let of_table = if key.is_some() { String::new() } else { format!(" of {table}") };
            let what = &placed.hold.held;
            println!("No row{of_table} is under it now: none is of {what}. It keeps those that come.");
        }
    })
}

fn print_holds(arguments: &Arguments, all: &[Hold]) -> Result<(), JobError> {
    let all: Vec<Told<'_>> = all.iter().map(Told::from).collect();
    show::say(arguments, &all, |all| {
        if all.is_empty() {
            println!("No legal hold is in force.");
        }
        for Told { number, table, held, reason, placed_at } in all {
            println!("{number:>4}  {table:<16} {held} ({reason}), since {}", show::moment(*placed_at));
        }
    })
}
