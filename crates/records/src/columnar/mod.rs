//! Records as Arrow batches and back, driven by the table definitions. What is read back equals what was written.

mod column_builder;
mod column_reader;
mod error;
mod join;
mod other_values;
mod reader;
mod row_key;
mod writer;

pub(crate) use other_values::leaf_text;

pub use error::WriteValueError;
pub use join::item_rows;
pub use reader::{ReadRowError, RowReader};
pub use row_key::RowKey;
pub use writer::TableBuilder;
