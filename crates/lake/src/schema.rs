//! The one Arrow form of each type that the lake stores, and the check that a batch or definition fits a table.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use crate::{SchemaMismatch, SpecError};

/// The name that Delta gives the items of every list.
const LIST_ITEM: &str = "element";
const UTC: &str = "UTC";

/// Rewrites a schema to the stored form of every type; `table` is for the error.
pub(crate) fn stored_schema(table: &str, schema: &Schema) -> Result<SchemaRef, SpecError> {
    let fields: Result<Vec<FieldRef>, SpecError> = schema
        .fields()
        .iter()
        .map(|field| {
            stored_field(field, field.name()).map_err(|refused| SpecError::Type {
                table: table.to_owned(),
                column: refused.path,
                data_type: refused.data_type,
                instead: refused.instead,
            })
        })
        .collect();
    Ok(Arc::new(Schema::new(fields?)))
}

/// A type without a stored form.
struct Refused {
    path: String,
    data_type: DataType,
    instead: &'static str,
}

fn stored_field(field: &Field, path: &str) -> Result<FieldRef, Refused> {
    Ok(Arc::new(field.clone().with_data_type(stored_type(field.data_type(), path)?)))
}

/// Other encodings of the same values (text views, dictionaries, a spelling of UTC) share one stored form.
fn stored_type(data_type: &DataType, path: &str) -> Result<DataType, Refused> {
    let refuse = |instead| Err(Refused { path: path.to_owned(), data_type: data_type.clone(), instead });
    match data_type {
        DataType::Boolean
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Utf8
        | DataType::Binary => Ok(data_type.clone()),
        DataType::Decimal128(_, scale) if *scale >= 0 => Ok(data_type.clone()),
        DataType::LargeUtf8 | DataType::Utf8View => Ok(DataType::Utf8),
        DataType::LargeBinary | DataType::BinaryView => Ok(DataType::Binary),
        DataType::Dictionary(_, values) => stored_type(values, path),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if is_utc(zone) => {
            Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())))
        }
        DataType::Timestamp(..) => refuse("use a timestamp in microseconds with time zone UTC"),
        DataType::List(item) | DataType::LargeList(item) => {
            let item_type = stored_type(item.data_type(), &format!("{path}.{LIST_ITEM}"))?;
            Ok(DataType::List(Arc::new(Field::new(LIST_ITEM, item_type, item.is_nullable()))))
        }
        DataType::Struct(fields) => fields
            .iter()
            .map(|field| stored_field(field, &format!("{path}.{}", field.name())))
            .collect::<Result<_, _>>()
            .map(DataType::Struct),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 | DataType::Int8 => {
            refuse("use a signed integer of 16, 32 or 64 bits")
        }
        _ => refuse("use booleans, integers, decimals, dates, timestamps, text, lists or structs"),
    }
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "Z" | "+00:00" | "+0000" | "Etc/UTC")
}

/// Checks that a table definition (in stored form) is the stored table: names, types and nullability, in any order.
pub(crate) fn check_definition(definition: &Schema, table: &Schema) -> Result<(), SchemaMismatch> {
    for expected in table.fields() {
        let given = find(definition, expected)?;
        check_type(expected, given.data_type())?;
        if given.is_nullable() != expected.is_nullable() {
            return Err(SchemaMismatch::Nullability {
                column: expected.name().clone(),
                nullable: expected.is_nullable(),
            });
        }
    }
    refuse_unknown(definition, table)
}

/// Columns of the definition that the table has not, all of them nullable.
pub(crate) fn added_columns(definition: &Schema, table: &Schema) -> Result<Vec<FieldRef>, SchemaMismatch> {
    let is_new = |field: &&FieldRef| table.field_with_name(field.name()).is_err();
    let added: Vec<FieldRef> = definition.fields().iter().filter(is_new).cloned().collect();
    match added.iter().find(|field| !field.is_nullable()) {
        Some(field) => Err(SchemaMismatch::AddedRequired { column: field.name().clone() }),
        None => Ok(added),
    }
}

/// Checks that a batch's columns are those of the table, before any value is looked at.
///
/// A batch may call a required column nullable: what counts is that it holds no NULL, see [`conform`].
pub(crate) fn check_columns(batch: &Schema, table: &Schema) -> Result<(), SchemaMismatch> {
    for expected in table.fields() {
        check_type(expected, find(batch, expected)?.data_type())?;
    }
    refuse_unknown(batch, table)
}

/// Reorders and re-encodes a batch that passed [`check_columns`] to the table's very schema.
pub(crate) fn conform(batch: &RecordBatch, table: &SchemaRef) -> Result<RecordBatch, ConformError> {
    let columns: Result<Vec<_>, ConformError> = table
        .fields()
        .iter()
        .map(|field| {
            let at = batch.schema_ref().index_of(field.name())?;
            let column = batch.column(at);
            let nulls = column.logical_null_count();
            if nulls > 0 && !field.is_nullable() {
                return Err(SchemaMismatch::NullInRequired { column: field.name().clone(), nulls }.into());
            }
            Ok(cast(column, field.data_type())?)
        })
        .collect();
    Ok(RecordBatch::try_new(Arc::clone(table), columns?)?)
}

/// Why a batch does not take the table's form.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConformError {
    #[error(transparent)]
    Mismatch(#[from] SchemaMismatch),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

fn find<'a>(given: &'a Schema, expected: &Field) -> Result<&'a Field, SchemaMismatch> {
    given.field_with_name(expected.name()).map_err(|_| SchemaMismatch::MissingColumn {
        column: expected.name().clone(),
        data_type: expected.data_type().clone(),
    })
}

