//! Maps the fields of one source row to a declaration and an inspection.

use super::definition::{Entry, From, Mapping, Unit};
use crate::class::{Class, ClassDefinition, Defined, LeafMut};
use crate::finding::Finding;
use crate::model::{Declaration, Inspection};
use crate::validate::severity_of;
use crate::value::{self, Amount, Decimal, Measure, ParseValueError, Text, trimmed};
use chrono::FixedOffset;

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
    declaration: Vec<Bound>,
    inspection: Vec<Bound>,
}

/// An entry with the positions of its columns.
#[derive(Debug)]
struct Bound {
    entry: Entry,
    value: Option<usize>,
    unit: Option<usize>,
    utc_offset: FixedOffset,
}

impl RowMapper {
    /// Binds a mapping to a header.
    ///
    /// # Errors
    /// Gives the columns that the mapping needs and the header lacks.
    pub fn bind(mapping: &Mapping, header: &[String]) -> Result<Self, Vec<String>> {
        let mut missing = Vec::new();
        let utc_offset = mapping.utc_offset;
        let position = |name: &str| header.iter().position(|h| h.trim() == name);
        let mut bind = |entries: &[Entry]| {
            let mut bound = Vec::new();
            for entry in entries {
                let (value, optional) = match &entry.from {
                    From::Value(_) => (None, false),
                    From::Column { name, optional } => {
                        let value = position(name);
                        if value.is_none() {
                            missing.extend((!optional).then(|| name.clone()));
                            continue;
                        }
                        (value, *optional)
                    }
                };
                let unit = match &entry.unit {
                    Some(Unit::Column(name)) => {
                        let unit = position(name);
                        missing.extend((unit.is_none() && !optional).then(|| name.clone()));
                        unit
                    }
                    _ => None,
                };
                bound.push(Bound { entry: entry.clone(), value, unit, utc_offset });
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
        for bound in &self.declaration {
            set(bound, &field, &mut record.declaration, Declaration::DEFINITION, line, findings);
        }
        let mut inspection = Inspection::default();
        for bound in &self.inspection {
            set(bound, &field, &mut inspection, Inspection::DEFINITION, line, findings);
        }
        if inspection.result_code.is_some() {
            inspection.declaration_id = record.declaration.declaration_id();
            record.inspection = Some(inspection);
        }
        record
    }
}

impl Bound {
    /// Text of the value; nothing where it is absent.
    fn text<'a>(&'a self, field: &impl Fn(usize) -> Option<&'a str>) -> Option<&'a str> {
        let text = match (&self.entry.from, self.value) {
            (From::Value(value), _) => value.as_str(),
            (From::Column { .. }, Some(position)) => trimmed(field(position)?),
            (From::Column { .. }, None) => return None,
        };
        let text = self.entry.codes.get(text).map_or(text, String::as_str);
        (!text.is_empty()).then_some(text)
    }

    /// Unit or currency of the value.
    fn unit<'a>(&'a self, field: &impl Fn(usize) -> Option<&'a str>) -> Option<Text> {
        let stated = match &self.entry.unit {
            Some(Unit::Fixed(unit)) => Some(unit.as_str()),
            Some(Unit::Column(_)) => self.unit.and_then(field).map(trimmed),
            None => None,
        };
        let stated = stated.filter(|unit| !unit.is_empty()).map(Text::from);
        stated.or_else(|| self.entry.field.default_unit().map(Text::const_new))
    }
}

fn set<'a>(
    bound: &'a Bound,
    field: &impl Fn(usize) -> Option<&'a str>,
    record: &mut dyn Class,
    class: &'static ClassDefinition,
    line: u64,
    findings: &mut Vec<Finding>,
) {
    let entry = &bound.entry;
    let mut report = |code, message| {
        let (severity, pointer) = (severity_of(code), entry.path.pointer(class));
        findings.push(Finding { code, severity, pointer, line: Some(line), message });
    };
    let Some(text) = bound.text(field) else {
        if entry.required {
            report("value.missing", format!("{} is missing; every record needs it", entry.source_name()));
        }
        return;
    };
    let Some(leaf) = entry.path.leaf_mut(record) else { return };
    match set_leaf(leaf, text, bound, || bound.unit(field)) {
        Ok(false) => {}
        Ok(true) => report(
            "value.float-noise",
            format!(
                "{}: `{text}` carries the noise of a binary float; the number meant was taken",
                entry.source_name()
            ),
        ),
        Err(error) => report("value.unreadable", format!("{}: {error}", entry.source_name())),
    }
}

/// Sets a leaf; gives whether the text carried the noise of a binary float, which was taken away.
fn set_leaf(
    leaf: LeafMut<'_>,
    text: &str,
    Bound { entry, utc_offset, .. }: &Bound,
    unit: impl FnOnce() -> Option<Text>,
) -> Result<bool, ParseValueError> {
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
            *slot = Some(value::parse_time_at(text, entry.format.as_deref(), *utc_offset)?);
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
