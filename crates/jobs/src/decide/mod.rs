//! Deciding which consignments to inspect: day by day, each office's work list closed within its slots.
//!
//! A run decides the days of one calendar month with one bundle and one policy state. The parts of p are committed to
//! the ledger before the draws are taken.

mod capacity;
mod cases;
mod day;
mod rows;
mod state;
mod stored;
mod work_list;

pub use capacity::{Capacity, ParseCapacityError};
pub(crate) use cases::{Case, Grades, between, cases, columns};
pub(crate) use state::stored as stored_state;
pub(crate) use stored::read as read_stored;
pub use stored::{KeptReason, StoredDecision, StoredItem};
pub use work_list::WorkListEntry;

use crate::JobError;
use crate::home::Home;
use crate::ingest::writer;
use crate::progress::Progress;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Float64Type};
use cases::{Which, any_undecided, read, stretches};
use chrono::{Datelike, Days, NaiveDate};
use day::{Day, Earlier};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_lake::AppTransaction;
use tidegate_ledger::{Hash256, PeriodKey, RunOutcome, RunStart};
use tidegate_query::{Platform, Principal};
use tidegate_records::tables::{DECISION, DECISION_ITEM};
use tidegate_risk::bundle::Bundle;

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
}

/// What was decided.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Decided {
    /// Runs in the ledger, one for each month.
    pub runs: Vec<i64>,
    /// Bundle that decided.
    pub bundle: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Versions of declarations decided.
    pub decided: u64,
    /// Those on a work list.
    pub selected: u64,
    /// Candidates that the capacity left no slot for.
    pub shed: u64,
    /// Mandatory ones beyond the slots of their day.
    pub queued: u64,
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
/// When there is no bundle or nothing to decide, or lake or ledger fail.
pub async fn decide(
    home: &Home,
    options: &DecideOptions,
    progress: &mut dyn Progress,
) -> Result<Decided, JobError> {
    Box::pin(run(home, options, progress)).await
}

