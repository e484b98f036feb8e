//! Work that one process at a time does in a home.

use crate::JobError;
use crate::home::Home;
use std::fs::{File, TryLockError};
use std::time::Duration;
use tokio::time::sleep;

/// What is locked by who works on datasets.
const DATASETS: &str = "datasets.lock";
/// What is locked by who decides.
const DECISIONS: &str = "decide.lock";

/// Between two looks whether another run has ended, and most of them.
const WAIT: Duration = Duration::from_secs(1);
const MOST_WAITS: u32 = 3_600;

/// Held as long as somebody does such work in a home, by the system, so that it ends with the process.
pub(crate) struct Alone(#[expect(dead_code, reason = "held, not read")] File);

impl Alone {
    /// Work on what datasets are made of and on their files: making them anew, erasing, upkeep. Each would bring back or show what
    /// another is about to take away.
    ///
    /// # Errors
    /// As [`Alone::in_home`].
    pub(crate) fn with_datasets(home: &Home) -> Result<Self, JobError> {
        let busy =
            "another run makes datasets anew, erases or does upkeep in this home; wait until it has ended";
        Self::in_home(home, DATASETS, busy)
    }

    /// Work on decisions: deciding, and erasing, since what is decided meanwhile would be written of declarations that are erased.
    ///
    /// # Errors
    /// As [`Alone::in_home`].
    pub(crate) fn with_decisions(home: &Home) -> Result<Self, JobError> {
        let busy = "another run decides in this home, or erases; wait until it has ended";
        Self::in_home(home, DECISIONS, busy)
    }

    /// The same as [`Alone::with_datasets`], for what a timer starts: waits until the other run has ended, for an hour at most.
    ///
    /// # Errors
    /// As [`Alone::in_home`].
    pub(crate) async fn with_datasets_in_turn(home: &Home) -> Result<Self, JobError> {
        for _ in 0..MOST_WAITS {
            if let Some(alone) = Self::if_free(home, DATASETS)? {
                return Ok(alone);
            }
            sleep(WAIT).await;
        }
        Self::with_datasets(home)
    }

    /// Locks a file of a home; `busy` is what is told when somebody holds it already.
    ///
    /// # Errors
    /// When somebody does, or the file cannot be made.
    fn in_home(home: &Home, file: &str, busy: &str) -> Result<Self, JobError> {
        Self::if_free(home, file)?.ok_or_else(|| JobError::Missing(busy.to_owned()))
    }

    fn if_free(home: &Home, file: &str) -> Result<Option<Self>, JobError> {
        let path = home.root().join(file);
        let failed =
            |cause: &dyn std::fmt::Display| JobError::Missing(format!("{}: {cause}", path.display()));
        let file = File::create(&path).map_err(|cause| failed(&cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(failed(&cause)),
        }
    }
}
