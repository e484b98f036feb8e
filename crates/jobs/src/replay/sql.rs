//! Replay in SQL: the same decisions again, by statements that any analyst could have written.

use super::Replayed;
use super::which::Piece;
use crate::JobError;
use crate::answer::Answer;
use crate::home::Home;
use crate::progress::Progress;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tidegate_query::{Bundles, literal};
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::rules::{Effect, Rule};
use tidegate_risk::selection::{Lane, LaneShare};

/// Purpose of the reads.
const PURPOSE: &str = "job replay";

/// Lanes, the least intrusive first; in statements a lane is its place here.
const LANES: [Lane; 5] = [Lane::Green, Lane::Blue, Lane::Yellow, Lane::Orange, Lane::Red];

/// What a replay in SQL found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct SqlReplayReport {
    /// First day, where days were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// Goods items of the decisions.
    pub items: u64,
    /// Those of which `assess` gives the stored margin, probability, score and rules, to the last bit.
    pub identical_items: u64,
    /// Goods items beside these whose input is erased.
    pub erased_items: u64,
    /// Decisions replayed.
    pub decisions: u64,
    /// Those of which the stored parts, draw and cut give the stored p, w, pi, component and lane, to the last bit.
    pub identical: u64,
    /// Those of another semantics version, whose features are not promised to be recomputed alike; not among the items.
    pub other_semantics: u64,
}

/// Decides again what was decided, in SQL: `assess` over the records as they are in the lake; and from the stored parts, rules,
/// draw and cut the chance, pi, component, selection and lane. What a statement does not make again is taken as it is stored:
/// what scores, rules of whole declarations and the policy state make of the items, other lodgements of a consignment, draws,
/// closes of work lists, second inspections, treatments and directives. [`super::replay`] does.
///
/// # Errors
/// When nothing was decided, or records or bundle are not there any more.
pub async fn replay_in_sql(
    home: &Home,
    what: &Replayed,
    progress: &mut dyn Progress,
) -> Result<SqlReplayReport, JobError> {
    let platform = home.platform().await?;
    let pieces = what.pieces(home, &platform, home.configuration.decide.read_versions).await?;
    progress.step("deciding again in SQL", pieces.iter().map(|p| p.decisions).sum(), "decisions");
    let (from, to) = what.ends();
    let mut report = SqlReplayReport { from, to, ..SqlReplayReport::default() };
    let mut known: BTreeMap<String, (Said, Bundles)> = BTreeMap::new();
    let resubmission_days = home.configuration.decide.resubmission_days;
    let is_erased_from = !home.ledger.erasures().await?.is_empty();
    for piece in pieces {
        let sql = format!("SELECT DISTINCT bundle_hash FROM decision WHERE {} ORDER BY 1", piece.condition);
        for bundle in Answer::of(&platform, PURPOSE, &sql).await?.texts("bundle_hash")? {
            if !known.contains_key(&bundle) {
                let loaded = home.bundles([bundle.clone()].into()).await?;
                known.insert(bundle.clone(), (Said::by(&loaded[&bundle].1), loaded));
            }
            let (said, loaded) = &known[&bundle];
            let decisions = decisions(&piece.condition, &bundle, said, resubmission_days);
            let answer = Answer::of(&platform, PURPOSE, &decisions).await?;
            report.decisions += answer.counts("decisions")?.iter().sum::<u64>();
            report.identical += answer.counts("identical")?.iter().sum::<u64>();
            report.other_semantics += answer.counts("other_semantics")?.iter().sum::<u64>();
            let answer = Answer::assessed(&platform, PURPOSE, &items(&bundle, &piece), loaded).await?;
            let without_input = answer.counts("without_input")?.iter().sum::<u64>();
            // Where nothing was ever erased, what is not there is a difference.
            let erased = if is_erased_from { without_input } else { 0 };
            report.erased_items += erased;
            report.items += answer.counts("items")?.iter().sum::<u64>() - erased;
            report.identical_items += answer.counts("identical")?.iter().sum::<u64>();
        }
        progress.done(report.decisions);
    }
    Ok(report)
}

/// What a bundle says of decisions, as expressions over their columns.
struct Said {
    /// Whether a rule that hit makes inspection mandatory.
    mandatory: String,
    /// Whether a rule that hit holds the goods.
    held: String,
    /// Place of the least intrusive lane that the rules that hit allow.
    least_lane: String,
    /// Place of the lane of a selected one by `draw / pi`.
    drawn_lane: String,
    /// Probability of a second inspection by `mandatory` and the place of the `lane`.
    reinspection: String,
}

