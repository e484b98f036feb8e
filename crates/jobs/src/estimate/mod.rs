//! What the inspections of decided days say of everything that was lodged on them.

mod accuracy;
mod cells;
pub(crate) mod delays;

pub use accuracy::LaneAccuracy;
pub use cells::{ReportedBy, ReportingCell};

use crate::JobError;
use crate::answer::Answer;
use crate::backtest::Valued;
use crate::backtest::evidence::root_number;
use crate::decide::between;
use crate::home::Home;
use crate::results::{self, InspectionResult};
use chrono::NaiveDate;
use delays::{Awaited, Delays};
use std::collections::{BTreeMap, HashMap, HashSet};
use tidegate_query::Platform;
use tidegate_records::tables::REINSPECTION;
use tidegate_risk::estimation::{
    Estimate, FloorInspection, Inspected, Measure, Missed, Refusal, Z95, horvitz_thompson, missed_by_model,
    wilson,
};
use tidegate_risk::selection::{Draw, Lane};

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
    /// Results of consignments that only the draw of a later version or lodgement selected: left out, since estimates stand
    /// on first versions.
    pub later: u64,
    /// Results of consignments that no draw selected: officers added them, and they are no evidence.
    pub added: u64,
    /// Declarations decided so lately that no result of their office could be in: left out of the estimates.
    pub young: u64,
    /// By part of p that the draw fell into.
    pub components: Vec<ComponentFound>,
    /// Findings that inspecting everything would have recorded.
    pub findings: Valued,
    /// The same for each declaration.
    pub rate: Valued,
    /// Revenue that inspecting everything would have recorded.
    pub revenue: Valued,
    /// Share of those findings that the inspections make once all results are in; its ends are those of the estimate, turned.
    pub recall: Valued,
    /// Floor inspections with a result, and those with a finding.
    pub floor: (u64, u64),
    /// Findings among consignments that were no candidates, from the floor.
    pub missed_findings: Valued,
    /// Their revenue.
    pub missed_revenue: Valued,
    /// How well officers see, by lane of which some were inspected once more.
    pub accuracy: Vec<LaneAccuracy>,
    /// Reporting cells, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<ReportingCell>,
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
    estimate_by(home, from, to, None).await
}

/// The same, reported by office or month besides.
///
/// # Errors
/// Those of [`estimate`].
pub async fn estimate_by(
    home: &Home,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    by: Option<ReportedBy>,
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
    let settings = &home.configuration.estimate;
    let evidence = decisions.evidence(&results, home.now.date_naive());
    let drawn = selected_roots(&platform, from).await?;
    let selected = || decisions.0.iter().filter(|d| d.selected);
    let known = || selected().filter_map(|d| Some((d, results.get(&d.id)?)));
    let unasked = || decisions.0.iter().filter(|d| !d.selected && results.contains_key(&d.id));
    let (mature, missed) = (evidence.decisions.len() as u64, evidence.missed());
    let findings = evidence.total(Measure::Findings);
    Ok(Estimated {
        from,
        to,
        decided: decisions.0.len() as u64,
        selected: selected().count() as u64,
        known: known().count() as u64,
        later: unasked().filter(|d| drawn.contains(&d.root)).count() as u64,
        added: unasked().filter(|d| !drawn.contains(&d.root)).count() as u64,
        young: decisions.0.len() as u64 - mature,
        components: components(known()),
        rate: Valued::of(findings.clone().map(|f| f.per(mature as f64)), mature),
        recall: evidence.recall(&findings),
        findings: Valued::of(findings, mature),
        revenue: Valued::of(evidence.total(Measure::Revenue), mature),
        floor: (missed.inspected as u64, missed.found as u64),
        missed_findings: Valued::of(missed.findings, mature),
        missed_revenue: Valued::of(missed.revenue, mature),
        accuracy: accuracy::of_lanes(&decisions.0, &results, &again, settings),
        cells: by.map_or_else(Vec::new, |by| cells::of(&evidence, by, settings)),
    })
}

/// Consignments that a draw selected in any version or lodgement, from a day of acceptance on.
async fn selected_roots(platform: &Platform, from: NaiveDate) -> Result<HashSet<u64>, JobError> {
    let sql =
        format!("SELECT DISTINCT root_id FROM decision WHERE is_selected AND accepted_at >= DATE '{from}'");
    let roots = Answer::of(platform, PURPOSE, &sql).await?.texts("root_id")?;
    Ok(roots.iter().map(|root| root_number(root)).collect())
}

