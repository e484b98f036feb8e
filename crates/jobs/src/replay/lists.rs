//! Work lists closed again: from the chances that came out again and the stored draws, in the room that the policy state and the
//! lists before leave.

use super::again::{Run, listed_on};
use super::lodged::{Continued, Lodged, stored_chance};
use super::which::Piece;
use super::{ListDifference, ReplayReport};
use crate::JobError;
use crate::answer::Answer;
use crate::columns::wrong_type;
use crate::decide::StoredDecision;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tidegate_query::Platform;
use tidegate_risk::selection::{Chance, Closed, Contender, Cuts, Draw, Room, close};

/// Run, day and office of a list.
type Key = (i64, NaiveDate, String);

/// What stands of a list in the table `work_list`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Numbers {
    /// Rows about it.
    rows: u64,
    slots: u64,
    reserved: u64,
    waiting_before: u64,
    declarations: u64,
    consignments: u64,
    candidates: u64,
    protected: u64,
    listed: u64,
    queued: u64,
    waiting_after: u64,
    tau: f64,
}

/// A list as it is stored, and what the lists before it left.
struct Listed {
    numbers: Numbers,
    /// Protected ones that wait after the list of the office before.
    waited: u64,
    /// Slots of the day that lists of earlier runs took.
    taken: u64,
    /// Day of the first list of its run.
    first_day: NaiveDate,
}

/// Lists whose decisions are all in a piece.
pub(super) struct WorkLists {
    /// None where the decisions of the lists are not all there.
    lists: Option<BTreeMap<Key, Listed>>,
    /// Tables from which rows were erased.
    erased: BTreeSet<String>,
}

/// What a decision must have come to.
pub(super) struct Outcome {
    pub chance: Chance,
    pub tau: f64,
    pub queued: bool,
    /// Periods that it may be drawn in, when it is drawn in none of them.
    pub wrong_period: Option<String>,
}

/// A decision on its way to the close.
struct Contending<'a> {
    stored: &'a StoredDecision,
    day: NaiveDate,
    office: &'a str,
    root: &'a str,
    chance: Chance,
    continued: Continued,
}

/// A list that is closed.
#[derive(Default)]
struct List<'a> {
    declarations: usize,
    contenders: BTreeMap<&'a str, Contender>,
}

/// What a close came to: the cuts, and who waits.
type Close<'a> = (Cuts, HashSet<&'a str>);

impl WorkLists {
    pub(super) async fn read(
        platform: &Platform,
        piece: &Piece,
        erased: BTreeSet<String>,
    ) -> Result<Self, JobError> {
        let Some(condition) = &piece.lists else { return Ok(Self { lists: None, erased }) };
        let sql = format!(
            "SELECT * FROM (SELECT run_number, listed_on, office_id, slots, reserved_slots, waiting_before, \
             declarations, consignments, candidates, protected, listed, queued, waiting_after, tau, \
             count(*) OVER (PARTITION BY run_number, listed_on, office_id) AS times, \
             lag(waiting_after) OVER (PARTITION BY office_id ORDER BY run_number, listed_on) AS waited, \
             sum(waiting_before + listed + queued - waiting_after) OVER (PARTITION BY office_id, listed_on \
             ORDER BY run_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken, \
             min(listed_on) OVER (PARTITION BY run_number) AS first_day FROM work_list) l WHERE {condition}"
        );
        let answer = Answer::of(platform, "job replay", &sql).await?;
        let (runs, days) = (answer.integers("run_number")?, answer.texts("listed_on")?);
        let (offices, first_days) = (answer.texts("office_id")?, answer.texts("first_day")?);
        let (waited, taken, tau) = (answer.counts("waited")?, answer.counts("taken")?, answer.reals("tau")?);
        let numbers = numbers(&answer)?;
        let mut lists = BTreeMap::new();
        for (row, office) in offices.into_iter().enumerate() {
            let day = |text: &str| text.parse().map_err(|_| wrong_type("listed_on"));
            let listed = Listed {
                numbers: Numbers { tau: tau[row], ..numbers[row] },
                waited: waited[row],
                taken: taken[row],
                first_day: day(&first_days[row])?,
            };
            lists.insert((runs[row], day(&days[row])?, office), listed);
        }
        Ok(Self { lists: Some(lists), erased })
    }

    fn get(&self, key: &Key) -> Option<&Listed> {
        self.lists.as_ref()?.get(key)
    }

