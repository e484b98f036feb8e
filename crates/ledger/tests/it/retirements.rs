//! Datasets that are retired and restored.

use sqlx::AssertSqlSafe;
use tidegate_ledger::{Act, AuditEvent, AuditFilter, LedgerError, Retirement};

use crate::support::{Place, act, later, now};

#[tokio::test]
async fn a_dataset_is_retired_until_it_is_restored_and_both_are_told() {
    let place = Place::new();
    let ledger = place.open().await;
    let before = ledger.catalog_version().await.unwrap();
    ledger.retire_dataset("rates", &act()).await.unwrap();
    let retired = Retirement {
        dataset: "rates".to_owned(),
        reason: act().reason,
        retired_by: act().by,
        retired_at: now(),
    };
    assert_eq!(ledger.retired_datasets().await.unwrap(), [retired]);
    let again = ledger.retire_dataset("rates", &act()).await.unwrap_err();
    assert_eq!(again.to_string(), "the dataset rates is already retired");
    let retired = ledger.catalog_version().await.unwrap();
    assert!(retired > before, "readers are told of other tables from now on");

    let end = Act { at: later(), ..act() };
    ledger.restore_dataset("rates", &end).await.unwrap();
    assert!(ledger.retired_datasets().await.unwrap().is_empty());
    assert!(ledger.catalog_version().await.unwrap() > retired);
    let again = ledger.restore_dataset("rates", &end).await.unwrap_err();
    assert_eq!(again.to_string(), "the ledger holds no retired dataset rates");
    ledger.retire_dataset("rates", &end).await.unwrap();
    assert_eq!(ledger.retired_datasets().await.unwrap()[0].retired_at, later(), "it can be retired anew");

    let nameless = ledger.retire_dataset(" ", &act()).await;
    assert!(matches!(nameless, Err(LedgerError::Invalid { .. })), "{nameless:?}");
    let without_reason = Act { reason: String::new(), ..act() };
    for refused in [
        ledger.retire_dataset("times", &without_reason).await,
        ledger.restore_dataset("rates", &without_reason).await,
    ] {
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
    }
    let filter = AuditFilter { event: Some(AuditEvent::Dataset), ..AuditFilter::default() };
    assert_eq!(ledger.audit_log(&filter, 100).await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_file_keeps_retirements_as_they_are() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.retire_dataset("rates", &act()).await.unwrap();
    ledger.close().await;
    for (sql, refusal) in [
        ("UPDATE dataset_retirements SET reason = 'x'", "restored once"),
        ("DELETE FROM dataset_retirements", "never deleted"),
        ("INSERT OR REPLACE INTO dataset_retirements SELECT * FROM dataset_retirements", "never replaced"),
        (
            "INSERT OR REPLACE INTO dataset_retirements (name, reason, retired_by, retired_at)
             VALUES ('rates', 'x', 1, 1)",
            "never replaced",
        ),
    ] {
        let run = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut place.raw().await).await;
        let error = run.expect_err(sql).to_string();
        assert!(error.contains(refusal), "{sql}: {error}");
    }
}
