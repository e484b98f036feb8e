//! One day's decisions: proposals, commitments, and the close of every office's work list.

use super::Decided;
use super::ahead::AssessedDay;
use super::cases::{Case, Cases};
use super::closed::{Closed, DecidedBy, Outcome, Settlement};
use super::earlier::{Earlier, Roots};
use super::lists::{List, ListRows, Waiting};
use super::packaging::Packaging;
use crate::JobError;
use crate::home::random_bytes;
use chrono::{NaiveDate, NaiveTime};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_ledger::{DrawParts, NewCommitment, ParseLaneError, Period, PeriodKey};
use tidegate_risk::decision::{Proposal, Settled, settle};
use tidegate_risk::selection::{Chance, Contender, Draw, Parts, PolicyState};

/// What the days of a run share.
pub(super) struct Day {
    pub by: DecidedBy,
    pub state: PolicyState,
    pub earlier: Roots,
    pub waiting: Waiting,
    pub packaging: Packaging,
    /// First day whose decisions are remembered.
    pub since: NaiveDate,
    /// Periods whose keys are public, so that nothing more is drawn with them.
    pub revealed: BTreeSet<Period>,
    /// Decided days so far, over all runs.
    pub closes: u64,
}

/// Commitments of a period, and the cases that they are about.
#[derive(Default)]
pub(super) struct Committed {
    pub cases: Vec<usize>,
    pub new: Vec<NewCommitment>,
}

/// Proposals of a day's cases, before any draw.
pub(super) struct Proposed {
    proposals: Vec<Proposal>,
    chances: BTreeMap<String, Chance>,
    /// Periods of the draws of the cases, in their order.
    pub periods: Vec<Period>,
    /// Cases by office.
    list_rows: BTreeMap<String, u32>,
}

/// What a close draws with.
pub(super) struct Drawing<'a> {
    /// Keys of the periods of the cases.
    pub keys: &'a HashMap<Period, PeriodKey>,
    /// Commitments of the cases, in their order.
    pub sequences: Vec<u64>,
}

/// Outcomes by office and root: a consignment may be lodged at two offices on a day.
type Outcomes = HashMap<String, HashMap<String, Outcome>>;

impl Day {
    pub(super) fn propose(&self, assessed: &AssessedDay) -> Result<Proposed, JobError> {
        let AssessedDay { day, cases: read, assessment } = assessed;
        let mut chances: BTreeMap<String, Chance> = BTreeMap::new();
        let mut proposals = Vec::with_capacity(read.cases.len());
        let mut list_rows: BTreeMap<String, u32> = BTreeMap::new();
        for case in &read.cases {
            let proposal = self.by.bundle.propose(
                assessment,
                case.items.clone(),
                &self.state,
                &case.office,
                &case.grade,
            );
            let chance = chances.entry(case.root.clone()).or_default();
            *chance = chance.max(proposal.parts.chance());
            if let Some(earlier) = self.earlier(&case.root) {
                *chance = chance.max(earlier.chance);
            }
            proposals.push(proposal);
            *list_rows.entry(case.office.clone()).or_default() += 1;
        }
        let periods = self.periods(*day, &read.cases)?;
        Ok(Proposed { proposals, chances, periods, list_rows })
    }

    /// What is known of a consignment whose draw is still secret.
    fn earlier(&self, root: &str) -> Option<Earlier> {
        let known = self.earlier.get(root, self.by.run, self.since);
        known.filter(|earlier| !self.revealed.contains(&earlier.period))
    }

    /// Periods of the draws of a day, in the order of the cases: one for each consignment, the earliest of its cases.
    fn periods(&self, day: NaiveDate, cases: &[Case]) -> Result<Vec<Period>, JobError> {
        let periods = cases.iter().map(|case| self.period(day, case)).collect::<Result<Vec<_>, _>>()?;
        let mut of_root: HashMap<&str, Period> = HashMap::new();
        for (case, period) in cases.iter().zip(periods) {
            of_root.entry(&case.root).and_modify(|least| *least = (*least).min(period)).or_insert(period);
        }
        Ok(cases.iter().map(|case| of_root[case.root.as_str()]).collect())
    }

