//! Every work list closed again: p from its parts, ranks, cut, selection.

use std::collections::{BTreeMap, HashMap};

use super::draw::{Chance, Outcome, draw};
use super::fault::{Fault, RowFault};
use super::queues::{Queues, Said};
use super::rules::ClosingRules;
use crate::{NewCommitment, Period, PeriodKey, PolicyStateVersion};
use chrono::NaiveDate;

/// What was drawn in a period.
#[derive(Debug)]
pub struct Drawn<'a> {
    /// The period.
    pub period: Period,
    /// Its key.
    pub key: PeriodKey,
    /// What closes the work lists of each state; every commitment's is among them.
    pub rules: BTreeMap<PolicyStateVersion, ClosingRules>,
    /// Its commitments, in the order of the log.
    pub contents: Vec<&'a NewCommitment>,
    /// What is said to have come of them: taken for the cut of a work list that has rows in a period not given.
    pub said: Option<Vec<Outcome>>,
}

/// What must have come of the commitments.
#[derive(Debug, Clone, PartialEq)]
pub struct Recomputed {
    /// By period, in the order given, and commitment.
    pub outcomes: Vec<Vec<Outcome>>,
    /// Number of work lists.
    pub work_lists: u64,
    /// Those of them that wait for the rows of another period: their cut is taken as it is said.
    pub waiting: u64,
    /// Those of them that follow lists which are not here: how many wait from those is taken as it is said.
    pub continued: u64,
    /// Closes that nothing came of, since their run was interrupted.
    pub abandoned: u64,
    /// Days of an office that were closed more than once, within the slots of the day.
    pub split_days: u64,
}

/// A commitment: its period's place among those given, and its own in the log.
type Place = (usize, usize);

/// What is known of a root before a close.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// Greatest p of its versions.
    probability: f64,
    /// Greatest w of its versions.
    weight: f64,
    /// Greatest part of it that is never shed.
    protected: f64,
    /// Greatest pi of its versions.
    realised: f64,
    /// Whether it is on a work list.
    is_listed: bool,
}

