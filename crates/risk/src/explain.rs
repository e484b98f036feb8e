//! Explanation: the exact contributions of a decision as sentences that an officer understands.

use crate::assess::{AssessError, Assessment};
use crate::bundle::Bundle;
use crate::features::{Feature, FeatureSource, ForestChoice, Standing, Statistic};
use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::fmt::Write;

/// What one feature says about a record.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Reason {
    /// Name of the feature.
    pub feature: String,
    /// What it moved the log-odds by (exact Shapley value).
    pub contribution: f64,
    /// The sentence.
    pub sentence: String,
}

impl Bundle {
    /// The `limit` features that moved the log-odds of one assessed record most, the strongest first.
    ///
    /// # Errors
    /// When the row does not exist or does not fit the forest.
    pub fn reasons(
        &self,
        assessment: &Assessment,
        row: usize,
        limit: usize,
    ) -> Result<Vec<Reason>, AssessError> {
        let Some(values) = assessment.features.row(row) else { return Ok(Vec::new()) };
        let contributions = self.forest.contributions(&values)?;
        let features = self.set.read_by(ForestChoice::Decision);
        let mut reasons: Vec<(f64, &Feature, f32)> =
            contributions.values.iter().zip(features).zip(values).map(|((c, f), v)| (*c, f, v)).collect();
        reasons.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then_with(|| a.1.name.cmp(&b.1.name)));
        let sentence = |(contribution, feature, value): (f64, &Feature, f32)| Reason {
            feature: feature.name.clone(),
            contribution,
            sentence: self.sentence(assessment, row, feature, value),
        };
        Ok(reasons.into_iter().filter(|r| r.0 != 0.0).take(limit).map(sentence).collect())
    }

    fn sentence(&self, assessment: &Assessment, row: usize, feature: &Feature, value: f32) -> String {
        match feature.source {
            FeatureSource::Column { .. } => column_sentence(feature, value),
            FeatureSource::Profile { profile, statistic } => {
                let title = self.title(assessment, row, profile);
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

    /// Title of a profile with the record's values in place of `{column}`.
    fn title(&self, assessment: &Assessment, row: usize, profile: usize) -> String {
        let mut title = String::new();
        let mut rest = self.set.profiles[profile].title.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            title.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            title.push_str(&value_text(assessment, row, name));
            rest = after;
        }
        title.push_str(rest);
        title
    }
}

/// A value as an officer would write it: no trailing zeros.
fn value_text(assessment: &Assessment, row: usize, column: &str) -> String {
    let Some(array) = assessment.prepared.batch.column_by_name(column) else { return "unknown".to_owned() };
    if array.is_null(row) {
        return "unknown".to_owned();
    }
    let options = FormatOptions::default();
    let Ok(formatter) = ArrayFormatter::try_new(array.as_ref(), &options) else {
        return "unknown".to_owned();
    };
    let text = formatter.value(row).to_string();
    match text.split_once('.') {
        Some(_) if array.data_type().is_numeric() => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text,
    }
}

fn column_sentence(feature: &Feature, value: f32) -> String {
    if value.is_nan() {
        return format!("{} is not stated", feature.title);
    }
    let mut sentence = format!("{} is {value}", feature.title);
    if let Some(unit) = &feature.unit {
        // Writing to a String cannot fail.
        let _ = write!(sentence, " {unit}");
    }
    sentence
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
