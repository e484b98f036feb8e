//! The file of a rule set as it is written, before its conditions are compiled.

use crate::expr::{ExpressionError, Location};
use crate::selection::Lane;
use serde::Deserialize;
use toml::{Spanned, Table, value::Datetime};

/// Why a rule set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckRulesError {
    /// Not TOML, or a key that rule sets do not have.
    #[error("rule set {file}: {cause}")]
    Syntax {
        /// File as the reader knows it.
        file: String,
        /// What the parser says, with the line.
        cause: String,
    },
    /// A condition is refused.
    #[error("rule `{rule}`: {cause}")]
    Expression {
        /// Id of the rule.
        rule: String,
        /// What is wrong, with its place.
        cause: ExpressionError,
    },
    /// A definition contradicts itself or names what is not there.
    #[error("{at}: rule `{rule}` {problem}")]
    Definition {
        /// Place of the rule's id.
        at: Location,
        /// Id of the rule.
        rule: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// An example case does not come out as it says.
    #[error("{at}: example of rule `{rule}` {problem}")]
    Example {
        /// Place of the example.
        at: Location,
        /// Id of the rule.
        rule: String,
        /// What came out, or why it cannot be tried.
        problem: String,
    },
}

/// What a rule speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// One goods item.
    Item,
    /// A declaration with all its items.
    Declaration,
}

/// What a hit does.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Inspection in a lane, whatever the score.
    Mandatory(Lane),
    /// The score is raised: the chance, in (0, 1), that the rule alone would give.
    Weight(f64),
    /// The documents are checked and the goods held until it is settled.
    Hold,
}

/// How the items of a declaration are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FileItems {
    Any,
    All,
    Count,
    Sum,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRules {
    pub name: String,
    pub description: String,
    #[serde(default)]
    pub rule: Vec<FileRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRule {
    pub id: Spanned<String>,
    pub owner: String,
    pub level: Level,
    pub reason: String,
    pub directive: Option<String>,
    pub from: Datetime,
    pub until: Option<Datetime>,
    pub effect: Effect,
    pub sql: Spanned<String>,
    pub items: Option<FileItems>,
    pub of: Option<Spanned<String>>,
    pub at_least: Option<f64>,
    #[serde(default)]
    pub example: Vec<Spanned<FileExample>>,
}

/// A case and whether the rule hits it: values by column; a rule of level `declaration` may give several items, which
/// share the values of `record`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileExample {
    pub hit: bool,
    #[serde(default)]
    pub record: Table,
    #[serde(default)]
    pub items: Vec<Table>,
}
