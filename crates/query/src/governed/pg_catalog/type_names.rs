//! Names of types as `format_type` gives them: those that the library knows, and of rows and lists of rows.

use datafusion::arrow::array::StringArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature};
use std::sync::Arc;

/// What the library says of types that it does not know, and what PostgreSQL says: `pg_type.dat` of its sources.
const OF_ROWS: [(&str, &str); 2] = [("oid(2249)", "record"), ("oid(2287)", "record[]")];

/// The function, around that of the library.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct TypeNames(pub(super) Arc<ScalarUDF>);

impl ScalarUDFImpl for TypeNames {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        self.0.return_type(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let names = ColumnarValue::values_to_arrays(&[self.0.invoke_with_args(arguments)?])?;
        let names = as_string_array(&names[0])?.iter().map(|name| name.map(name_of_type));
        Ok(ColumnarValue::Array(Arc::new(names.collect::<StringArray>())))
    }
}

fn name_of_type(told: &str) -> &str {
    OF_ROWS.iter().find(|(unknown, _)| *unknown == told).map_or(told, |(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_rows_have_the_name_that_postgresql_gives_them() {
        assert_eq!(
            ["oid(2287)", "oid(2249)", "numeric(19,3)"].map(name_of_type),
            ["record[]", "record", "numeric(19,3)"]
        );
    }
}