    /// Period of a draw: the month of first acceptance of the consignment. When its key is public, or what was drawn
    /// then is not remembered, the consignment is drawn anew in the month of the day.
    fn period(&self, day: NaiveDate, case: &Case) -> Result<Period, JobError> {
        if let Some(earlier) = self.earlier(&case.root) {
            return Ok(earlier.period);
        }
        let of_day = |day: NaiveDate| {
            let period = Period::containing(day.and_time(NaiveTime::MIN).and_utc());
            period.map_err(|error| JobError::Missing(error.to_string()))
        };
        let accepted = case.accepted_at.date_naive();
        let period = of_day(accepted)?;
        if accepted < self.since || self.revealed.contains(&period) { of_day(day) } else { Ok(period) }
    }

    /// Commitments by period, in the order of the cases.
    pub(super) fn commitments(
        &self,
        assessed: &AssessedDay,
        proposed: &Proposed,
    ) -> Result<BTreeMap<Period, Committed>, JobError> {
        let AssessedDay { day, cases: read, .. } = assessed;
        let mut commitments: BTreeMap<Period, Committed> = BTreeMap::new();
        for (place, (case, proposal)) in read.cases.iter().zip(&proposed.proposals).enumerate() {
            let Parts { mandatory, guaranteed, floor, multiplier, exploration, ramp } = proposal.parts;
            let probability = proposed.chances[&case.root].probability;
            let queue = self.waiting.of(&case.office);
            let lane = proposal.least_lane.code().parse();
            let of_period = commitments.entry(proposed.periods[place]).or_default();
            of_period.cases.push(place);
            of_period.new.push(NewCommitment {
                root: case.root.clone(),
                version: case.version,
                office: case.office.clone(),
                day: *day,
                close: self.closes + 1,
                list_number: queue.lists + 1,
                list_rows: proposed.list_rows[&case.office],
                waiting: queue.waiting as u32,
                slots_taken: self.waiting.taken(&case.office, *day) as u32,
                least_lane: lane.map_err(|e: ParseLaneError| JobError::Missing(e.to_string()))?,
                parts: DrawParts { mandatory, guaranteed, floor, multiplier, exploration, ramp, probability },
                policy_state: self.by.state_version,
                bundle: self.by.hash,
                salt: random_bytes()?,
            });
        }
        Ok(commitments)
    }

    /// Takes the draws and closes the work list of each office.
    pub(super) fn close(
        &mut self,
        assessed: AssessedDay,
        proposed: Proposed,
        drawing: Drawing<'_>,
        decided: &mut Decided,
    ) -> Result<Closed, JobError> {
        let AssessedDay { day, cases: read, assessment } = &assessed;
        let day = *day;
        let mut lists = ListRows::new();
        let outcomes = self.outcomes(day, read, &proposed, drawing.keys, &mut lists)?;
        self.closes += 1;
        let losses = self.packaging.losses(self.by.run, day);
        let mut settlements = Vec::with_capacity(read.cases.len());
        for (case, proposal) in read.cases.iter().zip(&proposed.proposals) {
            let (chance, outcome) = (proposed.chances[&case.root], outcomes[&case.office][&case.root]);
            let settled =
                settle(&self.by.bundle.selection, proposal, chance.contender(outcome.draw), outcome.tau);
            let opening =
                self.packaging.opening(&self.by.bundle.selection, case, proposal, &settled, day, &losses);
            count(decided, &settled, outcome.queued);
            decided.to_destination += u64::from(opening.as_ref().is_some_and(|o| o.treatment().is_some()));
            settlements.push(Settlement { chance, outcome, settled, opening });
        }
        self.remember(read, &proposed, &outcomes);
        let openings = settlements.iter().map(|s| s.opening.as_ref());
        self.packaging.remember(self.by.run, day, read.cases.iter().zip(openings));
        for (rule, nulls) in self.by.bundle.rules.rules.iter().zip(&assessment.conditions.null_counts) {
            *decided.null_conditions.entry(rule.id.clone()).or_default() += *nulls as u64;
        }
        Ok(Closed {
            by: self.by.clone(),
            assessed,
            proposals: proposed.proposals,
            periods: proposed.periods,
            sequences: drawing.sequences,
            settlements,
            lists: lists.finish()?,
        })
    }

