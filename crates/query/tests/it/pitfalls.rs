//! Every known way of learning more than is shown, tried: each was seen in this engine or in another.

use crate::country::{Reader, lines, officer, person, platform, with_rules};
use crate::datasets::definition;
use crate::plans::{counts_in, tells_of_what_is_below};
use datafusion::common::ScalarValue;
use tidegate_query::dataset::Definition;
use tidegate_query::policy::Policy;
use tidegate_query::{Bundles, ParamValues, Person, Platform, Principal};
use tidegate_records::table::Grade;
use tidegate_records::tables::{DECLARATION, GOODS_ITEM, INSPECTION};

fn shipped() -> Platform {
    platform(&Policy::shipped_files())
}

/// An officer of office 4700, to whom the rows of the other offices are hidden.
fn of_office(platform: &Platform) -> Reader<'_> {
    Reader { platform, person: officer(), purpose: "inspection" }
}

/// A scientist, who is shown every row and nobody's name.
fn of_research(platform: &Platform) -> Reader<'_> {
    Reader { platform, person: person("Sun", "scientist", Grade::General3), purpose: "research" }
}

#[tokio::test]
async fn predicate_order_cannot_divide_by_a_hidden_zero() {
    let platform = shipped();
    let reader = of_office(&platform);
    // goods_item_count is 0 in hidden rows alone.
    let sql = "SELECT count(*) FROM declaration WHERE 4 / goods_item_count = 2";
    assert_eq!(reader.lines(sql).await, ["12"]);
    let sql = "SELECT count(*) FROM declaration d JOIN goods_item i ON i.declaration_id = d.declaration_id \
               AND 4 / d.goods_item_count = 2";
    assert_eq!(reader.lines(sql).await, ["24"]);
}

#[tokio::test]
async fn each_round_of_a_recursion_reads_what_is_shown() {
    let platform = shipped();
    let reader = of_office(&platform);
    let chain = "WITH RECURSIVE w (id, office, k) AS (SELECT declaration_id, office_id, 1 FROM declaration UNION ALL \
                 SELECT d.declaration_id, d.office_id, w.k + 1 FROM w JOIN declaration d ON d.month >= '' WHERE w.k < 2)";
    assert_eq!(
        reader.lines(&format!("{chain} SELECT k, count(*) FROM w GROUP BY k ORDER BY k")).await,
        ["1 12", "2 144"]
    );
    assert_eq!(reader.lines(&format!("{chain} SELECT DISTINCT office FROM w")).await, ["4700"]);
    // goods_item_count is 0 in hidden rows alone.
    let divided = "WITH RECURSIVE w (k, n) AS (SELECT 1, 0 UNION ALL SELECT w.k + 1, 4 / d.goods_item_count FROM w \
                   JOIN declaration d ON 4 / d.goods_item_count = 2 WHERE w.k < 2) SELECT count(*) FROM w";
    assert_eq!(reader.lines(divided).await, ["13"]);
    // Columns of which other things are noted, in the same place.
    let mixed = "WITH RECURSIVE w (t, k) AS (SELECT office_id, 1 FROM declaration UNION SELECT d.month, w.k + 1 FROM w \
                 JOIN declaration d ON d.office_id = w.t) SELECT count(*) FROM w WHERE k = 2";
    let months = reader.lines("SELECT count(DISTINCT month) FROM declaration").await;
    assert_eq!(reader.lines(mixed).await, months);
    // A recursion may be called like a table, and is not that table.
    let named = "WITH RECURSIVE quarantine (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM quarantine WHERE k < 3) \
                 SELECT max(k) FROM quarantine";
    assert_eq!(reader.lines(named).await, ["3"]);
}

#[tokio::test]
async fn error_texts_hold_no_hidden_value() {
    let platform = shipped();
    let reader = of_office(&platform);
    // trader_reference is a number in shown rows, and `leak:…` in hidden ones.
    let sql = "SELECT count(*) FROM declaration WHERE CASE WHEN invoice_amount > 100 THEN \
               CAST(concat('', trader_reference) AS INT) ELSE 0 END = 0";
    assert_eq!(reader.lines(sql).await, ["1"]);
    assert_eq!(reader.lines("SELECT sum(CAST(trader_reference AS INT)) FROM declaration").await, ["210"]);
}

