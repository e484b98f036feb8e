//! Work that one process at a time does in a home.

use crate::JobError;
use crate::home::Home;
use std::fs::{File, TryLockError};

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
        Self::in_home(home, "datasets.lock", busy)
    }

    /// Locks a file of a home; `busy` is what is told when somebody holds it already.
    ///
    /// # Errors
    /// When somebody does, or the file cannot be made.
    pub(crate) fn in_home(home: &Home, file: &str, busy: &str) -> Result<Self, JobError> {
        let path = home.root().join(file);
        let failed =
            |cause: &dyn std::fmt::Display| JobError::Missing(format!("{}: {cause}", path.display()));
        let file = File::create(&path).map_err(|cause| failed(&cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(JobError::Missing(busy.to_owned())),
            Err(TryLockError::Error(cause)) => Err(failed(&cause)),
        }
    }
}
