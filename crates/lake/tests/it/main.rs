//! The lake as its users see it: on a local folder, through the public API only, and through other engines.

#![expect(clippy::unwrap_used, reason = "tests")]

mod append;
mod exactly_once;
mod fixture;
mod maintenance;
mod outside_readers;
mod pruning;
#[path = "../../../risk/tests/it/python.rs"]
mod python;
mod replace;
mod schema;
mod snapshots;
