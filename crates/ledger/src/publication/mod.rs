//! What is published of a closed period, and its verification from those files alone.
//!
//! Two files: [`PERIOD_FILE`] is a [`PublishedPeriod`], [`ROWS_FILE`] has a [`PublishedRow`] for each commitment. From
//! the revealed key, the policy states and the committed parts of p, [`verify`] computes every draw, closes every work
//! list and compares. It is written anew from `docs/verifying-draws.md`, not with the code that decides.

mod assemble;
mod draw;
mod fault;
mod lists;
mod period;
mod queues;
mod row;
mod rules;
mod verify;

pub use draw::{Component, Outcome, ParseComponentError, draw};
pub use fault::{Fault, PeriodFault, RowFault, RowsError};
pub use lists::{Drawn, Recomputed, recompute};
pub use period::{FORMAT, PublishedPeriod, PublishedState};
pub use row::{PublishedRow, read_rows, write_rows};
pub use rules::{ClosingRules, LaneShare, OfficeSlots, Slots};
pub use verify::{Kept, Verified, verify};

/// Name of the file of the period.
pub const PERIOD_FILE: &str = "period.json";
/// Name of the file of the commitments and what came of them.
pub const ROWS_FILE: &str = "decisions.csv";

/// What is published of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// The content of [`PERIOD_FILE`].
    pub period: PublishedPeriod,
    /// The rows of [`ROWS_FILE`].
    pub rows: Vec<PublishedRow>,
}
