//! Readers outside this project: deltalake, Polars and `DuckDB` from `PyPI` read what the lake wrote.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType};
use serde_json::{Value, json};

use crate::fixture::{TABLE, batch, lake, spec};
use crate::python::python;

/// Pinned: the test is about our files, not about tomorrow's releases.
const PACKAGES: [&str; 3] = ["deltalake==1.6.6", "polars==2.1.0", "duckdb==2.0.1"];

#[tokio::test]
async fn other_engines_read_the_tables_as_they_are() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..1_000)], None).await.unwrap();
    let old = test.lake.append(&spec(), [batch(1_000..2_000)], None).await.unwrap().version;
    test.lake.append(&spec(), [batch(2_000..2_500)], None).await.unwrap();
    let compacted = test.lake.compact(TABLE).await.unwrap().version;
    let mut expected = json!({
        "versions": {
            "an old version": { "version": old, "values": facts(&batch(0..2_000)) },
            "after compaction": { "version": compacted, "values": facts(&batch(0..2_500)) },
        },
        "comments": { "declaration_id": "issued by the authority", "month": null },
    });
    let table = test.folder.path().join(TABLE);
    read_outside(&table, &expected).unwrap();

    // The comparison itself: one row too many must be noticed of every engine.
    expected["versions"]["an old version"]["values"]["rows"] = json!(2_001);
    let differences = read_outside(&table, &expected).unwrap_err();
    for engine in ["with_deltalake", "with_polars", "with_duckdb"] {
        assert!(differences.contains(&format!("{engine}: rows is 2000, expected 2001")), "{differences}");
    }
}

/// What every engine must find in these rows.
fn facts(rows: &RecordBatch) -> Value {
    let column = |name: &str| rows.column_by_name(name).unwrap();
    let decimal = |name: &str, scale: i128| {
        as_decimal(column(name).as_primitive::<Decimal128Type>().iter().flatten().sum(), scale)
    };
    let micros = column("accepted_at").as_primitive::<TimestampMicrosecondType>();
    let goods = column("goods").as_list::<i32>();
    let last_micros = (0..rows.num_rows())
        .filter(|&row| goods.is_valid(row) && micros.is_valid(row) && goods.value_length(row) > 0)
        .map(|row| micros.value(row))
        .max();
    let present: Vec<_> = goods.iter().flatten().collect();
    let items: Vec<_> = present.iter().map(AsArray::as_struct).collect();
    let codes: BTreeSet<&str> =
        items.iter().flat_map(|item| item.column(0).as_string::<i32>().iter().flatten()).collect();
    let mass: i128 =
        items.iter().flat_map(|item| item.column(1).as_primitive::<Decimal128Type>().iter().flatten()).sum();
    let last_day = column("accepted_on").as_primitive::<Date32Type>().iter().flatten().max().unwrap();
    json!({
        "rows": rows.num_rows(),
        "months": column("month").as_string::<i32>().iter().collect::<BTreeSet<_>>().len(),
        "customs_value_amount": decimal("customs_value_amount", 1_000),
        "exchange_rate": decimal("exchange_rate", 1_000_000),
        "package_count": column("package_count").as_primitive::<Int32Type>().iter().flatten().map(i64::from).sum::<i64>(),
        "ledger_sequence": column("ledger_sequence").as_primitive::<Int64Type>().iter().flatten().sum::<i64>(),
        "accepted_at": rows.num_rows() - micros.null_count(),
        "last_day": Date32Type::to_naive_date_opt(last_day).unwrap().to_string(),
        "certified": column("is_certified").as_boolean().true_count(),
        "goods": items.iter().copied().map(Array::len).sum::<usize>(),
        "net_mass_kg": as_decimal(mass, 1_000_000),
        "hs6": codes.last(),
        "last_micros": last_micros,
    })
}

/// A non-negative decimal as text, all digits of the scale written.
fn as_decimal(value: i128, scale: i128) -> String {
    assert!(value >= 0);
    let width = scale.to_string().len() - 1;
    format!("{}.{:0width$}", value / scale, value % scale)
}

/// What the script found different, if anything.
fn read_outside(table: &Path, expected: &Value) -> Result<(), String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside_readers.py");
    let mut child = Command::new(python("outside-readers", &PACKAGES))
        .arg(script)
        .arg(table)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(expected.to_string().as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}
