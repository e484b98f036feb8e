//! Records as Arrow batches and back, driven by the table definitions. What is read back equals what was written.

mod column_builder;
mod column_reader;
mod other_values;
mod reader;
mod writer;

pub use reader::{RowReader, ReadRowError};
pub use writer::{RowKey, TableBuilder, WriteValueError};
