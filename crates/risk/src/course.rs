//! The course of a policy that does not decide: what it would do with what was lodged, epoch by epoch, for back-tests.
//!
//! The same controller, probabilities and close as in deciding; draws are taken with throw-away keys and averaged over
//! them. Lodgements are taken one by one: that a consignment lodged again keeps its draw is left out.

use crate::estimation::{HypotheticalList, inclusion_probabilities};
use crate::selection::{
    Account, Accounts, Chance, Draw, Epoch, History, Parts, PolicyState, Room, Seen, SelectionPolicy, Setting,
};
use chrono::{Datelike, Days, NaiveDate};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A first lodgement as a policy sees it.
#[derive(Debug, Clone)]
pub struct Lodged {
    /// Day of acceptance.
    pub day: NaiveDate,
    /// Office.
    pub office: Arc<str>,
    /// Grade of the trader.
    pub grade: Arc<str>,
    /// Pseudonym of the consignment.
    pub root: Arc<str>,
    /// Score, raised by rules and by what is at stake.
    pub priority: f64,
    /// Whether a rule makes inspection mandatory.
    pub mandatory: bool,
}

/// What the policy would do with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fate {
    /// p.
    pub probability: f64,
    /// Probability of inspection after the close, averaged over the keys.
    pub inclusion: f64,
    /// How much a promise to the grade takes from p.
    pub suppressed: f64,
}

/// Load of an office's day.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Day.
    pub day: NaiveDate,
    /// Office.
    pub office: Arc<str>,
    /// Slots.
    pub slots: u32,
    /// Expected candidates, the sum of p.
    pub expected: f64,
}

/// A policy with its capacity.
pub struct Course<'a> {
    /// Policy.
    pub policy: &'a SelectionPolicy,
    /// Slots of an office with so many consignments a day.
    pub slots: &'a dyn Fn(f64) -> u32,
    /// Throw-away keys, at least one; never those of a period.
    pub keys: &'a [[u8; 32]],
}

/// What came of a course.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// By lodgement from the first day on, in their order.
    pub fates: Vec<Fate>,
    /// By day and office.
    pub loads: Vec<Load>,
}

/// Who waits after the last list of each office, for each key.
type Waiting = BTreeMap<Arc<str>, Vec<usize>>;

impl Course<'_> {
    /// Runs over lodgements, which are in order of their days; those before `from` only set the first thresholds.
    pub fn run(&self, lodged: &[Lodged], from: NaiveDate) -> Run {
        let (mut run, mut waiting) = (Run::default(), Waiting::new());
        let mut steering = Steering::new(self.policy, 1.0);
        let mut start = lodged.partition_point(|l| l.day < from);
        while let Some(next) = lodged.get(start) {
            let epoch = self.policy.epoch(next.day);
            let end = start + lodged[start..].partition_point(|l| l.day <= epoch.last);
            let state = steering.state(&lodged[..start], epoch, self.slots);
            for day in runs(&lodged[start..end], |l| l.day) {
                let day = &lodged[start..end][day];
                self.close_day(day, &state, &mut waiting, &mut run);
            }
            for (one, fate) in lodged[start..end].iter().zip(&run.fates[run.fates.len() - (end - start)..]) {
                steering.account(one, fate.inclusion);
            }
            start = end;
        }
        run
    }

    fn close_day(&self, day: &[Lodged], state: &PolicyState, waiting: &mut Waiting, run: &mut Run) {
        let first = run.fates.len();
        let mut offices: BTreeMap<&Arc<str>, Vec<usize>> = BTreeMap::new();
        for (position, one) in day.iter().enumerate() {
            let parts = parts(self.policy, one, state);
            let probability = parts.probability();
            let uncapped = Parts { multiplier: 1.0, ..parts }.probability();
            run.fates.push(Fate { probability, inclusion: 0.0, suppressed: uncapped - probability });
            offices.entry(&one.office).or_default().push(position);
        }
        for (office, positions) in offices {
            let chances: Vec<Chance> =
                positions.iter().map(|p| parts(self.policy, &day[*p], state).chance()).collect();
            let slots = state.office(office).slots;
            let waits = waiting.entry(Arc::clone(office)).or_insert_with(|| vec![0; self.keys.len()]);
            for (key, waits) in self.keys.iter().zip(waits) {
                let period = day[0].day.format("%Y-%m").to_string();
                let draws: Vec<Draw> =
                    positions.iter().map(|p| Draw::new(key, &period, &day[*p].root)).collect();
                let reserved = self.policy.reserved_slots as usize;
                let room = Room { slots: slots as usize, reserved, waiting: *waits };
                let contenders: Vec<_> =
                    chances.iter().zip(&draws).map(|(chance, draw)| chance.contender(*draw)).collect();
                *waits = crate::selection::close(&contenders, room).waiting;
                let list = HypotheticalList { chances: chances.clone(), room };
                for (p, inclusion) in positions.iter().zip(inclusion_probabilities(&list, &[draws])) {
                    run.fates[first + p].inclusion += inclusion / self.keys.len() as f64;
                }
            }
            let expected = chances.iter().map(|c| c.probability).sum();
            run.loads.push(Load { day: day[0].day, office: Arc::clone(office), slots, expected });
        }
    }
}

