//! What the report says, before it is drawn: counts of decisions and of what inspections found, read by SQL.

use super::capacity::Capacities;
use super::rate::Rate;
use super::statements::{self, SCORE_BINS, Scope};
use super::work_list::{self, WorkItem};
use crate::JobError;
use crate::answer::Answer;
use crate::configuration;
use std::collections::BTreeMap;
use tidegate_query::Platform;
use tidegate_records::codes::{CodeList, hs};

/// What every read of the report is for.
const PURPOSE: &str = "report on decisions";
/// More days than this are drawn by month.
const MOST_DAYS: usize = 400;

/// Counts of declarations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Decided.
    pub decided: u64,
    /// Drawn for inspection, whether there was a slot or not.
    pub candidates: u64,
    /// On a work list.
    pub selected: u64,
    /// Selected, with a recorded result, by a bundle that had not learnt from their day or later.
    pub judged: u64,
    /// Those of `judged` in which a discrepancy was found.
    pub hits: u64,
}

impl Tally {
    /// Share of the decided that was selected.
    pub fn selected_share(&self) -> Option<f64> {
        (self.decided > 0).then(|| self.selected as f64 / self.decided as f64)
    }

    /// Share of the judged in which a discrepancy was found.
    pub fn hit_rate(&self) -> Option<Rate> {
        Rate::of(self.hits, self.judged)
    }

    fn add(&mut self, other: Self) {
        self.decided += other.decided;
        self.candidates += other.candidates;
        self.selected += other.selected;
        self.judged += other.judged;
        self.hits += other.hits;
    }
}

/// Declarations that have something in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they have in common, as coded; empty when not stated.
    pub code: String,
    /// What the code means, when a list says so.
    pub name: String,
    /// Counts.
    pub tally: Tally,
}

/// A day or a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// CCYY-MM-DD, or CCYY-MM.
    pub name: String,
    /// Counts.
    pub tally: Tally,
    /// Inspection slots of the offices that decided, when the policy state tells.
    pub slots: Option<u64>,
}

/// How often a reason was given.
#[derive(Debug, Clone, PartialEq)]
pub struct ReasonCount {
    /// `model` or `rule`.
    pub kind: String,
    /// Feature or rule.
    pub name: String,
    /// Selected declarations that have it.
    pub declarations: u64,
    /// Mean change of the log-odds; 0 for a rule.
    pub contribution: f64,
    /// One of its sentences.
    pub example: String,
}

/// Decisions made with one bundle and policy state in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Number of the run in the ledger.
    pub number: u64,
    /// Bundle that assessed and selected.
    pub bundle_hash: String,
    /// Version of the policy state.
    pub policy_state_version: u64,
    /// Version of the meaning of features and selection.
    pub semantics_version: u64,
    /// Declarations whose last decision it made.
    pub decided: u64,
    /// First and last moment of deciding.
    pub decided_at: (String, String),
}

/// Everything the report says.
#[derive(Debug, Clone)]
pub struct ReportData {
    /// First and last moment of acceptance.
    pub accepted_at: (String, String),
    /// Counts over everything.
    pub all: Tally,
    /// Held by a rule until it is settled.
    pub held: u64,
    /// Selected with a result that says nothing of the model, since it had learnt from that day or later.
    pub in_sample_results: u64,
    /// Runs that decided.
    pub runs: Vec<Run>,
    /// By lane, the most intrusive first.
    pub lanes: Vec<Group>,
    /// By the part of the inclusion probability that the draw fell into.
    pub components: Vec<Group>,
    /// By where it is opened: at a destination, or the first reason why at the port; an empty code for the others.
    pub openings: Vec<Group>,
    /// Those whose draw fell below the floor, mandatory ones too: a random sample.
    pub floor: Tally,
    /// Share of all declarations with a discrepancy, estimated from the floor, each weighted by 1/f.
    pub population: Option<Rate>,
    /// In order of time.
    pub days: Vec<Day>,
    /// By office.
    pub offices: Vec<Group>,
    /// By chapter of the Harmonized System.
    pub chapters: Vec<Group>,
    /// By country of origin.
    pub origins: Vec<Group>,
    /// By grade of the importer.
    pub grades: Vec<Group>,
    /// Decided and selected by bin of the score.
    pub scores: Vec<Tally>,
    /// By rule.
    pub rules: Vec<Group>,
    /// Reasons given most often.
    pub reasons: Vec<ReasonCount>,
    /// The selected accepted last.
    pub work_list: Vec<WorkItem>,
}