#[tokio::test]
async fn a_computation_that_fails_on_a_shown_value_says_why() {
    let platform = shipped();
    let reader = of_office(&platform);
    // goods_item_count is 2 in shown rows.
    let refusal = reader.refusal("SELECT factorial(1 - goods_item_count) FROM declaration").await;
    assert!(refusal.contains("factorial of a negative number"), "{refusal}");
    let refusal = reader.refusal("SELECT 1 / (goods_item_count - 2) FROM declaration").await;
    assert!(refusal.contains("ivide by zero"), "{refusal}");
}

#[tokio::test]
async fn masked_columns_are_masked_before_they_are_compared() {
    let platform = shipped();
    let reader = of_research(&platform);
    let guess = "SELECT count(*) FROM declaration WHERE importer_id = '91310000MA1FL0X02'";
    assert_eq!(reader.lines(guess).await, ["0"]);
    let pattern = "SELECT count(*) FROM declaration WHERE importer_name LIKE 'Importer%'";
    assert_eq!(reader.lines(pattern).await, ["0"]);
    let order = "SELECT importer_id FROM declaration ORDER BY importer_id NULLS LAST LIMIT 1";
    assert!(reader.lines(order).await[0].starts_with("p_"));
}

#[tokio::test]
async fn pseudonyms_still_join_and_group() {
    let platform = shipped();
    let reader = of_research(&platform);
    let sql = "SELECT count(DISTINCT importer_id), count(importer_id), count(*) FROM declaration";
    assert_eq!(reader.lines(sql).await, ["5 31 36"]);
    let sql = "SELECT count(*) FROM declaration a JOIN declaration b ON a.importer_id = b.importer_id \
               AND a.declaration_id = b.declaration_id";
    assert_eq!(reader.lines(sql).await, ["31"]);
}

#[tokio::test]
async fn masks_keep_the_type_of_the_column() {
    let platform = shipped();
    let steward = Reader {
        platform: &platform,
        person: person("St", "steward", Grade::General3),
        purpose: "data-quality",
    };
    for table in [&DECLARATION, &GOODS_ITEM, &INSPECTION] {
        let batches = steward.ask(&format!("SELECT * FROM {}", table.name)).await.unwrap();
        let (shown, stored) = (batches[0].schema(), table.schema());
        assert!(shown.fields().len() > 3, "{shown:?}");
        for field in shown.fields() {
            let stored = stored.field_with_name(field.name()).unwrap();
            assert_eq!(field.data_type(), stored.data_type(), "{} {}", table.name, field.name());
        }
    }
}

#[tokio::test]
async fn plans_are_not_shown() {
    let platform = shipped();
    let reader = of_office(&platform);
    for sql in [
        "EXPLAIN SELECT * FROM declaration",
        "EXPLAIN ANALYZE SELECT * FROM declaration",
        "EXPLAIN VERBOSE SELECT count(*) FROM declaration",
    ] {
        let refusal = reader.refusal(sql).await;
        assert!(refusal.contains("a plan, which tells of rows and files"), "{refusal}");
    }
}

#[tokio::test]
async fn plans_that_may_be_shown_do_not_show_what_is_below_a_policy() {
    let rules = r#"
        @id("rows") @filter("own-office")
        permit (principal, action == Action::"rows", resource in Domain::"declaration");
        @id("columns") permit (principal, action == Action::"read", resource);
        @id("plans") permit (principal, action == Action::"explain", resource);"#;
    let platform = platform(&with_rules(rules));
    let reader = of_office(&platform);
    let plan = reader.lines("EXPLAIN SELECT * FROM declaration WHERE invoice_amount > 1").await.join("\n");
    assert!(plan.contains("GovernedScan: table=declaration"), "{plan}");
    assert!(!plan.contains("4700"), "{plan}");
    assert_eq!(tells_of_what_is_below(&plan), None, "{plan}");
    let plan = reader
        .lines("EXPLAIN ANALYZE SELECT office_id, count(*) FROM declaration GROUP BY office_id")
        .await
        .join("\n");
    let counts = counts_in(&plan);
    assert!(
        !counts.is_empty() && counts.iter().all(|count| *count <= 12),
        "more rows than are shown: {plan}"
    );
}

