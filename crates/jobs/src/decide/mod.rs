//! Deciding which consignments to inspect: day by day, each office's work list closed within its slots.
//!
//! A run decides days of one epoch with one bundle and one policy state. The parts of p are committed to the ledger
//! before the draws are taken.

mod ahead;
mod capacity;
mod cases;
mod closed;
mod day;
mod earlier;
mod expressions;
mod interrupted;
mod lists;
mod packaging;
mod rows;
mod state;
mod stored;
mod stretches;
mod totals;
mod work_list;
mod writing;

pub use capacity::{Capacity, ParseCapacityError};
pub(crate) use cases::{Case, Cases, GRADE_COLUMNS, Grades, Which, any_version, cases, read};
pub(crate) use earlier::{Earlier, LODGEMENT, Lodgement, lodgements};
pub(crate) use expressions::{EXPECTED, IS_MANDATORY, between, later_versions, regime_of};
pub(crate) use interrupted::close as close_interrupted;
pub use packaging::Opening;
pub(crate) use packaging::{Packaging, TREATED, seen as packaging_records, treated};
pub(crate) use state::{parse as parse_state, stored_state};
pub(crate) use stored::read as read_stored;
pub use stored::{KeptReason, StoredDecision, StoredItem};
pub(crate) use stretches::stretches;
pub use work_list::{WorkListEntry, work_lists};

use crate::JobError;
use crate::alone::Alone;
use crate::home::Home;
use crate::progress::Progress;
use ahead::{AssessedDay, Assessor};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use chrono::{Days, NaiveDate, NaiveTime};
use closed::DecidedBy;
use day::{Committed, Day, Drawing};
use earlier::Roots;
use lists::Waiting;
use state::States;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use stretches::Lodged;
use tidegate_lake::AppTransaction;
use tidegate_ledger::{Hash256, Period, PeriodKey, PolicyStateVersion, RunOutcome, RunStart};
use tidegate_query::{Platform, Principal};
use tidegate_risk::bundle::Bundle;
use tidegate_risk::selection::{Epoch, PolicyState};
use writing::Writing;

/// What to decide.
#[derive(Debug, Clone, Default)]
pub struct DecideOptions {
    /// First day; the day after the last that the bundle learnt from when left out.
    pub from: Option<NaiveDate>,
    /// Last day; the last with declarations when left out.
    pub to: Option<NaiveDate>,
    /// Inspections a day at each office.
    pub capacity: Capacity,
    /// Bundle by hash or the beginning of its hash; the active one when left out.
    pub bundle: Option<String>,
    /// Leaves [`Decided::work_list`] empty: [`work_lists`] reads the lists that are stored, and those of a large year do not fit in
    /// memory.
    pub without_work_list: bool,
}

/// What was decided.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Decided {
    /// Runs in the ledger, one for each epoch.
    pub runs: Vec<i64>,
    /// Bundle that decided.
    pub bundle: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Versions of declarations decided: a declaration that was amended has several.
    pub decided: u64,
    /// Declarations that these are versions of.
    pub declarations: u64,
    /// Versions on a work list.
    pub selected: u64,
    /// Declarations that these are versions of.
    pub selected_declarations: u64,
    /// Capacity as it was asked for.
    pub capacity: String,
    /// Slots of the work lists that were closed.
    pub slots: u64,
    /// Candidates that the capacity left no slot for, those among them that `suppressed` counts too.
    pub shed: u64,
    /// Protected ones beyond the slots of their day.
    pub queued: u64,
    /// Work lists of days that had one already: what was lodged late got what was left of the slots of its day.
    pub reopened_lists: u64,
    /// Those that only the multiplier of their trader's grade kept off the work list: as no candidates, or by their rank.
    pub suppressed: u64,
    /// Those on a work list that are opened at their destination, as special packaging.
    pub to_destination: u64,
    /// Decisions by lane.
    pub lanes: BTreeMap<&'static str, u64>,
    /// Selected ones by the part of p that their draw fell into.
    pub components: BTreeMap<&'static str, u64>,
    /// How often the condition of a rule was NULL, which is no hit, by rule.
    pub null_conditions: BTreeMap<String, u64>,
    /// Selected consignments by day and office.
    #[serde(skip)]
    pub work_list: Vec<WorkListEntry>,
}

