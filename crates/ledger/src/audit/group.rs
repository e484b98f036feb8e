//! Group commit: calls that come while one writes are written together by the next transaction.
//!
//! What costs is the wait for the disk, once for each transaction. A task of its own writes, so that a caller that goes
//! away does not take the entries of others along.

use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::append::append;
use super::entry::NewAuditEntry;
use crate::{Ledger, LedgerError};

type Answer = Result<Vec<u64>, LedgerError>;

struct Request {
    entries: Vec<NewAuditEntry>,
    answer: oneshot::Sender<Answer>,
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

    /// Waits until the entries are written.
    pub(super) async fn append(&self, ledger: &Ledger, entries: Vec<NewAuditEntry>) -> Answer {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        if self.put(Request { entries, answer }) {
            let writing = Writing { group: self.clone(), is_over: false };
            tokio::spawn(write_all(ledger.clone(), writing));
        }
        answered.await.unwrap_or(Err(LedgerError::AuditUnanswered))
    }

    /// Lets a request wait; says whether a task must be started that writes it.
    fn put(&self, request: Request) -> bool {
        let mut waiting = self.lock();
        waiting.requests.push(request);
        !std::mem::replace(&mut waiting.is_writing, true)
    }
}

/// Says that a task writes. When it ends too early, those who wait get an answer, and the next call starts another.
struct Writing {
    group: Group,
    is_over: bool,
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
    /// What waits; nothing when this task is over, which is settled under the lock that new requests take.
    fn next(&mut self) -> Vec<Request> {
        let mut waiting = self.group.lock();
        self.is_over = waiting.requests.is_empty();
        waiting.is_writing = !self.is_over;
        take(&mut waiting.requests)
    }
}

async fn write_all(ledger: Ledger, mut writing: Writing) {
    loop {
        let requests = writing.next();
        if writing.is_over {
            return;
        }
        write(&ledger, requests).await;
    }
}

/// Writes requests in one transaction. When that fails, each is tried alone, so that one cannot spoil the others.
async fn write(ledger: &Ledger, requests: Vec<Request>) {
    let (entries, mut answers): (Vec<_>, Vec<_>) =
        requests.into_iter().map(|request| (request.entries, request.answer)).unzip();
    // Who went away needs no answer, so that sending may fail.
    match (write_together(ledger, &entries).await, answers.len()) {
        (Ok(sequences), _) => {
            for (answer, sequences) in answers.into_iter().zip(sequences) {
                let _ = answer.send(Ok(sequences));
            }
        }
        (Err(error), 1) => {
            let _ = answers.remove(0).send(Err(error));
        }
        (Err(_), _) => {
            for (answer, entries) in answers.into_iter().zip(&entries) {
                let alone = write_together(ledger, std::slice::from_ref(entries)).await;
                let _ = answer.send(alone.map(|sequences| sequences.concat()));
            }
        }
    }
}

async fn write_together(
    ledger: &Ledger,
    requests: &[Vec<NewAuditEntry>],
) -> Result<Vec<Vec<u64>>, LedgerError> {
    let mut tx = ledger.begin_write().await?;
    let mut sequences = Vec::with_capacity(requests.len());
    for entries in requests {
        sequences.push(append(&mut tx, entries).await?);
    }
    tx.commit().await?;
    Ok(sequences)
}
