//! What a policy makes of one table for one person: a condition on rows, and what is left of each column.

use crate::policy::{Access, Compiler, Condition, Policy, PolicyError, Rows, Shown, TableAccess};
use crate::principal::Person;
use datafusion::common::Column;
use datafusion::datasource::{TableProvider, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlanBuilder, exists, out_ref_col};
use datafusion::prelude::{Expr, lit};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_records::table::Table;
use tidegate_records::tables::TABLES;

/// Stored tables, by name.
pub(crate) type Stored = BTreeMap<&'static str, Arc<dyn TableProvider>>;

/// What is shown of a table.
pub(super) struct TableRule {
    /// Which rows; all when none.
    pub(super) condition: Option<Expr>,
    /// Columns that are shown, each with the expression of its mask when it has one.
    pub(super) columns: BTreeMap<String, Option<Expr>>,
}

/// Makes rules from the policy that holds for a person.
pub(crate) struct Rules<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) compiler: &'a Compiler,
    pub(crate) person: &'a Person,
    pub(crate) stored: &'a Stored,
}

impl Rules<'_> {
    /// Tables that are there for the person, each with its rule.
    pub(super) fn all(&self, access: &Access) -> Result<Vec<(&'static str, TableRule)>, PolicyError> {
        let tables = TABLES.iter().filter_map(|table| Some((*table, access.tables.get(table.name)?)));
        tables.map(|(table, access)| Ok((table.name, self.of(table, access)?))).collect()
    }

    fn of(&self, table: &'static Table, access: &TableAccess) -> Result<TableRule, PolicyError> {
        let condition = match &access.rows {
            Rows::All => None,
            Rows::Matching(filters) => {
                let conditions = filters.iter().map(|filter| self.condition(table, filter));
                let conditions: Vec<Expr> = conditions.collect::<Result<_, _>>()?;
                Some(conditions.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false)))
            }
        };
        let schema = self.provider(table)?.schema();
        let mut columns = BTreeMap::new();
        for (name, shown) in &access.columns {
            let Ok(field) = schema.field_with_name(name) else { continue };
            let mask = match shown {
                Shown::Clear => None,
                Shown::Masked(mask) => {
                    let mask = self.policy.mask(mask).ok_or_else(|| unknown("mask", mask))?;
                    let column = Column::new(Some(table.name), *name);
                    Some(mask.left_of(self.compiler, &column, field.data_type())?)
                }
            };
            columns.insert((*name).to_owned(), mask);
        }
        Ok(TableRule { condition, columns })
    }

    fn condition(&self, table: &'static Table, filter: &str) -> Result<Expr, PolicyError> {
        let filter = self.policy.filter(filter).ok_or_else(|| unknown("filter", filter))?;
        match filter.condition(self.compiler, table, self.person)? {
            Condition::Own(condition) => Ok(condition),
            Condition::Nothing => Ok(lit(false)),
            Condition::Through(parent, keys) => {
                let Condition::Own(condition) = filter.condition(self.compiler, parent, self.person)? else {
                    return Ok(lit(false));
                };
                let failed = |error: DataFusionError| PolicyError::Expression {
                    place: format!("filter `{}` for {} through {}", filter.name, table.name, parent.name),
                    cause: error.strip_backtrace(),
                };
                self.follows(table, parent, &keys, condition).map_err(failed)
            }
        }
    }

    /// That a row of another table with the same keys meets a condition. Runs as the policy, not as the reader: the other
    /// table is the stored one.
    fn follows(
        &self,
        table: &Table,
        parent: &Table,
        keys: &[&str],
        condition: Expr,
    ) -> Result<Expr, DataFusionError> {
        let provider = self.provider(parent).map_err(|error| DataFusionError::External(Box::new(error)))?;
        let schema = provider.schema();
        let mut all = condition;
        for key in keys {
            let data_type = schema.field_with_name(key)?.data_type().clone();
            let of_parent = Expr::Column(Column::new(Some(parent.name), *key));
            all = all.and(of_parent.eq(out_ref_col(data_type, Column::new(Some(table.name), *key))));
        }
        let rows = LogicalPlanBuilder::scan(parent.name, provider_as_source(provider), None)?.filter(all)?;
        Ok(exists(Arc::new(rows.build()?)))
    }

    fn provider(&self, table: &Table) -> Result<Arc<dyn TableProvider>, PolicyError> {
        self.stored.get(table.name).cloned().ok_or_else(|| unknown("table", table.name))
    }
}

fn unknown(what: &str, name: &str) -> PolicyError {
    PolicyError::Expression {
        place: format!("{what} `{name}`"),
        cause: "there is none of this name".to_owned(),
    }
}
