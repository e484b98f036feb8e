//! Upkeep of a table: fewer and larger files, no files that nobody needs, and what happened when.

mod compact;
mod history;
mod vacuum;

pub use compact::Compacted;
pub use history::Commit;
pub use vacuum::Vacuumed;
