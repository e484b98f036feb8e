//! What the tests share.

use std::path::{Path, PathBuf};
use tidegate_records::wco::{MessageReader, ParsedMessage};

/// All messages of a text.
pub fn read_xml(text: &[u8]) -> Vec<ParsedMessage> {
    MessageReader::new(text).map(Result::unwrap).collect()
}

/// Folder of real messages that may stand beside the repository; tells when it does not.
pub fn samples(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: {} is absent", path.display());
    None
}

/// Files of a folder, by name.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}
