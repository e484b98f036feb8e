//! Back-tests: a draft beside the active bundle, on records whose every result is known.

use crate::decide::{day, decided_between, fixture, learnt, learnt_and_decided, learnt_with};
use crate::place::Place;
use crate::prepared::prepared;
use crate::source::{graded, result};
use tidegate_jobs::{
    BacktestOptions, Backtested, Capacity, MonitorOptions, Quiet, Side, Valued, backtest, estimate, monitor,
};

async fn tested(place: &Place, rules: Option<String>) -> Backtested {
    let options = BacktestOptions {
        rules,
        from: Some(day("2025-11-01")),
        capacity: Capacity::Slots(3),
        ..BacktestOptions::default()
    };
    backtest(&place.home, &options, &mut Quiet).await.unwrap()
}

#[tokio::test]
async fn the_active_bundle_beside_itself_is_itself_and_its_estimate_holds_what_is_known() {
    let place = learnt_and_decided().await;
    let found = tested(&place, None).await;
    assert_eq!((found.declarations, found.decided, found.inspected), (500, 500, 500));
    assert!((found.common_share - 1.0).abs() < 1e-9, "{}", found.common_share);
    let (draft, active) = (&found.draft, &found.active);
    assert_eq!(draft.inspections.to_bits(), active.inspections.to_bits());
    assert!(draft.inspections <= draft.slots as f64 + draft.mandatory as f64);
    assert!((draft.labelled_share - 1.0).abs() < 1e-9);
    // Every result is known, so the bounds meet, and the estimate from the selected alone must hold them.
    assert!((draft.possible_findings - draft.known_findings).abs() < 1e-6);
    let Valued::Estimate { value, low, high, evidence } = &draft.findings else {
        panic!("{:?}", draft.findings)
    };
    assert_eq!(*evidence, 500);
    assert!(
        (*low..=*high).contains(&draft.known_findings),
        "{value} [{low}, {high}] {}",
        draft.known_findings
    );
    let overlap = draft.overlap.unwrap();
    assert!((0.3..1.0).contains(&overlap), "{overlap}");
    let heavy = found.rules.iter().find(|r| r.id == "heavy").unwrap();
    // What it moves is not fixed: goods so heavy are inspected without the rule as well, unless chance sheds them.
    assert!(heavy.hits > 0 && heavy.labelled == heavy.hits, "{heavy:?}");
}

/// A home that decided with a high floor and many slots, so that five hundred declarations are enough.
pub async fn much_inspected() -> Place {
    prepared("much-inspected-home", much_inspected_anew).await
}

async fn much_inspected_anew() -> Place {
    let place = Place::new().await;
    let policy = include_str!("../../../../selection/default.toml").replace("floor = 0.003", "floor = 0.4");
    let policy = policy.replace("ramp_width = 0.1", "ramp_width = 0.5");
    let policy = policy.replace("spare_candidates = 2.0", "spare_candidates = 0.0");
    let path = place.write("selection.toml", &policy);
    let place = learnt_with(place, Some(path.display().to_string())).await;
    decided_between(&place, 6, [None, None]).await;
    place
}

/// What was estimated.
fn value(estimated: &Valued) -> f64 {
    let Valued::Estimate { value, low, high, .. } = estimated else { panic!("{estimated:?}") };
    assert!(low <= value && value <= high, "{estimated:?}");
    *value
}

/// Every third of the selected, by lane and result.
async fn every_third(place: &Place) -> Vec<String> {
    let mut ids = Vec::new();
    for lane in ["red", "orange"] {
        for result in ["conform", "discrepancy"] {
            let sql = format!(
                "SELECT k.declaration_id FROM decision k JOIN inspection i ON i.declaration_id = k.declaration_id \
                 WHERE k.is_selected AND k.lane_code = '{lane}' AND i.result_code = '{result}' ORDER BY 1"
            );
            ids.extend(place.texts(&sql).await.into_iter().step_by(3));
        }
    }
    ids
}