/// The states of a policy, epoch by epoch, from what was lodged and closed before each.
pub(crate) struct Steering<'a> {
    policy: &'a SelectionPolicy,
    /// Year of the accounts: promises run over calendar years.
    year: i32,
    accounts: Accounts,
    list_days: f64,
}

impl<'a> Steering<'a> {
    pub(crate) fn new(policy: &'a SelectionPolicy, list_days: f64) -> Self {
        Self { policy, year: i32::MIN, accounts: Accounts::new(), list_days }
    }

    /// The state of an epoch, from the lodgements before it, which are in order of their days.
    pub(crate) fn state(
        &mut self,
        before: &[Lodged],
        epoch: Epoch,
        slots: impl Fn(f64) -> u32,
    ) -> PolicyState {
        if epoch.first.year() != self.year {
            (self.year, self.accounts) = (epoch.first.year(), Accounts::new());
        }
        let days = self.policy.threshold_days;
        let first = epoch.first.checked_sub_days(Days::new(u64::from(days))).unwrap_or(epoch.first);
        let mut history = History { days, ..History::default() };
        let from = before.partition_point(|l| l.day < first);
        for one in before[from..].iter().filter(|l| l.day < epoch.first) {
            let seen = Seen { priority: one.priority, mandatory: one.mandatory };
            let of_office = history.seen.entry(one.office.to_string()).or_default();
            of_office.entry(one.grade.to_string()).or_default().push(seen);
        }
        Setting {
            policy: self.policy,
            epoch,
            history: &history,
            accounts: &self.accounts,
            list_days: self.list_days,
        }
        .state(slots)
    }

    /// Takes down what became of a lodgement of the epoch: its probability of inspection.
    pub(crate) fn account(&mut self, one: &Lodged, inclusion: f64) {
        let of_regime = self.accounts.entry(self.policy.regime(one.day).from).or_default();
        let of_office = of_regime.entry(one.office.to_string()).or_default();
        let account: &mut Account = of_office.entry(one.grade.to_string()).or_default();
        account.consignments += 1.0;
        account.mandatory += f64::from(u8::from(one.mandatory));
        account.expected += inclusion;
    }
}

/// Parts of p of a lodgement.
pub(crate) fn parts(policy: &SelectionPolicy, one: &Lodged, state: &PolicyState) -> Parts {
    let Lodged { priority, mandatory, .. } = *one;
    state.office(&one.office).parts(policy, policy.regime(one.day), &one.grade, Seen { priority, mandatory })
}

