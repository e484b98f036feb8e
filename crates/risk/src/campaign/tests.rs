//! The laws of campaigns: nothing is seen but what was inspected, and no strategy has more slots than another.

use super::*;
use crate::features::{FeatureSet, day_number};
use crate::rules::{RuleSet, rule_row_schema};
use crate::selection::{Draw, SelectionPolicy};
use arrow::array::{Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::{Days, NaiveDate};
use std::collections::HashMap;
use std::sync::Arc;

const SET: &str = r#"
name = "test"
description = "one profile and a price"
goods = ["hs", "price"]
revenue = "price"
initial_rate = 0.1
finding_worth = 1000.0
[training]
trees = 20
depth = 3
learning_rate = 0.2
l2 = 1.0
min_child_weight = 1.0
seed = 1
fold_months = 2
least_results = 30
[[profile]]
name = "all"
title = "all"
key = []
[[profile]]
name = "hs"
title = "HS {hs}"
key = ["hs"]
parent = "all"
strength = 2
[[feature]]
name = "rate_hs"
profile = "hs"
statistic = "rate"
[[feature]]
name = "price"
sql = "price"
"#;

const RULES: &str = "name = \"none\"\ndescription = \"no rules\"\n";
const DAYS: u64 = 120;
const A_DAY: usize = 20;

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("accepted_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("hs", DataType::Utf8, true),
        Field::new("price", DataType::Float64, true),
    ]))
}

fn uniform(name: &str) -> f64 {
    Draw::new(&[3; 32], "test", name).value()
}

fn first_day() -> NaiveDate {
    "2026-01-01".parse().unwrap()
}

/// A made-up country: some goods are false more often, dear ones too.
struct Country {
    ingredients: Ingredients,
    stream: Stream,
    truth: Vec<Truth>,
    known: Vec<Option<Outcome>>,
    epochs: Vec<Epoch>,
}

impl Country {
    fn new() -> Self {
        Self::learning(SET)
    }

    fn learning(set: &str) -> Self {
        let set = FeatureSet::parse("test.toml", set, &schema()).unwrap();
        let rules = RuleSet::parse("none.toml", RULES, &rule_row_schema(&set, &schema())).unwrap();
        let policy = include_str!("../../../../selection/default.toml");
        let selection = SelectionPolicy::parse("default.toml", policy).unwrap();
        let (mut micros, mut goods, mut prices) = (Vec::new(), Vec::new(), Vec::new());
        let (mut consignments, mut truth, mut known) = (Vec::new(), Vec::new(), Vec::new());
        let starts = first_day().checked_add_days(Days::new(60)).unwrap();
        for number in 0..DAYS as usize * A_DAY {
            let day = first_day().checked_add_days(Days::new((number / A_DAY) as u64)).unwrap();
            let u = |what: &str| uniform(&format!("{number} {what}"));
            let (hs, price) = ((u("hs") * 12.0) as u32, 4_000.0 * u("price").powi(3));
            let rate = if hs < 2 { 0.5 } else { 0.02 + price / 40_000.0 };
            let is_fraud = u("fraud") < rate;
            micros.push(i64::from(day_number(day)) * 86_400_000_000);
            goods.push(format!("{hs:04}"));
            prices.push(price);
            truth.push(Truth { is_fraud, revenue: price, new_kind: None });
            let outcome = Outcome {
                recorded_day: day_number(day) + 3,
                discrepancy: is_fraud,
                recovered: if is_fraud { price as u64 } else { 0 },
            };
            known.push((day < starts && u("old") < 0.3).then_some(outcome));
            consignments.push(Consignment {
                day,
                office: "A".into(),
                grade: if u("grade") < 0.3 { "advanced-certified" } else { "conventional" }.into(),
                root: format!("{number}").into(),
                items: number..number + 1,
            });
        }
        let columns: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC")),
            Arc::new(StringArray::from(goods)),
            Arc::new(Float64Array::from(prices)),
        ];
        let records = RecordBatch::try_new(schema(), columns).unwrap();
        let names = (0..truth.len() as u64).collect();
        let stream = Stream::new(&set, records, names, consignments).unwrap();
        let last = first_day().checked_add_days(Days::new(DAYS - 1)).unwrap();
        let epochs = std::iter::successors(Some(Epoch::of(starts)), Epoch::next)
            .skip(1)
            .take_while(|e| e.last <= last)
            .collect();
        Self { ingredients: Ingredients { set, rules, selection }, stream, truth, known, epochs }
    }

    fn run(&self, strategy: Strategy, budget: Budget, truth: &[Truth]) -> Vec<Inspection> {
        let campaign = Campaign {
            ingredients: &self.ingredients,
            stream: &self.stream,
            officers: &Honest(truth, &self.stream),
            known: &self.known,
            epochs: &self.epochs,
            learn_every: 2,
            budget,
            strategy,
            key: [1; 32],
        };
        campaign.run(&mut |_| {}).unwrap()
    }
}

