//! Reading a table at a snapshot: as a `DataFusion` table, or as a stream of batches.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result as QueryResult;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionContext, ident, lit};
use deltalake::DeltaTable;
use deltalake::delta_datafusion::{DeltaScanConfig, DeltaScanNext};

use crate::error::OfTable;
use crate::{Lake, LakeError, Snapshot};

/// What to read of a table.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Columns in the order wanted; None for all.
    pub columns: Option<Vec<String>>,
    /// The partition months wanted, like `2026-11`; None for all. Files of other months are not opened.
    pub months: Option<Vec<String>>,
    /// A further condition on rows.
    pub filter: Option<Expr>,
}

impl Lake {
    /// A table as the snapshot has it, for any `DataFusion` session. It answers with the schema of its definition:
    /// Utf8 rather than views or dictionaries.
    ///
    /// # Errors
    /// [`LakeError::NotInSnapshot`] when the snapshot is older than the table.
    pub async fn provider(
        &self,
        snapshot: &Snapshot,
        table: &str,
    ) -> Result<Arc<dyn TableProvider>, LakeError> {
        Ok(Arc::new(PinnedTable::new(self.pinned(snapshot, table).await?, table)?))
    }

    /// Streams rows of a table as the snapshot has them, in no particular order.
    ///
    /// # Errors
    /// As [`Lake::provider`]; [`LakeError::Query`] for a column that the table has not or a condition that does
    /// not type-check.
    pub async fn scan(
        &self,
        snapshot: &Snapshot,
        table: &str,
        scan: Scan,
    ) -> Result<SendableRecordBatchStream, LakeError> {
        let handle = self.pinned(snapshot, table).await?;
        let partition = handle.snapshot().of_table(table)?.metadata().partition_columns().first().cloned();
        let provider = Arc::new(PinnedTable::new(handle, table)?);
        let mut rows = SessionContext::new().read_table(provider).of_table(table)?;
        if let Some(months) = scan.months {
            let column = partition.ok_or_else(|| LakeError::NotPartitioned { table: table.to_owned() })?;
            let wanted = ident(column).in_list(months.into_iter().map(lit).collect(), false);
            rows = rows.filter(wanted).of_table(table)?;
        }
        if let Some(filter) = scan.filter {
            rows = rows.filter(filter).of_table(table)?;
        }
        if let Some(columns) = scan.columns {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            rows = rows.select_columns(&columns).of_table(table)?;
        }
        rows.execute_stream().await.of_table(table)
    }

    async fn pinned(&self, snapshot: &Snapshot, table: &str) -> Result<DeltaTable, LakeError> {
        let version = *snapshot.tables.get(table).ok_or_else(|| LakeError::NotInSnapshot {
            snapshot: snapshot.version,
            table: table.to_owned(),
        })?;
        let mut handle = self.handle(table)?;
        handle.load_version(version).await.of_table(table)?;
        Ok(handle)
    }
}

/// A Delta table at one version, which brings its own object store into the session that reads it.
#[derive(Debug)]
pub(crate) struct PinnedTable {
    scan: DeltaScanNext,
    table: DeltaTable,
}

impl PinnedTable {
    /// `table` has its log read at the version wanted.
    pub(crate) fn new(table: DeltaTable, name: &str) -> Result<Self, LakeError> {
        let state = table.snapshot().of_table(name)?.snapshot().clone();
        let scan = DeltaScanNext::new(state, one_form()).of_table(name)?;
        Ok(Self { scan, table })
    }

    /// The same, restricted to some of its data files, given by the paths in the log.
    pub(crate) fn with_files(self, paths: impl IntoIterator<Item = String>) -> Self {
        Self { scan: self.scan.with_file_paths(paths), ..self }
    }
}

/// Delta's reader would rather answer with text views and dictionaries; the lake keeps one form of each type.
fn one_form() -> DeltaScanConfig {
    DeltaScanConfig {
        schema_force_view_types: false,
        ..DeltaScanConfig::new().with_wrap_partition_values(false)
    }
}

#[async_trait]
impl TableProvider for PinnedTable {
    fn schema(&self) -> SchemaRef {
        self.scan.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        self.table.update_datafusion_session(session)?;
        self.scan.scan(session, projection, filters, limit).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> QueryResult<Vec<TableProviderFilterPushDown>> {
        let mut supported = self.scan.supports_filters_pushdown(filters)?;
        // Delta's reader says that it applies a filter without columns, such as a bare NULL, and drops it.
        for (supported, filter) in supported.iter_mut().zip(filters) {
            if filter.column_refs().is_empty() {
                *supported = TableProviderFilterPushDown::Unsupported;
            }
        }
        Ok(supported)
    }
}
