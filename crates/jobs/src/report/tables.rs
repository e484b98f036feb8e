//! The tables of the report.

use super::data::{Group, ReasonCount, Run, Tally};
use super::format::{count, moment, percent, shortened};
use super::rate::Rate;
use super::work_list::WorkItem;
use maud::{Markup, html};

/// Longest name of a group that stays on one line.
const NAME: usize = 64;
/// Reasons shown for a declaration.
const REASONS: usize = 4;

/// A share with its interval, or a dash.
pub(super) fn rate(rate: Option<Rate>) -> Markup {
    match rate {
        None => html! { span.none { "–" } },
        Some(Rate { value, low, high }) => html! {
            (percent(value)) " " span.interval { "[" (format!("{:.1}, {:.1}", low * 100.0, high * 100.0)) "]" }
        },
    }
}

/// Groups with their counts; `what` heads the first column, `words` translates codes that are words.
pub(super) fn groups(what: &str, groups: &[Group], words: fn(&str) -> &str) -> Markup {
    let most = groups.iter().filter_map(|g| g.tally.selected_share()).fold(0.0, f64::max);
    html! {
        table.groups {
            thead { tr {
                th { (what) }
                th.number { "decided" } th.number { "selected" } th.number { "share" } th { }
                th.number { "with result" } th.number { "discrepancies" } th.number { "hit rate [95 %]" }
            } }
            tbody { @for group in groups { tr {
                td { (name(group, words)) }
                (figures(&group.tally, most))
            } } }
        }
    }
}

fn name(group: &Group, words: fn(&str) -> &str) -> Markup {
    html! {
        @if group.code.is_empty() { span.none { "not stated" } } @else { (words(&group.code)) }
        @if !group.name.is_empty() { " " span.name { (shortened(&group.name, NAME)) } }
    }
}

fn figures(tally: &Tally, most: f64) -> Markup {
    let share = tally.selected_share();
    html! {
        td.number { (count(tally.decided)) }
        td.number { (count(tally.selected)) }
        td.number { @match share { Some(share) => (percent(share)), None => "–" } }
        td.bar { @if let Some(share) = share.filter(|share| *share > 0.0) {
            div { span style=(format!("width:{:.1}%", share / most * 100.0)) { } }
        } }
        td.number { (count(tally.judged)) }
        td.number { (count(tally.hits)) }
        td.number { (rate(tally.hit_rate())) }
    }
}

/// Rules that hit.
pub(super) fn rules(rules: &[Group]) -> Markup {
    html! {
        table {
            thead { tr {
                th { "rule" } th.number { "hit" } th.number { "selected" }
                th.number { "with result" } th.number { "discrepancies" } th.number { "hit rate [95 %]" }
            } }
            tbody { @for rule in rules { tr {
                td { (rule.code) }
                td.number { (count(rule.tally.decided)) }
                td.number { (count(rule.tally.selected)) }
                td.number { (count(rule.tally.judged)) }
                td.number { (count(rule.tally.hits)) }
                td.number { (rate(rule.tally.hit_rate())) }
            } } }
        }
    }
}

/// Reasons given most often.
pub(super) fn reasons(reasons: &[ReasonCount]) -> Markup {
    html! {
        table.reasons {
            thead { tr {
                th { "from" } th { "feature or rule" } th.number { "declarations" }
                th.number { "mean change" } th { "for example" }
            } }
            tbody { @for reason in reasons { tr {
                td { (reason.kind) }
                td { (reason.name) }
                td.number { (count(reason.declarations)) }
                td.number { @if reason.kind == "rule" { "–" } @else { (format!("{:+.2}", reason.contribution)) } }
                td.name { (reason.example) }
            } } }
        }
    }
}

/// The selected declarations accepted last.
pub(super) fn work_list(items: &[WorkItem]) -> Markup {
    html! {
        table.work-list {
            thead { tr {
                th { "declaration" } th { "office, importer" } th { "lane" } th { "why" }
            } }
            tbody { @for item in items { tr {
                td {
                    (item.declaration_id)
                    @if item.version_number > 1 { " version " (item.version_number) }
                    br; span.name { (moment(&item.accepted_at)) }
                }
                td {
                    @if item.office_id.is_empty() { span.none { "not stated" } } @else { (item.office_id) }
                    br; span.name { (item.importer_id) }
                }
                td { (lane(&item.lane_code)) @if item.is_held { br; strong { "held" } } }
                td {
                    @if !item.directive.is_empty() { p.directive { (item.directive) } }
                    ul.name { @for reason in item.reasons.iter().take(REASONS) { li { (reason) } } }
                }
            } } }
        }
    }
}

/// A lane with its colour.
pub(super) fn lane(code: &str) -> Markup {
    html! { span class={ "lane " (code) } { } (code) }
}

/// Runs that decided.
pub(super) fn runs(runs: &[Run]) -> Markup {
    html! {
        table {
            thead { tr {
                th.number { "run" } th { "decided from (UTC)" } th { "to (UTC)" } th.number { "declarations" }
                th.number { "policy state" } th.number { "semantics" } th { "bundle" }
            } }
            tbody { @for run in runs { tr {
                td.number { (run.number) }
                td { (moment(&run.decided_at.0)) }
                td { (moment(&run.decided_at.1)) }
                td.number { (count(run.decided)) }
                td.number { (run.policy_state_version) }
                td.number { (run.semantics_version) }
                td.hash { (run.bundle_hash) }
            } } }
        }
    }
}
