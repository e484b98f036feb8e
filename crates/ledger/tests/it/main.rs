//! The ledger on real files: opening, refusing, appending, activating, verifying and writing from two sides.

#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod audit;
mod checkpoints;
mod commitments;
mod document;
mod erasures;
mod forgeries;
mod identities;
mod keys;
mod opening;
mod policies;
mod publication;
mod retirements;
mod rows;
mod support;
mod synthetic;
mod tokens;
mod triggers;
mod writers;
