//! Snapshots: recorded vectors of table versions, which give a reader one consistent state of all tables.
//!
//! Delta commits tables one by one. A snapshot is written after all tables of a batch have committed, as a numbered
//! JSON file under `_snapshots/`, put only if its number is free. A file `_latest` hints at the newest number, so
//! that finding it takes a few reads however many there are; it may lag and is never trusted alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use deltalake::logstore::object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload};
use deltalake::{ObjectStoreError, Path};
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use crate::{Appended, Lake, LakeError, SnapshotWanted, durable};

const FOLDER: &str = "_snapshots";
const HINT: &str = "_latest";

/// Snapshot files read at once when listing.
const READ_AHEAD: usize = 16;

/// One consistent state of all tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Its number: 0, 1, 2, ...
    pub version: u64,
    /// When it was recorded; never earlier than the snapshot before it.
    pub recorded_at: DateTime<Utc>,
    /// The version of each table.
    pub tables: BTreeMap<String, u64>,
    /// When the snapshot was recorded that first had the rows which were loaded last, for each table; absent where nothing
    /// was loaded since snapshots tell it. Neither compaction nor erasure is a load.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub loaded_at: BTreeMap<String, DateTime<Utc>>,
}

/// A version of a table that a snapshot takes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableVersion {
    /// The table.
    pub table: String,
    /// The version.
    pub version: u64,
    /// Whether rows came with it.
    pub loaded: Loaded,
}

/// Whether rows came into a table with a version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// Some did.
    Rows,
    /// A run that broke off had committed them before: they did if no snapshot has the version yet.
    Before,
    /// None did: files were written anew, or rows were taken out.
    Nothing,
}

impl From<(String, u64)> for TableVersion {
    fn from((table, version): (String, u64)) -> Self {
        Self { table, version, loaded: Loaded::Nothing }
    }
}

impl From<&Appended> for TableVersion {
    fn from(appended: &Appended) -> Self {
        let loaded = match (appended.already_applied, appended.rows) {
            (true, _) => Loaded::Before,
            (false, 0) => Loaded::Nothing,
            (false, _) => Loaded::Rows,
        };
        Self { table: appended.table.clone(), version: appended.version, loaded }
    }
}

impl Lake {
    /// Records a snapshot: the newest one with the given table versions put in, each table only ever moving
    /// forward. Call it when all tables of a batch have committed; `at` is the caller's clock.
    ///
    /// # Errors
    /// When the store fails; repeating is harmless.
    pub async fn record_snapshot(
        &self,
        at: DateTime<Utc>,
        versions: impl IntoIterator<Item = impl Into<TableVersion>>,
    ) -> Result<Snapshot, LakeError> {
        let versions: Vec<TableVersion> = versions.into_iter().map(Into::into).collect();
        self.put_next(|previous| succeed(previous, at, &versions)).await
    }

    /// Records a snapshot: the newest one with some tables left out. Readers of older ones still see them.
    ///
    /// # Errors
    /// When the store fails; repeating is harmless.
    pub async fn record_snapshot_without(
        &self,
        at: DateTime<Utc>,
        tables: &BTreeSet<String>,
    ) -> Result<Snapshot, LakeError> {
        self.put_next(|previous| {
            let mut next = succeed(previous, at, &[]);
            next.tables.retain(|table, _| !tables.contains(table));
            next.loaded_at.retain(|table, _| !tables.contains(table));
            next
        })
        .await
    }

