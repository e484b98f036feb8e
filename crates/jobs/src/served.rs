//! An answer on its way, and what is written down when it ends: how many rows went out, or why it broke off.

use crate::JobError;
use crate::rights::Watch;
use crate::visit::Clock;
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use futures::stream::{Stream, StreamExt};
use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tidegate_ledger::{AuditEvent, Ledger, MAX_SUBJECTS, NewAuditEntry};
use tidegate_query::{Answer, Named, Plan, QueryError};
use tokio_util::task::TaskTracker;

/// An answer on its way, whose end is written down. It breaks off when what it is given by holds no longer.
pub struct Served {
    schema: SchemaRef,
    answer: Answer,
    /// What is left of a batch of which only some rows were wanted.
    rest: Option<Rows>,
    rights: Watch,
    end: End,
}

impl Served {
    pub(crate) fn of(plan: Plan, mut end: End, rights: Watch) -> Result<Self, JobError> {
        let schema = plan.schema();
        match plan.stream() {
            Ok(answer) => Ok(Self { schema, answer, rest: None, rights, end }),
            Err(error) => {
                end.write(Some(&error));
                Err(error.into())
            }
        }
    }

    /// Columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The whole answer, at least one batch.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, JobError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await {
            batches.push(batch?);
        }
        if batches.is_empty() {
            batches.push(RecordBatch::new_empty(self.schema()));
        }
        Ok(batches)
    }

    /// The next rows of the answer, so many at most; the others wait, and have not gone out.
    pub async fn take_rows(&mut self, most: usize) -> Option<Result<RecordBatch, QueryError>> {
        let rows = self.next_rows(most).await?;
        Some(rows.map(|rows| self.end.goes_out(rows)))
    }

    /// Passes by the next rows of the answer, so many at most, and tells how many they are. They do not go out.
    pub async fn pass_rows(&mut self, most: usize) -> Option<Result<usize, QueryError>> {
        let rows = self.next_rows(most).await?;
        Some(rows.map(|rows| rows.batch.num_rows()))
    }

    /// Ends an answer of which its reader wants no more.
    pub fn close(mut self) {
        if !self.end.is_written {
            "its reader closed it before the end".clone_into(&mut self.end.entry.detail);
            self.end.write(None);
        }
    }

    /// Ends an answer for a reason that its reader is told.
    pub fn break_off(mut self, why: &QueryError) {
        self.end.write(Some(why));
    }

    async fn next_rows(&mut self, most: usize) -> Option<Result<Rows, QueryError>> {
        let next = poll_fn(|context| self.poll_rows(context)).await?;
        Some(next.map(|rows| {
            let (first, rest) = rows.split(most);
            self.rest = rest;
            first
        }))
    }

    /// The next rows, while rights hold.
    fn poll_rows(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Rows, QueryError>>> {
        if self.end.is_written {
            return Poll::Ready(None);
        }
        let next = match ready!(self.rights.poll_holds(context)) {
            Ok(()) => match self.rest.take() {
                Some(rest) => Some(Ok(rest)),
                None => ready!(self.answer.poll_next_unpin(context)).map(|next| next.map(Rows::of)),
            },
            Err(why) => Some(Err(why)),
        };
        match &next {
            Some(Ok(_)) => {}
            Some(Err(error)) => self.end.write(Some(error)),
            None => self.end.write(None),
        }
        Poll::Ready(next)
    }
}

impl Stream for Served {
    type Item = Result<RecordBatch, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.poll_rows(context));
        Poll::Ready(next.map(|next| next.map(|rows| self.end.goes_out(rows))))
    }
}

/// Rows of an answer, with the bytes that are counted for them: those of a part are not to be asked of its columns, which it
/// shares with the other parts.
struct Rows {
    batch: RecordBatch,
    bytes: u64,
}

impl Rows {
    fn of(batch: RecordBatch) -> Self {
        let bytes = batch.get_array_memory_size() as u64;
        Self { batch, bytes }
    }

