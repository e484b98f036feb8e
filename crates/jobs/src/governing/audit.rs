//! Who saw rows of a company or person, told to who may ask. The question is in the audit chain as a read of the key.

use super::Governor;
use crate::JobError;
use crate::audit::{self, Seen, Wanted};
use chrono::{DateTime, Utc};
use tidegate_ledger::{Actor, AuditEvent, NewAuditEntry};
use tidegate_query::policy::{GOVERNANCE, Right};

impl Governor {
    /// Who saw rows of a key, and who may have, as [`audit::who`] tells it of the chain up to the question. Of each part it lists
    /// `reading.audit_entries` at most. One question is answered after the other, and once begun to its end, though who asked it leaves.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; when the chain cannot hold the key, or does not decode.
    pub async fn who_saw(&self, key: &str, wanted: &Wanted) -> Result<Seen, JobError> {
        let (governor, key, wanted) = (self.clone(), key.to_owned(), wanted.clone());
        let asked = async move {
            // It may have waited for its turn.
            governor.has_one_of(&[Right::Audit]).await?;
            governor.asked(&key, &wanted).await
        };
        self.with(&[Right::Audit], self.desk.in_turn(&self.desk.questions, asked)).await
    }

    /// Answers a question between its entry and that of its end.
    async fn asked(&self, key: &str, wanted: &Wanted) -> Result<Seen, JobError> {
        let ledger = &self.home().ledger;
        let question = self.question(key, wanted).await?;
        // It is not cut to what the chain holds: a key that the chain refuses is not asked about.
        let read = ledger.append_audit(std::slice::from_ref(&question)).await?.first().copied();
        let seen = self.seen(key, wanted, read).await;
        let (event, rows, detail) = match &seen {
            Ok(seen) => {
                let listed = seen.entries.len() + seen.possible.len();
                (AuditEvent::Finished, Some(listed as u64), String::new())
            }
            Err(error) => (AuditEvent::Failed, None, error.to_string()),
        };
        let end = NewAuditEntry { at: self.desk.now(), event, read, rows, detail, ..question };
        ledger.append_audit(&[end.fitted()]).await?;
        seen
    }

    /// The entry of a question: its key is a subject, as that of a read by a statement is, and stands nowhere else in it.
    async fn question(&self, key: &str, wanted: &Wanted) -> Result<NewAuditEntry, JobError> {
        let who = Actor::from(&self.account);
        Ok(NewAuditEntry {
            policy_version: Some(self.desk.policy().await?.name),
            detail: format!(
                "who saw rows of the subject{}{}",
                moment(" since ", wanted.since),
                moment(" until ", wanted.until)
            ),
            subjects: [key.to_owned()].into(),
            subjects_complete: true,
            ..NewAuditEntry::new(self.desk.now(), who, self.door, GOVERNANCE, AuditEvent::Read)
        })
    }

    async fn seen(&self, key: &str, wanted: &Wanted, question: Option<u64>) -> Result<Seen, JobError> {
        let most = self.home().configuration.reading.audit_entries;
        let before = wanted.before.into_iter().chain(question).min();
        let wanted = Wanted { before, limit: wanted.limit.min(most), ..wanted.clone() };
        audit::who(self.home(), key, &wanted).await
    }
}

fn moment(word: &str, at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(String::new, |at| format!("{word}{}", at.to_rfc3339()))
}
