//! Functions of PostgreSQL that its clients call: those of the library that say what is so here, and our own.

use super::Asker;
use super::rights::{HasRight, RIGHTS};
use super::settings::CurrentSetting;
use super::shared::{KEYWORDS, Shared};
use super::type_names::TypeNames;
use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl};
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_int32_array;
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::prelude::SessionContext;
use datafusion_pg_catalog::pg_catalog::array_bounds_udf::{create_array_lower_udf, create_array_upper_udf};
use datafusion_pg_catalog::pg_catalog::format_type::create_format_type_udf;
use datafusion_pg_catalog::pg_catalog::quote_ident_udf::{create_parse_ident_udf, create_quote_ident_udf};
use datafusion_pg_catalog::pg_catalog::{
    create_current_database_udf, create_current_schema_udf, create_current_schemas_udf,
    create_pg_backend_pid_udf, create_pg_encoding_to_char_udf, create_pg_get_partition_ancestors_udf,
    create_pg_get_statisticsobjdef_columns_udf, create_pg_get_userbyid_udf,
    create_pg_relation_is_publishable_udf, create_pg_relation_size_udf, create_pg_stat_get_numscans,
    create_pg_total_relation_size_udf,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the server says that it is. Clients read the version of PostgreSQL whose protocol and catalog they meet.
const VERSION: &str = "PostgreSQL 16.6 (Tidegate)";

/// Definitions and descriptions of things of which there are none, or that nobody is told.
const UNTOLD: &[&str] = &[
    "col_description",
    "obj_description",
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_function_result",
    "pg_get_functiondef",
    "pg_get_indexdef",
    "pg_get_partkeydef",
    "pg_get_ruledef",
    "pg_get_serial_sequence",
    "pg_get_triggerdef",
    "pg_get_viewdef",
    "pg_size_pretty",
    "pg_tablespace_location",
    "shobj_description",
];

/// What is so for everything that is shown at all.
const ALWAYS: &[&str] = &[
    "pg_collation_is_visible",
    "pg_function_is_visible",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_type_is_visible",
];

/// Functions of the library, of which the first alone depends on who asks.
fn of_the_library(asker: &Asker<'_>) -> [ScalarUDF; 16] {
    [
        create_current_database_udf(asker.database),
        create_current_schema_udf(),
        create_current_schemas_udf(),
        create_pg_get_userbyid_udf(),
        create_pg_relation_is_publishable_udf(),
        create_pg_get_statisticsobjdef_columns_udf(),
        create_pg_encoding_to_char_udf(),
        create_pg_backend_pid_udf(),
        create_pg_relation_size_udf(),
        create_pg_total_relation_size_udf(),
        create_pg_stat_get_numscans(),
        create_pg_get_partition_ancestors_udf(),
        create_quote_ident_udf(),
        create_parse_ident_udf(),
        create_array_upper_udf(),
        create_array_lower_udf(),
    ]
}

/// Adds the functions.
pub(super) fn register(context: &SessionContext, asker: &Asker<'_>, visible: BTreeSet<i32>, shared: &Shared) {
    for function in of_the_library(asker) {
        context.register_udf(function);
    }
    let text = |text: &str| ScalarValue::Utf8(Some(text.to_owned()));
    let untold = UNTOLD.iter().map(|name| (*name, ScalarValue::Utf8(None)));
    let always = ALWAYS.iter().map(|name| (*name, ScalarValue::Boolean(Some(true))));
    let told = [
        ("version", text(VERSION)),
        ("session_user", text(asker.name)),
        ("pg_is_in_recovery", ScalarValue::Boolean(Some(false))),
        ("pg_my_temp_schema", ScalarValue::Int32(Some(0))),
        ("pg_table_size", ScalarValue::Int64(None)),
        ("pg_indexes_size", ScalarValue::Int64(None)),
    ];
    for (name, value) in told.into_iter().chain(untold).chain(always) {
        context.register_udf(ScalarUDF::new_from_impl(Constant::new(name, value)));
    }
    for name in RIGHTS {
        context.register_udf(ScalarUDF::new_from_impl(HasRight::new(name)));
    }
    context.register_udf(ScalarUDF::new_from_impl(CurrentSetting::new()));
    context.register_udf(ScalarUDF::new_from_impl(IsVisible::new(visible)));
    context.register_udf(ScalarUDF::new_from_impl(TypeNames(Arc::new(create_format_type_udf()))));
    context.register_udtf(KEYWORDS, Arc::new(Keywords(shared.keywords())));
}

/// The words of SQL as a table.
#[derive(Debug)]
struct Keywords(Arc<dyn TableProvider>);

impl TableFunctionImpl for Keywords {
    fn call_with_args(
        &self,
        _: TableFunctionArgs<'_, '_>,
    ) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        Ok(Arc::clone(&self.0))
    }
}

/// A function that says the same whatever it is asked.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Constant {
    name: &'static str,
    value: ScalarValue,
    signature: Signature,
}

impl Constant {
    fn new(name: &'static str, value: ScalarValue) -> Self {
        let arguments = vec![TypeSignature::Nullary, TypeSignature::VariadicAny];
        Self { name, value, signature: Signature::one_of(arguments, Volatility::Stable) }
    }
}

impl ScalarUDFImpl for Constant {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}

/// Whether a statement may name a table without its schema.
#[derive(Debug, PartialEq, Eq, Hash)]
struct IsVisible {
    visible: BTreeSet<i32>,
    signature: Signature,
}

impl IsVisible {
    fn new(visible: BTreeSet<i32>) -> Self {
        Self { visible, signature: Signature::exact(vec![DataType::Int32], Volatility::Stable) }
    }
}

impl ScalarUDFImpl for IsVisible {
    fn name(&self) -> &'static str {
        "pg_table_is_visible"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let numbers = as_int32_array(&arrays[0])?;
        let is_visible = numbers.iter().map(|number| number.map(|number| self.visible.contains(&number)));
        Ok(ColumnarValue::Array(Arc::new(is_visible.collect::<BooleanArray>())))
    }
}