/// Draws and closes everything again. Work lists are closed in the order of their closes; lists of several periods
/// belong together, since an amendment is drawn with the key of its first version. Where rows of a list are in a period
/// that is not given, its cut is taken as said, if anything is, and all else is computed.
///
/// # Errors
/// The first row whose p does not follow from its parts, or whose work list has other rows or is not in order.
pub fn recompute(periods: &[Drawn<'_>]) -> Result<Recomputed, Fault> {
    let (known, outcomes, queues) = (HashMap::new(), HashMap::new(), Queues::default());
    let mut again = Again { periods, known, outcomes, queues, taken: BTreeMap::new() };
    let (mut work_lists, mut waiting, mut abandoned, mut closes) = (0, 0, 0, BTreeMap::<_, u64>::new());
    for (close, places) in again.closes()? {
        if again.is_abandoned(&places)? {
            again.queues.begin(close, |_, _| Some(0));
            again.outcomes.extend(places.iter().map(|place| (*place, Outcome::ABANDONED)));
            abandoned += 1;
            continue;
        }
        again.check_probabilities(&places)?;
        let mut lists: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
        for place in &places {
            lists.entry(&again.content(*place).office).or_default().push(*place);
        }
        again.begin(close, places[0], &lists);
        for (office, list) in lists {
            waiting += u64::from(!again.close(office, &list)?);
            work_lists += 1;
            *closes.entry((office, again.content(list[0]).day)).or_default() += 1;
        }
        again.remember(&places);
    }
    let split_days = closes.values().filter(|closes| **closes > 1).count() as u64;
    let of_period = |(period, drawn): (usize, &Drawn<'_>)| {
        (0..drawn.contents.len()).filter_map(|row| again.outcomes.get(&(period, row)).copied()).collect()
    };
    let outcomes = periods.iter().enumerate().map(of_period).collect();
    Ok(Recomputed { outcomes, work_lists, waiting, continued: again.queues.said, abandoned, split_days })
}

struct Again<'a> {
    periods: &'a [Drawn<'a>],
    known: HashMap<(usize, &'a str), Known>,
    outcomes: HashMap<Place, Outcome>,
    queues: Queues<'a>,
    /// Slots of a day that the lists of an office took so far; none when that does not follow from the rows here.
    taken: BTreeMap<(&'a str, NaiveDate), Option<usize>>,
}

impl<'a> Again<'a> {
    fn content(&self, (period, row): Place) -> &'a NewCommitment {
        self.periods[period].contents[row]
    }

    fn root(&self, place: Place) -> (usize, &'a str) {
        (place.0, &self.content(place).root)
    }

    fn rules(&self, place: Place) -> &'a ClosingRules {
        &self.periods[place.0].rules[&self.content(place).policy_state]
    }

    fn fault(&self, (period, row): Place, fault: RowFault) -> Fault {
        Fault::Row { period: self.periods[period].period, row: row as u64 + 1, fault }
    }

    fn said(&self, (period, row): Place) -> Option<&'a Outcome> {
        self.periods[period].said.as_ref().and_then(|said| said.get(row))
    }

    /// Whether a close is said to be abandoned, which it is as a whole.
    fn is_abandoned(&self, places: &[Place]) -> Result<bool, Fault> {
        let is_so = |place: &&Place| self.said(**place).is_some_and(|said| said.is_abandoned);
        match places.iter().find(|place| !is_so(place)) {
            None => Ok(true),
            Some(_) if !places.iter().any(|place| is_so(&place)) => Ok(false),
            Some(other) => {
                let (found, expected) =
                    ("false".to_owned(), "true, as for other rows of its close".to_owned());
                Err(self.fault(*other, RowFault::Outcome { what: "is_abandoned", found, expected }))
            }
        }
    }

    /// The rows of each close, in the order of the log, along which closes never go back.
    fn closes(&self) -> Result<BTreeMap<u64, Vec<Place>>, Fault> {
        let mut closes: BTreeMap<u64, Vec<Place>> = BTreeMap::new();
        for (period, drawn) in self.periods.iter().enumerate() {
            let mut before = 0;
            for (row, content) in drawn.contents.iter().enumerate() {
                if content.close < before {
                    return Err(self.fault((period, row), RowFault::Order));
                }
                before = content.close;
                let places = closes.entry(content.close).or_default();
                places.push((period, row));
                let first = self.content(places[0]);
                if (first.day, first.policy_state) != (content.day, content.policy_state) {
                    return Err(self.fault((period, row), RowFault::Close));
                }
            }
        }
        Ok(closes)
    }

    /// Goes on to a close, in which offices without rows serve who waits there, within what is left of the slots of the day.
    fn begin(&mut self, close: u64, first: Place, lists: &BTreeMap<&'a str, Vec<Place>>) {
        let (rules, day) = (self.rules(first), self.content(first).day);
        let taken = &mut self.taken;
        self.queues.begin(close, |office, waiting| {
            if lists.contains_key(office) {
                return Some(0);
            }
            let taken = taken.entry((office, day)).or_insert(Some(0)).as_mut()?;
            let served = waiting.min(rules.slots(office).saturating_sub(*taken));
            *taken += served;
            Some(served)
        });
    }

    /// Checks what a list says of the slots that earlier lists of its day took, and gives those that are left. Where a close
    /// before is missing, others may have taken more than is known.
    fn slots_left(&self, office: &'a str, first: Place) -> Result<usize, Fault> {
        let (content, slots) = (self.content(first), self.rules(first).slots(office));
        let found = content.slots_taken as usize;
        let is_wrong = match self.taken.get(&(office, content.day)).copied().unwrap_or(Some(0)) {
            Some(known) if self.queues.has_gap() => (found < known).then(|| format!("at least {known}")),
            Some(known) => (found != known).then(|| known.to_string()),
            None => None,
        };
        match is_wrong {
            Some(expected) => {
                Err(self.fault(first, RowFault::SlotsTaken { found: content.slots_taken, expected }))
            }
            None => Ok(slots.saturating_sub(found)),
        }
    }

    /// p is the greatest that the versions up to this close give.
    fn check_probabilities(&mut self, places: &[Place]) -> Result<(), Fault> {
        for place in places {
            let parts = &self.content(*place).parts;
            let known = self.known.entry(self.root(*place)).or_default();
            known.probability = known.probability.max(parts.own_probability());
            known.weight = known.weight.max(parts.own_weight());
            known.protected = known.protected.max(parts.own_protected());
        }
        for place in places {
            let (found, expected) =
                (self.content(*place).parts.probability, self.known[&self.root(*place)].probability);
            if found.to_bits() != expected.to_bits() {
                return Err(self.fault(*place, RowFault::Probability { found, expected }));
            }
        }
        Ok(())
    }

    /// Closes a work list, and says whether all of its rows are here. What is on an earlier list takes no slot; what was
    /// lodged before keeps its pi.
    fn close(&mut self, office: &'a str, list: &[Place]) -> Result<bool, Fault> {
        let mut chances: BTreeMap<(usize, &str), Chance> = BTreeMap::new();
        for place in list {
            let root = self.root(*place);
            let Drawn { key, period, .. } = &self.periods[place.0];
            let Known { probability, weight, protected, .. } = self.known[&root];
            let chance = Chance { draw: draw(key, *period, root.1), probability, weight, protected };
            chances.insert(root, chance);
        }
        let content = self.content(list[0]);
        let said = Said { number: content.list_number, waiting: content.waiting };
        self.queues.check(office, content.close, said).map_err(|fault| self.fault(list[0], fault))?;
        let rules = self.rules(list[0]);
        let slots = self.slots_left(office, list[0])?;
        let cut = match self.said_cut(list, &chances)? {
            None => {
                let new = chances.iter().filter(|(root, _)| !self.known[*root].is_listed);
                let new: Vec<Chance> = new.map(|(_, chance)| *chance).collect();
                cut(&new, (slots, rules.reserved_slots), content.waiting as usize)
            }
            Some(said) => said,
        };
        for place in list {
            let root = self.root(*place);
            let (chance, known) = (chances[&root], self.known[&root]);
            let tau = if known.is_listed { cut.outside } else { cut.tau(&chance) };
            let at = (chance.cut_since(tau, known.realised), !known.is_listed && cut.queues(&chance));
            self.outcomes.insert(*place, Outcome::of(self.content(*place), chance, at, rules));
        }
        let taken = self.taken.entry((office, content.day)).or_insert(Some(0));
        *taken = taken.and(cut.taken).map(|by_list| content.slots_taken as usize + by_list);
        self.queues.end(office, content.close, said, cut.waiting);
        Ok(cut.waiting.is_some())
    }

    /// None for a list all of whose rows are here. Otherwise its cut as it is said: tau of its roots, which must be one for
    /// each kind of them but where it keeps their pi, and the smallest draw that is said to be queued.
    fn said_cut(
        &self,
        list: &[Place],
        chances: &BTreeMap<(usize, &str), Chance>,
    ) -> Result<Option<Cut>, Fault> {
        let first = self.content(list[0]);
        let (found, size) = (list.len() as u32, first.list_rows);
        let mut said: Vec<SaidRow<'_>> = Vec::new();
        for place in list {
            let content = self.content(*place);
            let (rows, number, waiting) = (content.list_rows, content.list_number, content.waiting);
            if (number, waiting, content.slots_taken) != (first.list_number, first.waiting, first.slots_taken)
            {
                let expected = format!("number {} with {}", first.list_number, first.waiting);
                return Err(self.fault(*place, RowFault::Waiting { number, waiting, expected }));
            }
            let outcome = self.said(*place);
            if rows != size || rows < found || rows > found && outcome.is_none() {
                return Err(self.fault(*place, RowFault::ListRows { said: rows, found }));
            }
            let root = self.root(*place);
            let (chance, known) = (&chances[&root], self.known[&root]);
            said.extend(outcome.map(|outcome| SaidRow { chance, known, outcome }));
        }
        if size == found {
            return Ok(None);
        }
        Ok(Some(Cut::said(&said)))
    }

    fn remember(&mut self, places: &[Place]) {
        for place in places {
            let outcome = self.outcomes[place];
            if let Some(known) = self.known.get_mut(&self.root(*place)) {
                known.is_listed |= outcome.is_selected;
                known.realised = known.realised.max(outcome.realised_probability);
            }
        }
    }
}