/// Decides every version of a declaration lodged on the days asked for that no run has decided yet.
///
/// # Errors
/// When there is no bundle or nothing to decide, when another run decides in the home or erases, or lake or ledger fail.
pub async fn decide(
    home: &Home,
    options: &DecideOptions,
    progress: &mut dyn Progress,
) -> Result<Decided, JobError> {
    Box::pin(run(home, options, progress)).await
}

async fn run(home: &Home, options: &DecideOptions, progress: &mut dyn Progress) -> Result<Decided, JobError> {
    let alone = Alone::with_decisions(home)?;
    interrupted::close(home, &alone).await?;
    let (bundle, hash) = home.bundle(options.bundle.as_deref()).await?;
    let (from, to) = days(home, options, &bundle).await?;
    let capacity = options.capacity.asked();
    let mut decided = Decided { bundle: hash.to_string(), from, to, capacity, ..Decided::default() };
    let platform = Arc::new(home.platform().await?);
    let assessor = Assessor {
        bundle: Arc::new(bundle),
        grades: Arc::new(Grades::read(&platform, "job decide").await?),
        root_key: Arc::new(home.root_key().await?),
    };
    let lodged = stretches::days(&platform, from, to).await?;
    let stretches = stretches::joined(lodged.clone(), home.configuration.decide.read_versions);
    let mut read = assessor.days(&platform, stretches, Which::Undecided);
    let mut states = States::new(home, assessor, hash.to_string(), options);
    let mut known = None;
    while let Some(next) = read.peek().await? {
        let Epoch { first, last } = states.assessor.bundle.selection.epoch(next);
        let days = Lodged { days: &lodged, first: first.max(from), last: last.min(to) };
        let platform = Arc::new(home.platform().await?);
        let state = states.of(&platform, Epoch { first, last }, progress).await?;
        let mut run = Run::start(&states, &platform, Hash256::new(hash.0), state, &days, known).await?;
        run.decide(&mut read, &days, &mut decided, progress).await?;
        known = Some(run.commit(&mut decided).await?);
    }
    if let Some(first_run) = decided.runs.first().copied() {
        totals::count(&home.platform().await?, first_run, &mut decided).await?;
    }
    work_list::sort(&mut decided.work_list);
    Ok(decided)
}

/// The days asked for, with the defaults filled in.
async fn days(
    home: &Home,
    options: &DecideOptions,
    bundle: &Bundle,
) -> Result<(NaiveDate, NaiveDate), JobError> {
    let learnt = NaiveDate::from_epoch_days(bundle.profiles.last_day());
    let from = options.from.or_else(|| learnt.and_then(|d| d.checked_add_days(Days::new(1))));
    let sql = "SELECT CAST(max(coalesce(issued_at, accepted_at)) AS DATE) FROM declaration";
    let platform = home.platform().await?;
    let answer = platform.plan_for(&Principal::LocalOwner, "job decide", sql).await?.collect().await?;
    let last = answer.first().map(|b| b.column(0).as_primitive::<Date32Type>().clone());
    let last = last.filter(|c| c.is_valid(0)).and_then(|c| NaiveDate::from_epoch_days(c.value(0)));
    let to = options.to.or(last);
    match (from, to) {
        (Some(from), Some(to)) if from <= to => Ok((from, to)),
        (Some(from), Some(to)) if options.from.is_some() && options.to.is_some() => Err(reversed(from, to)),
        (Some(from), Some(to)) if options.from.is_some() => Err(JobError::Missing(format!(
            "nothing to decide from {from} on: the last declaration loaded is of {to}"
        ))),
        (Some(from), Some(to)) => Err(JobError::Missing(format!(
            "nothing to decide up to {to}: the bundle has learnt from everything before {from}; load newer \
             declarations, learn with --until, or say --from"
        ))),
        _ => Err(JobError::Missing("no declaration is loaded; run `tidegate ingest` first".to_owned())),
    }
}

/// That days were asked for from the last to the first.
pub(crate) fn reversed(from: NaiveDate, to: NaiveDate) -> JobError {
    JobError::Missing(format!("the first day, {from}, is after the last, {to}; exchange --from and --to"))
}

/// What a run hands to the next one of the same call, so that nothing is read twice.
struct Known {
    /// Month that the roots are of.
    period: Period,
    roots: Roots,
    packaging: Packaging,
}

/// A run over days of an epoch.
struct Run<'a> {
    home: &'a Home,
    day: Day,
    period: Period,
    number: tidegate_ledger::DecisionRunId,
    keys: HashMap<Period, PeriodKey>,
    writing: Writing,
}