    async fn put_next(&self, next: impl Fn(Option<Snapshot>) -> Snapshot) -> Result<Snapshot, LakeError> {
        loop {
            let next = next(self.latest().await?);
            match self.put_snapshot(&next).await {
                Ok(()) => return Ok(next),
                // Another recorder took the number: go on from what it recorded.
                Err(LakeError::Store { source: ObjectStoreError::AlreadyExists { .. } }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The snapshot asked for.
    ///
    /// # Errors
    /// [`LakeError::NoSnapshot`] when there is none such, or it has expired.
    pub async fn snapshot(&self, wanted: SnapshotWanted) -> Result<Snapshot, LakeError> {
        let found = match wanted {
            SnapshotWanted::Latest => self.latest().await?,
            SnapshotWanted::Version(version) => self.read_snapshot(version).await?,
            SnapshotWanted::Time(at) => self.at_time(at).await?,
        };
        found.ok_or(LakeError::NoSnapshot { wanted })
    }

    /// All snapshots kept, oldest first.
    ///
    /// # Errors
    /// When the store fails or a file is not a snapshot.
    pub async fn list_snapshots(&self) -> Result<Vec<Snapshot>, LakeError> {
        let mut snapshots: Vec<Snapshot> = futures::stream::iter(self.snapshot_numbers().await?)
            .map(|version| self.read_snapshot(version))
            .buffered(READ_AHEAD)
            .try_filter_map(|found| std::future::ready(Ok(found)))
            .try_collect()
            .await?;
        snapshots.sort_by_key(|snapshot| snapshot.version);
        Ok(snapshots)
    }

    /// Forgets the snapshots recorded more than `keep` before `now`, oldest first and never the newest; returns
    /// them. Only then does `vacuum` remove files that they alone needed.
    ///
    /// # Errors
    /// When the store fails; those forgotten so far stay forgotten.
    pub async fn expire_snapshots(
        &self,
        now: DateTime<Utc>,
        keep: TimeDelta,
    ) -> Result<Vec<Snapshot>, LakeError> {
        let mut snapshots = self.list_snapshots().await?;
        snapshots.pop();
        snapshots.retain(|snapshot| now - snapshot.recorded_at > keep);
        for snapshot in &snapshots {
            self.forget(snapshot).await?;
        }
        Ok(snapshots)
    }

    pub(crate) async fn forget(&self, snapshot: &Snapshot) -> Result<(), LakeError> {
        Ok(self.store().delete(&file(snapshot.version)).await?)
    }

    async fn put_snapshot(&self, snapshot: &Snapshot) -> Result<(), LakeError> {
        let path = file(snapshot.version);
        let json = serde_json::to_vec(snapshot)
            .map_err(|error| LakeError::SnapshotFile { path: path.to_string(), reason: error.to_string() })?;
        let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        self.store().put_opts(&path, PutPayload::from(json), create).await?;
        durable::sync_own(self, &path).await?;
        let hint = PutPayload::from(snapshot.version.to_string().into_bytes());
        self.store().put(&hint_file(), hint).await?;
        Ok(())
    }

    async fn latest(&self) -> Result<Option<Snapshot>, LakeError> {
        let start = match self.hinted().await? {
            Some(version) => Some(version),
            None => self.snapshot_numbers().await?.last().copied(),
        };
        let Some(start) = start else { return Ok(None) };
        let mut newest = self.read_snapshot(start).await?;
        while let Some(snapshot) = &newest
            && let Some(later) = self.read_snapshot(snapshot.version + 1).await?
        {
            newest = Some(later);
        }
        Ok(newest)
    }

    /// The newest snapshot not after `at`, by halving: numbers and times grow together, and what is missing below
    /// the newest has expired.
    async fn at_time(&self, at: DateTime<Utc>) -> Result<Option<Snapshot>, LakeError> {
        let Some(newest) = self.latest().await? else { return Ok(None) };
        if newest.recorded_at <= at {
            return Ok(Some(newest));
        }
        let (mut low, mut high, mut best) = (0, newest.version, None);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.read_snapshot(middle).await? {
                Some(snapshot) if snapshot.recorded_at > at => high = middle,
                found => {
                    best = found.or(best);
                    low = middle + 1;
                }
            }
        }
        Ok(best)
    }

    async fn hinted(&self) -> Result<Option<u64>, LakeError> {
        let Some(text) = self.read(&hint_file()).await? else { return Ok(None) };
        // A hint that is no number, or names an expired snapshot, is as good as none.
        let Some(version) = String::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()) else {
            return Ok(None);
        };
        Ok(self.read_snapshot(version).await?.map(|snapshot| snapshot.version))
    }

    async fn snapshot_numbers(&self) -> Result<Vec<u64>, LakeError> {
        let files: Vec<_> = self.store().list(Some(&Path::from(FOLDER))).try_collect().await?;
        let number = |name: &str| name.strip_suffix(".json").and_then(|digits| digits.parse().ok());
        let mut numbers: Vec<u64> =
            files.iter().filter_map(|file| file.location.filename().and_then(number)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    async fn read_snapshot(&self, version: u64) -> Result<Option<Snapshot>, LakeError> {
        let path = file(version);
        let Some(bytes) = self.read(&path).await? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| LakeError::SnapshotFile { path: path.to_string(), reason: error.to_string() })
    }

    async fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, LakeError> {
        match self.store().get(path).await {
            Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
            Err(ObjectStoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn succeed(previous: Option<Snapshot>, at: DateTime<Utc>, versions: &[TableVersion]) -> Snapshot {
    let mut next = match previous {
        None => Snapshot { version: 0, recorded_at: at, tables: BTreeMap::new(), loaded_at: BTreeMap::new() },
        // Clocks of two machines may differ; numbers and times must not disagree.
        Some(previous) => {
            Snapshot { version: previous.version + 1, recorded_at: at.max(previous.recorded_at), ..previous }
        }
    };
    for TableVersion { table, version, loaded } in versions {
        let is_new = next.tables.get(table).is_none_or(|known| known < version);
        if *loaded == Loaded::Rows || (*loaded == Loaded::Before && is_new) {
            next.loaded_at.insert(table.clone(), next.recorded_at);
        }
        let recorded = next.tables.entry(table.clone()).or_insert(*version);
        *recorded = (*version).max(*recorded);
    }
    next
}

/// Numbers have 20 digits, as in Delta's log, so that names sort as numbers do.
fn file(version: u64) -> Path {
    Path::from_iter([FOLDER, &format!("{version:020}.json")])
}

fn hint_file() -> Path {
    Path::from_iter([FOLDER, HINT])
}
