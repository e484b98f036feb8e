//! The study: many logs, each evaluated for every policy, and how often the interval held the truth.

use super::super::outcome::{Example, ForwardOutcomeModel};
use super::super::record::{Finding, LoggedRecord, Measure, Outcome};
use super::super::value::{Estimator, policy_value};
use super::super::wilson::wilson;
use super::log::{Arrival, Evaluated, SimulatedLog, age};
use super::policies::EVALUATED;
use super::population::{Consignment, DAYS, Noise, SimulatedItem, population};
use crate::evaluation::Interval;
use crate::selection::{Draw, Lane};

/// Throw-away keys that cuts are averaged over.
const KEYS: u64 = 100;
/// Days of an epoch of the outcome model.
const EPOCH: u32 = 10;
/// Names of the estimators, in the order of a [`Row`]'s `estimator`.
pub const ESTIMATORS: [&str; 3] = ["inverse-probability", "self-normalised", "doubly-robust"];

/// How an estimator did for a policy and a measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name of the policy.
    pub policy: &'static str,
    /// What was estimated.
    pub measure: Measure,
    /// Name of the estimator.
    pub estimator: &'static str,
    /// Logs.
    pub logs: u32,
    /// Logs on which it refused.
    pub refused: u32,
    /// Of the others: intervals wholly above the truth.
    pub above: u32,
    /// Of the others: intervals wholly below the truth.
    pub below: u32,
    /// Sum of estimates as shares of the truth.
    pub relative_value: f64,
    /// Sum of widths of intervals as shares of the truth.
    pub relative_width: f64,
    /// Sum of naive estimates as shares of the truth, on all logs: findings per known inspection of the log times the
    /// inspections of the evaluated policy.
    pub relative_naive: f64,
    /// Logs on which the naive estimate's binomial interval held the truth; findings only.
    pub naive_covered: u32,
}

impl Row {
    /// Logs that were not refused.
    pub fn answered(&self) -> u32 {
        self.logs - self.refused
    }

    /// Share of the answered intervals that held the truth.
    pub fn coverage(&self) -> f64 {
        f64::from(self.answered() - self.above - self.below) / f64::from(self.answered())
    }

    /// Two binomial standard errors of a coverage of 95 % on as many logs as were answered.
    pub fn error(&self) -> f64 {
        2.0 * (0.95 * 0.05 / f64::from(self.answered())).sqrt()
    }
}

/// Size and kind of a study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Study {
    /// Populations.
    pub populations: u32,
    /// Logs of each, every one with a key of its own.
    pub logs: u32,
    /// Seed of everything.
    pub seed: u64,
    /// Sigma of the logarithm of revenue.
    pub tail: f64,
}

/// Runs a study. Rows are sorted by policy in the order of [`EVALUATED`], measure and estimator.
pub fn coverage_study(study: Study) -> Vec<Row> {
    let mut rows = Vec::new();
    for policy in EVALUATED {
        for measure in [Measure::Findings, Measure::Revenue] {
            rows.extend(ESTIMATORS.map(|estimator| Row {
                policy: policy.name,
                measure,
                estimator,
                logs: 0,
                refused: 0,
                above: 0,
                below: 0,
                relative_value: 0.0,
                relative_width: 0.0,
                relative_naive: 0.0,
                naive_covered: 0,
            }));
        }
    }
    for place in 0..study.populations {
        let seed = study.seed + u64::from(place) * 1_000_003;
        let population = population(seed, study.tail);
        let evaluated = evaluated(&population, seed);
        for log in 0..study.logs {
            let log = SimulatedLog::new(&population, seed + 1 + u64::from(log));
            study_log(&population, &evaluated, &log, &mut rows);
        }
    }
    rows
}

fn evaluated(population: &[Consignment], seed: u64) -> Vec<Evaluated> {
    let of_key = |key: u64| {
        let noise = Noise::new(seed ^ (key + 1) << 40);
        population.iter().filter_map(|c| Draw::stored(noise.uniform("throw-away", c.root))).collect()
    };
    let draws: Vec<Vec<Draw>> = (0..KEYS).map(of_key).collect();
    EVALUATED.iter().map(|policy| Evaluated::new(*policy, population, &draws)).collect()
}

