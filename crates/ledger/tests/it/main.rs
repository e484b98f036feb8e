//! The ledger on real files: opening, refusing, appending, activating, verifying and writing from two sides.

#![expect(clippy::unwrap_used, reason = "tests")]

mod checkpoints;
mod commitments;
mod keys;
mod opening;
mod rows;
mod support;
mod triggers;
mod writers;
