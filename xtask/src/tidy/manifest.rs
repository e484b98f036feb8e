//! The packages of the workspace and what they depend on directly, as cargo sees them.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::tree::relative_path;
use crate::command::{TaskError, cargo, output, root};

/// A package of the workspace.
pub struct Package {
    /// Its name.
    pub name: String,
    /// Path of its manifest from the repository's root.
    pub path: String,
    /// Text of its manifest.
    pub text: String,
    /// What it depends on directly.
    pub dependencies: Vec<Dependency>,
}

/// A direct dependency.
#[derive(Deserialize)]
pub struct Dependency {
    /// Name of the package, whatever it is called here.
    pub name: String,
    /// When it is used; none for the package itself.
    pub kind: Option<Kind>,
    /// Features that are asked for.
    pub features: Vec<String>,
}

/// When a dependency other than an ordinary one is used.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By tests and benchmarks.
    Dev,
    /// By the build script.
    Build,
}

impl Package {
    /// The line of the manifest that names a dependency, from 1; the first line if it is named in another way.
    pub fn line_of(&self, dependency: &str) -> usize {
        let names = |line: &str| {
            let rest = line.trim_start().strip_prefix(dependency);
            rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        };
        self.text.lines().position(names).map_or(1, |line| line + 1)
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

/// Asks cargo for the packages of the workspace.
pub fn read() -> Result<Vec<Package>, TaskError> {
    let command = ["metadata", "--no-deps", "--format-version", "1"];
    let metadata: Metadata = serde_json::from_slice(&output(cargo(&command))?).map_err(|error| {
        TaskError::Output { command: "cargo metadata".to_owned(), what: error.to_string() }
    })?;
    metadata
        .packages
        .into_iter()
        .map(|MetadataPackage { name, manifest_path, dependencies }| {
            let path = relative_path(root(), &manifest_path);
            let text = fs::read_to_string(&manifest_path).map_err(|source| TaskError::File {
                action: "read",
                path: manifest_path,
                source,
            })?;
            Ok(Package { name, path, text, dependencies })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_package_is_read() {
        let packages = read().unwrap();
        let xtask = packages.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(xtask.path, "xtask/Cargo.toml");
        let dependency = |name| xtask.dependencies.iter().find(|dependency| dependency.name == name).unwrap();
        assert!(dependency("clap").kind.is_none());
        assert!(dependency("tempfile").kind == Some(Kind::Dev));
        let line = xtask.text.lines().nth(xtask.line_of("clap") - 1).unwrap();
        assert_eq!(line, "clap.workspace = true");
    }
}
