//! Estimates: what officers miss, from inspections that were done once more; which results count; reporting cells.

use crate::backtest::much_inspected;
use crate::decide::{decided, learnt, learnt_with};
use crate::lodged_again::{Lodged, ingest_versions};
use crate::place::Place;
use crate::source::result;
use tidegate_jobs::{ReportedBy, Valued, estimate, estimate_by};

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
        result(id, "2026-01-05T08:00:00Z", code)
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

#[tokio::test]
async fn what_a_later_version_was_drawn_for_was_not_added_by_an_officer() {
    let place = learnt().await;
    // Light goods at first; a week later they weigh so much that a rule wants all of them inspected.
    let ids: Vec<String> = (0..20).map(|i| (710_000 + i).to_string()).collect();
    let documents: Vec<String> = (0..20).map(|i| format!("H{}", 200 + i)).collect();
    for (version, issued, mass) in [("1", "2025-11-03", "12.5"), ("2", "2025-11-11", "40.5")] {
        let lodged: Vec<Lodged<'_>> = ids
            .iter()
            .zip(&documents)
            .map(|(id, document)| (id.as_str(), version, "2025-11-03", issued, document.as_str()))
            .collect();
        ingest_versions(&place, &lodged, ["20", mass, "1"]).await;
    }
    decided(&place).await;
    let later = place.count(
        "SELECT count(*) FROM decision a JOIN decision b ON a.declaration_id = b.declaration_id \
         WHERE a.version_number = 1 AND NOT a.is_selected AND b.version_number = 2 AND b.is_selected",
    );
    let later = later.await;
    let unselected =
        place.count("SELECT count(*) FROM decision WHERE version_number = 1 AND NOT is_selected").await;
    let found = estimate(&place.home, None, None).await.unwrap();
    assert!(later > 5, "{later} of twenty");
    assert_eq!((found.later as i64, found.added as i64), (later, unselected - later));
}

#[tokio::test]
async fn a_reporting_cell_states_its_floor_and_is_refused_where_that_is_too_small() {
    let mut place = much_inspected().await;
    let whole = estimate_by(&place.home, None, None, Some(ReportedBy::Month)).await.unwrap();
    let in_floor = place.count("SELECT count(*) FROM decision WHERE is_in_floor AND is_selected").await;
    assert_eq!(whole.cells.iter().map(|c| c.cell.as_str()).collect::<Vec<_>>(), ["2025-11", "2025-12"]);
    assert_eq!(whole.cells.iter().map(|c| c.declarations).sum::<u64>(), whole.decided);
    assert_eq!(whole.cells.iter().map(|c| c.floor_inspected).sum::<u64>(), in_floor as u64);
    for cell in &whole.cells {
        let Valued::Refusal(why) = &cell.rate else { panic!("{cell:?}") };
        let told = format!(
            "the cell has {} floor inspections of {} records",
            cell.floor_inspected, cell.declarations
        );
        assert!(why.starts_with(&told) && why.contains("3012: report a coarser cell"), "{why}");
        let share = cell.floor_inspected as f64 / cell.declarations as f64;
        assert!((cell.floor_share - share).abs() < 1e-12 && (cell.floor_required - 3_012.0).abs() < 0.5);
    }
    // A fifth of the declarations with a relative error of a half: 62 inspections, of some two hundred at the one office.
    (place.home.configuration.estimate.cell_prevalence, place.home.configuration.estimate.cell_error) =
        (0.2, 0.5);
    let by_office = estimate_by(&place.home, None, None, Some(ReportedBy::Office)).await.unwrap();
    assert_eq!(by_office.cells.len(), 1);
    assert_eq!(by_office.cells[0].cell, "20");
    assert!((by_office.cells[0].floor_required - 62.0).abs() < 0.5, "{:?}", by_office.cells);
    assert_eq!(
        format!("{:?}", by_office.cells[0].rate),
        format!("{:?}", by_office.rate),
        "the office is everything"
    );
    assert!(estimate(&place.home, None, None).await.unwrap().cells.is_empty());
}
