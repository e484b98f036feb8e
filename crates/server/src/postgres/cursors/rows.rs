//! Rows of one cursor or portal: what is left of an answer, which goes out as it is fetched.

use super::super::error::{refusal, unanswered};
use arrow::array::RecordBatch;
use futures::stream::{self, BoxStream, StreamExt};
use pgwire::error::PgWireResult;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidegate_jobs::desk::Served;
use tidegate_query::QueryError;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// What is left of an answer, for as long as a query may run.
pub(super) struct Rows {
    place: Mutex<Place>,
    seconds: u64,
    until: Instant,
}

struct Place {
    left: Left,
    /// How many times rows are wanted that have not gone out whole.
    under_way: usize,
    /// Whether the cursor is no more: what is left ends with the last rows that are under way.
    is_closed: bool,
    /// Ends what is left when its time is over, whether somebody comes for it or not.
    alarm: Option<AbortHandle>,
}

enum Left {
    /// Rows, as far as anybody knows.
    Rows(Box<Served>),
    /// Some are being taken. It stays so when that breaks off, and the cursor is good for nothing then.
    Taken,
    /// Nothing: all rows are gone.
    Nothing,
    /// Nothing: the time of the query was over.
    TooLate,
}

impl Rows {
    /// The rows of an answer that is there for so many seconds.
    pub(super) fn of(served: Served, seconds: u64) -> Arc<Self> {
        let until = Instant::now() + Duration::from_secs(seconds);
        let place = Place { left: Left::Rows(Box::new(served)), under_way: 0, is_closed: false, alarm: None };
        let rows = Arc::new(Self { place: Mutex::new(place), seconds, until });
        let late = Arc::downgrade(&rows);
        let alarm = tokio::spawn(async move {
            sleep_until(until).await;
            if let Some(rows) = late.upgrade() {
                let mut place = rows.place();
                rows.watch_time(&mut place);
            }
        });
        rows.place().alarm = Some(alarm.abort_handle());
        rows
    }

    /// The next rows, so many at most.
    pub(super) fn fetch(self: &Arc<Self>, most: usize) -> Arc<Wanted> {
        self.place().under_way += 1;
        Arc::new(Wanted { rows: Arc::clone(self), left: AtomicUsize::new(most) })
    }

    /// Passes by the next rows, so many at most, and tells how many they were.
    pub(super) async fn pass(&self, most: usize) -> PgWireResult<usize> {
        if self.place().under_way > 0 {
            let told = "the cursor has a FETCH before it that has not gone out yet: send MOVE on its own";
            return Err(refusal("55006", told));
        }
        let Some(mut served) = self.take()? else { return Ok(0) };
        let mut passed = 0;
        while passed < most {
            match served.pass_rows(most - passed).await {
                Some(Ok(rows)) => passed += rows,
                Some(Err(error)) => return Err(unanswered(&error)),
                None => {
                    self.give_back(Left::Nothing);
                    return Ok(passed);
                }
            }
        }
        self.give_back(Left::Rows(served));
        Ok(passed)
    }

    /// Ends what is left, once nothing of it is under way.
    pub(super) fn close(&self) {
        self.place().is_closed = true;
    }

    fn take(&self) -> PgWireResult<Option<Box<Served>>> {
        let mut place = self.place();
        match mem::replace(&mut place.left, Left::Taken) {
            Left::Rows(served) => Ok(Some(served)),
            Left::Taken => {
                let told =
                    "the cursor was broken off, or another FETCH of it has not gone out whole: close it";
                Err(refusal("55000", told))
            }
            Left::Nothing => {
                place.left = Left::Nothing;
                Ok(None)
            }
            Left::TooLate => {
                place.left = Left::TooLate;
                Err(unanswered(&self.too_late()))
            }
        }
    }

    fn give_back(&self, left: Left) {
        let mut place = self.place();
        place.left = left;
        self.watch_time(&mut place);
    }

    /// Ends what is left if its time is over.
    fn watch_time(&self, place: &mut Place) {
        if Instant::now() < self.until {
            return;
        }
        match mem::replace(&mut place.left, Left::TooLate) {
            Left::Rows(served) => served.break_off(&self.too_late()),
            other => place.left = other,
        }
    }

    fn too_late(&self) -> QueryError {
        QueryError::TooMuch {
            what: "the cursor was open too long",
            limit: format!("{} seconds", self.seconds),
            advice: "fetch its rows sooner, or narrow it by a month or an office",
        }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        let place = self.place.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(alarm) = &place.alarm {
            alarm.abort();
        }
        // Of a connection that is gone its reader left, which is what an answer says of itself when it is dropped.
        if place.is_closed
            && let Left::Rows(served) = mem::replace(&mut place.left, Left::Nothing)
        {
            served.close();
        }
    }
}

/// Rows that somebody wants of an answer, at once or piece by piece.
pub(super) struct Wanted {
    rows: Arc<Rows>,
    left: AtomicUsize,
}

impl Wanted {
    /// The next piece, of so many rows at most. They are taken when it is their turn, behind those that were wanted before.
    pub(super) fn piece(self: &Arc<Self>, most: usize) -> BoxStream<'static, PgWireResult<RecordBatch>> {
        let most = most.min(self.left.load(Ordering::Relaxed));
        let piece = Piece { wanted: Arc::clone(self), served: None, most };
        let next = |mut piece: Piece| async move {
            let next = piece.next().await;
            next.map(|batch| batch.map(|batch| (batch, piece)))
        };
        stream::try_unfold(piece, next).boxed()
    }

    /// Ends what is left of the whole answer, once nothing of it is under way.
    pub(super) fn close(&self) {
        self.rows.close();
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.rows.place().under_way -= 1;
    }
}

/// A piece on its way. What is left of the query is with it while it takes some; if it breaks off in between, that ends too.
struct Piece {
    wanted: Arc<Wanted>,
    served: Option<Box<Served>>,
    most: usize,
}

impl Piece {
    async fn next(&mut self) -> PgWireResult<Option<RecordBatch>> {
        if self.most == 0 {
            return Ok(None);
        }
        let rows = &self.wanted.rows;
        let served = match self.served.take() {
            Some(served) => Some(served),
            None => rows.take()?,
        };
        let Some(mut served) = served else { return Ok(None) };
        let Some(batch) = served.take_rows(self.most).await else {
            rows.give_back(Left::Nothing);
            return Ok(None);
        };
        let batch = batch.map_err(|error| unanswered(&error))?;
        self.most -= batch.num_rows();
        self.wanted.left.fetch_sub(batch.num_rows(), Ordering::Relaxed);
        if self.most == 0 {
            rows.give_back(Left::Rows(served));
        } else {
            self.served = Some(served);
        }
        Ok(Some(batch))
    }
}
