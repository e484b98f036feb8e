//! What a plan says of itself: the tables and columns it reads, whose rows it asks for, and its text without values.

use crate::country::{officer, person, platform};
use std::collections::BTreeSet;
use tidegate_query::policy::Policy;
use tidegate_query::{Named, Principal, Reading};
use tidegate_records::table::Grade;

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
    let used_of_list = ["findings", "load_id", "source_row"];
    assert_eq!(used(&reading, "quarantine"), used_of_list, "each element of a list is a row");
    assert_eq!(used(&reading, "declaration"), ["load_id", "version_number"]);
}

#[tokio::test]
async fn what_a_recursion_reads_stands_behind_each_of_its_columns_and_chooses_its_rows() {
    let sql = "WITH RECURSIVE w (id, k) AS (SELECT declaration_id, 1 FROM declaration UNION ALL \
               SELECT i.commodity_hs6, w.k + 1 FROM w JOIN goods_item i ON i.declaration_id = w.id WHERE w.k < 2) \
               SELECT k FROM w";
    let reading = reading(sql).await;
    let all = [("declaration", "declaration_id"), ("goods_item", "commodity_hs6")];
    let all: BTreeSet<_> = all.map(|(table, column)| (table.to_owned(), column.to_owned())).into();
    assert_eq!(reading.lineage.origins, [all]);
    assert_eq!(used(&reading, "declaration"), ["declaration_id"]);
    assert_eq!(used(&reading, "goods_item"), ["commodity_hs6", "declaration_id"]);
    assert_eq!(reading.lineage.tables.len(), 2, "rows of rounds stand in no table: {:?}", reading.lineage);
    let (who, rest) =
        ("SELECT importer_id AS id, 1 AS k FROM declaration WHERE importer_id = 'A'", "SELECT * FROM w");
    let one = format!("WITH RECURSIVE w AS ({who} UNION ALL SELECT id, k + 1 FROM w WHERE k < 3) {rest}");
    assert_eq!(asked(&one).await, told("A", true));
    let more = "SELECT d.importer_id, w.k + 1 FROM w JOIN declaration d ON d.office_id = w.id WHERE w.k < 3";
    assert_eq!(
        asked(&format!("WITH RECURSIVE w AS ({who} UNION ALL {more}) {rest}")).await,
        told("A", false)
    );
}

#[tokio::test]
async fn a_view_leads_to_the_tables_behind_it() {
    let reading = reading("SELECT commodity_description FROM declaration_item WHERE importer_id = 'A'").await;
    assert_eq!(shown(&reading, "goods_item"), ["commodity_description"]);
    assert_eq!(used(&reading, "declaration"), ["declaration_id", "importer_id", "month", "version_number"]);
}

#[tokio::test]
async fn a_table_leaves_the_same_trace_under_its_full_name() {
    let bare = reading("SELECT month FROM declaration WHERE importer_id = 'A' ORDER BY office_id").await;
    let full = "SELECT tidegate.public.declaration.month FROM tidegate.public.declaration \
                WHERE declaration.importer_id = 'A' ORDER BY office_id";
    let full = reading(full).await;
    assert_eq!(shown(&full, "declaration"), ["month"]);
    assert_eq!((full.lineage, full.subjects), (bare.lineage, bare.subjects));
}

fn subjects(reading: &Reading) -> (String, bool) {
    let keys = reading.subjects.keys.iter().map(String::as_str).collect::<Vec<_>>();
    (keys.join(" "), reading.subjects.are_all)
}

/// Whose rows the owner's statement asks for, and whether they are all.
async fn asked(sql: &str) -> (String, bool) {
    subjects(&reading(sql).await)
}

fn told(keys: &str, are_all: bool) -> (String, bool) {
    (keys.to_owned(), are_all)
}

#[tokio::test]
async fn whose_rows_are_asked_for_is_known_when_a_condition_names_them() {
    let one = "SELECT month, invoice_amount FROM declaration WHERE importer_id = 'A' AND invoice_amount > 2";
    assert_eq!(asked(one).await, told("A", true));
    let several = "SELECT month FROM declaration WHERE importer_id IN ('A', 'B') OR importer_id = 'C'";
    assert_eq!(asked(several).await, told("A B C", true));
    let renamed = "SELECT much FROM (SELECT importer_id AS who, invoice_amount AS much FROM declaration) q WHERE who = 'A'";
    assert_eq!(asked(renamed).await, told("A", true));
    let officer = "SELECT result_code FROM inspection WHERE officer_id = 'OFF-1'";
    assert_eq!(asked(officer).await, told("OFF-1", true));
    let nobody = "SELECT max(slots) FROM work_list";
    assert_eq!(asked(nobody).await, told("", true));
    assert_eq!(asked("SELECT name FROM code WHERE code = 'CN'").await, told("", true));
    assert_eq!(asked("SELECT table_name FROM information_schema.tables").await, told("", true));
    assert_eq!(asked("SELECT 1").await, told("", true));
}

