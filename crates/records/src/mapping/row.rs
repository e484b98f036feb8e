//! Maps the fields of one source row to a declaration and an inspection.

use super::definition::{Entry, From, Mapping};
use crate::class::{Class, ClassDefinition, Defined, LeafMut};
use crate::finding::Finding;
use crate::model::{Declaration, Inspection};
use crate::validate::severity_of;
use crate::value::{self, Amount, Decimal, Measure, ParseValueError};

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
        let (severity, pointer) = (severity_of(code), entry.path.pointer(class));
        findings.push(Finding { code, severity, pointer, line: Some(line), message });
    };
    let Some(text) = text else {
        if entry.required {
            report("value.missing", format!("{} is missing; every record needs it", source_name(entry)));
        }
        return;
    };
    let Some(leaf) = entry.path.leaf_mut(record) else { return };
    match set_leaf(leaf, text, entry) {
        Ok(false) => {}
        Ok(true) => report(
            "value.float-noise",
            format!(
                "{}: `{text}` carries the noise of a binary float; the number meant was taken",
                source_name(entry)
            ),
        ),
        Err(error) => report("value.unreadable", format!("{}: {error}", source_name(entry))),
    }
}

fn source_name(entry: &Entry) -> String {
    match &entry.from {
        From::Column { name, .. } => format!("column `{name}`"),
        From::Value(_) => format!("constant for {}", entry.path.as_str()),
    }
}

/// Sets a leaf; gives whether the text carried the noise of a binary float, which was taken away.
fn set_leaf(leaf: LeafMut<'_>, text: &str, entry: &Entry) -> Result<bool, ParseValueError> {
    let unit = || entry.unit.as_deref().map(Into::into);
    let number = || value::parse_decimal(text).map(|v| without_noise(v, entry.decimals));
    let noise = match leaf {
        LeafMut::Text(slot) => {
            *slot = Some(text.into());
            false
        }
        LeafMut::Count(slot) => {
            *slot = Some(value::parse_count(text)?);
            false
        }
        LeafMut::Time(slot) => {
            *slot = Some(value::parse_time(text, entry.format.as_deref())?);
            false
        }
        LeafMut::Decimal(slot) => {
            let (value, noise) = number()?;
            *slot = Some(value);
            noise
        }
        LeafMut::Amount(slot) => {
            let (value, noise) = number()?;
            *slot = Some(Amount { value, currency: unit() });
            noise
        }
        LeafMut::Measure(slot) => {
            let (value, noise) = number()?;
            *slot = Some(Measure { value, unit: unit() });
            noise
        }
    };
    Ok(noise)
}

/// The number of `decimals` digits after the point that a noisy one stands for: they may differ by one part in
/// 10^12, which a sum of some thousand doubles can be off by. Real further digits are kept, for validation to find.
fn without_noise(value: Decimal, decimals: Option<u32>) -> (Decimal, bool) {
    let Some(decimals) = decimals else { return (value, false) };
    let rounded = value.round_dp(decimals).normalize();
    let tolerance = value.abs().checked_mul(Decimal::new(1, 12)).unwrap_or_default();
    if rounded != value && (rounded - value).abs() <= tolerance { (rounded, true) } else { (value, false) }
}
