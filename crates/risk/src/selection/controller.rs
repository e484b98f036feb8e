//! The controller: from what was lodged and what closed before an epoch to the thresholds and multipliers of the epoch.
//!
//! A promise binds a ratio of inspection rates over a year, which no realised monthly figure can satisfy for certain; it
//! is kept in expectation by a running budget. With the sums so far (A: the grade, C: ordinary traders) and the sums that
//! the days before forecast for the epoch, the multiplier is set so that at its end
//! `sum p_A / N_A = target * sum p_C / N_C`, and within the epoch `p_A` stays under `alarm * p_C`. Mandatory inspections
//! are in the sums but never suppressed: they leave less to chance and score. What shedding takes from p is known only
//! afterwards, so the sums so far are those of pi, and those of the forecast are of pi at the cut that the days before
//! would have had on the average.

use super::close::Chance;
use super::epoch::Epoch;
use super::inclusion::Parts;
use super::policy::SelectionPolicy;
use super::regime::{Counted, GradePolicy, Promise, PromiseSide, Regime};
use super::state::{OfficeState, PolicyState, Seen, Steered};
use super::threshold::solve;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Fewest consignments of an office, or of a grade at it, that something of its own is set for.
const LEAST: usize = 100;
/// Above every score's ramp for widths up to three quarters.
const HIGHEST_THRESHOLD: f64 = 4.0;
/// The threshold where everything fits: everybody is wanted, and what a busier day cannot hold is still shed by priority,
/// of which a threshold of 0 would leave nothing in the weights.
const LEAST_THRESHOLD: f64 = 1e-6;
/// Thresholds depend on multipliers and these on thresholds; the second round moves little.
const ROUNDS: u32 = 2;

/// Something by office and grade.
type ByStratum<T> = BTreeMap<String, BTreeMap<String, T>>;

/// Consignments of the days before an epoch.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Days.
    pub days: u32,
    /// By office and grade.
    pub seen: ByStratum<Vec<Seen>>,
}

/// Sums over what closed in the window of a promise.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Account {
    /// N: consignments.
    pub consignments: f64,
    /// Of these, mandatory ones.
    pub mandatory: f64,
    /// Expected inspections, the sum of pi; mandatory ones count 1 each.
    pub expected: f64,
}

/// Sums by office and grade, for each regime, by its first day: whether a grade is an ordinary one is for the law of the day
/// to say.
pub type Accounts = BTreeMap<NaiveDate, ByStratum<Account>>;

impl Account {
    fn add(&mut self, other: &Self) {
        self.consignments += other.consignments;
        self.mandatory += other.mandatory;
        self.expected += other.expected;
    }

    fn scaled(self, by: f64) -> Self {
        let Self { consignments, mandatory, expected } = self;
        Self { consignments: consignments * by, mandatory: mandatory * by, expected: expected * by }
    }

    /// N and expected inspections as a promise counts them.
    fn counted(&self, counted: Counted) -> (f64, f64) {
        match counted {
            Counted::Gross => (self.consignments, self.expected),
            Counted::Discretionary => (self.consignments - self.mandatory, self.expected - self.mandatory),
        }
    }
}

/// Everything that sets a state.
pub struct Setting<'a> {
    /// Policy.
    pub policy: &'a SelectionPolicy,
    /// The epoch, within one regime ([`SelectionPolicy::epoch`]).
    pub epoch: Epoch,
    /// Consignments of the days before.
    pub history: &'a History,
    /// What closed in the window of the promises, the calendar year, before the epoch.
    pub accounts: &'a Accounts,
    /// Days that one work list covers: 1, or those of an epoch in comparisons whose list is an epoch.
    pub list_days: f64,
}

