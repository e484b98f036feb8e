//! The lake: where records rest. Delta tables by month, exactly-once append, snapshots over all tables, maintenance.
//!
//! Layout below the root: one folder a table (`declaration/month=2026-11/*.parquet`, `declaration/_delta_log/`), and
//! `_snapshots/` with the recorded vectors of table versions. The tables are plain Delta: other engines read them as
//! they are.
//!
//! - Write: [`Lake::append`] or, for what does not fit in memory, [`Lake::writer`]; then [`Lake::record_snapshot`].
//! - Read: [`Lake::snapshot`] pins a state; [`Lake::provider`] gives `DataFusion` a table of it, [`Lake::scan`] its rows.
//! - Make anew: [`LakeWriter::replace`] puts rows in the place of a table's, or of some months of it.
//! - Maintain: [`Lake::compact`], [`Lake::expire_snapshots`], then [`Lake::vacuum`] and [`Lake::trim_log`].
//! - Erase: [`Lake::erase`] (or month by month, [`Lake::erasing`]), [`Lake::record_snapshot`], then [`Lake::purge`], after which no
//!   byte of it is left. A whole table: [`Lake::record_snapshot_without`], [`Lake::forget_snapshots_of`], then
//!   [`Lake::drop_table`].
//!
//! This is the only crate that names `deltalake`. It reads no clock: time is passed in, except that Delta stamps its
//! own commits and files.

mod append;
mod commit;
mod durable;
mod error;
mod lake;
mod limits;
mod maintenance;
mod month;
mod read;
mod replace;
mod schema;
mod snapshot;
mod spec;
mod state;
mod writer;

pub use commit::AppTransaction;
pub use error::{LakeError, SchemaMismatch, SnapshotWanted, SpecError};
pub use lake::Lake;
pub use limits::WriteLimits;
pub use maintenance::{
    Commit, Compacted, Dropped, Erased, ErasedFrom, Erasing, Purged, Vacuumed, WithoutRows,
};
pub use read::Scan;
pub use replace::{Replace, Replaced};
pub use snapshot::{Loaded, Snapshot, TableVersion};
pub use spec::TableSpec;
pub use writer::{Appended, LakeWriter};
