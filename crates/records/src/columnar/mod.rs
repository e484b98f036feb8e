//! Records as Arrow batches and back, driven by the table definitions. What is read back equals what was written.

mod column_builder;
mod column_reader;
mod join;
mod other_values;
mod reader;
mod writer;

pub(crate) use other_values::leaf_text;

pub use join::item_rows;
pub use reader::{ReadRowError, RowReader};
pub use writer::{RowKey, TableBuilder, WriteValueError};
