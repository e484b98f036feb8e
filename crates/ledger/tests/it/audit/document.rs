//! The program of `docs/audit.md`, taken out of it and run on ledgers as a stranger would.

use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

use super::{fill, sign};
use crate::support::Place;

const DOCUMENT: &str = include_str!("../../../../../docs/audit.md");

/// What the program says of a ledger and a checkpoint: its words when it finds them sound, and when not.
fn run(ledger: &Path, checkpoint: &str) -> Result<String, String> {
    let place = tempfile::tempdir().unwrap();
    let program = DOCUMENT.split("```python\n").nth(1).unwrap().split("```\n").next().unwrap();
    let (script, kept) = (place.path().join("verify_audit.py"), place.path().join("kept.json"));
    fs::write(&script, program).unwrap();
    fs::write(&kept, checkpoint).unwrap();
    let output = Command::new("python3").arg(&script).arg(ledger).arg(&kept).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Whether a tool is here. Where the environment says CI, it has to be.
fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output();
    let missing = matches!(&found, Err(error) if error.kind() == io::ErrorKind::NotFound);
    assert!(!missing || env::var_os("CI").is_none(), "{tool} is not installed");
    !missing
}

#[tokio::test]
async fn a_stranger_finds_an_honest_chain_sound_and_every_kind_of_edit() {
    if !has("python3") || !has("openssl") {
        return;
    }
    let edits = [
        ("", "12 entries hold, 1 checkpoints too\n"),
        ("UPDATE audit SET content = replace(content, 'Ana', 'Bo') WHERE sequence = 5", "entry 5"),
        ("UPDATE audit SET hash = zeroblob(32) WHERE sequence = 7", "entry 7"),
        ("DELETE FROM audit_subject WHERE sequence = 3; DELETE FROM audit WHERE sequence = 3", "entry 3"),
        ("DELETE FROM audit_subject WHERE sequence > 9; DELETE FROM audit WHERE sequence > 9", "9 are here"),
        ("DELETE FROM audit_subject WHERE key = 'E4'", "the subjects of entry 4"),
        ("INSERT INTO audit_subject VALUES ('E4', 99)", "subjects of no entry"),
    ];
    for (sql, expected) in edits {
        let place = Place::new();
        let ledger = place.open().await;
        fill(&ledger, 12).await;
        let signed = sign(&ledger, "2026-11-25T00:00:00Z").await;
        ledger.close().await;
        if sql.is_empty() {
            let kept = signed.to_json().unwrap();
            assert_eq!(run(&place.file(), &kept), Ok(expected.to_owned()));
            let forged = kept.replace("\"number\": 1", "\"number\": 2");
            let said = run(&place.file(), &forged).unwrap_err();
            assert!(said.starts_with("FORGED: the signature of checkpoint 2"), "{said}");
            continue;
        }
        place.tamper(sql).await;
        let said = run(&place.file(), &signed.to_json().unwrap()).expect_err(sql);
        assert!(said.starts_with("FORGED: ") && said.contains(expected), "{sql}: {said}");
    }
}
