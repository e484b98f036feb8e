//! Types of columns as clients of PostgreSQL know them: the number that goes over the wire, and the name in SQL.

use arrow_pg::datatypes::into_pg_type;
use datafusion::arrow::datatypes::DataType;

/// Number of the type `text`: what has no type of its own is sent as one.
const TEXT: u32 = 25;

/// Number of the type that a column has when it is sent to a client.
pub(super) fn number(data_type: &DataType) -> u32 {
    let Ok(wire) = into_pg_type(data_type) else { return TEXT };
    wire.oid()
}

/// Name of the type in `information_schema` (ISO/IEC 9075-11): that of the type that is sent, without digits, and of any list
/// `ARRAY`.
pub(super) fn name(data_type: &DataType) -> &'static str {
    if is_list(data_type) {
        return "ARRAY";
    }
    match number(data_type) {
        16 => "boolean",
        17 => "bytea",
        20 => "bigint",
        21 => "smallint",
        23 => "integer",
        700 => "real",
        701 => "double precision",
        1082 => "date",
        1083 => "time without time zone",
        1114 => "timestamp without time zone",
        1184 => "timestamp with time zone",
        1186 => "interval",
        1700 => "numeric",
        2249 => "record",
        _ => "text",
    }
}

/// Digits of a decimal, and how many of them stand after the point.
pub(super) fn digits(data_type: &DataType) -> Option<(i32, i32)> {
    match data_type {
        DataType::Decimal128(precision, scale) => Some((i32::from(*precision), i32::from(*scale))),
        _ => None,
    }
}

fn is_list(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{Field, Fields, TimeUnit};

    #[test]
    fn types_have_the_names_that_postgresql_gives_them() {
        let amount = DataType::Decimal128(19, 3);
        let moment = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
        let row = DataType::Struct(Fields::from(vec![Field::new("a", DataType::Utf8, true)]));
        for (data_type, known) in [
            (DataType::Utf8, "text"),
            (DataType::Int64, "bigint"),
            (DataType::Int32, "integer"),
            (DataType::UInt64, "numeric"),
            (amount.clone(), "numeric"),
            (DataType::Boolean, "boolean"),
            (DataType::Float32, "real"),
            (DataType::Float64, "double precision"),
            (DataType::Date32, "date"),
            (moment(Some("UTC")), "timestamp with time zone"),
            (moment(None), "timestamp without time zone"),
            (row.clone(), "record"),
            (DataType::new_list(row, true), "ARRAY"),
            (DataType::new_list(DataType::Utf8, true), "ARRAY"),
        ] {
            assert_eq!(name(&data_type), known, "{data_type}");
        }
        assert_eq!((digits(&amount), digits(&DataType::Int64)), (Some((19, 3)), None));
    }
}
