//! Properties of the estimates on simulated work lists and logs.

use super::coverage::{
    EVALUATED, Evaluated, LIST_SIZE, LOGGED, Noise, ROOM, Row, SimulatedLog, Study, coverage_study,
    population,
};
use super::*;
use crate::selection::{Chance, Contender, Draw, Lane, Room, close};
use proptest::prelude::*;

/// A list with two findings in the rest and many in the front, 100 consignments for 10 slots; overfull on most days.
struct Day {
    contenders: Vec<Contender>,
    tau: f64,
}

const SIZE: usize = 100;

fn value(i: usize) -> f64 {
    if i.is_multiple_of(8) { 2.0 } else { 0.0 }
}

fn unprotected(probability: f64) -> Chance {
    Chance { probability, weight: probability, protected: 0.0 }
}

fn day(noise: &Noise, day: u64) -> Day {
    let chance = |i: usize| Chance {
        probability: if value(i) > 0.0 { 0.3 } else { 0.071 },
        // Some stand far above the ramp.
        weight: if value(i) > 0.0 && i.is_multiple_of(3) { 1.8 } else { 0.3 },
        protected: 0.0,
    };
    let draw = |i: usize| Draw::stored(noise.uniform("day", day * SIZE as u64 + i as u64)).unwrap();
    let contenders: Vec<Contender> = (0..SIZE).map(|i| chance(i).contender(draw(i))).collect();
    let tau = close(&contenders, Room { slots: 10, reserved: 2, waiting: 0 }).cuts.kept;
    Day { contenders, tau }
}

fn inspected(days: &[Day], probability: impl Fn(&Contender, f64) -> f64) -> Vec<Inspected> {
    let mut inspected = Vec::new();
    for (number, day) in days.iter().enumerate() {
        for (i, contender) in day.contenders.iter().enumerate().filter(|(_, c)| c.is_selected(day.tau)) {
            let root = (number * SIZE + i) as u64;
            inspected.push(Inspected { root, probability: probability(contender, day.tau), value: value(i) });
        }
    }
    inspected
}

/// 400 times 30 days: the mean of totals by pi is the truth within three standard errors, by p it is far off; the
/// estimated variance is that of the totals within a tenth; intervals hold the truth 95 % of the time within three binomial
/// standard errors (1.1 % each).
#[test]
fn horvitz_thompson_is_unbiased_with_pi_and_not_with_p() {
    let noise = Noise::new(11);
    let truth = 30.0 * (0..SIZE).map(value).sum::<f64>();
    let months: Vec<Vec<Day>> =
        (0..400).map(|month| (0..30).map(|d| day(&noise, month * 30 + d)).collect()).collect();
    let totals = |probability: &dyn Fn(&Contender, f64) -> f64| -> Vec<Estimate> {
        let estimate = |days: &Vec<Day>| horvitz_thompson(&inspected(days, probability), 0.03).unwrap();
        months.iter().map(estimate).collect()
    };
    let mean =
        |of: &dyn Fn(&Estimate) -> f64, all: &[Estimate]| all.iter().map(of).sum::<f64>() / all.len() as f64;
    let by_pi = totals(&|c, tau| c.realised_probability(tau));
    let by_p = totals(&|c, _| c.chance.probability);
    let spread = |all: &[Estimate]| {
        let centre = mean(&|e| e.value, all);
        mean(&|e| (e.value - centre).powi(2), all)
    };
    let errors =
        |all: &[Estimate]| (mean(&|e| e.value, all) - truth) / (spread(all) / all.len() as f64).sqrt();
    assert!(errors(&by_pi).abs() < 3.0, "{} standard errors", errors(&by_pi));
    assert!(errors(&by_p) < -20.0, "{} standard errors", errors(&by_p));
    let ratio = mean(&|e| e.variance, &by_pi) / spread(&by_pi);
    assert!((ratio - 1.0).abs() < 0.2, "estimated variance is {ratio} of the real one");
    let held = mean(&|e| f64::from(u8::from((e.interval.low..=e.interval.high).contains(&truth))), &by_pi);
    assert!((held - 0.95).abs() < 0.033, "{held}");
    let rate = by_pi[0].per(3_000.0);
    assert!((rate.value - by_pi[0].value / 3_000.0).abs() < 1e-12 && rate.interval.low < rate.value);
}

