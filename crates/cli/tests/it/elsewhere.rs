//! The document on models from elsewhere, done as it says: its program in Python trains on the matrix, and its model decides.

use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;

use crate::python::{python, run as run_program};
use crate::{run, succeed};

/// Those of the tests of imported models, which make the same environment.
const LIBRARIES: &str = include_str!("../../../risk/tests/libraries.txt");

const DOCUMENT: &str = include_str!("../../../../docs/models-from-elsewhere.md");

const COMPARISON: &str = "select declaration_id, goods_item_seq, a.margin from (select declaration_id, goods_item_seq, \
    assess('default', r.*) as a from declaration_item r where version_number = 1)";

/// Margins by declaration and goods item; numbers are written so that they read back to the last bit.
fn margins(text: &str) -> BTreeMap<(String, String), u64> {
    let line = |line: &str| {
        let mut fields = line.split(',').map(str::to_owned);
        let key = (fields.next().unwrap(), fields.next().unwrap());
        (key, fields.next().unwrap().parse::<f64>().unwrap().to_bits())
    };
    text.lines().map(line).collect()
}

fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let refused = run(folder, "home", arguments);
    assert!(!refused.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&refused.stderr).into_owned()
}

#[test]
fn a_model_trained_by_the_documents_program_decides_with_its_margins() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    succeed(folder, "home", &["generate", "--declarations", "6000", "--seed", "5", "--truth", "truth"]);
    let learn = ["learn", "--features", "national"];
    let written = succeed(folder, "home", &[learn.as_slice(), &["--matrix", "training.parquet"]].concat());
    assert!(written.contains("Wrote training.parquet on feature set national"), "{written}");

    let (_, program) = DOCUMENT.split_once("```python\n").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    std::fs::write(folder.join("train.py"), program).unwrap();
    let moved = format!("import os; os.chdir({:?}); exec(open('train.py').read())", folder.to_str().unwrap());
    let python = python("model-libraries", &LIBRARIES.lines().collect::<Vec<_>>());
    run_program(python.to_str().unwrap(), &["-c", &moved]);

    let calibrated =
        [learn.as_slice(), &["--model", "model.json", "--calibrate-from", "2025-11-01"]].concat();
    let made = succeed(folder, "home", &calibrated);
    assert!(made.contains("model from elsewhere: model.json, XGBoost JSON of 3.2.0, SHA-256 "), "{made}");
    assert!(made.contains("records with a result since 2025-11-01:\n  AUC"), "{made}");
    let listed = succeed(folder, "home", &["bundles", "list"]);
    assert!(listed.contains("calibrated on results since 2025-11-01"), "{listed}");

    let expected = margins(&std::fs::read_to_string(folder.join("margins.csv")).unwrap());
    let answer = succeed(folder, "home", &["sql", "--format", "csv", COMPARISON]);
    let found = margins(answer.split_once('\n').unwrap().1);
    assert!(expected.len() > 100, "{} rows", expected.len());
    for (item, margin) in &expected {
        assert_eq!(found.get(item), Some(margin), "{item:?}");
    }

    let linked = [learn.as_slice(), &["--model", "model.json"]].concat();
    assert!(succeed(folder, "home", &linked).contains("It is not measured"));
    succeed(folder, "home", &["decide", "--from", "2025-12-01", "--to", "2025-12-03"]);
    let replayed = succeed(folder, "home", &["replay", "--from", "2025-12-01", "--to", "2025-12-03"]);
    assert!(replayed.contains("dentical"), "{replayed}");
    said_what_is_wrong(folder, &learn);
}

fn said_what_is_wrong(folder: &Path, learn: &[&str]) {
    let model = std::fs::read_to_string(folder.join("model.json")).unwrap();
    std::fs::write(folder.join("other.json"), model.replace("\"customs_value\"", "\"customs_valu\""))
        .unwrap();
    std::fs::write(folder.join("ranks.json"), model.replace("binary:logistic", "rank:ndcg")).unwrap();
    for (arguments, words) in [
        (["--model", "none.json"].as_slice(), "none.json: No such file"),
        (
            &["--model", "other.json"],
            "reads `customs_valu`, which the feature set lacks; did you mean `customs_value`?",
        ),
        (
            &["--model", "ranks.json"],
            "ranks.json: this model cannot be taken over exactly: its objective is `rank:ndcg`",
        ),
        (
            &["--model", "model.json", "--calibrate-from", "2026-02-01"],
            "0 results of records since 2026-02-01",
        ),
        (&["--by-position"], "--model <FILE>"),
        (&["--matrix", "a.parquet", "--model", "model.json"], "cannot be used with"),
        (&["--matrix", "missing/a.parquet"], "missing/a.parquet: No such file"),
    ] {
        let message = refusal(folder, &[learn, arguments].concat());
        assert!(message.contains(words), "{arguments:?}: {message}");
    }
}
