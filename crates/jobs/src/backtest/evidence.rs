//! What is known of the days of a back-test: results of inspections, and the draws that decided.

use super::cases::Rated;
use super::outcome::{OfficeLoad, RuleEffect, Side, Valued};
use crate::JobError;
use crate::answer::Answer;
use crate::decide::between;
use crate::estimate::delays::{Awaited, Delays};
use crate::home::Home;
use crate::results::{self, InspectionResult};
use chrono::NaiveDate;
use std::collections::HashMap;
use tidegate_query::Platform;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::course::{Load, Run};
use tidegate_risk::estimation::{
    Estimate, Estimator, Finding, Inspected, LaneChance, LoggedRecord, Measure, Outcome, Refusal,
    horvitz_thompson, policy_value,
};
use tidegate_risk::evaluation::Interval;
use tidegate_risk::features::day_number;
use tidegate_risk::selection::{Lane, LaneShare, SelectionPolicy, expected_ratios};

const PURPOSE: &str = "job backtest";
/// An office-day is overloaded when more than so many candidates are expected for each slot.
const OVERLOAD: f64 = 1.1;
/// Offices with fewer slots are left out of the greatest load: one more candidate is much there.
const LEAST_SLOTS: u32 = 10;

/// A logged decision.
struct Decided {
    office: String,
    listed_on: NaiveDate,
    inclusion: f64,
    selected: bool,
    mandatory: bool,
    lane: Lane,
    lanes: usize,
    /// P(result in by now); none where it was listed too lately for any result to be in.
    known_probability: Option<f64>,
}

/// By position of the rated lodgements of the days asked for.
pub(super) struct Evidence {
    /// Position of the first of them among all that were rated.
    first: usize,
    findings: Vec<Option<Finding>>,
    decided: Vec<Option<Decided>>,
    /// Lane shares of the bundles that decided.
    lanes: Vec<Vec<LaneShare>>,
}

