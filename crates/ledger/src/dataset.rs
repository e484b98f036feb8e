//! Versions of datasets: what was made of what, by which definition, what the checks found, and whether readers see it.

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::{Hash256, Ledger, LedgerError, PrincipalId, column};

/// A version to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDatasetVersion {
    /// Name of the dataset.
    pub name: String,
    /// The file that defines it.
    pub definition: String,
    /// What readers are told of it, as JSON.
    pub description: String,
    /// Table of the lake that holds its rows.
    pub lake_table: String,
    /// Version of that table.
    pub lake_version: u64,
    /// Snapshot of the lake whose rows it is made of.
    pub snapshot: u64,
    /// Months that were made anew; none when all rows were.
    pub months: Option<Vec<String>>,
    /// Rows of the dataset.
    pub rows: u64,
    /// What each check found, as JSON.
    pub checks: String,
    /// Whether readers see it.
    pub is_published: bool,
    /// What else the audit chain should say, such as a grade that is lowered.
    pub remark: String,
}

/// A version as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetVersion {
    /// 1, 2, 3 and so on, of each dataset.
    pub version: u64,
    /// SHA-256 of the definition.
    pub sha256: Hash256,
    /// What was appended; the remark stands in the audit chain alone.
    pub made: NewDatasetVersion,
    /// By whom.
    pub made_by: PrincipalId,
    /// When.
    pub made_at: DateTime<Utc>,
}

impl DatasetVersion {
    fn from_stored(stored: &SqliteRow) -> Result<Self, LedgerError> {
        let (name, version): (String, i64) = (stored.try_get("name")?, stored.try_get("version")?);
        let row = column::Row { table: "dataset_versions", key: format!("{name} {version}") };
        let definition: String = stored.try_get("definition")?;
        let sha256 = row.hash(stored.try_get("sha256")?)?;
        if Hash256::of(definition.as_bytes()) != sha256 {
            return Err(row.damaged("its definition does not have its hash"));
        }
        let months: Option<String> = stored.try_get("months")?;
        let months = months.map(|months| serde_json::from_str(&months)).transpose();
        Ok(Self {
            version: row.count(version)?,
            sha256,
            made_by: PrincipalId(stored.try_get("made_by")?),
            made_at: row.time(stored.try_get("made_at")?)?,
            made: NewDatasetVersion {
                name,
                definition,
                description: stored.try_get("description")?,
                lake_table: stored.try_get("lake_table")?,
                lake_version: row.count(stored.try_get("lake_version")?)?,
                snapshot: row.count(stored.try_get("snapshot")?)?,
                months: months.map_err(|error| row.damaged(error.to_string()))?,
                rows: row.count(stored.try_get("rows")?)?,
                checks: stored.try_get("checks")?,
                is_published: stored.try_get("is_published")?,
                remark: String::new(),
            },
        })
    }
}

impl Ledger {
    /// Appends a version of a dataset and gives its number.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a blank name, for a description or checks that are no JSON, and for somebody who may
    /// not act.
    pub async fn append_dataset_version(
        &self,
        new: &NewDatasetVersion,
        act: &Act,
    ) -> Result<u64, LedgerError> {
        column::require_name("the name of a dataset", &new.name)?;
        column::require_json("the description of a dataset", &new.description)?;
        column::require_json("the checks of a dataset", &new.checks)?;
        let months = new.months.as_ref().map(serde_json::to_string).transpose().map_err(|error| {
            LedgerError::Invalid { what: "the months of a dataset", found: error.to_string(), right: "texts" }
        })?;
        let mut tx = self.begin_write().await?;
        act.actor(&mut tx).await?;
        let statement =
            "INSERT INTO dataset_versions (name, version, definition, sha256, description, lake_table,
            lake_version, snapshot, months, rows, checks, is_published, made_by, made_at)
            SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
            FROM dataset_versions WHERE name = ?1 RETURNING version";
        let version: i64 = sqlx::query_scalar(statement)
            .bind(new.name.as_str())
            .bind(new.definition.as_str())
            .bind(Hash256::of(new.definition.as_bytes()).as_bytes().as_slice())
            .bind(new.description.as_str())
            .bind(new.lake_table.as_str())
            .bind(column::from_count("the version of a table", new.lake_version)?)
            .bind(column::from_count("the number of a snapshot", new.snapshot)?)
            .bind(months)
            .bind(column::from_count("the rows of a dataset", new.rows)?)
            .bind(new.checks.as_str())
            .bind(new.is_published)
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .fetch_one(&mut *tx)
            .await?;
        let what = if new.is_published { "published" } else { "kept back, since a check failed" };
        let remark = if new.remark.is_empty() { String::new() } else { format!("; {}", new.remark) };
        let detail = format!("dataset {}, version {version}, {} rows, {what}{remark}", new.name, new.rows);
        act.record(&mut tx, AuditEvent::Dataset, detail).await?;
        tx.commit().await?;
        column::Row { table: "dataset_versions", key: version }.count(version)
    }

    /// A number that grows whenever a dataset is published, retired or restored, or a column classified: what readers are told of
    /// tables is the same as long as it stays.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn catalog_version(&self) -> Result<i64, LedgerError> {
        let statement = "SELECT (SELECT count(*) FROM dataset_versions)
            + (SELECT count(*) + count(restored_at) FROM dataset_retirements)
            + (SELECT coalesce(max(id), 0) FROM column_classifications)";
        Ok(sqlx::query_scalar(statement).fetch_one(self.pool()).await?)
    }

    /// The version of each dataset that readers see, or would see if it were not retired, by name.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn published_datasets(&self) -> Result<Vec<DatasetVersion>, LedgerError> {
        let statement = "SELECT d.* FROM dataset_versions d JOIN (SELECT name, max(version) AS version
            FROM dataset_versions WHERE is_published = 1 GROUP BY name) AS newest
            ON newest.name = d.name AND newest.version = d.version ORDER BY d.name";
        let stored = sqlx::query(statement).fetch_all(self.pool()).await?;
        stored.iter().map(DatasetVersion::from_stored).collect()
    }

    /// Tables of the lake that versions of datasets named once, and that neither the version that readers see nor the newest
    /// one of any dataset names, each with the name of its dataset.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn superseded_dataset_tables(&self) -> Result<Vec<(String, String)>, LedgerError> {
        let statement = "SELECT DISTINCT name, lake_table FROM dataset_versions WHERE lake_table NOT IN (
            SELECT d.lake_table FROM dataset_versions d
            JOIN (SELECT name, max(version) AS newest, max(CASE WHEN is_published = 1 THEN version END) AS published
                FROM dataset_versions GROUP BY name) AS current
            ON current.name = d.name AND d.version IN (current.newest, current.published)) ORDER BY 1, 2";
        Ok(sqlx::query_as(statement).fetch_all(self.pool()).await?)
    }

    /// The versions of a dataset, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn dataset_versions(&self, name: &str, limit: u32) -> Result<Vec<DatasetVersion>, LedgerError> {
        let statement = "SELECT * FROM dataset_versions WHERE name = ? ORDER BY version DESC LIMIT ?";
        let stored = sqlx::query(statement).bind(name).bind(limit).fetch_all(self.pool()).await?;
        stored.iter().map(DatasetVersion::from_stored).collect()
    }
}
