//! How much a statement asks of those who read and plan it, which no limit of a running query bounds: it is looked at before
//! each of them begins.

mod breadth;
mod constants;
mod patterns;
mod plan;
mod statement;
mod text;

pub(crate) use constants::check_constants;
pub(crate) use patterns::check_patterns;
pub(crate) use plan::check_plan;
pub(crate) use statement::check_statement;
pub use text::check_text;

use crate::QueryError;

/// Bytes of the stack of a thread that statements are read, planned or run on: enough for the largest that are not refused.
pub const STACK_BYTES: usize = 8 << 20;

fn more_than(what: &'static str, most: usize, advice: &'static str) -> QueryError {
    QueryError::TooMuch { what, limit: most.to_string(), advice }
}