impl Setting<'_> {
    /// The regime in force as the epoch begins.
    fn regime(&self) -> &Regime {
        self.policy.regime(self.epoch.first)
    }

    /// The state of the epoch; `slots` gives those of an office with so many consignments a day.
    pub fn state(&self, slots: impl Fn(f64) -> u32) -> PolicyState {
        let a_day = |count: usize| count as f64 / f64::from(self.history.days.max(1));
        let sizes: BTreeMap<&str, usize> = self
            .history
            .seen
            .iter()
            .map(|(o, grades)| (o.as_str(), grades.values().map(Vec::len).sum()))
            .collect();
        let total: usize = sizes.values().sum();
        let start = |slots| OfficeState {
            slots,
            threshold: self.policy.initial_threshold,
            strata: self
                .regime()
                .promises()
                .map(|(code, grade, _)| (code.to_owned(), start(&grade)))
                .collect(),
        };
        let mut state = PolicyState {
            epoch: self.epoch,
            default: start(slots(a_day(total) / sizes.len().max(1) as f64)),
            offices: sizes.iter().map(|(o, size)| ((*o).to_owned(), start(slots(a_day(*size))))).collect(),
        };
        if total > 0 {
            for _ in 0..ROUNDS {
                self.set_thresholds(&mut state);
                for (code, grade, promise) in self.regime().promises() {
                    self.set_multipliers(&mut state, code, grade, promise);
                }
            }
        }
        state
    }

    /// The threshold of each office at which as many candidates are expected as are wanted; an office with few consignments takes
    /// that of all offices together.
    fn set_thresholds(&self, state: &mut PolicyState) {
        let pooled = solve(
            HIGHEST_THRESHOLD,
            |threshold| state.offices.iter().map(|(o, s)| self.expected(o, s, threshold)).sum(),
            state.offices.iter().map(|(o, s)| self.wanted(o, s.slots)).sum(),
        )
        .max(LEAST_THRESHOLD);
        state.default.threshold = pooled;
        for (office, own) in &mut state.offices {
            let count: usize = self.history.seen[office].values().map(Vec::len).sum();
            own.threshold = if count < LEAST {
                pooled
            } else {
                let expected = |threshold| self.expected(office, own, threshold);
                solve(HIGHEST_THRESHOLD, expected, self.wanted(office, own.slots)).max(LEAST_THRESHOLD)
            };
        }
    }

    /// Candidates that are wanted over the days before, at an office with so many slots a day.
    fn wanted(&self, office: &str, slots: u32) -> f64 {
        let lists = f64::from(self.history.days.max(1)) / self.list_days;
        let all: usize = self.history.seen[office].values().map(Vec::len).sum();
        lists * self.policy.wanted_candidates(f64::from(slots) * self.list_days, all as f64 / lists)
    }

    /// Sum of p over the consignments of an office.
    fn expected(&self, office: &str, state: &OfficeState, threshold: f64) -> f64 {
        self.chances(office, state, threshold).map(|chance| chance.probability).sum()
    }

    /// What the consignments of an office contend with around a threshold.
    fn chances(&self, office: &str, state: &OfficeState, threshold: f64) -> impl Iterator<Item = Chance> {
        let (width, e) = (self.policy.ramp_width, self.policy.exploration);
        self.history.seen[office].iter().flat_map(move |(grade, seen)| {
            let stratum = state.stratum(self.regime(), grade);
            let parts = move |s: &Seen| Parts::new(s.mandatory, s.priority, threshold, width, stratum, e);
            seen.iter().map(move |seen| parts(seen).chance())
        })
    }

    fn set_multipliers(&self, state: &mut PolicyState, code: &str, grade: GradePolicy, promise: Promise) {
        let groups: BTreeMap<String, Group> =
            state.offices.iter().map(|(o, s)| (o.clone(), self.group(o, s, code))).collect();
        let whole = groups.values().fold(Group::default(), |mut sum, group| {
            sum.add(group);
            sum
        });
        let of_country = whole.steer(grade, promise);
        let mut set: BTreeMap<&str, Steered> = BTreeMap::new();
        for (office, group) in &groups {
            let own = group.seen.0 >= LEAST && group.seen.1 >= LEAST;
            set.insert(office, if own { group.steer(grade, promise) } else { of_country });
        }
        // Offices that keep the promise each may break it together, where the grade trades most at those that inspect most.
        let fixed: f64 = groups.iter().map(|(o, g)| g.fixed(set[o.as_str()].floor)).sum();
        let chosen: f64 = groups.iter().map(|(o, g)| g.chosen(set[o.as_str()])).sum();
        let most = whole.allowance(promise).map_or(f64::INFINITY, |allowance| (allowance - fixed).max(0.0));
        let share = if chosen > most { most / chosen } else { 1.0 };
        state.default.strata.insert(code.to_owned(), of_country);
        for (office, steered) in set {
            let steered = Steered { multiplier: steered.multiplier * share, ..steered };
            if let Some(own) = state.offices.get_mut(office) {
                own.strata.insert(code.to_owned(), steered);
            }
        }
    }

    /// tau at which the days before would have used up the slots of an office: what is wanted beyond them is shed.
    fn cut(&self, office: &str, state: &OfficeState) -> f64 {
        let slots = f64::from(state.slots) * f64::from(self.history.days.max(1));
        let chances: Vec<Chance> = self.chances(office, state, state.threshold).collect();
        let listed = |shed| chances.iter().map(|chance| chance.realised_probability(1.0 - shed)).sum();
        1.0 - solve(1.0, listed, slots)
    }

    /// Sums of a grade and of ordinary traders at an office.
    fn group(&self, office: &str, state: &OfficeState, code: &str) -> Group {
        let scale = f64::from(self.epoch.days()) / f64::from(self.history.days.max(1));
        let (width, e) = (self.policy.ramp_width, self.policy.exploration);
        let tau = self.cut(office, state);
        let mut group = Group::default();
        for (grade, seen) in &self.history.seen[office] {
            let Some(side) = self.regime().side(code, grade) else { continue };
            let of_grade = side == PromiseSide::Promised;
            let stratum = state.stratum(self.regime(), grade);
            let mut account = Account::default();
            for one in seen {
                account.consignments += 1.0;
                account.mandatory += f64::from(u8::from(one.mandatory));
                let parts = Parts::new(one.mandatory, one.priority, state.threshold, width, stratum, e);
                account.expected += parts.chance().realised_probability(tau);
                if of_grade && !one.mandatory {
                    let share = |ramp: f64| e + (1.0 - e) * ramp;
                    group.reach += scale * share(parts.ramp.min(1.0)).min(tau * share(parts.ramp));
                }
            }
            let (count, next) = if of_grade {
                (&mut group.seen.0, &mut group.next)
            } else {
                (&mut group.seen.1, &mut group.next_ordinary)
            };
            *count += seen.len();
            next.add(&account.scaled(scale));
        }
        self.add_past(office, code, &mut group);
        group
    }

    /// Adds what closed since the promise stands as it does, each regime by its own ordinary traders.
    fn add_past(&self, office: &str, code: &str, group: &mut Group) {
        let Some(since) = self.policy.promised_since(code, self.epoch.first) else { return };
        for (from, offices) in self.accounts.range(since..) {
            let regime = self.policy.regime(*from);
            for (grade, account) in offices.get(office).into_iter().flatten() {
                match regime.side(code, grade) {
                    Some(PromiseSide::Promised) => group.past.add(account),
                    Some(PromiseSide::Ordinary) => group.past_ordinary.add(account),
                    None => {}
                }
            }
        }
    }
}