/// Stretches of equal keys.
fn runs<T, K: PartialEq>(values: &[T], key: impl Fn(&T) -> K) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (position, value) in values.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if key(&values[run.start]) == key(value) => run.end = position + 1,
            _ => runs.push(position..position + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform(name: &str) -> f64 {
        Draw::new(&[5; 32], "test", name).value()
    }

    fn lodged(days: u32) -> Vec<Lodged> {
        let first: NaiveDate = "2027-01-01".parse().unwrap();
        let mut all = Vec::new();
        for (number, day) in first.iter_days().take(days as usize).enumerate() {
            for i in 0..100 {
                let name = format!("{number} {i}");
                let certified = uniform(&format!("{name} grade")) < 0.4;
                all.push(Lodged {
                    day,
                    office: if i < 70 { "A" } else { "B" }.into(),
                    grade: if certified { "advanced-certified" } else { "conventional" }.into(),
                    root: name.as_str().into(),
                    priority: uniform(&format!("{name} score")).powi(3),
                    mandatory: uniform(&format!("{name} mandatory")) < 0.002,
                });
            }
        }
        all
    }

    fn policy() -> SelectionPolicy {
        SelectionPolicy::parse("default", include_str!("../../../selection/default.toml")).unwrap()
    }

    #[test]
    fn a_regime_that_begins_within_an_epoch_decides_its_own_days() {
        let text = include_str!("../../../selection/default.toml");
        let (before, after) = text.split_once("from = 2026-04-01").unwrap();
        let after = after.replacen("floor = 0.001", "floor = 0.002", 1);
        let policy = SelectionPolicy::parse("p", &format!("{before}from = 2027-02-10{after}")).unwrap();
        let (all, from) = (lodged(50), "2027-01-29".parse().unwrap());
        let course =
            Course { policy: &policy, slots: &|a_day| (a_day * 0.1).round() as u32, keys: &[[1; 32]] };
        let run = course.run(&all, from);
        let certified = |is: &dyn Fn(&NaiveDate) -> bool| -> f64 {
            let decided = all[all.len() - run.fates.len()..].iter().zip(&run.fates);
            let of = decided.filter(|(l, _)| &*l.grade == "advanced-certified" && is(&l.day));
            of.map(|(_, fate)| fate.probability).fold(1.0, f64::min)
        };
        let begins: NaiveDate = "2027-02-10".parse().unwrap();
        assert!(certified(&|day| *day < begins) < 0.002, "the floor of the law before");
        assert!(
            certified(&|day| *day >= begins) >= 0.002,
            "the floor of the law of the day, on the day it begins"
        );
    }

    #[test]
    fn a_course_uses_the_slots_keeps_the_promise_and_sees_no_future() {
        let (policy, all) = (policy(), lodged(120));
        let keys: Vec<[u8; 32]> = (0..8).map(|i| [i; 32]).collect();
        let course = Course { policy: &policy, slots: &|a_day| (a_day * 0.1).round() as u32, keys: &keys };
        let from = "2027-01-29".parse().unwrap();
        let run = course.run(&all, from);
        let decided = &all[all.len() - run.fates.len()..];
        assert_eq!(decided[0].day, from);
        let slots: f64 = run.loads.iter().map(|l| f64::from(l.slots)).sum();
        let inspected: f64 = run.fates.iter().map(|f| f.inclusion).sum();
        assert!((0.8..=1.0).contains(&(inspected / slots)), "{inspected} of {slots}");
        let rate = |grade: &str| {
            let of: Vec<f64> = decided
                .iter()
                .zip(&run.fates)
                .filter(|(l, _)| &*l.grade == grade)
                .map(|(_, f)| f.inclusion)
                .collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        let ratio = rate("advanced-certified") / rate("conventional");
        assert!((0.1..0.2).contains(&ratio), "{ratio}");
        assert!(run.fates.iter().any(|f| f.suppressed > 0.0));
        let cut = all.partition_point(|l| l.day < "2027-04-01".parse().unwrap());
        let without = course.run(&all[..cut], from);
        assert_eq!(without.fates[..], run.fates[..without.fates.len()], "what is lodged later moves nothing");
    }
}
