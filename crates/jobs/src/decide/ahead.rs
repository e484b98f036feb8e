//! Reading ahead: while days are decided, the next ones are read and assessed on other cores, a few and no more.

use super::cases::{Cases, Grades, Which, any_undecided, cases, read_days};
use super::stretches::Stretch;
use crate::JobError;
use crate::error::joined;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::sync::Arc;
use tidegate_ledger::RootKey;
use tidegate_query::Platform;
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

/// Days that may be finished before their turn; with the stretch that is being read, what bounds the memory of a run.
pub(super) const DAYS_AHEAD: usize = 2;

/// What assessing takes beside the tables.
#[derive(Clone)]
pub(super) struct Assessor {
    pub bundle: Arc<Bundle>,
    pub grades: Arc<Grades>,
    pub root_key: Arc<RootKey>,
}

/// A day as it was read, and what the bundle says of it.
pub(super) struct AssessedDay {
    pub day: NaiveDate,
    pub cases: Cases,
    pub assessment: Assessment,
}

type Work = JoinHandle<Result<AssessedDay, JobError>>;

/// Days in their order.
pub(super) struct Days {
    receiver: mpsc::Receiver<Result<Work, JobError>>,
    /// The next day, when it was looked at.
    next: Option<AssessedDay>,
}

impl Days {
    /// The next day; none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<AssessedDay>, JobError> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        match self.receiver.recv().await {
            None => Ok(None),
            Some(work) => joined(work?.await).map(Some),
        }
    }

    /// Which day is next.
    pub(super) async fn peek(&mut self) -> Result<Option<NaiveDate>, JobError> {
        self.next = self.next().await?;
        Ok(self.next.as_ref().map(|next| next.day))
    }

    /// The next day up to a last one.
    pub(super) async fn next_until(&mut self, last: NaiveDate) -> Result<Option<AssessedDay>, JobError> {
        match self.peek().await? {
            Some(day) if day <= last => self.next().await,
            _ => Ok(None),
        }
    }
}

impl Assessor {
    /// Begins to read and assess the days of the stretches.
    pub(super) fn days(&self, platform: &Arc<Platform>, stretches: Vec<Stretch>, which: Which) -> Days {
        let (sender, receiver) = mpsc::channel(DAYS_AHEAD);
        let (assessor, platform) = (self.clone(), Arc::clone(platform));
        // Ends by itself when nobody takes any more days.
        tokio::spawn(async move {
            for stretch in stretches {
                let days = match assessor.read(&platform, &stretch, which).await {
                    Ok(days) => days,
                    Err(error) => {
                        let _ = sender.send(Err(error)).await;
                        return;
                    }
                };
                for (day, rows) in days {
                    // A place first, so that no more days are worked on than may wait.
                    let Ok(place) = sender.reserve().await else { return };
                    let assessor = assessor.clone();
                    place.send(Ok(spawn_blocking(move || assessor.assess(day, rows))));
                }
            }
        });
        Days { receiver, next: None }
    }

    async fn read(
        &self,
        platform: &Platform,
        stretch: &Stretch,
        which: Which,
    ) -> Result<Vec<(NaiveDate, RecordBatch)>, JobError> {
        // Where all is decided no goods item is read.
        if which == Which::Undecided && !any_undecided(platform, stretch).await? {
            return Ok(Vec::new());
        }
        read_days(platform, &self.bundle, stretch, which).await
    }

    fn assess(&self, day: NaiveDate, rows: RecordBatch) -> Result<AssessedDay, JobError> {
        let assessment = self.bundle.assess(&rows)?;
        let cases = Cases { cases: cases(&rows, &self.grades, &self.root_key)?, rows };
        Ok(AssessedDay { day, cases, assessment })
    }
}
