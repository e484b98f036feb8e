//! The world outside: declarations that come as time goes by, and officers who inspect what was decided.

use crate::JobError;
use crate::append::Appender;
use crate::columns::{integers, moments, text};
use crate::home::Home;
use arrow::array::{Array, BooleanArray, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::{concat_batches, filter_record_batch, not};
use chrono::{Days, NaiveDate, NaiveTime};
use std::collections::HashSet;
use tidegate_records::table::Table;
use tidegate_records::tables::{
    DECLARATION, ENTERPRISE, GOODS_ITEM, INSPECTION, REINSPECTION, SPECIAL_FILING, TREATMENT_EVENT,
};
use tidegate_risk::selection::Lane;

/// Declarations with their goods items and results of inspections, as rows of the tables.
#[derive(Debug, Clone)]
pub struct Lodged {
    /// Rows of `declaration`, by acceptance; a version is lodged no more than a day before its acceptance.
    pub declarations: RecordBatch,
    /// Their rows of `goods_item`.
    pub goods_items: RecordBatch,
    /// Their rows of `inspection`, where somebody else had decided.
    pub inspections: RecordBatch,
}

/// A declaration that officers are to inspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Declaration.
    pub declaration_id: String,
    /// Lane in which it is examined.
    pub lane: Lane,
    /// Whether a reference team inspects it once more, knowing nothing of the first result.
    pub reinspected: bool,
    /// Where it is opened, when special packaging is not opened at the port.
    pub destination: Option<Destination>,
}

/// Where a sealed consignment is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Site.
    pub site_id: String,
    /// Day on which it is sealed.
    pub sealed_on: NaiveDate,
    /// Last day on which it may arrive.
    pub deadline: NaiveDate,
}

/// What became of orders.
#[derive(Debug, Clone)]
pub struct Reported {
    /// Rows of `inspection`.
    pub inspections: RecordBatch,
    /// Rows of `reinspection`.
    pub reinspections: RecordBatch,
    /// Rows of `treatment_event`.
    pub treatment_events: RecordBatch,
}

/// A country that lodges declarations and inspects what it is told to.
pub trait Country {
    /// Rows of `enterprise`.
    ///
    /// # Errors
    /// When they cannot be given.
    fn enterprises(&mut self) -> Result<Vec<RecordBatch>, JobError>;

    /// Rows of `special_filing`.
    ///
    /// # Errors
    /// When they cannot be given.
    fn filings(&mut self) -> Result<Vec<RecordBatch>, JobError>;

    /// What is lodged next; none at the end.
    ///
    /// # Errors
    /// When it cannot be given.
    fn next(&mut self) -> Result<Option<Lodged>, JobError>;

    /// Carries out orders.
    ///
    /// # Errors
    /// When an order names a declaration that was not lodged.
    fn inspect(&mut self, orders: &[Order]) -> Result<Reported, JobError>;
}

