//! What rules say of records: conditions item by item, then of each declaration.

use super::definition::Level;
use super::set::{RuleSet, Together};
use crate::expr::EvaluateError;
use crate::features::day_number;
use arrow::array::{AsArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::Float64Type;
use std::ops::{Range, RangeInclusive};

/// Which conditions are true of each row, on the days that their rules apply to.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// Positions of the rules that hit, row after row, ascending within a row.
    hits: Vec<u32>,
    /// Where the hits of each row begin, and their number at the end.
    starts: Vec<usize>,
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
        let mut conditions = Conditions {
            hits: Vec::new(),
            starts: vec![0],
            amounts: vec![Vec::new(); self.rules.len()],
            null_counts: vec![0; self.rules.len()],
        };
        let valid: Vec<RangeInclusive<i32>> = self
            .rules
            .iter()
            .map(|rule| day_number(rule.from)..=rule.until.map_or(i32::MAX, day_number))
            .collect();
        self.expressions.evaluate(rows, |rows, results| {
            let mut truths = Vec::with_capacity(self.rules.len());
            for (rule, nulls) in conditions.null_counts.iter_mut().enumerate() {
                let hits = self.expressions.hits(rule, results)?;
                *nulls += hits.null_count;
                truths.push(hits.rows.values().clone());
            }
            conditions.append(&truths, &valid, &days[rows]);
            for (position, rule) in self.sums().enumerate() {
                let amounts = results[self.rules.len() + position].as_primitive::<Float64Type>();
                conditions.amounts[rule].extend(amounts.iter().map(Option::unwrap_or_default));
            }
            Ok(())
        })?;
        Ok(conditions)
    }
}

impl Conditions {
    /// Appends rows, from the truth of each condition.
    fn append(&mut self, truths: &[BooleanBuffer], valid: &[RangeInclusive<i32>], days: &[i32]) {
        // Few conditions are true, so the hits are gone through and not the rows.
        let mut hits: Vec<(u32, usize)> = Vec::new();
        for (rule, (truths, valid)) in truths.iter().zip(valid).enumerate() {
            let rows = truths.set_indices_u32().map(|row| row as usize);
            hits.extend(rows.filter(|row| valid.contains(&days[*row])).map(|row| (rule as u32, row)));
        }
        let before = self.hits.len();
        let mut ends = vec![0; days.len()];
        for (_, row) in &hits {
            ends[*row] += 1;
        }
        let mut end = before;
        for of_row in &mut ends {
            (*of_row, end) = (end, end + *of_row);
        }
        self.hits.resize(end, 0);
        for (rule, row) in hits {
            let place = &mut ends[row];
            self.hits[*place] = rule;
            *place += 1;
        }
        self.starts.extend(ends);
    }

    /// Positions of the rules whose condition is true of a row, of either level, ascending.
    pub fn of_row(&self, row: usize) -> impl Iterator<Item = usize> {
        self.hits[self.starts[row]..self.starts[row + 1]].iter().map(|rule| *rule as usize)
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
        let mut hits: Vec<(usize, usize)> =
            items.clone().flat_map(|row| self.of_row(row).map(move |rule| (rule, row))).collect();
        hits.sort_unstable();
        let hit = |hits: &&[(usize, usize)]| {
            let rule = hits[0].0;
            match &rules.rules[rule].together {
                Together::Count(at_least) => hits.len() as f64 >= *at_least,
                Together::All => hits.len() == items.len(),
                Together::Sum { at_least, .. } => {
                    hits.iter().map(|(_, row)| self.amounts[rule][*row]).sum::<f64>() >= *at_least
                }
            }
        };
        hits.chunk_by(|a, b| a.0 == b.0).filter(hit).map(|hits| hits[0].0).collect()
    }
}