/// A decision as estimates see it.
struct Decision {
    id: String,
    root: u64,
    month: String,
    listed_on: Option<NaiveDate>,
    office: String,
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
            "SELECT declaration_id, root_id, month, listed_on, office_id, lane_code, inclusion_probability, \
             realised_probability, floor_probability, draw, component_code, is_selected, \
             is_reinspected, reinspection_probability FROM decision \
             WHERE version_number = 1 AND {} ORDER BY declaration_id, run_number",
            between("accepted_at", from, to)
        );
        let answer = Answer::of(platform, PURPOSE, &sql).await?;
        let [ids, roots, months, days, offices, lanes, components] =
            ["declaration_id", "root_id", "month", "listed_on", "office_id", "lane_code", "component_code"]
                .map(|name| answer.texts(name));
        let (ids, roots, months, days) = (ids?, roots?, months?, days?);
        let (offices, lanes, components) = (offices?, lanes?, components?);
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
        let mut decisions = Vec::with_capacity(answer.rows());
        for row in 0..answer.rows() {
            decisions.push(Decision {
                id: ids[row].clone(),
                root: root_number(&roots[row]),
                month: months[row].clone(),
                listed_on: days[row].parse().ok(),
                office: offices[row].clone(),
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

    /// What estimates stand on: decisions that are no longer so young that no result could be in.
    fn evidence<'a>(
        &'a self,
        results: &'a HashMap<String, InspectionResult>,
        today: NaiveDate,
    ) -> Evidence<'a> {
        let awaited = |decision: &'a Decision| {
            Some(Awaited {
                office: &decision.office,
                lane: Lane::of_code(&decision.lane)?,
                listed_on: decision.listed_on?,
                result: results.get(&decision.id),
            })
        };
        let selected = self.0.iter().filter(|d| d.selected);
        let delays = Delays::fit(&selected.filter_map(awaited).collect::<Vec<_>>(), today);
        let mut evidence = Evidence::default();
        for decision in &self.0 {
            let Some(listed_on) = decision.listed_on else { continue };
            let Some(probability) = delays.least_known(&decision.office, listed_on) else { continue };
            evidence.decisions.push(Mature { decision, probability });
            let result = results.get(&decision.id).filter(|_| decision.selected);
            if let (Some(result), Some(lane)) = (result, Lane::of_code(&decision.lane))
                && let Some(probability) = delays.known(&decision.office, lane, listed_on)
            {
                evidence.known.push(Known { decision, result, probability });
            }
        }
        evidence
    }
}

/// Decisions that estimates stand on.
#[derive(Default)]
struct Evidence<'a> {
    decisions: Vec<Mature<'a>>,
    /// Those that were selected and have a result.
    known: Vec<Known<'a>>,
}

/// A decision, and the least probability that a result of it would be known by now.
#[derive(Clone, Copy)]
struct Mature<'a> {
    decision: &'a Decision,
    probability: f64,
}

/// A selected declaration with its result, and the probability that it would be known by now.
#[derive(Clone, Copy)]
struct Known<'a> {
    decision: &'a Decision,
    result: &'a InspectionResult,
    probability: f64,
}

impl Evidence<'_> {
    fn total(&self, measure: Measure) -> Result<Estimate, Refusal> {
        let inspected: Vec<Inspected> = self
            .known
            .iter()
            .map(|k| Inspected {
                root: k.decision.root,
                probability: k.decision.inclusion * k.probability,
                value: measure.of(k.result.finding),
            })
            .collect();
        horvitz_thompson(&inspected, self.least(|d| d.inclusion))
    }

    /// Share of the findings that the inspections make, those that are still to come in among them: what is known stands for
    /// what is pending here as it does in the total.
    fn recall(&self, findings: &Result<Estimate, Refusal>) -> Valued {
        let of_inspections: f64 =
            self.known.iter().filter(|k| k.result.finding.found).map(|k| 1.0 / k.probability).sum();
        let share = |total: f64| (of_inspections / total.max(of_inspections)).min(1.0);
        match findings {
            Err(refusal) => Valued::Refusal(refusal.to_string()),
            Ok(Estimate { value, interval, .. }) => Valued::Estimate {
                value: share(*value),
                low: share(interval.high),
                high: share(interval.low),
                evidence: self.decisions.len() as u64,
            },
        }
    }

    fn missed(&self) -> Missed {
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
        let inspections: Vec<FloorInspection> = self.known.iter().filter_map(inspection).collect();
        missed_by_model(&inspections, self.least(|d| d.floor.min(d.inclusion)))
    }

    /// The least probability of any of the decisions that its inspection happens and is known.
    fn least(&self, probability: impl Fn(&Decision) -> f64) -> f64 {
        self.decisions.iter().map(|m| probability(m.decision) * m.probability).reduce(f64::min).unwrap_or(0.0)
    }
}

/// Hit rates of the parts of p, of selected declarations with a result.
fn components<'a>(known: impl Iterator<Item = (&'a Decision, &'a InspectionResult)>) -> Vec<ComponentFound> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (decision, result) in known {
        let count = counts.entry(&decision.component).or_default();
        count.0 += 1;
        count.1 += u64::from(result.finding.found);
    }
    let one = |(component, (known, found)): (&str, (u64, u64))| ComponentFound {
        component: component.to_owned(),
        known,
        found,
        rate: wilson(found as f64, known as f64, Z95).map(|p| [p.value, p.interval.low, p.interval.high]),
    };
    counts.into_iter().map(one).collect()
}
