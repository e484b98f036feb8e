//! Runs the coverage study of the estimates and prints its table:
//! `cargo run --release --example coverage -- POPULATIONS LOGS SEED TAIL`; docs/estimation.md says what it measures.

use std::fmt::Write as _;
use std::io::Write as _;
use tidegate_risk::estimation::coverage::{Row, Study, coverage_study};

fn main() -> std::io::Result<()> {
    let arguments: Vec<f64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let [populations, logs, seed, tail] = arguments[..] else {
        return writeln!(
            std::io::stderr(),
            "usage: coverage POPULATIONS LOGS SEED TAIL, such as 100 20 1 1.3"
        );
    };
    let rows =
        coverage_study(Study { populations: populations as u32, logs: logs as u32, seed: seed as u64, tail });
    write!(std::io::stdout(), "{}", table(&rows))
}

fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| policy | measure | estimator | logs | refused % | coverage % | +-2se | above % | below % | value/truth \
         | width/truth | naive/truth | naive coverage % |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let (logs, answered) = (f64::from(row.logs), f64::from(row.answered()));
        let _ = writeln!(
            table,
            "| {} | {:?} | {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.3} | {:.2} | {:.2} | {:.1} |",
            row.policy,
            row.measure,
            row.estimator,
            row.logs,
            100.0 * f64::from(row.refused) / logs,
            100.0 * row.coverage(),
            100.0 * row.error(),
            100.0 * f64::from(row.above) / answered,
            100.0 * f64::from(row.below) / answered,
            row.relative_value / answered,
            row.relative_width / answered,
            row.relative_naive / logs,
            100.0 * f64::from(row.naive_covered) / logs,
        );
    }
    table
}