#[tokio::test]
async fn whom_a_condition_does_not_name_may_be_read_too() {
    let anybody = "SELECT month FROM declaration WHERE importer_id = 'A' OR invoice_amount > 2";
    assert_eq!(asked(anybody).await, told("", false));
    let others = "SELECT month FROM declaration WHERE importer_id NOT IN ('A')";
    assert_eq!(asked(others).await, told("", false));
    let exporters = "SELECT exporter_name FROM declaration WHERE importer_id = 'A'";
    assert_eq!(asked(exporters).await, told("A", false), "exporters are shown, whoever they are");
    assert_eq!(asked("SELECT * FROM declaration WHERE importer_id = 'A'").await, told("A", false));
    let documents = "SELECT header_documents FROM declaration WHERE importer_id = 'A'";
    assert_eq!(asked(documents).await, told("A", false), "a document may name anybody");
    let either = "SELECT month FROM declaration WHERE importer_id = 'A' OR exporter_id = 'A'";
    assert_eq!(asked(either).await, told("A", false), "either may stand beside somebody else");
    let joined =
        "SELECT * FROM declaration d JOIN goods_item i USING (declaration_id) WHERE importer_id = 'A'";
    assert_eq!(asked(joined).await, told("A", false));
}

#[tokio::test]
async fn a_name_that_a_statement_gives_itself_blinds_nobody() {
    let own_name = "SELECT * FROM (SELECT 'x' AS importer_id, importer_name FROM declaration LIMIT 1000) q \
                    WHERE importer_id = 'x'";
    assert_eq!(asked(own_name).await, told("", false));
    let other_column = "SELECT much FROM (SELECT office_id AS importer_id, invoice_amount AS much FROM declaration) q \
         WHERE importer_id = '4700'";
    assert_eq!(asked(other_column).await, told("", false));
    let limited = "SELECT month FROM (SELECT * FROM declaration ORDER BY accepted_at LIMIT 1000) q WHERE importer_id = 'A'";
    assert_eq!(asked(limited).await, told("", false));
    let row_before = "SELECT earlier FROM (SELECT importer_id, lag(invoice_amount) OVER (ORDER BY accepted_at) AS earlier \
                      FROM declaration) q WHERE importer_id = 'A'";
    assert_eq!(asked(row_before).await, told("", false));
    let greatest = "SELECT n FROM (SELECT max(importer_id) AS importer_id, count(*) AS n FROM declaration GROUP BY office_id) q \
         WHERE importer_id = 'A'";
    assert_eq!(asked(greatest).await, told("", false));
    let outer = "SELECT g.net_mass_kg FROM goods_item g LEFT JOIN declaration d ON g.declaration_id = d.declaration_id \
                 AND d.importer_id = 'A'";
    assert!(!asked(outer).await.1);
}

#[tokio::test]
async fn a_pseudonym_is_nobodys_key() {
    let platform = platform(&Policy::shipped_files());
    let scientist = Principal::Person(person("Sun", "scientist", Grade::General3));
    let sql = "SELECT importer_id FROM declaration WHERE importer_id = 'p_0123' AND office_id = '4700'";
    let plan = platform.plan_for(&scientist, "research", sql).await.unwrap();
    assert_eq!(subjects(plan.reading()), told("", false));
    let sql = "SELECT month FROM declaration WHERE importer_id = 'A'";
    let restricted = platform.plan_for(&Principal::Person(officer()), "inspection", sql).await.unwrap();
    assert_eq!(subjects(restricted.reading()), told("A", true), "a column that is shown as it is");
}

#[tokio::test]
async fn columns_that_show_numbers_of_companies_are_known() {
    let shown = async |sql: &str| {
        let shown = reading(sql).await.subjects.shown;
        let themselves = shown.iter().filter(|(_, named)| *named == Named::Themselves);
        themselves.map(|(place, _)| *place).collect::<Vec<_>>()
    };
    let sql = "SELECT month, importer_id, importer_name, exporter_id AS e, concat(importer_id, 'x') FROM declaration \
               ORDER BY month LIMIT 3";
    assert_eq!(shown(sql).await, [1, 3], "as they are, whatever they are called; a name is no number");
    let grouped = "SELECT count(*), importer_id, max(importer_id) FROM declaration GROUP BY importer_id";
    assert_eq!(shown(grouped).await, [1]);
    let joined = "SELECT i.net_mass_kg, d.importer_id FROM goods_item i JOIN declaration d \
                  ON d.declaration_id = i.declaration_id";
    assert_eq!(shown(joined).await, [1]);
    let given =
        "SELECT office_id AS importer_id FROM declaration UNION ALL SELECT importer_id FROM declaration";
    assert_eq!(shown(given).await, [0_usize; 0]);

    let platform = platform(&Policy::shipped_files());
    let scientist = Principal::Person(person("Sun", "scientist", Grade::General3));
    let plan =
        platform.plan_for(&scientist, "research", "SELECT importer_id FROM declaration").await.unwrap();
    assert_eq!(plan.reading().subjects.shown, [], "a pseudonym is nobody's number");

    let named = "SELECT month, declaration_id AS d FROM goods_item ORDER BY d LIMIT 2";
    assert_eq!(reading(named).await.subjects.shown, [(1, Named::Declarant)]);
    let fixed = "SELECT declaration_id FROM declaration WHERE importer_id = 'A'";
    assert_eq!(
        subjects(&reading(fixed).await),
        told("A", false),
        "a declaration's name may be its declarant's"
    );
    let keys =
        ["91310000MA1FL0X12Y/LRN-1", "25GB08F01XB2YW4AR5", "/LRN-1"].map(|name| Named::Declarant.key(name));
    assert_eq!(keys, [Some("91310000MA1FL0X12Y"), None, None]);
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
