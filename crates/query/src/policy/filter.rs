//! Row filters: which rows of a table a person is shown.

use super::expression::Compiler;
use super::{PolicyError, PseudonymKey};
use crate::principal::Person;
use datafusion::arrow::array::{Array, AsArray, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ScalarValue, TableReference};
use datafusion::logical_expr::ExprSchemable;
use datafusion::prelude::{Expr, lit};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tidegate_records::table::{Grade, Key, Source, Table};
use tidegate_records::tables::TABLES;

/// What conditions call the person by.
const PRINCIPAL: &str = "principal";

/// Which rows of tables are shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub description: String,
    #[serde(rename = "where")]
    conditions: BTreeMap<String, String>,
    #[serde(default)]
    through: BTreeMap<String, String>,
    #[serde(default, rename = "dataset")]
    of_datasets: BTreeMap<String, String>,
    #[serde(default, rename = "example")]
    examples: Vec<Example>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    table: String,
    #[serde(default)]
    principal: BTreeMap<String, String>,
    row: BTreeMap<String, String>,
    is_shown: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filters {
    filter: Vec<Filter>,
}

/// How a filter applies to a table.
pub(crate) enum Condition<'a> {
    /// A condition over the table's own columns.
    Own(Expr),
    /// Rows follow those of another table, by the keys that both have.
    Through(&'a Table, Vec<&'static str>),
    /// Nothing is let through.
    Nothing,
}

/// Checks every condition against its table, and every example.
pub(super) fn parse(filters: Filters) -> Result<Vec<Filter>, PolicyError> {
    let compiler = Compiler::new(&PseudonymKey::derived_from(&[0; 32]));
    for filter in &filters.filter {
        for table in filter.conditions.keys().chain(filter.through.keys()) {
            let table = filter.table(table)?;
            if let Condition::Through(parent, keys) = filter.condition(&compiler, table, &nobody())? {
                if keys.is_empty() {
                    return Err(
                        filter.refused(table.name, format!("it has no key in common with {}", parent.name))
                    );
                }
                if !filter.conditions.contains_key(parent.name) {
                    let cause = format!("{} has no condition of its own in this filter", parent.name);
                    return Err(filter.refused(table.name, cause));
                }
            }
        }
        for example in &filter.examples {
            filter.check(&compiler, example)?;
        }
    }
    Ok(filters.filter)
}

fn nobody() -> Person {
    Person {
        name: "nobody".to_owned(),
        kind: "person".to_owned(),
        roles: BTreeSet::new(),
        clearance: Grade::General1,
        office: None,
        organisation: None,
        enterprise: None,
    }
}

