//! Content that comes with the program, by name, or from a file of the analyst's own: feature sets, rule sets and
//! selection policies.

use crate::JobError;
use crate::files::read_file;
use std::borrow::Cow;
use std::path::Path;
use tidegate_records::tables::item_row_schema;
use tidegate_risk::features::FeatureSet;
use tidegate_risk::rules::{RuleSet, rule_row_schema};
use tidegate_risk::selection::SelectionPolicy;

type Shipped = &'static [(&'static str, &'static str)];

const FEATURE_SETS: Shipped = &[
    ("kcs-import", include_str!("../../../features/kcs-import.toml")),
    ("national", include_str!("../../../features/national.toml")),
];

const RULE_SETS: Shipped = &[
    ("kcs-import", include_str!("../../../rules/kcs-import.toml")),
    ("national", include_str!("../../../rules/national.toml")),
];

const SELECTION_POLICIES: Shipped = &[("default", include_str!("../../../selection/default.toml"))];

/// File name and text of content by the name of a shipped one or by the path of a `.toml` file.
fn read(what: &str, shipped: Shipped, name: &str) -> Result<(String, Cow<'static, str>), JobError> {
    if Path::new(name).extension().is_some_and(|e| e == "toml") {
        return Ok((name.to_owned(), read_file(Path::new(name))?.into()));
    }
    let Some((name, text)) = shipped.iter().find(|(n, _)| *n == name) else {
        let known: Vec<&str> = shipped.iter().map(|(n, _)| *n).collect();
        let message =
            format!("no {what} is called `{name}`; give a .toml file or one of: {}", known.join(", "));
        return Err(JobError::Missing(message));
    };
    Ok((format!("{name}.toml"), (*text).into()))
}

/// A feature set by name or file.
///
/// # Errors
/// When there is none such, or it is refused.
pub fn feature_set(name: &str) -> Result<FeatureSet, JobError> {
    let (file, text) = read("feature set", FEATURE_SETS, name)?;
    Ok(FeatureSet::parse(&file, &text, &item_row_schema())?)
}

/// A rule set by name or file, over the rows that a feature set gives; its examples are tried.
///
/// # Errors
/// When there is none such, it is refused, or an example fails.
pub fn rule_set(name: &str, features: &FeatureSet) -> Result<RuleSet, JobError> {
    let (file, text) = read("rule set", RULE_SETS, name)?;
    Ok(RuleSet::parse(&file, &text, &rule_row_schema(features, &item_row_schema()))?)
}

/// A selection policy by name or file.
///
/// # Errors
/// When there is none such, or it is refused.
pub fn selection_policy(name: &str) -> Result<SelectionPolicy, JobError> {
    let (file, text) = read("selection policy", SELECTION_POLICIES, name)?;
    Ok(SelectionPolicy::parse(&file, &text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_shipped_compiles_and_every_example_of_a_rule_comes_out() {
        for (name, _) in FEATURE_SETS {
            let features = feature_set(name).unwrap();
            let rules = rule_set(name, &features).unwrap();
            assert!(!rules.rules.is_empty(), "{name}");
        }
        for (name, _) in SELECTION_POLICIES {
            selection_policy(name).unwrap();
        }
    }

    #[test]
    fn what_is_not_there_is_named_beside_what_is() {
        let error = feature_set("nothing").unwrap_err().to_string();
        assert!(error.contains("feature set") && error.contains("kcs-import, national"), "{error}");
    }
}
