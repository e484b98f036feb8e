//! Known ways of learning more than is shown that need files: their statistics, their paths, their older versions, and
//! columns that a table has and its definition has not.

use crate::country::{Reader, batch, governance, lines, officer, person, tables, with_rules};
use crate::plans::{counts_in, tells_of_what_is_below};
use crate::stored::{StoredCountry, stored};
use chrono::DateTime;
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::{MemTable, TableProvider};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_query::policy::{Policy, PolicyFiles};
use tidegate_query::{Catalog, Classification, Engine, Person, Platform, Principal};
use tidegate_records::category::Category;
use tidegate_records::table::Grade;

/// An officer of an office, to whom the rows of the other offices are hidden.
fn of_office<'a>(platform: &'a Platform, office: &str) -> Reader<'a> {
    Reader {
        platform,
        person: Person { office: Some(office.to_owned()), ..officer() },
        purpose: "inspection",
    }
}

/// A supervisor, to whom everything is shown.
fn of_all(platform: &Platform) -> Reader<'_> {
    Reader { platform, person: person("Vi", "supervisor", Grade::Core), purpose: "supervision" }
}

#[tokio::test]
async fn predicate_order_cannot_divide_by_a_hidden_zero_in_a_file() {
    let files = stored().await;
    let platform = files.open(&Policy::shipped_files()).await;
    let reader = of_office(&platform, "4700");
    let sql = "SELECT count(*) FROM declaration WHERE 4 / goods_item_count = 2";
    assert_eq!(reader.lines(sql).await, ["12"]);
    let sql = "SELECT sum(CAST(trader_reference AS INT)) FROM declaration WHERE month >= '2026-01'";
    assert_eq!(reader.lines(sql).await, ["210"]);
    // The same is an error where the rows are shown.
    let refusal =
        of_all(&platform).refusal("SELECT count(*) FROM declaration WHERE 4 / goods_item_count = 2").await;
    assert!(refusal.starts_with("a condition cannot be computed for every row"), "{refusal}");
}

#[tokio::test]
async fn counts_and_extremes_come_from_shown_rows_and_not_from_statistics() {
    let files = stored().await;
    let platform = files.open(&Policy::shipped_files()).await;
    let (part, whole) = (of_office(&platform, "4701"), of_all(&platform));
    let counts = "SELECT count(*), count(importer_id), min(office_id), max(office_id) FROM declaration";
    assert_eq!(part.lines(counts).await, ["12 10 4701 4701"]);
    assert_eq!(whole.lines(counts).await, ["36 31 4700 leak:4702"]);
    let moments = "SELECT min(accepted_at), max(accepted_at) FROM declaration";
    let shown = part.lines(moments).await;
    assert!(shown[0].contains("2026-01-01T08:00") && shown[0].contains("2026-02-26T05:00"), "{shown:?}");
    let shown = whole.lines(moments).await;
    assert!(shown[0].contains("2026-01-01T00:00") && shown[0].contains("2026-02-28T07:00"), "{shown:?}");
    let limited = "SELECT count(*) FROM (SELECT 1 FROM declaration LIMIT 20)";
    assert_eq!(part.lines(limited).await, ["12"]);
    let months = "SELECT count(*) FROM declaration WHERE month = '2026-01' AND office_id = '4700'";
    assert_eq!(part.lines(months).await, ["0"], "files of another office");
}

/// Rows of the own office, and plans.
const WITH_PLANS: &str = r#"
    @id("rows") @filter("own-office")
    permit (principal, action == Action::"rows", resource in Domain::"declaration");
    @id("columns") permit (principal, action == Action::"read", resource);
    @id("plans") permit (principal, action == Action::"explain", resource);"#;

#[tokio::test]
async fn plans_over_files_show_no_path_and_no_statistics() {
    let files = stored().await;
    let platform = files.open(&with_rules(WITH_PLANS)).await;
    let reader = of_office(&platform, "4700");
    let folder = files.folder().file_name().unwrap().to_string_lossy().into_owned();
    for how in ["EXPLAIN", "EXPLAIN VERBOSE", "EXPLAIN ANALYZE", "EXPLAIN ANALYZE VERBOSE"] {
        for query in [
            "SELECT * FROM declaration WHERE invoice_amount > 1",
            "SELECT max(office_id), count(*) FROM declaration WHERE month = '2026-01' AND 4 / goods_item_count = 2",
        ] {
            let plan = reader.lines(&format!("{how} {query}")).await.join("\n");
            assert!(plan.contains("GovernedScan: table=declaration"), "{plan}");
            assert_eq!(tells_of_what_is_below(&plan), None, "{plan}");
            assert!(!plan.contains(&folder) && !plan.contains("leak:"), "{plan}");
            assert!(counts_in(&plan).iter().all(|count| *count <= 12), "more rows than are shown: {plan}");
        }
    }
    let setting = reader.refusal("SET datafusion.explain.show_statistics = true").await;
    assert!(setting.contains("a setting"), "{setting}");
}