#[tokio::test]
async fn statements_that_do_something_else_are_refused() {
    let platform = shipped();
    let reader = of_office(&platform);
    for (sql, what) in [
        ("SET datafusion.explain.show_statistics = true", "a setting"),
        ("COPY (SELECT * FROM declaration) TO '/tmp/leak.csv'", "a copy"),
        ("COPY declaration TO '/tmp/leak.parquet'", "a copy"),
        ("CREATE TABLE mine AS SELECT * FROM declaration", "a change of tables"),
        ("CREATE VIEW mine AS SELECT * FROM declaration", "a change of tables"),
        ("CREATE EXTERNAL TABLE mine STORED AS CSV LOCATION '/etc/passwd'", "a change of tables"),
        ("DROP TABLE declaration", "a change of tables"),
        ("INSERT INTO declaration SELECT * FROM declaration", "a change of rows"),
        ("DELETE FROM declaration", "a change of rows"),
        ("UPDATE declaration SET office_id = '4700'", "a change of rows"),
        ("PREPARE mine AS SELECT * FROM declaration", "a setting, transaction or prepared statement"),
        ("BEGIN", "not implemented"),
    ] {
        let refusal = reader.refusal(sql).await;
        assert!(refusal.contains(what), "{sql}: {refusal}");
    }
}

#[tokio::test]
async fn settings_and_definitions_are_not_told() {
    let platform = shipped();
    let reader = of_office(&platform);
    for sql in [
        "SHOW ALL",
        "SHOW datafusion.execution.batch_size",
        "SELECT * FROM information_schema.df_settings",
        "SELECT * FROM information_schema.views",
        "SELECT * FROM information_schema.routines",
        "SHOW CREATE TABLE declaration_item",
        "SHOW FUNCTIONS",
    ] {
        let refusal = reader.refusal(sql).await;
        assert!(!refusal.contains("4700") && !refusal.contains("office_id ="), "{sql}: {refusal}");
    }
}

#[tokio::test]
async fn catalogs_list_what_is_there_for_the_reader() {
    let platform = shipped();
    let reader = of_office(&platform);
    let tables = reader.lines("SELECT table_name FROM information_schema.tables").await;
    assert!(
        tables.contains(&"declaration".to_owned()) && !tables.contains(&"quarantine".to_owned()),
        "{tables:?}"
    );
    let columns = reader
        .lines("SELECT column_name FROM information_schema.columns WHERE table_name = 'decision'")
        .await;
    assert!(
        columns.contains(&"directive".to_owned()) && !columns.contains(&"draw".to_owned()),
        "{columns:?}"
    );
    let described = reader.lines("DESCRIBE decision").await.join("\n");
    assert!(described.contains("directive") && !described.contains("inclusion_probability"), "{described}");
    assert!(reader.lines("SHOW COLUMNS FROM decision").await.len() == columns.len());
    // The catalog that clients of PostgreSQL ask.
    let relations = reader.lines("SELECT relname FROM pg_catalog.pg_class").await;
    assert!(
        relations.contains(&"decision".to_owned()) && !relations.contains(&"quarantine".to_owned()),
        "{relations:?}"
    );
    let listed = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND NOT rowsecurity";
    assert_eq!(reader.lines(listed).await, tables);
    let of_the_catalog =
        "SELECT tablename FROM pg_catalog.pg_tables WHERE tablename IN ('pg_locks', 'pg_type')";
    assert_eq!(reader.lines(of_the_catalog).await, ["pg_locks", "pg_type"]);
    let steward = Reader {
        platform: &platform,
        person: person("St", "steward", Grade::General3),
        purpose: "data-quality",
    };
    for sql in ["SELECT relname FROM pg_catalog.pg_class", listed] {
        let [of_steward, of_officer] = [steward.lines(sql).await, reader.lines(sql).await];
        assert!(of_steward.contains(&"quarantine".to_owned()), "{sql}: {of_steward:?}");
        assert!(!of_officer.contains(&"quarantine".to_owned()), "{sql}: {of_officer:?}");
    }
    let attributes = reader.lines("SELECT attname FROM pg_catalog.pg_attribute").await;
    assert!(
        attributes.contains(&"directive".to_owned())
            && !attributes.contains(&"inclusion_probability".to_owned()),
        "{attributes:?}"
    );
    let described = reader.lines("SELECT count(*) AS n FROM pg_catalog.pg_description").await;
    let shown = "SELECT (SELECT count(description) FROM information_schema.columns) + \
                 (SELECT count(description) FROM information_schema.tables) AS n";
    assert_eq!(described, reader.lines(shown).await, "of what is hidden nothing is told in words");
}

