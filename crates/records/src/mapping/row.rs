//! Maps the fields of one source row to a declaration and an inspection.

use super::definition::{Entry, From, Mapping};
use crate::class::{Class, ClassDefinition, Defined, LeafMut};
use crate::finding::{Finding, Severity};
use crate::model::{Declaration, Inspection};
use crate::value::{self, Amount, Measure, ParseValueError};

/// What one source row says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MappedRecord {
    /// The declaration, as far as it could be read.
    pub declaration: Declaration,
    /// The inspection, when the row has a result.
    pub inspection: Option<Inspection>,
    /// What could not be read.
    pub findings: Vec<Finding>,
}

/// A mapping bound to the header of one source.
#[derive(Debug)]
pub struct RowMapper {
    declaration: Vec<(Entry, Option<usize>)>,
    inspection: Vec<(Entry, Option<usize>)>,
}

impl RowMapper {
    /// Binds a mapping to a header.
    ///
    /// # Errors
    /// Gives the columns that the mapping needs and the header lacks.
    pub fn bind(mapping: &Mapping, header: &[String]) -> Result<Self, Vec<String>> {
        let mut missing = Vec::new();
        let mut bind = |entries: &[Entry]| {
            let mut bound = Vec::new();
            for entry in entries {
                let position = match &entry.from {
                    From::Value(_) => None,
                    From::Column { name, optional } => {
                        let position = header.iter().position(|h| h.trim() == name);
                        if position.is_none() && !optional {
                            missing.push(name.clone());
                        }
                        if position.is_none() {
                            continue;
                        }
                        position
                    }
                };
                bound.push((entry.clone(), position));
            }
            bound
        };
        let (declaration, inspection) = (bind(&mapping.declaration), bind(&mapping.inspection));
        missing.dedup();
        if missing.is_empty() { Ok(Self { declaration, inspection }) } else { Err(missing) }
    }

    /// Maps the fields of one row; `line` is where the row starts in its source.
    pub fn map<'a>(&'a self, field: impl Fn(usize) -> Option<&'a str>, line: u64) -> MappedRecord {
        let mut record = MappedRecord::default();
        let findings = &mut record.findings;
        for (entry, position) in &self.declaration {
            let text = text_of(entry, *position, &field);
            set(entry, text, &mut record.declaration, Declaration::DEFINITION, line, findings);
        }
        let mut inspection = Inspection::default();
        for (entry, position) in &self.inspection {
            let text = text_of(entry, *position, &field);
            set(entry, text, &mut inspection, Inspection::DEFINITION, line, findings);
        }
        if inspection.result_code.is_some() {
            inspection.declaration_id = record.declaration.declaration_id();
            record.inspection = Some(inspection);
        }
        record
    }
}

fn text_of<'a>(
    entry: &'a Entry,
    position: Option<usize>,
    field: &impl Fn(usize) -> Option<&'a str>,
) -> Option<&'a str> {
    let text = match (&entry.from, position) {
        (From::Value(value), _) => value.as_str(),
        (From::Column { .. }, Some(position)) => field(position)?.trim(),
        (From::Column { .. }, None) => return None,
    };
    let text = entry.codes.get(text).map_or(text, String::as_str);
    (!text.is_empty()).then_some(text)
}

fn set(
    entry: &Entry,
    text: Option<&str>,
    record: &mut dyn Class,
    class: &'static ClassDefinition,
    line: u64,
    findings: &mut Vec<Finding>,
) {
    let mut report = |code, message| {
        let pointer = entry.path.pointer(class);
        findings.push(Finding { code, severity: Severity::Error, pointer, line: Some(line), message });
    };
    let Some(text) = text else {
        if entry.required {
            report("value.missing", format!("{} is missing; every record needs it", source_name(entry)));
        }
        return;
    };
    let Some(leaf) = entry.path.leaf_mut(record) else { return };
    if let Err(error) = set_leaf(leaf, text, entry) {
        report("value.unreadable", format!("{}: {error}", source_name(entry)));
    }
}

fn source_name(entry: &Entry) -> String {
    match &entry.from {
        From::Column { name, .. } => format!("column `{name}`"),
        From::Value(_) => format!("constant for {}", entry.path.as_str()),
    }
}

fn set_leaf(leaf: LeafMut<'_>, text: &str, entry: &Entry) -> Result<(), ParseValueError> {
    let unit = || entry.unit.as_deref().map(Into::into);
    match leaf {
        LeafMut::Text(slot) => *slot = Some(text.into()),
        LeafMut::Count(slot) => *slot = Some(value::parse_count(text)?),
        LeafMut::Decimal(slot) => *slot = Some(value::parse_decimal(text)?),
        LeafMut::Amount(slot) => {
            *slot = Some(Amount { value: value::parse_decimal(text)?, currency: unit() });
        }
        LeafMut::Measure(slot) => *slot = Some(Measure { value: value::parse_decimal(text)?, unit: unit() }),
        LeafMut::Time(slot) => *slot = Some(value::parse_time(text, entry.format.as_deref())?),
    }
    Ok(())
}