async fn run(home: &Home, options: &DecideOptions, progress: &mut dyn Progress) -> Result<Decided, JobError> {
    let (bundle, hash) = home.bundle(options.bundle.as_deref()).await?;
    let (from, to) = days(home, options, &bundle).await?;
    let mut decided = Decided { bundle: hash.to_string(), from, to, ..Decided::default() };
    let mut first = from;
    while first <= to {
        let last = last_of_month(first).min(to);
        let platform = home.platform().await?;
        if any_undecided(&platform, &bundle, first, last).await? {
            let hash = Hash256::new(hash.0);
            let mut month =
                Month::start(home, platform, &bundle, hash, first, options.capacity, progress).await?;
            month.decide(first, last, &mut decided, progress).await?;
            month.commit(&mut decided).await?;
        }
        let Some(next) = last.checked_add_days(Days::new(1)) else { break };
        first = next;
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
        (Some(from), Some(to)) if options.from.is_some() && options.to.is_some() => Err(JobError::Missing(
            format!("the first day, {from}, is after the last, {to}; exchange --from and --to"),
        )),
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

fn last_of_month(day: NaiveDate) -> NaiveDate {
    let next = day.with_day(1).and_then(|d| d.checked_add_months(chrono::Months::new(1)));
    next.and_then(|d| d.pred_opt()).unwrap_or(day)
}

/// A run over the days of a month.
struct Month<'a> {
    home: &'a Home,
    platform: Platform,
    grades: Grades,
    day: Day<'a>,
    run: tidegate_ledger::DecisionRunId,
    keys: HashMap<String, PeriodKey>,
    decisions: tidegate_lake::LakeWriter,
    items: tidegate_lake::LakeWriter,
    rows: u64,
}

impl<'a> Month<'a> {
    async fn start(
        home: &'a Home,
        platform: Platform,
        bundle: &'a Bundle,
        hash: Hash256,
        first: NaiveDate,
        capacity: Capacity,
        progress: &mut dyn Progress,
    ) -> Result<Self, JobError> {
        let snapshot = home.snapshot().await?;
        let grades = Grades::read(&platform, "job decide").await?;
        let (version, state) =
            state::append(home, &platform, bundle, &grades, first, capacity, progress).await?;
        let (period, _) = home.period_key(first).await?;
        let start = RunStart {
            bundle: hash,
            policy_state: version,
            period,
            snapshot_number: snapshot.map_or(0, |s| s.version),
            started_at: home.now,
        };
        let run = home.ledger.start_decision_run(&start).await?;
        Ok(Self {
            home,
            platform,
            grades,
            day: Day {
                bundle,
                hash,
                state,
                state_version: version,
                run: run.0,
                now: home.now,
                earlier: HashMap::new(),
            },
            run,
            keys: HashMap::new(),
            decisions: writer(home, &DECISION).await?,
            items: writer(home, &DECISION_ITEM).await?,
            rows: 0,
        })
    }

    async fn decide(
        &mut self,
        first: NaiveDate,
        last: NaiveDate,
        decided: &mut Decided,
        progress: &mut dyn Progress,
    ) -> Result<(), JobError> {
        self.day.earlier = earlier(&self.platform, first, last).await?;
        let days = (last - first).num_days() as u64 + 1;
        progress.step("deciding", days, "days");
        for stretch in stretches(&self.platform, first, last).await? {
            for (day, read) in
                read(&self.platform, self.day.bundle, &self.grades, stretch, Which::Undecided).await?
            {
                self.decide_day(&read, decided).await?;
                progress.done((day - first).num_days() as u64 + 1);
            }
        }
        Ok(())
    }

    async fn decide_day(&mut self, read: &cases::Cases, decided: &mut Decided) -> Result<(), JobError> {
        let proposed = self.day.propose(read)?;
        for month in read
            .cases
            .iter()
            .map(|c| c.accepted_at.date_naive())
            .filter_map(|d| d.with_day(1))
            .collect::<BTreeSet<_>>()
        {
            let (period, key) = self.home.period_key(month).await?;
            self.keys.insert(period.to_string(), key);
        }
        // No draw is taken before what it is compared with stands in the ledger.
        for (period, commitments) in self.day.commitments(read, &proposed)? {
            self.home.ledger.append_commitments(period, &commitments).await?;
        }
        let batches = self.day.close(read, &proposed, &self.keys, decided)?;
        self.rows += batches.decisions.num_rows() as u64;
        self.decisions.write(&batches.decisions).await?;
        Ok(self.items.write(&batches.items).await?)
    }

    async fn commit(self, decided: &mut Decided) -> Result<(), JobError> {
        let transaction = AppTransaction { app_id: format!("decide/{}", self.run), sequence: 1 };
        let items = self.items.commit(Some(&transaction)).await?;
        let decisions = self.decisions.commit(Some(&transaction)).await?;
        self.home.lake.record_snapshot(self.home.now, [&items, &decisions]).await?;
        let outcome = RunOutcome { rows: self.rows, finished_at: self.home.now };
        self.home.ledger.finish_decision_run(self.run, &outcome).await?;
        decided.runs.push(self.run.0);
        Ok(())
    }
}

/// What earlier runs decided about consignments of which a later version is lodged on the days.
async fn earlier(
    platform: &Platform,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<HashMap<String, Earlier>, JobError> {
    let sql = format!(
        "SELECT root_id, inclusion_probability, is_selected, tau FROM decision WHERE declaration_id IN \
         (SELECT declaration_id FROM declaration WHERE version_number > 1 AND {}) \
         ORDER BY root_id, version_number",
        between("coalesce(issued_at, accepted_at)", first, last)
    );
    let mut all: HashMap<String, Earlier> = HashMap::new();
    for batch in platform.plan_for(&Principal::LocalOwner, "job decide", &sql).await?.collect().await? {
        let roots = batch.column(0).as_string::<i32>();
        let (p, tau) =
            (batch.column(1).as_primitive::<Float64Type>(), batch.column(3).as_primitive::<Float64Type>());
        let selected = batch.column(2).as_boolean();
        for row in 0..batch.num_rows() {
            let one =
                Earlier { probability: p.value(row), selected: selected.value(row), tau: tau.value(row) };
            day::remember(&mut all, roots.value(row), one);
        }
    }
    Ok(all)
}