/// The same, and all rows without parties to those who research.
const MASKED: &str = r#"
    @id("all") permit (principal, action == Action::"rows", resource) when { context.purpose == "research" };
    @id("own") @filter("own-office")
    permit (principal, action == Action::"rows", resource) when { context.purpose == "inspection" };
    @id("columns") permit (principal, action == Action::"read", resource)
    when { !(resource in Category::"party") };
    @id("parties") @mask("pseudonym") permit (principal, action == Action::"read", resource in Category::"party");
    @id("plans") permit (principal, action == Action::"explain", resource);"#;

#[tokio::test]
async fn joins_know_how_many_rows_there_are_where_none_is_hidden() {
    let files = stored().await;
    let platform = files.open(&with_rules(MASKED)).await;
    let join = "SELECT d.importer_id FROM goods_item i JOIN declaration d USING (month, declaration_id, version_number)";
    // The first table below a join is held in memory: the smaller one, or the first where the sizes are nobody's to know.
    for (purpose, holds_declarations) in [("research", true), ("inspection", false)] {
        let reader = Reader { purpose, ..of_office(&platform, "4700") };
        let plan = reader.lines(&format!("EXPLAIN {join}")).await.join("\n");
        let (_, below) = plan.split_once("HashJoinExec").unwrap();
        let is_table = |line: &&str| line.contains("GovernedScan") || line.contains("DataSourceExec");
        let first = below.lines().find(is_table).unwrap();
        assert_eq!(first.contains("table=declaration"), holds_declarations, "{plan}");
    }
}

#[tokio::test]
async fn no_function_tells_of_files() {
    let files = stored().await;
    let platform = files.open(&Policy::shipped_files()).await;
    for reader in [of_office(&platform, "4700"), of_all(&platform)] {
        for function in ["input_file_name()", "file_row_index()"] {
            let refusal = reader.refusal(&format!("SELECT {function} FROM declaration")).await;
            assert!(refusal.contains("Invalid function"), "{refusal}");
        }
    }
}

#[tokio::test]
async fn errors_of_files_are_not_told() {
    let files = stored().await;
    let platform = files.open(&Policy::shipped_files()).await;
    for file in files.data_files("declaration", "") {
        std::fs::remove_file(file).unwrap();
    }
    for reader in [of_office(&platform, "4700"), of_all(&platform)] {
        let refusal = reader.refusal("SELECT max(invoice_amount) FROM declaration").await;
        assert!(refusal.contains("the query failed inside the platform"), "{refusal}");
        assert!(!refusal.contains("month=") && !refusal.contains("parquet"), "{refusal}");
    }
}

#[tokio::test]
async fn time_travel_reaches_no_row_that_is_gone() {
    let files = stored().await;
    let erased = files.lake.erase("declaration", "declaration_id = 'D00'").await.unwrap();
    assert_eq!(erased.rows, 1);
    let snapshot = files.lake.record_snapshot(DateTime::UNIX_EPOCH, [&erased]).await.unwrap();
    let policy = Policy::shipped_files();
    let platform = files.open_at(&snapshot, Catalog::default(), &policy).await;
    let reader = of_office(&platform, "4700");
    let before = files.snapshot.tables["declaration"];
    assert_eq!(reader.lines("SELECT count(*) FROM declaration").await, ["11"]);
    for sql in [
        format!("SELECT count(*) FROM declaration VERSION AS OF {before}"),
        format!("SELECT count(*) FROM declaration FOR VERSION AS OF {before}"),
        format!("SELECT count(*) FROM declaration FOR SYSTEM_VERSION AS OF {before}"),
        "SELECT count(*) FROM declaration TIMESTAMP AS OF '2026-01-01'".to_owned(),
        "SELECT count(*) FROM declaration FOR SYSTEM_TIME AS OF '2026-01-01'".to_owned(),
        format!("SELECT count(*) FROM declaration AT (VERSION => {before})"),
        format!("SELECT count(*) FROM declaration@v{before}"),
        format!("SELECT count(*) FROM \"declaration@v{before}\""),
        format!("SELECT * FROM table_changes('declaration', {before})"),
        "DESCRIBE HISTORY declaration".to_owned(),
        "SHOW SNAPSHOTS".to_owned(),
        format!("RESTORE TABLE declaration TO VERSION AS OF {before}"),
        format!("SELECT * FROM '{}/declaration'", files.folder().display()),
        format!("SELECT * FROM \"{}\"", files.data_files("declaration", "")[0].display()),
    ] {
        reader.refusal(&sql).await;
    }
    assert_eq!(reader.lines("SELECT count(*) FROM declaration").await, ["11"]);
}

