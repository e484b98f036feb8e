//! The page: headings, figures and definitions around the tables and charts, in one file without anything from
//! outside.

use super::charts::{self, Chart};
use super::data::{Group, ReportData};
use super::format::{count, moment, percent};
use super::rate::Rate;
use super::{Provenance, tables};
use crate::JobError;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tidegate_risk::treatment::Refusal;

const STYLE: &str = include_str!("style.css");

/// The page; without data it says what to run.
///
/// # Errors
/// When a chart cannot be drawn.
pub(super) fn page(data: Option<&ReportData>, provenance: &Provenance) -> Result<String, JobError> {
    let body = match data {
        None => nothing_decided(),
        Some(data) => html! {
            (summary(data))
            (outcomes(data)?)
            (load(data)?)
            (breakdowns(data))
            (scores(data)?)
            (causes(data))
            (work_list(data))
            (runs(data))
            (how_to_read())
        },
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Tidegate: report on inspection decisions" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Report on inspection decisions" }
                    @if let Some(data) = data {
                        p.period {
                            "Declarations accepted from " (moment(&data.accepted_at.0)) " to "
                            (moment(&data.accepted_at.1)) " UTC"
                        }
                    }
                    (origin(provenance))
                }
                main { (body) }
            }
        }
    };
    Ok(page.into_string())
}

fn origin(provenance: &Provenance) -> Markup {
    html! {
        p.origin {
            "Generated " (provenance.generated_at.format("%Y-%m-%d %H:%M UTC (+00:00)"))
            @if let Some(snapshot) = &provenance.snapshot {
                " from lake snapshot " (snapshot.version) " of "
                (snapshot.recorded_at.format("%Y-%m-%d %H:%M UTC"))
            }
            " by Tidegate " (env!("CARGO_PKG_VERSION")) "."
        }
    }
}

fn nothing_decided() -> Markup {
    html! {
        section.empty {
            h2 { "Nothing was decided yet" }
            p { "This home holds no decisions. To make some:" }
            ol {
                li { "load declarations with their results: " code { "tidegate ingest --mapping NAME FILE" } }
                li { "learn from them: " code { "tidegate learn" } }
                li { "decide what to inspect: " code { "tidegate decide" } }
                li { "make this report again: " code { "tidegate report --out report.html" } }
            }
        }
    }
}

fn figure(label: &str, value: &str, note: &str) -> Markup {
    html! { div.figure { div.label { (label) } div.value { (value) } div.note { (note) } } }
}

fn summary(data: &ReportData) -> Markup {
    let all = &data.all;
    let shed = all.candidates.saturating_sub(all.selected);
    let share = all.selected_share().map_or(String::new(), |s| format!("{} of the decided", percent(s)));
    let results = format!("of {} selected with a result", count(all.judged));
    html! {
        section {
            div.figures {
                (figure("Decided", &count(all.decided), "declarations, each once"))
                (figure("Selected", &count(all.selected), &share))
                (figure("No slot left", &count(shed), "drawn, but beyond the capacity"))
                (figure("Held", &count(data.held), "by a rule, until settled"))
                (figure("Hit rate", &all.hit_rate().map_or("–".to_owned(), |r| percent(r.value)), &results))
            }
            @if data.in_sample_results > 0 {
                p.remark {
                    (count(data.in_sample_results)) " selected declarations have a result that is left out of every hit \
                    rate: the bundle had learnt from their day or later, so that they say nothing of how good it is."
                }
            }
            @if all.judged == 0 {
                p.remark {
                    "No selected declaration has a result yet that counts; hit rates appear when results of inspections \
                    are loaded."
                }
            }
        }
    }
}

fn outcomes(data: &ReportData) -> Result<Markup, JobError> {
    let mut lines: Vec<(String, Rate)> = Vec::new();
    let component = |code: &str| data.components.iter().find(|g| g.code == code)?.tally.hit_rate();
    let labelled = [
        ("what the model finds", component("model")),
        ("what exploration finds", component("exploration")),
        ("what mandatory rules find", component("mandatory")),
        ("what chance finds: drawn by the floor", data.floor.hit_rate()),
        ("all declarations, estimated from the floor", data.population),
    ];
    lines.extend(labelled.into_iter().filter_map(|(label, rate)| Some((label.to_owned(), rate?))));
    Ok(html! {
        section {
            h2 { "What was decided" }
            h3 { "By lane" }
            (tables::groups("lane", &data.lanes, same))
            h3 { "By what selected" }
            (tables::groups("part of the inclusion probability", &data.components, component_words))
            (openings(data))
        }
        @if !lines.is_empty() {
            section {
                h2 { "What the model finds beside what chance finds" }
                (chart(&charts::rates(&lines)?, "Share of inspections that found a discrepancy, with 95 % interval."))
                p.remark {
                    "The floor selects at random, whatever the score. Its hit rate is what inspecting blindly would \
                    find among those grades that the floor draws from; weighted by 1/f it estimates the share of all \
                    declarations with a discrepancy."
                }
            }
        }
    })
}

fn load(data: &ReportData) -> Result<Markup, JobError> {
    let by_month = data.days.first().is_some_and(|d| d.name.len() == "CCYY-MM".len());
    let title = if by_month { "Load and capacity by month" } else { "Load and capacity by day" };
    Ok(html! {
        section {
            h2 { (title) }
            (chart(&charts::load_by_day(&data.days)?, "Declarations by day of acceptance (UTC). A slot of one office serves no other."))
        }
    })
}