#[tokio::test]
async fn columns_that_are_not_shown_are_not_there() {
    let platform = shipped();
    let reader = of_office(&platform);
    for sql in [
        "SELECT inclusion_probability FROM decision",
        "SELECT count(*) FROM decision WHERE inclusion_probability > 0.1",
        "SELECT directive FROM decision ORDER BY inclusion_probability",
        "SELECT count(*) FROM declaration JOIN decision USING (declaration_id) GROUP BY draw",
    ] {
        let refusal = reader.refusal(sql).await;
        assert!(refusal.contains("there is no column"), "{sql}: {refusal}");
    }
    let wide = reader.ask("SELECT * FROM decision").await.unwrap();
    assert!(wide[0].schema().index_of("inclusion_probability").is_err());
}

#[tokio::test]
async fn counts_and_extremes_come_from_shown_rows() {
    let platform = shipped();
    let reader = of_office(&platform);
    assert_eq!(reader.lines("SELECT count(*) FROM declaration").await, ["12"]);
    let sql = "SELECT min(office_id), max(office_id), max(declaration_id) FROM declaration";
    assert_eq!(reader.lines(sql).await, ["4700 4700 D33"]);
    assert_eq!(reader.lines("SELECT count(*) FROM goods_item").await, ["24"]);
    assert_eq!(reader.lines("SELECT count(*) FROM (SELECT 1 FROM declaration LIMIT 20)").await, ["12"]);
}

#[tokio::test]
async fn the_same_statement_is_planned_for_each_reader_anew() {
    let platform = shipped();
    let sql = "SELECT count(*) FROM declaration";
    let first = of_office(&platform);
    assert_eq!(first.lines(sql).await, ["12"]);
    let other = Person { office: Some("4701".to_owned()), ..officer() };
    let second = Reader { platform: &platform, person: other, purpose: "inspection" };
    assert_eq!(second.lines("SELECT DISTINCT office_id FROM declaration").await, ["4701"]);
    let nowhere =
        Reader { platform: &platform, person: Person { office: None, ..officer() }, purpose: "inspection" };
    assert_eq!(nowhere.lines(sql).await, ["0"]);
    let injected = Person { office: Some("4700' OR '1'='1".to_owned()), ..officer() };
    let injected = Reader { platform: &platform, person: injected, purpose: "inspection" };
    assert_eq!(injected.lines(sql).await, ["0"]);
    assert!(first.platform.plan_for(&Principal::Person(officer()), " ", sql).await.is_err());
}

#[tokio::test]
async fn plans_of_one_reader_do_not_answer_another() {
    let platform = shipped();
    let sql = "SELECT count(*), min(office_id) FROM declaration WHERE office_id <> $1";
    let of = |office: &str| Principal::Person(Person { office: Some(office.to_owned()), ..officer() });
    let planned = async |office: &str, without: &str| {
        let values = ParamValues::from(vec![ScalarValue::from(without)]);
        platform.plan_with(&of(office), "inspection", sql, &Bundles::new(), Some(values)).await.unwrap()
    };
    // Both are planned before either runs.
    let (first, second) = (planned("4700", "4701").await, planned("4701", "4700").await);
    assert_eq!(lines(&second.collect().await.unwrap()), ["12 4701"]);
    assert_eq!(lines(&first.collect().await.unwrap()), ["12 4700"]);
    let none = planned("4701", "4701").await.collect().await.unwrap();
    assert_eq!(lines(&none), ["0 -"]);
    let described = platform.describe(&of("4700"), "inspection", sql, &Bundles::new()).await.unwrap();
    assert_eq!(described.parameters.len(), 1);
    let without = platform.plan_for(&of("4700"), "inspection", sql).await;
    let answer = match without {
        Ok(plan) => plan.collect().await,
        Err(error) => Err(error),
    };
    assert!(answer.is_err(), "a parameter has no value from the statement before");
}

