//! Appending to the audit chain for everybody who asks meanwhile.
//!
//! What costs is the wait for the disk, once for each transaction. A task of its own writes, so that a caller that goes
//! away does not take the entries of others along.

use tokio::sync::oneshot;

use super::append::append;
use super::entry::NewAuditEntry;
use super::group::{Answer, Request, Writing};
use super::limits;
use crate::{Ledger, LedgerError};

impl Ledger {
    /// Appends entries in the order given, all or none, and returns their sequences when they are on disk: neither the
    /// end of the process nor a loss of power takes them back. Calls that come while another writes share a transaction.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for an entry beyond a limit; [`LedgerError::Unknown`] for a read that is not there;
    /// [`LedgerError::Busy`]; [`LedgerError::AuditUnanswered`]; [`LedgerError::AuditKeptOut`].
    pub async fn append_audit(&self, new: &[NewAuditEntry]) -> Result<Vec<u64>, LedgerError> {
        new.iter().try_for_each(limits::check)?;
        append_together(self, new.to_vec()).await
    }
}

/// Waits until the entries are written.
async fn append_together(ledger: &Ledger, entries: Vec<NewAuditEntry>) -> Answer {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let (answer, answered) = oneshot::channel();
    if ledger.group().put(Request { entries, answer }) {
        let writing = Writing::of(ledger.group().clone());
        tokio::spawn(write_all(ledger.clone(), writing));
    }
    answered.await.unwrap_or(Err(LedgerError::AuditUnanswered))
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
