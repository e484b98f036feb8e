//! Functions of PostgreSQL that its clients call, besides those that come with the catalog's tables.

use super::rights::{HasRight, RIGHTS};
use super::settings::CurrentSetting;
use super::type_names::TypeNames;
use super::{Asker, SCHEMA};
use crate::governed::GovernedTable;
use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl};
use datafusion::common::ScalarValue;
use datafusion::common::cast::as_int32_array;
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::prelude::SessionContext;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the server says that it is. Clients read the version of PostgreSQL whose protocol and catalog they meet.
const VERSION: &str = "PostgreSQL 16.6 (Tidegate)";

/// The function that gives the words of SQL.
const KEYWORDS: &str = "pg_get_keywords";

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

/// Adds the functions.
pub(super) fn register(
    context: &SessionContext,
    asker: &Asker<'_>,
    visible: BTreeSet<i32>,
) -> Result<(), DataFusionError> {
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
    context.register_udf(ScalarUDF::new_from_impl(TypeNames(context.udf("format_type")?)));
    let keywords = context.state().table_functions().get(KEYWORDS).map(|known| Arc::clone(known.function()));
    if let Some(keywords) = keywords {
        context.register_udtf(KEYWORDS, Arc::new(Keywords(keywords)));
    }
    Ok(())
}

/// The words of SQL as a table: a governed one, as no other is read.
#[derive(Debug)]
struct Keywords(Arc<dyn TableFunctionImpl>);

impl TableFunctionImpl for Keywords {
    fn call_with_args(
        &self,
        arguments: TableFunctionArgs<'_, '_>,
    ) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let words = self.0.call_with_args(arguments)?;
        Ok(Arc::new(GovernedTable::open(&format!("{SCHEMA}.{KEYWORDS}"), words)))
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
