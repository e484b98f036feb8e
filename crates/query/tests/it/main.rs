//! Governed reading: what each reader is shown, and that nothing tells more.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod clearance;
mod codes;
mod completeness;
mod country;
mod datasets;
mod doors;
mod full_names;
mod no_bypass;
mod pitfalls;
mod pitfalls_in_files;
mod plans;
mod prices;
mod pruning;
mod shipped;
mod stored;
mod trade;
