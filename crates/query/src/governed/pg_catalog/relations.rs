//! Schemas, tables and columns that are there for the reader, as PostgreSQL's catalog tells of them.

use super::oids::{Numbers, catalog_table};
use super::rows::Known;
use super::{Asker, SCHEMA, settings};
use crate::governed::{SCHEMA as PUBLIC, sql_type};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{CatalogProvider, SchemaProvider};
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::DataFusionError;
use std::collections::{BTreeSet, HashMap};
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
    /// The tables of the catalog that tell of it, with their columns.
    telling: HashMap<&'static str, SchemaRef>,
}

/// Reads what an engine has: tables as they are for the reader, and the tables of `pg_catalog`.
pub(super) async fn describe(
    catalog: &dyn CatalogProvider,
    tables: &dyn SchemaProvider,
) -> Result<Relations, DataFusionError> {
    let mut telling = HashMap::new();
    for name in ["pg_attribute", "pg_class", "pg_database", "pg_description", "pg_namespace", "pg_settings"] {
        let table = tables.table(name).await?;
        let table = table.ok_or_else(|| DataFusionError::Internal(format!("there is no {name}")))?;
        telling.insert(name, if name == "pg_class" { with_rights(&table.schema()) } else { table.schema() });
    }
    let (mut numbers, mut schemas, mut relations) = (Numbers::default(), Vec::new(), Vec::new());
    let mut names = catalog.schema_names();
    names.sort();
    for name in names {
        let Some(provider) = catalog.schema(&name) else { continue };
        let schema = numbers.schema(&name);
        let mut names = provider.table_names();
        names.sort();
        for table in names {
            let Some(found) = provider.table(&table).await? else { continue };
            let own = if name == SCHEMA { telling.get(table.as_str()) } else { None };
            relations.push(Relation {
                schema,
                number: numbers.table(&name, &table),
                is_view: found.table_type() == TableType::View,
                columns: own.map_or_else(|| found.schema(), Arc::clone),
                name: table,
            });
        }
        schemas.push((schema, name));
    }
    Ok(Relations { schemas, all: relations, telling })
}

/// Columns of `pg_class` that clients ask for besides those that it has: rights and options, of which there are none.
fn with_rights(schema: &Schema) -> SchemaRef {
    let mut fields: Vec<FieldRef> = schema.fields().iter().map(Arc::clone).collect();
    for name in ["relacl", "reloptions"] {
        if schema.field_with_name(name).is_err() {
            fields.push(Arc::new(Field::new(name, DataType::Utf8, true)));
        }
    }
    Arc::new(Schema::new(fields))
}

impl Relations {
    /// The tables that tell of it.
    pub(super) fn tables(
        &self,
        asker: &Asker<'_>,
    ) -> Result<HashMap<String, Arc<dyn TableProvider>>, DataFusionError> {
        let told = [
            ("pg_namespace", self.namespaces(), self.schemas.len()),
            ("pg_class", self.classes(), self.all.len()),
            ("pg_attribute", self.attributes(), self.all.iter().map(|r| r.columns.fields().len()).sum()),
            ("pg_database", database(asker.database), 1),
        ];
        let mut tables = HashMap::new();
        let (described, descriptions) = self.descriptions(asker);
        let (set, settings) = settings::table();
        let more = [("pg_description", described, descriptions), ("pg_settings", set, settings)];
        for (name, known, rows) in told.into_iter().chain(more) {
            if let Some(schema) = self.telling.get(name) {
                tables.insert(name.to_owned(), known.table(schema, rows)?);
            }
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
