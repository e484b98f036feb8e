//! Back-tests: a draft beside the active bundle, on records whose every result is known.

use crate::decide::{day, decided, fixture, learnt, learnt_with};
use crate::place::Place;
use tidegate_jobs::{
    BacktestOptions, Backtested, Capacity, DecideOptions, MonitorOptions, Quiet, Valued, backtest, decide,
    estimate, monitor,
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
    let place = learnt().await;
    decided(&place).await;
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

#[tokio::test]
async fn an_estimate_from_the_selected_holds_what_everything_shows() {
    // A high floor and many slots, so that five hundred declarations are enough.
    let place = Place::new().await;
    let policy = include_str!("../../../../selection/default.toml").replace("floor = 0.003", "floor = 0.4");
    let policy = policy.replace("ramp_width = 0.1", "ramp_width = 0.5");
    let policy = policy.replace("spare_candidates = 2.0", "spare_candidates = 0.0");
    let path = place.write("selection.toml", &policy);
    let place = learnt_with(place, Some(path.display().to_string())).await;
    let options = DecideOptions { capacity: Capacity::Slots(6), ..DecideOptions::default() };
    decide(&place.home, &options, &mut Quiet).await.unwrap();
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