    /// Lists of a run.
    fn of_run(&self, run: i64) -> impl Iterator<Item = (&Key, &Listed)> {
        self.lists.iter().flatten().filter(move |((of, ..), _)| *of == run)
    }

    /// Tells of lists of runs that no decision is there of.
    pub(super) fn tell_without_decisions(&self, runs: &[Run], report: &mut ReplayReport) {
        let found: HashSet<i64> = runs.iter().map(|run| run.number).collect();
        for (key, listed) in self.lists.iter().flatten().filter(|((run, ..), _)| !found.contains(run)) {
            if self.erased.contains("decision") {
                report.lists_as_stored += 1;
                continue;
            }
            report.lists += 1;
            let again = Numbers { declarations: 0, ..listed.numbers };
            report.list_differences.push(difference(key, Some(&listed.numbers), Some(&again)));
        }
    }

    /// The room of a list; none where its close is taken as stored, since not all of it is here.
    fn room(&self, run: &Run, key: &Key, list: &List<'_>, report: &mut ReplayReport) -> Option<Room> {
        let erased = |table: &str| self.erased.contains(table);
        let Some(Listed { numbers, waited, taken, .. }) = self.get(key) else {
            if self.lists.is_none() || erased("work_list") {
                report.lists_as_stored += 1;
            } else {
                report.lists += 1;
                report.list_differences.push(difference(key, None, None));
            }
            return None;
        };
        if (list.declarations as u64) < numbers.declarations && erased("decision") {
            report.lists_as_stored += 1;
            return None;
        }
        let slots = u64::from(run.state.office(&key.2).slots).saturating_sub(*taken);
        // Where lists are erased, what they left is not known.
        let (slots, waiting) =
            if erased("work_list") { (numbers.slots, numbers.waiting_before) } else { (slots, *waited) };
        let reserved = run.bundle.selection.reserved_slots as usize;
        Some(Room { slots: slots as usize, reserved, waiting: waiting as usize })
    }

    fn compare(
        &self,
        key: &Key,
        (room, list): (Room, &List<'_>),
        closed: &Closed,
        report: &mut ReplayReport,
    ) {
        let contenders = || list.contenders.values();
        let count = |is: &dyn Fn(&Contender) -> bool| contenders().filter(|c| is(c)).count() as u64;
        let queued = closed.queued.iter().filter(|queued| **queued).count() as u64;
        let again = Numbers {
            rows: 1,
            slots: room.slots as u64,
            reserved: room.reserved as u64,
            waiting_before: room.waiting as u64,
            declarations: list.declarations as u64,
            consignments: contenders().count() as u64,
            candidates: count(&|c| c.is_selected(1.0)),
            protected: count(&Contender::is_protected),
            listed: count(&|c| c.is_selected(closed.cuts.kept)) - queued,
            queued,
            waiting_after: closed.waiting as u64,
            tau: closed.cuts.kept,
        };
        let stored = self.get(key).map(|listed| &listed.numbers);
        report.lists += 1;
        if stored == Some(&again) {
            report.identical_lists += 1;
        } else {
            report.list_differences.push(difference(key, stored, Some(&again)));
        }
    }
}

/// The numbers of lists, but for their cuts.
fn numbers(answer: &Answer) -> Result<Vec<Numbers>, JobError> {
    let columns = [
        "times",
        "slots",
        "reserved_slots",
        "waiting_before",
        "declarations",
        "consignments",
        "candidates",
        "protected",
        "listed",
        "queued",
        "waiting_after",
    ];
    let counts = columns.iter().map(|name| answer.counts(name)).collect::<Result<Vec<_>, _>>()?;
    let numbers = |row: usize| Numbers {
        rows: counts[0][row],
        slots: counts[1][row],
        reserved: counts[2][row],
        waiting_before: counts[3][row],
        declarations: counts[4][row],
        consignments: counts[5][row],
        candidates: counts[6][row],
        protected: counts[7][row],
        listed: counts[8][row],
        queued: counts[9][row],
        waiting_after: counts[10][row],
        tau: 0.0,
    };
    Ok((0..answer.rows()).map(numbers).collect())
}

fn difference((run, day, office): &Key, stored: Option<&Numbers>, again: Option<&Numbers>) -> ListDifference {
    let said = |numbers: Option<&Numbers>| numbers.map_or("nothing".to_owned(), |n| format!("{n:?}"));
    ListDifference { run: *run, day: *day, office: office.clone(), stored: said(stored), again: said(again) }
}

impl Run {
    /// Closes the lists of the run again, and gives what its decisions must have come to, in their order. Who was decided but
    /// cannot be decided again contends with the stored chance.
    pub(super) fn close(
        &self,
        lists: &WorkLists,
        lodged: &Lodged,
        report: &mut ReplayReport,
    ) -> Vec<Outcome> {
        let all = self.contending(lists, lodged);
        let mut by_list: BTreeMap<(NaiveDate, &str), List<'_>> = BTreeMap::new();
        for ((_, day, office), _) in lists.of_run(self.number) {
            by_list.entry((*day, office.as_str())).or_default();
        }
        for one in &all {
            let list = by_list.entry((one.day, one.office)).or_default();
            list.declarations += 1;
            let is_listed = one.continued.before.is_some_and(|before| before.selected);
            if let Some(draw) = Draw::stored(one.stored.draw).filter(|_| !is_listed) {
                list.contenders.insert(one.root, one.chance.contender(draw));
            }
        }
        let mut cuts: HashMap<(NaiveDate, &str), Close<'_>> = HashMap::new();
        for ((day, office), list) in &by_list {
            let key = (self.number, *day, (*office).to_owned());
            let Some(room) = lists.room(self, &key, list, report) else { continue };
            let contenders: Vec<Contender> = list.contenders.values().copied().collect();
            let closed = close(&contenders, room);
            lists.compare(&key, (room, list), &closed, report);
            let queued = list.contenders.keys().zip(&closed.queued).filter(|(_, queued)| **queued);
            cuts.insert((*day, *office), (closed.cuts, queued.map(|(root, _)| *root).collect()));
        }
        let decided_again = all.into_iter().take(self.again.len());
        decided_again.map(|one| one.outcome(&cuts)).collect()
    }

