//! Making datasets anew: what changed since the version that readers see, or everything.

use super::checks;
use super::tables::{is_overwritten, lake_table};
use crate::alone::Alone;
use crate::progress::Progress;
use crate::{Home, JobError, catalog};
use chrono::{DateTime, Months, NaiveDate, Utc};
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use tidegate_lake::{LakeError, Replace, Snapshot, SnapshotWanted, TableSpec};
use tidegate_ledger::{Act, DatasetVersion, Door, NewDatasetVersion};
use tidegate_query::dataset::{CheckResult, Dataset, Definition, Derived};
use tidegate_query::{Catalog, Platform, Principal};

const PURPOSE: &str = "job datasets";

/// How datasets are made anew.
#[derive(Debug, Clone, Copy, Default)]
pub struct RefreshOptions {
    /// Makes every row anew, whatever changed.
    pub whole: bool,
    /// Leaves out what is not due yet by its header.
    pub only_due: bool,
    /// Rows of before are to be seen no more: the new ones are shown even where a strict check fails, and what is retired is made
    /// anew as well.
    pub after_erasure: bool,
}

/// What became of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refreshed {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The version that was made, if one was.
    pub version: Option<u64>,
    /// Months that were made anew; none when all rows were.
    pub months: Option<Vec<String>>,
    /// Rows that it has.
    pub rows: u64,
    /// What was checked: of a version that stays, when it was made, but for how old its rows are now.
    pub checks: Vec<CheckResult>,
}

/// What became of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing that it is made of changed, or it is not due.
    Unchanged,
    /// Readers see the new rows.
    Published,
    /// A strict check failed: readers see the version before.
    KeptBack,
    /// It is retired: nobody reads it, and nothing was made.
    Retired,
}

/// Makes datasets anew, one after the other; what is retired stays as it is.
///
/// # Errors
/// When another run makes datasets anew, erases or does upkeep in the home (what is due alone waits for it, an hour at most), nothing
/// is loaded, a definition is refused, or lake or ledger fail; the others are made.
pub async fn refresh(
    home: &Home,
    definitions: &[Definition],
    options: RefreshOptions,
    progress: &mut dyn Progress,
) -> Result<Vec<Refreshed>, JobError> {
    let alone = if options.only_due {
        Alone::with_datasets_in_turn(home).await?
    } else {
        Alone::with_datasets(home)?
    };
    Box::pin(refresh_alone(home, definitions, options, &alone, progress)).await
}

/// The same of a run that is alone with the datasets already.
pub(crate) async fn refresh_alone(
    home: &Home,
    definitions: &[Definition],
    options: RefreshOptions,
    _: &Alone,
    progress: &mut dyn Progress,
) -> Result<Vec<Refreshed>, JobError> {
    let nothing = "no record is loaded yet; run `tidegate ingest` first";
    let snapshot = home.snapshot().await?.ok_or_else(|| JobError::Missing(nothing.to_owned()))?;
    let platform = home.platform_of(Some(&snapshot), catalog::with_retired(&home.ledger).await?).await?;
    let retired = home.ledger.retired_datasets().await?;
    let published: BTreeMap<String, DatasetVersion> = home
        .ledger
        .published_datasets()
        .await?
        .into_iter()
        .map(|version| (version.made.name.clone(), version))
        .collect();
    progress.step("datasets", definitions.len() as u64, "datasets");
    // One that cannot be made keeps no others from being made.
    let (mut refreshed, mut stuck) = (Vec::new(), None);
    for (done, definition) in (1..).zip(definitions) {
        let last = published.get(&definition.name);
        let is_retired = retired.iter().any(|one| one.dataset == definition.name);
        if is_retired && !options.after_erasure {
            refreshed.push(left_out(definition, last));
            progress.done(done);
            continue;
        }
        let making = Making { home, platform: &platform, snapshot: &snapshot, definition, last };
        match making.refresh(options).await {
            Ok(made) => refreshed.push(made),
            Err(cause) => {
                let error = of_dataset(definition, cause);
                tracing::error!(%error, "a dataset is as it was");
                stuck.get_or_insert(error);
            }
        }
        progress.done(done);
    }
    stuck.map_or(Ok(refreshed), Err)
}

struct Making<'a> {
    home: &'a Home,
    platform: &'a Platform,
    snapshot: &'a Snapshot,
    definition: &'a Definition,
    /// The version that readers see, or would see if it were not retired.
    last: Option<&'a DatasetVersion>,
}

