//! The learning loop: decide, inspect, learn late, try a candidate, put it in force by two persons, and again.
//!
//! It runs the jobs that people run, each at its moment of simulated time: what is lodged in an epoch is loaded and
//! decided with the bundle in force, officers inspect what was selected, and their results are loaded when they are
//! recorded. A candidate is learnt from what is known then, back-tested on the days before, and shadowed on the epoch after,
//! of which it has learnt nothing; then one person proposes it and another approves or rejects it.

mod candidate;
mod comparison;
mod country;
mod outcome;
mod protocol;
mod rows;

pub use candidate::{Candidate, Shadowed};
pub use comparison::{
    BOUNDS, Compared, Content, Contest, Difference, Foreknown, KnownYear, LaneResult, STRATEGIES,
};
pub use country::{Country, Destination, Lodged, Order, Reported};
pub use outcome::{EpochFound, Looped};
pub use protocol::Protocol;

use crate::JobError;
use crate::bundles::{self, Propose};
use crate::decide::{Capacity, DecideOptions, Decided, decide};
use crate::draws::{self, OpenDraws};
use crate::home::Home;
use crate::learn::{LearnOptions, learn};
use crate::progress::Progress;
use chrono::{Days, NaiveDate, NaiveTime};
use country::Arrivals;
use tidegate_ledger::{Door, LedgerError, Period};
use tidegate_risk::selection::{Epoch, Lane};

/// How the loop runs.
#[derive(Debug, Clone)]
pub struct LoopOptions {
    /// Feature set.
    pub features: String,
    /// Rule set; the one with the name of the feature set when none.
    pub rules: Option<String>,
    /// Selection policy; `default` when none.
    pub selection: Option<String>,
    /// Inspections a day at each office.
    pub capacity: Capacity,
    /// First day of the country.
    pub begins: NaiveDate,
    /// First day that is decided; the country's own inspections before it are what the first bundle learns from.
    pub first: NaiveDate,
    /// Last day that is decided.
    pub last: NaiveDate,
    /// Epochs from one candidate to the next.
    pub learn_every: u32,
    /// Who hands in the first shares and proposes.
    pub analyst: String,
    /// Who hands in the second shares and approves or rejects.
    pub supervisor: String,
}

/// What happened in an epoch, told when it is over.
#[derive(Debug, Clone, serde::Serialize)]
pub struct EpochTold {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// Bundle that decided.
    pub bundle: String,
    /// Versions decided.
    pub decided: u64,
    /// Consignments selected.
    pub selected: u64,
    /// Results that are still to come at its end.
    pub late: usize,
    /// What became of the candidate that was shadowed.
    pub shadowed: Option<Shadowed>,
    /// A candidate that was learnt at its end.
    pub candidate: Option<Candidate>,
}

/// Runs the loop in a home without declarations; the home's clock is set as time goes by.
///
/// # Errors
/// When the home holds declarations, the country gives none, or a job fails.
pub async fn run(
    home: &mut Home,
    country: &mut dyn Country,
    options: &LoopOptions,
    progress: &mut dyn Progress,
    tell: &mut dyn FnMut(&EpochTold),
) -> Result<Looped, JobError> {
    let mut course = Course { home, arrivals: Arrivals::new(country), options, epochs: Vec::new() };
    Box::pin(course.run(progress, tell)).await
}

struct Course<'a> {
    home: &'a mut Home,
    arrivals: Arrivals<'a>,
    options: &'a LoopOptions,
    epochs: Vec<(EpochTold, Vec<i64>)>,
}