    /// Keeps what became of the consignments of a day for those that are lodged again.
    fn remember(&mut self, read: &Cases, proposed: &Proposed, outcomes: &Outcomes) {
        for (case, period) in read.cases.iter().zip(&proposed.periods) {
            let (chance, outcome) = (proposed.chances[&case.root], outcomes[&case.office][&case.root]);
            let earlier = Earlier {
                period: *period,
                chance,
                selected: chance.contender(outcome.draw).is_selected(outcome.tau),
                realised_probability: chance.realised_probability(outcome.tau),
            };
            self.earlier.remember(case, self.by.run, earlier);
        }
    }

    /// Draw and cut of each consignment. One already on a work list takes no slot, and has the cut of who does not contend;
    /// of all that are lodged again pi is at least what it was.
    fn outcomes(
        &mut self,
        day: NaiveDate,
        read: &Cases,
        proposed: &Proposed,
        keys: &HashMap<Period, PeriodKey>,
        lists: &mut ListRows,
    ) -> Result<Outcomes, JobError> {
        let mut outcomes = Outcomes::new();
        let mut listed: BTreeMap<&str, BTreeMap<&str, Contender>> = BTreeMap::new();
        let mut offices: BTreeMap<String, BTreeMap<&str, Contender>> =
            self.waiting.offices().map(|office| (office.clone(), BTreeMap::new())).collect();
        for (case, period) in read.cases.iter().zip(&proposed.periods) {
            let key =
                keys.get(period).ok_or_else(|| JobError::Missing(format!("no key for period {period}")))?;
            let draw = Draw::new(key.expose(), &period.to_string(), &case.root);
            let contenders = offices.entry(case.office.clone()).or_default();
            let on_list = self.earlier(&case.root).is_some_and(|earlier| earlier.selected);
            let place = if on_list { listed.entry(&case.office).or_default() } else { contenders };
            place.insert(&case.root, proposed.chances[&case.root].contender(draw));
        }
        for (office, contenders) in offices {
            let all: Vec<Contender> = contenders.values().copied().collect();
            let slots = (self.state.office(&office).slots, self.by.bundle.selection.reserved_slots);
            let declarations = proposed.list_rows.get(&office).map_or(0, |rows| *rows as usize);
            let (room, closed) = self.waiting.close((&office, day), &all, declarations, slots);
            let (run, contending) = (self.by.run, all.as_slice());
            lists.push(&List {
                run,
                day,
                office: &office,
                room,
                closed: &closed,
                contenders: contending,
                declarations,
            })?;
            let outcome = |root: &str, contender: &Contender, cut: f64, queued: bool| {
                let before = self.earlier(root).map_or(0.0, |earlier| earlier.realised_probability);
                Outcome { draw: contender.draw, tau: contender.chance.cut_since(cut, before), queued }
            };
            let cuts = closed.cuts;
            let listed = listed.remove(office.as_str()).unwrap_or_default();
            let listed = listed.iter().map(|(root, c)| (*root, outcome(root, c, cuts.outside, false)));
            let contended = contenders.iter().zip(closed.queued);
            let contended =
                contended.map(|((root, c), queued)| (*root, outcome(root, c, cuts.of(c), queued)));
            let of_office = listed.chain(contended).map(|(root, outcome)| (root.to_owned(), outcome));
            let of_office = of_office.collect();
            outcomes.insert(office, of_office);
        }
        Ok(outcomes)
    }
}

fn count(decided: &mut Decided, settled: &Settled, queued: bool) {
    decided.decided += 1;
    decided.selected += u64::from(settled.selected);
    decided.queued += u64::from(queued);
    decided.shed += u64::from(settled.candidate && !settled.selected);
    decided.suppressed += u64::from(settled.suppressed);
    *decided.lanes.entry(settled.lane.code()).or_default() += 1;
    if settled.selected {
        *decided.components.entry(settled.component.code()).or_default() += 1;
    }
}
