//! What fits a table and what does not.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use tidegate_lake::{LakeError, SchemaMismatch, TableSpec};

use crate::fixture::{TABLE, batch, expected, lake, schema, spec};

fn replaced(column: &str, values: ArrayRef, nullable: bool) -> RecordBatch {
    let given = batch(0..3);
    let at = given.schema().index_of(column).unwrap();
    let mut fields: Vec<Field> = given.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields[at] = Field::new(column, values.data_type().clone(), nullable);
    let mut columns = given.columns().to_vec();
    columns[at] = values;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

async fn refusal(given: RecordBatch) -> String {
    let test = lake();
    test.lake.append(&spec(), [batch(0..1)], None).await.unwrap();
    let error = test.lake.append(&spec(), [batch(1..2), given], None).await.unwrap_err();
    assert_eq!(test.rows().await, expected(0..1), "nothing of a refused append is seen");
    assert_eq!(test.data_files().len(), 1, "nothing of a refused append is left");
    error.to_string()
}

#[tokio::test]
async fn a_batch_that_differs_is_refused_by_column() {
    let text = || Arc::new(StringArray::from(vec!["1", "2", "3"]));
    let error = refusal(replaced("package_count", text(), true)).await;
    assert_eq!(error, "table declaration: column package_count is Utf8, the table has Int32");

    let error = refusal(batch(0..3).project(&[0, 1, 2]).unwrap()).await;
    assert!(error.contains("column accepted_on is missing; the table has it as Date32"), "{error}");

    let missing_id = Arc::new(StringArray::from(vec![Some("a"), None, Some("c")]));
    let error = refusal(replaced("declaration_id", missing_id, true)).await;
    assert!(error.contains("column declaration_id is required and has 1 NULL values"), "{error}");

    let no_month = Arc::new(StringArray::from(vec!["2026-01", "2026-1", "2026-01"]));
    let error = refusal(replaced("month", no_month, false)).await;
    assert!(error.contains("column month has Some(\"2026-1\"), expected a month"), "{error}");
}

#[tokio::test]
async fn the_same_values_in_another_encoding_fit() {
    let test = lake();
    let given = batch(0..3);
    let ids = given.column_by_name("declaration_id").unwrap();
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let encoded = replaced("declaration_id", cast(ids, &dictionary).unwrap(), true);
    test.lake.append(&spec(), [encoded], None).await.unwrap();
    assert_eq!(test.rows().await, expected(0..3));
}

#[tokio::test]
async fn a_definition_that_differs_is_refused() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..1)], None).await.unwrap();
    let fields = schema();
    let mut loose: Vec<Field> = fields.fields().iter().map(|field| field.as_ref().clone()).collect();
    loose[0] = loose[0].clone().with_nullable(true);
    let changed = TableSpec::try_new(TABLE, &Schema::new(loose), Some("month"), &[]).unwrap();
    let error = test.lake.append(&changed, [], None).await.unwrap_err();
    assert!(error.to_string().contains("column declaration_id is required in the table"), "{error}");

    let unpartitioned = TableSpec::try_new(TABLE, &schema(), None, &[]).unwrap();
    let error = test.lake.writer(&unpartitioned).await.err().unwrap();
    let wrong = matches!(error, LakeError::Schema { mismatch: SchemaMismatch::Partition { .. }, .. });
    assert!(wrong, "{error}");
}

#[tokio::test]
async fn columns_are_added_only_when_asked() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..5)], None).await.unwrap();
    let mut fields: Vec<Field> = schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new("procedure_code", DataType::Int64, true));
    let wider = TableSpec::try_new(TABLE, &Schema::new(fields.clone()), Some("month"), &[]).unwrap();
    assert!(test.lake.append(&wider, [], None).await.is_err(), "an append does not evolve");

    let evolved = test.lake.evolve(&wider).await.unwrap();
    assert_eq!(test.lake.evolve(&wider).await.unwrap(), evolved, "there is nothing more to add");
    let mut columns = batch(5..8).columns().to_vec();
    columns.push(Arc::new(Int64Array::from(vec![40, 42, 71])));
    let wide = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    test.lake.append(&wider, [wide], None).await.unwrap();

    let rows = test.rows().await;
    assert_eq!(rows.schema(), *wider.schema());
    let added = rows.column_by_name("procedure_code").unwrap();
    assert_eq!(added.null_count(), 5, "rows from before have no value");
    assert_eq!(rows.project(&(0..10).collect::<Vec<_>>()).unwrap(), expected(0..8));
    assert!(test.lake.append(&spec(), [], None).await.is_err(), "the narrower definition no longer fits");
}