impl Said {
    fn by(bundle: &Bundle) -> Self {
        let rules = &bundle.rules.rules;
        let one_hits = |is: &dyn Fn(&Rule) -> bool| {
            let ids = rules.iter().filter(|rule| is(rule)).map(|rule| literal(&rule.id));
            let hit: Vec<String> = ids.map(|id| format!("array_has(rules, {id})")).collect();
            if hit.is_empty() { "false".to_owned() } else { format!("({})", hit.join(" OR ")) }
        };
        let places = || LANES.iter().copied().enumerate();
        let least_lane = places().skip(1).rev().map(|(place, lane)| {
            format!("WHEN {} THEN {place}", one_hits(&|rule| rule.least_lane() == Some(lane)))
        });
        let least_lane = least_lane.collect::<Vec<_>>().join(" ");
        let policy = &bundle.selection;
        let mut upper = 0.0;
        let drawn_lane = policy.lanes.iter().map(|LaneShare { lane, share }| {
            upper += share;
            format!("WHEN draw / pi < {upper:?} THEN {}", place(*lane))
        });
        let drawn_lane = drawn_lane.collect::<Vec<_>>().join(" ");
        let last = place(policy.lanes.last().map_or(Lane::Red, |last| last.lane));
        let again = policy.reinspected_share;
        let reinspection = places().map(|(place, lane)| {
            // Of a lane without a share it is 0 with either sign.
            let probability = (LaneShare::of(&policy.lanes, lane) * again).abs();
            format!("WHEN lane = {place} THEN {probability:?}")
        });
        let reinspection = reinspection.collect::<Vec<_>>().join(" ");
        Self {
            mandatory: one_hits(&|rule| rule.least_lane().is_some_and(Lane::is_inspection)),
            held: one_hits(&|rule| rule.effect == Effect::Hold),
            least_lane: format!("CASE {least_lane} ELSE 0 END"),
            drawn_lane: format!("CASE {drawn_lane} ELSE {last} END"),
            reinspection: format!("CASE WHEN mandatory THEN {again:?} {reinspection} END"),
        }
    }
}

fn place(lane: Lane) -> usize {
    LANES.iter().position(|known| *known == lane).unwrap_or_default()
}

/// Each goods item assessed again beside what is stored of it.
fn items(bundle: &str, Piece { condition, months, .. }: &Piece) -> String {
    format!(
        "WITH d AS (SELECT month, declaration_id, version_number, run_number FROM decision WHERE {condition} \
           AND bundle_hash = '{bundle}' AND semantics_version = {SEMANTICS_VERSION}), \
         kept AS (SELECT i.* FROM decision_item i JOIN d ON d.month = i.month AND d.run_number = i.run_number \
           AND d.declaration_id = i.declaration_id AND d.version_number = i.version_number WHERE i.month IN ({months})), \
         again AS (SELECT r.month, r.declaration_id, r.version_number, r.goods_item_seq, assess('{bundle}', r.*) AS a \
           FROM declaration_item r JOIN (SELECT DISTINCT month, declaration_id, version_number FROM d) one \
           ON one.month = r.month AND one.declaration_id = r.declaration_id AND one.version_number = r.version_number \
           WHERE r.month IN ({months})) \
         SELECT count(*) AS items, count(*) FILTER (WHERE g.declaration_id IS NULL) AS without_input, count(*) FILTER (WHERE a['margin'] = k.margin AND a['probability'] = k.probability \
           AND a['score'] = k.score AND array_to_string(a['rules'], ' ') = array_to_string(k.rules, ' ')) AS identical \
         FROM kept k LEFT JOIN again g ON g.month = k.month AND g.declaration_id = k.declaration_id \
           AND g.version_number = k.version_number AND g.goods_item_seq = k.goods_item_seq"
    )
}

