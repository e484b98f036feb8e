//! Rules on what sources name: libraries outside their home, and what a pure crate does without.

use super::Finding;
use super::house::{HOMES, PURE, is_of_family};
use super::rust;
use super::tree::File;

/// Code that waits, or reads a clock.
const IMPURE_CODE: [&str; 7] =
    ["async fn", "async move", "async {", ".await", "Instant::now", "SystemTime::now", "Utc::now"];

/// Checks one source of a crate.
pub fn check(file: &File) -> Vec<Finding> {
    let Some((package, path)) = place(&file.path) else { return Vec::new() };
    if !file.is_rust() || file.is_test() {
        return Vec::new();
    }
    let code = rust::code(&file.text);
    let in_test = rust::lines_of_tests(&code);
    let mut findings = Vec::new();
    for (index, code) in code.lines().enumerate().filter(|(index, _)| !in_test[*index]) {
        let mut find = |message| findings.push(Finding { file: file.path.clone(), line: index + 1, message });
        for (library, home) in HOMES {
            if package != home && names(code, library) {
                find(format!("names {library}; only {home} does, so ask for what you need there"));
            }
        }
        if !PURE.contains(&package.as_str()) {
            continue;
        }
        if let Some(impure) = IMPURE_CODE.into_iter().find(|impure| code.contains(impure)) {
            find(format!("`{impure}` in {package}, which is pure; pass in what it would wait for or read"));
        }
        if !(path == "expr.rs" || path.starts_with("expr/")) && names(code, "datafusion") {
            find("names DataFusion; only risk::expr does, so move it to crates/risk/src/expr".to_owned());
        }
    }
    findings
}

/// The package of a source file and its path below `src`.
fn place(path: &str) -> Option<(String, &str)> {
    let (folder, path) = path.strip_prefix("crates/")?.split_once("/src/")?;
    let package = if folder == "cli" { "tidegate".to_owned() } else { format!("tidegate-{folder}") };
    Some((package, path))
}

fn names(code: &str, library: &str) -> bool {
    let library = library.replace('-', "_");
    rust::names(code).any(|name| is_of_family(name, &library))
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
    fn libraries_are_named_at_home_only() {
        let text = "//! About deltalake.\nuse deltalake::DeltaTable; // deltalake\n";
        assert_eq!(findings("crates/lake/src/writer.rs", text), [""; 0]);
        let expected = "crates/query/src/catalog.rs:2: names deltalake; only tidegate-lake does, \
            so ask for what you need there";
        assert_eq!(findings("crates/query/src/catalog.rs", text), [expected]);
        assert_eq!(findings("crates/cli/src/main.rs", "use cedar_policy::Policy;").len(), 1);
    }

    #[test]
    fn only_expr_names_datafusion_in_risk() {
        let text = "use datafusion_expr::Expr;\n";
        assert_eq!(findings("crates/risk/src/expr.rs", text), [""; 0]);
        assert_eq!(findings("crates/risk/src/expr/parse.rs", text), [""; 0]);
        assert_eq!(findings("crates/risk/src/rules/mod.rs", text).len(), 1);
        assert_eq!(findings("crates/query/src/udf.rs", text), [""; 0]);
    }

    #[test]
    fn pure_crates_neither_wait_nor_read_a_clock() {
        let impure = ["async fn a() {}", "a().await;", "let t = Instant::now();", "chrono::Utc::now()"];
        for text in impure {
            assert_eq!(findings("crates/records/src/lib.rs", text).len(), 1, "{text}");
            assert_eq!(findings("crates/lake/src/lib.rs", text), [""; 0], "{text}");
            let test = format!("#[cfg(test)]\nmod tests {{ {text} }}");
            assert_eq!(findings("crates/records/src/lib.rs", &test), [""; 0], "{text}");
        }
    }
}
