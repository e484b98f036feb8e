//! Values that have no column of their own, kept as path, value and unit so that nothing of a record is lost.

use super::row_key::RowKey;
use crate::class::{Class, ClassDefinition, FieldKind, FieldRef, LeafMut, LeafRef};
use crate::table::{Column, Key, Source, Table, other_values_fields, other_values_item};
use crate::value::{self, Amount, Measure};
use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

/// Grows the column of other values.
pub(super) struct OtherBuilder {
    plan: Vec<Node>,
    offsets: Vec<i32>,
    path: StringBuilder,
    value: StringBuilder,
    unit: StringBuilder,
    rows: i32,
}

/// A field that no column of the table stores: a leaf, or a class with such fields below it.
struct Node {
    field: usize,
    element: &'static str,
    /// Part of the key that may say the same.
    key: Option<Key>,
    below: Vec<Node>,
}

/// An element on the way to a value, with its occurrence from 1 where it repeats.
type Step = (&'static str, Option<usize>);

impl OtherBuilder {
    pub(super) fn new(table: &Table) -> Self {
        let covered = table.columns.iter().filter_map(covered_path).chain(table.elsewhere.iter().copied());
        let mut plan = plan(table.class, &covered.collect(), "");
        for node in &mut plan {
            node.key = table.key_of(node.element);
        }
        Self {
            plan,
            offsets: vec![0],
            path: StringBuilder::new(),
            value: StringBuilder::new(),
            unit: StringBuilder::new(),
            rows: 0,
        }
    }

    pub(super) fn push(&mut self, key: RowKey<'_>, record: &dyn Class) {
        let plan = std::mem::take(&mut self.plan);
        self.walk(&plan, key, record, &mut Vec::new());
        self.plan = plan;
        self.offsets.push(self.rows);
    }

    fn walk(&mut self, nodes: &[Node], key: RowKey<'_>, class: &dyn Class, steps: &mut Vec<Step>) {
        for node in nodes {
            match class.field(node.field) {
                FieldRef::Leaf(leaf) if leaf.is_empty() => {}
                FieldRef::Leaf(leaf) if node.key.is_some_and(|part| key.says(part, leaf)) => {}
                FieldRef::Leaf(leaf) => {
                    steps.push((node.element, None));
                    self.push_leaf(steps, leaf);
                    steps.pop();
                }
                FieldRef::One(child) => {
                    steps.push((node.element, None));
                    self.walk(&node.below, key, child, steps);
                    steps.pop();
                }
                FieldRef::Many(list) => {
                    for occurrence in 0..list.len() {
                        steps.push((node.element, Some(occurrence + 1)));
                        if let Some(child) = list.get(occurrence) {
                            self.walk(&node.below, key, child, steps);
                        }
                        steps.pop();
                    }
                }
            }
        }
    }

    fn push_leaf(&mut self, steps: &[Step], leaf: LeafRef<'_>) {
        let Some((value, unit)) = leaf_text(leaf) else { return };
        for (index, (element, occurrence)) in steps.iter().enumerate() {
            let slash = if index == 0 { "" } else { "/" };
            // Writing into a builder cannot fail.
            let _ = match occurrence {
                None => write!(self.path, "{slash}{element}"),
                Some(number) => write!(self.path, "{slash}{element}[{number}]"),
            };
        }
        self.path.append_value("");
        self.value.append_value(value);
        self.unit.append_option(unit);
        self.rows += 1;
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        self.rows = 0;
        let columns: Vec<ArrayRef> =
            vec![Arc::new(self.path.finish()), Arc::new(self.value.finish()), Arc::new(self.unit.finish())];
        let items = StructArray::new(other_values_fields(), columns, None);
        Arc::new(ListArray::new(other_values_item(), offsets, Arc::new(items), None))
    }
}

/// Fields of a class that no column stores; a repeating class that a list column stores is stored whole.
fn plan(class: &'static ClassDefinition, covered: &HashSet<&str>, prefix: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (field, definition) in class.fields.iter().enumerate() {
        let path = if prefix.is_empty() {
            definition.element.to_owned()
        } else {
            format!("{prefix}/{}", definition.element)
        };
        if covered.contains(path.as_str()) {
            continue;
        }
        let below = match definition.kind {
            FieldKind::Leaf { .. } => Vec::new(),
            FieldKind::One(child) | FieldKind::Many(child) => plan(child, covered, &path),
        };
        nodes.push(Node { field, element: definition.element, key: None, below });
    }
    nodes
}

/// Path of element names that a column stores whole.
fn covered_path(column: &Column) -> Option<&'static str> {
    match column.source {
        Source::Leaf(path) | Source::Value(path) | Source::Kilograms(path) | Source::List(path) => Some(path),
        Source::Unit(_)
        | Source::Hs6(_)
        | Source::Key(_)
        | Source::Other
        | Source::Computed(_)
        | Source::Listed(_) => None,
    }
}

/// Text of a value and its unit, which [`set_leaf`] reads back to the same value.
pub(crate) fn leaf_text(leaf: LeafRef<'_>) -> Option<(String, Option<&str>)> {
    match leaf {
        LeafRef::Text(value) => value.map(|v| (v.to_owned(), None)),
        LeafRef::Count(value) => value.map(|v| (v.to_string(), None)),
        LeafRef::Decimal(value) => value.map(|v| (v.to_string(), None)),
        LeafRef::Amount(value) => value.map(|a| (a.value.to_string(), a.currency.as_deref())),
        LeafRef::Measure(value) => value.map(|m| (m.value.to_string(), m.unit.as_deref())),
        LeafRef::Time(value) => value.map(|t| (value::format_time(&t), None)),
    }
}

/// Sets a leaf from text and unit.
pub(crate) fn set_leaf(
    leaf: LeafMut<'_>,
    text: &str,
    unit: Option<&str>,
) -> Result<(), value::ParseValueError> {
    match leaf {
        LeafMut::Text(slot) => *slot = Some(text.into()),
        LeafMut::Count(slot) => *slot = Some(value::parse_count(text)?),
        LeafMut::Decimal(slot) => *slot = Some(value::parse_decimal(text)?),
        LeafMut::Amount(slot) => {
            *slot = Some(Amount { value: value::parse_decimal(text)?, currency: unit.map(Into::into) });
        }
        LeafMut::Measure(slot) => {
            *slot = Some(Measure { value: value::parse_decimal(text)?, unit: unit.map(Into::into) });
        }
        LeafMut::Time(slot) => *slot = Some(value::parse_time(text, None)?),
    }
    Ok(())
}

/// Reads the other values of one row back into a record; gives the path that could not be read.
pub(super) fn read_other(column: &ListArray, row: usize, record: &mut dyn Class) -> Result<(), String> {
    let items = column.value(row);
    let items = items.as_struct();
    let [path, value, unit] = [0, 1, 2].map(|i| items.column(i).as_string::<i32>());
    for index in 0..items.len() {
        let text = path.value(index);
        let root: &'static ClassDefinition = record.definition();
        let parsed = crate::path::Path::parse_leaf(root, text).map_err(|e| e.to_string())?.0;
        let leaf = parsed.leaf_mut(record).ok_or_else(|| text.to_owned())?;
        let unit = (!unit.is_null(index)).then(|| unit.value(index));
        set_leaf(leaf, value.value(index), unit).map_err(|e| e.to_string())?;
    }
    Ok(())
}
