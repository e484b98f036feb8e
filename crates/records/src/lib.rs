//! What customs records are: the canonical record model with the names of the WCO Data Model, code lists,
//! validation, wire formats and the table definitions everything else is made from.
//!
//! Nothing here knows a clock, a network or a storage. Parsing never fails as a whole: it gives a record and
//! the [`finding::Finding`]s about it.

pub mod category;
pub mod class;
pub mod codes;
pub mod columnar;
pub mod csv;
pub mod detect;
pub mod dictionary;
pub mod finding;
pub mod json;
pub mod mapping;
pub mod model;
pub mod parquet;
pub mod path;
pub mod reading;
pub mod table;
pub mod tables;
pub mod validate;
pub mod value;
pub mod wco;

pub use finding::{Finding, Severity};
