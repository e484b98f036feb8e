//! Times questions on Parquet files: plain DataFusion, and the door for readers who are shown everything, rows of some
//! offices, and pseudonyms. `bench/query_peers.py` runs it and sets another engine beside it.
//!
//! `time_queries FOLDER QUERIES RUNS`: FOLDER has `declaration.parquet` and `goods_item.parquet`, files or folders.
#![expect(clippy::print_stdout, reason = "a measurement speaks on standard output")]

use datafusion::datasource::TableProvider;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_query::policy::{Policy, PolicyFiles, PseudonymKey};
use tidegate_query::{Allowances, Engine, Governance, Limits, Person, Platform, Principal};
use tidegate_records::table::Grade;

const TABLES: [&str; 2] = ["declaration", "goods_item"];

/// What the three readers are shown.
const RULES: &str = r#"
    @id("all rows") permit (principal, action == Action::"rows", resource) when { !(principal in Role::"of-offices") };
    @id("own rows") @filter("own-office")
    permit (principal in Role::"of-offices", action == Action::"rows", resource);
    @id("columns") permit (principal, action == Action::"read", resource)
    when { !(principal in Role::"of-pseudonyms" && resource in Category::"party") };
    @id("pseudonyms") @mask("pseudonym")
    permit (principal in Role::"of-pseudonyms", action == Action::"read", resource in Category::"party");
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, queries, runs] = arguments.as_slice() else {
        return Err("time_queries FOLDER QUERIES RUNS".into());
    };
    let runs: usize = runs.parse()?;
    let text = std::fs::read_to_string(queries)?;
    let queries: Vec<&str> = text.split(";\n").filter(|query| query.contains("SELECT")).collect();

    let mut config = SessionConfig::new();
    config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
    let plain = SessionContext::new_with_config(config);
    let mut tables: BTreeMap<&str, Arc<dyn TableProvider>> = BTreeMap::new();
    for table in TABLES {
        let path = format!("{folder}/{table}.parquet");
        plain.register_parquet(table, &path, ParquetReadOptions::default()).await?;
        tables.insert(table, plain.table_provider(table).await?);
    }
    let mut files: PolicyFiles = Policy::shipped_files();
    files.insert("access.cedar".to_owned(), RULES.to_owned());
    let policy = Arc::new(Policy::parse(&files)?);
    // The others have no limits either: a join of everything is not for one reader, but is compared here.
    let limits = Limits {
        memory_bytes: usize::MAX,
        bytes: usize::MAX,
        time: Duration::from_hours(24),
        ..Limits::default()
    };
    let key = PseudonymKey::derived_from(&[1; 32]);
    let governance = Governance::new(policy, &key, Allowances::new(limits));
    let platform = Platform::over(tables, Engine::default(), Some(governance))?;

    let readers = ["everything", "of-offices", "of-pseudonyms"];
    println!("query,plain,{}", readers.join(","));
    for (number, query) in queries.iter().enumerate() {
        let mut medians = vec![
            median(runs, async || {
                plain.sql(query).await?.collect().await?;
                Ok(())
            })
            .await?,
        ];
        for role in readers {
            let reader = Principal::Person(reader(role));
            medians.push(
                median(runs, async || {
                    platform.plan_for(&reader, "research", query).await?.collect().await?;
                    Ok(())
                })
                .await?,
            );
        }
        let medians: Vec<String> = medians.iter().map(|time| format!("{:.6}", time.as_secs_f64())).collect();
        println!("{},{}", number + 1, medians.join(","));
    }
    Ok(())
}

fn reader(role: &str) -> Person {
    Person {
        name: role.to_owned(),
        kind: "person".to_owned(),
        roles: [role.to_owned()].into(),
        clearance: Grade::General4,
        office: Some("1101".to_owned()),
        organisation: None,
        enterprise: None,
    }
}

/// Median time of some runs, after one that warms up.
async fn median(
    runs: usize,
    run: impl AsyncFn() -> Result<(), Box<dyn Error>>,
) -> Result<Duration, Box<dyn Error>> {
    run().await?;
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        run().await?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}
