//! Group commit: calls that come while one writes wait here, to be written together by the next transaction.

use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::entry::NewAuditEntry;
use crate::LedgerError;

pub(super) type Answer = Result<Vec<u64>, LedgerError>;

/// Entries of one call, and where it waits for their sequences.
pub(super) struct Request {
    pub(super) entries: Vec<NewAuditEntry>,
    pub(super) answer: oneshot::Sender<Answer>,
}

#[derive(Default)]
struct Waiting {
    requests: Vec<Request>,
    is_writing: bool,
}

/// What waits to be written by one handle and its clones.
#[derive(Default, Clone)]
pub(crate) struct Group(Arc<Mutex<Waiting>>);

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}

impl Group {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing panics while the lock is held, so a poisoned state is still a sound one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a request wait; says whether a task must be started that writes it.
    pub(super) fn put(&self, request: Request) -> bool {
        let mut waiting = self.lock();
        waiting.requests.push(request);
        !std::mem::replace(&mut waiting.is_writing, true)
    }
}

/// Says that a task writes. When it ends too early, those who wait get an answer, and the next call starts another.
pub(super) struct Writing {
    group: Group,
    pub(super) is_over: bool,
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.is_over {
            let mut waiting = self.group.lock();
            waiting.is_writing = false;
            waiting.requests.clear();
        }
    }
}

impl Writing {
    pub(super) fn of(group: Group) -> Self {
        Self { group, is_over: false }
    }

    /// What waits; nothing when this task is over, which is settled under the lock that new requests take.
    pub(super) fn next(&mut self) -> Vec<Request> {
        let mut waiting = self.group.lock();
        self.is_over = waiting.requests.is_empty();
        waiting.is_writing = !self.is_over;
        take(&mut waiting.requests)
    }
}
