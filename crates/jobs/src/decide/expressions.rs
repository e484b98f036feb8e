//! What several statements have in common: the days of moments, later versions, regimes.

use chrono::NaiveDate;
use tidegate_risk::selection::SelectionPolicy;

/// When a version was lodged: the first when it was accepted, a later one when it was issued.
pub(super) const LODGED: &str =
    "CASE WHEN r.version_number > 1 THEN coalesce(r.issued_at, r.accepted_at) ELSE r.accepted_at END";

/// A condition: a moment falls on one of the days, of UTC.
pub(crate) fn between(moment: &str, first: NaiveDate, last: NaiveDate) -> String {
    format!("{moment} >= DATE '{first}' AND {moment} < DATE '{last}' + INTERVAL '1 day'")
}

/// Later versions of declarations that were decided, by declaration: an amendment is no new consignment, and what it was
/// decided as counts for the first version.
pub(crate) fn later_versions(condition: &str) -> String {
    format!(
        "SELECT month, declaration_id, bool_or(is_selected) AS is_selected, \
         bool_or(component_code = 'mandatory') AS is_mandatory, max(realised_probability) AS expected \
         FROM decision WHERE version_number > 1 AND {condition} GROUP BY month, declaration_id"
    )
}

/// An expression: whether a first version `d`, or a later one among `l`, was mandatory.
pub(crate) const IS_MANDATORY: &str = "(d.component_code = 'mandatory' OR coalesce(l.is_mandatory, false))";
/// An expression: probability that a first version `d`, or a later one among `l`, came on a list.
pub(crate) const EXPECTED: &str = "greatest(d.realised_probability, coalesce(l.expected, 0.0))";

/// An expression: first day of the regime of a selection policy that a moment falls under, of UTC, as text.
pub(crate) fn regime_of(policy: &SelectionPolicy, moment: &str) -> String {
    let first = policy.regimes[0].from;
    let later = policy.regimes.iter().skip(1).rev().map(|regime| regime.from);
    let cases: Vec<String> =
        later.map(|from| format!("WHEN {moment} >= DATE '{from}' THEN '{from}'")).collect();
    if cases.is_empty() {
        format!("'{first}'")
    } else {
        format!("CASE {} ELSE '{first}' END", cases.join(" "))
    }
}
