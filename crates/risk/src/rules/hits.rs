//! What rules say of records: conditions item by item, then of each declaration.

use super::definition::Level;
use super::set::{RuleSet, Together};
use crate::expr::EvaluateError;
use crate::features::day_number;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use std::ops::Range;

/// Whether the condition of each rule is true of each row, on the days the rule applies to.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// By rule, then row.
    truths: Vec<Vec<bool>>,
    /// By rule, then row: what a rule of sums adds up.
    amounts: Vec<Vec<f64>>,
    /// For how many rows each condition was NULL, which is no hit.
    pub null_counts: Vec<usize>,
}

/// The chance that at least one of independent causes is at work: 1 - (1 - score) (1 - weight), the noisy-or of Pearl
/// (1988, Probabilistic Reasoning in Intelligent Systems, section 4.3.2).
pub fn raised(score: f64, weight: f64) -> f64 {
    1.0 - (1.0 - score) * (1.0 - weight)
}

impl RuleSet {
    /// Evaluates every condition on rows of [`super::rule_row_schema`]; `days` are their days of acceptance.
    ///
    /// # Errors
    /// When a column is missing or has another type; never because of what a row holds.
    pub fn evaluate(&self, rows: &RecordBatch, days: &[i32]) -> Result<Conditions, EvaluateError> {
        let mut conditions = Conditions { truths: Vec::new(), amounts: Vec::new(), null_counts: Vec::new() };
        for rule in &self.rules {
            let hits = rule.condition.evaluate_condition(rows)?;
            let valid = day_number(rule.from)..=rule.until.map_or(i32::MAX, day_number);
            let truths =
                days.iter().enumerate().map(|(row, day)| hits.rows.value(row) && valid.contains(day));
            conditions.truths.push(truths.collect());
            conditions.null_counts.push(hits.null_count);
            conditions.amounts.push(match &rule.together {
                Together::Sum { of, .. } => {
                    let amounts = of.evaluate(rows)?;
                    let amounts = amounts.as_primitive::<Float64Type>();
                    (0..rows.num_rows())
                        .map(|i| if amounts.is_valid(i) { amounts.value(i) } else { 0.0 })
                        .collect()
                }
                _ => Vec::new(),
            });
        }
        Ok(conditions)
    }
}

impl Conditions {
    /// Positions of the rules whose condition is true of a row, of either level.
    pub fn of_row(&self, row: usize) -> impl Iterator<Item = usize> {
        self.truths.iter().enumerate().filter(move |(_, truths)| truths[row]).map(|(rule, _)| rule)
    }

    /// Score of a row: its probability, raised by the weights of the item rules that hit it, but for a muted one.
    pub fn item_score(&self, rules: &RuleSet, row: usize, probability: f64, muted: Option<usize>) -> f64 {
        let hit = self.of_row(row).filter(|r| Some(*r) != muted).map(|r| &rules.rules[r]);
        let of_item = hit.filter(|r| r.level == Level::Item);
        of_item.fold(probability, |score, rule| raised(score, rule.weight()))
    }

    /// Positions of the rules that hit a declaration, whose items are the rows of a range: item rules that hit one of
    /// them, and rules of the declaration.
    pub fn of_declaration(&self, rules: &RuleSet, items: Range<usize>) -> Vec<usize> {
        let hit = |rule: usize| {
            let truths = &self.truths[rule][items.clone()];
            let count = truths.iter().filter(|t| **t).count();
            match &rules.rules[rule].together {
                Together::Count(at_least) => count as f64 >= *at_least,
                Together::All => count == truths.len() && count > 0,
                Together::Sum { at_least, .. } => {
                    let amounts = items.clone().filter(|row| self.truths[rule][*row]);
                    count > 0 && amounts.map(|row| self.amounts[rule][row]).sum::<f64>() >= *at_least
                }
            }
        };
        (0..rules.rules.len()).filter(|rule| hit(*rule)).collect()
    }
}
