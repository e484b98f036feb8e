//! Models of other libraries, trained and asked by them.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod models;
mod python;