fn start(grade: &GradePolicy) -> Steered {
    Steered { floor: grade.floor, multiplier: grade.multiplier }
}

/// A grade with a promise and ordinary traders, at an office or in the country: what closed and what is forecast.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    past: Account,
    past_ordinary: Account,
    next: Account,
    next_ordinary: Account,
    /// Sum of what a multiplier of 1 would leave of e + (1 - e) r after the cut, over the forecast consignments of the grade
    /// that are not mandatory.
    reach: f64,
    /// Consignments seen, of the grade and ordinary.
    seen: (usize, usize),
}

impl Group {
    fn add(&mut self, other: &Self) {
        self.past.add(&other.past);
        self.past_ordinary.add(&other.past_ordinary);
        self.next.add(&other.next);
        self.next_ordinary.add(&other.next_ordinary);
        self.reach += other.reach;
        self.seen = (self.seen.0 + other.seen.0, self.seen.1 + other.seen.1);
    }

    /// Expected inspections that the epoch may bring the grade, mandatory ones included; none where there are no ordinary
    /// traders to compare with.
    fn allowance(&self, promise: Promise) -> Option<f64> {
        let counted = |account: &Account| account.counted(promise.counted);
        let ((n_a, sum_a), (n_c, sum_c)) = (counted(&self.past), counted(&self.past_ordinary));
        let ((next_a, _), (next_c, next_sum_c)) = (counted(&self.next), counted(&self.next_ordinary));
        if n_c + next_c <= 0.0 {
            return None;
        }
        let rate = (sum_c + next_sum_c) / (n_c + next_c);
        let running = promise.target * rate * (n_a + next_a) - sum_a;
        let within = promise.alarm * next_sum_c / next_c * next_a;
        let exempt = if promise.counted == Counted::Discretionary { self.next.mandatory } else { 0.0 };
        Some(exempt + running.min(within).max(0.0))
    }

    /// Expected inspections that no multiplier moves: mandatory ones and the floor of the others.
    fn fixed(&self, floor: f64) -> f64 {
        self.next.mandatory + floor * (self.next.consignments - self.next.mandatory)
    }

    /// Expected inspections by exploration and score.
    fn chosen(&self, steered: Steered) -> f64 {
        (1.0 - steered.floor) * steered.multiplier * self.reach
    }

    /// Floor and multiplier that use up the allowance; where nothing can be compared, those of the policy. The floor
    /// stays under the target, since it alone would break the promise otherwise.
    fn steer(&self, grade: GradePolicy, promise: Promise) -> Steered {
        let (next_c, next_sum_c) = self.next_ordinary.counted(promise.counted);
        let (Some(allowance), true) = (self.allowance(promise), next_c > 0.0 && self.reach > 0.0) else {
            return start(&grade);
        };
        let floor = grade.floor.min(promise.target * next_sum_c / next_c);
        let left = allowance - self.fixed(floor);
        Steered { floor, multiplier: (left / ((1.0 - floor) * self.reach)).clamp(0.0, 1.0) }
    }
}

#[cfg(test)]
mod tests;
