//! What rules do, and how mistakes in them are named.

use super::{Effect, RuleSet};
use crate::features::day_number;
use crate::selection::Lane;
use arrow::array::{Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::NaiveDate;
use proptest::prelude::*;
use std::sync::Arc;

const ITEM: &str = r#"
name = "test"
description = "one rule"

[[rule]]
id = "dear"
owner = "us"
level = "item"
reason = "HS {hs} at {price}"
from = 2025-03-01
until = 2025-03-31
effect = { weight = 0.5 }
sql = "price / mass > 10"

[[rule.example]]
hit = true
record = { price = 101, mass = 10 }

[[rule.example]]
hit = false
record = { price = 100, mass = 10 }
"#;

fn schema() -> SchemaRef {
    let field = |name, data_type| Field::new(name, data_type, true);
    Arc::new(Schema::new(vec![
        field("hs", DataType::Utf8),
        field("price", DataType::Float64),
        field("mass", DataType::Float64),
    ]))
}

fn rows(prices: &[Option<f64>]) -> RecordBatch {
    let mass = vec![Some(1.0); prices.len()];
    let hs = vec![Some("010121"); prices.len()];
    RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(StringArray::from(hs)),
            Arc::new(Float64Array::from(prices.to_vec())),
            Arc::new(Float64Array::from(mass)),
        ],
    )
    .unwrap()
}

fn parse(text: &str) -> RuleSet {
    RuleSet::parse("r.toml", text, &schema()).unwrap()
}

fn refused(from: &str, to: &str) -> String {
    let text = ITEM.replacen(from, to, 1);
    assert_ne!(text, ITEM, "{from}");
    RuleSet::parse("r.toml", &text, &schema()).unwrap_err().to_string()
}

#[test]
fn an_item_rule_hits_on_the_days_it_is_valid_and_null_is_no_hit() {
    let rules = parse(ITEM);
    assert_eq!(rules.rules[0].effect, Effect::Weight(0.5));
    let march = day_number(NaiveDate::from_ymd_opt(2025, 3, 31).unwrap());
    let conditions =
        rules.evaluate(&rows(&[Some(11.0), Some(11.0), None, Some(9.0)]), &[march, march + 1, march, march]);
    let conditions = conditions.unwrap();
    let hits: Vec<usize> = (0..4).map(|row| conditions.of_row(row).count()).collect();
    assert_eq!(hits, [1, 0, 0, 0]);
    assert_eq!(conditions.null_counts, [1]);
    assert_eq!(conditions.item_score(&rules, 0, 0.2, None).to_bits(), 0.6_f64.to_bits(), "1 - 0.8 x 0.5");
    let hit = conditions.of_row(0).next();
    assert_eq!(
        conditions.item_score(&rules, 0, 0.2, hit).to_bits(),
        0.2_f64.to_bits(),
        "as if it were not there"
    );
    assert_eq!(conditions.item_score(&rules, 1, 0.2, None).to_bits(), 0.2_f64.to_bits());
}

#[test]
fn items_of_a_declaration_are_taken_together() {
    let declared = |together: &str| {
        let text = ITEM
            .replace("level = \"item\"", &format!("level = \"declaration\"\n{together}"))
            .replace("until = 2025-03-31\n", "");
        let examples = text.find("[[rule.example]]").unwrap();
        let text = format!(
            "{}[[rule.example]]\nhit = true\nitems = [{{ price = 50, mass = 1 }}, {{ price = 60, mass = 1 }}]\n\
             [[rule.example]]\nhit = false\nrecord = {{ price = 1, mass = 1 }}\n",
            &text[..examples]
        );
        parse(&text)
    };
    let day = day_number(NaiveDate::from_ymd_opt(2025, 3, 1).unwrap());
    let hits = |rules: &RuleSet, prices: &[Option<f64>]| {
        let conditions = rules.evaluate(&rows(prices), &vec![day; prices.len()]).unwrap();
        !conditions.of_declaration(rules, 0..prices.len()).is_empty()
    };
    let (dear, cheap) = (Some(50.0), Some(1.0));
    let any = declared("items = \"any\"");
    assert!(hits(&any, &[cheap, dear]) && !hits(&any, &[cheap, cheap]));
    let every = declared("items = \"all\"");
    assert!(hits(&every, &[dear, dear]) && !hits(&every, &[cheap, dear]));
    let count = declared("items = \"count\"\nat_least = 2");
    assert!(hits(&count, &[dear, cheap, dear]) && !hits(&count, &[cheap, dear]));
    let sum = declared("items = \"sum\"\nof = \"price\"\nat_least = 100");
    assert!(hits(&sum, &[dear, cheap, dear]), "only items that the condition is true of are summed");
    assert!(!hits(&sum, &[dear, cheap, Some(49.0)]) && !hits(&sum, &[dear, None]));
}

#[test]
fn mistakes_are_refused_with_their_place() {
    for (from, to, expected) in [
        ("price / mass > 10", "prise / mass > 10", "r.toml:13:8: there is no column prise"),
        ("price / mass > 10", "hs = 10121", "r.toml:13"),
        ("price = 101", "price = 99", "says that the rule hits, but it does not hit"),
        ("record = { price = 101", "record = { hs = 10121, price = 101", "must be text in quotes"),
        ("record = { price = 101", "record = { colour = 1, price = 101", "`colour`, which is not there"),
        ("price = 101, ", "", "NULL since not given: price"),
        ("weight = 0.5", "weight = 1.5", "a weight lies between 0 and 1"),
        ("{ weight = 0.5 }", "{ mandatory = \"green\" }", "can only ask for more"),
        ("owner = \"us\"", "owner = \" \"", "needs an owner"),
        ("{hs}", "{hs_code}", "`hs_code` in its reason"),
        ("until = 2025-03-31", "until = 2025-02-28", "ends before it begins"),
        ("level = \"item\"", "level = \"item\"\nat_least = 2.0", "is of level item"),
        ("hit = false", "hit = true", "needs an example that hits and one that does not"),
        ("owner", "ownr", "ownr"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(expected), "{to}: {error}");
        assert!(error.contains("r.toml"), "{error}");
    }
    let twice = format!("{ITEM}{}", &ITEM[ITEM.find("[[rule]]").unwrap()..]);
    let error = RuleSet::parse("r.toml", &twice, &schema()).unwrap_err().to_string();
    assert!(error.starts_with("r.toml:23:7: rule `dear` is there already"), "{error}");
}

#[test]
fn effects_say_what_lane_they_need() {
    let lane = |effect: &str| parse(&ITEM.replace("{ weight = 0.5 }", effect)).rules[0].least_lane();
    assert_eq!(lane("{ weight = 0.5 }"), None);
    assert_eq!(lane("{ mandatory = \"orange\" }"), Some(Lane::Orange));
    assert_eq!(lane("\"hold\""), Some(Lane::Yellow));
}

proptest! {
    /// Whatever stands in a file, a rule set is read or refused.
    #[test]
    fn fuzz_rules(cut in 0..ITEM.len(), noise in "\\PC{0,20}") {
        let cut = (0..=cut).rev().find(|i| ITEM.is_char_boundary(*i)).unwrap_or(0);
        let _ = RuleSet::parse("r.toml", &format!("{}{noise}{}", &ITEM[..cut], &ITEM[cut..]), &schema());
        let _ = RuleSet::parse("r.toml", &ITEM[..cut], &schema());
    }
}
