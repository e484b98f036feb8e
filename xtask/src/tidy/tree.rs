//! The repository's own text files, without what is built or fetched.

use std::fs;
use std::path::Path;

use super::rust;
use crate::command::TaskError;

/// Folders that hold nothing written by hand.
const SKIPPED_FOLDERS: [&str; 5] = ["target", ".git", ".tidegate", "node_modules", "dist"];
/// Endings of the files that are code or steer it.
const CODE_ENDINGS: [&str; 9] = ["rs", "toml", "sql", "sh", "py", "ts", "tsx", "yml", "yaml"];
/// Code that has no ending.
const CODE_PATHS: [&str; 1] = [".ci/run"];

/// A text file.
pub struct File {
    /// Path from the repository's root, with forward slashes.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// Whether it is Rust source.
    pub fn is_rust(&self) -> bool {
        ending(&self.path) == Some("rs")
    }

    /// Whether the whole file serves tests only.
    pub fn is_test(&self) -> bool {
        let mut parts = self.path.split('/');
        parts.any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
    }

    /// The lines outside tests, each with its number from 1.
    pub fn lines_outside_tests(&self) -> Vec<(usize, &str)> {
        if self.is_test() {
            return Vec::new();
        }
        let tests = if self.is_rust() { rust::lines_of_tests(&rust::code(&self.text)) } else { Vec::new() };
        let is_test = |line: usize| tests.get(line).copied().unwrap_or(false);
        let lines = self.text.lines().enumerate();
        lines.filter(|(line, _)| !is_test(*line)).map(|(line, text)| (line + 1, text)).collect()
    }
}

/// Reads every code file below `root`, in order of path.
pub fn read(root: &Path) -> Result<Vec<File>, TaskError> {
    let mut files = Vec::new();
    read_folder(root, root, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn ending(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, ending)| ending)
}

fn is_code(path: &str) -> bool {
    CODE_PATHS.contains(&path) || ending(path).is_some_and(|ending| CODE_ENDINGS.contains(&ending))
}

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<(), TaskError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| TaskError::File { action: "read", path, source }
    };
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed(folder))?);
        let name = entry.file_name();
        if kind.is_dir() && !SKIPPED_FOLDERS.iter().any(|skipped| name == *skipped) {
            read_folder(root, &path, files)?;
        } else if kind.is_file() {
            let relative = relative_path(root, &path);
            if is_code(&relative) {
                let text = fs::read_to_string(&path).map_err(failed(&path))?;
                files.push(File { path: relative, text });
            }
        }
    }
    Ok(())
}

/// The path from the repository's root, with forward slashes.
pub fn relative_path(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_or_fetched_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        let paths = [
            "crates/a/src/lib.rs",
            "crates/a/target/debug/x.rs",
            "portal/node_modules/x/index.ts",
            ".git/x.toml",
            ".ci/run",
            "README.md",
            "Cargo.toml",
        ];
        for path in paths {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        let files: Vec<String> = read(root.path()).unwrap().into_iter().map(|file| file.path).collect();
        assert_eq!(files, [".ci/run", "Cargo.toml", "crates/a/src/lib.rs"]);
    }

    #[test]
    fn lines_of_tests_are_left_out() {
        let text = "//! A.\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n".to_owned();
        let file = |path: &str| File { path: path.to_owned(), text: text.clone() };
        let lines = |file: &File| file.lines_outside_tests().iter().map(|line| line.0).collect::<Vec<_>>();
        assert_eq!(lines(&file("crates/a/src/lib.rs")), [1, 2, 7]);
        assert_eq!(lines(&file("rules/a.toml")), [1, 2, 3, 4, 5, 6, 7]);
        for test in ["crates/a/tests/it/main.rs", "crates/a/src/b/tests.rs", "crates/a/src/b/tests/c.rs"] {
            assert_eq!(lines(&file(test)), [0; 0], "{test}");
        }
    }
}
