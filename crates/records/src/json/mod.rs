//! Canonical JSON: records as objects with the field names of the model. They are written one a line (NDJSON); they are
//! read from lines, from text laid out over many lines, one behind the other, and from a list.
//!
//! A record is a declaration, or `{"declaration": {…}, "inspection": {…}}`. What is empty is left out. Decimals are
//! text, so that no digit is lost: a rate is `"12.5"`, an amount `{"value": "12.5", "currency": "GBP"}`, a
//! measure `{"value": "3", "unit": "KGM"}`; counts are numbers, moments follow RFC 3339 in UTC. Text has no
//! white space around it, and masses without a unit are in kilograms, as in every other format.
//!
//! [`ObjectReader`] reads the records of another kind, such as enterprises, in the same form.
//!
//! Codes of the findings made here: `json.not-well-formed`, `json.encoding`, `json.limit`, `json.unknown-key`,
//! `json.duplicate-key`, `json.wrong-type` and `value.unreadable` are errors; `json.empty-object` is a warning.

mod context;
mod object;
mod pieces;
mod reader;
mod scalar;
mod structure;
mod value;
mod writer;

pub use object::{ObjectReader, ParsedObject};
pub use reader::{JsonLimits, JsonReader, ParsedRecord};
pub use writer::{Json, write_object, write_record};
