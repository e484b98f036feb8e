//! `cargo xtask tidy`: the house rules that the compiler does not know.

mod house;
mod manifest;
mod purity;
mod rust;
mod text;
mod tree;

use std::fmt;

use crate::command::{self, TaskError};

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Path from the repository's root.
    file: String,
    /// Line, from 1.
    line: usize,
    /// What is wrong, and what would be right.
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// Prints each finding, and fails if there is one.
pub fn run() -> Result<(), TaskError> {
    let files = tree::read(command::root())?;
    let packages = manifest::read()?;
    let mut findings: Vec<Finding> = files.iter().flat_map(text::check).collect();
    findings.extend(files.iter().flat_map(purity::check));
    findings.extend(packages.iter().flat_map(house::check));
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("{} files and {} packages are tidy", files.len(), packages.len());
        return Ok(());
    }
    Err(TaskError::Untidy(findings.len()))
}