/// The chance of each decision of a bundle from its stored parts, and what the stored draw and cut make of it
/// (docs/selection.md). p, w and the protected part are the greatest of those of its own parts and what is stored of the
/// lodgements up to its list that were drawn alike; or its own alone, where it was accepted so long before its list that the others
/// of its month may be forgotten.
fn decisions(condition: &str, bundle: &str, said: &Said, resubmission_days: u32) -> String {
    let Said { mandatory, held, least_lane, drawn_lane, reinspection } = said;
    let old_days = resubmission_days.saturating_sub(31);
    let lane_codes = LANES.iter().map(|lane| format!("WHEN '{}' THEN {}", lane.code(), place(*lane)));
    let lane_code = format!("CASE lane_code {} END", lane_codes.collect::<Vec<_>>().join(" "));
    format!(
        "WITH part AS (SELECT *, {mandatory} AS mandatory, {held} AS held, {least_lane} AS least_lane, \
             floor_probability + (1 - floor_probability) * multiplier * exploration AS explored, \
             floor_probability + (1 - floor_probability) * multiplier \
               * (exploration + (1 - exploration) * least(ramp, 1.0)) AS chosen, \
             floor_probability + (1 - floor_probability) * multiplier \
               * (exploration + (1 - exploration) * ramp) AS weighed, \
             floor_probability + (1 - floor_probability) \
               * (exploration + (1 - exploration) * least(ramp, 1.0)) AS unsteered, \
             floor_probability + (1 - floor_probability) \
               * (exploration + (1 - exploration) * ramp) AS unsteered_weight \
           FROM decision WHERE {condition} AND bundle_hash = '{bundle}'), \
         own AS (SELECT *, CASE WHEN mandatory THEN 1.0 \
             ELSE greatest(guaranteed_probability, floor_probability) END AS safe FROM part), \
         other AS (SELECT d.declaration_id, d.version_number, d.run_number, max(e.inclusion_probability) AS p, \
             max(e.weight) AS w, max(e.protected_probability) AS safe \
           FROM own d JOIN decision e ON e.root_id = d.root_id AND e.period = d.period \
           WHERE (e.run_number < d.run_number OR (e.run_number = d.run_number AND e.listed_on <= d.listed_on)) \
             AND NOT (e.declaration_id = d.declaration_id AND e.version_number = d.version_number \
             AND e.run_number = d.run_number) GROUP BY 1, 2, 3), \
         chance AS (SELECT d.*, greatest(d.safe, d.chosen) AS own_p, greatest(d.safe, d.weighed) AS own_w, \
             coalesce(o.p, 0.0) AS other_p, coalesce(o.w, 0.0) AS other_w, coalesce(o.safe, 0.0) AS other_safe, \
             CAST(d.accepted_at AS DATE) < CAST(d.listed_on AS DATE) - INTERVAL '{old_days} days' AS is_old \
           FROM own d LEFT JOIN other o ON o.declaration_id = d.declaration_id \
             AND o.version_number = d.version_number AND o.run_number = d.run_number), \
         drawn AS (SELECT *, draw < protected_probability \
             OR (draw < inclusion_probability AND draw / weight < tau) AS on_list, \
             greatest(protected_probability, least(inclusion_probability, weight * tau)) AS pi, \
             CASE WHEN mandatory THEN 'mandatory' \
               WHEN draw < guaranteed_probability THEN 'statutory' WHEN draw < floor_probability THEN 'floor' \
               WHEN draw < explored THEN 'exploration' WHEN draw < inclusion_probability THEN 'model' \
               ELSE 'none' END AS component FROM chance), \
         again AS (SELECT *, greatest(least_lane, \
             CASE WHEN on_list AND NOT mandatory THEN {drawn_lane} ELSE 0 END) AS lane FROM drawn) \
         SELECT count(*) AS decisions, \
           count(*) FILTER (WHERE semantics_version <> {SEMANTICS_VERSION}) AS other_semantics, \
           count(*) FILTER (WHERE ((inclusion_probability = greatest(own_p, other_p) \
               AND weight = greatest(own_w, other_w) AND protected_probability = greatest(safe, other_safe)) \
               OR (is_old AND inclusion_probability = own_p AND weight = own_w AND protected_probability = safe)) \
             AND is_candidate = (draw < inclusion_probability) AND is_in_floor = (draw < floor_probability) \
             AND is_suppressed = (NOT on_list AND draw < greatest(safe, unsteered, inclusion_probability) \
               AND draw / greatest(safe, unsteered_weight, weight) < tau) \
             AND is_selected = on_list AND realised_probability = pi AND component_code = component \
             AND {lane_code} = lane AND is_held = held \
             AND abs(reinspection_probability) = {reinspection}) AS identical \
         FROM again"
    )
}
