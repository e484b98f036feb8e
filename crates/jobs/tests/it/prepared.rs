//! Homes that many tests begin with, prepared once for all of them: each test may run in a process of its own.

use crate::decide::fixture;
use crate::place::Place;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use tempfile::TempDir;

/// A place whose home is a copy of the one that this build of the tests prepared under a name. The first who asks prepares it,
/// while the others wait.
pub async fn prepared(name: &str, prepare: impl AsyncFnOnce() -> Place) -> Place {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    // Whoever ends while it has the lock, however that is, gives it back.
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let (home, made_by, key) = (folder.join("home"), folder.join("made-by"), key());
    if fs::read_to_string(&made_by).ok().as_ref() != Some(&key) {
        // Nothing says of a home that is not whole who made it.
        if made_by.exists() {
            fs::remove_file(&made_by).unwrap();
        }
        if home.exists() {
            fs::remove_dir_all(&home).unwrap();
        }
        let place = Box::pin(prepare()).await;
        place.home.run.end(place.home.now, None).await.unwrap();
        // So that the ledger is one file.
        place.home.ledger.clone().close().await;
        copy(place.home.root(), &home);
        fs::write(&made_by, key).unwrap();
    }
    let own = TempDir::new().unwrap();
    copy(&home, &own.path().join("home"));
    drop(lock);
    Place::at(own).await
}

/// Names what homes are prepared by: this program, and the files that it reads for them.
fn key() -> String {
    let program = fs::metadata(std::env::current_exe().unwrap()).unwrap();
    let mut hasher = DefaultHasher::new();
    (program.modified().unwrap(), program.len()).hash(&mut hasher);
    for name in ["features", "rules"] {
        fs::read(fixture(name)).unwrap().hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, copied).unwrap();
        }
    }
}
