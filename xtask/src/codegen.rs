//! `cargo xtask codegen`: the files that are generated from code, so that they cannot say anything else.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::command::{self, TaskError, cargo};

/// A file under version control that `tidegate` prints.
struct Generated {
    /// Path from the repository's root.
    path: &'static str,
    /// Arguments of `tidegate` that print the file.
    arguments: &'static [&'static str],
}

/// Every generated file.
const GENERATED: &[Generated] = &[
    Generated { path: "docs/data-dictionary.md", arguments: &["dictionary"] },
    Generated { path: "docs/tidegate.toml", arguments: &["config", "--defaults"] },
];

/// Writes the files that are out of date, or with `check` fails and names them.
pub fn run(check: bool) -> Result<(), TaskError> {
    let mut out_of_date = Vec::new();
    for file in GENERATED {
        if settle(command::root(), file, &print(file)?, check)? {
            out_of_date.push(file.path.to_owned());
        }
    }
    if check && !out_of_date.is_empty() {
        return Err(TaskError::OutOfDate(out_of_date));
    }
    println!("{} generated files, {} of them out of date", GENERATED.len(), out_of_date.len());
    Ok(())
}

fn print(file: &Generated) -> Result<Vec<u8>, TaskError> {
    // The whole workspace is built, as every other task does: a build of one package would compile the engine again
    // with fewer features.
    command::output(cargo(&[&["run", "--quiet", "--bin", "tidegate", "--"], file.arguments].concat()))
}

/// Says whether the file differs from `fresh`, and unless it is only checked makes it equal.
fn settle(root: &Path, file: &Generated, fresh: &[u8], check: bool) -> Result<bool, TaskError> {
    let path = root.join(file.path);
    let failed = |action| {
        let path = path.clone();
        move |source| TaskError::File { action, path, source }
    };
    match fs::read(&path) {
        Ok(present) if present == fresh => return Ok(false),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed("read")(error)),
    }
    if !check {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed("create the folder of"))?;
        }
        fs::write(&path, fresh).map_err(failed("write"))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_tells_and_writes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let file = Generated { path: "docs/columns.md", arguments: &["columns"] };
        let path = root.path().join(file.path);

        assert!(settle(root.path(), &file, b"new", true).unwrap());
        assert!(!path.exists());
        assert!(settle(root.path(), &file, b"new", false).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(!settle(root.path(), &file, b"new", true).unwrap());

        fs::write(&path, "edited by hand").unwrap();
        assert!(settle(root.path(), &file, b"new", true).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"edited by hand");
    }

    #[test]
    fn a_path_that_cannot_be_read_is_named() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        let file = Generated { path: "docs", arguments: &[] };
        let error = settle(root.path(), &file, b"new", true).unwrap_err();
        assert!(error.to_string().starts_with("cannot read "), "{error}");
    }
}
