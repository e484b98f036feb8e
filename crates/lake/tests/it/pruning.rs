//! Files that cannot hold an answer are not opened. The proof: they are removed from disk first.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, TimeUnit};
use datafusion::prelude::{Expr, SessionContext, col, lit};
use tidegate_lake::{Scan, SnapshotWanted, TableSpec};

use crate::fixture::{TABLE, batch, expected, lake, spec, time};

#[tokio::test]
async fn files_of_other_months_are_not_opened() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..2_500)], None).await.unwrap();
    let snapshot = test.pin(time("2026-06-01T00:00:00Z")).await;
    for file in test.data_files() {
        if !file.to_string_lossy().contains("month=2026-02") {
            std::fs::remove_file(file).unwrap();
        }
    }
    let february = 31 * 24..(31 + 28) * 24;
    let by_month = Scan { months: Some(vec!["2026-02".to_owned()]), ..Scan::default() };
    assert_eq!(test.rows_at(&snapshot, by_month).await, expected(february.clone()));

    let session = SessionContext::new();
    session.register_table("d", test.lake.provider(&snapshot, TABLE).await.unwrap()).unwrap();
    let query = "SELECT count(*) FROM d WHERE month >= '2026-02' AND month < '2026-03'";
    let answer = session.sql(query).await.unwrap().collect().await.unwrap();
    assert_eq!(answer[0].column(0).as_primitive::<Int64Type>().value(0), february.end - february.start);
    let all = session.sql("SELECT sum(package_count) FROM d").await.unwrap().collect().await;
    assert!(all.is_err(), "the other files are truly gone");
}

#[tokio::test]
async fn files_outside_the_statistics_are_not_opened() {
    let test = lake();
    for start in [0, 100, 200] {
        test.lake.append(&spec(), [batch(start..start + 100)], None).await.unwrap();
        if start == 0 {
            assert_eq!(test.data_files().len(), 1);
            std::fs::remove_file(&test.data_files()[0]).unwrap();
        }
    }
    let snapshot = test.pin(time("2026-06-01T00:00:00Z")).await;
    let filter = |filter: Expr| Scan { filter: Some(filter), ..Scan::default() };
    let by_id = test.rows_at(&snapshot, filter(col("declaration_id").gt_eq(lit("D00000100")))).await;
    assert_eq!(by_id, expected(100..300));
    let by_number = test.rows_at(&snapshot, filter(col("ledger_sequence").gt(lit(250_i64)))).await;
    assert!(by_number.num_rows() > 40);
}

/// Delta keeps timestamps in whole milliseconds and cuts long text; neither may hide a row.
#[tokio::test]
async fn coarse_statistics_hide_no_row() {
    let schema = Schema::new(vec![
        Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("text", DataType::Utf8, true),
    ]);
    let spec = TableSpec::try_new("edge", &schema, None, &["at", "text"]).unwrap();
    let test = lake();
    let long = "z".repeat(300);
    for (at, text) in [(1_999, long.as_str()), (1_001, "a"), (-1, "~")] {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(TimestampMicrosecondArray::from(vec![at]).with_timezone("UTC")),
            Arc::new(StringArray::from(vec![text])),
        ];
        let row = RecordBatch::try_new(Arc::clone(spec.schema()), columns).unwrap();
        test.lake.append(&spec, [row], None).await.unwrap();
    }
    let version = test.lake.table_version("edge").await.unwrap();
    test.lake.record_snapshot(time("2026-06-01T00:00:00Z"), [("edge".to_owned(), version)]).await.unwrap();
    let snapshot = test.lake.snapshot(SnapshotWanted::Latest).await.unwrap();
    let session = SessionContext::new();
    session.register_table("edge", test.lake.provider(&snapshot, "edge").await.unwrap()).unwrap();

    let micros = "arrow_cast(arrow_cast({}, 'Timestamp(µs)'), 'Timestamp(µs, \"UTC\")')";
    let at = |value: i64| micros.replace("{}", &value.to_string());
    let long_text = format!("text >= '{}'", "z".repeat(299));
    for (condition, rows) in [
        (format!("at = {}", at(1_999)), 1),
        (format!("at >= {}", at(1_999)), 1),
        (format!("at > {}", at(1_998)), 1),
        (format!("at > {}", at(1_000)), 2),
        (format!("at < {}", at(0)), 1),
        (format!("at <= {}", at(-1)), 1),
        (long_text, 2),
    ] {
        let query = format!("SELECT count(*), min(at), max(at), max(text) FROM edge WHERE {condition}");
        let answer = session.sql(&query).await.unwrap().collect().await.unwrap();
        assert_eq!(answer[0].column(0).as_primitive::<Int64Type>().value(0), rows, "{condition}");
        let sorted = format!("SELECT at FROM edge WHERE {condition} ORDER BY at DESC LIMIT 5");
        let answer = session.sql(&sorted).await.unwrap().collect().await.unwrap();
        assert_eq!(answer.iter().map(RecordBatch::num_rows).sum::<usize>(), rows as usize, "{condition}");
    }
    let query = "SELECT arrow_cast(max(at), 'Int64'), arrow_cast(min(at), 'Int64') FROM edge";
    let answer = session.sql(query).await.unwrap().collect().await.unwrap();
    let extreme = |column: usize| answer[0].column(column).as_primitive::<Int64Type>().value(0);
    assert_eq!((extreme(0), extreme(1)), (1_999, -1));
}
