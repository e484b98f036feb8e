//! `tidegate demo`: generates a country, learns from it, asks it, and says what to try next.

use super::generate::{into_lake, print};
use super::learn;
use super::open;
use crate::arguments::{Arguments, Country, Learn};
use crate::progress::Bars;
use arrow::util::pretty::pretty_format_batches;
use tidegate_jobs::{JobError, query};

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
    println!(
        "1. A country: {} declarations of {}, seed {}",
        command.declarations, command.year, command.seed
    );
    print(&into_lake(&home, command, &mut Bars::new()).await?);
    println!("\n2. Learning from its inspections");
    learn::run(arguments, &Learn { features: Some("national".to_owned()) }).await?;
    println!("\n3. Asking it");
    for (title, sql) in QUESTIONS {
        println!("{title}\n{}", pretty_format_batches(&query(&home, "demo", sql).await?)?);
    }
    let home = arguments.home.display();
    println!("Try next:");
    println!("  tidegate --home {home} sql \"select * from declaration_item limit 5\"");
    println!(
        "  tidegate --home {home} sql \"select role_code, grade_code, count(*) from enterprise group by 1, 2 order by 3 desc\""
    );
    println!("  tidegate ingest --help");
    Ok(())
}
