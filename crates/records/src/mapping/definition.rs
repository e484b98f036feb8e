//! The mapping file: parsed, checked against the record model, with errors that name the entry.

use crate::class::{ClassDefinition, Defined, FieldDefinition, FieldKind, LeafKind};
use crate::model::{Declaration, Inspection};
use crate::path::{ParsePathError, Path};
use crate::value::{parse_offset, shorten, utc};
use chrono::FixedOffset;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not TOML, or a key that mappings do not have.
    #[error("mapping {name}: {cause}")]
    Syntax {
        /// File or shipped name.
        name: String,
        /// What the parser says, with the line.
        cause: String,
    },
    /// An entry names a field that does not exist.
    #[error("mapping {name}: entry for {entry}: {cause}")]
    Path {
        /// Name of the mapping.
        name: String,
        /// Column or value of the entry.
        entry: String,
        /// What is wrong with the path.
        cause: ParsePathError,
    },
    /// An entry has neither or both of `column` and `value`.
    #[error("mapping {name}: the entry for `{path}` needs either `column` or `value`")]
    Entry {
        /// Name of the mapping.
        name: String,
        /// Path of the entry.
        path: String,
    },
    /// An entry says a unit where none can be, or says it twice.
    #[error("mapping {name}: the entry for `{path}` {wrong}")]
    Unit {
        /// Name of the mapping.
        name: String,
        /// Path of the entry.
        path: String,
        /// What is wrong and what would be right.
        wrong: &'static str,
    },
    /// No shipped mapping has the name.
    #[error("no mapping is called `{name}`; give a file ending in .toml or one of: {known}")]
    Unknown {
        /// Name as given.
        name: String,
        /// Names there are.
        known: String,
    },
}

/// How the columns of a source become declarations and inspections.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Name used in commands and stored with each load.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Feature set that suits records of this source.
    pub feature_set: Option<String>,
    /// Separator of a CSV source.
    pub delimiter: u8,
    /// Offset from UTC of moments that name none.
    pub utc_offset: FixedOffset,
    /// Entries for the declaration.
    pub declaration: Vec<Entry>,
    /// Entries for the inspection; none when the source has no results.
    pub inspection: Vec<Entry>,
}

/// One entry of a mapping.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where the text comes from.
    pub from: From,
    /// Where the value goes.
    pub path: Path,
    /// Definition of the field it goes to.
    pub field: &'static FieldDefinition,
    /// Whether a row without the value is wrong.
    pub required: bool,
    /// Form of dates; see [`crate::value::parse_time`].
    pub format: Option<String>,
    /// Currency of an amount or unit of a measure.
    pub unit: Option<Unit>,
    /// Digits after the point that the source meant, when it wrote its numbers through binary floats. What differs
    /// from a number of so many digits by no more than such a float can is taken for that number.
    pub decimals: Option<u32>,
    /// Translation of source codes; a code that is not listed is kept as it is, an empty text means absent.
    pub codes: BTreeMap<String, String>,
}

/// Where the text of an entry comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// A column of the source; an optional one may be missing from it as a whole.
    Column {
        /// Name in the header.
        name: String,
        /// Whether the source may lack it.
        optional: bool,
    },
    /// A constant.
    Value(String),
}

/// Where the currency of an amount or the unit of a measure comes from. Where there is none a mass is in kilograms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// Always the same.
    Fixed(String),
    /// A column of the source; optional as the column of the value is.
    Column(String),
}

impl Entry {
    /// Whether the text comes from a column.
    pub fn is_column(&self) -> bool {
        matches!(self.from, From::Column { .. })
    }

