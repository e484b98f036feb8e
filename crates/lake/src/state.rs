//! The state of a table at which its log was read.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use deltalake::DeltaTable;
use deltalake::kernel::engine::arrow_conversion::TryIntoArrow;

use crate::LakeError;
use crate::error::OfTable;

/// The schema that the table's log records, in Arrow's terms.
pub(crate) fn table_schema(table: &DeltaTable, name: &str) -> Result<SchemaRef, LakeError> {
    let logical = table.snapshot().of_table(name)?.schema();
    logical.as_ref().try_into_arrow().map(Arc::new).of_table(name)
}

/// The version at which the table's log was read.
pub(crate) fn loaded_version(table: &DeltaTable, name: &str) -> Result<u64, LakeError> {
    Ok(table.snapshot().of_table(name)?.version())
}
