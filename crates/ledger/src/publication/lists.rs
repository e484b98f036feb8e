//! Every work list closed again: p from its parts, ranks, cut, selection.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::draw::{Outcome, draw};
use super::fault::{Fault, RowFault};
use super::rules::ClosingRules;
use crate::{NewCommitment, Period, PeriodKey, PolicyStateVersion};

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
    /// Days of an office that were closed more than once, under different states: each close had its own slots.
    pub split_days: u64,
}

/// A commitment: its period's place among those given, and its own in the log.
type Place = (usize, usize);
/// Work lists that are closed together: those of a day under a state.
type Batch = (PolicyStateVersion, NaiveDate);

/// What is known of a root before a batch.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// Greatest p of its versions.
    probability: f64,
    /// Cut of the work list that it is on.
    on_list: Option<f64>,
}

/// A root on a work list.
#[derive(Debug, Clone, Copy)]
struct Contender {
    probability: f64,
    draw: f64,
    mandatory: bool,
}

/// Draws and closes everything again. Work lists are closed in the order of state and day; lists of several periods
/// belong together, since an amendment is drawn with the key of its first version. Where rows of a list are in a period
/// that is not given, its cut is taken as said, if anything is, and all else is computed.
///
/// # Errors
/// The first row whose p does not follow from its parts, or whose work list has other rows or is not in order.
pub fn recompute(periods: &[Drawn<'_>]) -> Result<Recomputed, Fault> {
    let mut again = Again { periods, known: HashMap::new(), outcomes: HashMap::new() };
    let (mut work_lists, mut waiting, mut closes) = (0, 0, BTreeMap::<_, u64>::new());
    for ((state, day), places) in again.batches()? {
        again.check_probabilities(&places)?;
        let mut lists: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
        for place in &places {
            lists.entry(&again.content(*place).office).or_default().push(*place);
        }
        for (office, list) in lists {
            waiting += u64::from(!again.close(state, office, &list)?);
            work_lists += 1;
            *closes.entry((office, day)).or_default() += 1;
        }
        again.remember(&places);
    }
    let split_days = closes.values().filter(|closes| **closes > 1).count() as u64;
    let of_period = |(period, drawn): (usize, &Drawn<'_>)| {
        (0..drawn.contents.len()).filter_map(|row| again.outcomes.get(&(period, row)).copied()).collect()
    };
    let outcomes = periods.iter().enumerate().map(of_period).collect();
    Ok(Recomputed { outcomes, work_lists, waiting, split_days })
}

struct Again<'a> {
    periods: &'a [Drawn<'a>],
    known: HashMap<(usize, &'a str), Known>,
    outcomes: HashMap<Place, Outcome>,
}

