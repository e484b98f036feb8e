//! Names of tables with their schema and catalog: the one catalog is called like the purpose, and no other is there.

use crate::country::{Reader, lines, officer, person, platform};
use tidegate_query::policy::Policy;
use tidegate_query::{Platform, Principal};
use tidegate_records::table::Grade;

fn shipped() -> Platform {
    platform(&Policy::shipped_files())
}

fn analyst(platform: &Platform) -> Reader<'_> {
    Reader { platform, person: person("Ana", "analyst", Grade::General4), purpose: "risk-analysis" }
}

/// What the local owner reads.
async fn owned(platform: &Platform, sql: &str) -> Vec<String> {
    let plan = platform.plan_for(&Principal::LocalOwner, "a test", sql).await.unwrap();
    lines(&plan.collect().await.unwrap())
}

#[tokio::test]
async fn a_full_name_stands_for_the_same_table() {
    let platform = shipped();
    let reader = analyst(&platform);
    for full in [
        r#"SELECT count(*) FROM "risk-analysis".public.declaration"#,
        // As tools write it that put names together from what the catalog tells.
        r#"SELECT "d"."office_id", COUNT(DISTINCT "d"."declaration_id") FROM "risk-analysis"."public"."declaration" "d"
           JOIN "risk-analysis"."public"."goods_item" "i" ON "d"."declaration_id" = "i"."declaration_id"
           WHERE "d"."month" = '2026-01' GROUP BY "d"."office_id" ORDER BY 1"#,
        r#"SELECT "risk-analysis".public.declaration.office_id, max(declaration.invoice_amount)
           FROM "risk-analysis".public.declaration WHERE declaration.month = '2026-01'
           GROUP BY "risk-analysis".public.declaration.office_id"#,
        r#"SELECT commodity_description FROM "risk-analysis".public.declaration_item WHERE office_id = '4700'"#,
        r#"SELECT declaration_id FROM declaration WHERE EXISTS (SELECT 1 FROM "risk-analysis".public.decision
           WHERE decision.declaration_id = declaration.declaration_id AND decision.office_id = '4701')"#,
        r#"SELECT column_name FROM "risk-analysis".information_schema.columns WHERE table_name = 'decision'"#,
        r#"SELECT relname FROM "risk-analysis".pg_catalog.pg_class"#,
        r#"DESCRIBE "risk-analysis".public.decision"#,
        r#"SHOW COLUMNS FROM "risk-analysis".public.decision"#,
    ] {
        let bare = full.replace(r#""risk-analysis"."public"."#, "").replace(r#""risk-analysis".public."#, "");
        let bare = bare.replace(r#""risk-analysis"."#, "");
        let told = reader.lines(full).await;
        assert!(!told.is_empty(), "{full}");
        assert_eq!(told, reader.lines(&bare).await, "{full}");
    }
    // A purpose may be called like a table; rows are those of the office.
    let officer = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    assert_eq!(officer.lines("SELECT count(*) FROM inspection.public.declaration").await, ["12"]);
    let own = officer.lines("SELECT count(*) FROM inspection").await;
    assert_eq!(officer.lines("SELECT count(*) FROM inspection.public.inspection").await, own);
    assert_eq!(owned(&platform, "SELECT count(*) FROM tidegate.public.declaration").await, ["36"]);
}

#[tokio::test]
async fn another_catalog_is_refused_like_a_table_that_is_not_there() {
    let platform = shipped();
    let reader = analyst(&platform);
    for statement in [
        "SELECT count(*) FROM {}",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM {})",
        "DESCRIBE {}",
        "SHOW COLUMNS FROM {}",
    ] {
        let told = async |name: &str| reader.refusal(&statement.replace("{}", name)).await;
        let absent = told("no_such_name").await;
        assert!(absent.contains("'risk-analysis.public.no_such_name' not found"), "{absent}");
        for other in [
            "datafusion.public.declaration",
            "tidegate.public.declaration",
            "inspection.public.declaration",
            r#""own-data".public.declaration"#,
            r#""Risk-Analysis".public.declaration"#,
            "datafusion.information_schema.tables",
            "inspection.pg_catalog.pg_class",
        ] {
            let expected = absent.replace("risk-analysis.public.no_such_name", &other.replace('"', ""));
            assert_eq!(told(other).await, expected, "{statement}");
        }
    }
    for other in ["datafusion.public.declaration", r#""risk-analysis".public.declaration"#] {
        let sql = format!("SELECT count(*) FROM {other}");
        let planned = platform.plan_for(&Principal::LocalOwner, "a test", &sql).await;
        let refusal = planned.err().unwrap().to_string();
        assert!(refusal.contains("not found"), "the owner has no other catalog either: {refusal}");
    }
}

#[tokio::test]
async fn whatever_tells_of_the_catalog_calls_it_like_the_purpose() {
    let platform = shipped();
    let sql = "SELECT table_catalog AS name FROM information_schema.tables \
               UNION SELECT table_catalog FROM information_schema.columns \
               UNION SELECT catalog_name FROM information_schema.schemata";
    let to_clients =
        format!("{sql} UNION SELECT current_database() UNION SELECT datname FROM pg_catalog.pg_database");
    assert_eq!(analyst(&platform).lines(&to_clients).await, ["risk-analysis"]);
    let officer = Reader { platform: &platform, person: officer(), purpose: "inspection" };
    assert_eq!(officer.lines(&to_clients).await, ["inspection"]);
    assert_eq!(owned(&platform, sql).await, ["tidegate"], "whose door is the same for every purpose");
}
