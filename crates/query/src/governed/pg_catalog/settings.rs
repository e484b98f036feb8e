//! Settings of a server of PostgreSQL, as `SHOW`, `pg_settings` and `current_setting` tell of them.

use super::rows::Known;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use std::sync::Arc;

/// Settings that clients make on their own, and ask for, with what holds for everybody.
pub const SETTINGS: &[(&str, &str)] = &[
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, YMD"),
    ("default_table_access_method", "heap"),
    ("default_transaction_isolation", "read committed"),
    ("extra_float_digits", "1"),
    ("intervalstyle", "postgres"),
    ("lock_timeout", "0"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("row_security", "on"),
    ("search_path", "public"),
    ("server_encoding", "UTF8"),
    ("server_version", "16.6"),
    ("server_version_num", "160006"),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "0"),
    ("timezone", "UTC"),
    ("transaction.isolation.level", "read committed"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
];

/// The table `pg_settings`.
pub(super) fn table(schema: &SchemaRef) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    Known::default()
        .texts("name", SETTINGS.iter().map(|(name, _)| *name))
        .texts("setting", SETTINGS.iter().map(|(_, value)| *value))
        .texts("reset_val", SETTINGS.iter().map(|(_, value)| *value))
        .texts("vartype", SETTINGS.iter().map(|_| "string"))
        .texts("context", SETTINGS.iter().map(|_| "internal"))
        .table(schema, SETTINGS.len())
}

/// The function `current_setting`: nothing for a setting that is not known.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CurrentSetting(Signature);

impl CurrentSetting {
    pub(super) fn new() -> Self {
        let arguments = vec![TypeSignature::Any(1), TypeSignature::Any(2)];
        Self(Signature::one_of(arguments, Volatility::Stable))
    }
}

impl ScalarUDFImpl for CurrentSetting {
    fn name(&self) -> &'static str {
        "current_setting"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let name = match arguments.args.first() {
            Some(ColumnarValue::Scalar(name)) => {
                name.try_as_str().flatten().unwrap_or_default().to_lowercase()
            }
            _ => String::new(),
        };
        let value = SETTINGS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Ok(ColumnarValue::Scalar(ScalarValue::Utf8(value)))
    }
}