/// What is said of a row of a list that has others elsewhere.
struct SaidRow<'a> {
    chance: &'a Chance,
    known: Known,
    outcome: &'a Outcome,
}

impl SaidRow<'_> {
    /// Whether it is none of those that wait for a slot.
    fn is_outside(&self) -> bool {
        self.known.is_listed || !self.chance.is_protected() && self.chance.rank().is_none()
    }

    fn is_protected(&self) -> bool {
        !self.known.is_listed && self.chance.is_protected()
    }

    fn contends(&self) -> bool {
        !self.is_outside() && !self.is_protected()
    }
}

/// Where a work list is cut: for each kind of roots the rank that the others leave it.
struct Cut {
    /// Of a candidate that has a slot: the smallest rank u / w that has none; 1 when all have one.
    kept: f64,
    /// Of a candidate that has none: the greatest rank that has one, and 0 when none has.
    shed: f64,
    /// Of who is no candidate: the greatest rank that would have one, if there were one candidate more.
    outside: f64,
    /// Of who is protected: the same, as if it were not.
    protected: f64,
    /// The smallest draw of a protected one that has no slot.
    queue_from: f64,
    /// Who waits after the list; none when its cut does not follow from the rows here.
    waiting: Option<usize>,
    /// Slots that it took; none likewise.
    taken: Option<usize>,
}