    /// The decisions of the run with their chances: first those that are made again, in their order.
    fn contending(&self, lists: &WorkLists, lodged: &Lodged) -> Vec<Contending<'_>> {
        let again = self.again.iter().map(|again| again.proposal.parts.chance());
        let own: Vec<Chance> =
            again.chain(self.erased.iter().map(|(stored, _)| stored_chance(stored))).collect();
        let offices = self.again.iter().map(|again| again.case.office.as_str());
        let offices = offices.chain(self.erased.iter().map(|(stored, _)| stored.office.as_str()));
        let days = self.decided().filter_map(|(stored, _)| listed_on(stored));
        let first_day = lists.of_run(self.number).map(|(_, listed)| listed.first_day).next();
        let first_day = first_day.or_else(|| days.min()).unwrap_or_default();
        let ids: HashSet<(&str, i64)> =
            self.decided().map(|(stored, _)| (stored.declaration_id.as_str(), stored.version)).collect();
        // A consignment that is lodged more than once on a day has one chance.
        let mut of_day: HashMap<(NaiveDate, &str), Chance> = HashMap::new();
        for ((stored, root), own) in self.decided().zip(&own) {
            let day = listed_on(stored).unwrap_or_default();
            let beside = || lodged.beside(root, (self.number, day), &ids);
            let chance = of_day.entry((day, root)).or_insert_with(beside);
            *chance = chance.max(*own);
        }
        let decided = self.decided().zip(offices);
        decided
            .map(|((stored, root), office)| {
                let day = listed_on(stored).unwrap_or_default();
                let chance = of_day[&(day, root)];
                let continued = lodged.continued(stored, (root, chance), (self.number, day), first_day);
                let chance = continued.before.map_or(chance, |before| chance.max(before.chance));
                Contending { stored, day, office, root, chance, continued }
            })
            .collect()
    }
}

impl Contending<'_> {
    fn outcome(self, closes: &HashMap<(NaiveDate, &str), Close<'_>>) -> Outcome {
        let Self { stored, day, office, root, chance, continued: Continued { before, wrong_period } } = self;
        let close = closes.get(&(day, office)).zip(Draw::stored(stored.draw));
        let (tau, queued) = match close {
            None => (stored.tau, stored.queued),
            Some(((cuts, queued), draw)) => {
                let is_listed = before.is_some_and(|before| before.selected);
                let realised = before.map_or(0.0, |before| before.realised_probability);
                let cut = if is_listed { cuts.outside } else { cuts.of(&chance.contender(draw)) };
                (chance.cut_since(cut, realised), !is_listed && queued.contains(root))
            }
        };
        Outcome { chance, tau, queued, wrong_period }
    }
}
