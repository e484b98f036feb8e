//! The binary, run as a person runs it.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod admission;
mod answers;
mod clients;
mod conversation;
mod cursors;
mod datasets;
mod doors;
mod elsewhere;
mod endings;
mod entrance;
mod governance;
mod held;
mod homes;
mod idle;
mod limits;
mod log;
mod machines;
mod output;
mod portals;
#[path = "../../../risk/tests/it/python.rs"]
mod python;
mod readme;
mod rights;
mod sign_on;
mod strangers;
mod tls;
mod tools;
mod two_persons;
mod work_lists;

use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Runs the binary in a folder, with its home there.
fn run(folder: &Path, home: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.current_dir(folder).args(["--home", home]).args(arguments).output().unwrap()
}

fn succeed(folder: &Path, home: &str, arguments: &[&str]) -> String {
    let output = run(folder, home, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_tour_decides_alike_twice_and_ends_what_it_began_to_read() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let told = succeed(folder, "home", &["demo", "--declarations", "8000"]);
    let again = told.lines().find(|line| line.contains("again from what was stored")).unwrap();
    let numbers: Vec<&str> =
        again.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
    assert!(numbers.len() == 2 && numbers[0] == numbers[1] && numbers[0] != "0", "{again}");
    assert!(folder.join("home/report.html").is_file());
    let told = succeed(folder, "home", &["demo", "--declarations", "8000"]);
    assert!(told.contains("nothing was added") && told.contains(again), "{told}");
    let entries = |event: &str| {
        let log = succeed(folder, "home", &["audit", "log", "--event", event, "--json"]);
        serde_json::from_str::<Vec<serde_json::Value>>(&log).unwrap().len()
    };
    assert!(entries("read") >= 3);
    assert_eq!(entries("finished"), entries("read"));
    readme::asks_the_country_of_the_demo(folder);
}

#[test]
fn a_country_written_as_csv_loads_as_the_declarations_it_has_in_the_lake() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let country = ["--declarations", "600", "--seed", "3", "--truth", "truth"];
    succeed(folder, "lake", &[&["generate"], country.as_slice()].concat());
    let to_csv = [&["generate", "--to", "csv", "--out", "files"], country.as_slice()].concat();
    assert!(succeed(folder, "unused", &to_csv).contains("ingest --mapping national-csv"));
    assert!(!folder.join("unused").exists(), "files need no home");
    let loaded = succeed(folder, "csv", &["ingest", "--strict", "--mapping", "national-csv", "files"]);
    assert!(loaded.contains("set aside                   0"), "{loaded}");
    let filings = "files/special_filing/simulated-2025-3-600.ndjson";
    succeed(folder, "csv", &["ingest", "--strict", "--as", "special_filing", filings]);
    let filed = ["sql", "select filing_id, commodity_prefix, valid_until from special_filing order by 1"];
    assert_eq!(succeed(folder, "lake", &filed), succeed(folder, "csv", &filed));
    let [expected, found] = ["lake", "csv"].map(|home| {
        let out = format!("{home}.ndjson");
        succeed(folder, home, &["export", "--format", "ndjson", "--out", &out]);
        std::fs::read_to_string(folder.join(out)).unwrap()
    });
    assert!(expected.lines().count() > 600, "amended versions are there");
    assert_eq!(found.lines().count(), expected.lines().count());
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_country_is_written_as_parquet_and_what_cannot_be_is_said() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let to = |place: &'static str| ["generate", "--declarations", "300", "--truth", "truth", "--to", place];
    let refused = run(folder, "home", &to("parquet"));
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("--out"));
    succeed(folder, "home", &[to("parquet").as_slice(), &["--out", "files"]].concat());
    assert!(folder.join("files/declaration.parquet").is_file());
    let refused = run(folder, "home", &["ingest", "files/declaration.parquet"]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains("--mapping"), "{message}");
    let refused = run(folder, "home", &["generate", "--to", "csv", "--out", "truth", "--truth", "truth"]);
    assert!(!refused.status.success(), "the truth lies apart");
}

#[test]
fn draws_are_opened_by_two_custodians_and_what_is_missing_is_said() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let share = "5a".repeat(32);
    std::fs::write(folder.join("ana.share"), &share).unwrap();
    let open = ["draws", "open", "2026-12", "--custodian"];
    let first = succeed(folder, "home", &[&open, ["Ana", "--share", "ana.share"].as_slice()].concat());
    assert!(first.contains("waits for 1 shares") && !first.contains(&share), "{first}");
    let second = succeed(folder, "home", &[&open, ["Bo"].as_slice()].concat());
    assert!(second.contains("key derived"), "{second}");
    let status = succeed(folder, "home", &["draws", "status"]);
    assert!(
        status.contains("2026-12  two-persons, 0 commitments") && status.contains("key secret"),
        "{status}"
    );
    let refusals = [
        (["draws", "open", "2026-12", "--custodian", "Cy"].as_slice(), "given both shares"),
        (&["draws", "publish", "2026-12", "--out", "files"], "its key must be revealed first"),
        (&["draws", "verify", "files"], "period.json"),
        (&["draws", "reveal", "2026-13"], "2026-13"),
    ];
    for (arguments, words) in refusals {
        let refused = run(folder, "home", arguments);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && message.contains(words), "{arguments:?}: {message}");
    }
}