impl<'a> Run<'a> {
    async fn start(
        states: &States<'a>,
        platform: &Arc<Platform>,
        hash: Hash256,
        (state_version, state): (PolicyStateVersion, PolicyState),
        days: &Lodged<'_>,
        known: Option<Known>,
    ) -> Result<Self, JobError> {
        let (home, bundle) = (states.home, &states.assessor.bundle);
        let first = days.first;
        let snapshot = home.snapshot().await?;
        let period = Period::containing(first.and_time(NaiveTime::MIN).and_utc())
            .map_err(|e| JobError::Missing(e.to_string()))?;
        home.key_of(period).await?;
        let start = RunStart {
            bundle: hash,
            policy_state: state_version,
            period,
            snapshot_number: snapshot.map_or(0, |s| s.version),
            started_at: home.now,
        };
        let number = home.ledger.start_decision_run(&start).await?;
        let back = Days::new(u64::from(home.configuration.decide.resubmission_days));
        let since = first.checked_sub_days(back).unwrap_or(first);
        let lodged = days.of_epoch()?;
        let condition = lodged.condition();
        let (roots, packaging) = if let Some(Known { period: of, roots, packaging }) = known {
            ((of == period).then_some(roots), packaging.go_on(platform, "job decide", &condition).await?)
        } else {
            let run = (number.0, first);
            (None, Packaging::read(platform, "job decide", &bundle.selection, run, &condition).await?)
        };
        let earlier = match roots {
            Some(roots) => roots,
            None => Roots::read(platform, &states.assessor.root_key, &days.of_month()?, since).await?,
        };
        let by = DecidedBy { bundle: Arc::clone(bundle), hash, state_version, run: number.0, now: home.now };
        let day = Day {
            by,
            state,
            earlier,
            waiting: Waiting::read(platform, &lodged).await?,
            packaging,
            since,
            revealed: home.revealed_periods().await?,
            closes: home.ledger.last_close().await?,
        };
        let writing = Writing::start(home, states.without_work_list).await?;
        Ok(Self { home, day, period, number, keys: HashMap::new(), writing })
    }

    async fn decide(
        &mut self,
        read: &mut ahead::Days,
        Lodged { first, last, .. }: &Lodged<'_>,
        decided: &mut Decided,
        progress: &mut dyn Progress,
    ) -> Result<(), JobError> {
        let days = (*last - *first).num_days() as u64 + 1;
        progress.step("deciding", days, "days");
        while let Some(assessed) = read.next_until(*last).await? {
            let day = assessed.day;
            self.decide_day(assessed, decided).await?;
            progress.done((day - *first).num_days() as u64 + 1);
        }
        Ok(())
    }

    async fn decide_day(&mut self, assessed: AssessedDay, decided: &mut Decided) -> Result<(), JobError> {
        let proposed = self.day.propose(&assessed)?;
        for period in &proposed.periods {
            if let Entry::Vacant(key) = self.keys.entry(*period) {
                key.insert(self.home.key_of(*period).await?.key);
            }
        }
        // No draw is taken before what it is compared with stands in the ledger.
        let mut sequences = vec![0; assessed.cases.cases.len()];
        for (period, Committed { cases, new }) in self.day.commitments(&assessed, &proposed)? {
            let appended = self.home.ledger.append_commitments(period, &new).await?;
            self.home.sign(period).await?;
            for (case, sequence) in cases.into_iter().zip(appended.first_sequence..) {
                sequences[case] = sequence;
            }
        }
        let drawing = Drawing { keys: &self.keys, sequences };
        let closed = self.day.close(assessed, proposed, drawing, decided)?;
        self.writing.push(closed).await
    }

    async fn commit(self, decided: &mut Decided) -> Result<Known, JobError> {
        let transaction = AppTransaction { app_id: format!("decide/{}", self.number), sequence: 1 };
        let written = self.writing.finish().await?;
        let items = written.items.commit(Some(&transaction)).await?;
        let lists = written.lists.commit(Some(&transaction)).await?;
        let decisions = written.decisions.commit(Some(&transaction)).await?;
        self.home.lake.record_snapshot(self.home.now, [&items, &lists, &decisions]).await?;
        let outcome = RunOutcome { rows: written.rows, finished_at: self.home.now };
        self.home.ledger.finish_decision_run(self.number, &outcome).await?;
        decided.runs.push(self.number.0);
        decided.work_list.extend(written.work_list);
        let Day { earlier, packaging, .. } = self.day;
        Ok(Known { period: self.period, roots: earlier, packaging })
    }
}
