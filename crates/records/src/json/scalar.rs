//! JSON values without structure, and the leaves they are read into.

use super::context::Context;
use crate::class::{FieldDefinition, FieldKind, LeafKind, LeafMut};
use crate::value::{self, Amount, Measure, Text, shorten};
use crate::wco::is_character;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A JSON value that is no object and no list.
pub(super) enum Scalar<'s> {
    Null,
    Text(Cow<'s, str>),
    Whole(String),
    /// What cannot be a value of a record, by name.
    Other(&'static str),
}

impl Scalar<'_> {
    /// What it is, for a message.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Text(_) => "text",
            Self::Whole(_) => "a number",
            Self::Other(name) => name,
        }
    }
}

pub(super) const TRUTH: Scalar<'static> = Scalar::Other("true or false");
pub(super) const FRACTION: Scalar<'static> = Scalar::Other("a number without quotes, which may lose digits,");

/// What a leaf takes, for a message.
pub(super) fn expected(field: &FieldDefinition) -> &'static str {
    match field.kind {
        FieldKind::Leaf { kind: LeafKind::Count, .. } => "a whole number such as 3",
        FieldKind::Leaf { kind: LeafKind::Decimal, .. } => "a number in quotes such as \"12.5\"",
        FieldKind::Leaf { kind: LeafKind::Amount, .. } => "{\"value\": \"12.5\", \"currency\": \"GBP\"}",
        FieldKind::Leaf { kind: LeafKind::Measure, .. } => "{\"value\": \"12.5\", \"unit\": \"KGM\"}",
        FieldKind::Leaf { kind: LeafKind::Time, .. } => "\"2021-07-19T12:00:00Z\"",
        _ => "text in quotes",
    }
}

/// Reads a scalar into a leaf that is no amount and no measure.
pub(super) fn set(leaf: LeafMut<'_>, field: &FieldDefinition, scalar: &Scalar<'_>, context: &mut Context) {
    let result = match (leaf, scalar) {
        (_, Scalar::Null) => Ok(()),
        (LeafMut::Text(slot), Scalar::Text(text)) => read_text(text).map(|text| *slot = text),
        (LeafMut::Count(slot), Scalar::Whole(number)) => {
            value::parse_count(number).map(|count| *slot = Some(count)).map_err(|e| e.to_string())
        }
        (LeafMut::Decimal(slot), Scalar::Text(number)) => {
            value::parse_decimal(number).map(|decimal| *slot = Some(decimal)).map_err(|e| e.to_string())
        }
        (LeafMut::Time(slot), Scalar::Text(text)) => {
            value::parse_time(text, None).map(|time| *slot = Some(time)).map_err(|e| e.to_string())
        }
        _ => return context.refuse(scalar.name(), expected(field)),
    };
    if let Err(cause) = result {
        context.error("value.unreadable", format!("`{}`: {cause}", field.name));
    }
}

/// Text without white space around it; nothing when it is empty.
fn read_text(text: &str) -> Result<Option<Text>, String> {
    if let Some(c) = text.chars().find(|c| !is_character(*c)) {
        return Err(format!("the control character U+{:04X} cannot be part of a text", c as u32));
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.into()))
}

/// Reads an object into an amount or a measure.
pub(super) fn set_quantity<'de, A: MapAccess<'de>>(
    leaf: LeafMut<'_>,
    field: &FieldDefinition,
    map: A,
    context: &mut Context,
) -> Result<(), A::Error> {
    let unit_key = if matches!(leaf, LeafMut::Amount(_)) { "currency" } else { "unit" };
    let Some((number, unit)) = read_quantity(map, unit_key, field, context)? else { return Ok(()) };
    match (value::parse_decimal(&number), leaf) {
        (Err(error), _) => context.error("value.unreadable", format!("`{}`: {error}", field.name)),
        (Ok(value), LeafMut::Amount(slot)) => *slot = Some(Amount { value, currency: unit }),
        (Ok(value), LeafMut::Measure(slot)) => {
            let unit = unit.or_else(|| field.default_unit().map(Text::const_new));
            *slot = Some(Measure { value, unit });
        }
        (Ok(_), _) => {}
    }
    Ok(())
}

/// Number and unit of an amount or a measure; nothing when what is there was refused.
fn read_quantity<'de, A: MapAccess<'de>>(
    mut map: A,
    unit_key: &str,
    field: &FieldDefinition,
    context: &mut Context,
) -> Result<Option<(String, Option<Text>)>, A::Error> {
    let (mut number, mut unit, mut refused) = (None, None, false);
    while let Some(key) = map.next_key::<String>()? {
        let (code, cause) = match map.next_value::<Scalar<'_>>()? {
            Scalar::Text(text) if key == "value" && number.is_none() => {
                number = Some(text.into_owned());
                continue;
            }
            Scalar::Text(text) if key == unit_key && unit.is_none() => match read_text(&text) {
                Ok(text) => {
                    unit = text;
                    continue;
                }
                Err(cause) => ("value.unreadable", cause),
            },
            Scalar::Null if key == unit_key => continue,
            _ if key == "value" || key == unit_key => {
                ("json.wrong-type", format!("`{key}` must be there once, as text in quotes"))
            }
            _ => ("json.unknown-key", format!("`{}` is neither `value` nor `{unit_key}`", shorten(&key))),
        };
        refused = true;
        context.error(code, format!("`{}`: {cause}", field.name));
    }
    if number.is_none() && !refused {
        context.error("json.wrong-type", format!("`{}` has no `value`", field.name));
    }
    Ok(number.filter(|_| !refused).map(|number| (number, unit)))
}

impl<'de> Deserialize<'de> for Scalar<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text in quotes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("a list"))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(TRUTH)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number.to_string()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(FRACTION)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }
}
