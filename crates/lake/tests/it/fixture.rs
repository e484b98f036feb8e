//! A small declaration table with every column type the lake must hold, and how tests read it back.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use tempfile::TempDir;
use tidegate_lake::{Lake, Scan, Snapshot, TableSpec, WriteLimits};

pub const TABLE: &str = "declaration";
/// 2026-01-01T00:00:00Z in microseconds.
const NEW_YEAR_MICROS: i64 = 1_767_225_600_000_000;
const HOUR_MICROS: i64 = 3_600_000_000;

/// A lake in a folder that goes away with it.
pub struct TestLake {
    pub lake: Lake,
    pub folder: TempDir,
}

pub fn lake() -> TestLake {
    let folder = TempDir::new().unwrap();
    TestLake { lake: Lake::open(folder.path()).unwrap(), folder }
}

impl TestLake {
    /// The same lake, with files of about `bytes`.
    pub fn with_files_of(&self, bytes: u64) -> Lake {
        let file_bytes = NonZeroU64::new(bytes).unwrap();
        self.lake.clone().within(WriteLimits { file_bytes, ..WriteLimits::default() })
    }

    /// Parquet files below the table's folder, whether or not a version names them.
    pub fn data_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.folder.path().join(TABLE), &mut found);
        found.retain(|path| !path.components().any(|part| part.as_os_str() == "_delta_log"));
        found.sort();
        found
    }

    /// Whether a file of the lake, whatever it is, has a text in it as it is.
    pub fn folder_holds(&self, text: &str) -> bool {
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if std::fs::read(&path)
                    .unwrap()
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
                {
                    return true;
                }
            }
        }
        false
    }

    /// Records a snapshot of the table's newest version.
    pub async fn pin(&self, at: DateTime<Utc>) -> Snapshot {
        let version = self.lake.table_version(TABLE).await.unwrap();
        self.lake.record_snapshot(at, [(TABLE.to_owned(), version)]).await.unwrap()
    }

    /// All rows at the snapshot, in order of id.
    pub async fn rows_at(&self, snapshot: &Snapshot, scan: Scan) -> RecordBatch {
        let stream = self.lake.scan(snapshot, TABLE, scan).await.unwrap();
        let schema = stream.schema();
        let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
        sorted(&concat_batches(&schema, &batches).unwrap())
    }

    /// All rows of the newest version, in order of id.
    pub async fn rows(&self) -> RecordBatch {
        let snapshot = self.pin(time("2026-06-01T00:00:00Z")).await;
        self.rows_at(&snapshot, Scan::default()).await
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
}

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The same rows in order of `declaration_id`.
pub fn sorted(batch: &RecordBatch) -> RecordBatch {
    let ids = batch.column_by_name("declaration_id").unwrap();
    let key = arrow::compute::SortColumn { values: Arc::clone(ids), options: None };
    let order = lexsort_to_indices(&[key], None).unwrap();
    take_record_batch(batch, &order).unwrap()
}

fn goods_fields() -> Fields {
    Fields::from(vec![
        Field::new("hs6", DataType::Utf8, false),
        Field::new("net_mass_kg", DataType::Decimal128(16, 6), true),
    ])
}

pub fn schema() -> Schema {
    let item = Field::new("item", DataType::Struct(goods_fields()), true);
    let described = |field: Field, comment: &str| {
        field.with_metadata([("comment".to_owned(), comment.to_owned())].into())
    };
    Schema::new(vec![
        described(Field::new("declaration_id", DataType::Utf8, false), "issued by the authority"),
        Field::new("month", DataType::Utf8, false),
        Field::new("accepted_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("accepted_on", DataType::Date32, true),
        described(
            Field::new("customs_value_amount", DataType::Decimal128(16, 3), true),
            "in declared currency",
        ),
        Field::new("exchange_rate", DataType::Decimal128(16, 6), true),
        Field::new("is_certified", DataType::Boolean, true),
        Field::new("package_count", DataType::Int32, true),
        Field::new("ledger_sequence", DataType::Int64, true),
        Field::new("goods", DataType::List(Arc::new(item)), true),
    ])
}

pub fn spec() -> TableSpec {
    let statistics = ["declaration_id", "accepted_at", "accepted_on", "ledger_sequence"];
    TableSpec::try_new(TABLE, &schema(), Some("month"), &statistics).unwrap()
}

/// Rows number `rows`, an hour apart from New Year 2026 on, with NULLs in every nullable column.
pub fn batch(rows: std::ops::Range<i64>) -> RecordBatch {
    let micros = |row: i64| NEW_YEAR_MICROS + row * HOUR_MICROS + row % 1000;
    let some = |row: &i64, every: i64| row % every != every - 1;
    let rows: Vec<i64> = rows.collect();
    let months = rows.iter().map(|&row| month(micros(row)));
    let decimals = |scale: i8, factor: i128, every: i64| -> ArrayRef {
        let values = rows.iter().map(|row| some(row, every).then_some(i128::from(*row) * factor - 5_000));
        Arc::new(values.collect::<Decimal128Array>().with_precision_and_scale(16, scale).unwrap())
    };
    let accepted: TimestampMicrosecondArray =
        rows.iter().map(|&row| some(&row, 11).then_some(micros(row))).collect();
    let days = rows.iter().map(|row| some(row, 7).then_some((micros(*row) / (24 * HOUR_MICROS)) as i32));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| format!("D{row:08}")))),
        Arc::new(StringArray::from_iter_values(months)),
        Arc::new(accepted.with_timezone("UTC")),
        Arc::new(days.collect::<Date32Array>()),
        decimals(3, 9_007_199_254, 5),
        decimals(6, 1_234_567, 6),
        Arc::new(rows.iter().map(|row| some(row, 4).then_some(row % 3 == 0)).collect::<BooleanArray>()),
        Arc::new(rows.iter().map(|row| some(row, 9).then_some(*row as i32)).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|row| some(row, 13).then_some(*row)).collect::<Int64Array>()),
        Arc::new(goods(&rows)),
    ];
    RecordBatch::try_new(Arc::new(schema()), columns).unwrap()
}

/// Row n has n modulo 4 goods items, and no list at all when n modulo 10 is 9.
fn goods(rows: &[i64]) -> ListArray {
    let count = |row: &i64| (row % 4) as usize;
    let items: Vec<i64> = rows.iter().flat_map(|row| vec![*row; count(row)]).collect();
    let masses: Decimal128Array =
        items.iter().map(|row| (row % 8 != 7).then_some(i128::from(*row) * 1_000_001)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(items.iter().map(|row| format!("{:06}", row % 1_000)))),
        Arc::new(masses.with_precision_and_scale(16, 6).unwrap()),
    ];
    let item = Field::new("item", DataType::Struct(goods_fields()), true);
    let values = StructArray::new(goods_fields(), columns, None);
    let nulls: NullBuffer = rows.iter().map(|row| row % 10 != 9).collect();
    let offsets = OffsetBuffer::from_lengths(rows.iter().map(count));
    ListArray::new(Arc::new(item), offsets, Arc::new(values), Some(nulls))
}

fn month(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap().format("%Y-%m").to_string()
}

/// What the lake should give back for rows: the same values under the stored schema.
pub fn expected(rows: std::ops::Range<i64>) -> RecordBatch {
    let given = batch(rows);
    let stored = Arc::clone(spec().schema());
    let columns = given.columns().iter().zip(stored.fields());
    let columns = columns.map(|(column, field)| arrow::compute::cast(column, field.data_type()).unwrap());
    RecordBatch::try_new(Arc::clone(&stored), columns.collect()).unwrap()
}
