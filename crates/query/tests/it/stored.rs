//! The country in files: a lake of several files a month, small row groups, and the statistics of the real tables.

use crate::country::{Row, batch, governance, tables};
use chrono::DateTime;
use datafusion::datasource::TableProvider;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tidegate_lake::{Lake, Snapshot, TableSpec, WriteLimits};
use tidegate_query::policy::PolicyFiles;
use tidegate_query::{Catalog, Engine, Platform};
use tidegate_records::table::Table;

/// Files of a table in each month: one for each office, or for each country of origin.
const FILES_OF_A_MONTH: usize = 3;

/// The country in files, which go away with it.
pub struct StoredCountry {
    pub lake: Lake,
    pub snapshot: Snapshot,
    providers: BTreeMap<&'static str, Arc<dyn TableProvider>>,
    folder: TempDir,
}

/// Writes the country's tables.
pub async fn stored() -> StoredCountry {
    let folder = TempDir::new().unwrap();
    let limits = WriteLimits { row_group_rows: 4, ..WriteLimits::default() };
    let lake = Lake::open(folder.path()).unwrap().within(limits);
    let mut versions = Vec::new();
    for (name, (table, mut rows)) in tables() {
        // By what the statistics of files tell apart.
        rows.sort_by_key(|row| (row.get("office_id").cloned(), row.get("origin_country_code").cloned()));
        for part in rows.chunks(rows.len().div_ceil(FILES_OF_A_MONTH)) {
            versions.push((name.to_owned(), append(&lake, table, part).await));
        }
    }
    let snapshot = lake.record_snapshot(DateTime::UNIX_EPOCH, versions).await.unwrap();
    let mut providers = BTreeMap::new();
    for name in tables().into_keys() {
        providers.insert(name, lake.provider(&snapshot, name).await.unwrap());
    }
    StoredCountry { lake, snapshot, providers, folder }
}

/// Adds rows to a table as a job would, and gives the version that has them.
pub async fn append(lake: &Lake, table: &Table, rows: &[Row]) -> u64 {
    let spec = TableSpec::try_new(table.name, &table.schema(), Some("month"), table.statistics).unwrap();
    lake.append(&spec, [batch(table, rows)], None).await.unwrap().version
}

impl StoredCountry {
    /// A platform over the files, as they are opened anew.
    pub async fn open(&self, files: &PolicyFiles) -> Platform {
        self.open_at(&self.snapshot, Catalog::default(), files).await
    }

    /// A platform over the files as a snapshot has them.
    pub async fn open_at(&self, snapshot: &Snapshot, catalog: Catalog, files: &PolicyFiles) -> Platform {
        let governance = Some(governance(files));
        Platform::open(&self.lake, Some(snapshot), catalog, Engine::default(), governance).await.unwrap()
    }

    /// A platform over tables that platforms of other policies read too, as a server that was told of a new policy has it.
    pub fn shared(&self, files: &PolicyFiles) -> Platform {
        Platform::over(self.providers.clone(), Engine::default(), Some(governance(files))).unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Files of rows of a table whose path has a text in it.
    pub fn data_files(&self, table: &str, part: &str) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().join(table)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    if !path.ends_with("_delta_log") {
                        folders.push(path);
                    }
                } else if path.extension().is_some_and(|extension| extension == "parquet")
                    && path.to_string_lossy().contains(part)
                {
                    files.push(path);
                }
            }
        }
        files.sort();
        files
    }
}