impl Making<'_> {
    async fn refresh(&self, options: RefreshOptions) -> Result<Refreshed, JobError> {
        let is_early = |last: &&DatasetVersion| {
            options.only_due && !self.definition.header.refresh.is_due(last.made_at, self.home.now)
        };
        if let Some(last) = self.last.filter(is_early) {
            return self.unchanged(last).await;
        }
        let derived = self.platform.derive(self.definition).await?;
        let dataset = self.dataset(&derived);
        let what = if options.whole {
            Some(Replace::Everything)
        } else {
            self.what(&dataset, &derived, options).await?
        };
        match (what, self.last) {
            (None, Some(last)) => self.unchanged(last).await,
            (what, _) => self.make(dataset, &derived, what.unwrap_or(Replace::Everything), options).await,
        }
    }

    fn dataset(&self, derived: &Derived) -> Dataset {
        let Definition { name, domain, header, .. } = self.definition;
        Dataset {
            name: name.clone(),
            domain: domain.clone(),
            lake_table: lake_table(name, derived),
            title: header.title.clone(),
            description: header.description.clone(),
            owner: header.owner.clone(),
            columns: derived.columns.clone(),
            made: None,
        }
    }

    /// What has to be made anew; nothing when nothing changed.
    async fn what(
        &self,
        dataset: &Dataset,
        derived: &Derived,
        options: RefreshOptions,
    ) -> Result<Option<Replace>, JobError> {
        let everything = Ok(Some(Replace::Everything));
        let Some(last) = self.last else { return everything };
        let described = Dataset { made: None, ..catalog::dataset(last.clone())? };
        if last.sha256.as_bytes() != &self.definition.hash() || described != *dataset {
            return everything;
        }
        // Months that are replaced would come to stand beside rows that nobody has seen.
        if is_overwritten(self.home, last).await? {
            return everything;
        }
        let closed = self.closed(last);
        // Between two closings nothing changes but what is to be seen no more.
        if closed.as_ref().is_some_and(|(then, now)| then >= now) && !options.after_erasure {
            return Ok(None);
        }
        let before = match self.home.lake.snapshot(SnapshotWanted::Version(last.made.snapshot)).await {
            Ok(before) => before,
            // It expired: what changed since is not known.
            Err(LakeError::NoSnapshot { .. }) => return everything,
            Err(error) => return Err(error.into()),
        };
        let mut months = BTreeSet::new();
        for table in &derived.tables {
            let (old, new) = (before.tables.get(table), self.snapshot.tables.get(table));
            let (Some(&new), false) = (new, old == new) else { continue };
            let Some(&old) = old else { return everything };
            match (&derived.read_whole, self.home.lake.changed_months(table, old, new).await?) {
                (_, Some(changed)) if changed.is_empty() => {}
                (Some(whole), Some(changed)) if !whole.contains(table) => months.extend(changed),
                _ => return everything,
            }
        }
        if let Some((then, now)) = closed {
            months.retain(|month| *month <= now);
            months.extend(months_between(&then, &now));
        }
        Ok((!months.is_empty()).then_some(Replace::Months(months)))
    }

    /// Of a dataset whose grade is lowered: the last month that was closed when a version was made, and the last one now.
    fn closed(&self, last: &DatasetVersion) -> Option<(String, String)> {
        let lowered = self.definition.header.lowered.as_ref()?;
        let on = |at: DateTime<Utc>| lowered.last_closed(at.date_naive());
        Some((on(last.made_at), on(self.home.now)))
    }

    async fn make(
        &self,
        dataset: Dataset,
        derived: &Derived,
        what: Replace,
        options: RefreshOptions,
    ) -> Result<Refreshed, JobError> {
        let (home, definition) = (self.home, self.definition);
        let partition = definition.header.increment.as_deref();
        let spec = TableSpec::try_new(&dataset.lake_table, &derived.schema, partition, &[])?;
        let months: Option<Vec<String>> = match &what {
            Replace::Everything => None,
            Replace::Months(months) => Some(months.iter().cloned().collect()),
        };
        let sql = definition.statement_on(home.now.date_naive(), months.as_deref());
        let mut rows = self.platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.stream()?;
        let mut writer = home.lake.writer(&spec).await?;
        while let Some(batch) = rows.next().await {
            writer.write(&batch?).await?;
        }
        let replaced = writer.replace(&what).await?;
        let (rows, checks) = self.checked(&dataset, replaced.version).await?;
        let is_passed = checks.iter().all(|check| check.is_passed || !check.is_strict);
        let is_published = is_passed || options.after_erasure;
        if is_published {
            home.lake.record_snapshot(home.now, [&replaced]).await?;
        }
        let new = NewDatasetVersion {
            name: definition.name.clone(),
            definition: definition.text.clone(),
            description: json(&dataset)?,
            lake_table: dataset.lake_table,
            lake_version: replaced.version,
            snapshot: self.snapshot.version,
            months: months.clone(),
            rows,
            checks: json(&checks)?,
            is_published,
            remark: self.remark(),
        };
        let act = Act {
            by: home.owner().await?,
            door: Door::Job,
            reason: "dataset refresh".to_owned(),
            at: home.now,
        };
        let version = home.ledger.append_dataset_version(&new, &act).await?;
        let outcome = if is_published { Outcome::Published } else { Outcome::KeptBack };
        Ok(Refreshed { name: new.name, outcome, version: Some(version), months, rows, checks })
    }

    /// Rows and checks of a version that readers do not see yet.
    async fn checked(&self, dataset: &Dataset, version: u64) -> Result<(u64, Vec<CheckResult>), JobError> {
        let mut candidate = self.snapshot.clone();
        candidate.tables.insert(dataset.lake_table.clone(), version);
        let catalog = Catalog { datasets: vec![dataset.clone()], ..Catalog::default() };
        let made = self.home.platform_of(Some(&candidate), catalog).await?;
        // Of other columns there is nothing to compare.
        let before =
            self.last.filter(|last| last.made.lake_table == dataset.lake_table).map(|_| self.platform);
        let count = format!("SELECT count(*) AS rows FROM \"{}\"", dataset.name);
        let rows = crate::answer::Answer::of(&made, PURPOSE, &count).await?.counts("rows")?;
        let checks = checks::run(self.definition, &made, before, self.home.now.date_naive()).await?;
        Ok((rows.first().copied().unwrap_or_default(), checks))
    }

    /// A version that stays. Its rows grow old meanwhile: the checks that tell of it are judged anew, unless the header changed
    /// since.
    async fn unchanged(&self, last: &DatasetVersion) -> Result<Refreshed, JobError> {
        let made = catalog::dataset(last.clone())?.made;
        let mut checks = made.map(|made| made.checks).unwrap_or_default();
        if last.sha256.as_bytes() == &self.definition.hash() {
            let today = self.home.now.date_naive();
            for age in checks::ages(self.definition, self.platform, today).await? {
                checks
                    .iter_mut()
                    .filter(|known| known.name == age.name)
                    .for_each(|known| known.clone_from(&age));
            }
        }
        let (name, rows) = (last.made.name.clone(), last.made.rows);
        Ok(Refreshed { name, outcome: Outcome::Unchanged, version: None, months: None, rows, checks })
    }

    fn remark(&self) -> String {
        let lowered = self.definition.header.lowered.as_ref().map(|lowered| {
            let (grade, count, at_least) = (lowered.grade.as_str(), &lowered.count, lowered.at_least);
            format!(
                "graded at most {grade}, since rows with less than {at_least} {count} and months that are not closed are left \
                 out"
            )
        });
        lowered.unwrap_or_default()
    }
}