    /// What the source calls the value, for a message.
    pub fn source_name(&self) -> String {
        match &self.from {
            From::Column { name, .. } => format!("column `{name}`"),
            From::Value(_) => format!("constant for {}", self.path.as_str()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMapping {
    name: String,
    description: String,
    feature_set: Option<String>,
    delimiter: Option<char>,
    utc_offset: Option<String>,
    declaration: Vec<FileEntry>,
    #[serde(default)]
    inspection: Vec<FileEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    column: Option<String>,
    value: Option<String>,
    path: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    optional: bool,
    format: Option<String>,
    unit: Option<String>,
    unit_column: Option<String>,
    decimals: Option<u32>,
    #[serde(default)]
    codes: BTreeMap<String, String>,
}

const SHIPPED: &[(&str, &str)] = &[
    ("kcs-import", include_str!("../../../../mappings/kcs-import.toml")),
    ("national-csv", include_str!("../../../../mappings/national-csv.toml")),
];

/// A shipped mapping by name.
///
/// # Errors
/// When no shipped mapping has the name.
pub fn shipped(name: &str) -> Result<Mapping, MappingError> {
    if let Some((name, text)) = SHIPPED.iter().find(|(n, _)| *n == name) {
        return Mapping::parse(name, text);
    }
    let known: Vec<&str> = SHIPPED.iter().map(|(n, _)| *n).collect();
    Err(MappingError::Unknown { name: name.to_owned(), known: known.join(", ") })
}

impl Mapping {
    /// Parses a mapping file; `name` is the file's, for errors.
    ///
    /// # Errors
    /// When the file is not TOML, has unknown keys or names fields that do not exist.
    pub fn parse(name: &str, text: &str) -> Result<Self, MappingError> {
        let syntax = |cause: String| MappingError::Syntax { name: name.to_owned(), cause };
        let file: FileMapping = toml::from_str(text).map_err(|e| syntax(e.to_string()))?;
        let delimiter = match file.delimiter.unwrap_or(',') {
            c if c.is_ascii() => c as u8,
            c => return Err(syntax(format!("delimiter `{c}` is not one ASCII character"))),
        };
        let utc_offset = match file.utc_offset.as_deref() {
            None => utc(),
            Some(text) => parse_offset(text).ok_or_else(|| {
                syntax(format!(
                    "utc_offset `{}` is no offset from UTC; write it as +08:00 or -03:30",
                    shorten(text)
                ))
            })?,
        };
        let entries = |class: &'static ClassDefinition, entries: Vec<FileEntry>| {
            entries.into_iter().map(|e| check(&file.name, class, e)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            declaration: entries(Declaration::DEFINITION, file.declaration)?,
            inspection: entries(Inspection::DEFINITION, file.inspection)?,
            name: file.name,
            description: file.description,
            feature_set: file.feature_set,
            delimiter,
            utc_offset,
        })
    }
}

fn check(name: &str, class: &'static ClassDefinition, entry: FileEntry) -> Result<Entry, MappingError> {
    let from = match (entry.column, entry.value) {
        (Some(column), None) => From::Column { name: column, optional: entry.optional },
        (None, Some(value)) => From::Value(value),
        _ => return Err(MappingError::Entry { name: name.to_owned(), path: entry.path }),
    };
    let (path, field) = Path::parse_leaf(class, &entry.path).map_err(|cause| MappingError::Path {
        name: name.to_owned(),
        entry: match &from {
            From::Column { name, .. } => format!("column `{name}`"),
            From::Value(value) => format!("value `{value}`"),
        },
        cause,
    })?;
    let unit = unit_of(field, entry.unit, entry.unit_column).map_err(|wrong| MappingError::Unit {
        name: name.to_owned(),
        path: entry.path,
        wrong,
    })?;
    Ok(Entry {
        from,
        path,
        field,
        required: entry.required,
        format: entry.format,
        unit,
        decimals: entry.decimals,
        codes: entry.codes,
    })
}

fn unit_of(
    field: &FieldDefinition,
    fixed: Option<String>,
    column: Option<String>,
) -> Result<Option<Unit>, &'static str> {
    let unit = match (fixed, column) {
        (Some(_), Some(_)) => return Err("has both `unit` and `unit_column`; give one of them"),
        (Some(unit), None) => Unit::Fixed(unit),
        (None, Some(column)) => Unit::Column(column),
        (None, None) => return Ok(None),
    };
    match field.kind {
        FieldKind::Leaf { kind: LeafKind::Amount | LeafKind::Measure, .. } => Ok(Some(unit)),
        _ => Err("has a unit, but its field is neither an amount nor a measure; leave the unit out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_mapping_parses_under_its_own_name() {
        for (name, _) in SHIPPED {
            assert_eq!(shipped(name).unwrap().name, *name);
        }
        let error = shipped("kcs").unwrap_err().to_string();
        assert!(error.contains("kcs-import"), "{error}");
    }

    #[test]
    fn a_mistake_names_its_entry() {
        let text = "name = 'x'\ndescription = ''\n[[declaration]]\ncolumn = 'Imp'\npath = 'GoodsShipment/Importr/ID'\n";
        assert_eq!(
            Mapping::parse("x.toml", text).unwrap_err().to_string(),
            "mapping x: entry for column `Imp`: `GoodsShipment` has no field `Importr`; `Importer` is the nearest"
        );
        let offset = "name = 'x'\ndescription = ''\nutc_offset = 'Asia/Shanghai'\ndeclaration = []\n";
        let error = Mapping::parse("x.toml", offset).unwrap_err().to_string();
        assert!(error.contains("`Asia/Shanghai` is no offset from UTC; write it as +08:00"), "{error}");
        let unknown = Mapping::parse("x.toml", "name = 'x'\ndescription = ''\ncolour = 'red'\n").unwrap_err();
        assert!(unknown.to_string().contains("colour"), "{unknown}");
        let neither = "name = 'x'\ndescription = ''\n[[declaration]]\npath = 'ID'\n";
        assert!(matches!(Mapping::parse("x.toml", neither), Err(MappingError::Entry { .. })));
        for (path, units, wrong) in [
            ("InvoiceAmount", "unit = 'EUR'\nunit_column = 'c'", "give one of them"),
            ("TypeCode", "unit_column = 'c'", "neither an amount nor a measure"),
        ] {
            let text = format!(
                "name = 'x'\ndescription = ''\n[[declaration]]\ncolumn = 'a'\npath = '{path}'\n{units}\n"
            );
            let error = Mapping::parse("x.toml", &text).unwrap_err().to_string();
            assert!(error.contains(wrong) && error.contains(path), "{error}");
        }
    }
}