#[tokio::test]
async fn a_changed_standing_holds_with_the_next_statement() {
    let platform = shipped();
    let read = async |person: Person, purpose: &str, sql: &str| match platform
        .plan_for(&Principal::Person(person), purpose, sql)
        .await
    {
        Ok(plan) => plan.collect().await.map(|rows| lines(&rows)).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let parties = "SELECT count(importer_id) FROM declaration";
    for _ in 0..2 {
        assert_eq!(read(officer(), "inspection", parties).await.unwrap(), ["10"]);
        let lowered = Person { clearance: Grade::General2, ..officer() };
        let refusal = read(lowered, "inspection", parties).await.unwrap_err();
        assert!(refusal.contains("there is no column"), "{refusal}");
        let left = Person { roles: [].into(), ..officer() };
        let refusal = read(left, "inspection", parties).await.unwrap_err();
        assert!(refusal.contains("not found"), "{refusal}");
        let refusal = read(officer(), "research", parties).await.unwrap_err();
        assert!(refusal.contains("not found"), "{refusal}");
        let moved = Person { office: Some("4702".to_owned()), ..officer() };
        assert_eq!(read(moved, "inspection", parties).await.unwrap(), ["0"]);
    }
}

#[tokio::test]
async fn filters_look_into_tables_that_the_reader_may_not_see() {
    // Goods items follow their declarations, of which the reader sees nothing, other rows, or none of the column.
    let items = r#"
        @id("items") @filter("own-office")
        permit (principal, action == Action::"rows", resource == Table::"goods_item");
        @id("columns of items")
        permit (principal, action == Action::"read", resource in Table::"goods_item");"#;
    let others = r#"
        @id("declarations") @filter("own-enterprise")
        permit (principal, action == Action::"rows", resource == Table::"declaration");
        @id("columns of declarations") @mask("empty")
        permit (principal, action == Action::"read", resource in Table::"declaration");"#;
    let both = format!("{items}{others}");
    for (rules, declarations) in [(items, None), (both.as_str(), Some("6 0"))] {
        let platform = platform(&with_rules(rules));
        let trader = Person { enterprise: Some("91310000MA1FL0X02".to_owned()), ..officer() };
        let reader = Reader { platform: &platform, person: trader, purpose: "inspection" };
        let sql = "SELECT count(*), count(DISTINCT declaration_id), min(declaration_id) FROM goods_item";
        assert_eq!(reader.lines(sql).await, ["24 12 D00"]);
        let sql = "SELECT count(*), count(office_id) FROM declaration";
        match declarations {
            Some(shown) => assert_eq!(reader.lines(sql).await, [shown]),
            None => assert!(reader.refusal(sql).await.contains("not found")),
        }
    }
}

#[test]
fn filters_do_not_lead_to_themselves_and_read_no_table() {
    let refusal = |changes: &[(&str, &str)]| {
        let mut files = Policy::shipped_files();
        let filters = files.get_mut("filters.toml").unwrap();
        for (from, to) in changes {
            assert!(filters.contains(from), "{from} is not in {filters}");
            *filters = filters.replacen(from, to, 1);
        }
        Policy::parse(&files).err().map(|error| error.to_string()).unwrap_or_default()
    };
    let own = "declaration = \"office_id = principal.office\"\n";
    let through = "goods_item = \"declaration\"\ndecision_item = \"decision\"\n";
    let circle = "goods_item = \"declaration\"\ndeclaration = \"goods_item\"\n";
    let chain = "goods_item = \"declaration\"\ndecision_item = \"goods_item\"\n";
    for changes in [&[(own, ""), (through, circle)][..], &[(through, chain)]] {
        let refusal = refusal(changes);
        assert!(refusal.contains("goods_item has no condition of its own"), "{refusal}");
    }
    for condition in ["office_id IN (SELECT office_id FROM decision)", "EXISTS (SELECT 1)"] {
        let refusal = refusal(&[(own, &format!("declaration = \"{condition}\"\n"))]);
        assert!(refusal.contains("filter `own-office` for declaration"), "{condition}: {refusal}");
    }
}

#[tokio::test]
async fn small_groups_are_left_out_of_what_has_a_lower_grade() {
    let platform = shipped();
    let lowered = "-- [lowered]\n-- grade = \"general-1\"\n-- count = \"n\"\n-- at_least = 3\n";
    let sql = "SELECT invoice_amount < 200 AS is_small, count(DISTINCT importer_id) AS n FROM declaration GROUP BY 1";
    let columns = ["is_small", "n"];
    let made = async |more: &str| {
        let statement = definition(more, &columns, sql).statement(None);
        let plan = platform.plan_for(&Principal::LocalOwner, "a test", &statement).await.unwrap();
        lines(&plan.collect().await.unwrap())
    };
    assert_eq!(made("").await, ["false 5", "true 2"]);
    assert_eq!(made(lowered).await, ["false 5"]);
    let grades = async |definition: Definition| {
        let derived = platform.derive(&definition).await.unwrap();
        derived.columns.iter().map(|column| column.grade).collect::<Vec<_>>()
    };
    let by_month = "SELECT month, invoice_amount < 200 AS is_small, count(DISTINCT importer_id) AS n FROM declaration \
                    GROUP BY 1, 2";
    let by_month =
        definition(&format!("-- increment = \"month\"\n{lowered}"), &["month", "is_small", "n"], by_month);
    assert_eq!(grades(by_month).await, [Grade::General1, Grade::General1, Grade::General3]);
    assert_eq!(
        grades(definition("", &columns, sql)).await,
        [Grade::General3; 2],
        "without the rule it is graded like what it comes from"
    );
}

#[tokio::test]
async fn tables_that_are_files_or_functions_are_not_there() {
    let platform = shipped();
    let reader = of_office(&platform);
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM generate_series(1, 3)",
        "SELECT * FROM parquet_metadata('declaration')",
        "SELECT pseudonym('91310000MA1FL0X02')",
    ] {
        reader.refusal(sql).await;
    }
}