/// Reads what the report says; nothing when nothing was decided.
///
/// # Errors
/// When a query fails.
pub(super) async fn gather(
    platform: &Platform,
    run: Option<i64>,
    settings: configuration::Report,
    capacities: &Capacities,
) -> Result<Option<ReportData>, JobError> {
    let decided = "SELECT table_name FROM information_schema.tables WHERE table_name = 'decision'";
    if Answer::of(platform, PURPOSE, decided).await?.rows() == 0 {
        return Ok(None);
    }
    let scope = Scope { run };
    let total = Answer::of(platform, PURPOSE, &scope.total()).await?;
    let Some(all) = tallies(&total)?.first().copied().filter(|t| t.decided > 0) else { return Ok(None) };
    let floor = Answer::of(platform, PURPOSE, &scope.floor()).await?;
    let weight = |name| Ok::<f64, JobError>(floor.reals(name)?.first().copied().unwrap_or_default());
    let grouped = async |sql: String| groups(&Answer::of(platform, PURPOSE, &sql).await?);
    let limit = settings.group_rows;
    Ok(Some(ReportData {
        accepted_at: span(&total, "first_accepted", "last_accepted")?,
        all,
        held: total.counts("held")?[0],
        in_sample_results: total.counts("in_sample")?[0],
        runs: runs(&Answer::of(platform, PURPOSE, &scope.runs()).await?)?,
        lanes: ordered(grouped(scope.by("lane_code")).await?, &["red", "orange", "yellow", "blue", "green"]),
        components: ordered(
            grouped(scope.by("component_code")).await?,
            &["mandatory", "statutory", "floor", "exploration", "model", "none"],
        ),
        openings: grouped(scope.by("coalesce(treatment_reason, treatment_code)")).await?,
        floor: tallies(&floor)?.first().copied().unwrap_or_default(),
        population: Rate::weighted(weight("hit_weight")?, weight("weight")?, weight("weight_squares")?),
        days: days(&Answer::of(platform, PURPOSE, &scope.days()).await?, capacities)?,
        offices: top(grouped(scope.by("office_id")).await?, limit),
        chapters: top(named(grouped(scope.by_item("substr(g.commodity_hs6, 1, 2)")).await?, chapter), limit),
        origins: top(named(grouped(scope.by_item("g.origin_country_code")).await?, country), limit),
        grades: grouped(scope.by("grade_code")).await?,
        scores: scores(&Answer::of(platform, PURPOSE, &scope.scores()).await?)?,
        rules: grouped(scope.rules()).await?,
        reasons: reasons(&Answer::of(platform, PURPOSE, &scope.reasons(limit)).await?)?,
        work_list: work_list::read(
            &Answer::of(platform, PURPOSE, &scope.work_list(settings.work_list_rows)).await?,
        )?,
    }))
}

fn tallies(answer: &Answer) -> Result<Vec<Tally>, JobError> {
    let [decided, candidates, selected, judged, hits] = statements::TALLY_COLUMNS.map(|c| answer.counts(c));
    let (decided, candidates, selected, judged, hits) = (decided?, candidates?, selected?, judged?, hits?);
    let tally = |i: usize| Tally {
        decided: decided[i],
        candidates: candidates[i],
        selected: selected[i],
        judged: judged[i],
        hits: hits[i],
    };
    Ok((0..answer.rows()).map(tally).collect())
}

fn groups(answer: &Answer) -> Result<Vec<Group>, JobError> {
    let codes = answer.texts("code")?;
    let group = |(code, tally)| Group { code, name: String::new(), tally };
    Ok(codes.into_iter().zip(tallies(answer)?).map(group).collect())
}

