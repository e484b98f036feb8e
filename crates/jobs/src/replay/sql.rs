//! Replay in SQL: the same decisions again, by statements that any analyst could have written.

use super::Replayed;
use super::which::Piece;
use crate::JobError;
use crate::answer::Answer;
use crate::home::Home;
use crate::progress::Progress;
use std::collections::BTreeSet;
use tidegate_risk::SEMANTICS_VERSION;

/// Purpose of the reads.
const PURPOSE: &str = "job replay";

/// What a replay in SQL found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct SqlReplayReport {
    /// Goods items of the decisions.
    pub items: u64,
    /// Those of which `assess` gives the stored margin, probability, score and rules, to the last bit.
    pub identical_items: u64,
    /// Goods items beside these whose input is erased.
    pub erased_items: u64,
    /// Decisions replayed.
    pub decisions: u64,
    /// Those of which the stored parts give the stored p, pi and outcome, to the last bit.
    pub identical: u64,
    /// Those of another semantics version, whose features are not promised to be recomputed alike; not among the items.
    pub other_semantics: u64,
}

/// Decides again what was decided, in SQL: `assess` over the records as they are in the lake, and the chance, the cut and
/// the component from the stored parts and draw.
///
/// # Errors
/// When nothing was decided, or records or bundle are not there any more.
pub async fn replay_in_sql(
    home: &Home,
    what: &Replayed,
    progress: &mut dyn Progress,
) -> Result<SqlReplayReport, JobError> {
    let mut platform = home.platform().await?;
    let pieces = what.pieces(home, &platform, home.configuration.decide.read_versions).await?;
    progress.step("deciding again in SQL", pieces.iter().map(|p| p.decisions).sum(), "decisions");
    let mut report = SqlReplayReport::default();
    let mut known = BTreeSet::new();
    let is_erased_from = !home.ledger.erasures().await?.is_empty();
    for piece in pieces {
        let answer = Answer::of(&platform, PURPOSE, &decisions(&piece.condition)).await?;
        report.decisions += answer.counts("decisions")?.iter().sum::<u64>();
        report.identical += answer.counts("identical")?.iter().sum::<u64>();
        report.other_semantics += answer.counts("other_semantics")?.iter().sum::<u64>();
        for bundle in answer.texts("bundle_hash")? {
            if known.insert(bundle.clone()) {
                home.add_bundles(&mut platform, vec![bundle.clone()], home.now).await?;
            }
            let answer = Answer::of(&platform, PURPOSE, &items(&bundle, &piece)).await?;
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

/// The chance of each decision from its stored parts, and what the stored draw makes of it (docs/selection.md).
fn decisions(condition: &str) -> String {
    format!(
        "WITH part AS (SELECT *, greatest(guaranteed_probability, floor_probability) AS safe, \
             floor_probability + (1 - floor_probability) * multiplier * exploration AS explored, \
             floor_probability + (1 - floor_probability) * multiplier \
               * (exploration + (1 - exploration) * least(ramp, 1.0)) AS chosen, \
             floor_probability + (1 - floor_probability) * multiplier \
               * (exploration + (1 - exploration) * ramp) AS weighed \
           FROM decision WHERE {condition}), \
         again AS (SELECT *, draw < protected_probability \
             OR (draw < inclusion_probability AND draw / weight < tau) AS on_list, \
             greatest(protected_probability, least(inclusion_probability, weight * tau)) AS pi, \
             CASE WHEN component_code = 'mandatory' AND protected_probability = 1 THEN 'mandatory' \
               WHEN draw < guaranteed_probability THEN 'statutory' WHEN draw < floor_probability THEN 'floor' \
               WHEN draw < explored THEN 'exploration' WHEN draw < inclusion_probability THEN 'model' \
               ELSE 'none' END AS component FROM part) \
         SELECT bundle_hash, count(*) AS decisions, \
           count(*) FILTER (WHERE semantics_version <> {SEMANTICS_VERSION}) AS other_semantics, \
           count(*) FILTER (WHERE inclusion_probability >= greatest(safe, chosen) AND weight >= greatest(safe, weighed) \
             AND protected_probability >= safe AND is_candidate = (draw < inclusion_probability) \
             AND is_in_floor = (draw < floor_probability) AND is_selected = on_list AND realised_probability = pi \
             AND component_code = component) AS identical \
         FROM again GROUP BY 1 ORDER BY 1"
    )
}
