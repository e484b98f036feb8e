//! Writes records as canonical JSON.

use crate::class::{Class, FieldRef, LeafRef, Repeated};
use crate::model::{Declaration, Inspection};
use crate::value::format_time;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::io;

/// A record that is serialised in its canonical form.
#[derive(Debug, Clone, Copy)]
pub struct Json<'a>(pub &'a dyn Class);

/// Writes one line: the declaration alone, or with its inspection.
///
/// # Errors
/// When the line cannot be written.
pub fn write_record(
    out: &mut impl io::Write,
    declaration: &Declaration,
    inspection: Option<&Inspection>,
) -> io::Result<()> {
    match inspection {
        None => serde_json::to_writer(&mut *out, &Json(declaration))?,
        Some(inspection) => {
            let parts: [(&str, Json<'_>); 2] =
                [("declaration", Json(declaration)), ("inspection", Json(inspection))];
            serde_json::to_writer(&mut *out, &Entries(&parts))?;
        }
    }
    out.write_all(b"\n")
}

/// Writes a record of any kind as one line of NDJSON.
///
/// # Errors
/// When the sink cannot be written to.
pub fn write_object(out: &mut impl io::Write, record: &dyn Class) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Json(record))?;
    out.write_all(b"\n")
}

struct Entries<'a, V>(&'a [(&'a str, V)]);

impl<V: Serialize> Serialize for Entries<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (index, field) in self.0.definition().fields.iter().enumerate() {
            match self.0.field(index) {
                FieldRef::Leaf(leaf) if leaf.is_empty() => {}
                FieldRef::Leaf(leaf) => map.serialize_entry(field.name, &Leaf(leaf))?,
                FieldRef::One(class) if class.is_empty() => {}
                FieldRef::One(class) => map.serialize_entry(field.name, &Json(class))?,
                FieldRef::Many(list) if list.is_empty() => {}
                FieldRef::Many(list) => map.serialize_entry(field.name, &List(list))?,
            }
        }
        map.end()
    }
}

struct List<'a>(&'a dyn Repeated);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for class in (0..self.0.len()).filter_map(|index| self.0.get(index)) {
            seq.serialize_element(&Json(class))?;
        }
        seq.end()
    }
}

struct Leaf<'a>(LeafRef<'a>);

impl Serialize for Leaf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let quantity = |serializer: S, value: String, key, unit: Option<&str>| {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry("value", &value)?;
            if let Some(unit) = unit {
                map.serialize_entry(key, unit)?;
            }
            map.end()
        };
        match self.0 {
            LeafRef::Text(Some(text)) => serializer.serialize_str(text),
            LeafRef::Count(Some(count)) => serializer.serialize_u32(count),
            LeafRef::Decimal(Some(decimal)) => serializer.collect_str(&decimal),
            LeafRef::Time(Some(time)) => serializer.serialize_str(&format_time(&time)),
            LeafRef::Amount(Some(amount)) => {
                quantity(serializer, amount.value.to_string(), "currency", amount.currency.as_deref())
            }
            LeafRef::Measure(Some(measure)) => {
                quantity(serializer, measure.value.to_string(), "unit", measure.unit.as_deref())
            }
            _ => serializer.serialize_unit(),
        }
    }
}