/// The part of p that is shed last: floors at f are kept until tau falls below f / p.
#[test]
fn what_the_model_missed_is_unbiased() {
    let noise = Noise::new(12);
    let (floor, periods) = (0.05, 300_u64);
    let finding = |i: usize| Finding { found: i % 5 == 1, revenue: 100.0 + i as f64 };
    let probability = |i: usize| if i.is_multiple_of(10) { 0.6 } else { floor + 0.001 * (i % 7) as f64 };
    let lists = 60_u64;
    let missed: Vec<Missed> = (0..periods)
        .map(|period| {
            let mut inspections = Vec::new();
            for list in 0..lists {
                let place = |i: usize| (period * lists + list) * SIZE as u64 + i as u64;
                let draw = |i| Draw::stored(noise.uniform("missed", place(i))).unwrap();
                let contenders: Vec<Contender> =
                    (0..SIZE).map(|i| unprotected(probability(i)).contender(draw(i))).collect();
                let tau = close(&contenders, Room { slots: 8, reserved: 0, waiting: 0 }).cuts.kept;
                let kept = contenders.iter().enumerate().filter(|(_, c)| c.is_selected(tau));
                inspections.extend(kept.map(|(i, c)| FloorInspection {
                    root: place(i),
                    draw: c.draw,
                    floor,
                    probability: c.chance.probability,
                    inclusion: c.realised_probability(tau),
                    known_probability: 1.0,
                    finding: finding(i),
                }));
            }
            missed_by_model(&inspections, 0.02)
        })
        .collect();
    for (measure, of) in [
        (Measure::Findings, (|m| m.findings.clone()) as fn(&Missed) -> Result<Estimate, Refusal>),
        (Measure::Revenue, |m| m.revenue.clone()),
    ] {
        let truth =
            lists as f64 * (0..SIZE).map(|i| (1.0 - probability(i)) * measure.of(finding(i))).sum::<f64>();
        let estimates: Vec<Estimate> = missed.iter().map(|m| of(m).unwrap()).collect();
        let mean = estimates.iter().map(|e| e.value).sum::<f64>() / estimates.len() as f64;
        let error = (estimates.iter().map(|e| e.variance).sum::<f64>()).sqrt() / estimates.len() as f64;
        assert!((mean - truth).abs() < 3.0 * error, "{mean} is not {truth} +- {error}");
        let held = estimates.iter().filter(|e| (e.interval.low..=e.interval.high).contains(&truth)).count();
        // 285 of 300, three standard errors of 3.8.
        assert!(held >= 273, "{held} of {periods}");
    }
    assert!(missed[0].found < missed[0].inspected);
}

fn record(root: u64, outcome: Outcome) -> LoggedRecord {
    LoggedRecord {
        root,
        chances: vec![LaneChance { lane: Lane::Red, logged: 0.1, evaluated: 0.05 }],
        assigned: Lane::Red,
        outcome,
        known_probability: 1.0,
        in_sample: false,
    }
}

fn known(found: bool) -> Outcome {
    Outcome::Known(Finding { found, revenue: 100.0 })
}

/// 200 inspections with 20 findings, of roots of their own.
fn log() -> Vec<LoggedRecord> {
    (0..200).map(|root| record(root, known(root % 10 == 0))).collect()
}

fn ips(records: &[LoggedRecord]) -> Result<PolicyValue, Refusal> {
    policy_value(records, Measure::Findings, &Estimator::InverseProbability)
}

#[test]
fn values_by_hand() {
    let value = ips(&log()).unwrap();
    assert!((value.estimate.value - 20.0 * 0.5).abs() < 1e-12);
    assert!((value.estimate.variance - 20.0 * 0.9 * 0.25).abs() < 1e-12);
    assert_eq!(
        (value.known, value.effective_size.round() as u32, value.effective_findings.round() as u32),
        (200, 200, 20)
    );
    let normalised = policy_value(&log(), Measure::Revenue, &Estimator::SelfNormalised).unwrap();
    // A tenth of 200 x 0.05 expected inspections find 100 each.
    assert!((normalised.estimate.value - 100.0).abs() < 1e-9);
    let model = |record: usize, _: Lane| if record.is_multiple_of(10) { 1.0 } else { 0.0 };
    let robust = policy_value(&log(), Measure::Findings, &Estimator::DoublyRobust(&model)).unwrap();
    assert!((robust.estimate.value - 20.0 * 0.05).abs() < 1e-12 && robust.estimate.variance.abs() < 1e-12);
}

#[test]
fn missing_results_are_not_negative_and_additions_no_evidence() {
    let alone = ips(&log()).unwrap();
    let mut records = log();
    for (place, outcome) in [(300, Outcome::Pending), (301, Outcome::NotDone), (302, Outcome::Added)] {
        records.push(record(place, outcome));
    }
    records.push(LoggedRecord { in_sample: true, ..record(303, known(true)) });
    let found = ips(&records).unwrap();
    assert_eq!((found.estimate, found.known), (alone.estimate, alone.known));
    let half: Vec<LoggedRecord> =
        log().into_iter().map(|r| LoggedRecord { known_probability: 0.5, ..r }).collect();
    assert!((ips(&half).unwrap().estimate.value - 20.0).abs() < 1e-12, "half of the results stand for all");
}

