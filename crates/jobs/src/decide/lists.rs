//! Work lists of offices as they closed, and who waits from one to the next.

use super::rows::{Rows, Value};
use crate::JobError;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tidegate_query::{Platform, Principal};
use tidegate_records::tables::WORK_LIST;
use tidegate_risk::selection::{Closed, Contender, Room, close};

/// Protected consignments that wait for a slot, by office.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<String, usize>);

/// A work list as it closed.
pub(super) struct List<'a> {
    pub run: i64,
    pub day: NaiveDate,
    pub office: &'a str,
    pub room: Room,
    pub closed: &'a Closed,
    pub contenders: &'a [Contender],
}

impl Waiting {
    /// Who waits after the last list of each office before a day.
    pub(super) async fn read(platform: &Platform, before: NaiveDate) -> Result<Self, JobError> {
        let sql = format!(
            "SELECT office_id, last_value(waiting_after ORDER BY listed_on, run_number) FROM work_list \
             WHERE listed_on < '{before}' GROUP BY office_id"
        );
        let mut waiting = BTreeMap::new();
        for batch in platform.plan_for(&Principal::LocalOwner, "job decide", &sql).await?.collect().await? {
            let (offices, counts) =
                (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
            for row in 0..batch.num_rows() {
                let count = usize::try_from(counts.value(row)).unwrap_or(0);
                waiting.insert(offices.value(row).to_owned(), count);
            }
        }
        Ok(Self(waiting))
    }

    /// Offices where somebody waits.
    pub(super) fn offices(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|(_, count)| **count > 0).map(|(office, _)| office)
    }

    /// Closes the list of an office and keeps who waits after it.
    pub(super) fn close(
        &mut self,
        office: &str,
        contenders: &[Contender],
        slots: u32,
        reserved: u32,
    ) -> (Room, Closed) {
        let waiting = self.0.get(office).copied().unwrap_or(0);
        let room = Room { slots: slots as usize, reserved: reserved as usize, waiting };
        let closed = close(contenders, room);
        self.0.insert(office.to_owned(), closed.waiting);
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
