//! Explanation: the exact contributions of a decision as sentences that an officer understands.

use crate::assess::{AssessError, Assessment};
use crate::bundle::Bundle;
use crate::features::{Feature, FeatureSource, ForestChoice, Standing, Statistic};
use crate::model::Contributions;
use crate::template;
use std::fmt::Write;

/// What one sentence stands for: the features that say the same thing about a record.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Reason {
    /// Names of the features.
    pub features: Vec<String>,
    /// What they moved the log-odds by (sum of exact Shapley values).
    pub contribution: f64,
    /// The sentence.
    pub sentence: String,
}

impl Bundle {
    /// What moved the log-odds of assessed records, the exact Shapley values of each; quicker for many at once.
    ///
    /// # Errors
    /// When a row does not fit the forest.
    pub fn contributions(
        &self,
        assessment: &Assessment,
        rows: &[usize],
    ) -> Result<Vec<Contributions>, AssessError> {
        let values: Vec<Vec<f32>> = rows.iter().filter_map(|row| assessment.features.row(*row)).collect();
        Ok(self.forest.contributions(&values)?)
    }

    /// The `limit` sentences that moved the log-odds of an assessed record most, the strongest first. Features that
    /// say the same, such as rate and count of one profile, are one reason.
    pub fn reasons(
        &self,
        assessment: &Assessment,
        row: usize,
        contributions: &Contributions,
        limit: usize,
    ) -> Vec<Reason> {
        let values = assessment.features.row(row).unwrap_or_default();
        let features = self.set.read_by(ForestChoice::Decision);
        let mut reasons: Vec<Reason> = Vec::new();
        for ((contribution, feature), value) in contributions.values.iter().zip(features).zip(values) {
            if *contribution == 0.0 {
                continue;
            }
            let sentence = self.sentence(assessment, row, feature, value);
            if let Some(reason) = reasons.iter_mut().find(|r| r.sentence == sentence) {
                reason.contribution += contribution;
                reason.features.push(feature.name.clone());
            } else {
                let features = vec![feature.name.clone()];
                reasons.push(Reason { features, contribution: *contribution, sentence });
            }
        }
        reasons.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
        reasons.truncate(limit);
        reasons
    }

    fn sentence(&self, assessment: &Assessment, row: usize, feature: &Feature, value: f32) -> String {
        match feature.source {
            FeatureSource::Column { index } if self.set.is_truth(index) => truth_sentence(feature, value),
            FeatureSource::Column { .. } => {
                let batch = &assessment.prepared.batch;
                let unit = feature.unit.as_ref().and_then(|unit| template::fill_whole(unit, batch, row));
                column_sentence(feature, value, unit.as_deref())
            }
            FeatureSource::Profile { profile, statistic } => {
                let title =
                    template::fill(&self.set.profiles[profile].title, &assessment.prepared.batch, row);
                let standing = assessment.looked.standings[profile][row];
                match statistic {
                    Statistic::Distance | Statistic::Deviation => {
                        distance_sentence(feature, &title, standing, value, statistic)
                    }
                    Statistic::Seen => format!("{value} earlier values are known for {title}"),
                    Statistic::Rate | Statistic::Inspected | Statistic::Discrepancies => {
                        let rate = assessment.looked.rates[profile][row];
                        results_sentence(&title, standing, rate)
                    }
                }
            }
        }
    }
}

fn column_sentence(feature: &Feature, value: f32, unit: Option<&str>) -> String {
    if value.is_nan() {
        return format!("{} is not stated", feature.title);
    }
    let mut sentence = format!("{} is {}", feature.title, readable(value));
    if let Some(unit) = unit {
        // Writing to a String cannot fail.
        let _ = write!(sentence, " {unit}");
    }
    sentence
}

fn truth_sentence(feature: &Feature, value: f32) -> String {
    match value {
        1.0 => feature.title.clone(),
        0.0 => format!("not so: {}", feature.title),
        _ => format!("not known whether {}", feature.title),
    }
}

/// A number with at most four digits after the point, fewer where it is large.
fn readable(value: f32) -> String {
    let decimals = match value.abs() {
        1_000.0.. => 0,
        10.0..1_000.0 => 2,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn results_sentence(title: &str, standing: Option<Standing>, rate: f64) -> String {
    match standing {
        Some(Standing::Results { inspected, discrepancies }) => format!(
            "{discrepancies} of {inspected} earlier inspections of {title} found a discrepancy (estimated rate {:.1} %)",
            rate * 100.0
        ),
        _ => format!("{title} was never inspected before (estimated rate {:.1} %)", rate * 100.0),
    }
}

fn distance_sentence(
    feature: &Feature,
    title: &str,
    standing: Option<Standing>,
    value: f32,
    statistic: Statistic,
) -> String {
    let Some(Standing::Values { seen, .. }) = standing else {
        return format!("no usual {} is known for {title}", feature.title);
    };
    if value.is_nan() {
        return format!("{} is not stated", feature.title);
    }
    if statistic == Statistic::Deviation {
        let side = if value < 0.0 { "below" } else { "above" };
        return format!(
            "{} is {:.1} usual spreads {side} the median for {title} ({seen} values)",
            feature.title,
            value.abs()
        );
    }
    let ratio = libm::exp(f64::from(value).abs());
    if ratio < 1.05 {
        return format!("{} is at the median for {title} ({seen} values)", feature.title);
    }
    let side = if value < 0.0 { "below" } else { "above" };
    format!("{} {ratio:.1}x {side} the median for {title} ({seen} values)", feature.title)
}
