//! The rule set: rules that apply together, compiled.

use super::definition::{Effect, Level};
use crate::expr::{EvaluateError, Expression, ExpressionSet};
use crate::features::{FeatureSet, ForestChoice};
use crate::selection::Lane;
use crate::template;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::NaiveDate;
use std::sync::Arc;

/// Column of the calibrated probability in the row that rules see.
pub(crate) const PROBABILITY: &str = "probability";

/// How the items of a declaration are taken together.
#[derive(Debug, Clone)]
pub enum Together {
    /// The condition is true of at least so many items; 1 for `any`.
    Count(f64),
    /// The condition is true of every item.
    All,
    /// The sum of an expression over the items that the condition is true of reaches an amount.
    Sum {
        /// What is summed; NULL adds nothing.
        of: Expression,
        /// The amount.
        at_least: f64,
    },
}

/// A rule of the set.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Stable id.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// What it speaks about.
    pub level: Level,
    /// Why a hit matters, with `{column}` for the values of a record.
    pub reason: String,
    /// What the officer should do.
    pub directive: Option<String>,
    /// First day of acceptance it applies to.
    pub from: NaiveDate,
    /// Last day of acceptance it applies to.
    pub until: Option<NaiveDate>,
    /// What a hit does.
    pub effect: Effect,
    /// The condition on one item.
    pub condition: Expression,
    /// How items are taken together, for a rule of level `declaration`.
    pub together: Together,
}

impl Rule {
    /// Least intrusive lane that a hit allows; holding goods means that their documents are checked.
    pub fn least_lane(&self) -> Option<Lane> {
        match self.effect {
            Effect::Mandatory(lane) => Some(lane),
            Effect::Hold => Some(Lane::Yellow),
            Effect::Weight(_) => None,
        }
    }

    /// Chance that a hit adds; 0 for a rule that adds none.
    pub fn weight(&self) -> f64 {
        if let Effect::Weight(weight) = self.effect { weight } else { 0.0 }
    }
}

/// Rules that apply together.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// Name in the file.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The file as it was read; its bytes are a component of a bundle.
    pub text: String,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// Their conditions, then what rules of sums add up.
    pub(super) expressions: ExpressionSet,
}

/// The row that rules see: columns of `schema`, the computed columns of the set, `probability`, and the features of the
/// forest that decides. A feature with the name of a column is that column.
pub fn rule_row_schema(set: &FeatureSet, schema: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    let mut add = |name: &str, data_type: DataType| {
        if !fields.iter().any(|f| f.name() == name) {
            fields.push(Arc::new(Field::new(name, data_type, true)));
        }
    };
    for (name, data_type) in set.computed_columns() {
        add(name, data_type);
    }
    add(PROBABILITY, DataType::Float64);
    for feature in set.read_by(ForestChoice::Decision) {
        add(&feature.name, DataType::Float32);
    }
    Arc::new(Schema::new(fields))
}

impl RuleSet {
    /// Positions of the rules of sums.
    pub(super) fn sums(&self) -> impl Iterator<Item = usize> {
        let is_sum = |rule: &Rule| matches!(rule.together, Together::Sum { .. });
        self.rules.iter().enumerate().filter(move |(_, rule)| is_sum(rule)).map(|(position, _)| position)
    }

    /// Columns that conditions and reasons read, sorted.
    pub fn inputs(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for rule in &self.rules {
            names.extend(rule.condition.columns().iter().cloned());
            if let Together::Sum { of, .. } = &rule.together {
                names.extend(of.columns().iter().cloned());
            }
            names.extend(template::columns(&rule.reason).map(str::to_owned));
        }
        names.sort();
        names.dedup();
        names
    }
}

/// The conditions of rules, then what rules of sums add up.
pub(super) fn together(rules: &[Rule]) -> Result<ExpressionSet, EvaluateError> {
    let sums = rules.iter().filter_map(|rule| match &rule.together {
        Together::Sum { of, .. } => Some(of),
        _ => None,
    });
    ExpressionSet::new(rules.iter().map(|rule| &rule.condition).chain(sums))
}
