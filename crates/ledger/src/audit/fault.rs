//! What verification of the audit chain finds.

/// Something that was done to the audit chain, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// A sequence is missing: an entry was deleted or moved.
    #[error("entry {expected} is missing; {found} stands in its place")]
    Missing {
        /// The sequence that should come.
        expected: u64,
        /// The sequence that came.
        found: i64,
    },
    /// The content of an entry and the hash before it do not give its hash.
    #[error("entry {sequence} was altered, or is not the one that followed entry {}", sequence - 1)]
    Altered {
        /// Where.
        sequence: u64,
    },
    /// The hash fits, but no program of ours writes such a content.
    #[error("entry {sequence} was not written by this program: {what}")]
    Malformed {
        /// Where.
        sequence: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The table of subjects does not hold exactly the subjects of an entry.
    #[error("the subjects of entry {sequence} in the table audit_subject are not those of the entry")]
    Subjects {
        /// Where; a sequence without an entry where a row is about none.
        sequence: i64,
    },
    /// The chain is shorter than what was signed.
    #[error("the chain is cut: {signed} entries were signed, and it holds {found}")]
    Truncated {
        /// Entries in the checkpoint.
        signed: u64,
        /// Entries in the ledger.
        found: u64,
    },
    /// The ledger remembers more rows than it holds.
    #[error("the last rows of {table} are gone: it had {reached}, and holds {found}")]
    Shortened {
        /// The table.
        table: &'static str,
        /// Rows it once had.
        reached: i64,
        /// Rows it holds.
        found: i64,
    },
    /// The chain is sound, but is not the one that was signed.
    #[error(
        "the chain up to entry {count} is not the one that checkpoint {number} signs: it was written again"
    )]
    Rewritten {
        /// Number of the checkpoint.
        number: u64,
        /// Entries in it.
        count: u64,
    },
    /// A checkpoint is not signed by the key in question, or was altered.
    #[error("checkpoint {number} is forged or was altered: {what}")]
    Checkpoint {
        /// Its number.
        number: i64,
        /// What is wrong with it.
        what: String,
    },
    /// A checkpoint that should be in the ledger is not.
    #[error("checkpoint {number} is missing in the ledger")]
    CheckpointMissing {
        /// Its number.
        number: u64,
    },
    /// A table, index, trigger or view of the file is not one that this program makes.
    #[error("the {object} is {what}; the file was changed by hand")]
    Schema {
        /// Kind and name.
        object: String,
        /// `missing`, `another` or `not ours`.
        what: &'static str,
    },
    /// What `SQLite` finds wrong with the file itself.
    #[error("the file is damaged: {what}")]
    File {
        /// What it says.
        what: String,
    },
}
