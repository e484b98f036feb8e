//! The SQL behind the report. The last decision about a declaration counts; earlier ones are those of versions that
//! an amendment has replaced.

use crate::results::HAS_RESULT;

/// Equal bins of the score from 0 to 1.
pub(super) const SCORE_BINS: usize = 20;
/// Columns of counts that every statement about groups gives.
pub(super) const TALLY_COLUMNS: [&str; 5] = ["decided", "candidates", "selected", "judged", "hits"];

const TALLY: &str = "count(*) AS decided, count(*) FILTER (WHERE is_candidate) AS candidates, \
    count(*) FILTER (WHERE is_selected) AS selected, count(*) FILTER (WHERE is_judged) AS judged, \
    count(*) FILTER (WHERE is_hit) AS hits";

/// As [`TALLY`], for rows of goods items: a declaration counts once in each group.
const ITEM_TALLY: &str = "count(DISTINCT declaration_id) AS decided, \
    count(DISTINCT declaration_id) FILTER (WHERE is_candidate) AS candidates, \
    count(DISTINCT declaration_id) FILTER (WHERE is_selected) AS selected, \
    count(DISTINCT declaration_id) FILTER (WHERE is_judged) AS judged, \
    count(DISTINCT declaration_id) FILTER (WHERE is_hit) AS hits";

/// Which decisions are reported.
pub(super) struct Scope {
    /// One run; all of them when none.
    pub run: Option<i64>,
}

impl Scope {
    /// `judged`: the last decision about each declaration, with whether its result counts and what it was.
    fn judged(&self) -> String {
        let of_run = self.run.map_or(String::new(), |run| format!("WHERE run_number = {run}"));
        format!(
            "WITH placed AS (SELECT *, row_number() OVER (PARTITION BY declaration_id \
             ORDER BY version_number DESC, run_number DESC) AS place FROM decision {of_run}), \
             result AS (SELECT declaration_id, max(CASE WHEN result_code = 'discrepancy' THEN 1 ELSE 0 END) AS found \
             FROM inspection WHERE {HAS_RESULT} GROUP BY declaration_id), \
             judged AS (SELECT d.*, r.declaration_id IS NOT NULL AS has_result, \
             d.is_selected AND NOT d.is_in_sample AND r.declaration_id IS NOT NULL AS is_judged, \
             d.is_selected AND NOT d.is_in_sample AND coalesce(r.found, 0) = 1 AS is_hit \
             FROM placed d LEFT JOIN result r ON r.declaration_id = d.declaration_id WHERE d.place = 1)"
        )
    }

    pub(super) fn total(&self) -> String {
        format!(
            "{} SELECT {TALLY}, count(*) FILTER (WHERE is_held) AS held, \
             count(*) FILTER (WHERE is_selected AND is_in_sample AND has_result) AS in_sample, \
             min(accepted_at) AS first_accepted, max(accepted_at) AS last_accepted FROM judged",
            self.judged()
        )
    }

    pub(super) fn runs(&self) -> String {
        format!(
            "{} SELECT run_number, bundle_hash, policy_state_version, semantics_version, count(*) AS decided, \
             min(decided_at) AS first_decided, max(decided_at) AS last_decided FROM judged \
             GROUP BY run_number, bundle_hash, policy_state_version, semantics_version \
             ORDER BY run_number, bundle_hash, policy_state_version, semantics_version",
            self.judged()
        )
    }

    /// Groups by a column of `decision`.
    pub(super) fn by(&self, column: &str) -> String {
        format!(
            "{} SELECT {column} AS code, {TALLY} FROM judged GROUP BY {column} ORDER BY decided DESC, code",
            self.judged()
        )
    }

