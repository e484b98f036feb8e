//! Standard output: readers who leave, and what CSV can hold.

use crate::succeed;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn of(folder: &Path, arguments: &[&str], output: Stdio) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command
        .current_dir(folder)
        .args(["--home", "home"])
        .args(arguments)
        .stdout(output)
        .stderr(Stdio::piped());
    command
}

/// Runs the binary with a reader who leaves at once.
fn unread(folder: &Path, arguments: &[&str]) -> Output {
    let mut running = of(folder, arguments, Stdio::piped()).spawn().unwrap();
    drop(running.stdout.take());
    running.wait_with_output().unwrap()
}

#[test]
fn commands_end_in_silence_when_nobody_reads_any_more() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    succeed(folder, "home", &["generate", "--declarations", "100", "--truth", "truth"]);
    let all = "select * from declaration_item";
    let commands: [&[&str]; 7] = [
        &["sql", "--limit", "0", all],
        &["sql", "--format", "csv", all],
        &["sql", "--json", all],
        &["audit", "log"],
        &["dictionary"],
        &["completions", "bash"],
        &["config"],
    ];
    for arguments in commands {
        let ended = unread(folder, arguments);
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && said.is_empty(), "{arguments:?}: {said}");
    }
    let events = |event: &str| {
        let log = succeed(folder, "home", &["audit", "log", "--event", event, "--json"]);
        serde_json::from_str::<Vec<serde_json::Value>>(&log).unwrap().len()
    };
    assert!(events("read") >= 3);
    assert_eq!(events("read"), events("finished"), "what was read is written down to its end");
}

#[test]
fn what_cannot_be_written_although_somebody_reads_is_an_error() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let folder = TempDir::new().unwrap();
    let ended = of(folder.path(), &["dictionary"], full.into()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("standard output: "), "{said}");
}

#[test]
fn nested_columns_are_text_in_csv() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    succeed(folder, "home", &["generate", "--declarations", "100", "--truth", "truth"]);
    let written = succeed(folder, "home", &["sql", "--format", "csv", "select * from declaration limit 20"]);
    let (header, rows) = written.split_once('\n').unwrap();
    assert!(header.starts_with("month,declaration_id,"), "{header}");
    assert!(rows.lines().count() >= 20, "{rows}");
}