impl<'a> Again<'a> {
    fn content(&self, (period, row): Place) -> &'a NewCommitment {
        self.periods[period].contents[row]
    }

    fn root(&self, place: Place) -> (usize, &'a str) {
        (place.0, &self.content(place).root)
    }

    fn fault(&self, (period, row): Place, fault: RowFault) -> Fault {
        Fault::Row { period: self.periods[period].period, row: row as u64 + 1, fault }
    }

    /// The rows of each state and day, in the order of the log, along which states and days never go back.
    fn batches(&self) -> Result<BTreeMap<Batch, Vec<Place>>, Fault> {
        let mut batches: BTreeMap<Batch, Vec<Place>> = BTreeMap::new();
        for (period, drawn) in self.periods.iter().enumerate() {
            let mut before = None;
            for (row, content) in drawn.contents.iter().enumerate() {
                let batch = (content.policy_state, content.day);
                if before.is_some_and(|before| batch < before) {
                    return Err(self.fault((period, row), RowFault::Order));
                }
                before = Some(batch);
                batches.entry(batch).or_default().push((period, row));
            }
        }
        Ok(batches)
    }

    /// p is the greatest that the versions up to this day give.
    fn check_probabilities(&mut self, places: &[Place]) -> Result<(), Fault> {
        for place in places {
            let own = self.content(*place).parts.own_probability();
            let known = self.known.entry(self.root(*place)).or_default();
            known.probability = known.probability.max(own);
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

    /// Closes a work list, and says whether all of its rows are here. What is on an earlier list keeps that list's cut
    /// and takes no slot.
    fn close(&mut self, state: PolicyStateVersion, office: &str, list: &[Place]) -> Result<bool, Fault> {
        let mut contenders: BTreeMap<(usize, &str), Contender> = BTreeMap::new();
        for place in list {
            let (content, root) = (self.content(*place), self.root(*place));
            let Drawn { key, period, .. } = &self.periods[place.0];
            let (draw, probability) = (draw(key, *period, root.1), content.parts.probability);
            let contender = Contender { probability, draw, mandatory: false };
            contenders.entry(root).or_insert(contender).mandatory |= content.parts.mandatory;
        }
        let new =
            || contenders.iter().filter(|(root, _)| self.known[*root].on_list.is_none()).map(|(_, c)| c);
        let rules = &self.periods[list[0].0].rules[&state];
        let cut = match self.said_cut(list)? {
            None => cut(new, rules.slots(office), rules.reserved_slots),
            Some(said) => said,
        };
        for place in list {
            let root = self.root(*place);
            let (contender, on_list) = (&contenders[&root], self.known[&root].on_list);
            let at = (on_list.unwrap_or(cut.tau), on_list.is_none() && cut.queues(contender));
            self.outcomes.insert(*place, Outcome::of(self.content(*place), contender.draw, at, rules));
        }
        Ok(cut.is_own)
    }

    /// None for a list all of whose rows are here. Otherwise its cut as it is said: the tau of its new roots, and the
    /// smallest draw that is said to be queued.
    fn said_cut(&self, list: &[Place]) -> Result<Option<Cut>, Fault> {
        let (found, size) = (list.len() as u32, self.content(list[0]).list_rows);
        let mut said: Vec<Outcome> = Vec::new();
        for place in list {
            let rows = self.content(*place).list_rows;
            let outcome = self.periods[place.0].said.as_ref().and_then(|said| said.get(place.1));
            if rows != size || rows < found || rows > found && outcome.is_none() {
                return Err(self.fault(*place, RowFault::ListRows { said: rows, found }));
            }
            said.extend(outcome.filter(|_| self.known[&self.root(*place)].on_list.is_none()));
        }
        if size == found {
            return Ok(None);
        }
        let queued = said.iter().filter(|outcome| outcome.is_queued).map(|outcome| outcome.draw);
        Ok(Some(Cut {
            tau: said.first().map_or(1.0, |outcome| outcome.tau),
            queue_from: queued.fold(f64::INFINITY, f64::min),
            is_own: false,
        }))
    }

    fn remember(&mut self, places: &[Place]) {
        for place in places {
            let outcome = self.outcomes[place];
            if let Some(known) = self.known.get_mut(&self.root(*place))
                && outcome.is_selected
            {
                known.on_list.get_or_insert(outcome.tau);
            }
        }
    }
}

/// Where a work list is cut.
struct Cut {
    /// The smallest rank u / p that has no slot; 1 when all have one.
    tau: f64,
    /// The smallest draw of a mandatory one that has no slot.
    queue_from: f64,
    /// Whether it follows from the list's rows.
    is_own: bool,
}

impl Cut {
    fn queues(&self, contender: &Contender) -> bool {
        contender.mandatory && contender.draw >= self.queue_from
    }
}

/// Mandatory ones take slots first, the smallest draws before the others, but leave the reserved ones to candidates.
fn cut<'c, C: Iterator<Item = &'c Contender>>(
    contenders: impl Fn() -> C,
    slots: usize,
    reserved: usize,
) -> Cut {
    let sorted = |numbers: &mut dyn Iterator<Item = f64>| {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    };
    let mandatory = sorted(&mut contenders().filter(|c| c.mandatory).map(|c| c.draw));
    let candidates = contenders().filter(|c| !c.mandatory && c.draw < c.probability);
    let ranks = sorted(&mut candidates.map(|c| c.draw / c.probability));
    let taken = mandatory.len().min(slots - reserved.min(ranks.len()).min(slots));
    Cut {
        tau: ranks.get(slots - taken).copied().unwrap_or(1.0),
        queue_from: mandatory.get(taken).copied().unwrap_or(f64::INFINITY),
        is_own: true,
    }
}