impl Course<'_> {
    async fn run(
        &mut self,
        progress: &mut dyn Progress,
        tell: &mut dyn FnMut(&EpochTold),
    ) -> Result<Looped, JobError> {
        if self.home.snapshot().await?.is_some() {
            return Err(JobError::Missing(format!(
                "{} holds records already; the loop needs a home of its own, such as --home .tidegate-loop",
                self.home.root().display()
            )));
        }
        self.warm_up(progress).await?;
        let mut waiting: Option<Candidate> = None;
        let mut epoch = Epoch::of(self.options.first);
        let mut number = 0;
        while epoch.first <= self.options.last {
            let days =
                Epoch { first: epoch.first.max(self.options.first), last: epoch.last.min(self.options.last) };
            let decided = self.decide(days, progress).await?;
            let shadowed = match waiting.take() {
                Some(candidate) => Some(self.shadow(&candidate, days, progress).await?),
                None => None,
            };
            number += 1;
            if number % self.options.learn_every == 0 && days.last < self.options.last {
                waiting = Some(self.learn(days.last, progress).await?);
            }
            let (bundle, runs) = (decided.bundle, decided.runs);
            let told = EpochTold {
                first: days.first,
                last: days.last,
                bundle,
                decided: decided.decided,
                selected: decided.selected,
                late: self.arrivals.late(),
                shadowed,
                candidate: waiting.clone(),
            };
            tell(&told);
            self.epochs.push((told, runs));
            let Some(next) = epoch.next() else { break };
            epoch = next;
        }
        // The last results come in after the last day.
        self.arrivals.record(self.home, NaiveDate::MAX).await?;
        Looped::read(self.home, std::mem::take(&mut self.epochs)).await
    }

    /// Loads what the country did before the first day, and puts a first bundle in force.
    async fn warm_up(&mut self, progress: &mut dyn Progress) -> Result<(), JobError> {
        let before = self.options.first.pred_opt().unwrap_or(self.options.first);
        self.set_clock(self.options.begins, NaiveTime::MIN);
        let (analyst, supervisor) = (&self.options.analyst, &self.options.supervisor);
        self.home.person(analyst).await?;
        self.home.person(supervisor).await?;
        self.arrivals.register(self.home).await?;
        progress.step("warming up", 0, "declarations");
        if !self.arrivals.lodge(self.home, before).await? {
            return Err(JobError::Missing(format!("the country lodged nothing up to {before}")));
        }
        self.arrivals.record(self.home, before).await?;
        let first = self.learn(before, progress).await?;
        self.put_in_force(
            &first.bundle,
            self.options.first,
            "the first of this home",
            Ok("nothing to compare it with"),
        )
        .await
    }

    /// Loads what is lodged on the days of an epoch, decides it, and sends officers out.
    async fn decide(&mut self, days: Epoch, progress: &mut dyn Progress) -> Result<Decided, JobError> {
        self.set_clock(days.last, end_of_day());
        self.arrivals.lodge(self.home, days.last).await?;
        self.open_draws(days).await?;
        let options = DecideOptions {
            from: Some(days.first),
            to: Some(days.last),
            capacity: self.options.capacity,
            ..DecideOptions::default()
        };
        let decided = decide(self.home, &options, progress).await?;
        let order = |entry: &crate::WorkListEntry| {
            let lane = Lane::of_code(entry.lane)?;
            let destination = entry.destination.clone().zip(entry.deadline);
            let destination = destination.map(|(site_id, deadline)| Destination {
                site_id,
                sealed_on: entry.day,
                deadline,
            });
            let (declaration_id, reinspected) = (entry.declaration_id.clone(), entry.reinspected);
            Some(Order { declaration_id, lane, reinspected, destination })
        };
        let mut orders: Vec<Order> = decided.work_list.iter().filter_map(order).collect();
        orders.sort_by(|a, b| (&a.declaration_id, b.lane).cmp(&(&b.declaration_id, a.lane)));
        orders.dedup_by(|a, b| a.declaration_id == b.declaration_id);
        self.arrivals.inspect(&orders)?;
        self.arrivals.record(self.home, days.last).await?;
        Ok(decided)
    }

    /// The two persons open the months that an epoch may draw in, as custodians of their keys.
    async fn open_draws(&self, days: Epoch) -> Result<(), JobError> {
        let next = days.last.checked_add_days(Days::new(1)).unwrap_or(days.last);
        let before = days.first.checked_sub_days(Days::new(1)).unwrap_or(days.first);
        for day in [before, days.first, next] {
            let moment = day.and_time(NaiveTime::MIN).and_utc();
            let period = Period::containing(moment).map_err(|e| JobError::Missing(e.to_string()))?;
            match self.home.ledger.period_key(period).await {
                Ok(_) => continue,
                Err(LedgerError::Unknown { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            for custodian in [&self.options.analyst, &self.options.supervisor] {
                let step = OpenDraws {
                    period,
                    public_source: None,
                    custodian: Some(custodian.clone()),
                    share: None,
                    public_value: None,
                };
                draws::open(self.home, &step).await?;
            }
        }
        Ok(())
    }

    /// Learns a candidate from what is known at the end of a day, and back-tests it on the days before.
    async fn learn(&self, until: NaiveDate, progress: &mut dyn Progress) -> Result<Candidate, JobError> {
        let learnt = LearnOptions {
            features: Some(self.options.features.clone()),
            rules: self.options.rules.clone(),
            selection: self.options.selection.clone(),
            until: Some(until),
            model: None,
        };
        let summary = learn(self.home, &learnt, progress).await?;
        candidate::back_tested(self.home, &summary, self.options.capacity, until, progress).await
    }

    /// Rates a candidate on an epoch that it has learnt nothing of; the two persons decide about it.
    async fn shadow(
        &self,
        candidate: &Candidate,
        days: Epoch,
        progress: &mut dyn Progress,
    ) -> Result<Shadowed, JobError> {
        let shadowed = candidate::shadow(self.home, candidate, self.options.capacity, days, progress).await?;
        let next = days.last.checked_add_days(Days::new(1)).unwrap_or(days.last);
        let verdict = if shadowed.approved { Ok(shadowed.why.as_str()) } else { Err(shadowed.why.as_str()) };
        self.put_in_force(&candidate.bundle, next, &candidate.summary(), verdict).await?;
        Ok(shadowed)
    }

    /// The analyst proposes; the supervisor approves, or rejects with a reason.
    async fn put_in_force(
        &self,
        bundle: &str,
        from: NaiveDate,
        reason: &str,
        verdict: Result<&str, &str>,
    ) -> Result<(), JobError> {
        let proposal = Propose {
            alias: bundles::DEFAULT_ALIAS.to_owned(),
            bundle: bundle.to_owned(),
            effective_from: Some(from.and_time(NaiveTime::MIN).and_utc()),
        };
        let analyst = self.home.person(&self.options.analyst).await?;
        let analyst = self.home.act_of(analyst, Door::Job, reason);
        let number = bundles::propose(self.home, &proposal, &analyst).await?;
        let (approved, reason) = (verdict.is_ok(), verdict.unwrap_or_else(|why| why));
        let supervisor = self.home.person(&self.options.supervisor).await?;
        let supervisor = self.home.act_of(supervisor, Door::Job, reason);
        bundles::decide(self.home, number, approved, &supervisor).await
    }

    fn set_clock(&mut self, day: NaiveDate, time: NaiveTime) {
        self.home.now = day.and_time(time).and_utc();
    }
}

fn end_of_day() -> NaiveTime {
    NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN)
}
