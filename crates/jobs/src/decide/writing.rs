//! Writing behind: rows of closed days are made on other cores and written in their order, while the next days are decided.

use super::ahead::DAYS_AHEAD;
use super::closed::{Closed, DayRows};
use super::work_list::WorkListEntry;
use crate::JobError;
use crate::error::joined;
use crate::home::Home;
use crate::writer::writer;
use tidegate_lake::LakeWriter;
use tidegate_records::tables::{DECISION, DECISION_ITEM, WORK_LIST};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

/// The tables of a run with everything written to them, not yet committed.
pub(super) struct Written {
    pub decisions: LakeWriter,
    pub items: LakeWriter,
    pub lists: LakeWriter,
    /// Decisions.
    pub rows: u64,
    pub work_list: Vec<WorkListEntry>,
    without_work_list: bool,
}

/// Takes closed days.
pub(super) struct Writing {
    sender: mpsc::Sender<JoinHandle<Result<DayRows, JobError>>>,
    task: JoinHandle<Result<Written, JobError>>,
}

impl Writing {
    pub(super) async fn start(home: &Home, without_work_list: bool) -> Result<Self, JobError> {
        let written = Written {
            decisions: writer(home, &DECISION).await?,
            items: writer(home, &DECISION_ITEM).await?,
            lists: writer(home, &WORK_LIST).await?,
            rows: 0,
            work_list: Vec::new(),
            without_work_list,
        };
        let (sender, receiver) = mpsc::channel(DAYS_AHEAD);
        Ok(Self { sender, task: tokio::spawn(written.write_all(receiver)) })
    }

    /// Takes a day; waits when days before it are not written yet.
    ///
    /// # Errors
    /// When an earlier day could not be written.
    pub(super) async fn push(&mut self, closed: Closed) -> Result<(), JobError> {
        if let Ok(place) = self.sender.reserve().await {
            place.send(spawn_blocking(move || closed.rows()));
            return Ok(());
        }
        let ended = joined((&mut self.task).await).err();
        Err(ended.unwrap_or_else(|| JobError::Missing("writing ended before the last day".to_owned())))
    }

    /// Waits until everything is written.
    pub(super) async fn finish(self) -> Result<Written, JobError> {
        drop(self.sender);
        joined(self.task.await)
    }
}

impl Written {
    async fn write_all(
        mut self,
        mut days: mpsc::Receiver<JoinHandle<Result<DayRows, JobError>>>,
    ) -> Result<Self, JobError> {
        while let Some(day) = days.recv().await {
            let rows = joined(day.await)?;
            self.rows += rows.decisions.num_rows() as u64;
            self.decisions.write(&rows.decisions).await?;
            self.lists.write(&rows.lists).await?;
            self.items.write(&rows.items).await?;
            if !self.without_work_list {
                self.work_list.extend(rows.work_list);
            }
        }
        Ok(self)
    }
}
