//! Estimates: what officers miss, from inspections that were done once more.

use crate::decide::{decided, learnt_with};
use crate::place::Place;
use tidegate_jobs::{Valued, estimate};

const AGAIN: &str = "SELECT k.declaration_id FROM decision k JOIN inspection i ON i.declaration_id = k.declaration_id \
    WHERE k.is_reinspected GROUP BY 1 HAVING max(CASE WHEN i.result_code = 'discrepancy' THEN 1 ELSE 0 END)";

/// A home in which the reference team inspects half of what was inspected.
async fn half_inspected_again() -> Place {
    let shipped = include_str!("../../../../selection/default.toml");
    let half = shipped.replace("reinspected_share = 0.02", "reinspected_share = 0.5");
    assert_ne!(half, shipped);
    let place = Place::new().await;
    let policy = place.write("half.toml", &half).display().to_string();
    let place = learnt_with(place, Some(policy)).await;
    decided(&place).await;
    place
}

#[tokio::test]
async fn what_officers_miss_is_measured_by_inspecting_once_more() {
    let mut place = half_inspected_again().await;
    let count = |condition: &str| format!("SELECT count(*) FROM decision WHERE {condition}");
    let selected = place.count(&count("is_selected")).await as f64;
    let again = place.count(&count("is_reinspected")).await as f64;
    // Five standard errors of a coin.
    assert!((again - 0.5 * selected).abs() < 5.0 * (0.25 * selected).sqrt(), "{again} of {selected}");
    assert_eq!(place.count(&count("is_reinspected AND NOT is_selected")).await, 0);

    // The reference team sees all that is there: what the officers saw, and something in every third besides.
    let found = place.texts(&format!("{AGAIN} = 1 ORDER BY 1")).await;
    let conform = place.texts(&format!("{AGAIN} = 0 ORDER BY 1")).await;
    let missed: Vec<&String> = conform.iter().step_by(3).collect();
    let line = |id: &String| {
        let code = if found.contains(id) || missed.contains(&id) { "discrepancy" } else { "conform" };
        format!(
            r#"{{"declaration_id":"{id}","recorded_date_time":"2026-01-05T08:00:00Z","result_code":"{code}"}}"#
        )
    };
    let lines: Vec<String> = found.iter().chain(&conform).map(line).collect();
    let before = estimate(&place.home, None, None).await.unwrap();
    assert!(before.accuracy.is_empty(), "nothing was inspected once more yet");
    place.ingest_as("reinspection", "again.ndjson", &lines, true).await.unwrap();
    place.home.configuration.estimate.reference_sensitivity = 1.0;
    place.home.configuration.estimate.reference_specificity = 1.0;
    let estimated = estimate(&place.home, None, None).await.unwrap();
    assert_eq!(estimated.accuracy.iter().map(|lane| lane.pairs).sum::<u64>(), lines.len() as u64);
    assert_eq!(
        format!("{:?}", estimated.findings),
        format!("{:?}", before.findings),
        "nothing else reads them"
    );

    let share = found.len() as f64 / (found.len() + missed.len()) as f64;
    for lane in &estimated.accuracy {
        let (Valued::Estimate { low, high, .. }, Valued::Estimate { value, .. }) =
            (&lane.sensitivity, &lane.specificity)
        else {
            panic!("{lane:?}");
        };
        // The shares of a lane are weighted, so that they are near those of the counts and not the same.
        assert!(*low < share && share < *high, "{share} in {lane:?}");
        assert!((value - 1.0).abs() < 1e-12, "the officers reported nothing that the team did not see");
    }
}
