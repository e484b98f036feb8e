//! What a plan says of itself: the tables and columns it reads, whose rows it asks for, and its text without values.

use crate::country::{officer, platform};
use std::collections::BTreeSet;
use tidegate_query::policy::Policy;
use tidegate_query::{Principal, Reading};

async fn reading(sql: &str) -> Reading {
    let platform = platform(&Policy::shipped_files());
    let plan = platform.plan_for(&Principal::LocalOwner, "a test", sql).await.unwrap();
    plan.reading().clone()
}

fn shown(reading: &Reading, table: &str) -> Vec<String> {
    reading.lineage.tables[table].shown.iter().cloned().collect()
}

fn used(reading: &Reading, table: &str) -> Vec<String> {
    reading.lineage.tables[table].used.iter().cloned().collect()
}

#[tokio::test]
async fn columns_that_only_filter_or_join_are_used_and_not_shown() {
    let sql = "SELECT d.declaration_id, 2 * i.net_mass_kg FROM declaration d JOIN goods_item i \
               ON i.declaration_id = d.declaration_id WHERE d.invoice_amount > 3 AND EXISTS (SELECT 1 FROM decision x \
               WHERE x.declaration_id = d.declaration_id AND x.directive LIKE '%pallet%') ORDER BY d.office_id";
    let reading = reading(sql).await;
    assert_eq!(shown(&reading, "declaration"), ["declaration_id"]);
    assert_eq!(used(&reading, "declaration"), ["declaration_id", "invoice_amount", "office_id"]);
    assert_eq!(shown(&reading, "goods_item"), ["net_mass_kg"]);
    assert_eq!(used(&reading, "goods_item"), ["declaration_id"]);
    assert_eq!(shown(&reading, "decision"), [""; 0]);
    assert_eq!(used(&reading, "decision"), ["declaration_id", "directive"]);
}

#[tokio::test]
async fn every_column_of_an_answer_has_its_origins() {
    let sql = "WITH w AS (SELECT importer_id AS who, max(invoice_amount) AS most, count(*) AS n FROM declaration \
               GROUP BY importer_id) SELECT concat(who, '!'), most + n, rank() OVER (ORDER BY most), 'x', \
               (SELECT max(net_mass_kg) FROM goods_item) FROM w UNION ALL \
               SELECT office_id, 1, 1, 'y', 2 FROM declaration";
    let origins = reading(sql).await.lineage.origins;
    let named: Vec<String> = origins
        .iter()
        .map(|origins| {
            origins.iter().map(|(table, column)| format!("{table}.{column}")).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(
        named,
        [
            "declaration.importer_id declaration.office_id",
            "declaration.invoice_amount",
            "declaration.invoice_amount",
            "",
            "goods_item.net_mass_kg"
        ]
    );
}

#[tokio::test]
async fn rows_of_lists_and_conditions_of_joins_keep_their_origins() {
    let sql = "WITH f AS (SELECT load_id, source_row, unnest(findings) AS finding FROM quarantine) SELECT f.load_id, \
               f.finding FROM f JOIN declaration d ON f.load_id = d.load_id AND f.source_row > d.version_number + 2";
    let reading = reading(sql).await;
    let of = |table: &str, column: &str| BTreeSet::from([(table.to_owned(), column.to_owned())]);
    assert_eq!(reading.lineage.origins, [of("quarantine", "load_id"), of("quarantine", "findings")]);
    assert_eq!(used(&reading, "quarantine"), ["load_id", "source_row"]);
    assert_eq!(used(&reading, "declaration"), ["load_id", "version_number"]);
}

#[tokio::test]
async fn a_view_leads_to_the_tables_behind_it() {
    let reading = reading("SELECT commodity_description FROM declaration_item WHERE importer_id = 'A'").await;
    assert_eq!(shown(&reading, "goods_item"), ["commodity_description"]);
    assert_eq!(used(&reading, "declaration"), ["declaration_id", "importer_id", "month", "version_number"]);
}

#[tokio::test]
async fn whose_rows_are_asked_for_is_known_when_a_condition_names_them() {
    let of = async |sql: &str| {
        let subjects = reading(sql).await.subjects;
        (subjects.keys.into_iter().collect::<Vec<_>>().join(" "), subjects.are_all)
    };
    let one = "SELECT * FROM declaration WHERE importer_id = 'A' AND invoice_amount > 2";
    assert_eq!(of(one).await, ("A".to_owned(), true));
    let several = "SELECT * FROM declaration WHERE importer_id IN ('A', 'B') OR importer_id = 'C'";
    assert_eq!(of(several).await, ("A B C".to_owned(), true));
    let anybody = "SELECT * FROM declaration WHERE importer_id = 'A' OR invoice_amount > 2";
    assert_eq!(of(anybody).await, (String::new(), false));
    let others = "SELECT * FROM declaration WHERE importer_id NOT IN ('A')";
    assert_eq!(of(others).await, (String::new(), false));
    let joined =
        "SELECT * FROM declaration d JOIN goods_item i USING (declaration_id) WHERE importer_id = 'A'";
    assert_eq!(of(joined).await, ("A".to_owned(), false));
}

#[tokio::test]
async fn texts_are_kept_without_values() {
    let first =
        reading("select * from declaration where importer_id = 'A' and invoice_amount > 3").await.statement;
    let second =
        reading("SELECT * FROM declaration WHERE importer_id = 'B' AND invoice_amount > 77").await.statement;
    assert_eq!(first.text, "SELECT * FROM declaration WHERE importer_id = ? AND invoice_amount > ?");
    assert_eq!(first, second);
    let moment = "SELECT 1 FROM declaration WHERE accepted_at < TIMESTAMP '2026-01-02 00:00:00' AND office_id IN ('4700')";
    let text = reading(moment).await.statement.text;
    assert!(!text.contains("2026") && !text.contains("4700"), "{text}");
}

#[tokio::test]
async fn a_restricted_reader_leaves_the_same_trace() {
    let platform = platform(&Policy::shipped_files());
    let principal = Principal::Person(officer());
    let sql = "SELECT directive FROM decision WHERE office_id = '4700'";
    let plan = platform.plan_for(&principal, "inspection", sql).await.unwrap();
    assert_eq!(shown(plan.reading(), "decision"), ["directive"]);
    assert_eq!(used(plan.reading(), "decision"), ["office_id"]);
}
