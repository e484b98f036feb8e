//! Pythons with libraries that are not ours, which tests of several crates read and write with.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The interpreter of a virtual environment below `target/` that has the packages; made on first use.
pub fn python(name: &str, packages: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let root = folder.join(name);
    // Tests run in processes of their own; the first makes it, the others wait.
    let lock = File::create(folder.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let interpreter = root.join("bin/python");
    let stamp = root.join("packages");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return interpreter;
    }
    let root_text = root.to_str().unwrap();
    run("python3", &["-m", "venv", "--clear", root_text]);
    let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    arguments.extend(packages);
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
