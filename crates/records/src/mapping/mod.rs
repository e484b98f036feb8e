//! Mapping files: which column of a source is which field of a record, in which unit, format and code.
//!
//! A mapping is a TOML file; the shipped ones are in `mappings/`. Each entry takes a `column` or a constant
//! `value`, and a `path` of WCO element names:
//!
//! ```toml
//! [[declaration]]
//! column = "Net Mass"
//! path = "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/GoodsMeasure/NetNetWeightMeasure"
//! unit = "KGM"
//! ```
//!
//! `utc_offset = "+08:00"` before the entries says the offset from UTC of moments that name none; UTC when left out. A
//! date alone stays that day.
//!
//! The unit of a measure and the currency of an amount may stand in a column of their own, `unit_column = "…"`.
//! Where the number of the goods item (`…GovernmentAgencyGoodsItem/SequenceNumeric`) comes from a column, each row is
//! a goods item, and consecutive rows of one declaration make one record; otherwise each row is a declaration.

mod definition;
mod row;

pub use definition::{Entry, From, Mapping, MappingError, Unit, shipped};
pub use row::{MappedRecord, RowMapper};