impl Evidence {
    pub(super) async fn read(
        home: &Home,
        platform: &Platform,
        rated: &[Rated],
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Self, JobError> {
        let first = rated.partition_point(|r| r.day() < from);
        let places: HashMap<&str, usize> =
            rated[first..].iter().enumerate().map(|(place, r)| (r.id.as_str(), place)).collect();
        let mut evidence = Self {
            first,
            findings: vec![None; rated.len() - first],
            decided: (first..rated.len()).map(|_| None).collect(),
            lanes: Vec::new(),
        };
        let mut results: Vec<Option<InspectionResult>> = vec![None; rated.len() - first];
        for (id, result) in results::read(platform, PURPOSE, from, to).await? {
            if let Some(place) = places.get(id.as_str()) {
                results[*place] = Some(result);
                evidence.findings[*place] = Some(result.finding);
            }
        }
        evidence.read_decisions(home, platform, &places, from, to).await?;
        evidence.weigh_delays(&results, home.now.date_naive());
        Ok(evidence)
    }

    async fn read_decisions(
        &mut self,
        home: &Home,
        platform: &Platform,
        places: &HashMap<&str, usize>,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<(), JobError> {
        let sql = format!(
            "SELECT declaration_id, office_id, listed_on, realised_probability, is_selected, component_code, lane_code, bundle_hash \
             FROM decision WHERE version_number = 1 AND {}",
            between("accepted_at", from, to)
        );
        let answer = Answer::of(platform, PURPOSE, &sql).await?;
        let (ids, inclusion) = (answer.texts("declaration_id")?, answer.reals("realised_probability")?);
        let (offices, days) = (answer.texts("office_id")?, answer.texts("listed_on")?);
        let (selected, components) = (answer.counts("is_selected")?, answer.texts("component_code")?);
        let (lanes, bundles) = (answer.texts("lane_code")?, answer.texts("bundle_hash")?);
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (row, id) in ids.iter().enumerate() {
            let Some(place) = places.get(id.as_str()) else { continue };
            let shares = if let Some(shares) = known.get(bundles[row].as_str()) {
                *shares
            } else {
                let (bundle, _) = home.bundle(Some(&bundles[row])).await?;
                self.lanes.push(bundle.selection.lanes);
                known.insert(&bundles[row], self.lanes.len() - 1);
                self.lanes.len() - 1
            };
            let lane = Lane::of_code(&lanes[row]).ok_or_else(|| {
                JobError::Missing(format!("decision of {id} has the lane `{}`", lanes[row]))
            })?;
            let listed_on = days[row]
                .parse()
                .map_err(|_| JobError::Missing(format!("decision of {id} was listed on `{}`", days[row])))?;
            self.decided[*place] = Some(Decided {
                office: offices[row].clone(),
                listed_on,
                inclusion: inclusion[row],
                selected: selected[row] > 0,
                mandatory: components[row] == "mandatory",
                lane,
                lanes: shares,
                known_probability: None,
            });
        }
        Ok(())
    }

    /// Gives each decision the probability that its result is in by now.
    fn weigh_delays(&mut self, results: &[Option<InspectionResult>], today: NaiveDate) {
        let decided = self.decided.iter().zip(results).filter_map(|(d, result)| Some((d.as_ref()?, result)));
        let awaited = decided.filter(|(decided, _)| decided.selected).map(|(decided, result)| Awaited {
            office: &decided.office,
            lane: decided.lane,
            listed_on: decided.listed_on,
            result: result.as_ref(),
        });
        let delays = Delays::fit(&awaited.collect::<Vec<_>>(), today);
        for decided in self.decided.iter_mut().flatten() {
            let Decided { office, lane, listed_on, .. } = &*decided;
            let least = delays.least_known(office, *listed_on);
            let own = decided.selected.then(|| delays.known(office, *lane, *listed_on));
            decided.known_probability = least.and_then(|least| own.unwrap_or(Some(least)));
        }
    }

    /// Those that were decided too lately to be evidence.
    pub(super) fn young(&self) -> u64 {
        self.decided.iter().flatten().filter(|d| d.known_probability.is_none()).count() as u64
    }

    pub(super) fn decided(&self) -> u64 {
        self.decided.iter().flatten().count() as u64
    }

    pub(super) fn inspected(&self) -> u64 {
        self.findings.iter().flatten().count() as u64
    }

    /// What a course would have come to.
    pub(super) fn side(&self, bundle: &Bundle, rated: &[Rated], run: &Run) -> Side {
        let rated = &rated[self.first..];
        let inspections: f64 = run.fates.iter().map(|f| f.inclusion).sum();
        let of = |chosen: &dyn Fn(usize) -> bool| -> f64 {
            let chosen = run.fates.iter().enumerate().filter(|(i, _)| chosen(*i));
            // From +0, since the sum of nothing is -0 and would be printed so.
            chosen.fold(0.0, |sum, (_, fate)| sum + fate.inclusion)
        };
        let labelled = of(&|i| self.findings[i].is_some());
        let known_findings = of(&|i| self.findings[i].is_some_and(|f| f.found));
        let on_lists = of(&|i| self.decided[i].as_ref().is_some_and(|d| d.selected));
        let loads = run.loads.iter().map(|l| (l.slots, l.expected / f64::from(l.slots.max(1))));
        let records = self.records(bundle, rated, run);
        let office_load = |l: &Load| OfficeLoad {
            day: l.day,
            office: l.office.to_string(),
            slots: l.slots,
            candidates: l.expected,
        };
        Side {
            inspections,
            mandatory: rated.iter().filter(|r| r.is_mandatory()).count() as u64,
            slots: run.loads.iter().map(|l| u64::from(l.slots)).sum(),
            overloaded_days: loads.clone().filter(|(_, load)| *load > OVERLOAD).count() as u64,
            loads: run.loads.iter().map(office_load).collect(),
            greatest_load: loads.filter(|(s, _)| *s >= LEAST_SLOTS).map(|(_, load)| load).reduce(f64::max),
            overlap: (self.decided() > 0).then_some(on_lists / inspections),
            labelled_share: labelled / inspections,
            known_findings,
            possible_findings: known_findings + inspections - labelled,
            findings: self.valued(&records, value(&records, Measure::Findings)),
            revenue: self.valued(&records, value(&records, Measure::Revenue)),
            recall: self.valued(&records, recall(&records)),
            promises: promises(&bundle.selection, rated, run),
            suppressed: run.fates.iter().map(|f| f.suppressed).sum(),
        }
    }

    /// Decided declarations as the estimate takes them: the finding of a declaration is that of its consignment. What was
    /// decided too lately for any result to be in is left out, with its inspections.
    fn records(&self, bundle: &Bundle, rated: &[Rated], run: &Run) -> Vec<LoggedRecord> {
        let record = |place: usize, decided: &Decided, known_probability: f64| {
            let shares = |mandatory: bool, shares: &[LaneShare], own: Lane, lane: Lane| {
                if mandatory { f64::from(u8::from(own == lane)) } else { LaneShare::of(shares, lane) }
            };
            let evaluated_mandatory = rated[place].is_mandatory();
            let chance = |lane: Lane| LaneChance {
                lane,
                logged: decided.inclusion
                    * shares(decided.mandatory, &self.lanes[decided.lanes], decided.lane, lane),
                // Where both make it mandatory, the lane of the log stands for that of the draft.
                evaluated: run.fates[place].inclusion
                    * shares(
                        evaluated_mandatory && decided.mandatory,
                        &bundle.selection.lanes,
                        decided.lane,
                        lane,
                    ),
            };
            let outcome = match (decided.selected, self.findings[place]) {
                (true, Some(finding)) => Outcome::Known(finding),
                (true, None) => Outcome::Pending,
                (false, Some(_)) => Outcome::Added,
                (false, None) => Outcome::NotAssigned,
            };
            LoggedRecord {
                root: root_number(rated[place].root()),
                chances: [Lane::Orange, Lane::Red].map(chance).to_vec(),
                assigned: decided.lane,
                outcome,
                known_probability,
                in_sample: day_number(rated[place].day()) <= bundle.profiles.last_day(),
            }
        };
        let decided = self.decided.iter().enumerate().filter_map(|(place, d)| Some((place, d.as_ref()?)));
        decided.filter_map(|(place, d)| Some(record(place, d, d.known_probability?))).collect()
    }

    /// What a rule of the draft adds.
    pub(super) fn rule_effect(
        &self,
        draft: &Bundle,
        position: usize,
        rated: &[Rated],
        with: &Run,
        without: &Run,
    ) -> RuleEffect {
        let hit = |r: &Rated| r.rules.iter().any(|(rule, _)| *rule == position);
        let hits: Vec<usize> =
            rated[self.first..].iter().enumerate().filter(|(_, r)| hit(r)).map(|(i, _)| i).collect();
        let change = || with.fates.iter().zip(&without.fates).map(|(w, o)| w.inclusion - o.inclusion);
        let found = |place: usize| self.findings[place].is_some_and(|f| f.found);
        let brings = |measure: Measure| -> f64 {
            let known = change().zip(&self.findings).filter_map(|(c, finding)| Some((c, (*finding)?)));
            known.fold(0.0, |sum, (c, finding)| sum + c * measure.of(finding))
        };
        let ratios = |run: &Run| promises(&draft.selection, &rated[self.first..], run);
        let moved = |((grade, with), (_, without)): ((String, f64), (String, f64))| (grade, with - without);
        RuleEffect {
            id: draft.rules.rules[position].id.clone(),
            hits: hits.len() as u64,
            labelled: hits.iter().filter(|i| self.findings[**i].is_some()).count() as u64,
            found: hits.iter().filter(|i| found(**i)).count() as u64,
            moved: change().map(|c| c.max(0.0)).sum(),
            known_findings: brings(Measure::Findings),
            known_revenue: brings(Measure::Revenue),
            promises: ratios(with).into_iter().zip(ratios(without)).map(moved).collect(),
        }
    }

    /// An estimate over so many records as are evidence, or why there is none.
    fn valued(&self, records: &[LoggedRecord], estimate: Result<Estimate, Refusal>) -> Valued {
        if records.is_empty() {
            let why = match self.decided() {
                0 => "no declaration of these days was decided by a draw",
                _ => {
                    "the declarations of these days were decided too lately for any of their results to be in"
                }
            };
            return Valued::Refusal(why.to_owned());
        }
        Valued::of(estimate, records.iter().filter(|r| !r.in_sample).count() as u64)
    }
}

/// The number that estimates know a root by: its first sixteen hexadecimal digits.
pub(crate) fn root_number(root: &str) -> u64 {
    root.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

/// What the policy would have recorded on the records.
fn value(records: &[LoggedRecord], measure: Measure) -> Result<Estimate, Refusal> {
    policy_value(records, measure, &Estimator::InverseProbability).map(|v| v.estimate)
}

/// Ratios of the inspection rates that a course expects, by grade with a promise.
fn promises(policy: &SelectionPolicy, rated: &[Rated], run: &Run) -> Vec<(String, f64)> {
    let lodged = rated.iter().zip(&run.fates).map(|(one, fate)| (one.day(), one.grade(), fate.inclusion));
    expected_ratios(policy, lodged)
}

/// The policy's findings as a share of those that inspecting everything would have recorded, in the lanes of the log. The two
/// estimates share their errors, so that an interval of their ends errs on the wide side.
fn recall(records: &[LoggedRecord]) -> Result<Estimate, Refusal> {
    let (findings, total) = (value(records, Measure::Findings)?, total_findings(records)?);
    let share = |part: f64, whole: f64| (part / whole.max(part)).min(1.0);
    let interval = Interval {
        low: share(findings.interval.low, total.interval.high),
        high: share(findings.interval.high, total.interval.low),
    };
    Ok(Estimate { value: share(findings.value, total.value), interval, ..findings })
}

/// What inspecting everything would have recorded, from the same draws.
fn total_findings(records: &[LoggedRecord]) -> Result<Estimate, Refusal> {
    let evidence = || records.iter().filter(|r| !r.in_sample);
    let probability = |record: &LoggedRecord| {
        let inclusion: f64 = record.chances.iter().map(|c| c.logged).sum();
        inclusion.min(1.0) * record.known_probability
    };
    let inspected = evidence().filter_map(|record| {
        let (finding, ..) = record.known()?;
        let value = Measure::Findings.of(finding);
        Some(Inspected { root: record.root, probability: probability(record), value })
    });
    let least = evidence().map(probability).reduce(f64::min).unwrap_or(0.0);
    horvitz_thompson(&inspected.collect::<Vec<_>>(), least)
}
