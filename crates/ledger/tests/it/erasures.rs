//! Orders to erase and certificates.

use sqlx::AssertSqlSafe;
use tidegate_ledger::{ErasedRows, Hash256, LedgerError, NewErasure};

use crate::support::{Place, act, later, now};

fn certificate(table: &str, rows: u64, is_made_anew: bool) -> NewErasure {
    NewErasure {
        table: table.to_owned(),
        of: ErasedRows::Subject(Hash256::of(b"whom")),
        rows,
        files: 1,
        bytes: 2,
        lake_version: 3,
        is_made_anew,
        order: None,
    }
}

#[tokio::test]
async fn an_order_is_open_until_it_is_finished() {
    let place = Place::new();
    let ledger = place.open().await;
    let whom = Some(Hash256::of(b"whom"));
    let refused = ledger.begin_erasure(whom, "no JSON", &act()).await;
    assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
    let first = ledger.begin_erasure(whom, "{\"step\":1}", &act()).await.unwrap();
    let second = ledger.begin_erasure(None, "{}", &act()).await.unwrap();
    ledger.plan_erasure(first, "{\"step\":2}").await.unwrap();
    let open = ledger.open_erasures().await.unwrap();
    assert_eq!(open.iter().map(|order| order.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!((open[0].subject, open[0].plan.as_str()), (whom, "{\"step\":2}"));
    assert_eq!((open[0].reason.as_str(), open[0].begun_at), (act().reason.as_str(), now()));
    ledger.finish_erasure(first, later()).await.unwrap();
    assert_eq!(ledger.open_erasures().await.unwrap().len(), 1);
    for again in [ledger.finish_erasure(first, later()).await, ledger.plan_erasure(first, "{}").await] {
        assert!(matches!(again, Err(LedgerError::Already { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn a_certificate_tells_rows_erased_from_a_dataset_made_anew() {
    let place = Place::new();
    let ledger = place.open().await;
    let order = ledger.begin_erasure(None, "{}", &act()).await.unwrap();
    let empty = NewErasure { order: Some(order), ..certificate("quality", 0, true) };
    for new in [&certificate("declaration", 2, false), &empty] {
        ledger.record_erasure(new, &act()).await.unwrap();
    }
    let nothing = ledger.record_erasure(&certificate("declaration", 0, false), &act()).await;
    assert!(nothing.is_err(), "of no row there is no certificate");
    let all = ledger.erasures().await.unwrap();
    assert_eq!(
        all.iter().map(|one| &one.erased).collect::<Vec<_>>(),
        [&certificate("declaration", 2, false), &empty]
    );
    ledger.close().await;
    for (sql, refusal) in [
        ("UPDATE erasures SET rows = 3", "append-only"),
        ("DELETE FROM erasures", "append-only"),
        ("INSERT OR REPLACE INTO erasures SELECT * FROM erasures", "append-only"),
        ("UPDATE erasure_orders SET reason = 'x'", "never changed"),
        ("DELETE FROM erasure_orders", "never deleted"),
        ("INSERT OR REPLACE INTO erasure_orders SELECT * FROM erasure_orders", "never replaced"),
    ] {
        let run = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut place.raw().await).await;
        let error = run.expect_err(sql).to_string();
        assert!(error.contains(refusal), "{sql}: {error}");
    }
}
