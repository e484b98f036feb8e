//! A generated country comes once into a home, and beside no other declarations.

use crate::{run, succeed};
use std::path::Path;
use tempfile::TempDir;

fn refused(folder: &Path, home: &str, arguments: &[&str], words: &str) {
    let refused = run(folder, home, arguments);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains(words), "{arguments:?}: {message}");
    assert!(message.contains("needs a home of its own, such as --home"), "{message}");
}

fn declarations(folder: &Path, home: &str) -> String {
    let sql = "select count(*), count(distinct declaration_id) from declaration where version_number = 1";
    succeed(folder, home, &["sql", "--format", "csv", sql]).lines().nth(1).unwrap().to_owned()
}

#[test]
fn a_country_comes_once_into_a_home_and_beside_no_other() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let country = |command, declarations, seed| {
        [command, "--declarations", declarations, "--seed", seed, "--truth", "truth"]
    };
    succeed(folder, "home", &country("generate", "200", "1"));
    assert!(succeed(folder, "home", &country("generate", "200", "1")).contains("nothing was added"));
    assert_eq!(declarations(folder, "home"), "200,200");
    let words = "declarations of simulated-2025-1; a generated country";
    for command in ["generate", "demo"] {
        refused(folder, "home", &country(command, "150", "1"), words);
        refused(folder, "home", &country(command, "200", "2"), words);
    }
    assert_eq!(declarations(folder, "home"), "200,200");
    assert!(!folder.join("truth/simulated-2025-1-150.csv").exists());
    // What comes after a country is welcome, but the tour has a home for itself.
    let year = ["generate", "--declarations", "100", "--year", "2024", "--truth", "truth"];
    succeed(folder, "other", &year);
    succeed(folder, "other", &["export", "--format", "ndjson", "--out", "other.ndjson"]);
    succeed(folder, "home", &["ingest", "other.ndjson"]);
    assert!(succeed(folder, "home", &country("generate", "200", "1")).contains("nothing was added"));
    refused(folder, "home", &country("demo", "200", "1"), "of 2 loads, simulated-2025-1 among them");
    succeed(folder, "real", &["ingest", "other.ndjson"]);
    refused(folder, "real", &year, "declarations of ndjson-");
}

#[test]
fn an_empty_home_says_that_it_is() {
    let folder = TempDir::new().unwrap();
    let said = succeed(folder.path(), "home", &["grades", "detect"]);
    assert!(said.contains("No record is loaded yet"), "{said}");
}
