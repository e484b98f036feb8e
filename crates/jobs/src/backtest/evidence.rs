//! What is known of the days of a back-test: results of inspections, and the draws that decided.

use super::cases::Rated;
use super::outcome::{RuleEffect, Side, Valued};
use crate::JobError;
use crate::answer::Answer;
use crate::decide::between;
use crate::home::Home;
use crate::results;
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};
use tidegate_query::Platform;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::course::Run;
use tidegate_risk::estimation::{
    Estimator, Finding, LaneChance, LoggedRecord, Measure, Outcome, policy_value,
};
use tidegate_risk::features::day_number;
use tidegate_risk::rules::Rule;
use tidegate_risk::selection::{Lane, LaneShare};

const PURPOSE: &str = "job backtest";
/// An office-day is overloaded when more than so many candidates are expected for each slot.
const OVERLOAD: f64 = 1.1;
/// Offices with fewer slots are left out of the greatest load: one more candidate is much there.
const LEAST_SLOTS: u32 = 10;

/// A logged decision.
struct Decided {
    inclusion: f64,
    selected: bool,
    mandatory: bool,
    lane: Lane,
    lanes: usize,
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
        for (id, result) in results::read(platform, PURPOSE, from, to).await? {
            if let Some(place) = places.get(id.as_str()) {
                evidence.findings[*place] = Some(result.finding);
            }
        }
        evidence.read_decisions(home, platform, &places, from, to).await?;
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
            "SELECT declaration_id, realised_probability, is_selected, component_code, lane_code, bundle_hash \
             FROM decision WHERE version_number = 1 AND {}",
            between("accepted_at", from, to)
        );
        let answer = Answer::of(platform, PURPOSE, &sql).await?;
        let (ids, inclusion) = (answer.texts("declaration_id")?, answer.reals("realised_probability")?);
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
            self.decided[*place] = Some(Decided {
                inclusion: inclusion[row],
                selected: selected[row] > 0,
                mandatory: components[row] == "mandatory",
                lane,
                lanes: shares,
            });
        }
        Ok(())
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
        Side {
            inspections,
            mandatory: rated.iter().filter(|r| r.is_mandatory()).count() as u64,
            slots: run.loads.iter().map(|l| u64::from(l.slots)).sum(),
            overloaded_days: loads.clone().filter(|(_, load)| *load > OVERLOAD).count() as u64,
            greatest_load: loads.filter(|(s, _)| *s >= LEAST_SLOTS).map(|(_, load)| load).reduce(f64::max),
            overlap: (self.decided() > 0).then_some(on_lists / inspections),
            labelled_share: labelled / inspections,
            known_findings,
            possible_findings: known_findings + inspections - labelled,
            findings: valued(&records, Measure::Findings),
            revenue: valued(&records, Measure::Revenue),
            promises: promises(bundle, rated, run),
            suppressed: run.fates.iter().map(|f| f.suppressed).sum(),
        }
    }

    /// Decided declarations as the estimate takes them: the finding of a declaration is that of its consignment.
    fn records(&self, bundle: &Bundle, rated: &[Rated], run: &Run) -> Vec<LoggedRecord> {
        let record = |(place, decided): (usize, &Decided)| {
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
                known_probability: 1.0,
                in_sample: day_number(rated[place].day()) <= bundle.profiles.last_day(),
            }
        };
        let decided = self.decided.iter().enumerate().filter_map(|(place, d)| Some((place, d.as_ref()?)));
        decided.map(record).collect()
    }

    /// What a rule of the draft adds.
    pub(super) fn rule_effect(
        &self,
        rule: &Rule,
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
        RuleEffect {
            id: rule.id.clone(),
            hits: hits.len() as u64,
            labelled: hits.iter().filter(|i| self.findings[**i].is_some()).count() as u64,
            found: hits.iter().filter(|i| found(**i)).count() as u64,
            moved: change().map(|c| c.max(0.0)).sum(),
            known_findings: change().enumerate().filter(|(i, _)| found(*i)).map(|(_, c)| c).sum(),
        }
    }
}

/// The number that estimates know a root by: its first sixteen hexadecimal digits.
pub(crate) fn root_number(root: &str) -> u64 {
    root.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

fn valued(records: &[LoggedRecord], measure: Measure) -> Valued {
    if records.is_empty() {
        return Valued::Refusal("no declaration of these days was decided by a draw".to_owned());
    }
    let value = policy_value(records, measure, &Estimator::InverseProbability).map(|v| v.estimate);
    Valued::of(value, records.iter().filter(|r| !r.in_sample).count() as u64)
}

/// Ratios of expected inspection rates; by the regime of the last day.
fn promises(bundle: &Bundle, rated: &[Rated], run: &Run) -> Vec<(String, f64)> {
    let Some(last) = rated.last() else { return Vec::new() };
    let regime = bundle.selection.regime(last.day());
    let mut by_grade: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    let mut ordinary = (0.0, 0.0);
    for (one, fate) in rated.iter().zip(&run.fates) {
        let sum = if regime.is_ordinary(one.grade()) {
            &mut ordinary
        } else {
            by_grade.entry(one.grade()).or_default()
        };
        *sum = (sum.0 + fate.inclusion, sum.1 + 1.0);
    }
    let ratio = |code: &str| {
        let (inspected, count) = by_grade.get(code).copied()?;
        Some((code.to_owned(), inspected / count / (ordinary.0 / ordinary.1)))
    };
    regime.promises().filter_map(|(code, ..)| ratio(code)).collect()
}
