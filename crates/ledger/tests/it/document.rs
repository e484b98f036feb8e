//! The programs of `docs/verifying-draws.md`, taken out of it and run on published files as a stranger would.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use tempfile::TempDir;
use tidegate_ledger::publication::{Kept, PERIOD_FILE, Publication, ROWS_FILE, verify, write_rows};

use crate::forgeries::FORGERIES;
use crate::synthetic::{ONE, TWO};

const DOCUMENT: &str = include_str!("../../../../docs/verifying-draws.md");

/// The programs of the document in their order: the core of the check of the files, all of it, the signatures.
const CORE: usize = 1;
const COMPLETE: usize = 2;
const SIGNATURES: usize = 3;

/// Forgeries that the core finds only where they change a choice.
const BEYOND_THE_CORE: [&str; 3] = ["another cut", "another pi", "a bundle that nobody used"];

fn program(number: usize) -> &'static str {
    let rest = DOCUMENT.split("```python\n").nth(number).unwrap();
    rest.split("```\n").next().unwrap()
}

fn write(folder: &Path, publication: &Publication) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(PERIOD_FILE), publication.period.to_json().unwrap()).unwrap();
    fs::write(folder.join(ROWS_FILE), write_rows(&publication.rows).unwrap()).unwrap();
}

/// What a program says of these periods: its words when it finds them sound, and when not.
fn run(number: usize, place: &TempDir, publications: &[Publication]) -> Result<String, String> {
    let folder = |publication: &Publication| {
        let folder = place.path().join(publication.period.period.to_string());
        write(&folder, publication);
        folder
    };
    python(number, place, &publications.iter().map(folder).collect::<Vec<_>>())
}

fn python(number: usize, place: &TempDir, folders: &[PathBuf]) -> Result<String, String> {
    let script = place.path().join("program.py");
    fs::write(&script, program(number)).unwrap();
    let output = Command::new("python3").arg(&script).args(folders).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn holds(rows: usize, waiting: usize, continued: usize) -> String {
    format!(
        "{rows} draws hold; {waiting} work lists wait for other periods, {continued} follow lists not given; \
         0 closes were abandoned\n"
    )
}

/// Whether a tool is here. Where the environment says CI, it has to be.
fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output();
    let missing = matches!(&found, Err(error) if error.kind() == io::ErrorKind::NotFound);
    assert!(!missing || env::var_os("CI").is_none(), "{tool} is not installed");
    !missing
}

#[test]
fn the_program_holds_honest_periods() {
    if !has("python3") {
        return;
    }
    for publications in [&*ONE, &*TWO] {
        let rows: usize = publications.iter().map(|publication| publication.rows.len()).sum();
        let place = tempfile::tempdir().unwrap();
        assert_eq!(run(COMPLETE, &place, publications), Ok(holds(rows, 0, 0)));
    }
    for alone in TWO.chunks(1) {
        let verified = verify(alone, &Kept::default()).unwrap();
        let (waiting, continued) = (verified.waiting as usize, verified.continued as usize);
        assert!(waiting > 0);
        let expected = holds(alone[0].rows.len(), waiting, continued);
        assert_eq!(run(COMPLETE, &tempfile::tempdir().unwrap(), alone), Ok(expected));
    }
}

#[test]
fn the_program_finds_every_forgery() {
    if !has("python3") {
        return;
    }
    for forgery in FORGERIES.iter().filter(|forgery| !forgery.is_of_signature) {
        let mut forged = ONE[0].clone();
        (forgery.forge)(&mut forged);
        let said = run(COMPLETE, &tempfile::tempdir().unwrap(), &[forged]).expect_err(forgery.name);
        assert!(said.starts_with("FORGED: "), "{}: {said}", forgery.name);
        let row = forgery.found.split(" of ").next().filter(|found| found.starts_with("row "));
        assert!(row.is_none_or(|row| said.contains(row)), "{}: {said}", forgery.name);
    }
}

#[test]
fn the_core_holds_honest_periods_and_finds_what_it_says() {
    assert!(program(CORE).lines().count() <= 45, "it is to be read");
    if !has("python3") {
        return;
    }
    for publications in [&*ONE, &*TWO] {
        let said = run(CORE, &tempfile::tempdir().unwrap(), publications);
        let told = |p: &Publication| format!("{} draws of {} hold\n", p.rows.len(), p.period.period);
        assert_eq!(said, Ok(publications.iter().map(told).collect()));
    }
    for forgery in FORGERIES.iter().filter(|forgery| !forgery.is_of_signature) {
        let mut forged = ONE[0].clone();
        (forgery.forge)(&mut forged);
        let said = run(CORE, &tempfile::tempdir().unwrap(), &[forged]);
        let found = said.is_err_and(|said| said.starts_with("FORGED: "));
        assert!(found || BEYOND_THE_CORE.contains(&forgery.name), "{}", forgery.name);
    }
}

/// The last row of the table with each of its fields altered.
#[test]
fn the_program_finds_each_altered_field() {
    if !has("python3") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let file = write_rows(&ONE[0].rows).unwrap();
    let columns = file.lines().next().unwrap().split(',').count();
    for column in 0..columns {
        let (before, last) = file.trim_end().rsplit_once('\n').unwrap();
        let mut fields: Vec<String> = last.split(',').map(str::to_owned).collect();
        fields[column] = match fields[column].as_str() {
            "1" => "0".to_owned(),
            "0" => "1".to_owned(),
            number if number.parse::<f64>().is_ok() => "0.123".to_owned(),
            "" => "elsewhere".to_owned(),
            "green" | "none" => "red".to_owned(),
            text => text.replacen(['1', '2', 'e', 'n'], "0", 1),
        };
        let folder = place.path().join("2026-11");
        write(&folder, &ONE[0]);
        fs::write(folder.join(ROWS_FILE), format!("{before}\n{}\n", fields.join(","))).unwrap();
        let said = python(COMPLETE, &place, &[folder]);
        assert!(said.is_err(), "column {column}: {fields:?}");
    }
}

#[test]
fn the_program_finds_what_others_kept() {
    if !has("python3") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut cut = ONE[0].clone();
    let kept = serde_json::to_string(&cut.period.checkpoints[5..6]).unwrap();
    let end = cut.period.checkpoints[3].checkpoint.clone();
    cut.period.checkpoints.truncate(4);
    cut.rows.truncate(end.count as usize);
    (cut.period.commitments, cut.period.head, cut.period.merkle_root) =
        (end.count, end.head, end.merkle_root);
    cut.period.policy_states.truncate(1);
    cut.period.bundles.truncate(1);
    assert_eq!(run(COMPLETE, &place, std::slice::from_ref(&cut)), Ok(holds(end.count as usize, 0, 0)));
    fs::write(place.path().join("2026-11/kept.json"), kept).unwrap();
    let said = run(COMPLETE, &place, &[cut]).unwrap_err();
    assert!(said.contains("commitments were signed, and"), "{said}");
}

#[test]
fn the_signatures_are_those_that_openssl_knows() {
    if !has("python3") || !has("openssl") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    assert_eq!(run(SIGNATURES, &place, &TWO), Ok("all signatures hold\n".to_owned()));
    for forgery in FORGERIES.iter().filter(|forgery| forgery.is_of_signature) {
        let mut forged = ONE[0].clone();
        (forgery.forge)(&mut forged);
        let said = run(SIGNATURES, &tempfile::tempdir().unwrap(), &[forged]).expect_err(forgery.name);
        assert!(said.starts_with("FORGED: "), "{}: {said}", forgery.name);
    }
}
