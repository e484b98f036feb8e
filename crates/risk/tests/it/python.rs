//! A Python with the libraries whose models are imported.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned: the test is about their arithmetic, not about tomorrow's releases.
const PACKAGES: [&str; 5] =
    ["numpy==2.4.6", "pyarrow==26.0.1", "xgboost-cpu==3.2.0", "lightgbm==4.7.0", "catboost==1.2.10"];

/// The interpreter of a virtual environment below `target/` that has the packages; made on first use.
pub fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let root = folder.join("model-libraries");
    // Tests run in processes of their own; the first makes it, the others wait.
    let lock = File::create(folder.join("model-libraries.lock")).unwrap();
    lock.lock().unwrap();
    let interpreter = root.join("bin/python");
    let stamp = root.join("packages");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return interpreter;
    }
    let root_text = root.to_str().unwrap();
    run("python3", &["-m", "venv", "--clear", root_text]);
    let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    arguments.extend(PACKAGES);
    run(interpreter.to_str().unwrap(), &arguments);
    std::fs::write(stamp, wanted).unwrap();
    interpreter
}

/// Runs a program and gives what it printed; fails with what it said if it fails.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let help =
        "this test needs python3 with venv and pip (Debian: apt-get install python3 python3-venv) and PyPI";
    let done = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} did not start: {error}; {help}"));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {arguments:?} failed: {errors}; {help}");
    String::from_utf8(done.stdout).unwrap()
}
