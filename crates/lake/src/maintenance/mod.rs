//! Upkeep of a table: fewer and larger files, no files that nobody needs, and what happened when.

mod compact;
mod drop;
mod erase;
mod history;
mod rewrite;
mod vacuum;

pub use compact::Compacted;
pub use drop::Dropped;
pub use erase::{Erased, ErasedFrom, Erasing, Purged, WithoutRows};
pub use history::Commit;
pub use vacuum::Vacuumed;