/// A third of the results is taken away, whatever they say: all estimates stay what they were, within a few standard errors
/// of two and a half per cent, where a third less was found.
#[tokio::test]
async fn results_that_are_late_or_never_come_are_no_zeros() {
    let place = much_inspected().await;
    let options = BacktestOptions {
        from: Some(day("2025-11-01")),
        capacity: Capacity::Slots(6),
        ..BacktestOptions::default()
    };
    let tested = async || backtest(&place.home, &options, &mut Quiet).await.unwrap();
    let (before, all) = (tested().await, estimate(&place.home, None, None).await.unwrap());
    let taken = every_third(&place).await;
    assert!(taken.len() > 50, "{}", taken.len());
    let list = taken.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    let erased = place.home.lake.erase("inspection", &format!("declaration_id IN ({list})")).await.unwrap();
    place.home.lake.record_snapshot(place.home.now, [&erased]).await.unwrap();

    let (after, some) = (tested().await, estimate(&place.home, None, None).await.unwrap());
    assert_eq!(after.inspected + taken.len() as u64, before.inspected);
    assert_eq!((some.known + taken.len() as u64, some.young, after.young), (all.known, 0, 0));
    assert!(after.draft.labelled_share < before.draft.labelled_share);
    for (what, after, before) in [
        ("findings of the policy", &after.draft.findings, &before.draft.findings),
        ("its share", &after.draft.recall, &before.draft.recall),
        ("findings in all", &some.findings, &all.findings),
        ("the share that was found", &some.recall, &all.recall),
    ] {
        let ratio = value(after) / value(before);
        assert!((ratio - 1.0).abs() < 0.12, "{what}: {after:?} beside {before:?}");
    }

    // What is withdrawn in place of a result says as little.
    let withdrawn = |id: &String| result(id, "2026-01-05T08:00:00Z", "withdrawn");
    let lines: Vec<String> = taken.iter().map(withdrawn).collect();
    place.ingest_as("inspection", "withdrawn.ndjson", &lines, true).await.unwrap();
    let never = estimate(&place.home, None, None).await.unwrap();
    assert_eq!(
        format!("{:?} {:?}", never.findings, never.recall),
        format!("{:?} {:?}", some.findings, some.recall)
    );
    let never = tested().await;
    assert_eq!(never.inspected, after.inspected);
    // Throw-away keys differ from run to run.
    assert!((value(&never.draft.findings) / value(&before.draft.findings) - 1.0).abs() < 0.12);
}

#[tokio::test]
async fn a_rule_that_is_left_out_says_what_it_brings_and_what_it_does_to_promises() {
    let place = learnt().await;
    let certified = |i: u32| graded(&format!("I{i}"), "2025-01-01T00:00:00Z", "advanced-certified");
    let grades: Vec<String> = (0..25).map(certified).collect();
    place.ingest_as("enterprise", "grades.ndjson", &grades, true).await.unwrap();
    // What is found in heavy goods brings a thousand each; nothing else brings anything.
    let sql = "SELECT r.declaration_id FROM declaration_item r JOIN inspection i ON i.declaration_id = r.declaration_id \
               WHERE r.net_mass_kg > 40 AND r.month >= '2025-11' AND i.result_code = 'discrepancy' ORDER BY 1";
    let brings = |id: &String| {
        format!(
            r#"{{"declaration_id":"{id}","recorded_date_time":"2026-01-05T08:00:00Z","result_code":"discrepancy","finding":[{{"type_code":"undervaluation","revenue_amount":{{"value":"1000","currency":"KRW"}}}}]}}"#
        )
    };
    let lines: Vec<String> = place.texts(sql).await.iter().map(brings).collect();
    place.ingest_as("inspection", "revenue.ndjson", &lines, true).await.unwrap();
    let found = tested(&place, None).await;
    let rule = |id: &str| found.rules.iter().find(|r| r.id == id).unwrap();
    // Certified traders' heavy goods would seldom be inspected without it.
    let heavy = rule("heavy");
    assert_eq!(heavy.found, lines.len() as u64);
    assert!(heavy.known_revenue > 1.0 && heavy.known_revenue <= 1_000.0 * heavy.found as f64, "{heavy:?}");
    assert_eq!(heavy.promises[0].0, "advanced-certified");
    assert!(heavy.promises[0].1.abs() > 1e-9, "{heavy:?}");
    // To be held for documents is no inspection.
    let light = rule("light-goods");
    assert!(light.known_revenue.abs() < 1e-9 && light.promises[0].1.abs() < 1e-12, "{light:?}");
}