fn left_out(definition: &Definition, last: Option<&DatasetVersion>) -> Refreshed {
    Refreshed {
        name: definition.name.clone(),
        outcome: Outcome::Retired,
        version: None,
        months: None,
        rows: last.map_or(0, |last| last.made.rows),
        checks: Vec::new(),
    }
}

/// The months behind one up to another.
fn months_between(before: &str, last: &str) -> Vec<String> {
    let next = |month: &NaiveDate| month.checked_add_months(Months::new(1));
    let first = format!("{before}-01").parse::<NaiveDate>().ok().and_then(|month| next(&month));
    let months = std::iter::successors(first, next).map(|month| month.format("%Y-%m").to_string());
    months.take_while(|month| month.as_str() <= last).collect()
}

fn of_dataset(definition: &Definition, cause: JobError) -> JobError {
    JobError::Dataset { name: definition.name.clone(), cause: Box::new(cause) }
}

/// How the datasets of definitions would be made; nothing is made.
///
/// # Errors
/// When a definition is refused.
pub async fn check(home: &Home, definitions: &[Definition]) -> Result<Vec<(String, Derived)>, JobError> {
    let platform = home.platform().await?;
    let mut derived = Vec::new();
    for definition in definitions {
        let one = platform.derive(definition).await.map_err(|cause| of_dataset(definition, cause.into()))?;
        derived.push((definition.name.clone(), one));
    }
    Ok(derived)
}

fn json(value: &impl serde::Serialize) -> Result<String, JobError> {
    serde_json::to_string(value)
        .map_err(|error| JobError::Missing(format!("a dataset cannot be written down: {error}")))
}