fn study_log(population: &[Consignment], evaluated: &[Evaluated], log: &SimulatedLog, rows: &mut [Row]) {
    let places: Vec<usize> =
        (0..population.len()).flat_map(|i| population[i].items.iter().map(move |_| i)).collect();
    let measures = [Measure::Findings, Measure::Revenue];
    let models = measures.map(|measure| outcome_model(population, log, measure));
    for (evaluated, rows) in evaluated.iter().zip(rows.chunks_mut(measures.len() * ESTIMATORS.len())) {
        let records = log.records(population, evaluated);
        for ((measure, model), rows) in measures.iter().zip(&models).zip(rows.chunks_mut(ESTIMATORS.len())) {
            let truth = truth(population, evaluated, *measure);
            let naive = naive(&records, *measure);
            let predict = |record: usize, lane: Lane| {
                let consignment = &population[places[record]];
                model.predict(consignment.day / EPOCH, lane, consignment.score)
            };
            let estimators =
                [Estimator::InverseProbability, Estimator::SelfNormalised, Estimator::DoublyRobust(&predict)];
            for (estimator, row) in estimators.iter().zip(rows) {
                row.logs += 1;
                row.relative_naive += naive.0 / truth;
                row.naive_covered += u32::from((naive.1.low..=naive.1.high).contains(&truth));
                let Ok(found) = policy_value(&records, *measure, estimator) else {
                    row.refused += 1;
                    continue;
                };
                let Interval { low, high } = found.estimate.interval;
                row.above += u32::from(truth < low);
                row.below += u32::from(truth > high);
                row.relative_value += found.estimate.value / truth;
                row.relative_width += (high - low) / truth;
            }
        }
    }
}

fn result(item: &SimulatedItem, lane: Lane) -> Finding {
    if lane == Lane::Red { item.red } else { item.orange }
}

fn outcome_model(population: &[Consignment], log: &SimulatedLog, measure: Measure) -> ForwardOutcomeModel {
    let mut examples = Vec::new();
    for (consignment, assigned) in population.iter().zip(&log.assigned) {
        let Some((lane, Arrival::After(days))) = *assigned else { continue };
        if days <= age(consignment) {
            let known_in = (consignment.day + days) / EPOCH;
            examples.extend(consignment.items.iter().map(|item| Example {
                known_in,
                lane,
                score: consignment.score,
                value: measure.of(result(item, lane)),
            }));
        }
    }
    ForwardOutcomeModel::fit(&examples, 0..DAYS / EPOCH)
}

/// What inspections of the evaluated policy would record, averaged over keys: `sum pi_e y` by lane.
fn truth(population: &[Consignment], evaluated: &Evaluated, measure: Measure) -> f64 {
    let of =
        |red: f64, item: &SimulatedItem| red * measure.of(item.red) + (1.0 - red) * measure.of(item.orange);
    let found = |(consignment, pi): (&Consignment, &f64)| {
        let red = evaluated.policy.opened(consignment);
        pi * consignment.items.iter().map(|item| of(red, item)).sum::<f64>()
    };
    population.iter().zip(&evaluated.inclusion).map(found).sum()
}

/// What one reads off the selected records alone, with a binomial interval: unweighted, selected by the logged policy.
fn naive(records: &[LoggedRecord], measure: Measure) -> (f64, Interval) {
    let known: Vec<f64> = records
        .iter()
        .filter_map(
            |r| if let Outcome::Known(finding) = r.outcome { Some(measure.of(finding)) } else { None },
        )
        .collect();
    let inspections: f64 = records.iter().flat_map(|r| &r.chances).map(|c| c.evaluated).sum();
    let (total, count) = (known.iter().sum::<f64>(), known.len() as f64);
    let interval =
        wilson(total.min(count), count, 1.96).map_or(Interval { low: 0.0, high: 0.0 }, |p| p.interval);
    (
        total / count.max(1.0) * inspections,
        Interval { low: interval.low * inspections, high: interval.high * inspections },
    )
}
