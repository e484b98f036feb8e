//! Datasets: what follows from their plans, and who is shown them.

use crate::country::{Reader, batch, officer, person, platform, tables};
use chrono::DateTime;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::datasource::MemTable;
use std::sync::Arc;
use tidegate_query::dataset::{CheckResult, Dataset, DatasetColumn, Definition, Derived, Made};
use tidegate_query::policy::Policy;
use tidegate_query::{Platform, Principal};
use tidegate_records::category::Category;
use tidegate_records::table::Grade;

/// A definition with a header that names the columns given.
pub fn definition(more: &str, columns: &[&str], sql: &str) -> Definition {
    let described: Vec<String> = columns
        .iter()
        .map(|column| format!("-- [columns.{column}]\n-- description = \"A column\"\n"))
        .collect();
    let described = described.concat();
    let text = format!(
        "-- title = \"Test\"\n-- description = \"A test.\"\n-- owner = \"tests\"\n-- refresh = \"daily\"\n\
         -- unique = [\"{}\"]\n{more}{described}{sql}\n",
        columns[0]
    );
    Definition::parse("declaration", "office_counts", &text).unwrap()
}

fn raw() -> Platform {
    let rows = tables().into_iter().map(|(name, (table, rows))| (name, batch(table, &rows))).collect();
    Platform::in_memory(rows, None).unwrap()
}