#[tokio::test]
async fn what_is_forbidden_is_not_there_whoever_permits_it() {
    let rules = r#"
        @id("rows") permit (principal, action == Action::"rows", resource);
        @id("columns") permit (principal, action == Action::"read", resource);
        @id("never") forbid (principal, action == Action::"read", resource in Category::"method");"#;
    let platform = platform(&with_rules(rules));
    let reader = of_office(&platform);
    assert_eq!(reader.lines("SELECT count(*) FROM decision").await, ["36"]);
    reader.refusal("SELECT draw FROM decision").await;
}

#[tokio::test]
async fn a_policy_that_fails_shows_nothing() {
    // `office` is optional; a policy must ask whether it is there. Cedar's validator refuses this one.
    let rules = r#"@id("rows") permit (principal, action == Action::"rows", resource) when { principal.office == "4700" };"#;
    let error = Policy::parse(&with_rules(rules)).err().unwrap().to_string();
    assert!(error.contains("office"), "{error}");
}

#[tokio::test]
async fn an_answer_has_limits() {
    let platform = shipped();
    let reader = of_office(&platform);
    let sql = "SELECT a.declaration_id FROM goods_item a CROSS JOIN goods_item b CROSS JOIN goods_item c";
    let refusal = reader.refusal(sql).await;
    assert!(refusal.contains("10000 rows"), "{refusal}");
    let principal = Principal::Person(officer());
    let plan = async || platform.plan_for(&principal, "inspection", "SELECT 1").await;
    let (first, second) = (plan().await.unwrap(), plan().await.unwrap());
    let third = plan().await.err().unwrap().to_string();
    assert!(third.contains("queries at once: 2"), "{third}");
    drop((first, second));
    assert!(plan().await.is_ok());
}