impl Cut {
    /// As it is said of the rows that are here.
    fn said(rows: &[SaidRow<'_>]) -> Self {
        // A tau that is what keeps pi does not tell the cut, only that the cut is no greater.
        let tells = |row: &&SaidRow<'_>| row.outcome.tau > row.chance.cut_since(0.0, row.known.realised);
        let tau = |is: &dyn Fn(&SaidRow<'_>) -> bool| {
            rows.iter().filter(tells).find(|row| is(row)).map(|row| row.outcome.tau)
        };
        let shed = tau(&|row| row.contends() && !row.outcome.is_selected);
        let queued = rows.iter().filter(|row| row.outcome.is_queued).map(|row| row.chance.draw);
        Self {
            kept: tau(&|row| row.contends() && row.outcome.is_selected).or(shed).unwrap_or(0.0),
            shed: shed.unwrap_or(0.0),
            outside: tau(&|row| row.is_outside()).unwrap_or(0.0),
            protected: tau(&|row| row.is_protected()).unwrap_or(0.0),
            queue_from: queued.fold(f64::INFINITY, f64::min),
            waiting: None,
            taken: None,
        }
    }

    fn tau(&self, chance: &Chance) -> f64 {
        match chance.rank() {
            _ if chance.is_protected() => self.protected,
            Some(rank) if rank < self.kept => self.kept,
            Some(_) => self.shed,
            None => self.outside,
        }
    }

    fn queues(&self, chance: &Chance) -> bool {
        chance.is_protected() && chance.draw >= self.queue_from
    }
}

/// Protected ones take slots first, those that wait before those of the list, of these the smallest draws first, but
/// leave the reserved slots, at most half of all, to candidates.
fn cut(chances: &[Chance], (slots, reserved): (usize, usize), waiting: usize) -> Cut {
    let sorted = |numbers: &mut dyn Iterator<Item = f64>| {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    };
    let protected = sorted(&mut chances.iter().filter(|c| c.is_protected()).map(|c| c.draw));
    let others = chances.iter().filter(|c| !c.is_protected());
    let ranks = sorted(&mut others.filter_map(Chance::rank));
    let taken = |protected: usize, candidates: usize| {
        (waiting + protected).min(slots - reserved.min(candidates).min(slots / 2))
    };
    let rank = |place: usize| ranks.get(place).copied().unwrap_or(1.0);
    let last = |open: usize| open.checked_sub(1).map_or(0.0, rank);
    let now = taken(protected.len(), ranks.len());
    Cut {
        kept: rank(slots - now),
        shed: last(slots - now),
        outside: last(slots - taken(protected.len(), ranks.len() + 1)),
        protected: last(slots - taken(protected.len().saturating_sub(1), ranks.len() + 1)),
        queue_from: protected.get(now.saturating_sub(waiting)).copied().unwrap_or(f64::INFINITY),
        waiting: Some(waiting + protected.len() - now),
        taken: Some(now + ranks.len().min(slots - now)),
    }
}
