//! Figures of years, kept in a file as soon as they are there: a long comparison may be stopped, and goes on later.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use tidegate_jobs::JobError;
use tidegate_jobs::learning::Compared;

/// A line of the file.
#[derive(serde::Serialize, serde::Deserialize)]
struct Line {
    /// What the year was compared under; figures of other settings are not mixed.
    settings: String,
    compared: Compared,
}

/// Years that are known already.
pub struct Kept {
    path: Option<PathBuf>,
    settings: String,
    known: Vec<Compared>,
}

impl Kept {
    /// Reads the years of the settings from a file, if one is given and there.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn open(path: Option<&Path>, settings: String) -> Result<Self, JobError> {
        let mut kept = Self { path: path.map(Path::to_owned), settings, known: Vec::new() };
        let Some(path) = path.filter(|path| path.exists()) else { return Ok(kept) };
        let text = std::fs::read_to_string(path).map_err(JobError::file(path))?;
        for (number, line) in (1..).zip(text.lines()) {
            let line: Line = serde_json::from_str(line).map_err(|error| {
                let path = path.display();
                JobError::Missing(format!("{path}, line {number}: no figures of a comparison: {error}"))
            })?;
            if line.settings == kept.settings {
                kept.known.push(line.compared);
            }
        }
        Ok(kept)
    }

    /// The figures of a year, if they are known.
    pub fn of(&self, seed: u64) -> Option<Compared> {
        self.known.iter().find(|known| known.seed == seed).cloned()
    }

    /// Keeps the figures of a year.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, compared: &Compared) -> Result<(), JobError> {
        let Some(path) = &self.path else { return Ok(()) };
        let line = Line { settings: self.settings.clone(), compared: compared.clone() };
        let line = serde_json::to_string(&line).map_err(|error| JobError::Missing(error.to_string()))?;
        let opened = std::fs::OpenOptions::new().create(true).append(true).open(path);
        opened.and_then(|mut file| writeln!(file, "{line}")).map_err(JobError::file(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_known_again_under_the_same_settings_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("years.ndjson");
        let year = |seed| Compared { seed, measured: Vec::new() };
        let kept = Kept::open(Some(&path), "a".to_owned()).unwrap();
        assert!(kept.of(1).is_none());
        kept.add(&year(1)).unwrap();
        Kept::open(Some(&path), "b".to_owned()).unwrap().add(&year(2)).unwrap();
        let again = Kept::open(Some(&path), "a".to_owned()).unwrap();
        assert!(again.of(1).is_some() && again.of(2).is_none());
        std::fs::write(&path, "x\n").unwrap();
        let error = Kept::open(Some(&path), "a".to_owned()).err().unwrap().to_string();
        assert!(error.contains("line 1: no figures"), "{error}");
    }
}
