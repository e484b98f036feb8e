//! The definition of a table: its name, columns, partition column and statistics columns.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};

use crate::SpecError;
use crate::schema::stored_schema;

/// Decimals beyond this precision lose digits in Delta's statistics, which are 64-bit floats (`f64::DIGITS`).
const EXACT_FLOAT_DIGITS: u8 = 15;

/// What a table of the lake is.
///
/// The lake keeps one Arrow form of every type (see [`TableSpec::schema`]); readers get exactly that schema back.
/// Field metadata is stored as Delta column metadata; the key `comment` is the one other engines show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSpec {
    name: String,
    schema: SchemaRef,
    partition_by: Option<String>,
    statistics: Vec<String>,
}

impl TableSpec {
    /// Defines a table.
    ///
    /// `partition_by` names a required Utf8 column whose values are months like `2026-11`. `statistics` names the
    /// columns whose least and greatest value are kept for each file, so that reading can skip files; the partition
    /// column needs none.
    ///
    /// # Errors
    /// Names the column that the lake cannot hold, and what would be right.
    pub fn try_new(
        name: &str,
        schema: &Schema,
        partition_by: Option<&str>,
        statistics: &[&str],
    ) -> Result<Self, SpecError> {
        check_name(name)?;
        let schema = stored_schema(name, schema)?;
        check_duplicates(name, &schema)?;
        if let Some(column) = partition_by {
            check_partition(name, &schema, column)?;
        }
        for column in statistics {
            check_statistics(name, &schema, column, partition_by)?;
        }
        Ok(Self {
            name: name.to_owned(),
            schema,
            partition_by: partition_by.map(str::to_owned),
            statistics: statistics.iter().map(|&column| column.to_owned()).collect(),
        })
    }

    /// The table's name, which is also its folder below the root.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema that is stored and that readers get: Utf8 for any text encoding, timestamps in microseconds
    /// with time zone `UTC`, list items named `element`.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The column holding the month, if the table is partitioned.
    pub fn partition_by(&self) -> Option<&str> {
        self.partition_by.as_deref()
    }

    /// The columns with statistics, in the order given.
    pub fn statistics(&self) -> &[String] {
        &self.statistics
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), SpecError> {
    let tail_ok = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if tail_ok && name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(SpecError::Name { name: name.to_owned() })
}

fn check_duplicates(table: &str, schema: &Arc<Schema>) -> Result<(), SpecError> {
    let mut seen = BTreeSet::new();
    // Delta compares column names without regard to case.
    match schema.fields().iter().find(|field| !seen.insert(field.name().to_lowercase())) {
        None => Ok(()),
        Some(field) => Err(SpecError::Duplicate { table: table.to_owned(), column: field.name().clone() }),
    }
}

fn check_partition(table: &str, schema: &Schema, column: &str) -> Result<(), SpecError> {
    match schema.field_with_name(column) {
        Ok(field) if *field.data_type() == DataType::Utf8 && !field.is_nullable() => Ok(()),
        _ => Err(SpecError::Partition { table: table.to_owned(), column: column.to_owned() }),
    }
}

fn check_statistics(
    table: &str,
    schema: &Schema,
    column: &str,
    partition_by: Option<&str>,
) -> Result<(), SpecError> {
    let problem =
        |problem| Err(SpecError::Statistics { table: table.to_owned(), column: column.to_owned(), problem });
    if partition_by == Some(column) {
        return problem("is the partition column, which needs no statistics; leave it out");
    }
    let Ok(field) = schema.field_with_name(column) else {
        return problem("is not in the schema");
    };
    match field.data_type() {
        DataType::Decimal128(precision, _) if *precision > EXACT_FLOAT_DIGITS => problem(
            "has more than 15 digits: Delta writes its bounds as 64-bit floats, which could hide rows; leave it out",
        ),
        DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Date32
        | DataType::Utf8
        | DataType::Decimal128(..)
        | DataType::Timestamp(..) => Ok(()),
        _ => problem(
            "is of a type without useful bounds; use text, integers, dates, timestamps or short decimals",
        ),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Field, TimeUnit};

    use super::*;

    fn schema() -> Schema {
        Schema::new(vec![
            Field::new("month", DataType::Utf8View, false),
            Field::new("amount", DataType::Decimal128(16, 3), true),
            Field::new("rate", DataType::Decimal128(9, 6), true),
            Field::new(
                "accepted_at",
                DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
                true,
            ),
            Field::new("flag", DataType::Boolean, true),
        ])
    }

    fn refusal(name: &str, partition_by: Option<&str>, statistics: &[&str]) -> String {
        TableSpec::try_new(name, &schema(), partition_by, statistics).unwrap_err().to_string()
    }

    #[test]
    fn keeps_one_form_of_every_type() {
        let spec = TableSpec::try_new("declaration", &schema(), Some("month"), &["rate"]).unwrap();
        assert_eq!(spec.schema().field(0).data_type(), &DataType::Utf8);
        assert_eq!(
            spec.schema().field(3).data_type(),
            &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        );
    }

    #[test]
    fn refuses_what_the_lake_cannot_hold() {
        for name in ["", "Declaration", "a/b", "../x", "1x", "_snapshots"] {
            assert!(refusal(name, None, &[]).contains("table name"), "{name}");
        }
        assert!(refusal("t", Some("amount"), &[]).contains("partition column amount"));
        assert!(refusal("t", Some("no_such"), &[]).contains("no_such"));
        assert!(refusal("t", Some("month"), &["month"]).contains("leave it out"));
        assert!(refusal("t", None, &["amount"]).contains("more than 15 digits"));
        assert!(refusal("t", None, &["flag"]).contains("without useful bounds"));
        assert!(refusal("t", None, &["no_such"]).contains("not in the schema"));
        let twice =
            Schema::new(vec![Field::new("a", DataType::Int64, true), Field::new("A", DataType::Int64, true)]);
        let error = TableSpec::try_new("t", &twice, None, &[]).unwrap_err();
        assert!(error.to_string().contains("defined twice"), "{error}");
    }
}
