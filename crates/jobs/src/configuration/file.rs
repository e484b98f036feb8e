//! The file that a configuration is read from.

use super::Configuration;
use crate::JobError;
use crate::files::read_file;
use std::path::Path;

/// Name of the file in the home that is read when no other is given.
const CONFIGURATION_FILE: &str = "tidegate.toml";

impl Configuration {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, has an unknown key or a value out of range.
    pub fn read(path: &Path) -> Result<Self, JobError> {
        Ok(Self::parse(&path.display().to_string(), &read_file(path)?)?)
    }

    /// The configuration of a home: the file given, otherwise `tidegate.toml` in the home, otherwise the defaults.
    ///
    /// # Errors
    /// As [`Configuration::read`]; a file given must be there.
    pub fn of_home(home: &Path, given: Option<&Path>) -> Result<Self, JobError> {
        let in_home = home.join(CONFIGURATION_FILE);
        match given {
            Some(path) => Self::read(path),
            None if in_home.exists() => Self::read(&in_home),
            None => Ok(Self::default()),
        }
    }
}
