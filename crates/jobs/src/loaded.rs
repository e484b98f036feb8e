//! Bundles that are loaded for the statements of readers.

use crate::home::NONE_IN_FORCE;
use crate::{Home, JobError};
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_query::QueryError;
use tidegate_risk::bundle::{Bundle, BundleHash};
use tokio::sync::Mutex;

/// Bundles that stay loaded: the one in force, and some that it is compared with.
const MOST: usize = 4;

/// A bundle and its hash.
type Loaded = (BundleHash, Arc<Bundle>);

/// Bundles that are loaded for the statements of readers, each once.
pub(crate) struct LoadedBundles(Mutex<LastNamed<Loaded>>);

impl LoadedBundles {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LastNamed(Vec::new())))
    }

    /// The bundle that a statement names, as it is found at this moment. A name of none or of several is refused.
    pub(crate) async fn find(&self, home: &Home, name: &str, now: DateTime<Utc>) -> Result<Loaded, JobError> {
        let folder = match home.find_bundle(name, now).await {
            Ok(Some(folder)) => folder,
            Ok(None) => return Err(QueryError::Assess(NONE_IN_FORCE.to_owned()).into()),
            Err(error @ JobError::BundleName { .. }) => {
                return Err(QueryError::Assess(error.to_string()).into());
            }
            Err(error) => return Err(error),
        };
        // Whoever names it meanwhile waits, instead of reading it a second time.
        let mut kept = self.0.lock().await;
        if let Some(loaded) = kept.get(&folder) {
            return Ok(loaded);
        }
        let (bundle, hash) = home.read_bundle(&folder).await?;
        let loaded = (hash, Arc::new(bundle));
        kept.keep(folder, loaded.clone());
        Ok(loaded)
    }
}

/// What is kept of each folder, the one that was named last at the end.
struct LastNamed<T>(Vec<(PathBuf, T)>);

impl<T: Clone> LastNamed<T> {
    fn get(&mut self, folder: &Path) -> Option<T> {
        let place = self.0.iter().position(|(known, _)| known == folder)?;
        let found = self.0.remove(place);
        let value = found.1.clone();
        self.0.push(found);
        Some(value)
    }

    fn keep(&mut self, folder: PathBuf, value: T) {
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push((folder, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_were_named_last_are_kept() {
        let mut kept = LastNamed(Vec::new());
        for number in 0..MOST {
            kept.keep(PathBuf::from(number.to_string()), number);
        }
        assert_eq!(kept.get(Path::new("0")), Some(0));
        kept.keep(PathBuf::from("new"), MOST);
        assert_eq!(kept.get(Path::new("1")), None, "it was named longest ago");
        assert_eq!(kept.get(Path::new("0")), Some(0));
        assert_eq!(kept.get(Path::new("new")), Some(MOST));
        assert_eq!(kept.0.len(), MOST);
    }
}
