//! `tidegate promises`.

use super::open;
use crate::arguments::{Arguments, Promises as Command};
use crate::show;
use chrono::Datelike;
use tidegate_jobs::{Counted, GuaranteeKept, JobError, PromiseKept, Ratio, Verdict, Window, promises};

pub async fn run(arguments: &Arguments, command: &Command) -> Result<(), JobError> {
    let found = promises(&open(arguments).await?, command.year).await?;
    if arguments.json {
        return show::json(&found);
    }
    println!("Inspection rates promised for {} (declarations decided, days of UTC)", found.year);
    let mut standing = None;
    for promise in &found.promises {
        if standing != Some((&promise.grade, promise.from)) {
            standing = Some((&promise.grade, promise.from));
            println!("\n{}", heading(promise));
            if promise.gross.certified == 0 {
                println!("  no declaration of such a trader was decided");
                continue;
            }
            println!(
                "  {:<16} {:>12} {:>6} {:>7}  {:<22} {:>6} {:>6} {:>6} {:>9} {:>10}  verdict",
                "window",
                "declarations",
                "rate",
                "usual",
                "ratio (95 %)",
                "chosen",
                "added",
                "goods",
                "expected",
                "suppressed"
            );
        }
        // Hundreds of small windows: those that somebody has to look into.
        let is_small = matches!(promise.window, Window::OfficeMonth { .. });
        if !is_small || matches!(promise.verdict, Verdict::Alarm | Verdict::Broken) {
            println!("{}", line(promise));
        }
    }
    println!(
        "\nratio: to ordinary traders, of all that draws and mandatory rules chose, which the verdict is on; chosen: without mandatory \
         inspections; added: with those that officers added without a draw; goods: at equal goods; expected: from the probabilities \
         of inspection; suppressed: what the promise alone kept off the work lists; months of offices are shown where an alarm is \
         raised, and all of them with --json"
    );
    for guarantee in &found.guarantees {
        println!("{}", guaranteed(guarantee));
    }
    Ok(())
}

/// What is promised, on which days, and what the law counts.
fn heading(promise: &PromiseKept) -> String {
    let counted = match promise.counted {
        Counted::Gross => "all inspections (the ratio below)",
        Counted::Discretionary => "what no rule makes mandatory (chosen below)",
    };
    let PromiseKept { grade, from, to, law, .. } = promise;
    format!(
        "{grade}: under {:.0} % of the ordinary rate, {from} to {to} ({law})\n  the law counts {counted}",
        100.0 * promise.bound
    )
}

fn line(promise: &PromiseKept) -> String {
    let named = |office: &str| if office.is_empty() { "no office".to_owned() } else { office.to_owned() };
    let window = match &promise.window {
        Window::Year if promise.from.ordinal() == 1 && promise.to.month() == 12 => "the year".to_owned(),
        Window::Year => "these days".to_owned(),
        Window::Office(office) => named(office),
        Window::Month(month) => month.clone(),
        Window::OfficeMonth { office, month } => format!("{} {month}", named(office)),
    };
    let counts = promise.gross;
    let verdict = match promise.verdict {
        Verdict::Kept => "kept",
        Verdict::Alarm => "ALARM",
        Verdict::Broken => "BROKEN",
        Verdict::NotAssessable => "not assessable",
    };
    format!(
        "  {window:<16} {:>12} {:>6} {:>7}  {:<22} {:>6} {:>6} {:>6} {:>9} {:>10}  {verdict}",
        show::count(counts.certified),
        rate(counts.certified_inspected, counts.certified),
        rate(counts.ordinary_inspected, counts.ordinary),
        promise
            .gross_ratio
            .map_or("-".to_owned(), |r| format!("{:.3} [{:.3}, {:.3}]", r.value, r.low, r.high)),
        value(promise.discretionary_ratio),
        value(promise.added_ratio),
        value(promise.adjusted_ratio),
        promise.expected_ratio.map_or("-".to_owned(), |r| format!("{r:.3}")),
        show::count(promise.suppressed),
    )
}

fn guaranteed(guarantee: &GuaranteeKept) -> String {
    let GuaranteeKept { grade, guaranteed, consignments, inspected, expected, .. } = guarantee;
    if *consignments == 0 {
        return format!("{grade}: at least {:.0} % inspected; none lodged", 100.0 * guaranteed);
    }
    format!(
        "{grade}: at least {:.0} % inspected; {} of {} are, {:.1} % expected",
        100.0 * guaranteed,
        show::count(*inspected),
        show::count(*consignments),
        100.0 * expected / *consignments as f64
    )
}

fn value(ratio: Option<Ratio>) -> String {
    ratio.map_or("-".to_owned(), |r| format!("{:.3}", r.value))
}

fn rate(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2}%", 100.0 * part as f64 / whole as f64) }
}