#[tokio::test]
async fn an_estimate_from_the_selected_holds_what_everything_shows() {
    let place = much_inspected().await;
    let found = estimate(&place.home, None, None).await.unwrap();
    let all = place.count(
        "SELECT count(*) FROM inspection i JOIN decision d USING (declaration_id) WHERE i.result_code = 'discrepancy'",
    );
    let all = all.await as f64;
    let Valued::Estimate { value, low, high, .. } = &found.findings else { panic!("{:?}", found.findings) };
    assert!((*low..=*high).contains(&all), "{value} [{low}, {high}] {all}");
    assert_eq!((found.decided, found.known), (500, found.selected), "every result is known");
    assert_eq!(found.added, 500 - found.selected, "the others are no evidence");
    let of_parts: u64 = found.components.iter().map(|c| c.known).sum();
    assert_eq!(of_parts, found.known);
    let missed = place.count(
        "SELECT CAST(round(sum(1 - d.inclusion_probability)) AS BIGINT) FROM decision d \
         JOIN inspection i USING (declaration_id) WHERE i.result_code = 'discrepancy'",
    );
    let missed = missed.await as f64;
    let Valued::Estimate { value, low, high, .. } = &found.missed_findings else {
        panic!("{:?}", found.missed_findings)
    };
    assert!((*low..=*high).contains(&missed), "{value} [{low}, {high}] {missed}");
    let none = estimate(&place.home, Some(day("2031-01-01")), None).await.unwrap_err().to_string();
    assert!(none.contains("2025-11"), "{none}");
}

#[tokio::test]
async fn a_draft_rule_is_seen_in_load_and_findings() {
    let place = learnt().await;
    let text = std::fs::read_to_string(fixture("rules")).unwrap();
    let draft = format!(
        "{text}\n[[rule]]\nid = 'all-textiles'\nowner = 'test'\nlevel = 'item'\nreason = 'textiles'\nfrom = 2025-01-01\n\
         effect = {{ mandatory = 'red' }}\nsql = \"commodity_hs6 = '620822'\"\n\
         [[rule.example]]\nhit = true\nrecord = {{ commodity_hs6 = '620822' }}\n\
         [[rule.example]]\nhit = false\nrecord = {{ commodity_hs6 = '950300' }}\n"
    );
    let path = place.write("draft.toml", &draft);
    let found = tested(&place, Some(path.display().to_string())).await;
    assert!(found.draft.mandatory > found.active.mandatory, "{found:?}");
    assert!(found.common_share < 1.0);
    let (draft, active) = (&found.draft, &found.active);
    assert_eq!(draft.loads.iter().map(|l| u64::from(l.slots)).sum::<u64>(), draft.slots);
    let overloaded = |side: &Side| {
        side.loads.iter().filter(|l| l.candidates / f64::from(l.slots.max(1)) > 1.1).count() as u64
    };
    assert_eq!([overloaded(draft), overloaded(active)], [draft.overloaded_days, active.overloaded_days]);
    let lists = |side: &Side| side.loads.iter().map(|l| (l.day, l.office.clone())).collect::<Vec<_>>();
    assert_eq!(lists(draft), lists(active));
    assert!(lists(draft).iter().all(|(day, office)| *day >= found.from && office == "20"));
    let rule = found.rules.iter().find(|r| r.id == "all-textiles").unwrap();
    assert!(rule.hits > 50 && rule.moved > 10.0, "{rule:?}");
    assert!(matches!(&found.draft.findings, Valued::Refusal(why) if why.contains("decided by a draw")));
    let late = BacktestOptions { from: Some(day("2031-01-01")), ..BacktestOptions::default() };
    let refused = backtest(&place.home, &late, &mut Quiet).await.unwrap_err().to_string();
    assert!(refused.contains("2025"), "{refused}");
}

#[tokio::test]
async fn a_bundle_is_watched() {
    let place = learnt().await;
    let seen = monitor(&place.home, &MonitorOptions::default(), &mut Quiet).await.unwrap();
    assert_eq!(seen.current[1], day("2025-12-28"));
    assert!(seen.goods_items.iter().all(|n| *n > 200), "{:?}", seen.goods_items);
    assert!(seen.score.unwrap().index.is_finite());
    let rate = seen.hit_rates[1].unwrap();
    assert!(rate[1] < rate[0] && rate[0] < rate[2]);
    let heavy = seen.rules.iter().find(|r| r.id == "heavy").unwrap();
    assert!(heavy.hits[1] > 0 && heavy.labelled[0] == heavy.hits[1] && !heavy.is_past, "{heavy:?}");
    // Later, the rule for a limited time is past it.
    let text = std::fs::read_to_string(fixture("rules")).unwrap();
    assert!(text.contains("until = 2026-12-31"));
    let options = MonitorOptions { to: Some(day("2027-01-31")), ..MonitorOptions::default() };
    let later = monitor(&place.home, &options, &mut Quiet).await.unwrap();
    assert!(later.rules.iter().any(|r| r.id == "textiles-from-china" && r.is_past));
    assert!(later.score.is_none() && later.features.is_empty(), "nothing was lodged");
}
