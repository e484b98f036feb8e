//! People, tokens and the audit chain at the command line.

use crate::{run, succeed};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn refused(folder: &Path, arguments: &[&str], words: &str) {
    let refused = run(folder, "home", arguments);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains(words), "{arguments:?}: {message}");
}

fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&succeed(folder, "home", &[&["--json"], arguments].concat())).unwrap()
}

#[test]
fn people_are_added_changed_and_disabled_and_the_chain_tells_it() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let alone = succeed(folder, "home", &["people", "list"]);
    assert!(alone.contains("local owner") && alone.contains("works alone"), "{alone}");
    let add = ["people", "add", "Ana", "--role", "officer", "--office", "KR-020", "--clearance", "general-3"];
    let added = succeed(folder, "home", &[add.as_slice(), &["--reason", "starts today"]].concat());
    assert!(
        added.contains("Ana (person)") && added.contains("general-3") && added.contains(" UTC"),
        "{added}"
    );
    let change = ["people", "change", "Ana", "--office", "", "--clearance", "core", "--reason", "moves"];
    let changed = json(folder, &change);
    assert_eq!(changed["office"], serde_json::Value::Null);
    assert_eq!((&changed["clearance"], &changed["roles"]), (&"core".into(), &serde_json::json!(["officer"])));
    refused(folder, &["people", "show", "Bo"], "tidegate people list");
    refused(folder, &["people", "add", "Ana", "--reason", "again"], "already holds");
    refused(
        folder,
        &["people", "add", "Bo", "--reason", "x", "--clearance", "general-5"],
        "general-4, important",
    );
    refused(folder, &["people", "disable", "local owner", "--reason", "x"], "a person or service");
    let disabled = json(folder, &["people", "disable", "Ana", "--reason", "leaves"]);
    assert!(disabled["disabled_at"].is_string());

    refused(folder, &["people", "add", "Ana", "--reason", "again"], "tidegate people enable \"Ana\"");
    let changed = run(folder, "home", &["people", "change", "Ana", "--office", "KR-021", "--reason", "x"]);
    let note = String::from_utf8_lossy(&changed.stderr).into_owned();
    assert!(changed.status.success() && note.contains("Ana stays disabled"), "{note}");

    let told = json(folder, &["audit", "log", "--event", "grant"]);
    let told = &told.as_array().unwrap()[1..];
    let details: Vec<&str> = told.iter().map(|e| e["detail"].as_str().unwrap()).collect();
    assert_eq!(details.len(), 3);
    assert!(details[0].contains("disabled") && details[2].contains("added"), "{details:?}");
    assert_eq!(told[0]["purpose"], "leaves");
    let enabled = json(folder, &["people", "enable", "Ana", "--reason", "is back"]);
    assert_eq!((&enabled["disabled_at"], &enabled["office"]), (&serde_json::Value::Null, &"KR-021".into()));
    refused(folder, &["people", "enable", "Ana", "--reason", "again"], "already enabled");
    let shown = succeed(folder, "home", &["audit", "log", "--limit", "1"]);
    assert!(shown.contains("local owner through cli: is back") && shown.contains(" UTC"), "{shown}");
}

#[test]
fn a_role_that_no_policy_names_is_told_and_given() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let note = |arguments: &[&str]| {
        let done = run(folder, "home", &[&["people"], arguments, &["--reason", "x"]].concat());
        assert!(done.status.success(), "{arguments:?}");
        String::from_utf8(done.stderr).unwrap()
    };
    let told = note(&["add", "Ana", "--role", "annalyst", "--role", "officer"]);
    assert!(
        told.contains("gives nothing to the role annalyst; it names analyst, auditor, officer, partner"),
        "{told}"
    );
    assert!(!note(&["change", "Ana", "--office", "KR-020"]).contains("gives nothing"));
    assert!(!note(&["change", "Ana", "--role", "analyst"]).contains("gives nothing"));
    assert!(note(&["change", "Ana", "--role", "minister"]).contains("the role minister"));
}

#[test]
fn a_password_is_read_from_standard_input_and_shown_nowhere() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    succeed(folder, "home", &["people", "add", "Ana", "--reason", "starts today"]);
    let set = |text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .current_dir(folder)
            .args(["--home", "home", "people", "password", "Ana", "--reason", "first"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let short = set("too short\n");
    let message = String::from_utf8_lossy(&short.stderr).into_owned();
    assert!(!short.status.success() && message.contains("15 characters"), "{message}");
    let done = set("correct horse battery\n");
    assert!(done.status.success() && !String::from_utf8_lossy(&done.stdout).contains("horse"));
    let told = succeed(folder, "home", &["audit", "log"]);
    assert!(told.contains("password of \"Ana\" set") && !told.contains("horse"), "{told}");
}

#[test]
fn a_token_is_shown_once_listed_and_revoked() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    assert!(succeed(folder, "home", &["tokens", "list"]).contains("No token yet"));
    succeed(folder, "home", &["people", "add", "robot", "--service", "--reason", "request 7"]);
    let create =
        ["tokens", "create", "robot", "--label", "export", "--door", "flight", "--reason", "request 7"];
    let made = succeed(folder, "home", &[create.as_slice(), &["--days", "30"]].concat());
    let token = made.lines().find(|line| line.starts_with("tg_")).unwrap();
    assert_eq!(token.len(), 67);
    let listed = succeed(folder, "home", &["tokens", "list"]);
    assert!(listed.contains("valid") && listed.contains("never used") && !listed.contains(token), "{listed}");
    refused(folder, &[create.as_slice(), &["--days", "366"]].concat(), "the configuration allows");
    let curious = [create.as_slice(), &["--purpose", "research", "--purpose", "curiosity"]].concat();
    refused(folder, &curious, "`curiosity` is no purpose of this policy; it has risk-analysis, inspection");
    let revoked = json(folder, &["tokens", "revoke", "1", "--reason", "leaked"]);
    assert_eq!(revoked[0]["state"], "revoked");
    refused(folder, &["tokens", "revoke", "1", "--reason", "again"], "already revoked");
    assert!(!succeed(folder, "home", &["audit", "log"]).contains(token));
}

