//! What a writer has written, and the two directories it writes to.

use crate::chunk::Chunk;
use crate::error::SimulationError;
use std::path::Path;

/// Rows written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Declarations, amended versions included.
    pub declarations: u64,
    /// Goods items, those of amended versions included.
    pub goods_items: u64,
    /// Results of inspections.
    pub inspections: u64,
    /// Rows of the table of enterprises.
    pub enterprises: u64,
    /// Filings of special packaging.
    pub filings: u64,
}

impl Written {
    pub(crate) fn add(&mut self, chunk: &Chunk) {
        self.declarations += chunk.declarations.num_rows() as u64;
        self.goods_items += chunk.goods_items.num_rows() as u64;
        self.inspections += chunk.inspections.num_rows() as u64;
    }
}

/// Makes both directories and refuses that they are one: whoever reads the tables must not find the truth beside them.
pub(crate) fn two_directories(tables: &Path, truth: &Path) -> Result<(), SimulationError> {
    let make = |path: &Path| {
        std::fs::create_dir_all(path)
            .and_then(|()| path.canonicalize())
            .map_err(|e| SimulationError::write(path, e))
    };
    if make(tables)? == make(truth)? {
        return Err(SimulationError::Configuration {
            name: "truth directory",
            given: truth.display().to_string(),
            expected: "another directory than that of the tables".to_owned(),
        });
    }
    Ok(())
}