#[test]
fn special_packaging_is_loaded_and_what_is_missing_is_said() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let filing = r#"{"id":"F1","enterprise_id":"E1","recorded_date_time":"2025-01-02T00:00:00Z","commodity_prefix_id":"8542",
        "handling_code":"vacuum","site_id":"S1","site_certified_until_date_time":"2026-12-31T00:00:00Z",
        "valid_from_date_time":"2025-01-03T00:00:00Z","valid_until_date_time":"2025-12-31T00:00:00Z"}"#;
    std::fs::write(folder.join("filings.ndjson"), filing).unwrap();
    std::fs::write(folder.join("bad.ndjson"), filing.replace("vacuum", "vaccum")).unwrap();
    let loaded = succeed(folder, "home", &["ingest", "--as", "special_filing", "filings.ndjson"]);
    assert!(loaded.contains("Loaded 1 records of special_filing"), "{loaded}");
    let refusals = [
        (["treatments"].as_slice(), "tidegate decide"),
        (&["ingest", "--as", "declarations", "filings.ndjson"], "special_filing, treatment_event"),
        (&["ingest", "--strict", "--as", "special_filing", "bad.ndjson"], "`vaccum` is not one of: vacuum"),
        (
            &["ingest", "--as", "special_filing", "bad.ndjson"],
            "nothing was loaded: every record was set aside",
        ),
        (&["demo", "--declarations", "100"], "home holds records; a generated country"),
    ];
    for (arguments, words) in refusals {
        let refused = run(folder, "home", arguments);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && message.contains(words), "{arguments:?}: {message}");
    }
}

#[test]
fn the_loop_learns_tries_candidates_and_puts_them_in_force_by_two_persons() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let year = ["--declarations", "6000", "--offices", "4", "--warm-up", "299", "--learn-every", "3"];
    let told = succeed(folder, "home", &[&["--json", "loop", "run"], year.as_slice()].concat());
    let looped: serde_json::Value = serde_json::from_str(&told).unwrap();
    let epochs = looped["epochs"].as_array().unwrap();
    assert_eq!(epochs.len(), 9, "from 27 October to the end of the year");
    let sum = |name: &str| epochs.iter().map(|e| e[name].as_u64().unwrap()).sum::<u64>();
    assert!(
        sum("selected") > 50 && sum("known") >= sum("selected") - 5,
        "{} {}",
        sum("selected"),
        sum("known")
    );
    assert!(sum("found") > 0);
    let proposals = looped["bundles"]["proposals"].as_array().unwrap();
    assert!(proposals.len() >= 3, "the first bundle and two candidates: {proposals:?}");
    for proposal in proposals {
        assert_ne!(proposal["proposed_by"], proposal["verdict"]["decided_by"]);
        assert_ne!(proposal["state"], "waits");
    }
    // What decided an epoch is what was in force on its first day, and all of it can be decided again.
    let bundles: std::collections::BTreeSet<&str> =
        epochs.iter().map(|e| e["bundle"].as_str().unwrap()).collect();
    let approved = proposals.iter().filter(|p| p["state"] == "approved").count();
    assert_eq!(bundles.len(), approved);
    let replayed = succeed(folder, "home", &["replay", "--from", "2025-10-27", "--to", "2025-12-31"]);
    assert!(replayed.contains("identical"), "{replayed}");
    // Nobody decides alone any more, and the home is not run over twice.
    let learnt = succeed(folder, "home", &["learn", "--features", "national", "--until", "2025-12-31"]);
    assert!(learnt.contains("candidate"), "{learnt}");
    let again = run(folder, "home", &[&["loop", "run"], year.as_slice()].concat());
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("a home of its own"));
    let listed = succeed(folder, "home", &["bundles", "list"]);
    assert!(listed.contains("active") && listed.contains("Simulated supervisor"), "{listed}");
}

#[test]
fn strategies_are_compared_on_the_same_years() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let study = ["--json", "loop", "compare", "--seeds", "1", "--declarations", "5000", "--warm-up", "200"];
    let compared = succeed(folder, "unused", &[study.as_slice(), &["--learn-every", "12"]].concat());
    let compared: serde_json::Value = serde_json::from_str(&compared).unwrap();
    let strategies: Vec<&str> =
        compared["strategies"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    let measured = compared["seeds"][0]["measured"].as_array().unwrap();
    assert_eq!(measured.len(), strategies.len());
    let of = |name: &str| &measured[strategies.iter().position(|s| *s == name).unwrap()];
    assert_eq!(of("random")["inspections"], of("exploitation")["inspections"]);
    let inspections = |name: &str| of(name)["inspections"].as_f64().unwrap();
    assert!((0.8..1.05).contains(&(inspections("policy") / inspections("random"))), "{measured:?}");
    assert!(measured.iter().all(|m| m["revenue_share"].as_f64().unwrap() <= 1.0));
    let unknown = run(folder, "unused", &["loop", "compare", "--strategies", "luck"]);
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("exploitation"));
}
