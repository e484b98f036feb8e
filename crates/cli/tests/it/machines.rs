//! `--json`: what commands answer to machines.

use crate::{run, succeed};
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The one JSON value that a command prints.
fn told(folder: &Path, arguments: &[&str]) -> Value {
    let text = succeed(folder, "home", &[&["--json"], arguments].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
}

fn country(folder: &Path) {
    let generated = told(folder, &["generate", "--declarations", "600", "--seed", "5", "--truth", "truth"]);
    assert!(generated["declarations"].as_u64() >= Some(600), "{generated}");
}

/// A moment to the second: the ledger keeps less of it than the clock tells.
fn second(moment: &Value) -> &str {
    &moment.as_str().unwrap()[..19]
}

/// What of a list has a name.
fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    list.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

#[test]
fn commands_about_datasets_answer_in_json() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    country(folder);
    let written = told(folder, &["datasets", "write", "own"]);
    assert_eq!(written, json!({ "folder": "own", "datasets": 19 }));
    let checked = told(folder, &["datasets", "check", "own"]);
    assert_eq!(named(&checked, "declaration_counts")["read_whole"], json!([]));
    assert_eq!(named(&checked, "aeo_benefits")["read_whole"], Value::Null);
    assert_eq!(named(&checked, "loads")["tables"].as_array().map(Vec::is_empty), Some(false));
    let made = told(folder, &["datasets", "refresh", "declaration_counts"]);
    assert_eq!((&made[0]["outcome"], &made[0]["version"]), (&json!("published"), &json!(1)));

    let retired =
        told(folder, &["datasets", "retire", "declaration_counts", "--reason", "published elsewhere"]);
    assert_eq!(
        (&retired["name"], &retired["reason"]),
        (&json!("declaration_counts"), &json!("published elsewhere"))
    );
    let listed = told(folder, &["datasets", "list"]);
    let since = second(&retired["retired_at"]);
    assert_eq!(second(&named(&listed, "declaration_counts")["retired_at"]), since);
    assert_eq!(named(&listed, "loads")["retired_at"], Value::Null);
    let shown = told(folder, &["datasets", "show", "declaration_counts"]);
    assert_eq!(second(&shown[0]["retired_at"]), since);
    let all = told(folder, &["datasets", "refresh"]);
    assert_eq!(named(&all, "declaration_counts")["outcome"], json!("retired"));
    let restored = told(folder, &["datasets", "restore", "declaration_counts", "--reason", "asked for"]);
    assert!(restored["restored_at"].is_string(), "{restored}");
}

#[test]
fn commands_about_retention_grades_and_policies_answer_in_json() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    country(folder);
    let days = ["--from", "2025-03-01", "--to", "2025-03-02", "--reason", "case 1"];
    let held = told(folder, &[["retention", "hold", "declaration"].as_slice(), &days].concat());
    let sql = "select count(*) as n from declaration where month = '2025-03'";
    let march = succeed(folder, "home", &["sql", "--format", "csv", sql]);
    assert_eq!(format!("n\n{}\n", held["rows"]), march, "a month is kept as a whole");
    assert_eq!((&held["number"], &held["held"]), (&json!(1), &json!("2025-03-01 to 2025-03-02")));
    assert_eq!((&held["table"], &held["open_erasures"]), (&json!("declaration"), &json!([])));
    let nobody = ["retention", "hold", "declaration", "--key", "nosuch", "--reason", "case 2"];
    assert_eq!(told(folder, &nobody)["rows"], json!(0));
    let holds = told(folder, &["retention", "holds"]);
    for key in ["number", "table", "held", "reason"] {
        assert_eq!(holds[0][key], held[key], "{key}");
    }
    assert_eq!(second(&holds[0]["placed_at"]), second(&held["placed_at"]));
    let lifted = told(folder, &["retention", "lift", "1", "--reason", "over"]);
    assert_eq!((&lifted["number"], &lifted["reason"]), (&json!(1), &json!("over")));
    assert_eq!(told(folder, &["retention", "due"]), json!([]));
    assert_eq!(told(folder, &["retention", "certificates"]), json!([]));

    assert_eq!(told(folder, &["grades", "list"]), json!([]));
    let confirm = ["grades", "confirm", "declaration.lrn", "--grade", "general-4", "--reason", "holds names"];
    let confirmed = told(folder, &confirm);
    assert_eq!(
        confirmed,
        json!({ "column": "declaration.lrn", "grade": "general-4", "category": "consignment" })
    );
    let all = told(folder, &["grades", "list"]);
    assert_eq!((&all[0]["column"], &all[0]["grade"]), (&json!("lrn"), &json!("general-4")));

    assert_eq!(told(folder, &["policies", "write", "draft"]), json!({ "folder": "draft", "version": null }));
    let checked = told(folder, &["policies", "check", "draft"]);
    assert!(checked["purposes"].as_array().unwrap().contains(&json!("inspection")), "{checked}");
    let propose = ["policies", "propose", "draft", "--by", "local owner", "--reason", "a test"];
    let proposed = told(folder, &propose);
    assert_eq!((&proposed[0]["version"], &proposed[0]["reason"]), (&json!(1), &json!("a test")));
    assert_eq!(told(folder, &["policies", "list"]), proposed);
}

