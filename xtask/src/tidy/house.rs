//! Rules on manifests: arrows between crates point down, some libraries have one home, licences are the workspace's.

use super::Finding;
use super::manifest::{Dependency, Kind, Package};

/// A crate's place in the house: the crates it may use. ARCHITECTURE.md draws it.
const HOUSE: [(&str, &[&str]); 10] = [
    ("tidegate-records", &[]),
    ("tidegate-risk", &["tidegate-records"]),
    ("tidegate-lake", &["tidegate-records", "tidegate-risk"]),
    ("tidegate-ledger", &["tidegate-records", "tidegate-risk"]),
    ("tidegate-query", &["tidegate-records", "tidegate-risk", "tidegate-lake", "tidegate-ledger"]),
    (
        "tidegate-jobs",
        &["tidegate-records", "tidegate-risk", "tidegate-lake", "tidegate-ledger", "tidegate-query"],
    ),
    (
        "tidegate-server",
        &[
            "tidegate-records",
            "tidegate-risk",
            "tidegate-lake",
            "tidegate-ledger",
            "tidegate-query",
            "tidegate-jobs",
        ],
    ),
    (
        "tidegate",
        &[
            "tidegate-records",
            "tidegate-risk",
            "tidegate-lake",
            "tidegate-ledger",
            "tidegate-query",
            "tidegate-jobs",
            "tidegate-server",
            "tidegate-sim",
        ],
    ),
    ("tidegate-sim", &["tidegate-records", "tidegate-lake"]),
    ("xtask", &[]),
];

/// The simulator makes test data for everybody.
const FOR_EVERY_TEST: &str = "tidegate-sim";

/// Libraries that one crate alone may name, so that they can be replaced there.
pub const HOMES: [(&str, &str); 4] = [
    ("deltalake", "tidegate-lake"),
    ("cedar-policy", "tidegate-query"),
    ("datafusion-distributed", "tidegate-query"),
    ("axum", "tidegate-server"),
];

/// Crates without async, network, storage, clock or random source: those are passed in.
pub const PURE: [&str; 2] = ["tidegate-records", "tidegate-risk"];

/// Families of libraries that a pure crate does without.
const IMPURE: [&str; 20] = [
    "async",
    "axum",
    "buoyant",
    "deltalake",
    "fastrand",
    "futures",
    "getrandom",
    "hyper",
    "mio",
    "object_store",
    "postgres",
    "rand",
    "reqwest",
    "rusqlite",
    "smol",
    "sqlx",
    "tokio",
    "tonic",
    "tower",
    "ureq",
];

/// Features that make a pure library impure.
const IMPURE_FEATURES: [(&str, &str); 4] =
    [("chrono", "clock"), ("chrono", "now"), ("parquet", "async"), ("parquet", "object_store")];

/// What `risk` may use of `DataFusion`: what compiles and evaluates an expression, and needs no runtime.
const RISK_DATAFUSION: [&str; 3] = ["datafusion-common", "datafusion-expr", "datafusion-physical-expr"];

/// Whether a package belongs to the family: `tokio` and `tokio-util` to `tokio`.
pub fn is_of_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

/// Checks one package.
pub fn check(package: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line, message| findings.push(Finding { file: package.path.clone(), line, message });
    for (table, key) in [("package", "license"), ("lints", "workspace")] {
        if !takes_from_workspace(&package.text, table, key) {
            let right = if table == "package" { "license.workspace = true" } else { "workspace = true" };
            find(1, format!("does not take its {key} from the workspace; write `{right}` under [{table}]"));
        }
    }
    let Some((_, may_use)) = HOUSE.iter().find(|(name, _)| *name == package.name) else {
        find(
            1,
            format!("{} has no place in the house; give it one in xtask/src/tidy/house.rs", package.name),
        );
        return findings;
    };
    for dependency in &package.dependencies {
        let line = package.line_of(&dependency.name);
        for message in
            [arrow(package, dependency, may_use), home(package, dependency), purity(package, dependency)]
        {
            findings.extend(message.map(|message| Finding { file: package.path.clone(), line, message }));
        }
    }
    findings
}

/// Whether `key.workspace = true` stands under `[table]`, or `workspace = true` for the key of that name.
fn takes_from_workspace(manifest: &str, table: &str, key: &str) -> bool {
    let Ok(manifest) = manifest.parse::<toml::Table>() else { return false };
    let value = manifest.get(table).and_then(|table| table.get(key));
    let value = if key == "workspace" { value } else { value.and_then(|value| value.get("workspace")) };
    value.and_then(toml::Value::as_bool) == Some(true)
}

fn arrow(package: &Package, dependency: &Dependency, may_use: &[&str]) -> Option<String> {
    let ours = HOUSE.iter().any(|(name, _)| *name == dependency.name);
    let for_tests = dependency.kind == Some(Kind::Dev) && dependency.name == FOR_EVERY_TEST;
    (ours && !for_tests && !may_use.contains(&dependency.name.as_str())).then(|| {
        let lower = if may_use.is_empty() { "none of our crates".to_owned() } else { may_use.join(", ") };
        format!("{} uses {}, which does not lie below it; it may use {lower}", package.name, dependency.name)
    })
}

fn home(package: &Package, dependency: &Dependency) -> Option<String> {
    let (library, home) = HOMES.into_iter().find(|(library, _)| is_of_family(&dependency.name, library))?;
    (package.name != home).then(|| {
        format!(
            "{} uses {}; only {home} names {library}, so ask for what you need there",
            package.name, dependency.name
        )
    })
}

