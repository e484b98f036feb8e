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

mod definition;
mod row;

pub use definition::{Mapping, MappingError, shipped};
pub use row::{MappedRecord, RowMapper};
