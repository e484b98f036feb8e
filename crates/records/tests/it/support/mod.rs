//! What the tests share.

pub mod arbitrary;

use std::io::Read;
use std::path::{Path, PathBuf};
use tidegate_records::json::{JsonReader, ParsedRecord};
use tidegate_records::wco::{MessageReader, ParsedMessage};

/// All messages of a text.
pub fn read_xml(text: &[u8]) -> Vec<ParsedMessage> {
    MessageReader::new(text).map(Result::unwrap).collect()
}

/// All records of a text.
pub fn read_json(text: &[u8]) -> Vec<ParsedRecord> {
    JsonReader::new(text).map(Result::unwrap).collect()
}

/// A file of `tests/fixtures`.
pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

/// A source that gives one byte at a time.
pub struct OneByte<'a>(pub &'a [u8]);

impl Read for OneByte<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = into.len().min(1);
        self.0.read(&mut into[..count])
    }
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