fn purity(package: &Package, dependency: &Dependency) -> Option<String> {
    let Dependency { name, kind, features } = dependency;
    if *kind == Some(Kind::Dev) || !PURE.contains(&package.name.as_str()) {
        return None;
    }
    if IMPURE.iter().any(|family| is_of_family(name, family)) {
        let right = "pass in what it would fetch";
        return Some(format!("{} is pure and may not use {name}; {right}", package.name));
    }
    let impure =
        IMPURE_FEATURES.iter().find(|(of, feature)| of == name && features.iter().any(|f| f == feature));
    if let Some((_, feature)) = impure {
        return Some(format!("{} is pure and may not use {name} with feature {feature}", package.name));
    }
    let allowed = package.name == "tidegate-risk" && RISK_DATAFUSION.contains(&name.as_str());
    (is_of_family(name, "datafusion") && !allowed).then(|| {
        let right = format!("risk::expr alone may, and only {}", RISK_DATAFUSION.join(", "));
        format!("{} may not use {name}; {right}", package.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nlicense.workspace = true\n[lints]\nworkspace = true\n[dependencies]\n";

    fn dependency(name: &str) -> Dependency {
        Dependency { name: name.to_owned(), kind: None, features: Vec::new() }
    }

    fn findings(name: &str, dependency: Dependency) -> Vec<String> {
        let text = format!("{MANIFEST}{}.workspace = true\n", dependency.name);
        let path = "crates/x/Cargo.toml".to_owned();
        let package = Package { name: name.to_owned(), path, text, dependencies: vec![dependency] };
        check(&package).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_house_has_no_circle() {
        for (name, may_use) in HOUSE {
            for lower in may_use {
                let (_, below) = HOUSE.iter().find(|(other, _)| other == lower).unwrap();
                assert!(!below.contains(&name), "{name} and {lower} may use each other");
            }
        }
    }

    #[test]
    fn arrows_point_down() {
        assert_eq!(findings("tidegate-query", dependency("tidegate-lake")), [""; 0]);
        let expected = "crates/x/Cargo.toml:6: tidegate-lake uses tidegate-query, which does not lie below it; \
            it may use tidegate-records, tidegate-risk";
        assert_eq!(findings("tidegate-lake", dependency("tidegate-query")), [expected]);
        for (name, upper) in [
            ("tidegate-records", "tidegate-risk"),
            ("tidegate-lake", "tidegate-ledger"),
            ("tidegate-jobs", "tidegate"),
            ("tidegate-jobs", "tidegate-sim"),
            ("tidegate-sim", "tidegate-risk"),
            ("xtask", "tidegate-records"),
        ] {
            assert_eq!(findings(name, dependency(upper)).len(), 1, "{name} uses {upper}");
        }
    }

    #[test]
    fn tests_may_use_the_simulator_but_nothing_else_above() {
        let for_tests = |name| Dependency { kind: Some(Kind::Dev), ..dependency(name) };
        assert_eq!(findings("tidegate-risk", for_tests("tidegate-sim")), [""; 0]);
        assert_eq!(findings("tidegate-risk", for_tests("tidegate-lake")).len(), 1);
        assert_eq!(findings("tidegate-risk", for_tests("tokio")), [""; 0]);
    }

    #[test]
    fn libraries_have_homes() {
        assert_eq!(findings("tidegate-lake", dependency("deltalake")), [""; 0]);
        assert_eq!(findings("tidegate-query", dependency("deltalake")).len(), 1);
        assert_eq!(findings("tidegate-jobs", dependency("deltalake-core")).len(), 1);
        assert_eq!(findings("tidegate", dependency("axum")).len(), 1);
        assert_eq!(findings("tidegate-server", dependency("axum-extra")), [""; 0]);
    }

    #[test]
    fn pure_crates_stay_pure() {
        for name in
            ["tokio", "tokio-util", "async-trait", "rand", "rand_core", "object_store", "sqlx", "datafusion"]
        {
            assert_eq!(findings("tidegate-records", dependency(name)).len(), 1, "{name}");
        }
        for name in ["arrow", "random-forest", "datafusion-expr", "datafusion-physical-expr"] {
            assert_eq!(findings("tidegate-risk", dependency(name)), [""; 0], "{name}");
        }
        assert_eq!(findings("tidegate-records", dependency("datafusion-expr")).len(), 1);
        assert_eq!(findings("tidegate-risk", dependency("datafusion-physical-plan")).len(), 1);
        let clock =
            Dependency { features: vec!["std".to_owned(), "clock".to_owned()], ..dependency("chrono") };
        assert_eq!(findings("tidegate-risk", clock).len(), 1);
        assert_eq!(findings("tidegate-lake", dependency("tokio")), [""; 0]);
    }

    #[test]
    fn licence_and_lints_are_the_workspaces() {
        let text = "[package]\nlicense = \"MIT\"\n".to_owned();
        let package = Package {
            name: "xtask".to_owned(),
            path: "Cargo.toml".to_owned(),
            text,
            dependencies: Vec::new(),
        };
        let found: Vec<String> = check(&package).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("license.workspace = true") && found[1].contains("under [lints]"),
            "{found:?}"
        );
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        let found = findings("tidegate-annex", dependency("serde"));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("tidegate-annex has no place in the house"), "{found:?}");
    }
}