#[test]
fn items_of_a_root_are_one_observation() {
    let apart =
        ips(&log().into_iter().chain((200..400).map(|r| record(r, known(r % 10 == 0)))).collect::<Vec<_>>());
    let twice = ips(&log().into_iter().chain(log()).collect::<Vec<_>>());
    let [apart, twice] = [apart, twice].map(Result::unwrap);
    assert!((twice.estimate.value - apart.estimate.value).abs() < 1e-12);
    assert!((twice.estimate.variance - 2.0 * apart.estimate.variance).abs() < 1e-12);
    assert_eq!((twice.known, apart.known), (200, 400));
}

#[test]
fn refusals_say_what_is_short() {
    let message = |records: &[LoggedRecord]| ips(records).unwrap_err().to_string();
    let mut never = log();
    for record in never.iter_mut().skip(190) {
        record.outcome = Outcome::NotAssigned;
        record.assigned = Lane::Green;
        record.chances[0].logged = 0.0;
        record.chances[0].evaluated = 0.5;
    }
    assert_eq!(
        message(&never),
        "10 records have lanes that the evaluated policy uses and the logged one never did (pi_b = 0 < pi_e); they hold \
         34.5 % of the evaluated policy's inspections, of which the log knows nothing"
    );
    assert!(message(&log()[..60]).starts_with("the 60 known inspections weigh as 60.0 equal ones"));
    let mut heavy = log();
    heavy[0].chances[0].logged = 0.000_1;
    assert!(message(&heavy).starts_with("the 200 known inspections weigh as 1."));
    let few: Vec<LoggedRecord> = (0..200).map(|root| record(root, known(root < 9))).collect();
    assert!(message(&few).starts_with("the 9 findings weigh as 9.0 equal ones"));
    let mut wrong = log();
    wrong[3].chances[0].evaluated = 1.5;
    assert_eq!(message(&wrong), "pi_e of root 3 is 1.5; a probability in its range was expected");
    wrong = log();
    wrong[3].assigned = Lane::Orange;
    assert!(message(&wrong).starts_with("pi_b of a known result of root 3 is 0"));
}

