//! Grades of traders as a run knew them: from what had been loaded when it began.

use crate::JobError;
use crate::columns::text;
use crate::decide::Grades;
use crate::home::Home;
use crate::ingest::load_id;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tidegate_ledger::Load;
use tidegate_query::{Platform, Principal};

/// The rows of `enterprise`, and when they were loaded.
pub(super) struct Register {
    rows: Vec<RecordBatch>,
    /// By the names that rows have of loads. Of a load that the ledger does not know, nothing says that it came late.
    loaded: BTreeMap<String, DateTime<Utc>>,
    /// Loads that the last run that was asked for did not know yet, and the grades that it knew.
    last: Option<(BTreeSet<String>, Arc<Grades>)>,
}

impl Register {
    pub(super) async fn read(home: &Home, platform: &Platform) -> Result<Self, JobError> {
        let sql = "SELECT enterprise_id, grade_effective_at, grade_code, load_id FROM enterprise";
        let rows = platform.plan_for(&Principal::LocalOwner, "job replay", sql).await?.collect().await?;
        let mut named = BTreeSet::new();
        for batch in &rows {
            named.extend(text(batch, "load_id")?.iter().flatten().map(str::to_owned));
        }
        let mut loaded = loaded(&home.ledger.loads().await?);
        loaded.retain(|name, _| named.contains(name));
        Ok(Self { rows, loaded, last: None })
    }

    /// The grades that a run knew that began at a moment.
    pub(super) fn at(&mut self, moment: DateTime<Utc>) -> Result<Arc<Grades>, JobError> {
        let later = self.loaded.iter().filter(|(_, at)| **at > moment);
        let later: BTreeSet<String> = later.map(|(name, _)| name.clone()).collect();
        if let Some((unknown, grades)) = &self.last
            && *unknown == later
        {
            return Ok(Arc::clone(grades));
        }
        let known = |batch: &RecordBatch| {
            let loads = text(batch, "load_id")?;
            let is_known = |load: Option<&str>| Some(load.is_none_or(|load| !later.contains(load)));
            let known: BooleanArray = loads.iter().map(is_known).collect();
            Ok(filter_record_batch(batch, &known)?)
        };
        let rows = self.rows.iter().map(known).collect::<Result<Vec<_>, JobError>>()?;
        let grades = Arc::new(Grades::of(&rows)?);
        self.last = Some((later, Arc::clone(&grades)));
        Ok(grades)
    }
}

/// When loads were made, by the names that rows have of them: of one file, or of all files that were loaded together.
fn loaded(loads: &[Load]) -> BTreeMap<String, DateTime<Utc>> {
    let call = |load: &Load| (load.start.mapping_name.clone(), load.start.started_at);
    let mut loaded = BTreeMap::new();
    for together in loads.chunk_by(|a, b| call(a) == call(b)) {
        let (name, at) = call(&together[0]);
        let outcomes = together.iter().filter_map(|load| load.outcome.as_ref());
        let hashes: Vec<[u8; 32]> = outcomes.map(|outcome| *outcome.bytes_sha256.as_bytes()).collect();
        for files in hashes.chunks(1).chain([hashes.as_slice()]) {
            loaded.entry(load_id(&name, files)).or_insert(at);
        }
    }
    loaded
}
