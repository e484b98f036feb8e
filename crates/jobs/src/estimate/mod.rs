//! What the inspections of decided days say of everything that was lodged on them.

mod accuracy;

pub use accuracy::LaneAccuracy;

use crate::JobError;
use crate::answer::Answer;
use crate::backtest::Valued;
use crate::backtest::evidence::root_number;
use crate::decide::between;
use crate::home::Home;
use crate::results::{self, InspectionResult};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};
use tidegate_query::Platform;
use tidegate_records::tables::REINSPECTION;
use tidegate_risk::estimation::{
    Estimate, FloorInspection, Inspected, Measure, Missed, Refusal, ResultDelays, Wait, Z95,
    horvitz_thompson, missed_by_model, wilson,
};
use tidegate_risk::selection::Draw;

const PURPOSE: &str = "job estimate";

/// Estimates over decided days.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Estimated {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Declarations decided, first versions.
    pub decided: u64,
    /// Those on a work list.
    pub selected: u64,
    /// Those of them with a result.
    pub known: u64,
    /// Results of declarations that no draw selected: officers added them, and they are no evidence.
    pub added: u64,
    /// By part of p that the draw fell into.
    pub components: Vec<ComponentFound>,
    /// Findings that inspecting everything would have recorded.
    pub findings: Valued,
    /// The same for each declaration.
    pub rate: Valued,
    /// Revenue that inspecting everything would have recorded.
    pub revenue: Valued,
    /// Share of those findings that the inspections made; its ends are those of the estimate, turned.
    pub recall: Valued,
    /// Floor inspections with a result, and those with a finding.
    pub floor: (u64, u64),
    /// Findings among consignments that were no candidates, from the floor.
    pub missed_findings: Valued,
    /// Their revenue.
    pub missed_revenue: Valued,
    /// How well officers see, by lane of which some were inspected once more.
    pub accuracy: Vec<LaneAccuracy>,
}

/// What the inspections of one part of p found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ComponentFound {
    /// mandatory, statutory, floor, exploration or model.
    pub component: String,
    /// Inspections with a result.
    pub known: u64,
    /// Those with a finding.
    pub found: u64,
    /// Hit rate with its 95 % Wilson interval; none without results.
    pub rate: Option<[f64; 3]>,
}