#[test]
fn the_audit_chain_is_signed_copied_and_verified() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    assert!(succeed(folder, "home", &["audit", "log"]).contains("no such entry"));
    let empty = succeed(folder, "home", &["audit", "who", "E1"]);
    assert!(empty.contains("No entry names E1"), "{empty}");
    assert!(succeed(folder, "home", &["audit", "verify"]).contains("holds: 0 entries"));
    succeed(folder, "home", &["people", "add", "Ana", "--reason", "starts today"]);
    let unsigned = succeed(folder, "home", &["audit", "verify"]);
    assert!(unsigned.contains("1 entries came after the newest checkpoint"), "{unsigned}");
    let signed = json(folder, &["audit", "checkpoint"]);
    assert_eq!(signed["signed"]["checkpoint"]["count"], 1);
    let copy = folder.join("home/lake/_audit/checkpoint-000001.json");
    assert!(copy.is_file());
    let verified = json(folder, &["audit", "verify"]);
    assert_eq!((&verified["copies"], &verified["signed"]), (&1.into(), &1.into()));
    refused(folder, &["audit", "log", "--since", "yesterday"], "2026-11-24");
    refused(folder, &["audit", "verify", "--kept", "nothing.json"], "nothing.json");

    // A copy that says something else is found, and so is one that the ledger has forgotten.
    let text = std::fs::read_to_string(&copy).unwrap();
    std::fs::write(&copy, text.replace("\"count\": 1", "\"count\": 2")).unwrap();
    refused(folder, &["audit", "verify"], "does not hold: checkpoint 1 is forged");
    std::fs::write(&copy, &text).unwrap();
    std::fs::remove_file(folder.join("home/ledger.db")).unwrap();
    refused(folder, &["audit", "verify"], "1 entries were signed, and it holds 0");
}

#[test]
fn a_refusal_is_written_down_however_long_it_is() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for (statement, purpose) in [
        (format!("select {} from declaration", "c".repeat(5_000)), "research"),
        (format!("select 1 from declaration where '{}' = nothing", "x".repeat(80_000)), "research"),
        ("select 1".to_owned(), ""),
    ] {
        assert!(!run(folder, "home", &["sql", &statement, "--purpose", purpose]).status.success());
    }
    let log = succeed(folder, "home", &["audit", "log", "--json"]);
    let log: Vec<serde_json::Value> = serde_json::from_str(&log).unwrap();
    let denied: Vec<&serde_json::Value> = log.iter().filter(|entry| entry["event"] == "denied").collect();
    assert_eq!(denied.len(), 3, "{log:?}");
    assert!(denied[2]["detail"].as_str().unwrap().ends_with('…'));
    assert_eq!(denied[0]["purpose"], "(none)");
    let listing =
        format!("select count(*) from declaration where office_id in ({}'x')", "'a', ".repeat(23_000));
    succeed(folder, "home", &["sql", &listing]);
    assert!(succeed(folder, "home", &["audit", "verify"]).contains("The audit chain holds"));
}

#[test]
fn a_policy_takes_two_persons_and_holds_at_once() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    succeed(folder, "home", &["generate", "--declarations", "300", "--seed", "5", "--truth", "truth"]);
    for name in ["Ana", "Bo"] {
        succeed(
            folder,
            "home",
            &["people", "add", name, "--role", "analyst", "--clearance", "general-3", "--reason", "x"],
        );
    }
    assert!(succeed(folder, "home", &["policies", "list"]).contains("The shipped policy is in force"));
    succeed(folder, "home", &["policies", "write", "draft"]);
    let file = folder.join("draft/access.cedar");
    let cedar = std::fs::read_to_string(&file).unwrap();
    let narrower = "@id(\"no-duties\")\nforbid (principal, action == Action::\"read\", \
        resource == Column::\"declaration.invoice_amount\");\n";
    std::fs::write(&file, format!("{cedar}\n{narrower}")).unwrap();
    let because = ["--reason", "amounts are not needed"];
    succeed(folder, "home", &[["policies", "propose", "draft", "--by", "Ana"].as_slice(), &because].concat());
    let approve = |by: &'static str| [["policies", "approve", "1", "--by", by].as_slice(), &because].concat();
    refused(folder, &approve("Ana"), "another person than who proposed it");
    let read = [
        "sql",
        "--as",
        "Ana",
        "--purpose",
        "risk-analysis",
        "select max(invoice_amount) as m from declaration",
    ];
    succeed(folder, "home", &read);
    assert!(succeed(folder, "home", &approve("Bo")).contains("in force"));
    refused(folder, &read, "no column `invoice_amount`");
    let known = json(folder, &["policies", "list"]);
    assert_eq!((&known[0]["verdict"]["decided_by"], &known[0]["is_in_force"]), (&"Bo".into(), &true.into()));
    std::fs::write(&file, "permit (principal, action, resource);").unwrap();
    let broken = [["policies", "propose", "draft", "--by", "Ana"].as_slice(), &because].concat();
    refused(folder, &broken, "has no name; write @id");
}
