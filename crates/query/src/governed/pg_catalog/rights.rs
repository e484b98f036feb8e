//! Rights that clients ask after: what is shown may be read, and nothing may be changed.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

/// Functions that ask after rights.
pub(super) const RIGHTS: &[&str] = &[
    "has_any_column_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_function_privilege",
    "has_schema_privilege",
    "has_sequence_privilege",
    "has_table_privilege",
];

/// Rights that readers have.
const READING: &[&str] = &["connect", "execute", "select", "usage"];

/// A function whose last argument names rights: whether one of them is a reader's.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct HasRight {
    name: &'static str,
    signature: Signature,
}

impl HasRight {
    pub(super) fn new(name: &'static str) -> Self {
        let arguments = (2..=4).map(TypeSignature::Any).collect();
        Self { name, signature: Signature::one_of(arguments, Volatility::Stable) }
    }
}

impl ScalarUDFImpl for HasRight {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let asked = match arguments.args.last() {
            Some(ColumnarValue::Scalar(asked)) => {
                asked.try_as_str().flatten().unwrap_or_default().to_lowercase()
            }
            _ => String::new(),
        };
        let has = READING.iter().any(|right| asked.contains(right));
        Ok(ColumnarValue::Scalar(ScalarValue::Boolean(Some(has))))
    }
}