fn records() -> impl Strategy<Value = Vec<LoggedRecord>> {
    let one = (0_u64..150, 0.01..1.0_f64, 0.0..1.0_f64, any::<bool>(), 0.0..1e6_f64, 0.2..=1.0_f64);
    let record = |(root, logged, evaluated, found, revenue, known_probability)| LoggedRecord {
        root,
        chances: vec![LaneChance { lane: Lane::Red, logged, evaluated }],
        assigned: Lane::Red,
        outcome: Outcome::Known(Finding { found, revenue }),
        known_probability,
        in_sample: false,
    };
    proptest::collection::vec(one.prop_map(record), 400..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn the_order_of_records_leaves_no_trace(records in records(), seed in any::<u64>()) {
        let noise = Noise::new(seed);
        let mut order: Vec<usize> = (0..records.len()).collect();
        order.sort_by(|a, b| noise.uniform("o", *a as u64).total_cmp(&noise.uniform("o", *b as u64)));
        let shuffled: Vec<LoggedRecord> = order.iter().map(|i| records[*i].clone()).collect();
        let model = |record: &LoggedRecord| 1e5 * record.chances[0].logged;
        let (before, after) = (|i: usize, _: Lane| model(&records[i]), |i: usize, _: Lane| model(&shuffled[i]));
        for (first, second) in [
            (Estimator::InverseProbability, Estimator::InverseProbability),
            (Estimator::SelfNormalised, Estimator::SelfNormalised),
            (Estimator::DoublyRobust(&before), Estimator::DoublyRobust(&after)),
        ] {
            let first = policy_value(&records, Measure::Revenue, &first);
            let second = policy_value(&shuffled, Measure::Revenue, &second);
            prop_assert_eq!(first, second);
        }
    }
}

/// What the value means: the mean of what the policy finds when it is really run, with keys of its own, 400 times.
#[test]
fn a_value_is_what_the_policy_finds_when_it_is_run() {
    let population = population(77, 1.3);
    let draws = |key: u64| -> Vec<Draw> {
        let noise = Noise::new(key);
        population.iter().map(|c| Draw::stored(noise.uniform("run", c.root)).unwrap()).collect()
    };
    let policy = EVALUATED[0];
    let throw_away: Vec<Vec<Draw>> = (0..100).map(draws).collect();
    let evaluated = Evaluated::new(policy, &population, &throw_away);
    let items = |i: usize| population[i].items.iter().filter(|item| item.red.found).count() as f64;
    let value: f64 = evaluated.inclusion.iter().enumerate().map(|(i, pi)| pi * items(i)).sum();
    let run = |key: u64| -> f64 {
        let draws = draws(key);
        let mut found = 0.0;
        for start in (0..population.len()).step_by(200) {
            let contender = |i: usize| policy.chance(&population[i]).contender(draws[i]);
            let contenders: Vec<Contender> = (start..start + 200).map(contender).collect();
            let tau = close(&contenders, ROOM).cuts.kept;
            found +=
                (0..200).filter(|i| contenders[*i].is_selected(tau)).map(|i| items(start + i)).sum::<f64>();
        }
        found
    };
    let runs: Vec<f64> = (1_000..1_400).map(run).collect();
    let mean = runs.iter().sum::<f64>() / 400.0;
    let deviation = (runs.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 399.0).sqrt();
    // Four standard errors of 400 runs, the 100 throw-away keys adding their own.
    assert!((mean - value).abs() < 4.0 * deviation / 20.0, "{mean} is not {value}, deviation {deviation}");
}

#[test]
fn a_simulated_log_is_as_overfull_and_late_as_it_says() {
    let population = population(5, 1.3);
    let log = SimulatedLog::new(&population, 1);
    let overfull = log.cuts.iter().filter(|tau| **tau < 1.0).count();
    assert!((40..95).contains(&overfull), "{overfull} of 100 lists");
    // Drawn as decisions are: mandatory ones are all opened, floors are never shed, ranks are by weights above p.
    let (mut mandatory, mut kept_by_floor, mut above) = (0, 0, 0);
    for (place, consignment) in population.iter().enumerate() {
        let contender = LOGGED.chance(consignment).contender(log.draws[place]);
        let tau = log.cuts[place / LIST_SIZE as usize];
        let lane = log.assigned[place].map(|(lane, _)| lane);
        assert_eq!(lane.is_some(), contender.is_selected(tau));
        above += usize::from(contender.chance.weight > contender.chance.probability);
        if consignment.mandatory {
            assert!(lane == Some(Lane::Red) && log.inclusion[place].to_bits() == 1.0_f64.to_bits());
            mandatory += 1;
        } else if lane.is_some() && contender.rank().is_some_and(|rank| rank >= tau) {
            kept_by_floor += 1;
        }
    }
    assert!(mandatory > 40 && kept_by_floor > 5 && above > 500, "{mandatory} {kept_by_floor} {above}");
    let inspections: f64 = log.inclusion.iter().sum();
    let selected = log.assigned.iter().flatten().count() as f64;
    // Some 2,450, of which Poisson sampling alone would leave a standard error below 50.
    assert!((inspections - selected).abs() < 200.0, "{inspections} expected, {selected} selected");
    let evaluated = Evaluated::new(EVALUATED[5], &population, std::slice::from_ref(&log.draws));
    let records = log.records(&population, &evaluated);
    let count = |outcome: fn(&Outcome) -> bool| records.iter().filter(|r| outcome(&r.outcome)).count();
    assert!(count(|o| *o == Outcome::Pending) > 20 && count(|o| *o == Outcome::Added) > 5);
    assert!(count(|o| *o == Outcome::NotDone) > 20 && count(|o| matches!(o, Outcome::Known(_))) > 2_000);
}

/// 60 logs: at 93.7 % true coverage a row falls below `0.937 - 3 sqrt(0.937 x 0.063 / 60)` = 84.3 % in one of 700 studies,
/// and one side misses more than `0.04 + 3 sqrt(0.04 x 0.96 / 60)` = 11.6 % as rarely. The study of 2,000 logs is run by
/// hand; its table is kept beside this claim in the documents.
#[test]
fn intervals_hold_the_truth_in_a_small_study() {
    let rows = coverage_study(Study { populations: 3, logs: 20, seed: 2026, tail: 1.3 });
    assert_eq!(rows.len(), 6 * 2 * 3);
    for row in rows.iter().filter(|r| r.estimator == "inverse-probability") {
        let Row { policy, measure, above, below, .. } = row;
        let side = 0.116 * f64::from(row.answered());
        let sides = f64::from(*above) <= side && f64::from(*below) <= side;
        assert!(row.answered() >= 50 && row.coverage() >= 0.843 && sides, "{policy} {measure:?}: {row:?}");
    }
}