async fn derived(more: &str, columns: &[&str], sql: &str) -> Result<Derived, String> {
    raw().derive(&definition(more, columns, sql)).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_column_has_the_highest_grade_of_what_it_comes_from() {
    let sql = "SELECT d.office_id, min(d.importer_id) AS first_importer, sum(k.score) AS scores, count(*) AS n \
               FROM declaration d JOIN decision k ON k.month = d.month AND k.declaration_id = d.declaration_id \
               GROUP BY d.office_id";
    let columns = ["office_id", "first_importer", "scores", "n"];
    let known = derived("", &columns, sql).await.unwrap().columns;
    let of = |name: &str| known.iter().find(|column| column.name == name).unwrap();
    let score = &tidegate_records::tables::DECISION;
    let graded = score.column("score").unwrap().grade;
    assert_eq!((of("scores").grade, of("scores").category), (graded, Category::Method));
    assert_eq!(of("first_importer").category, Category::Party);
    assert_eq!(of("first_importer").origins, ["declaration.importer_id".to_owned()].into());
    assert!(of("n").origins.is_empty(), "a count comes from no column");
    assert!(of("n").grade >= Grade::General2, "and is graded like what chooses the rows: {:?}", of("n"));
}

const LOWERED: &str = "-- [lowered]\n-- grade = \"general-1\"\n-- count = \"n\"\n-- at_least = 3\n";
const BY_MONTH: &str = "-- increment = \"month\"\n";

/// Columns of a lowered dataset, each an expression over months and offices.
async fn lowered(columns: &[(&str, &str)]) -> Vec<DatasetColumn> {
    let listed: Vec<String> = columns.iter().map(|(name, sql)| format!("{sql} AS {name}")).collect();
    let sql = format!(
        "WITH one AS (SELECT d.month, d.office_id, d.importer_id, d.declaration_id, k.score, k.draw FROM declaration d \
         JOIN decision k ON k.month = d.month AND k.declaration_id = d.declaration_id), \
         grouped AS (SELECT month, office_id, count(DISTINCT importer_id) AS importers, count(*) AS entries, \
         count(DISTINCT importer_id) FILTER (WHERE score <> 0) AS scored, \
         count(DISTINCT importer_id) FILTER (WHERE draw <> 0) AS drawn, \
         count(DISTINCT declaration_id) FILTER (WHERE score <> 0) AS scored_declarations, \
         sum(score) AS scores, sum(score) FILTER (WHERE draw > 0.5) AS some_scores, avg(score) AS mean, \
         percentile_cont(0.0) WITHIN GROUP (ORDER BY score) AS p0, \
         percentile_cont(0.1) WITHIN GROUP (ORDER BY score) AS p10, \
         percentile_cont(0.9) WITHIN GROUP (ORDER BY score) AS p90, \
         percentile_cont(0.75) WITHIN GROUP (ORDER BY score) AS p75, median(score) AS p50, var_pop(score) AS spread, \
         min(score) AS least, max(score) AS most, array_agg(score) AS every, min(importer_id) AS first_importer \
         FROM one GROUP BY month, office_id), \
         ranked AS (SELECT *, row_number() OVER (ORDER BY scores) AS place, sum(scores) OVER () AS all_scores FROM grouped) \
         SELECT month, CAST(importers AS BIGINT) AS n, {} FROM ranked ORDER BY office_id",
        listed.join(", ")
    );
    let names: Vec<&str> = ["month", "n"].into_iter().chain(columns.iter().map(|(name, _)| *name)).collect();
    derived(&format!("{BY_MONTH}{LOWERED}"), &names, &sql).await.unwrap().columns
}

#[tokio::test]
async fn what_tells_of_whole_groups_alone_is_lowered() {
    let told = [
        ("office", "office_id"),
        ("entries", "entries"),
        ("declarations", "scored_declarations"),
        ("total", "CASE WHEN scored >= 3 THEN scores END"),
        ("mean", "CASE WHEN scored >= 3 AND importers >= 5 THEN mean END"),
        ("of_each", "CASE WHEN scored >= 3 THEN scores / entries END"),
        (
            "nothing_as_nothing",
            "coalesce(CASE WHEN scored >= 3 THEN scores END, CASE WHEN scores = 0 THEN 0 END)",
        ),
        (
            "not_the_first",
            "CASE WHEN NOT (place = 1 AND all_scores > 2) THEN CASE WHEN scored >= 3 THEN scores END END",
        ),
        ("tenth", "CASE WHEN scored >= 30 THEN p10 END"),
        ("last_tenth", "CASE WHEN scored >= 30 THEN p90 END"),
        ("middle", "CASE WHEN scored >= 6 THEN p50 END"),
        ("upper", "CASE WHEN scored >= 12 THEN p75 END"),
    ];
    let columns = lowered(&told).await;
    assert_eq!(columns.len(), told.len() + 2);
    for column in &columns {
        let wanted = if column.name == "n" { Grade::General3 } else { Grade::General1 };
        assert_eq!(column.grade, wanted, "{column:?}");
    }
    let total = columns.iter().find(|column| column.name == "total").unwrap();
    assert_eq!(total.category, Category::Method, "whom the guard counts is not told");
}

#[tokio::test]
async fn what_may_tell_of_few_is_not_lowered() {
    let kept = [
        ("bare", "scores"),
        ("of_two", "CASE WHEN scored >= 2 THEN scores END"),
        ("of_all_in_the_row", "CASE WHEN importers >= 3 THEN scores END"),
        ("of_those_with_a_draw", "CASE WHEN drawn >= 3 THEN scores END"),
        ("of_declarations", "CASE WHEN scored_declarations >= 3 THEN scores END"),
        ("or_else", "CASE WHEN scored >= 3 THEN scores ELSE -scores END"),
        ("beside", "CASE WHEN scored >= 3 THEN 1 END + scores"),
        ("of_some", "CASE WHEN scored >= 3 THEN some_scores END"),
        ("by_one", "CASE WHEN scored >= 3 AND most > 0.5 THEN scores END"),
        ("either", "CASE WHEN scored >= 3 OR entries > 10 THEN scores END"),
        ("p0", "CASE WHEN scored >= 1000 THEN p0 END"),
        ("p10", "CASE WHEN scored >= 29 THEN p10 END"),
        ("p90", "CASE WHEN scored >= 29 THEN p90 END"),
        ("p50", "CASE WHEN scored >= 5 THEN p50 END"),
        ("p75", "CASE WHEN scored >= 11 THEN p75 END"),
        ("spread", "CASE WHEN scored >= 3 THEN spread END"),
        ("least", "CASE WHEN scored >= 3 THEN least END"),
        ("most", "CASE WHEN scored >= 3 THEN most END"),
        ("every", "CASE WHEN scored >= 3 THEN every END"),
        ("all_scores", "CASE WHEN scored >= 3 THEN all_scores END"),
        ("first_importer", "CASE WHEN scored >= 3 THEN first_importer END"),
    ];
    let columns = lowered(&kept).await;
    let is_lowered = |name: &str| columns.iter().any(|c| c.name == name && c.grade == Grade::General1);
    let lowered: Vec<&str> = kept.iter().map(|(name, _)| *name).filter(|name| is_lowered(name)).collect();
    assert_eq!(lowered, [""; 0]);
    let first = columns.iter().find(|column| column.name == "first_importer").unwrap();
    assert_eq!(first.category, Category::Party);
}

#[tokio::test]
async fn what_is_lowered_is_made_by_months() {
    let sql = "SELECT office_id, count(DISTINCT importer_id) AS n FROM declaration GROUP BY office_id";
    let error = derived(LOWERED, &["office_id", "n"], sql).await.unwrap_err();
    assert!(error.contains("its grade is lowered, and it is not made by months"), "{error}");
}

#[tokio::test]
async fn a_grade_is_lowered_by_a_number_of_enterprises_behind_each_row_and_by_nothing_else() {
    let lowered = |columns: &'static [&str], sql: &'static str| derived(LOWERED, columns, sql);
    let constant = "SELECT declaration_id, 10 AS n FROM declaration";
    let error = lowered(&["declaration_id", "n"], constant).await.unwrap_err();
    assert!(error.contains("`n`, which is no count(DISTINCT"), "{error}");
    let rows = "SELECT office_id, count(*) AS n FROM declaration GROUP BY office_id";
    let error = lowered(&["office_id", "n"], rows).await.unwrap_err();
    assert!(error.contains("`n`, which is no count(DISTINCT"), "{error}");
    let raised =
        "SELECT office_id, count(DISTINCT importer_id) + 10 AS n FROM declaration GROUP BY office_id";
    let error = lowered(&["office_id", "n"], raised).await.unwrap_err();
    assert!(error.contains("`n`, which is no count(DISTINCT"), "{error}");
    let joined = "SELECT d.declaration_id, c.n FROM declaration d JOIN (SELECT office_id, count(DISTINCT importer_id) AS n \
                  FROM declaration GROUP BY office_id) c ON c.office_id = d.office_id";
    let error = lowered(&["declaration_id", "n"], joined).await.unwrap_err();
    assert!(error.contains("`n`, which is no count(DISTINCT"), "{error}");
    let declarations =
        "SELECT office_id, count(DISTINCT declaration_id) AS n FROM declaration GROUP BY office_id";
    let error = lowered(&["office_id", "n"], declarations).await.unwrap_err();
    assert!(error.contains("`n`, which does not count enterprises"), "{error}");
    let pairs = "SELECT office_id, count(DISTINCT concat(importer_id, declaration_id)) AS n FROM declaration \
                 GROUP BY office_id";
    let error = lowered(&["office_id", "n"], pairs).await.unwrap_err();
    assert!(error.contains("`n`, which does not count enterprises"), "{error}");
}

#[tokio::test]
async fn what_rows_are_chosen_by_raises_the_grade() {
    let known =
        derived("", &["office_id"], "SELECT office_id FROM decision WHERE score > 0.5").await.unwrap();
    assert_eq!(known.columns[0].grade, Grade::General4, "whom the score chose is there");
    assert_eq!(known.columns[0].category, Category::Finding, "and it is about what it was about");
    let grouped = "SELECT office_id FROM decision GROUP BY office_id, score";
    let known = derived("", &["office_id"], grouped).await.unwrap();
    assert_eq!(known.columns[0].grade, Grade::General2);
}

#[tokio::test]
async fn what_puts_rows_first_or_makes_rows_of_lists_chooses_them() {
    let grade = async |sql: &str| derived("", &["declaration_id"], sql).await.unwrap().columns[0].grade;
    for sql in [
        "SELECT declaration_id FROM decision ORDER BY score DESC LIMIT 100",
        "SELECT declaration_id FROM decision ORDER BY score DESC OFFSET 30",
        "SELECT declaration_id FROM (SELECT declaration_id FROM decision ORDER BY score LIMIT 9) d WHERE declaration_id > 'A'",
        "SELECT declaration_id FROM (SELECT declaration_id, row_number() OVER (ORDER BY score) AS place FROM decision) d \
         ORDER BY place LIMIT 9",
        "SELECT DISTINCT ON (score) declaration_id FROM decision",
        "SELECT DISTINCT ON (office_id) declaration_id FROM decision ORDER BY office_id, score DESC",
        "SELECT declaration_id FROM declaration WHERE declaration_id IN \
         (SELECT declaration_id FROM decision ORDER BY score LIMIT 9)",
        "SELECT d.declaration_id FROM declaration d LEFT SEMI JOIN decision k ON k.declaration_id = d.declaration_id \
         AND k.score > 0.5",
        "SELECT declaration_id FROM (SELECT declaration_id, unnest(findings) AS finding FROM inspection) f",
    ] {
        assert_eq!(grade(sql).await, Grade::General4, "{sql}");
    }
    for sql in [
        "SELECT declaration_id FROM decision ORDER BY score",
        "SELECT declaration_id FROM decision ORDER BY office_id LIMIT 100",
        "SELECT declaration_id FROM (SELECT declaration_id, unnest(government_procedures) AS p FROM goods_item) g",
    ] {
        assert_eq!(grade(sql).await, Grade::General2, "{sql}");
    }
}

#[tokio::test]
async fn a_definition_that_its_plan_does_not_bear_out_is_refused() {
    let sql = "SELECT office_id, count(*) AS n FROM declaration GROUP BY office_id";
    let error = derived("", &["office_id"], sql).await.unwrap_err();
    assert!(error.contains("the column `n` has no [columns.n]"), "{error}");
    let error = derived("", &["office_id", "n", "m"], sql).await.unwrap_err();
    assert!(error.contains("gives no column `m`"), "{error}");
    let error = derived("-- increment = \"office_id\"\n", &["office_id", "n"], sql).await.unwrap_err();
    assert!(error.contains("`office_id` is not the month of stored rows"), "{error}");
    let error = derived("", &["office_id"], "DROP TABLE declaration").await.unwrap_err();
    assert!(error.contains("a change of tables is refused"), "{error}");
    let from = "SELECT table_name FROM information_schema.tables";
    let error = derived("", &["table_name"], from).await.unwrap_err();
    assert!(error.contains("made of stored tables alone"), "{error}");
}

#[tokio::test]
async fn a_dataset_may_be_made_of_what_codes_mean() {
    let sql = "SELECT d.month, c.name AS country, count(*) AS n FROM declaration d JOIN code c ON c.list = 'country' \
               AND c.code = d.export_country_code GROUP BY d.month, c.name";
    let columns = ["month", "country", "n"];
    let made = derived("-- increment = \"month\"\n", &columns, sql).await.unwrap();
    assert_eq!(made.tables, ["code", "declaration"].map(str::to_owned).into());
    assert_eq!(made.read_whole, Some(["code".to_owned()].into()), "no load changes it");
    let country = &made.columns[1];
    assert_eq!(country.origins, ["code.name".to_owned()].into());
    assert_eq!((country.grade, country.category), (Grade::General2, Category::Consignment));
    let fresh = "-- [fresh]\n-- table = \"code\"\n-- days = 3\n";
    let error = derived(fresh, &columns, sql).await.unwrap_err();
    assert!(error.contains("[fresh] names `code`, whose rows are compiled in"), "{error}");
}

#[tokio::test]
async fn what_is_read_whole_is_found_in_the_plan() {
    let by_month = "-- increment = \"month\"\n";
    let whole = |sql: &'static str| async move {
        let read = derived(by_month, &["month", "n"], sql).await.unwrap().read_whole.unwrap();
        read.into_iter().collect::<Vec<_>>().join(" ")
    };
    let none = "SELECT month, count(*) AS n FROM declaration GROUP BY month";
    assert_eq!(whole(none).await, "");
    let joined = "SELECT d.month, count(*) AS n FROM declaration d LEFT JOIN inspection i ON i.month = d.month \
                  AND i.declaration_id = d.declaration_id GROUP BY d.month";
    assert_eq!(whole(joined).await, "");
    let loose = "SELECT d.month, count(*) AS n FROM declaration d LEFT JOIN inspection i \
                 ON i.declaration_id = d.declaration_id GROUP BY d.month";
    assert_eq!(whole(loose).await, "inspection");
    let windowed = "SELECT month, sum(n) OVER (ORDER BY month) AS n FROM (SELECT month, count(*) AS n FROM declaration \
                    GROUP BY month) AS m";
    assert_eq!(whole(windowed).await, "declaration", "a sum up to the month reads the months before");
    let compared = "SELECT month, count(*) AS n FROM declaration WHERE office_id IN (SELECT office_id FROM decision) \
                    GROUP BY month";
    assert_eq!(whole(compared).await, "decision");
}