#[test]
fn the_dictionary_and_the_doors_are_told_in_json() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let tables = told(folder, &["dictionary"]);
    let mode = named(&named(&tables, "declaration")["columns"], "supervision_mode_code").clone();
    assert_eq!((&mode["type"], &mode["grade"]), (&json!("text"), &json!("general-2")));
    let mut serving = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .current_dir(folder)
        .args(["--home", "home", "--json", "serve", "--http", "127.0.0.1:0", "--postgres", "127.0.0.1:0"])
        .args(["--flight", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    let doors: Vec<Map<String, Value>> =
        lines.take(3).map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    serving.kill().unwrap();
    serving.wait().unwrap();
    let doors: Map<String, Value> = doors.into_iter().flatten().collect();
    let http = doors["http"].as_str().unwrap();
    assert!(http.starts_with("http://127.0.0.1:"), "{doors:?}");
    assert!(
        doors["first_account"].as_str().unwrap().starts_with(&format!("{http}/setup?secret=")),
        "{doors:?}"
    );
    for door in ["postgres", "flight"] {
        let address: SocketAddr = doors[door].as_str().unwrap().parse().unwrap();
        assert_ne!(address.port(), 0, "{door}");
    }
}

#[test]
fn the_tour_and_scores_are_told_in_json() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let toured = told(folder, &["demo", "--declarations", "1500"]);
    assert!(toured["decided"]["decided"].as_u64() > Some(0), "{toured}");
    let replayed = &toured["replayed"];
    assert!(replayed["decisions"].as_u64() > Some(0), "{replayed}");
    assert_eq!(replayed["decisions"], replayed["identical"]);
    assert_eq!(toured["learnt"]["is_active"], json!(true));
    assert!(folder.join(toured["reported"]["file"].as_str().unwrap()).is_file());

    succeed(
        folder,
        "home",
        &["export", "--format", "ndjson", "--out", "december.ndjson", "--where", "month = '2025-12'"],
    );
    let by_row = succeed(folder, "home", &["score", "december.ndjson"]);
    let by_line = succeed(folder, "home", &["--json", "score", "december.ndjson"]);
    assert_eq!(by_row.lines().count(), by_line.lines().count() + 1, "one has a header");
    for (row, line) in by_row.lines().skip(1).zip(by_line.lines()) {
        let line: Value = serde_json::from_str(line).unwrap();
        let (id, score) = row.split_once(',').unwrap();
        assert_eq!((&line["declaration_id"], line["score"].as_f64()), (&json!(id), score.parse().ok()));
    }
    let refused = run(folder, "home", &["--json", "replay"]);
    assert!(!refused.status.success() && refused.stdout.is_empty());
}
