//! What follows from the plan of a dataset: its columns, their grades and categories, and how it can be made by months.

use super::{DatasetColumn, DatasetError, Definition, Lowered, groups, increment};
use crate::catalog::{Catalog, Stored};
use crate::lineage::Lineage;
use crate::{Platform, QueryError};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tidegate_records::category::Category;
use tidegate_records::table::{Grade, Key, Source};
use tidegate_records::tables::{CODE, TABLES};

/// What follows from the plan of a dataset.
#[derive(Debug, Clone)]
pub struct Derived {
    /// Columns with their types; descriptions stand as comments.
    pub schema: SchemaRef,
    /// Columns with what is known of them, in order.
    pub columns: Vec<DatasetColumn>,
    /// Stored tables that are read.
    pub tables: BTreeSet<String>,
    /// Of a dataset that is made by months: tables of which every month is made of all rows, so that all months change
    /// when they do.
    pub read_whole: Option<BTreeSet<String>>,
}

impl Platform {
    /// Plans the statement of a dataset, and derives what follows.
    ///
    /// # Errors
    /// When the statement is refused, its columns are not those of the header, or it cannot be made by months as the header
    /// says.
    pub async fn derive(&self, definition: &Definition) -> Result<Derived, QueryError> {
        let plan = self.optimised(&definition.statement(None)).await?;
        let lineage = Lineage::of(&plan)?;
        let arrow = plan.schema().as_arrow();
        let names: Vec<&str> = arrow.fields().iter().map(|field| field.name().as_str()).collect();
        check_names(definition, &names)?;
        check_fresh(definition, &lineage)?;
        let of_groups = match &definition.header.lowered {
            None => BTreeMap::new(),
            Some(lowered) => self.of_groups(definition, lowered).await?,
        };
        let (used, choosing) = (lineage.used(), &lineage.choosing);
        let grading = Grading { definition, catalog: self.catalog(), used, choosing, of_groups };
        let columns = names.iter().zip(&lineage.origins).map(|(name, origins)| {
            grading.check_counted(name, origins)?;
            grading.column(name, origins)
        });
        let columns: Vec<DatasetColumn> = columns.collect::<Result<_, _>>()?;
        let read_whole = match &definition.header.increment {
            None if definition.header.lowered.is_some() => return Err(not_by_month(definition).into()),
            None => None,
            Some(by) => {
                check_month(definition, by, &columns)?;
                let one = self.optimised(&definition.statement(Some(&[increment::MONTH.to_owned()]))).await?;
                Some(increment::read_whole(&one)?)
            }
        };
        let fields = arrow.fields().iter().zip(&columns).map(|(field, column)| {
            let is_month = definition.header.increment.as_ref() == Some(&column.name);
            Field::new(&column.name, field.data_type().clone(), !is_month)
                .with_metadata(HashMap::from([("comment".to_owned(), column.description.clone())]))
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(Derived { schema, columns, tables: lineage.tables.into_keys().collect(), read_whole })
    }

    /// Columns that tell of whole groups alone, with what stands behind the values that they show: whether enough contribute to
    /// them decides that they are shown, and is not told by them.
    async fn of_groups(
        &self,
        definition: &Definition,
        lowered: &Lowered,
    ) -> Result<BTreeMap<String, BTreeSet<Stored>>, QueryError> {
        let written = self.written(&definition.statement(None)).await?;
        let told = groups::told_of(&written, lowered).map_err(|cause| refused(definition, cause))?;
        let grouping = Lineage::of(told.grouping)?;
        let used = grouping.used();
        let of_groups = told.columns.into_iter().map(|(name, outputs)| {
            let origins = outputs.iter().filter_map(|place| grouping.origins.get(*place));
            let origins: BTreeSet<Stored> = origins.flatten().cloned().collect();
            (name, if origins.is_empty() { used.clone() } else { origins })
        });
        Ok(of_groups.collect())
    }
}

fn refused(definition: &Definition, cause: String) -> DatasetError {
    DatasetError::Definition { name: definition.name.clone(), cause }
}

/// Why what is lowered has months: a total that is made anew each day tells what came since.
fn not_by_month(definition: &Definition) -> DatasetError {
    let cause = "its grade is lowered, and it is not made by months: two makings differ by what came between, which may be \
                 that of one; group by month and name it as `increment`, so that rows of closed months alone are there";
    refused(definition, cause.to_owned())
}

/// That header and statement have the same columns.
fn check_names(definition: &Definition, names: &[&str]) -> Result<(), DatasetError> {
    let described = &definition.header.columns;
    if let Some(name) = names.iter().find(|name| !described.contains_key(**name)) {
        return Err(refused(
            definition,
            format!("the column `{name}` has no [columns.{name}] in the header"),
        ));
    }
    if let Some(name) = described.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(refused(definition, format!("the statement gives no column `{name}`")));
    }
    Ok(())
}

/// That the table whose loads tell how old rows are is one that they are made of.
fn check_fresh(definition: &Definition, lineage: &Lineage) -> Result<(), DatasetError> {
    let table = definition.header.fresh.as_ref().and_then(|fresh| fresh.table.as_ref());
    if table.is_some_and(|table| table == CODE.name) {
        let cause = format!("[fresh] names `{}`, whose rows are compiled in and never loaded", CODE.name);
        return Err(refused(definition, cause));
    }
    let Some(unknown) = table.filter(|table| !lineage.tables.contains_key(*table)) else { return Ok(()) };
    let known: Vec<&str> = lineage.tables.keys().map(String::as_str).collect();
    let cause = format!("[fresh] names `{unknown}`, and it is made of {}", known.join(", "));
    Err(refused(definition, cause))
}

/// That the column by which the dataset is made is the month of stored rows.
fn check_month(definition: &Definition, by: &str, columns: &[DatasetColumn]) -> Result<(), DatasetError> {
    let is_month = |origin: &String| {
        TABLES.iter().any(|table| {
            let month = table.columns.iter().find(|column| column.source == Source::Key(Key::Month));
            month.is_some_and(|month| *origin == format!("{}.{}", table.name, month.name))
        })
    };
    let origins = columns.iter().find(|column| column.name == by).map(|column| &column.origins);
    if origins.is_some_and(|origins| !origins.is_empty() && origins.iter().all(is_month)) {
        return Ok(());
    }
    Err(refused(definition, format!("`{by}` is not the month of stored rows; leave `increment` out")))
}

fn names_somebody(category: Category) -> bool {
    matches!(category, Category::Party | Category::Person)
}

/// What grades and categories of columns follow from.
struct Grading<'a> {
    definition: &'a Definition,
    catalog: &'a Catalog,
    /// Columns in conditions, joins, groups and orders.
    used: BTreeSet<Stored>,
    /// Those that choose the rows.
    choosing: &'a BTreeSet<Stored>,
    /// Columns of the dataset that tell of large groups alone, with what stands behind the values that they show.
    of_groups: BTreeMap<String, BTreeSet<Stored>>,
}