impl Filter {
    /// How the filter applies to a table, for a person.
    pub(crate) fn condition(
        &self,
        compiler: &Compiler,
        table: &Table,
        person: &Person,
    ) -> Result<Condition<'static>, PolicyError> {
        if let Some(sql) = self.conditions.get(table.name) {
            return Ok(Condition::Own(self.own(compiler, table.name, &table.schema(), person, sql)?));
        }
        let Some(parent) = self.through.get(table.name) else { return Ok(Condition::Nothing) };
        let parent = self.table(parent)?;
        let is_key = |source: Source| {
            matches!(source, Source::Key(Key::Month | Key::DeclarationId | Key::VersionNumber))
        };
        let keys = parent.columns.iter().filter(|c| is_key(c.source)).map(|c| c.name);
        Ok(Condition::Through(parent, keys.filter(|key| table.column(key).is_some()).collect()))
    }

    /// The condition over the columns of a dataset; nothing is let through when the filter does not name it. Which datasets
    /// there are changes without the policy, so a condition is checked when the dataset is read.
    pub(crate) fn of_dataset(
        &self,
        compiler: &Compiler,
        name: &str,
        schema: &Schema,
        person: &Person,
    ) -> Result<Option<Expr>, PolicyError> {
        let sql = self.of_datasets.get(name);
        sql.map(|sql| self.own(compiler, name, schema, person, sql)).transpose()
    }

    fn own(
        &self,
        compiler: &Compiler,
        table: &str,
        schema: &Schema,
        person: &Person,
        sql: &str,
    ) -> Result<Expr, PolicyError> {
        let refused = |cause: String| self.refused(table, cause);
        let internal = |error: datafusion::error::DataFusionError| refused(error.strip_backtrace());
        let known = [
            ("office", &person.office),
            ("organisation", &person.organisation),
            ("enterprise", &person.enterprise),
        ];
        let fields: Vec<Field> =
            known.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, true)).collect();
        let of_person =
            DFSchema::try_from_qualified_schema(PRINCIPAL, &Schema::new(fields)).map_err(internal)?;
        let of_table = DFSchema::try_from_qualified_schema(table, schema).map_err(internal)?;
        let schema = of_table.join(&of_person).map_err(internal)?;
        let expression = compiler.compile(sql, &schema).map_err(refused)?;
        if expression.get_type(&schema).map_err(internal)? != DataType::Boolean {
            return Err(refused("a condition is true or false; this is neither".to_owned()));
        }
        let person = TableReference::bare(PRINCIPAL);
        let filled = expression.transform(|part| {
            Ok(match part {
                Expr::Column(column) if column.relation.as_ref() == Some(&person) => {
                    let value = known.iter().find(|(name, _)| *name == column.name);
                    let value = value.and_then(|(_, value)| value.as_deref());
                    Transformed::yes(lit(ScalarValue::Utf8(value.map(str::to_owned))))
                }
                other => Transformed::no(other),
            })
        });
        Ok(filled.map_err(internal)?.data)
    }

    fn table(&self, name: &str) -> Result<&'static Table, PolicyError> {
        TABLES
            .iter()
            .find(|table| table.name == name)
            .copied()
            .ok_or_else(|| self.refused(name, "there is no such table".to_owned()))
    }

    fn refused(&self, table: &str, cause: String) -> PolicyError {
        PolicyError::Expression { place: format!("filter `{}` for {table}", self.name), cause }
    }

    fn check(&self, compiler: &Compiler, example: &Example) -> Result<(), PolicyError> {
        let table = self.table(&example.table)?;
        let refused = |cause: String| self.refused(table.name, cause);
        let known = |name: &str| example.principal.get(name).cloned();
        let person = Person {
            office: known("office"),
            organisation: known("organisation"),
            enterprise: known("enterprise"),
            ..nobody()
        };
        let Condition::Own(expression) = self.condition(compiler, table, &person)? else {
            return Err(refused("an example is about a table with a condition of its own".to_owned()));
        };
        if let Some(unknown) = example.row.keys().find(|name| table.column(name).is_none()) {
            return Err(refused(format!("an example has the column `{unknown}`, which the table lacks")));
        }
        // Qualifiers of the table go: the example is a batch of its own.
        let bare = expression.transform(|part| {
            Ok(match part {
                Expr::Column(column) => Transformed::yes(Expr::Column(column.name.into())),
                other => Transformed::no(other),
            })
        });
        let bare = bare.map_err(|error| refused(error.strip_backtrace()))?.data;
        let row = row(table, &example.row).map_err(refused)?;
        let found = compiler.evaluate(bare, &row).map_err(refused)?;
        let is_shown = found.as_boolean_opt().is_some_and(|shown| shown.is_valid(0) && shown.value(0));
        if is_shown == example.is_shown {
            return Ok(());
        }
        let word = |is_shown| if is_shown { "a row that is shown" } else { "a row that is not shown" };
        Err(PolicyError::Example {
            place: format!("filter `{}` for {}", self.name, table.name),
            found: word(is_shown).to_owned(),
            wanted: word(example.is_shown).to_owned(),
        })
    }
}

/// A row with the values that an example gives, and none elsewhere.
fn row(table: &Table, values: &BTreeMap<String, String>) -> Result<RecordBatch, String> {
    let schema = table.schema();
    let fields: Vec<Field> =
        schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    let columns = fields.iter().map(|field| match values.get(field.name()) {
        Some(value) => {
            cast(&StringArray::from(vec![value.as_str()]), field.data_type()).map_err(|e| e.to_string())
        }
        None => Ok(new_null_array(field.data_type(), 1)),
    });
    let columns = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| error.to_string())
}
