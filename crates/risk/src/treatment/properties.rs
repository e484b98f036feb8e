//! What holds of every consignment: who is treated has all that the rule asks for, and nothing else is read.

use super::policy::shipped;
use super::*;
use crate::selection::Lane;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn filing(prefix: &str, handling: &str) -> Filing {
    Filing {
        id: format!("{prefix}-{handling}"),
        enterprise: "E".to_owned(),
        recorded_at: "2025-01-01T00:00:00Z".parse().unwrap(),
        commodity_prefix: prefix.to_owned(),
        handling: handling.to_owned(),
        site: "clean room".to_owned(),
        site_certified_until: day("2026-12-31"),
        environment: Environment {
            temperature_c: Band { low: Some(21.0), high: Some(24.0) },
            humidity_percent: Band { low: Some(40.0), high: Some(55.0) },
            cleanliness_class: Some(7),
        },
        valid_from: day("2025-01-01"),
        valid_until: day("2025-12-31"),
    }
}

fn item(commodity: &str, handling: &[&str]) -> DeclaredItem {
    DeclaredItem {
        commodity: commodity.to_owned(),
        handling: handling.iter().map(|h| (*h).to_owned()).collect(),
    }
}

fn case<'a>(items: &'a [DeclaredItem], filings: &'a [&'a Filing]) -> Treatable<'a> {
    Treatable {
        grade: "conventional",
        accepted_on: day("2025-06-02"),
        decided_on: day("2025-06-03"),
        lane: Lane::Red,
        is_mandatory: false,
        items,
        filings,
    }
}

fn of(case: &Treatable<'_>) -> Result<Treatment, Refusal> {
    treat(&shipped(), case, |_| None)
}

#[test]
fn filed_goods_with_evidence_are_opened_at_their_destination() {
    let (vacuum, light) = (filing("8542", "vacuum"), filing("9001", "light-proof"));
    let cool = Filing {
        environment: Environment {
            temperature_c: Band { low: None, high: Some(22.0) },
            ..Environment::default()
        },
        ..light
    };
    let items = [item("8542310000", &["vacuum"]), item("9001100000", &["light-proof"])];
    let treatment = of(&case(&items, &[&vacuum, &cool])).unwrap();
    assert_eq!(treatment.deadline, day("2025-06-03") + Days::new(14));
    let directive = treatment.directive();
    for words in [
        "Do not open at the port",
        "clean room",
        "2025-06-17",
        "21 to 22 °C",
        "40 to 55 %",
        "class 7",
        "2 officers",
    ] {
        assert!(directive.contains(words), "{words}: {directive}");
    }
}

#[test]
fn the_first_reason_is_given() {
    let vacuum = filing("8542", "vacuum");
    let good = [item("8542310000", &["vacuum"])];
    let filings = [&vacuum];
    let usual = case(&good, &filings);
    let refused = |case: Treatable<'_>| of(&case).unwrap_err();
    assert_eq!(refused(Treatable { decided_on: day("2001-01-01"), ..usual }), Refusal::NoPolicy);
    assert_eq!(refused(Treatable { filings: &[], ..usual }), Refusal::NotFiled);
    assert_eq!(refused(Treatable { accepted_on: day("2026-01-01"), ..usual }), Refusal::FilingNotValid);
    assert_eq!(refused(Treatable { grade: "dishonest", ..usual }), Refusal::BadGrade);
    assert_eq!(refused(Treatable { items: &[], ..usual }), Refusal::GoodsNotFiled);
    let others = [good[0].clone(), item("6204620000", &["vacuum"])];
    assert_eq!(refused(Treatable { items: &others, ..usual }), Refusal::GoodsNotFiled);
    assert_eq!(refused(Treatable { items: &[item("8542", &[])], ..usual }), Refusal::HandlingNotEvidenced);
    let light = [item("8542", &["light-proof"])];
    assert_eq!(refused(Treatable { items: &light, ..usual }), Refusal::HandlingNotEvidenced);
    let both = [item("8542", &["vacuum", "light-proof"])];
    assert_eq!(refused(Treatable { items: &both, ..usual }), Refusal::HandlingNotFiled);
    assert_eq!(refused(Treatable { is_mandatory: true, ..usual }), Refusal::Mandatory);
    let lapses = Filing { site_certified_until: day("2025-06-16"), ..vacuum.clone() };
    assert_eq!(refused(Treatable { filings: &[&lapses], ..usual }), Refusal::SiteNotCertified);
    let elsewhere = Filing { site: "another".to_owned(), ..filing("9001", "light-proof") };
    let items = [good[0].clone(), item("9001", &["light-proof"])];
    assert_eq!(
        refused(Treatable { items: &items, filings: &[&vacuum, &elsewhere], ..usual }),
        Refusal::NoCommonSite
    );
    let mut cold = filing("9001", "light-proof");
    cold.environment.temperature_c = Band { low: None, high: Some(4.0) };
    let refusal = refused(Treatable { items: &items, filings: &[&vacuum, &cold], ..usual });
    assert_eq!(refusal, Refusal::NoCommonEnvironment);
    let loss = Loss {
        enterprise: "E".to_owned(),
        declaration: "D".to_owned(),
        cause: LossCause::Late,
        recorded_at: "2025-05-01T00:00:00Z".parse().unwrap(),
    };
    assert_eq!(treat(&shipped(), &usual, |_| Some(&loss)).unwrap_err(), Refusal::Suspended);
    for refusal in Refusal::ALL {
        assert_eq!(Refusal::of_code(refusal.code()), Some(refusal));
        assert!(refusal.sentence().ends_with('.'));
    }
}

