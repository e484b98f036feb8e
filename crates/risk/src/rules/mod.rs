//! Rules: SQL conditions over the documented feature row, with owner, reason, validity, effect and example cases.
//!
//! A [`RuleSet`] is read from a TOML file and refused whole when a condition does not compile or an example does not
//! come out as it says. Conditions see one goods item: the columns of [`crate::features::FeatureSet`] and of the
//! record, the features of the forest, and `probability`. A rule of level `declaration` says how the items of a
//! declaration are taken together.

mod checker;
mod definition;
mod example;
mod hits;
mod set;
#[cfg(test)]
mod tests;

pub use definition::{CheckRulesError, Effect, Level};
pub use hits::{Conditions, raised};
pub(crate) use set::PROBABILITY;
pub use set::{Rule, RuleSet, Together, rule_row_schema};