/// Officers who find what is there, three days later.
struct Honest<'a>(&'a [Truth], &'a Stream);

impl Officers for Honest<'_> {
    fn inspect(&self, consignment: usize, _: Lane) -> Inspected {
        let Truth { is_fraud, revenue, .. } = self.0[consignment];
        let recorded_day = day_number(self.1.consignments()[consignment].day) + 3;
        Inspected { recorded_day, items: vec![is_fraud], revenue: vec![if is_fraud { revenue } else { 0.0 }] }
    }
}

#[test]
fn what_was_not_inspected_is_never_seen() {
    let country = Country::new();
    let strategies =
        [Strategy::Policy, Strategy::Score, Strategy::Shares { by_revenue: 0.2, at_random: 0.1 }];
    for strategy in strategies {
        let inspections = country.run(strategy, Budget::OfDay(0.1), &country.truth);
        let mut other: Vec<Truth> =
            country.truth.iter().map(|t| Truth { is_fraud: !t.is_fraud, ..*t }).collect();
        for inspection in &inspections {
            other[inspection.consignment] = country.truth[inspection.consignment];
        }
        assert_eq!(country.run(strategy, Budget::OfDay(0.1), &other), inspections, "{strategy:?}");
        // The bound sees it, in the next bundle at the latest.
        let bound = |truth: &[Truth]| country.run(Strategy::ScoreSeeingAll, Budget::OfDay(0.1), truth);
        let chosen = |all: Vec<Inspection>| all.into_iter().map(|one| one.consignment).collect::<Vec<_>>();
        assert_ne!(chosen(bound(&other)), chosen(bound(&country.truth)));
    }
}

#[test]
fn slots_are_the_same_for_all_and_what_is_learnt_finds_more_than_chance() {
    let country = Country::new();
    let measured = |strategy, budget| {
        let inspections = country.run(strategy, budget, &country.truth);
        let mut by_day: HashMap<(usize, NaiveDate), usize> = HashMap::new();
        for one in &inspections {
            let day = country.stream.consignments()[one.consignment].day;
            let list = if matches!(budget, Budget::OfDay(_)) { day } else { NaiveDate::MIN };
            *by_day.entry((one.epoch, list)).or_default() += 1;
        }
        let most = by_day.into_values().max().unwrap();
        let epochs = &country.epochs;
        (most, measure(&country.stream, epochs, &inspections, &country.truth, 2))
    };
    for (budget, slots) in [(Budget::OfDay(0.1), 2), (Budget::OfEpoch(0.1), 20)] {
        let (most_of_policy, policy) = measured(Strategy::Policy, budget);
        let (most, random) = measured(Strategy::Random, budget);
        let (_, score) = measured(Strategy::Score, budget);
        let (_, revenue) = measured(Strategy::Shares { by_revenue: 1.0, at_random: 0.0 }, budget);
        let (_, seeing) = measured(Strategy::ScoreSeeingAll, budget);
        let (_, foreknown) = measured(Strategy::Foreknown, budget);
        assert_eq!((seeing.inspections, foreknown.inspections), (score.inspections, score.inspections));
        for other in [&policy, &score, &revenue, &seeing, &random] {
            assert!(foreknown.hit_rate > other.hit_rate && foreknown.revenue > other.revenue, "{other:?}");
        }
        assert!(most <= slots && most_of_policy <= slots, "{most} {most_of_policy}");
        assert!(policy.inspections <= random.inspections && score.inspections == random.inspections);
        for learnt in [&policy, &score, &revenue] {
            assert!(learnt.hit_rate > 1.5 * random.hit_rate, "{learnt:?} {random:?}");
            assert!((0.0..=1.0).contains(&learnt.recall) && learnt.revenue_share <= 1.0);
        }
        assert!(revenue.revenue > score.revenue, "{revenue:?} {score:?}");
    }
}

