//! Schemas, tables and columns that are there for the reader, as PostgreSQL's catalog tells of them.

use super::oids::{Numbers, catalog_table};
use super::rows::Known;
use super::shared::Shared;
use super::{Asker, SCHEMA, governed, more};
use crate::governed::{SCHEMA as PUBLIC, sql_type};
use datafusion::arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::catalog::CatalogProvider;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::DataFusionError;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A table or view.
struct Relation {
    schema: i32,
    number: i32,
    name: String,
    is_view: bool,
    columns: SchemaRef,
}

/// What there is.
pub(super) struct Relations {
    schemas: Vec<(i32, String)>,
    all: Vec<Relation>,
}

/// Reads what an engine has: tables as they are for the reader, and the tables of `pg_catalog`.
pub(super) async fn describe(
    catalog: &dyn CatalogProvider,
    shared: &Shared,
) -> Result<Relations, DataFusionError> {
    let mut found = BTreeMap::from([(SCHEMA.to_owned(), shared.listed())]);
    for name in catalog.schema_names() {
        let Some(schema) = catalog.schema(&name) else { continue };
        let mut tables = BTreeMap::new();
        for table in schema.table_names() {
            let Some(provider) = schema.table(&table).await? else { continue };
            tables.insert(table, (provider.table_type() == TableType::View, provider.schema()));
        }
        found.insert(name, tables);
    }
    let (mut numbers, mut schemas, mut all) = (Numbers::default(), Vec::new(), Vec::new());
    for (schema_name, tables) in found {
        let schema = numbers.schema(&schema_name);
        for (name, (is_view, columns)) in tables {
            let number = numbers.table(&schema_name, &name);
            all.push(Relation { schema, number, name, is_view, columns });
        }
        schemas.push((schema, schema_name));
    }
    Ok(Relations { schemas, all })
}

