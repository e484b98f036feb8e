//! The lake: Delta tables, one folder each under a root, and how a table is opened or created.

use std::path::{Path as FsPath, PathBuf};

use deltalake::kernel::StructType;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::CommitProperties;
use deltalake::logstore::{LogStoreRef, StorageConfig, logstore_for};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTable, ensure_table_uri};

use crate::error::OfTable;
use crate::schema::{added_columns, check_definition};
use crate::state::{loaded_version, table_schema};
use crate::{LakeError, SchemaMismatch, TableSpec, WriteLimits};

/// Delta tables under one root. Cheap to clone; any number of handles, in any number of processes, may work on one
/// root at once.
#[derive(Clone)]
pub struct Lake {
    /// The root seen as a store; tables and snapshots are folders below it.
    root: LogStoreRef,
    pub(crate) limits: WriteLimits,
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { root, limits } = self;
        f.debug_struct("Lake").field("root", &root.root_url().as_str()).field("limits", limits).finish()
    }
}

impl Lake {
    /// Opens the lake at a local folder, which is created if absent, or at the URL of an object store.
    ///
    /// # Errors
    /// [`LakeError::Root`] when the folder cannot be made or the URL's kind of store is not built in.
    pub fn open(root: impl AsRef<FsPath>) -> Result<Self, LakeError> {
        let root = root.as_ref().to_string_lossy();
        let refused = |reason: String| LakeError::Root { root: root.clone().into_owned(), reason };
        let mut url = ensure_table_uri(&root).map_err(|error| refused(error.to_string()))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let root =
            logstore_for(&url, StorageConfig::default()).map_err(|error| refused(error.to_string()))?;
        Ok(Self { root, limits: WriteLimits::default() })
    }

    /// The same lake, written within other limits.
    #[must_use]
    pub fn within(self, limits: WriteLimits) -> Self {
        Self { limits, ..self }
    }

    /// The store of the root, where the lake's own files (snapshots) are.
    pub(crate) fn store(&self) -> deltalake::logstore::ObjectStoreRef {
        self.root.object_store(None)
    }

    /// The folder of the root; none in an object store.
    pub(crate) fn local_folder(&self) -> Option<PathBuf> {
        let url = self.root.root_url();
        (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
    }

    /// A handle on the table, its log not yet read.
    pub(crate) fn handle(&self, table: &str) -> Result<DeltaTable, LakeError> {
        let mut url = self.root.root_url().clone();
        url.set_path(&format!("{}/{table}/", url.path().trim_end_matches('/')));
        let config = self.root.config().options().clone();
        logstore_for(&url, config).map(DeltaTable::new).of_table(table)
    }

    /// The table as of its newest version.
    pub(crate) async fn table(&self, name: &str) -> Result<DeltaTable, LakeError> {
        let mut table = self.handle(name)?;
        if !table.verify_deltatable_existence().await.of_table(name)? {
            return Err(LakeError::NoTable { table: name.to_owned() });
        }
        table.load().await.of_table(name)?;
        Ok(table)
    }

    /// The newest version of a table.
    ///
    /// # Errors
    /// [`LakeError::NoTable`] before its first append.
    pub async fn table_version(&self, table: &str) -> Result<u64, LakeError> {
        loaded_version(&self.table(table).await?, table)
    }

    /// Opens the table that the definition describes, creating it if need be.
    pub(crate) async fn open_or_create(&self, spec: &TableSpec) -> Result<DeltaTable, LakeError> {
        let table = match self.table(spec.name()).await {
            Err(LakeError::NoTable { .. }) => self.create(spec).await?,
            opened => opened?,
        };
        check_spec(&table, spec)?;
        Ok(table)
    }

    async fn create(&self, spec: &TableSpec) -> Result<DeltaTable, LakeError> {
        let name = spec.name();
        let fields: StructType = spec.schema().as_ref().try_into_kernel().of_table(name)?;
        let create = CreateBuilder::new()
            .with_log_store(self.handle(name)?.log_store())
            .with_table_name(name)
            .with_columns(fields.fields().cloned())
            .with_partition_columns(spec.partition_by())
            .with_configuration(table_properties(spec))
            .with_save_mode(SaveMode::ErrorIfExists)
            // A creation that lost the race must not be retried: it would put its own metadata over the winner's.
            .with_commit_properties(CommitProperties::default().with_max_retries(0));
        match create.await {
            Ok(table) => Ok(table),
            // Somebody else created it meanwhile, or the creation truly failed; the second look tells.
            Err(error) => match self.table(name).await {
                Err(LakeError::NoTable { .. }) => Err(error).of_table(name),
                opened => opened,
            },
        }
    }

    /// Adds the nullable columns that the definition has and the table has not, at the end. Returns the table's
    /// version, which is unchanged when there was nothing to add. Rows written before read as NULL there.
    ///
    /// # Errors
    /// [`LakeError::Schema`] when an added column is required or anything else differs: columns are neither
    /// dropped, renamed nor retyped.
    pub async fn evolve(&self, spec: &TableSpec) -> Result<u64, LakeError> {
        let name = spec.name();
        for _ in 0..self.limits.commit_attempts {
            let table = self.table(name).await?;
            let added = added_columns(spec.schema(), table_schema(&table, name)?.as_ref()).of_table(name)?;
            if added.is_empty() {
                check_spec(&table, spec)?;
                return loaded_version(&table, name);
            }
            let fields: StructType =
                (&arrow::datatypes::Schema::new(added)).try_into_kernel().of_table(name)?;
            let evolved = table.add_columns().with_fields(fields.fields().cloned().collect::<Vec<_>>()).await;
            match evolved {
                Ok(table) => {
                    check_spec(&table, spec)?;
                    return loaded_version(&table, name);
                }
                Err(error) if crate::commit::is_conflict(&error) => {}
                Err(error) => return Err(error).of_table(name),
            }
        }
        Err(LakeError::Contention { table: name.to_owned(), attempts: self.limits.commit_attempts })
    }
}

/// Table properties, all of them documented by Delta Lake.
fn table_properties(spec: &TableSpec) -> Vec<(&'static str, Option<String>)> {
    let statistics = if spec.statistics().is_empty() {
        ("delta.dataSkippingNumIndexedCols", Some("0".to_owned()))
    } else {
        ("delta.dataSkippingStatsColumns", Some(spec.statistics().join(",")))
    };
    // Log entries outlive their default of 30 days as long as a kept snapshot needs them; `trim_log` removes them.
    // Opening a table reads the log entries since the last checkpoint: Delta's default of 100 is slow when a batch is
    // published every five seconds.
    vec![
        statistics,
        ("delta.checkpointInterval", Some("25".to_owned())),
        ("delta.enableExpiredLogCleanup", Some("false".to_owned())),
    ]
}

fn check_spec(table: &DeltaTable, spec: &TableSpec) -> Result<(), LakeError> {
    let name = spec.name();
    check_definition(spec.schema(), table_schema(table, name)?.as_ref()).of_table(name)?;
    let found = table.snapshot().of_table(name)?.metadata().partition_columns().to_vec();
    let expected = spec.partition_by().map(str::to_owned);
    if found.iter().eq(expected.iter()) {
        return Ok(());
    }
    Err(SchemaMismatch::Partition { expected, found }).of_table(name)
}