/// Where the selected are opened, once somebody has filed special packaging.
fn openings(data: &ReportData) -> Markup {
    let told: Vec<Group> = data.openings.iter().filter(|g| !g.code.is_empty()).cloned().collect();
    let is_filed =
        told.iter().any(|g| g.code != Refusal::NotFiled.code() && g.code != Refusal::NoPolicy.code());
    html! {
        @if is_filed {
            h3 { "By where the selected are opened" }
            (tables::groups("destination, or why at the port", &told, opening_words))
        }
    }
}

fn breakdowns(data: &ReportData) -> Markup {
    html! {
        section {
            h2 { "Where" }
            h3 { "By office" }
            (tables::groups("office", &data.offices, same))
        }
        section {
            h3 { "By commodity: chapter of the Harmonized System" }
            p.remark { "A declaration counts once in each chapter it has goods of; its result is that of those goods." }
            (tables::groups("chapter", &data.chapters, same))
        }
        section {
            h3 { "By country of origin" }
            p.remark { "A declaration counts once for each origin it has goods of; its result is that of those goods." }
            (tables::groups("origin", &data.origins, same))
        }
        section {
            h3 { "By grade of the importer" }
            (tables::groups("grade on the day", &data.grades, same))
        }
    }
}

fn scores(data: &ReportData) -> Result<Markup, JobError> {
    Ok(html! {
        section {
            h2 { "Scores" }
            (chart(&charts::scores(&data.scores)?, "Declarations by score, in twenty bins of equal width."))
        }
    })
}

fn causes(data: &ReportData) -> Markup {
    html! {
        section {
            h2 { "Why" }
            h3 { "Rules that hit" }
            @if data.rules.is_empty() { p.remark { "No rule hit a declaration." } }
            @else { (tables::rules(&data.rules)) }
        }
        section {
            h3 { "Reasons given most often for the selected" }
            @if data.reasons.is_empty() { p.remark { "No selected declaration has reasons." } }
            @else { (tables::reasons(&data.reasons)) }
        }
    }
}

fn work_list(data: &ReportData) -> Markup {
    html! {
        section.pages {
            h2 { "End of the work list" }
            @if data.work_list.is_empty() { p.remark { "Nothing was selected." } } @else {
                p.remark {
                    "The last " (data.work_list.len()) " of " (count(data.all.selected)) " selected. Neither score nor what "
                    "selected them is shown, so that who inspects cannot tell inspections by chance from others."
                }
                (tables::work_list(&data.work_list))
            }
        }
    }
}

fn runs(data: &ReportData) -> Markup {
    html! { section { h2 { "Runs" } (tables::runs(&data.runs)) } }
}

fn chart(chart: &Chart, caption: &str) -> Markup {
    html! {
        figure role="img" aria-label=(caption) {
            (PreEscaped(&chart.svg))
            figcaption {
                (caption)
                @for (colour, meaning) in &chart.legend {
                    span.key { span.swatch style=(format!("background:{colour}")) { } (meaning) }
                }
            }
        }
    }
}

fn same(code: &str) -> &str {
    code
}

fn opening_words(code: &str) -> &str {
    match Refusal::of_code(code) {
        Some(refusal) => refusal.sentence(),
        None => "At a filed destination, as special packaging.",
    }
}

fn component_words(code: &str) -> &str {
    match code {
        "mandatory" => "mandatory: a rule asks for it",
        "floor" => "floor: chance alone",
        "exploration" => "exploration: whatever the score",
        "model" => "model: by the score",
        "none" => "none: not drawn",
        other => other,
    }
}

fn how_to_read() -> Markup {
    let definitions: &[(&str, &str)] = &[
        (
            "Decided",
            "declarations with a decision. Each counts once, with its newest version and its last decision.",
        ),
        (
            "Score",
            "the calibrated probability that an inspection finds a discrepancy, of the worst goods item, raised by the rules that hit.",
        ),
        (
            "Selected",
            "on a work list for inspection. Whether a declaration is drawn is a keyed draw against its inclusion probability; those drawn beyond the slots of the day are left out by rank, and counted under \u{201c}no slot left\u{201d}.",
        ),
        (
            "Part of the inclusion probability",
            "which part of it the draw fell into. Mandatory: a rule asks for inspection. Floor: every consignment has this chance. Exploration: a chance that no score has a part in. Model: what the score adds.",
        ),
        ("π", "the probability of being selected after the slots were given, by which estimates weigh."),
        (
            "With result",
            "selected declarations with a recorded result of an inspection, decided by a bundle that had not learnt from their day or later. Results of declarations that were not selected are not counted.",
        ),
        (
            "Hit rate",
            "the share of those with result in which a discrepancy was found. In brackets the 95 % score interval of Wilson (1927); for the weighted estimate with the effective sample size of Kish (1965).",
        ),
        ("Grade", "credit grade of the importer on the day of acceptance; unknown when not registered."),
        (
            "Lane",
            "red: opened and examined. Orange: scanned. Yellow: documents checked. Blue: released, audited later. Green: released.",
        ),
        (
            "Mean change",
            "of the log-odds: how far a feature moved the model\u{2019}s log-odds of a discrepancy, averaged over the declarations that have the reason (Shapley values).",
        ),
        ("Days", "days and moments are in UTC."),
    ];
    html! {
        section.definitions {
            h2 { "How to read this page" }
            dl { @for (term, meaning) in definitions { dt { (term) } dd { (meaning) } } }
        }
    }
}