impl Relations {
    /// The tables that tell of it.
    pub(super) fn tables(
        &self,
        asker: &Asker<'_>,
        shared: &Shared,
    ) -> Result<HashMap<&'static str, Arc<dyn TableProvider>>, DataFusionError> {
        let (described, descriptions) = self.descriptions(asker);
        let (listed, listings) = self.listed();
        let told = [
            ("pg_namespace", self.namespaces(), self.schemas.len()),
            ("pg_class", self.classes(), self.all.len()),
            ("pg_attribute", self.attributes(), self.all.iter().map(|r| r.columns.fields().len()).sum()),
            ("pg_database", database(asker.database), 1),
            ("pg_description", described, descriptions),
            ("pg_tables", listed, listings),
        ];
        let mut tables = HashMap::new();
        for (name, known, rows) in told {
            tables.insert(name, governed(name, known.table(&shared.columns(name)?, rows)?));
        }
        Ok(tables)
    }

    /// Numbers of the tables that a statement need not name with their schema.
    pub(super) fn visible(&self) -> BTreeSet<i32> {
        let is_searched = |schema: i32| {
            self.schemas.iter().any(|(number, name)| *number == schema && (name == PUBLIC || name == SCHEMA))
        };
        self.all.iter().filter(|r| is_searched(r.schema)).map(|r| r.number).collect()
    }

    fn namespaces(&self) -> Known {
        Known::default()
            .numbers("oid", self.schemas.iter().map(|(number, _)| *number))
            .texts("nspname", self.schemas.iter().map(|(_, name)| name))
            .numbers("nspowner", self.schemas.iter().map(|_| 10))
    }

    fn classes(&self) -> Known {
        let all = &self.all;
        Known::default()
            .numbers("oid", all.iter().map(|r| r.number))
            .texts("relname", all.iter().map(|r| &r.name))
            .numbers("relnamespace", all.iter().map(|r| r.schema))
            .numbers("relowner", all.iter().map(|_| 10))
            .texts("relkind", all.iter().map(|r| if r.is_view { "v" } else { "r" }))
            .texts("relpersistence", all.iter().map(|_| "p"))
            .texts("relreplident", all.iter().map(|_| "d"))
            .yes("relispopulated", vec![true; all.len()])
            .small("relnatts", all.iter().map(|r| r.columns.fields().len() as i16))
    }

    fn attributes(&self) -> Known {
        let columns: Vec<(i32, i16, &FieldRef, u32)> = self
            .all
            .iter()
            .flat_map(|r| (1..).zip(r.columns.fields()).map(move |(at, field)| (r.number, at, field)))
            .map(|(table, at, field)| (table, at, field, sql_type::number(field.data_type())))
            .collect();
        let all = || columns.iter();
        Known::default()
            .numbers("attrelid", all().map(|(table, ..)| *table))
            .texts("attname", all().map(|(_, _, field, _)| field.name()))
            .numbers("atttypid", all().map(|(.., wire)| *wire as i32))
            .small("attlen", all().map(|(.., wire)| length(*wire)))
            .small("attnum", all().map(|(_, at, ..)| *at))
            .numbers("atttypmod", all().map(|(_, _, field, _)| modifier(field.data_type())))
            .numbers("attstattarget", all().map(|_| -1))
            .numbers("attcacheoff", all().map(|_| -1))
            .texts("attalign", all().map(|_| "i"))
            .texts("attstorage", all().map(|(.., wire)| if length(*wire) < 0 { "x" } else { "p" }))
            .yes("attnotnull", all().map(|(_, _, field, _)| !field.is_nullable()).collect())
            .yes("attislocal", all().map(|_| true).collect())
    }

    /// Tables by schema, those too that the library does not have, and how many there are.
    fn listed(&self) -> (Known, usize) {
        let mut listed: Vec<(&str, &str)> = more::names().map(|name| (SCHEMA, name)).collect();
        for (number, schema) in &self.schemas {
            let tables = self.all.iter().filter(|r| r.schema == *number);
            listed.extend(tables.map(|r| (schema.as_str(), r.name.as_str())));
        }
        let known = Known::default()
            .texts("schemaname", listed.iter().map(|(schema, _)| schema))
            .texts("tablename", listed.iter().map(|(_, name)| name))
            .texts("tableowner", listed.iter().map(|_| "postgres"));
        (known, listed.len())
    }

    /// What tables and columns are, in words, and how many of these there are.
    fn descriptions(&self, asker: &Asker<'_>) -> (Known, usize) {
        let public = self.schemas.iter().find(|(_, name)| name == PUBLIC);
        let shown = self.all.iter().filter(|r| public.is_some_and(|(number, _)| r.schema == *number));
        let told: Vec<(i32, i32, String)> = shown
            .flat_map(|r| {
                let table = (asker.description)(&r.name).map(|text| (r.number, 0, text));
                let columns = (1..).zip(r.columns.fields()).filter_map(move |(at, field)| {
                    Some((r.number, at, field.metadata().get("comment")?.clone()))
                });
                table.into_iter().chain(columns)
            })
            .collect();
        let class = catalog_table("pg_class").unwrap_or_default();
        let known = Known::default()
            .numbers("objoid", told.iter().map(|(table, ..)| *table))
            .numbers("classoid", told.iter().map(|_| class))
            .numbers("objsubid", told.iter().map(|(_, at, _)| *at))
            .texts("description", told.iter().map(|(.., text)| text));
        (known, told.len())
    }
}

/// The one database.
fn database(name: &str) -> Known {
    Known::default()
        .numbers("oid", [5])
        .texts("datname", [name])
        .numbers("datdba", [10])
        .numbers("encoding", [6])
        .texts("datlocprovider", ["c"])
        .texts("datcollate", ["C"])
        .texts("datctype", ["C"])
        .yes("datallowconn", vec![true])
        .numbers("datconnlimit", [-1])
        .numbers("dattablespace", [1663])
}

/// Bytes that a value of a type takes; less than nothing when that differs from value to value.
fn length(wire: u32) -> i16 {
    match wire {
        16 | 18 => 1,
        21 => 2,
        23 | 26 | 700 | 1082 => 4,
        20 | 701 | 1083 | 1114 | 1184 => 8,
        1186 => 16,
        _ => -1,
    }
}

/// What a column's type says besides its name: digits of a decimal.
fn modifier(data_type: &DataType) -> i32 {
    sql_type::digits(data_type).map_or(-1, |(precision, scale)| ((precision << 16) | (scale & 0x7ff)) + 4)
}
