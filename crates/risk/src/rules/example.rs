//! Example cases of rules, tried whenever a rule set is read.

use super::definition::FileExample;
use super::set::{Rule, RuleSet, together};
use crate::expr::Expression;
use crate::features::day_number;
use arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;
use toml::{Table, Value};

/// What is wrong with an example, if anything: a value that cannot be, or another outcome than it says.
pub(super) fn problem(rule: &Rule, example: &FileExample, schema: &SchemaRef) -> Option<String> {
    let one = [Table::new()];
    let items = if example.items.is_empty() { &one[..] } else { &example.items };
    let rows = match rows(&example.record, items, schema) {
        Ok(rows) => rows,
        Err(problem) => return Some(problem),
    };
    let days = vec![day_number(rule.from); items.len()];
    let one = std::slice::from_ref(rule);
    let expressions = match together(one) {
        Ok(expressions) => expressions,
        Err(error) => return Some(format!("cannot be tried: {error}")),
    };
    let (name, description, text) = Default::default();
    let rules = RuleSet { name, description, text, rules: one.to_vec(), expressions };
    let hit = match rules.evaluate(&rows, &days) {
        Ok(conditions) => !conditions.of_declaration(&rules, 0..items.len()).is_empty(),
        Err(error) => return Some(format!("cannot be tried: {error}")),
    };
    let said = |hit| if hit { "hits" } else { "does not hit" };
    (hit != example.hit).then(|| {
        let nulls = unset(&rule.condition, &example.record, items);
        format!("says that the rule {}, but it {}{nulls}", said(example.hit), said(hit))
    })
}

/// Columns that the condition reads and the example does not set, as a half sentence.
fn unset(condition: &Expression, record: &Table, items: &[Table]) -> String {
    let set =
        |column: &&String| record.contains_key(*column) || items.iter().any(|i| i.contains_key(*column));
    let unset: Vec<&str> = condition.columns().iter().filter(|c| !set(c)).map(String::as_str).collect();
    if unset.is_empty() { String::new() } else { format!(" (NULL since not given: {})", unset.join(", ")) }
}

fn rows(record: &Table, items: &[Table], schema: &SchemaRef) -> Result<RecordBatch, String> {
    for name in record.keys().chain(items.iter().flat_map(Table::keys)) {
        if schema.field_with_name(name).is_err() {
            return Err(format!("gives the column `{name}`, which is not there"));
        }
    }
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for field in schema.fields() {
        let values = items.iter().map(|item| item.get(field.name()).or_else(|| record.get(field.name())));
        columns.push(column(field, &values.collect::<Vec<_>>())?);
        fields.push(Field::new(field.name(), field.data_type().clone(), true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| e.to_string())
}

fn column(field: &Field, values: &[Option<&Value>]) -> Result<ArrayRef, String> {
    if values.iter().all(Option::is_none) {
        return Ok(new_null_array(field.data_type(), values.len()));
    }
    let texts =
        values.iter().map(|v| v.map(|v| text(field, v)).transpose()).collect::<Result<Vec<_>, _>>()?;
    let texts: StringArray = texts.into_iter().collect();
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(&texts, field.data_type(), &strict)
        .map_err(|e| format!("gives `{}` a value that is no {}: {e}", field.name(), field.data_type()))
}

/// A value as text. Text goes with text only: 010121 without quotes would lose its zero.
fn text(field: &Field, value: &Value) -> Result<String, String> {
    let wants_text = matches!(field.data_type(), DataType::Utf8);
    let is_text = matches!(value, Value::String(_));
    let is_date = matches!(field.data_type(), DataType::Date32 | DataType::Timestamp(..));
    if wants_text != is_text && !(is_date && is_text) {
        let right = if wants_text { "text in quotes" } else { "a number or truth value without quotes" };
        return Err(format!("gives `{}` the value {value}; it must be {right}", field.name()));
    }
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => Ok(value.to_string()),
        Value::Array(_) | Value::Table(_) => Err(format!("gives `{}` a list or table", field.name())),
    }
}