/// Two kinds of goods are false equally often; findings of the one bring a hundred times those of the other, and declared
/// prices do not tell.
#[test]
fn what_inspections_bring_is_learnt_steers_the_policy_and_travels_in_the_bundle() {
    let learning = SET.replace("finding_worth = 1000.0", "finding_worth = 1000.0\nleast_recoveries = 30");
    let brings = |i: usize| if uniform(&format!("{i} hs")) < 1.0 / 12.0 { 20_000.0 } else { 200.0 };
    let [declared, learnt] = [SET, &learning].map(|set| {
        let mut country = Country::learning(set);
        for (i, outcome) in country.known.iter_mut().enumerate() {
            if let Some(outcome) = outcome.as_mut().filter(|o| o.discrepancy) {
                outcome.recovered = brings(i) as u64;
            }
        }
        country
    });
    let truth: Vec<Truth> =
        declared.truth.iter().enumerate().map(|(i, t)| Truth { revenue: brings(i), ..*t }).collect();
    let brought = |country: &Country| -> f64 {
        country.run(Strategy::Policy, Budget::OfEpoch(0.1), &truth).iter().map(|i| i.revenue).sum()
    };
    let (of_declared, of_learnt) = (brought(&declared), brought(&learnt));
    assert!(of_learnt > 1.1 * of_declared, "{of_learnt} {of_declared}");

    let rows = learnt.known.len();
    let prepared = learnt.stream.prepared(rows);
    let records =
        LabelledRecords { prepared: &prepared, names: &learnt.stream.names, outcomes: &learnt.known };
    let bundle = learn(learnt.ingredients.clone(), &records, &mut |_, _, _| {}).unwrap().bundle;
    let secret = crate::features::ProfileSecret::new([7; crate::features::PROFILE_SECRET_BYTES]);
    let (components, hash) = bundle.to_components();
    let (read, same) = Bundle::from_components(&components, &schema(), &secret).unwrap();
    assert!(hash == same && read.revenue.is_some());
    let rows = learnt.stream.records.slice(0, 200);
    let (before, after) = (bundle.assess(&rows).unwrap(), read.assess(&rows).unwrap());
    let expected = after.revenue.clone().unwrap();
    assert!(before.revenue == after.revenue && expected.iter().all(|r| *r >= 0.0));
    assert!(
        expected.iter().any(|r| *r > 2.0 * expected[0]) || expected.iter().any(|r| *r < expected[0] / 2.0)
    );
}

#[test]
fn streams_out_of_order_and_campaigns_without_results_are_refused() {
    let country = Country::new();
    let rows = country.stream.records.clone();
    let names = country.stream.names.clone();
    let mut consignments = country.stream.consignments().to_vec();
    consignments.swap(0, 1);
    let refused = Stream::new(&country.ingredients.set, rows, names, consignments);
    assert!(matches!(refused, Err(StreamError::Order(0))));
    let campaign = Campaign {
        ingredients: &country.ingredients,
        stream: &country.stream,
        officers: &Honest(&country.truth, &country.stream),
        known: &vec![None; country.truth.len()],
        epochs: &country.epochs,
        learn_every: 1,
        budget: Budget::OfDay(0.1),
        strategy: Strategy::Score,
        key: [1; 32],
    };
    let error = campaign.run(&mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("have an inspection result"), "{error}");
}
