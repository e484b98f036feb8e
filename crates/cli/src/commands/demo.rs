//! `tidegate demo`: generates a country, learns from it, asks it, and says what to try next.

use super::generate::{Generated, into_lake, print, refuse_used};
use super::open;
use super::report::Reported;
use super::{decide, learn, replay as again, report};
use crate::arguments::{Arguments, Country, Report};
use crate::progress::Bars;
use crate::show;
use arrow::util::pretty::pretty_format_batches;
use chrono::NaiveDate;
use tidegate_jobs::{
    DecideOptions, Decided, Home, JobError, LearnOptions, LearnSummary, ReplayReport, Replayed,
    decide as run_decide, learn as run_learn, query, replay,
};

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

/// What the tour did, for machines; they are not asked the questions.
#[derive(serde::Serialize)]
struct Toured {
    generated: Generated,
    learnt: LearnSummary,
    decided: Decided,
    replayed: ReplayReport,
    reported: Reported,
}

pub async fn run(arguments: &Arguments, command: &Country) -> Result<(), JobError> {
    let home = open(arguments).await?;
    refuse_used(&home, command).await?;
    let is_told = !arguments.json;
    if is_told {
        let Country { declarations, year, seed, .. } = command;
        println!("1. A country: {declarations} declarations of {year}, seed {seed}");
    }
    let generated = into_lake(&home, command, &mut Bars::new()).await?;
    if is_told {
        print(&generated);
        println!("\n2. Learning from its inspections up to the end of November");
    }
    let until = NaiveDate::from_ymd_opt(command.year, 11, 30);
    let home = open(arguments).await?;
    let options = LearnOptions { features: Some("national".to_owned()), until, ..LearnOptions::default() };
    let learnt = run_learn(&home, &options, &mut Bars::new()).await?;
    if is_told {
        learn::print(&home, &learnt);
        println!("\n3. Deciding December");
    }
    // The bundle is active from when it was learnt, which is after this home was opened.
    let home = open(arguments).await?;
    let options = DecideOptions { from: until.and_then(|d| d.succ_opt()), ..DecideOptions::default() };
    let decided = run_decide(&home, &options, &mut Bars::new()).await?;
    if is_told {
        decide::print(&decided);
    }
    let days = Replayed::Days(decided.from, decided.to);
    let replayed = replay(&home, &days, &mut Bars::new()).await?;
    if is_told {
        let ReplayReport { decisions, identical, .. } = &replayed;
        println!("Decided {decisions} again from what was stored: {identical} identical");
        println!("\n4. Asking it");
        ask(&home).await?;
        println!("5. Reporting");
    }
    let out = arguments.home.join("report.html");
    let reported = report::write(arguments, &Report { out, run: None }).await?;
    let (decisions, identical) = again::made_again(&replayed);
    if is_told {
        report::print(&reported);
        say_what_to_try(arguments, &decided);
    } else {
        show::json(&Toured { generated, learnt, decided, replayed, reported })?;
    }
    again::refuse_others(decisions, identical)
}

async fn ask(home: &Home) -> Result<(), JobError> {
    for (title, sql) in QUESTIONS {
        let answer = query(home, "demo", sql).await?;
        println!("{title}\n{}", pretty_format_batches(&answer)?);
    }
    Ok(())
}

fn say_what_to_try(arguments: &Arguments, decided: &Decided) {
    let riskiest = decided.work_list.iter().max_by(|a, b| a.score.total_cmp(&b.score));
    let home = arguments.home.display();
    println!("\nTry next:");
    println!("  open {} in a browser", arguments.home.join("report.html").display());
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
}
