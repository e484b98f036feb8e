//! Files are skipped below a policy too, where a condition is safe. The proof: they are removed from disk first, and the reader
//! is one to whom rows are hidden and other columns masked.

use crate::country::{Reader, officer, row, with_rules};
use crate::stored::{append, stored};
use chrono::DateTime;
use tidegate_query::policy::PolicyFiles;
use tidegate_query::{Catalog, Person, Platform};
use tidegate_records::tables::DECLARATION;

/// Rows of the own office or all of them, and parties masked.
fn policy(filter: &str) -> PolicyFiles {
    with_rules(&format!(
        r#"
        @id("rows") {filter} permit (principal, action == Action::"rows", resource in Domain::"declaration");
        @id("columns") permit (principal, action == Action::"read", resource)
        when {{ !(resource in Category::"party") }};
        @id("parties") @mask("pseudonym")
        permit (principal, action == Action::"read", resource in Category::"party");"#
    ))
}

const OWN_OFFICE: &str = r#"@filter("own-office")"#;

fn reader<'a>(platform: &'a Platform, office: &str) -> Reader<'a> {
    Reader {
        platform,
        person: Person { office: Some(office.to_owned()), ..officer() },
        purpose: "inspection",
    }
}

#[tokio::test]
async fn files_of_other_months_are_not_opened_below_a_policy() {
    let files = stored().await;
    let platform = files.open(&policy(OWN_OFFICE)).await;
    let reader = reader(&platform, "4700");
    let gone = files.data_files("declaration", "month=2026-01");
    assert!(gone.len() > 1, "{gone:?}");
    for file in gone {
        std::fs::remove_file(file).unwrap();
    }
    for (condition, rows) in [
        ("month = '2026-02'", 6),
        ("month > '2026-01'", 6),
        ("month IN ('2026-02', '2026-03')", 6),
        ("month BETWEEN '2026-02' AND '2026-03' AND declaration_id < 'D10'", 2),
        // What is not safe runs above, and does not hinder what is.
        ("month = '2026-02' AND 4 / goods_item_count = 2", 6),
        ("month = '2026-02' AND importer_id LIKE 'p_%'", 5),
    ] {
        let sql = format!("SELECT count(*) FROM declaration WHERE {condition}");
        assert_eq!(reader.lines(&sql).await, [rows.to_string()], "{condition}");
    }
    for condition in ["true", "substr(month, 1, 7) = '2026-02'", "importer_id = 'p_0'"] {
        let refusal = reader.refusal(&format!("SELECT count(*) FROM declaration WHERE {condition}")).await;
        assert!(refusal.contains("inside the platform"), "all files are read for {condition}: {refusal}");
    }
}

#[tokio::test]
async fn files_outside_the_statistics_are_not_opened_below_a_policy() {
    let files = stored().await;
    let gone = files.data_files("declaration", "");
    let later = |id: &'static str| {
        row(&[
            ("month", "2026-02"),
            ("declaration_id", id),
            ("version_number", "1"),
            ("office_id", "9999"),
            ("importer_id", "91310000MA1FL0X02"),
            ("invoice_amount", "7.5"),
        ])
    };
    let version = append(&files.lake, &DECLARATION, &[later("D98"), later("D99")]).await;
    let versions = [("declaration".to_owned(), version)];
    let snapshot = files.lake.record_snapshot(DateTime::UNIX_EPOCH, versions).await.unwrap();
    for file in gone {
        std::fs::remove_file(file).unwrap();
    }
    let count = "SELECT count(*), min(left(importer_id, 2)) FROM declaration";
    let by_reader = files.open_at(&snapshot, Catalog::default(), &policy("")).await;
    let by_reader = reader(&by_reader, "4700");
    for condition in ["office_id = '9999'", "'9000' <= office_id AND office_id < 'a' AND invoice_amount > 7"]
    {
        assert_eq!(by_reader.lines(&format!("{count} WHERE {condition}")).await, ["2 p_"], "{condition}");
    }
    for condition in ["substr(office_id, 1, 4) = '9999'", "importer_id = '91310000MA1FL0X02'"] {
        let refusal = by_reader.refusal(&format!("{count} WHERE {condition}")).await;
        assert!(refusal.contains("inside the platform"), "all files are read for {condition}: {refusal}");
    }
    // The policy's own condition skips them as well.
    let by_policy = files.open_at(&snapshot, Catalog::default(), &policy(OWN_OFFICE)).await;
    assert_eq!(reader(&by_policy, "9999").lines(count).await, ["2 p_"]);
}
