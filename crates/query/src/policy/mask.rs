//! Masks: what is left of a column.

use super::expression::Compiler;
use super::types::ColumnType;
use super::{PolicyError, PseudonymKey};
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::try_cast;
use datafusion::prelude::{Expr, lit};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the column that an expression of a mask is about.
const VALUE: &str = "value";

/// What is left of a column: an expression for each type, nothing for types without one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub description: String,
    expression: BTreeMap<ColumnType, String>,
    #[serde(default, rename = "example")]
    examples: Vec<Example>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    r#type: ColumnType,
    value: String,
    /// Nothing is left when it is absent.
    shown: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Masks {
    mask: Vec<Mask>,
}

/// Checks every expression with every type it is for, and every example.
pub(super) fn parse(masks: &Masks) -> Result<Vec<Mask>, PolicyError> {
    // Examples cannot state pseudonyms, which differ from one installation to the next.
    let compiler = Compiler::new(&PseudonymKey::derived_from(&[0; 32]));
    for mask in &masks.mask {
        for column_type in mask.expression.keys() {
            for data_type in column_type.data_types() {
                mask.try_on(&compiler, &data_type, &column_type.extremes())?;
            }
        }
        for example in &mask.examples {
            mask.check(&compiler, example)?;
        }
    }
    Ok(masks.mask.clone())
}

impl Mask {
    /// What is left of a column, of the column's own type.
    pub(crate) fn left_of(
        &self,
        compiler: &Compiler,
        column: &Column,
        data_type: &DataType,
    ) -> Result<Expr, PolicyError> {
        let refused = |cause: String| PolicyError::Expression {
            place: format!("mask `{}` for {data_type}", self.name),
            cause,
        };
        let sql = ColumnType::of(data_type).and_then(|column_type| self.expression.get(&column_type));
        let Some(sql) = sql else {
            let empty = ScalarValue::try_from(data_type).map_err(|error| refused(error.strip_backtrace()))?;
            return Ok(lit(empty));
        };
        let schema = Schema::new(vec![Field::new(VALUE, data_type.clone(), true)]);
        let schema = DFSchema::try_from(schema).map_err(|error| refused(error.strip_backtrace()))?;
        let expression = compiler.compile(sql, &schema).map_err(refused)?;
        let about = expression.transform(|part| {
            Ok(match part {
                Expr::Column(_) => Transformed::yes(Expr::Column(column.clone())),
                other => Transformed::no(other),
            })
        });
        let about = about.map_err(|error| refused(error.strip_backtrace()))?.data;
        // The same type as the column, whatever the expression gives, and no error where that cannot be.
        Ok(try_cast(about, data_type.clone()))
    }

    /// What is left of some values, which are texts of the type.
    fn try_on(
        &self,
        compiler: &Compiler,
        data_type: &DataType,
        values: &[&str],
    ) -> Result<ArrayRef, PolicyError> {
        let refused = |cause: String| PolicyError::Expression {
            place: format!("mask `{}` for {data_type}", self.name),
            cause,
        };
        let values = typed(values, data_type).map_err(refused)?;
        let schema = Schema::new(vec![Field::new(VALUE, data_type.clone(), true)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![values]);
        let batch = batch.map_err(|error| refused(error.to_string()))?;
        let expression = self.left_of(compiler, &Column::from_name(VALUE), data_type)?;
        compiler.evaluate(expression, &batch).map_err(refused)
    }

    fn check(&self, compiler: &Compiler, example: &Example) -> Result<(), PolicyError> {
        let place = format!("mask `{}`", self.name);
        let refused = |cause: String| PolicyError::Expression { place: place.clone(), cause };
        for data_type in example.r#type.data_types() {
            let stated = |text: &str| {
                let value = typed(&[text], &data_type).map_err(refused)?;
                if value.is_null(0) {
                    return Err(refused(format!("`{text}` in an example is no {data_type}")));
                }
                Ok(value)
            };
            stated(&example.value)?;
            let wanted = match &example.shown {
                Some(shown) => stated(shown)?,
                None => new_null_array(&data_type, 1),
            };
            let found = self.try_on(compiler, &data_type, &[&example.value])?;
            if *found != *wanted {
                let found = ScalarValue::try_from_array(&found, 0);
                return Err(PolicyError::Example {
                    place,
                    found: found.map_or_else(|e| e.strip_backtrace(), |found| found.to_string()),
                    wanted: example.shown.clone().unwrap_or_else(|| "nothing".to_owned()),
                });
            }
        }
        Ok(())
    }
}

/// Texts as values of a type.
fn typed(texts: &[&str], data_type: &DataType) -> Result<ArrayRef, String> {
    cast(&StringArray::from(texts.to_vec()), data_type).map_err(|error| error.to_string())
}