#[tokio::test]
async fn there_is_no_change_data_feed() {
    let files = stored().await;
    files.lake.erase("declaration", "office_id = '4700'").await.unwrap();
    let log = files.folder().join("declaration/_delta_log");
    let mut entries = 0;
    for entry in std::fs::read_dir(log).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(!text.contains("enableChangeDataFeed") && !text.contains("_change_data"), "{text}");
            entries += 1;
        }
    }
    assert!(entries > 3, "{entries} commits");
    assert!(!files.folder().join("declaration/_change_data").exists());
}

/// The declarations as a table that begins with a column which the definition has not, and lacks one that it has gained.
fn changed() -> Arc<dyn TableProvider> {
    let stored = tables();
    let (table, rows) = &stored["declaration"];
    let rows = batch(table, rows);
    let phones = StringArray::from_iter_values((0..rows.num_rows()).map(|i| format!("021-{i}")));
    let mut fields = vec![Field::new("importer_phone", DataType::Utf8, true)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(phones)];
    for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
        if field.name() != "trader_reference" {
            fields.push(field.as_ref().clone());
            columns.push(Arc::clone(column));
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let rows = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
    Arc::new(MemTable::try_new(schema, vec![vec![rows]]).unwrap())
}

#[tokio::test]
async fn columns_that_the_definition_dropped_are_not_there() {
    let open = |policy: &PolicyFiles| {
        let tables = BTreeMap::from([("declaration", changed())]);
        Platform::over(tables, Engine::default(), Some(governance(policy))).unwrap()
    };
    let everything = r#"
        @id("rows") permit (principal, action == Action::"rows", resource);
        @id("columns") permit (principal, action == Action::"read", resource);"#;
    for (platform, rows) in [(open(&with_rules(everything)), "36"), (open(&Policy::shipped_files()), "12")] {
        let reader = of_office(&platform, "4700");
        let refusal = reader.refusal("SELECT importer_phone FROM declaration").await;
        assert!(refusal.contains("there is no column"), "{refusal}");
        let whole = reader.ask("SELECT * FROM declaration").await.unwrap();
        assert!(whole[0].schema().index_of("importer_phone").is_err());
        // Columns are known by their names: none takes the place of the one that is not shown.
        let sql = "SELECT count(*), count(trader_reference), max(left(declaration_id, 1)), min(left(office_id, 2)) \
                   FROM declaration";
        assert_eq!(reader.lines(sql).await, [format!("{rows} 0 D 47")]);
    }
}

#[tokio::test]
async fn another_policy_or_another_grade_holds_over_the_same_files_at_once() {
    let files = stored().await;
    let sql = "SELECT count(*), count(importer_id) FROM declaration";
    let shipped = files.shared(&Policy::shipped_files());
    assert_eq!(of_office(&shipped, "4700").lines(sql).await, ["12 10"]);

    let mut without_parties = Policy::shipped_files();
    let never =
        r#"@id("never") forbid (principal, action == Action::"read", resource in Category::"party");"#;
    without_parties.get_mut("access.cedar").unwrap().push_str(never);
    let without_parties = files.shared(&without_parties);
    let refusal = of_office(&without_parties, "4700").refusal(sql).await;
    assert!(refusal.contains("there is no column"), "{refusal}");
    assert_eq!(of_office(&shipped, "4700").lines(sql).await, ["12 10"], "the older policy, while it stands");
    let nothing = files.shared(&with_rules(""));
    let refusal = of_office(&nothing, "4700").refusal(sql).await;
    assert!(refusal.contains("declaration") && refusal.contains("not found"), "{refusal}");

    let important = Classification { grade: Grade::Important, category: Category::Consignment };
    let column = ("declaration".to_owned(), "office_id".to_owned());
    let graded = Catalog { classified: [(column, important)].into(), ..Catalog::default() };
    let graded = files.open_at(&files.snapshot, graded, &Policy::shipped_files()).await;
    let reader = of_office(&graded, "4700");
    reader.refusal("SELECT office_id FROM declaration").await;
    assert_eq!(reader.lines(sql).await, ["12 10"], "the filter still reads it, as the policy");
}

#[tokio::test]
async fn conditions_without_columns_meet_no_hidden_row() {
    let files: StoredCountry = stored().await;
    let platform = files.open(&Policy::shipped_files()).await;
    let reader = of_office(&platform, "4700");
    for (condition, rows) in [("random() >= 0", "12"), ("random() < 0", "0"), ("NULL", "0"), ("1 = 1", "12")]
    {
        let sql = format!("SELECT count(*) FROM declaration WHERE {condition}");
        assert_eq!(reader.lines(&sql).await, [rows], "{condition}");
    }
    let owner = platform.plan_for(&Principal::LocalOwner, "a test", "SELECT count(*) FROM declaration").await;
    assert_eq!(lines(&owner.unwrap().collect().await.unwrap()), ["36"]);
}