#[test]
fn a_filing_is_known_from_the_day_after_it_was_recorded_and_the_last_record_counts() {
    let first = filing("8542", "vacuum");
    let later = Filing {
        recorded_at: "2025-03-05T10:00:00Z".parse().unwrap(),
        site: "new".to_owned(),
        ..first.clone()
    };
    let site = |on: &str| known([&later, &first], day(on)).first().map(|f| f.site.clone());
    assert_eq!(site("2025-01-01"), None);
    assert_eq!(site("2025-03-05").as_deref(), Some("clean room"));
    assert_eq!(site("2025-03-06").as_deref(), Some("new"));
}

prop_compose! {
    fn any_filing()(
        prefix in prop::sample::select(vec!["85", "8542", "9001"]),
        handling in prop::sample::select(vec!["vacuum", "light-proof"]),
        site in prop::sample::select(vec!["A", "B"]),
        certified in 0..400_u64,
        valid in 0..300_u64,
        low in 0..30_i32,
        width in 0..10_i32,
        number in 0..1_000_u32,
    ) -> Filing {
        let mut filing = filing(prefix, handling);
        filing.id = number.to_string();
        filing.site = site.to_owned();
        filing.site_certified_until = day("2025-01-01") + Days::new(certified);
        filing.valid_until = day("2025-01-01") + Days::new(valid);
        filing.environment.temperature_c = Band { low: Some(low.into()), high: Some((low + width).into()) };
        filing
    }
}

prop_compose! {
    fn any_item()(
        commodity in prop::sample::select(vec!["8542310000", "8541100000", "9001100000", "6204620000"]),
        handling in prop::sample::subsequence(vec!["vacuum", "light-proof", "shock-sensitive"], 0..=2),
    ) -> DeclaredItem {
        item(commodity, &handling)
    }
}

proptest! {
    #[test]
    fn whoever_is_treated_has_everything_the_rule_asks_for(
        filings in prop::collection::vec(any_filing(), 0..6),
        items in prop::collection::vec(any_item(), 0..4),
        grade in prop::sample::select(vec!["conventional", "advanced-certified", "dishonest", "seriously-dishonest"]),
        is_mandatory in any::<bool>(),
        accepted in 0..300_u64,
    ) {
        let accepted_on = day("2025-01-01") + Days::new(accepted);
        let known: Vec<&Filing> = filings.iter().collect();
        let case = Treatable {
            grade, accepted_on, decided_on: accepted_on, lane: Lane::Orange, is_mandatory, items: &items, filings: &known,
        };
        let Ok(treatment) = of(&case) else { return Ok(()) };
        prop_assert!(!grade.contains("dishonest") && !is_mandatory && !items.is_empty());
        prop_assert_eq!(treatment.port_check, PortCheck::Scan);
        for item in &items {
            prop_assert!(!item.handling.is_empty(), "no package code stands in for evidence");
            for handling in &item.handling {
                let filed = filings.iter().any(|f| f.handling == *handling && f.covers(&item.commodity)
                    && f.holds_on(accepted_on) && f.site == treatment.site
                    && f.site_certified_until >= treatment.deadline
                    && f.environment.intersection(treatment.environment) == Some(treatment.environment));
                prop_assert!(filed, "{handling} of {item:?} at {treatment:?}");
            }
        }
        let backwards: Vec<&Filing> = filings.iter().rev().collect();
        let again = of(&Treatable { filings: &super::known(backwards, day("2026-01-01")), ..case });
        let sorted = of(&Treatable { filings: &super::known(known.iter().copied(), day("2026-01-01")), ..case });
        let ids: std::collections::BTreeSet<_> = filings.iter().map(|f| &f.id).collect();
        if ids.len() == filings.len() {
            prop_assert_eq!(again, sorted, "the order of records leaves no trace");
        }
    }
}
