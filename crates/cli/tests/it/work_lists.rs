//! Work lists in a file and the days of a replay, as somebody asks for them.

use crate::{run, succeed};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use tempfile::TempDir;

const COLUMNS: &str = "day,office,declaration_id,version,lane,queued,destination,deadline,directive\n";

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, "home", arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The only cell of an answer.
fn cell(folder: &Path, sql: &str) -> String {
    let told = succeed(folder, "home", &["sql", sql, "--format", "csv"]);
    told.lines().nth(1).unwrap().to_owned()
}

fn files_in(folder: &Path) -> BTreeSet<OsString> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn work_lists_are_written_whenever_they_were_decided_and_a_replay_says_its_days() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let told = succeed(folder, "home", &["demo", "--declarations", "1500"]);
    for words in ["versions decided", "asked 5% of", "every office and day has at least one"] {
        assert!(told.contains(words), "{words}: {told}");
    }

    let all = "SELECT count(*) FROM decision";
    let (before, selected) = (cell(folder, all), cell(folder, &format!("{all} WHERE is_selected")));
    let mut files = files_in(folder);
    let early = ["decide", "--from", "2025-11-25", "--to", "2025-11-30", "--out"];
    for nowhere in ["nowhere/lists.csv", "home"] {
        let told = refused(folder, &[early.as_slice(), &[nowhere]].concat());
        assert!(told.contains(nowhere), "{told}");
    }
    assert_eq!(cell(folder, all), before, "it is said before anything is decided");

    let december = ["decide", "--from", "2025-12-01", "--to", "2025-12-31", "--out", "lists.csv"];
    let written = || std::fs::read_to_string(folder.join("lists.csv")).unwrap();
    let [first, second] = [(); 2].map(|()| {
        let told = succeed(folder, "home", &december);
        assert!(told.contains("was decided before") && told.contains("in lists.csv"), "{told}");
        written()
    });
    assert_eq!(first, second);
    let rows = |text: &str| csv::Reader::from_reader(text.as_bytes()).records().count().to_string();
    assert!(first.starts_with(COLUMNS) && rows(&first) == selected, "{first}");
    succeed(folder, "home", &[early.as_slice(), &["lists.csv"]].concat());
    let of_november = "SELECT count(*) FROM decision WHERE is_selected AND listed_on < '2025-12-01'";
    assert_eq!(rows(&written()), cell(folder, of_november));
    files.insert("lists.csv".into());
    assert_eq!(files_in(folder), files, "no other file is left");

    let [first, last] =
        ["min", "max"].map(|end| cell(folder, &format!("SELECT {end}(listed_on) FROM decision")));
    for (asked, days) in [
        (["--from", "2025-12-10"].as_slice(), format!("Work lists of 2025-12-10 to {last} ")),
        (&["--to", "2025-12-10"], format!("Work lists of {first} to 2025-12-10 ")),
        (&["--in-sql"], format!("Work lists of {first} to {last} ")),
    ] {
        let told = succeed(folder, "home", &[["replay"].as_slice(), asked].concat());
        assert!(told.contains(&days), "{asked:?}: {told}");
    }
    let which = format!("of which there are {first} to {last}: `tidegate replay --from {last}`");
    for (asked, words) in [
        (["--from", "2025-12-10", "--to", "2025-12-09"].as_slice(), "exchange --from and --to"),
        (&["--from", "2031-01-01"], "nothing was decided from 2031-01-01 on"),
        (&[], which.as_str()),
    ] {
        let told = refused(folder, &[["replay"].as_slice(), asked].concat());
        assert!(told.contains(words), "{asked:?}: {told}");
    }
}
