//! `tidegate demo`: generates a country, learns from it, asks it, and says what to try next.

use super::generate::{into_lake, print, refuse_used};
use super::open;
use super::{decide, learn, replay as again, report};
use crate::arguments::{Arguments, Country, Learn, Report};
use crate::progress::Bars;
use arrow::util::pretty::pretty_format_batches;
use chrono::NaiveDate;
use tidegate_jobs::{DecideOptions, JobError, Replayed, decide as run_decide, query, replay};

/// What an analyst asks first.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "Inspections and what they found, by month",
        "SELECT month, count(DISTINCT declaration_id) AS inspected, \
         count(DISTINCT declaration_id) FILTER (WHERE result_code = 'discrepancy') AS with_discrepancy \
         FROM inspection GROUP BY month ORDER BY month",
    ),
    (
        "Origins with the highest share of discrepancies (at least 50 goods items inspected)",
        "SELECT r.origin_country_code AS origin, count(*) AS goods_items_inspected, \
         round(100.0 * count(*) FILTER (WHERE i.result_code = 'discrepancy') / count(*), 1) AS percent_wrong \
         FROM declaration_item r JOIN inspection i ON i.declaration_id = r.declaration_id \
         AND (i.goods_item_seq IS NULL OR i.goods_item_seq = r.goods_item_seq) \
         WHERE r.version_number = 1 GROUP BY 1 HAVING count(*) >= 50 ORDER BY 3 DESC, 1 LIMIT 8",
    ),
];

pub async fn run(arguments: &Arguments, command: &Country) -> Result<(), JobError> {
    let home = open(arguments).await?;
    refuse_used(&home, command).await?;
    println!(
        "1. A country: {} declarations of {}, seed {}",
        command.declarations, command.year, command.seed
    );
    print(&into_lake(&home, command, &mut Bars::new()).await?);
    let until = NaiveDate::from_ymd_opt(command.year, 11, 30);
    println!("\n2. Learning from its inspections up to the end of November");
    let features = Some("national".to_owned());
    learn::run(arguments, &Learn { features, until, ..Learn::default() }).await?;
    println!("\n3. Deciding December");
    // The bundle is active from when it was learnt, which is after this home was opened.
    let home = open(arguments).await?;
    let options = DecideOptions { from: until.and_then(|d| d.succ_opt()), ..DecideOptions::default() };
    let decided = run_decide(&home, &options, &mut Bars::new()).await?;
    decide::print(&decided);
    let replayed = Replayed::Days(decided.from, decided.to);
    let replayed = replay(&home, &replayed, &mut Bars::new()).await?;
    println!("Decided {} again from what was stored: {} identical", replayed.decisions, replayed.identical);
    let (decisions, identical) = again::made_again(&replayed);
    println!("\n4. Asking it");
    for (title, sql) in QUESTIONS {
        let answer = query(&home, "demo", sql).await?;
        println!("{title}\n{}", pretty_format_batches(&answer)?);
    }
    println!("5. Reporting");
    let out = arguments.home.join("report.html");
    report::run(arguments, &Report { out: out.clone(), run: None }).await?;
    let riskiest = decided.work_list.iter().max_by(|a, b| a.score.total_cmp(&b.score));
    let home = arguments.home.display();
    println!("\nTry next:");
    println!("  open {} in a browser", out.display());
    if let Some(riskiest) = riskiest {
        println!("  tidegate --home {home} explain {}", riskiest.declaration_id);
    }
    println!(
        "  tidegate --home {home} sql \"select grade_code, count(*), avg(realised_probability) from decision group by 1\""
    );
    println!("  tidegate --home {home} sql \"select * from declaration_item limit 5\"");
    println!(
        "  tidegate --home {home} sql \"select role_code, grade_code, count(*) from enterprise group by 1, 2 order by 3 desc\""
    );
    println!("  tidegate ingest --help");
    again::refuse_others(decisions, identical)
}
