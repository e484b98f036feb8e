//! Tables of `pg_catalog` that clients ask for besides those that the library has. There is nothing in them.

use super::empty;
use crate::governed::catalog::NamedTable;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::DataFusionError;
use std::sync::Arc;

/// Names of tables with those of their columns.
const TABLES: &[(&str, &[&str])] = &[
    ("pg_available_extensions", &["name", "default_version", "installed_version", "comment"]),
    ("pg_cursors", &["name", "statement", "is_holdable", "is_binary", "is_scrollable", "creation_time"]),
    ("pg_group", &["groname", "grosysid", "grolist"]),
    ("pg_indexes", &["schemaname", "tablename", "indexname", "tablespace", "indexdef"]),
    ("pg_locks", &["locktype", "database", "relation", "pid", "mode", "granted"]),
    (
        "pg_policies",
        &["schemaname", "tablename", "policyname", "permissive", "roles", "cmd", "qual", "with_check"],
    ),
    ("pg_rules", &["schemaname", "tablename", "rulename", "definition"]),
    (
        "pg_sequences",
        &[
            "schemaname",
            "sequencename",
            "sequenceowner",
            "data_type",
            "start_value",
            "min_value",
            "max_value",
            "increment_by",
            "cycle",
            "cache_size",
            "last_value",
        ],
    ),
    (
        "pg_stat_activity",
        &["datid", "datname", "pid", "usesysid", "usename", "application_name", "state", "query"],
    ),
    ("pg_user", &["usename", "usesysid", "usecreatedb", "usesuper", "userepl", "usebypassrls", "useconfig"]),
];

/// Names of the tables.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(name, _)| *name)
}

/// The tables.
pub(super) fn tables() -> Result<Vec<NamedTable>, DataFusionError> {
    let mut tables: Vec<NamedTable> = Vec::new();
    for (name, columns) in TABLES {
        let fields = columns.iter().map(|column| Field::new(*column, DataType::Utf8, true));
        tables.push((*name, empty(Arc::new(Schema::new(fields.collect::<Vec<_>>())))?));
    }
    Ok(tables)
}
