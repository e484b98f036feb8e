//! What a policy makes of one table for one person: a condition on rows, and what is left of each column.

use crate::policy::{Access, Compiler, Condition, Filter, Policy, PolicyError, Rows, Shown, TableAccess};
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

/// Stored tables and datasets, by name.
pub(crate) type Stored = BTreeMap<String, Arc<dyn TableProvider>>;

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
    /// Tables and datasets that are there for the person, each with its rule.
    pub(super) fn all(&self, access: &Access) -> Result<Vec<(String, TableRule)>, PolicyError> {
        let mut rules = Vec::new();
        for (name, access) in &access.tables {
            let condition = match &access.rows {
                Rows::All => None,
                Rows::Matching(filters) => match self.any_of(name, filters)? {
                    Some(condition) => Some(condition),
                    // A dataset of which no row can be shown is not there.
                    None => continue,
                },
            };
            rules.push((name.clone(), self.of(name, condition, access)?));
        }
        Ok(rules)
    }

    /// What is left of an access without the datasets that are not there.
    pub(crate) fn there(&self, mut access: Access) -> Result<Access, PolicyError> {
        let there = self.all(&access)?;
        access.tables.retain(|name, _| there.iter().any(|(there, _)| there == name));
        Ok(access)
    }

    /// Rows that at least one filter lets through; none of a dataset that no filter knows.
    fn any_of(&self, name: &str, filters: &[String]) -> Result<Option<Expr>, PolicyError> {
        let mut any = None;
        for filter in filters {
            let filter = self.policy.filter(filter).ok_or_else(|| unknown("filter", filter))?;
            let one = match TABLES.iter().find(|table| table.name == name) {
                Some(table) => Some(self.condition(table, filter)?),
                None => self.of_dataset(name, filter),
            };
            any = match (any, one) {
                (Some(any), Some(one)) => Some(Expr::or(any, one)),
                (any, one) => any.or(one),
            };
        }
        Ok(any)
    }

    /// What a filter lets through of a dataset. A dataset that has changed, so that the condition does not fit it any more,
    /// is not shown by it; the rest of what a person reads does not depend on that.
    fn of_dataset(&self, name: &str, filter: &Filter) -> Option<Expr> {
        let schema = self.stored.get(name)?.schema();
        filter.of_dataset(self.compiler, name, &schema, self.person).unwrap_or_else(|error| {
            tracing::error!(dataset = name, %error, "a dataset is not shown: the policy's condition does not fit it");
            None
        })
    }

    fn of(
        &self,
        table: &str,
        condition: Option<Expr>,
        access: &TableAccess,
    ) -> Result<TableRule, PolicyError> {
        let schema = self.provider(table)?.schema();
        let mut columns = BTreeMap::new();
        for (name, shown) in &access.columns {
            let Ok(field) = schema.field_with_name(name) else { continue };
            let mask = match shown {
                Shown::Clear => None,
                Shown::Masked(mask) => {
                    let mask = self.policy.mask(mask).ok_or_else(|| unknown("mask", mask))?;
                    let column = Column::new(Some(table), name);
                    Some(mask.left_of(self.compiler, &column, field.data_type())?)
                }
            };
            columns.insert(name.clone(), mask);
        }
        Ok(TableRule { condition, columns })
    }

    fn condition(&self, table: &Table, filter: &Filter) -> Result<Expr, PolicyError> {
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
        let provider =
            self.provider(parent.name).map_err(|error| DataFusionError::External(Box::new(error)))?;
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

    fn provider(&self, table: &str) -> Result<Arc<dyn TableProvider>, PolicyError> {
        self.stored.get(table).cloned().ok_or_else(|| unknown("table", table))
    }
}

fn unknown(what: &str, name: &str) -> PolicyError {
    PolicyError::Expression {
        place: format!("{what} `{name}`"),
        cause: "there is none of this name".to_owned(),
    }
}
