//! Work lists of offices as they closed, and who waits from one to the next.

use super::rows::{Rows, Value};
use crate::JobError;
use crate::answer::Answer;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};
use tidegate_query::Platform;
use tidegate_records::tables::WORK_LIST;
use tidegate_risk::selection::{Closed, Contender, Room, close};

/// What is left over of lists that closed before.
#[derive(Debug, Default)]
pub(super) struct Offices {
    /// Protected consignments that wait for a slot, by office.
    waiting: BTreeMap<String, usize>,
    /// Slots used on days whose lists closed before, when more was lodged for them since.
    used: HashMap<(String, NaiveDate), usize>,
}

/// A work list as it closed.
pub(super) struct List<'a> {
    pub run: i64,
    pub day: NaiveDate,
    pub office: &'a str,
    pub room: Room,
    pub closed: &'a Closed,
    pub contenders: &'a [Contender],
}

impl Offices {
    /// As the lists up to the day before `first` left them, and what was used of the days up to `last`.
    pub(super) async fn read(
        platform: &Platform,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Self, JobError> {
        let mut offices = Self::default();
        let sql = format!(
            "SELECT office_id, last_value(waiting_after ORDER BY listed_on, run_number) AS waiting FROM work_list \
             WHERE listed_on < '{first}' GROUP BY office_id"
        );
        let answer = Answer::of(platform, "job decide", &sql).await?;
        for (office, waiting) in answer.texts("office_id")?.into_iter().zip(answer.counts("waiting")?) {
            offices.waiting.insert(office, waiting as usize);
        }
        let sql = format!(
            "SELECT office_id, listed_on, sum(listed + waiting_before + queued - waiting_after) AS used FROM work_list \
             WHERE listed_on >= '{first}' AND listed_on <= '{last}' GROUP BY office_id, listed_on"
        );
        let answer = Answer::of(platform, "job decide", &sql).await?;
        let (names, days) = (answer.texts("office_id")?, answer.texts("listed_on")?);
        for ((office, day), used) in names.into_iter().zip(days).zip(answer.counts("used")?) {
            if let Ok(day) = day.parse() {
                offices.used.insert((office, day), used as usize);
            }
        }
        Ok(offices)
    }

    /// Offices where somebody waits.
    pub(super) fn with_waiting(&self) -> impl Iterator<Item = &String> {
        self.waiting.iter().filter(|(_, count)| **count > 0).map(|(office, _)| office)
    }

    /// Closes the list of an office within what is left of its slots, and keeps who waits after it.
    pub(super) fn close(
        &mut self,
        office: &str,
        day: NaiveDate,
        contenders: &[Contender],
        slots: u32,
        reserved: u32,
    ) -> (Room, Closed) {
        let used = self.used.get(&(office.to_owned(), day)).copied().unwrap_or(0);
        let slots = (slots as usize).saturating_sub(used);
        let waiting = self.waiting.get(office).copied().unwrap_or(0);
        let room = Room { slots, reserved: reserved as usize, waiting };
        let closed = close(contenders, room);
        self.waiting.insert(office.to_owned(), closed.waiting);
        (room, closed)
    }
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
        let on_list = contenders.iter().filter(|c| c.is_selected(closed.tau)).count() - queued;
        self.0.push(vec![
            ("month", Value::Owned(list.day.format("%Y-%m").to_string())),
            ("office_id", Value::Text(list.office)),
            ("listed_on", Value::Owned(list.day.to_string())),
            ("run_number", Value::Integer(list.run)),
            ("slots", count(room.slots)),
            ("reserved_slots", count(room.reserved)),
            ("waiting_before", count(room.waiting)),
            ("consignments", count(contenders.len())),
            ("candidates", count(candidates)),
            ("protected", count(protected)),
            ("listed", count(on_list)),
            ("queued", count(queued)),
            ("waiting_after", count(closed.waiting)),
            ("tau", Value::Real(closed.tau)),
        ])
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, JobError> {
        self.0.finish()
    }
}