    /// The first rows, so many at most, and the others.
    fn split(self, most: usize) -> (Self, Option<Self>) {
        let rows = self.batch.num_rows();
        if rows <= most {
            return (self, None);
        }
        let bytes = self.bytes / rows as u64 * most as u64;
        let first = Self { batch: self.batch.slice(0, most), bytes };
        let others = Self { batch: self.batch.slice(most, rows - most), bytes: self.bytes - bytes };
        (first, Some(others))
    }
}

/// What is written down when a read ends.
pub(crate) struct End {
    ledger: Ledger,
    clock: Clock,
    ends: TaskTracker,
    entry: NewAuditEntry,
    rows: u64,
    bytes: u64,
    /// Columns of the answer with numbers of companies and persons.
    showing: Vec<(usize, Named)>,
    /// Those that went out, and one more at most than an entry holds.
    shown: HashSet<String>,
    is_written: bool,
}

impl End {
    /// The end of a read that is written down already, as an entry that is to be completed.
    pub(crate) fn new(
        ledger: Ledger,
        clock: Clock,
        ends: TaskTracker,
        entry: NewAuditEntry,
        showing: Vec<(usize, Named)>,
    ) -> Self {
        let shown = HashSet::new();
        Self { ledger, clock, ends, entry, rows: 0, bytes: 0, showing, shown, is_written: false }
    }

    /// Counts rows that go out, and notes whom they show.
    fn goes_out(&mut self, rows: Rows) -> RecordBatch {
        self.rows += rows.batch.num_rows() as u64;
        self.bytes += rows.bytes;
        self.notes_whom(&rows.batch);
        rows.batch
    }

    /// Notes the companies and persons whose numbers are in rows that go out.
    fn notes_whom(&mut self, rows: &RecordBatch) {
        for (place, named) in &self.showing {
            let Some(column) = rows.columns().get(*place) else { continue };
            if self.shown.len() > MAX_SUBJECTS {
                return;
            }
            let Ok(texts) = cast(column, &DataType::Utf8) else { continue };
            for key in texts.as_string::<i32>().iter().flatten().filter_map(|value| named.key(value)) {
                if self.shown.len() <= MAX_SUBJECTS && !self.shown.contains(key) {
                    self.shown.insert(key.to_owned());
                }
            }
        }
    }

    /// Writes in the background: the read itself was written down before, and rows do not wait for its end.
    fn write(&mut self, error: Option<&QueryError>) {
        if std::mem::replace(&mut self.is_written, true) {
            return;
        }
        let mut entry = self.entry.clone();
        entry.at = (self.clock)();
        entry.rows = Some(self.rows);
        entry.bytes = Some(self.bytes);
        entry.subjects.extend(self.shown.drain());
        if let Some(error) = error {
            entry.event = AuditEvent::Failed;
            entry.detail = error.for_audit();
        }
        let ledger = self.ledger.clone();
        self.ends.spawn(async move {
            if let Err(error) = ledger.append_audit(&[entry.fitted()]).await {
                tracing::error!(%error, "the end of a read could not be written down");
            }
        });
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if !self.is_written {
            "the reader left before the end".clone_into(&mut self.entry.detail);
            self.entry.event = AuditEvent::Failed;
            self.write(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use arrow::datatypes::{Field, Schema};

    fn rows(values: &[i64]) -> Rows {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
        Rows::of(RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(values.to_vec()))]).unwrap())
    }

    #[test]
    fn rows_are_split_and_so_are_their_bytes() {
        let whole = rows(&[1, 2, 3, 4, 5, 6, 7]);
        let bytes = whole.bytes;
        let (first, others) = whole.split(3);
        let others = others.unwrap();
        assert_eq!(first.batch, rows(&[1, 2, 3]).batch);
        assert_eq!(others.batch, rows(&[4, 5, 6, 7]).batch);
        assert!(first.bytes > 0 && first.bytes < others.bytes);
        assert_eq!(first.bytes + others.bytes, bytes);
        let (all, none) = others.split(4);
        assert_eq!(all.batch.num_rows(), 4);
        assert!(none.is_none());
    }

    #[test]
    fn no_rows_are_not_split() {
        let (none, others) = rows(&[]).split(1);
        assert_eq!(none.batch.num_rows(), 0);
        assert!(others.is_none());
    }
}