/// Estimates over the first versions decided on the days; all that were decided when no days are given.
///
/// # Errors
/// When nothing was decided on the days, or the lake fails.
pub async fn estimate(
    home: &Home,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<Estimated, JobError> {
    let platform = home.platform().await?;
    let sql = "SELECT CAST(min(accepted_at) AS DATE) AS first, CAST(max(accepted_at) AS DATE) AS last FROM decision";
    let answer = Answer::of(&platform, PURPOSE, sql).await?;
    let day = |name| Ok::<_, JobError>(answer.texts(name)?.pop().and_then(|d| d.parse::<NaiveDate>().ok()));
    let (Some(first), Some(last)) = (day("first")?, day("last")?) else {
        return Err(JobError::Missing("nothing was decided yet; run `tidegate decide`".to_owned()));
    };
    let (from, to) = (from.unwrap_or(first), to.unwrap_or(last));
    let decisions = Decisions::read(&platform, from, to).await?;
    if decisions.0.is_empty() {
        let message =
            format!("nothing was decided from {from} to {to}; decisions are from {first} to {last}");
        return Err(JobError::Missing(message));
    }
    let results = results::read(&platform, PURPOSE, from, to).await?;
    let again = results::of_table(&platform, PURPOSE, &REINSPECTION, from, to).await?;
    let accuracy = accuracy::of_lanes(&decisions.0, &results, &again, &home.configuration.estimate);
    Ok(Estimated { accuracy, ..decisions.estimated(&results, home.now.date_naive(), from, to) })
}

/// A decision as estimates see it.
struct Decision {
    id: String,
    root: u64,
    listed_on: Option<NaiveDate>,
    /// Office and lane, whose delays are alike.
    cell: u32,
    probability: f64,
    inclusion: f64,
    floor: f64,
    draw: f64,
    component: String,
    lane: String,
    selected: bool,
    reinspected: bool,
    /// Given that it is selected, of its lane and a second inspection together.
    reinspection_probability: f64,
}

struct Decisions(Vec<Decision>);

impl Decisions {
    async fn read(platform: &Platform, from: NaiveDate, to: NaiveDate) -> Result<Self, JobError> {
        let sql = format!(
            "SELECT declaration_id, root_id, listed_on, office_id, lane_code, inclusion_probability, \
             realised_probability, floor_probability, draw, component_code, is_selected, \
             is_reinspected, reinspection_probability FROM decision \
             WHERE version_number = 1 AND {} ORDER BY declaration_id, run_number",
            between("accepted_at", from, to)
        );
        let answer = Answer::of(platform, PURPOSE, &sql).await?;
        let [ids, roots, days, offices, lanes, components] =
            ["declaration_id", "root_id", "listed_on", "office_id", "lane_code", "component_code"]
                .map(|name| answer.texts(name));
        let (ids, roots, days, offices) = (ids?, roots?, days?, offices?);
        let (lanes, components) = (lanes?, components?);
        let (selected, reinspected) = (answer.counts("is_selected")?, answer.counts("is_reinspected")?);
        let [p, pi, floor, draw, again] = [
            "inclusion_probability",
            "realised_probability",
            "floor_probability",
            "draw",
            "reinspection_probability",
        ]
        .map(|name| answer.reals(name));
        let (p, pi, floor, draw, again) = (p?, pi?, floor?, draw?, again?);
        let mut cells: HashMap<(&str, &str), u32> = HashMap::new();
        let mut decisions = Vec::with_capacity(answer.rows());
        for row in 0..answer.rows() {
            let next = cells.len() as u32;
            decisions.push(Decision {
                id: ids[row].clone(),
                root: root_number(&roots[row]),
                listed_on: days[row].parse().ok(),
                cell: *cells.entry((&offices[row], &lanes[row])).or_insert(next),
                probability: p[row],
                inclusion: pi[row],
                floor: floor[row],
                draw: draw[row],
                component: components[row].clone(),
                lane: lanes[row].clone(),
                selected: selected[row] > 0,
                reinspected: reinspected[row] > 0,
                reinspection_probability: again[row],
            });
        }
        Ok(Self(decisions))
    }

    fn estimated(
        &self,
        results: &HashMap<String, InspectionResult>,
        today: NaiveDate,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Estimated {
        let delays = self.delays(results, today);
        let selected = || self.0.iter().filter(|d| d.selected);
        let known: Vec<Known> = selected()
            .filter_map(|decision| {
                let result = results.get(&decision.id)?;
                let probability = delays.probability(decision.cell, days(decision.listed_on?, today))?;
                Some(Known { decision, result, probability })
            })
            .collect();
        let evidence = self.0.len() as u64;
        let total = |measure| self.total(&known, measure);
        let findings = total(Measure::Findings);
        let found = known.iter().filter(|k| k.result.finding.found).count() as f64;
        let missed = self.missed(&known);
        Estimated {
            from,
            to,
            decided: evidence,
            selected: selected().count() as u64,
            known: known.len() as u64,
            added: self.0.iter().filter(|d| !d.selected && results.contains_key(&d.id)).count() as u64,
            components: components(&known),
            rate: Valued::of(findings.clone().map(|f| f.per(evidence as f64)), evidence),
            recall: recall(found, &findings, evidence),
            findings: Valued::of(findings, evidence),
            revenue: Valued::of(total(Measure::Revenue), evidence),
            floor: (missed.inspected as u64, missed.found as u64),
            missed_findings: Valued::of(missed.findings, evidence),
            missed_revenue: Valued::of(missed.revenue, evidence),
            accuracy: Vec::new(),
        }
    }

    /// How long results take, by office and lane.
    fn delays(&self, results: &HashMap<String, InspectionResult>, today: NaiveDate) -> ResultDelays {
        let wait = |decision: &Decision| {
            let listed = decision.listed_on?;
            let recorded = results.get(&decision.id).map(|r| r.recorded_on.unwrap_or(listed));
            let days = days(listed, recorded.unwrap_or(today));
            Some(Wait { cell: decision.cell, days, arrived: recorded.is_some() })
        };
        ResultDelays::fit(&self.0.iter().filter(|d| d.selected).filter_map(wait).collect::<Vec<_>>())
    }

    fn total(&self, known: &[Known<'_>], measure: Measure) -> Result<Estimate, Refusal> {
        let inspected: Vec<Inspected> = known
            .iter()
            .map(|k| Inspected {
                root: k.decision.root,
                probability: k.decision.inclusion * k.probability,
                value: measure.of(k.result.finding),
            })
            .collect();
        let least = self.0.iter().map(|d| d.inclusion).reduce(f64::min).unwrap_or(0.0);
        horvitz_thompson(&inspected, least)
    }

    fn missed(&self, known: &[Known<'_>]) -> Missed {
        let inspection = |k: &Known<'_>| {
            let d = k.decision;
            Some(FloorInspection {
                root: d.root,
                draw: Draw::stored(d.draw)?,
                floor: d.floor,
                probability: d.probability,
                inclusion: d.inclusion,
                known_probability: k.probability,
                finding: k.result.finding,
            })
        };
        let inspections: Vec<FloorInspection> = known.iter().filter_map(inspection).collect();
        let least = self.0.iter().map(|d| d.floor.min(d.inclusion)).reduce(f64::min).unwrap_or(0.0);
        missed_by_model(&inspections, least)
    }
}

/// A selected declaration with its result, and the probability that it would be known by now.
struct Known<'a> {
    decision: &'a Decision,
    result: &'a InspectionResult,
    probability: f64,
}

fn days(from: NaiveDate, to: NaiveDate) -> u32 {
    u32::try_from((to - from).num_days()).unwrap_or(0)
}

fn components(known: &[Known<'_>]) -> Vec<ComponentFound> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for k in known {
        let count = counts.entry(&k.decision.component).or_default();
        count.0 += 1;
        count.1 += u64::from(k.result.finding.found);
    }
    let one = |(component, (known, found)): (&str, (u64, u64))| ComponentFound {
        component: component.to_owned(),
        known,
        found,
        rate: wilson(found as f64, known as f64, Z95).map(|p| [p.value, p.interval.low, p.interval.high]),
    };
    counts.into_iter().map(one).collect()
}

fn recall(found: f64, findings: &Result<Estimate, Refusal>, evidence: u64) -> Valued {
    match findings {
        Err(refusal) => Valued::Refusal(refusal.to_string()),
        Ok(Estimate { value, interval, .. }) => {
            let share = |total: f64| (found / total.max(found)).min(1.0);
            Valued::Estimate {
                value: share(*value),
                low: share(interval.high),
                high: share(interval.low),
                evidence,
            }
        }
    }
}