/// Rows that wait for their day to come into the lake.
pub(super) struct Arrivals<'a> {
    country: &'a mut dyn Country,
    /// Last day of acceptance read from the country; none before the first and after the last.
    read_to: Option<NaiveDate>,
    is_read: bool,
    declarations: RecordBatch,
    goods_items: RecordBatch,
    results: RecordBatch,
    second_results: RecordBatch,
    events: RecordBatch,
    /// Declarations whose owner was told of an inspection: they may not be amended any more.
    noticed: HashSet<String>,
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(country: &'a mut dyn Country) -> Self {
        let none = |table: &'static Table| RecordBatch::new_empty(table.schema());
        Self {
            country,
            read_to: None,
            is_read: false,
            declarations: none(&DECLARATION),
            goods_items: none(&GOODS_ITEM),
            results: none(&INSPECTION),
            second_results: none(&REINSPECTION),
            events: none(&TREATMENT_EVENT),
            noticed: HashSet::new(),
        }
    }

    /// Loads the enterprises and what they have filed.
    pub(super) async fn register(&mut self, home: &Home) -> Result<(), JobError> {
        let mut appender = Appender::new(home, "loop/enterprises");
        for batch in self.country.enterprises()? {
            appender.write(&ENTERPRISE, &batch).await?;
        }
        for batch in self.country.filings()? {
            appender.write(&SPECIAL_FILING, &batch).await?;
        }
        appender.commit().await.map(drop)
    }

    /// Loads what is lodged up to the end of a day; gives whether there was anything.
    pub(super) async fn lodge(&mut self, home: &Home, until: NaiveDate) -> Result<bool, JobError> {
        self.read(until)?;
        let lodged = coalesced(&self.declarations)?;
        let versions = integers(&self.declarations, "version_number")?;
        let ids = text(&self.declarations, "declaration_id")?;
        let end = micros_after(until);
        let comes = |row: usize| lodged.value(row) < end;
        let due: BooleanArray = (0..lodged.len()).map(|row| Some(comes(row))).collect();
        let refused = |row: usize| versions.value(row) > 1 && self.noticed.contains(ids.value(row));
        let new: BooleanArray = (0..lodged.len()).map(|row| Some(comes(row) && !refused(row))).collect();
        let keys = |mask: &BooleanArray| -> HashSet<(String, i64)> {
            let rows = (0..mask.len()).filter(|row| mask.value(*row));
            rows.map(|row| (ids.value(row).to_owned(), versions.value(row))).collect()
        };
        let (due_items, new_items) =
            (of_versions(&self.goods_items, &keys(&due))?, of_versions(&self.goods_items, &keys(&new))?);
        let declarations = filter_record_batch(&self.declarations, &new)?;
        let goods_items = filter_record_batch(&self.goods_items, &new_items)?;
        self.declarations = filter_record_batch(&self.declarations, &not(&due)?)?;
        self.goods_items = filter_record_batch(&self.goods_items, &not(&due_items)?)?;
        if declarations.num_rows() == 0 {
            return Ok(false);
        }
        let mut appender = Appender::new(home, &format!("loop/lodged/{until}"));
        appender.write(&DECLARATION, &declarations).await?;
        appender.write(&GOODS_ITEM, &goods_items).await?;
        appender.commit().await?;
        Ok(true)
    }

    /// Sends officers out.
    pub(super) fn inspect(&mut self, orders: &[Order]) -> Result<(), JobError> {
        self.noticed.extend(orders.iter().map(|order| order.declaration_id.clone()));
        let reported = self.country.inspect(orders)?;
        let join = |held: &RecordBatch, new: &RecordBatch| concat_batches(&held.schema(), [held, new]);
        self.results = join(&self.results, &reported.inspections)?;
        self.second_results = join(&self.second_results, &reported.reinspections)?;
        self.events = join(&self.events, &reported.treatment_events)?;
        Ok(())
    }

    /// Loads the results and events that are recorded by the end of a day.
    pub(super) async fn record(&mut self, home: &Home, until: NaiveDate) -> Result<(), JobError> {
        let mut appender = Appender::new(home, &format!("loop/results/{until}"));
        let end = micros_after(until);
        let held = [
            (&INSPECTION, &mut self.results),
            (&REINSPECTION, &mut self.second_results),
            (&TREATMENT_EVENT, &mut self.events),
        ];
        for (table, held) in held {
            let recorded = moments(held, "recorded_at")?;
            let is_due = |row: usize| Some(recorded.is_valid(row) && recorded.value(row) < end);
            let due: BooleanArray = (0..recorded.len()).map(is_due).collect();
            appender.write(table, &filter_record_batch(held, &due)?).await?;
            *held = filter_record_batch(held, &not(&due)?)?;
        }
        appender.commit().await.map(drop)
    }

    /// Results that are not recorded yet.
    pub(super) fn late(&self) -> usize {
        self.results.num_rows()
    }

    /// Reads from the country until everything lodged by the end of a day is there.
    fn read(&mut self, until: NaiveDate) -> Result<(), JobError> {
        let enough = until.checked_add_days(Days::new(1)).unwrap_or(until);
        while !self.is_read && self.read_to.is_none_or(|day| day <= enough) {
            let Some(lodged) = self.country.next()? else {
                self.is_read = true;
                return Ok(());
            };
            let accepted = moments(&lodged.declarations, "accepted_at")?;
            let last = arrow::compute::max(&accepted).and_then(chrono::DateTime::from_timestamp_micros);
            self.read_to = last.map(|at| at.date_naive()).or(self.read_to);
            let join = |held: &RecordBatch, new: &RecordBatch| concat_batches(&held.schema(), [held, new]);
            self.declarations = join(&self.declarations, &lodged.declarations)?;
            self.goods_items = join(&self.goods_items, &lodged.goods_items)?;
            self.results = join(&self.results, &lodged.inspections)?;
        }
        Ok(())
    }
}

fn micros_after(day: NaiveDate) -> i64 {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    next.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}

/// When each version was lodged: when it was issued, otherwise when it was accepted.
fn coalesced(declarations: &RecordBatch) -> Result<TimestampMicrosecondArray, JobError> {
    let (issued, accepted) = (moments(declarations, "issued_at")?, moments(declarations, "accepted_at")?);
    let moment = |row: usize| if issued.is_valid(row) { issued.value(row) } else { accepted.value(row) };
    Ok((0..accepted.len()).map(moment).collect::<Vec<i64>>().into())
}

/// Which goods items belong to some versions.
fn of_versions(items: &RecordBatch, versions: &HashSet<(String, i64)>) -> Result<BooleanArray, JobError> {
    let numbers = integers(items, "version_number")?;
    let ids = text(items, "declaration_id")?;
    let belongs = |row: usize| Some(versions.contains(&(ids.value(row).to_owned(), numbers.value(row))));
    Ok((0..items.num_rows()).map(belongs).collect())
}
