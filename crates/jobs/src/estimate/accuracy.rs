//! How well officers see, from the inspections that a reference team did once more.

use crate::JobError;
use crate::answer::Answer;
use crate::backtest::Valued;
use crate::configuration::Estimate;
use crate::decide::between;
use chrono::NaiveDate;
use tidegate_query::Platform;
use tidegate_risk::estimation::{Accuracy, Reference, Refusal, Reinspection, Share, accuracy, prevalence};
use tidegate_risk::selection::Lane;

/// Accuracy of the first inspections of a lane.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LaneAccuracy {
    /// Lane of the first inspections.
    pub lane: String,
    /// Consignments with both results.
    pub pairs: u64,
    /// P(finding | something is there).
    pub sensitivity: Valued,
    /// P(no finding | nothing is there).
    pub specificity: Valued,
    /// Share of the lane's inspections in which something is there, whether it was found or not.
    pub prevalence: Valued,
}

/// Accuracy by lane, from the decisions accepted on the days of which both results are in.
pub(super) async fn read(
    platform: &Platform,
    purpose: &str,
    from: NaiveDate,
    to: NaiveDate,
    settings: &Estimate,
) -> Result<Vec<LaneAccuracy>, JobError> {
    let result = |table: &str| {
        format!(
            "(SELECT declaration_id, max(CASE WHEN result_code = 'discrepancy' THEN 1 ELSE 0 END) AS found \
             FROM {table} WHERE result_code IS NOT NULL GROUP BY 1)"
        )
    };
    let sql = format!(
        "SELECT k.lane_code, k.is_reinspected AND t.found IS NOT NULL AS is_pair, \
         k.realised_probability * k.reinspection_probability AS probability, f.found AS first, t.found AS second \
         FROM decision k JOIN {} f ON f.declaration_id = k.declaration_id \
         LEFT JOIN {} t ON t.declaration_id = k.declaration_id \
         WHERE k.version_number = 1 AND k.is_selected AND {} ORDER BY k.declaration_id, k.run_number",
        result("inspection"),
        result("reinspection"),
        between("k.accepted_at", from, to)
    );
    let answer = Answer::of(platform, purpose, &sql).await?;
    let (lanes, probabilities) = (answer.texts("lane_code")?, answer.reals("probability")?);
    let [pairs, first, second] = ["is_pair", "first", "second"].map(|name| answer.counts(name));
    let (is_pair, first, second) = (pairs?, first?, second?);
    let mut pairs = Vec::new();
    for row in (0..answer.rows()).filter(|row| is_pair[*row] > 0) {
        let Some(lane) = Lane::of_code(&lanes[row]) else { continue };
        let (first, second) = (first[row] > 0, second[row] > 0);
        pairs.push(Reinspection { lane, first, second, probability: probabilities[row] });
    }
    let reference = Reference {
        sensitivity: settings.reference_sensitivity,
        specificity: settings.reference_specificity,
    };
    let of_lane = |(lane, found): (Lane, Result<Accuracy, Refusal>)| {
        let of_lane: Vec<bool> =
            (0..answer.rows()).filter(|r| lanes[*r] == lane.code()).map(|r| first[r] > 0).collect();
        LaneAccuracy::of(lane, &found, &of_lane, pairs.iter().filter(|pair| pair.lane == lane).count() as u64)
    };
    Ok(accuracy(&pairs, reference).into_iter().map(of_lane).collect())
}

impl LaneAccuracy {
    /// From the accuracy of a lane and all of its first results.
    fn of(lane: Lane, found: &Result<Accuracy, Refusal>, first: &[bool], pairs: u64) -> Self {
        let (inspections, findings) = (first.len() as f64, first.iter().filter(|f| **f).count() as f64);
        let rate = findings / inspections;
        let share = |of: Result<Share, Refusal>| match of {
            Ok(Share { value, interval, .. }) => {
                Valued::Estimate { value, low: interval.low, high: interval.high, evidence: pairs }
            }
            Err(refusal) => Valued::Refusal(refusal.to_string()),
        };
        Self {
            lane: lane.code().to_owned(),
            pairs,
            sensitivity: share(found.clone().map(|a| a.sensitivity)),
            specificity: share(found.clone().map(|a| a.specificity)),
            prevalence: share(
                found.clone().and_then(|a| prevalence(rate, rate * (1.0 - rate) / inspections, &a)),
            ),
        }
    }
}
