//! `tidegate promises`.

use super::open;
use crate::arguments::{Arguments, Promises as Command};
use crate::show;
use tidegate_jobs::{GuaranteeKept, JobError, PromiseKept, Ratio, Verdict, Window, promises};

pub async fn run(arguments: &Arguments, command: &Command) -> Result<(), JobError> {
    let found = promises(&open(arguments).await?, command.year).await?;
    if arguments.json {
        return show::json(&found);
    }
    println!("Inspection rates promised for {} (declarations decided, days of UTC)", found.year);
    let mut grade = "";
    for promise in &found.promises {
        if promise.grade != grade {
            grade = &promise.grade;
            println!(
                "\n{grade}: under {:.0} % of the ordinary rate ({})",
                100.0 * promise.bound,
                promise.law
            );
            if promise.gross.certified == 0 {
                println!("  no declaration of such a trader was decided");
                continue;
            }
            println!(
                "  {:<16} {:>12} {:>6} {:>7}  {:<22} {:>6} {:>6} {:>9} {:>10}  verdict",
                "window",
                "declarations",
                "rate",
                "usual",
                "ratio (95 %)",
                "chosen",
                "goods",
                "expected",
                "suppressed"
            );
        }
        println!("{}", line(promise));
    }
    println!(
        "\nratio: to ordinary traders; chosen: without mandatory inspections; goods: at equal goods; expected: from the probabilities of inspection"
    );
    for guarantee in &found.guarantees {
        println!("{}", guaranteed(guarantee));
    }
    Ok(())
}

fn line(promise: &PromiseKept) -> String {
    let window = match &promise.window {
        Window::Year => "the year",
        Window::Office(office) if office.is_empty() => "no office",
        Window::Office(office) => office,
        Window::Month(month) => month,
    };
    let counts = promise.gross;
    let verdict = match promise.verdict {
        Verdict::Kept => "kept",
        Verdict::Alarm => "ALARM",
        Verdict::Broken => "BROKEN",
        Verdict::NotAssessable => "not assessable",
    };
    format!(
        "  {window:<16} {:>12} {:>6} {:>7}  {:<22} {:>6} {:>6} {:>9} {:>10}  {verdict}",
        show::count(counts.certified),
        rate(counts.certified_inspected, counts.certified),
        rate(counts.ordinary_inspected, counts.ordinary),
        promise
            .gross_ratio
            .map_or("-".to_owned(), |r| format!("{:.3} [{:.3}, {:.3}]", r.value, r.low, r.high)),
        value(promise.discretionary_ratio),
        value(promise.adjusted_ratio),
        promise.expected_ratio.map_or("-".to_owned(), |r| format!("{r:.3}")),
        show::count(promise.suppressed),
    )
}

fn guaranteed(guarantee: &GuaranteeKept) -> String {
    let GuaranteeKept { grade, guaranteed, consignments, inspected, expected } = guarantee;
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