fn refuse_unknown(given: &Schema, table: &Schema) -> Result<(), SchemaMismatch> {
    match given.fields().iter().find(|field| table.field_with_name(field.name()).is_err()) {
        None => Ok(()),
        Some(field) => Err(SchemaMismatch::UnknownColumn { column: field.name().clone() }),
    }
}

fn check_type(expected: &Field, found: &DataType) -> Result<(), SchemaMismatch> {
    let stored = stored_type(found, expected.name());
    if stored.is_ok_and(|stored| same_type(&stored, expected.data_type())) {
        return Ok(());
    }
    Err(SchemaMismatch::Type {
        column: expected.name().clone(),
        expected: expected.data_type().clone(),
        found: found.clone(),
    })
}

/// Equality of stored types that looks at nested names and nullability, and not at metadata.
fn same_type(a: &DataType, b: &DataType) -> bool {
    let same_field = |a: &FieldRef, b: &FieldRef| {
        a.name() == b.name() && a.is_nullable() == b.is_nullable() && same_type(a.data_type(), b.data_type())
    };
    match (a, b) {
        (DataType::List(a), DataType::List(b)) => same_field(a, b),
        (DataType::Struct(a), DataType::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_field(a, b))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringArray, StringViewArray};

    use super::*;

    fn table() -> SchemaRef {
        let item = Field::new(LIST_ITEM, DataType::Int64, true);
        Arc::new(Schema::new(vec![
            Field::new("id", DataType::Utf8, false),
            Field::new("count", DataType::Int64, true),
            Field::new("list", DataType::List(Arc::new(item)), true),
        ]))
    }

    fn without_list() -> SchemaRef {
        Arc::new(table().project(&[0, 1]).unwrap())
    }

    #[test]
    fn names_the_column_that_differs() {
        let drop = table().project(&[0, 2]).unwrap();
        assert_eq!(
            check_columns(&drop, &table()),
            Err(SchemaMismatch::MissingColumn { column: "count".into(), data_type: DataType::Int64 })
        );
        let mut extra: Vec<Field> = table().fields().iter().map(|f| f.as_ref().clone()).collect();
        extra.push(Field::new("more", DataType::Int64, true));
        assert_eq!(
            check_columns(&Schema::new(extra), &table()),
            Err(SchemaMismatch::UnknownColumn { column: "more".into() })
        );
        let other = Schema::new(vec![
            Field::new("id", DataType::Utf8, false),
            Field::new("count", DataType::Int32, true),
        ]);
        let error = check_columns(&other, &without_list()).unwrap_err();
        assert_eq!(error.to_string(), "column count is Int32, the table has Int64");
    }

    #[test]
    fn nullability_is_of_the_definition_and_nulls_are_of_the_batch() {
        let loose = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Utf8, true),
            Field::new("count", DataType::Int64, true),
        ]));
        let error = check_definition(&loose, &without_list()).unwrap_err();
        assert_eq!(error, SchemaMismatch::Nullability { column: "id".into(), nullable: false });

        let batch = |ids: StringArray| {
            RecordBatch::try_new(Arc::clone(&loose), vec![Arc::new(ids), Arc::new(Int64Array::from(vec![1]))])
                .unwrap()
        };
        assert!(conform(&batch(StringArray::from(vec!["a"])), &without_list()).is_ok());
        let error = conform(&batch(StringArray::from(vec![None::<&str>])), &without_list()).unwrap_err();
        assert_eq!(error.to_string(), "column id is required and has 1 NULL values");
    }

    #[test]
    fn other_encodings_and_orders_take_the_stored_form() {
        let given = Arc::new(Schema::new(vec![
            Field::new("count", DataType::Int64, true),
            Field::new("id", DataType::Utf8View, false),
        ]));
        let batch = RecordBatch::try_new(
            Arc::clone(&given),
            vec![Arc::new(Int64Array::from(vec![7])), Arc::new(StringViewArray::from(vec!["x"]))],
        )
        .unwrap();
        check_columns(&given, &without_list()).unwrap();
        let stored = conform(&batch, &without_list()).unwrap();
        assert_eq!(stored.schema(), without_list());
        assert_eq!(stored.column(0).as_ref(), &StringArray::from(vec!["x"]) as &dyn arrow::array::Array);
    }

    #[test]
    fn nested_types_compare_by_name_and_nullability() {
        let of = |item: Field| DataType::List(Arc::new(item));
        let pair =
            |name: &str, nullable| DataType::Struct(vec![Field::new(name, DataType::Int64, nullable)].into());
        let stored = |data_type: &DataType| stored_type(data_type, "c").ok().unwrap();
        let a = stored(&of(Field::new("item", pair("x", true), true)));
        assert!(same_type(&a, &stored(&of(Field::new("anything", pair("x", true), true)))));
        assert!(!same_type(&a, &stored(&of(Field::new("item", pair("y", true), true)))));
        assert!(!same_type(&a, &stored(&of(Field::new("item", pair("x", false), true)))));
    }

    #[test]
    fn only_nullable_columns_are_added() {
        assert_eq!(added_columns(&table(), &without_list()).unwrap().len(), 1);
        let required = Schema::new(vec![Field::new("new", DataType::Int64, false)]);
        assert!(matches!(
            added_columns(&required, &without_list()),
            Err(SchemaMismatch::AddedRequired { .. })
        ));
    }
}
