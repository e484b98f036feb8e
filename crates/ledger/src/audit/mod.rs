//! The audit chain: who read what, when, through which door and why, and who changed what others may read.
//!
//! [`Ledger::append_audit`](crate::Ledger::append_audit) returns when entries are on disk. The hash of an entry covers
//! the one before; signed checkpoints fix how far the chain had come, also for those who keep a copy elsewhere.
//! `docs/audit.md` says how a stranger checks both.

mod append;
mod checkpoint;
mod checkpoint_log;
mod content;
mod entry;
mod fault;
mod group;
mod limits;
mod log;
mod policy_name;
mod verify;
mod walk;
mod writing;

pub(crate) use append::append;
pub use checkpoint::{AuditCheckpoint, SignedAuditCheckpoint};
pub use entry::{Actor, AuditEntry, AuditEvent, Door, NewAuditEntry, TableRead};
pub use fault::AuditFault;
pub(crate) use group::Group;
pub use limits::{MAX_DETAIL_BYTES, MAX_STATEMENT_BYTES, MAX_SUBJECTS};
pub use log::AuditFilter;
pub use policy_name::PolicyName;
pub use verify::AuditVerified;
