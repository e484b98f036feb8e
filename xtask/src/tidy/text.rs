//! Rules on single files: how they open, how long they are, and what must not stand in them.

use super::Finding;
use super::rust;
use super::tree::File;

const MAX_LINES: usize = 500;
/// Folders at the root of somebody's machine.
const MACHINE_FOLDERS: [&str; 4] = ["home", "root", "work", "tmp"];
/// Samples that lie beside the repository on some machines.
const OUTSIDE_SAMPLES: &str = concat!("shared", "/samples");

/// Checks one file.
pub fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line, message: String| findings.push(Finding { file: file.path.clone(), line, message });
    if file.is_rust() {
        if !file.text.starts_with("//!") {
            find(1, "opens without a `//!` line; begin with one that says what the module is".to_owned());
        }
        let lines = file.text.lines().count();
        if lines > MAX_LINES {
            find(MAX_LINES + 1, format!("has {lines} lines; split it by concept, {MAX_LINES} are the limit"));
        }
        for (line, code) in (1..).zip(rust::code(&file.text).lines()) {
            if code.contains("#[allow") || code.contains("#![allow") {
                let right = "write #[expect(..., reason = \"...\")], which tells when it is no longer needed";
                find(line, format!("an allow attribute; {right}"));
            }
        }
    }
    for (line, text) in file.lines_outside_tests() {
        if let Some(folder) = machine_path(text) {
            find(line, format!("an absolute path of one machine, /{folder}; take the path as an argument"));
        }
        if text.contains(OUTSIDE_SAMPLES) {
            let right = "only tests may look there, and must run without it";
            find(line, format!("names {OUTSIDE_SAMPLES}, which users do not have; {right}"));
        }
    }
    findings
}

/// The machine folder that an absolute path in this line begins with.
fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_FOLDERS.into_iter().find(|folder| {
        line.match_indices(&format!("/{folder}")).any(|(start, found)| {
            let before = line[..start].chars().next_back();
            let after = line[start + found.len()..].chars().next();
            !before.is_some_and(continues_a_path) && after.is_some_and(|c| matches!(c, '/' | '"' | '\''))
        })
    })
}

/// Whether a slash after this character goes on with a relative path, an address or a closing tag.
fn continues_a_path(c: char) -> bool {
    c.is_alphanumeric() || "_-./})~$*<]".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&File { path: path.to_owned(), text: text.to_owned() })
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_tidy_file_has_no_finding() {
        let text = "//! A thing.\n\nfn a() {} // #[allow(b)] in a comment\nconst C: &str = \"#[allow]\";\n";
        assert_eq!(findings("crates/a/src/lib.rs", text), [""; 0]);
    }

    #[test]
    fn a_module_opens_with_what_it_is() {
        for text in ["", "fn a() {}\n", "\n//! Late.\n", "// Not a module comment.\n"] {
            let found = findings("crates/a/src/b.rs", text);
            assert_eq!(found.len(), 1, "{text:?}");
            assert!(found[0].starts_with("crates/a/src/b.rs:1: opens without a `//!` line; "), "{found:?}");
        }
        assert_eq!(findings("crates/a/Cargo.toml", "[package]\n"), [""; 0]);
    }

    #[test]
    fn a_file_has_500_lines_at_most() {
        let text = |lines: usize| format!("//! A.\n{}", "\n".repeat(lines - 1));
        assert_eq!(findings("a.rs", &text(500)), [""; 0]);
        let expected = "a.rs:501: has 501 lines; split it by concept, 500 are the limit";
        assert_eq!(findings("a.rs", &text(501)), [expected]);
    }

    #[test]
    fn allow_attributes_are_found() {
        let found = findings("a.rs", "//! A.\n#![allow(x)]\nfn a() {\n    #[allow(y)]\n    b();\n}\n");
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("a.rs:2: ") && found[1].starts_with("a.rs:4: "), "{found:?}");
    }

    #[test]
    fn machine_paths_are_found_outside_tests() {
        let wrong =
            ["\"/home/ana/x\"", "(/root/.cargo)", "/work/main", "'/tmp/x'", "\"/tmp\"", "sqlite:/tmp/x"];
        for text in wrong {
            assert!(machine_path(text).is_some(), "{text}");
            assert_eq!(findings("x.sh", text).len(), 1, "{text}");
            assert_eq!(findings("crates/a/tests/it/x.sh", text), [""; 0], "{text}");
        }
        let right =
            ["</root>", "https://a.org/home/x", "crates/work/a", "/workers/a", "../tmp/x", "{root}/tmp/x"];
        for text in right {
            assert_eq!(machine_path(text), None, "{text}");
        }
    }

    #[test]
    fn outside_samples_are_named_by_tests_only() {
        let text = format!("//! A.\n// see ../{OUTSIDE_SAMPLES}/ibs\n");
        assert_eq!(findings("crates/a/src/lib.rs", &text).len(), 1);
        assert_eq!(findings("crates/a/tests/it/main.rs", &text), [""; 0]);
        let inline = format!("//! A.\n#[cfg(test)]\nmod tests {{\n    // ../{OUTSIDE_SAMPLES}\n}}\n");
        assert_eq!(findings("crates/a/src/lib.rs", &inline), [""; 0]);
    }
}