    /// Groups by an expression over goods items `g`; the result of an item is its own where one was recorded for it.
    pub(super) fn by_item(&self, expression: &str) -> String {
        format!(
            "{}, item_result AS (SELECT declaration_id, goods_item_seq, \
             max(CASE WHEN result_code = 'discrepancy' THEN 1 ELSE 0 END) AS found \
             FROM inspection WHERE {HAS_RESULT} GROUP BY declaration_id, goods_item_seq), \
             item AS (SELECT {expression} AS code, j.declaration_id, j.is_candidate, j.is_selected, \
             j.is_judged AND (own.found IS NOT NULL OR whole.found IS NOT NULL) AS is_judged, \
             j.is_judged AND (coalesce(own.found, 0) = 1 OR coalesce(whole.found, 0) = 1) AS is_hit \
             FROM judged j JOIN goods_item g ON g.month = j.month AND g.declaration_id = j.declaration_id \
             AND g.version_number = j.version_number \
             LEFT JOIN item_result own ON own.declaration_id = g.declaration_id \
             AND own.goods_item_seq = g.goods_item_seq \
             LEFT JOIN (SELECT declaration_id, found FROM item_result WHERE goods_item_seq IS NULL) whole \
             ON whole.declaration_id = g.declaration_id) \
             SELECT code, {ITEM_TALLY} FROM item GROUP BY code ORDER BY decided DESC, code",
            self.judged()
        )
    }

    /// The floor as a random sample, with the sums that weigh it up to all declarations.
    pub(super) fn floor(&self) -> String {
        format!(
            "{} SELECT {TALLY}, sum(1.0 / floor_probability) FILTER (WHERE is_judged) AS weight, \
             sum(1.0 / (floor_probability * floor_probability)) FILTER (WHERE is_judged) AS weight_squares, \
             sum(1.0 / floor_probability) FILTER (WHERE is_hit) AS hit_weight \
             FROM judged WHERE is_in_floor AND floor_probability > 0",
            self.judged()
        )
    }

    pub(super) fn days(&self) -> String {
        format!(
            "{} SELECT CAST(accepted_at AS DATE) AS day, office_id, \
             max(policy_state_version) AS policy_state_version, {TALLY} FROM judged \
             GROUP BY CAST(accepted_at AS DATE), office_id ORDER BY day, office_id",
            self.judged()
        )
    }

    pub(super) fn scores(&self) -> String {
        format!(
            "{} SELECT CAST(floor(score * {SCORE_BINS}) AS BIGINT) AS bin, {TALLY} FROM judged \
             GROUP BY CAST(floor(score * {SCORE_BINS}) AS BIGINT) ORDER BY bin",
            self.judged()
        )
    }

    pub(super) fn rules(&self) -> String {
        format!(
            "{}, hit AS (SELECT unnest(rules) AS code, is_candidate, is_selected, is_judged, is_hit FROM judged) \
             SELECT code, {TALLY} FROM hit GROUP BY code ORDER BY decided DESC, code",
            self.judged()
        )
    }

    pub(super) fn reasons(&self, limit: usize) -> String {
        format!(
            "{}, given AS (SELECT declaration_id, unnest(reasons) AS reason FROM judged WHERE is_selected), \
             named AS (SELECT declaration_id, get_field(reason, 'kind') AS kind, get_field(reason, 'name') AS name, \
             get_field(reason, 'contribution') AS contribution, get_field(reason, 'sentence') AS sentence FROM given) \
             SELECT kind, name, count(DISTINCT declaration_id) AS declarations, avg(contribution) AS contribution, \
             min(sentence) AS example FROM named GROUP BY kind, name ORDER BY declarations DESC, kind, name \
             LIMIT {limit}",
            self.judged()
        )
    }

    pub(super) fn work_list(&self, limit: usize) -> String {
        format!(
            "{} SELECT declaration_id, version_number, office_id, importer_id, accepted_at, lane_code, is_held, \
             directive, reasons FROM judged WHERE is_selected ORDER BY accepted_at DESC, declaration_id LIMIT {limit}",
            self.judged()
        )
    }
}