impl Grading<'_> {
    /// That the number by which grades are lowered is one of enterprises or persons, told apart by codes at most: many
    /// declarations may be those of one.
    fn check_counted(&self, name: &str, origins: &BTreeSet<Stored>) -> Result<(), DatasetError> {
        let known = |(table, column): &Stored| self.catalog.of_stored(table, column);
        let is_somebody = |stored: &Stored| known(stored).is_some_and(|known| names_somebody(known.category));
        let is_code = |stored: &Stored| known(stored).is_some_and(|known| known.grade == Grade::General1);
        let is_counted = self.definition.header.lowered.as_ref().is_some_and(|lowered| lowered.count == name);
        let counts_somebody = origins.iter().any(is_somebody)
            && origins.iter().all(|stored| is_somebody(stored) || is_code(stored));
        if counts_somebody || !is_counted {
            return Ok(());
        }
        let cause = format!(
            "its grade is lowered by `{name}`, which does not count enterprises or persons: one of them may make up a whole \
             row"
        );
        Err(refused(self.definition, cause))
    }

    fn column(&self, name: &str, origins: &BTreeSet<Stored>) -> Result<DatasetColumn, DatasetError> {
        let header = &self.definition.header.columns[name];
        let known = |(table, column): &Stored| {
            self.catalog.of_stored(table, column).ok_or_else(|| {
                let cause = format!("it reads {table}, and datasets are made of stored tables alone");
                refused(self.definition, cause)
            })
        };
        // A number of rows comes from no column: it tells of those that choose and group the rows.
        let behind = if origins.is_empty() { &self.used } else { origins };
        let mut grade = Grade::General1;
        let mut category = Category::Provenance;
        for stored in behind {
            let known = known(stored)?;
            grade = grade.max(known.grade);
            category = category.more_telling(known.category);
        }
        // That a row is there tells what it was chosen by.
        for stored in self.choosing {
            grade = grade.max(known(stored)?.grade);
        }
        if let Some(lowered) = &self.definition.header.lowered
            && let Some(shown) = self.of_groups.get(name)
            && grade < Grade::Important
        {
            let mut of_shown = Category::Provenance;
            for stored in shown {
                of_shown = of_shown.more_telling(known(stored)?.category);
            }
            if !names_somebody(of_shown) {
                grade = grade.min(lowered.grade);
                category = of_shown;
            }
        }
        Ok(DatasetColumn {
            name: name.to_owned(),
            description: header.description.clone(),
            unit: header.unit.clone(),
            grade,
            category,
            origins: origins.iter().map(|(table, column)| format!("{table}.{column}")).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Classification;

    #[test]
    fn what_is_important_or_core_is_never_lowered() {
        let text = "-- title = \"T\"\n-- description = \"D\"\n-- owner = \"o\"\n-- refresh = \"daily\"\n\
            -- unique = [\"mass\"]\n-- [lowered]\n-- grade = \"general-1\"\n-- count = \"mass\"\n-- at_least = 3\n\
            -- [columns.mass]\n-- description = \"Mass\"\nSELECT 1 AS mass\n";
        let definition = Definition::parse("declaration", "masses", text).unwrap();
        let mass = ("goods_item".to_owned(), "net_mass_kg".to_owned());
        let graded = |confirmed: Grade, choosing: &BTreeSet<Stored>| {
            let classified = Classification { grade: confirmed, category: Category::Consignment };
            let classified = [(mass.clone(), classified)].into();
            let catalog = Catalog { classified, ..Catalog::default() };
            let grading = Grading {
                definition: &definition,
                catalog: &catalog,
                used: BTreeSet::new(),
                choosing,
                of_groups: [("mass".to_owned(), [mass.clone()].into())].into(),
            };
            let other = ("goods_item".to_owned(), "gross_mass_kg".to_owned());
            let origin = if choosing.is_empty() { mass.clone() } else { other };
            grading.column("mass", &[origin].into()).unwrap().grade
        };
        let (none, chosen) = (BTreeSet::new(), [mass.clone()].into());
        for grade in [Grade::General3, Grade::General4] {
            assert_eq!([graded(grade, &none), graded(grade, &chosen)], [Grade::General1; 2]);
        }
        for grade in [Grade::Important, Grade::Core] {
            assert_eq!([graded(grade, &none), graded(grade, &chosen)], [grade; 2]);
        }
    }
}
