//! Reads the data files that are built into the crate: comma-separated, comments from `#`, one header line.

use crate::error::SimulationError;

/// Rows below the header, split at their first `width - 1` commas; the last field may be quoted and hold commas.
pub(crate) fn rows(
    file: &'static str,
    text: &'static str,
    width: usize,
) -> Result<Vec<Vec<&'static str>>, SimulationError> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines
        .map(|line| {
            let row: Vec<&str> = line.splitn(width, ',').map(|field| field.trim_matches('"')).collect();
            if row.len() == width {
                Ok(row)
            } else {
                Err(SimulationError::data(file, format!("`{line}` has fewer than {width} fields")))
            }
        })
        .collect()
}

/// A number of a row.
pub(crate) fn number(file: &'static str, text: &str) -> Result<f64, SimulationError> {
    text.parse().map_err(|_| SimulationError::data(file, format!("`{text}` is not a number")))
}