/// What was found of a column that is shown, of one that is not, of stored tables, and of rows.
fn failed_checks() -> Vec<CheckResult> {
    let found = [
        ("drift declarations", "5.5"),
        ("drift scores", "2.5"),
        ("unique office_id, scores", "1 rows"),
        ("fresh declaration", "2026-11-01"),
        ("fresh nothing", "2026-11-02"),
    ];
    let failed = |(name, found): (&str, &str)| CheckResult {
        name: name.to_owned(),
        is_passed: false,
        is_strict: false,
        found: found.to_owned(),
        wanted: "another".to_owned(),
    };
    found.into_iter().map(failed).collect()
}

/// Counts of each office, in a platform with filters of the person's office over the dataset.
fn with_counts(filter: &str) -> Platform {
    let mut files = Policy::shipped_files();
    let filters = files.get_mut("filters.toml").unwrap();
    *filters = filters.replacen("[filter.dataset]", &format!("[filter.dataset]\n{filter}"), 1);
    let mut platform = platform(&files);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("office_id", Arc::new(StringArray::from(vec!["4700", "4701", "4702"]))),
        ("declarations", Arc::new(Int64Array::from(vec![3, 5, 8]))),
        ("scores", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let column = |name: &str, grade, category| DatasetColumn {
        name: name.to_owned(),
        description: "A column".to_owned(),
        unit: None,
        grade,
        category,
        origins: std::collections::BTreeSet::new(),
    };
    let dataset = Dataset {
        name: "office_counts".to_owned(),
        domain: "declaration".to_owned(),
        lake_table: "dataset_office_counts".to_owned(),
        title: "Counts".to_owned(),
        description: "Counts of each office.".to_owned(),
        owner: "tests".to_owned(),
        columns: vec![
            column("office_id", Grade::General2, Category::Consignment),
            column("declarations", Grade::General2, Category::Consignment),
            column("scores", Grade::Important, Category::Method),
        ],
        made: Some(Made { version: 1, at: DateTime::UNIX_EPOCH, rows: 3, checks: failed_checks() }),
    };
    let table = MemTable::try_new(rows.schema(), vec![vec![rows]]).unwrap();
    platform.add_dataset(Arc::new(table), dataset);
    platform
}

#[tokio::test]
async fn what_a_reader_is_said_to_be_shown_is_what_is_there() {
    for (filter, officers_are_shown_it) in [
        ("", false),
        ("office_counts = \"office_id = principal.office\"", true),
        ("office_counts = \"bureau = principal.office\"", false),
    ] {
        let platform = with_counts(filter);
        let analyst = person("Ana", "analyst", Grade::General4);
        for (one, purpose) in [(officer(), "inspection"), (analyst, "risk-analysis")] {
            let access = platform.access(&Principal::Person(one.clone()), purpose).unwrap();
            let mut told: Vec<String> = access.tables.keys().chain(access.views.keys()).cloned().collect();
            told.sort();
            let is_officer = purpose == "inspection";
            assert_eq!(told.iter().any(|name| name == "office_counts"), !is_officer || officers_are_shown_it);
            assert!(access.views.contains_key("declaration_item"), "{access:?}");
            let reader = Reader { platform: &platform, person: one, purpose };
            let mut there = reader.lines("SELECT table_name FROM information_schema.tables").await;
            there.sort();
            assert_eq!(told, there, "{purpose}, {filter}");
        }
        let access = platform.access(&Principal::LocalOwner, "a test").unwrap();
        assert!(access.tables["office_counts"].is_clear() && access.tables["quarantine"].is_clear());
        assert!(access.may_explain && access.may_assess && access.views.len() == 1);
    }
}

#[tokio::test]
async fn a_dataset_is_shown_by_the_same_policies_as_tables() {
    let everything = "SELECT * FROM office_counts";
    let platform = with_counts("");
    let analyst = Reader {
        platform: &platform,
        person: person("Ana", "analyst", Grade::General4),
        purpose: "risk-analysis",
    };
    assert_eq!(
        analyst.lines(everything).await,
        ["4700 3", "4701 5", "4702 8"],
        "a column above the clearance is not there"
    );
    let told = analyst.lines("SELECT dataset_name, owner FROM information_schema.datasets").await;
    assert_eq!(told, ["office_counts tests"]);
    let grades =
        "SELECT column_name, grade FROM information_schema.columns WHERE table_name = 'office_counts'";
    assert_eq!(analyst.lines(grades).await, ["declarations general-2", "office_id general-2"]);

    let of_table = |name: &str| {
        format!(
            "SELECT domain, owner, description FROM information_schema.tables WHERE table_name = '{name}'"
        )
    };
    assert_eq!(analyst.lines(&of_table("office_counts")).await, ["declaration tests Counts of each office."]);
    let declaration = analyst.lines(&of_table("declaration")).await;
    assert_eq!(declaration, ["declaration clearance Declarations as lodged, one row for each version."]);
    let id = "SELECT wco_id FROM information_schema.columns WHERE table_name = 'declaration' AND column_name = 'office_id'";
    assert_eq!(analyst.lines(id).await, ["065"]);

    let unnamed = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    let refusal = unnamed.refusal(everything).await;
    assert!(refusal.contains("office_counts"), "{refusal}");
    assert!(unnamed.lines("SELECT * FROM information_schema.datasets").await.is_empty());

    let platform = with_counts("office_counts = \"office_id = principal.office\"");
    let own = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    assert_eq!(own.lines(everything).await, ["4700 3"]);
    assert_eq!(own.lines("SELECT count(*), max(declarations) FROM office_counts").await, ["1 3"]);

    let platform = with_counts("office_counts = \"bureau = principal.office\"");
    let broken = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    let refusal = broken.refusal(everything).await;
    assert!(refusal.contains("office_counts"), "a condition that no longer fits shows nothing: {refusal}");
    assert_eq!(broken.lines("SELECT count(*) FROM declaration").await, ["12"], "and hides nothing else");
}

#[tokio::test]
async fn what_follows_from_hidden_rows_and_columns_of_a_dataset_is_not_told() {
    let told = "SELECT version, row_count, failed_checks FROM information_schema.datasets";
    let platform = with_counts("office_counts = \"office_id = principal.office\"");
    let analyst = Reader {
        platform: &platform,
        person: person("Ana", "analyst", Grade::General4),
        purpose: "risk-analysis",
    };
    assert_eq!(analyst.lines(told).await, ["1 3 drift declarations: 5.5; fresh declaration: 2026-11-01"]);
    let own = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    assert_eq!(own.lines(told).await, ["1 - -"], "rows of other offices");
}
