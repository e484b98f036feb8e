//! Work lists of offices as they closed, and who waits from one to the next.

use super::rows::{Rows, Value};
use super::stretches::Stretch;
use crate::JobError;
use crate::answer::Answer;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tidegate_query::Platform;
use tidegate_records::tables::WORK_LIST;
use tidegate_risk::selection::{Closed, Contender, Room, close};

/// What goes on from one work list of an office to the next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Queue {
    /// Protected consignments that wait for a slot.
    pub waiting: usize,
    /// Lists so far, without those that only served who waits.
    pub lists: u64,
}

/// Queues by office, and what is left of the slots of each day.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    queues: BTreeMap<String, Queue>,
    /// Slots that lists of an office took on a day.
    taken: BTreeMap<(String, NaiveDate), usize>,
}

/// A work list as it closed.
pub(super) struct List<'a> {
    pub run: i64,
    pub day: NaiveDate,
    pub office: &'a str,
    pub room: Room,
    pub closed: &'a Closed,
    pub contenders: &'a [Contender],
    /// Versions decided for the list.
    pub declarations: usize,
}

impl Waiting {
    /// The queues after the last list of each office in the order in which lists were closed, whatever their days; and the
    /// slots that lists of the days given have taken.
    pub(super) async fn read(platform: &Platform, lodged: &Stretch) -> Result<Self, JobError> {
        let sql = "SELECT office_id, last_value(waiting_after ORDER BY run_number, listed_on) AS waiting, \
                   count(*) FILTER (WHERE declarations > 0) AS lists FROM work_list GROUP BY office_id";
        let answer = Answer::of(platform, "job decide", sql).await?;
        let (waiting, lists) = (answer.counts("waiting")?, answer.counts("lists")?);
        let queues = waiting.into_iter().zip(lists);
        let queues = queues.map(|(waiting, lists)| Queue { waiting: waiting as usize, lists });
        let queues = answer.texts("office_id")?.into_iter().zip(queues).collect();
        Ok(Self { queues, taken: taken(platform, lodged).await? })
    }

    /// Slots that earlier lists of an office took on a day.
    pub(super) fn taken(&self, office: &str, day: NaiveDate) -> usize {
        self.taken.get(&(office.to_owned(), day)).copied().unwrap_or_default()
    }

    /// The queue of an office.
    pub(super) fn of(&self, office: &str) -> Queue {
        self.queues.get(office).copied().unwrap_or_default()
    }

    /// Offices where somebody waits.
    pub(super) fn offices(&self) -> impl Iterator<Item = &String> {
        self.queues.iter().filter(|(_, queue)| queue.waiting > 0).map(|(office, _)| office)
    }

    /// Closes the list of an office within what earlier lists left of the slots of the day, and keeps who waits after it.
    pub(super) fn close(
        &mut self,
        (office, day): (&str, NaiveDate),
        contenders: &[Contender],
        declarations: usize,
        (slots, reserved): (u32, u32),
    ) -> (Room, Closed) {
        let Queue { waiting, lists } = self.of(office);
        let taken = self.taken.entry((office.to_owned(), day)).or_default();
        let slots = (slots as usize).saturating_sub(*taken);
        let room = Room { slots, reserved: reserved as usize, waiting };
        let closed = close(contenders, room);
        *taken += closed.taken;
        let lists = lists + u64::from(declarations > 0);
        self.queues.insert(office.to_owned(), Queue { waiting: closed.waiting, lists });
        (room, closed)
    }
}

/// Slots that the lists of the days of a stretch have taken.
async fn taken(
    platform: &Platform,
    lodged: &Stretch,
) -> Result<BTreeMap<(String, NaiveDate), usize>, JobError> {
    let sql = format!(
        "SELECT office_id, listed_on, sum(waiting_before + listed + queued - waiting_after) AS taken \
         FROM work_list WHERE listed_on BETWEEN '{}' AND '{}' GROUP BY 1, 2",
        lodged.first, lodged.last
    );
    let answer = Answer::of(platform, "job decide", &sql).await?;
    let (offices, days) = (answer.texts("office_id")?, answer.texts("listed_on")?);
    let lists = offices.into_iter().zip(days).zip(answer.counts("taken")?);
    lists
        .map(|((office, day), slots)| {
            let day = day.parse().map_err(|_| {
                JobError::Missing(format!(
                    "work_list has a list of office {office} on {day:?}, which is no day"
                ))
            })?;
            Ok(((office, day), slots as usize))
        })
        .collect()
}

/// Lists as rows of the table `work_list`.
pub(super) struct ListRows(Rows);

impl ListRows {
    pub(super) fn new() -> Self {
        Self(Rows::new(&WORK_LIST))
    }

    pub(super) fn push(&mut self, list: &List<'_>) -> Result<(), JobError> {
        let List { room, closed, contenders, .. } = list;
        let count = |number: usize| Value::Integer(number as i64);
        let protected = contenders.iter().filter(|c| c.is_protected()).count();
        let candidates = contenders.iter().filter(|c| c.is_selected(1.0)).count();
        let queued = closed.queued.iter().filter(|q| **q).count();
        let on_list = contenders.iter().filter(|c| c.is_selected(closed.cuts.kept)).count() - queued;
        self.0.push(vec![
            ("month", Value::Owned(list.day.format("%Y-%m").to_string())),
            ("office_id", Value::Text(list.office)),
            ("listed_on", Value::Owned(list.day.to_string())),
            ("run_number", Value::Integer(list.run)),
            ("slots", count(room.slots)),
            ("reserved_slots", count(room.reserved)),
            ("waiting_before", count(room.waiting)),
            ("declarations", count(list.declarations)),
            ("consignments", count(contenders.len())),
            ("candidates", count(candidates)),
            ("protected", count(protected)),
            ("listed", count(on_list)),
            ("queued", count(queued)),
            ("waiting_after", count(closed.waiting)),
            ("tau", Value::Real(closed.cuts.kept)),
        ])
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, JobError> {
        self.0.finish()
    }
}