fn span(answer: &Answer, first: &str, last: &str) -> Result<(String, String), JobError> {
    let end = |name| Ok::<String, JobError>(answer.texts(name)?.into_iter().next().unwrap_or_default());
    Ok((end(first)?, end(last)?))
}

fn runs(answer: &Answer) -> Result<Vec<Run>, JobError> {
    let (numbers, decided) = (answer.counts("run_number")?, answer.counts("decided")?);
    let (states, semantics) = (answer.counts("policy_state_version")?, answer.counts("semantics_version")?);
    let (first, last) = (answer.texts("first_decided")?, answer.texts("last_decided")?);
    let hashes = answer.texts("bundle_hash")?;
    let run = |i: usize| Run {
        number: numbers[i],
        bundle_hash: hashes[i].clone(),
        policy_state_version: states[i],
        semantics_version: semantics[i],
        decided: decided[i],
        decided_at: (first[i].clone(), last[i].clone()),
    };
    Ok((0..answer.rows()).map(run).collect())
}

/// Groups in a given order, those that are not in it last.
fn ordered(mut groups: Vec<Group>, order: &[&str]) -> Vec<Group> {
    groups.sort_by_key(|g| order.iter().position(|o| *o == g.code).unwrap_or(order.len()));
    groups
}

fn named(mut groups: Vec<Group>, name: impl Fn(&str) -> Option<&'static str>) -> Vec<Group> {
    for group in &mut groups {
        name(&group.code).unwrap_or_default().clone_into(&mut group.name);
    }
    groups
}

fn chapter(code: &str) -> Option<&'static str> {
    hs::chapter(code).map(|c| c.name)
}

fn country(code: &str) -> Option<&'static str> {
    CodeList::Country.lookup(code).map(|c| c.name)
}

/// The largest groups, and the rest summed in one.
fn top(mut groups: Vec<Group>, limit: usize) -> Vec<Group> {
    if groups.len() > limit {
        let rest = groups.split_off(limit);
        let mut tally = Tally::default();
        for group in &rest {
            tally.add(group.tally);
        }
        groups.push(Group { code: "others".to_owned(), name: format!("{} more, summed", rest.len()), tally });
    }
    groups
}

fn days(answer: &Answer, capacities: &Capacities) -> Result<Vec<Day>, JobError> {
    let (names, offices) = (answer.texts("day")?, answer.texts("office_id")?);
    let states = answer.counts("policy_state_version")?;
    let distinct = names.iter().collect::<std::collections::BTreeSet<_>>().len();
    let shown = if distinct > MOST_DAYS { "CCYY-MM".len() } else { "CCYY-MM-DD".len() };
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    for (i, tally) in tallies(answer)?.into_iter().enumerate() {
        let name = names[i].chars().take(shown).collect::<String>();
        let day =
            days.entry(name.clone()).or_insert_with(|| Day { name, tally: Tally::default(), slots: Some(0) });
        day.tally.add(tally);
        day.slots = day.slots.zip(capacities.slots(states[i], &offices[i])).map(|(a, b)| a + b);
    }
    Ok(days.into_values().collect())
}

fn scores(answer: &Answer) -> Result<Vec<Tally>, JobError> {
    let mut bins = vec![Tally::default(); SCORE_BINS];
    for (bin, tally) in answer.counts("bin")?.into_iter().zip(tallies(answer)?) {
        bins[(bin as usize).min(SCORE_BINS - 1)].add(tally);
    }
    Ok(bins)
}

fn reasons(answer: &Answer) -> Result<Vec<ReasonCount>, JobError> {
    let (kinds, names) = (answer.texts("kind")?, answer.texts("name")?);
    let (declarations, contributions) = (answer.counts("declarations")?, answer.reals("contribution")?);
    let examples = answer.texts("example")?;
    let reason = |i: usize| ReasonCount {
        kind: kinds[i].clone(),
        name: names[i].clone(),
        declarations: declarations[i],
        contribution: contributions[i],
        example: examples[i].clone(),
    };
    Ok((0..answer.rows()).map(reason).collect())
}
