//! Reads JSON objects and lists into the classes of a record, driven by their definitions.

use super::context::Context;
use super::scalar::{self, FRACTION, Scalar, TRUTH};
use crate::class::{Class, FieldDefinition, FieldMut, LeafMut, Repeated};
use crate::finding::Severity;
use crate::path::nearest;
use crate::value::shorten;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A place that one JSON value is read into.
pub(super) struct Value<'a> {
    pub(super) target: Target<'a>,
    pub(super) context: &'a mut Context,
}

pub(super) enum Target<'a> {
    Class(&'a mut dyn Class),
    List(&'a mut dyn Repeated, &'static FieldDefinition),
    Leaf(LeafMut<'a>, &'static FieldDefinition),
}

impl Target<'_> {
    fn expected(&self) -> &'static str {
        match self {
            Self::Class(_) => "an object",
            Self::List(..) => "a list of objects",
            Self::Leaf(_, field) => scalar::expected(field),
        }
    }
}

/// Reads the entry of a key into a field of a class; `seen` has a place for each field.
pub(super) fn read_entry<'de, A: MapAccess<'de>>(
    class: &mut dyn Class,
    seen: &mut [bool],
    key: &str,
    map: &mut A,
    context: &mut Context,
) -> Result<(), A::Error> {
    let definition = class.definition();
    let Some(index) = definition.fields.iter().position(|f| f.name == key) else {
        let names = definition.fields.iter().map(|f| f.name);
        let hint = nearest(key, names).map(|n| format!("; `{n}` is the nearest")).unwrap_or_default();
        context.error(
            "json.unknown-key",
            format!("`{}` has no field `{}`{hint}", definition.name, shorten(key)),
        );
        return map.next_value::<IgnoredAny>().map(drop);
    };
    let field = &definition.fields[index];
    if std::mem::replace(&mut seen[index], true) {
        context.report.enter(field, None);
        context.error("json.duplicate-key", format!("`{key}` is there twice; the first is kept"));
        context.report.leave();
        return map.next_value::<IgnoredAny>().map(drop);
    }
    let target = match class.field_mut(index) {
        FieldMut::Leaf(leaf) => Target::Leaf(leaf, field),
        FieldMut::One(child) => Target::Class(child),
        FieldMut::Many(list) => {
            // The occurrences point to themselves.
            return map.next_value_seed(Value { target: Target::List(list, field), context });
        }
    };
    context.report.enter(field, None);
    let result = map.next_value_seed(Value { target, context });
    context.report.leave();
    result
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Value<'_> {
    fn scalar(self, found: &Scalar<'_>) {
        match self.target {
            Target::Leaf(leaf, field) if !matches!(leaf, LeafMut::Amount(_) | LeafMut::Measure(_)) => {
                scalar::set(leaf, field, found, self.context);
            }
            target => self.context.refuse(found.name(), target.expected()),
        }
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.target.expected())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        match self.target {
            Target::Class(class) => {
                let mut seen = vec![false; class.definition().fields.len()];
                while let Some(key) = map.next_key::<String>()? {
                    read_entry(class, &mut seen, &key, &mut map, self.context)?;
                }
                Ok(())
            }
            Target::Leaf(leaf @ (LeafMut::Amount(_) | LeafMut::Measure(_)), field) => {
                scalar::set_quantity(leaf, field, map, self.context)
            }
            target => {
                self.context.refuse("an object", target.expected());
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(())
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Target::List(list, field) = self.target else {
            self.context.refuse("a list", self.target.expected());
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        let context = self.context;
        while seq.next_element_seed(Occurrence { list: &mut *list, field, context: &mut *context })?.is_some()
        {
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar(&TRUTH);
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.scalar(&Scalar::Whole(number.to_string()));
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.scalar(&Scalar::Whole(number.to_string()));
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar(&FRACTION);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.scalar(&Scalar::Text(text.into()));
        Ok(())
    }
}

/// The next occurrence of a list.
struct Occurrence<'a> {
    list: &'a mut dyn Repeated,
    field: &'static FieldDefinition,
    context: &'a mut Context,
}

impl<'de> DeserializeSeed<'de> for Occurrence<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { list, field, context } = self;
        let occurrence = list.len();
        if occurrence >= context.occurrences {
            let message =
                format!("`{}` occurs more than {occurrence} times; the others are left out", field.name);
            context.error("json.limit", message);
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        context.report.enter(field, Some(occurrence));
        let line = context.line.get();
        let child = list.push();
        let value = Value { target: Target::Class(&mut *child), context: &mut *context };
        let result = deserializer.deserialize_any(value);
        if child.is_empty() {
            list.pop();
            let message = format!("an object of `{}` holds nothing and is left out", field.name);
            context.report.add("json.empty-object", Severity::Warning, line, message);
        }
        context.report.leave();
        result
    }
}
