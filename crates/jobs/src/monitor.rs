//! Watching a bundle: how far what comes has moved from what it learnt, and which of its rules still do something.

use crate::JobError;
use crate::answer::Answer;
use crate::decide::{Grades, Which, read as read_cases, stretches};
use crate::home::Home;
use crate::progress::Progress;
use crate::results;
use chrono::{Days, NaiveDate};
use std::collections::HashSet;
use tidegate_query::Platform;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::drift::{Drift, drift};
use tidegate_risk::estimation::{Z95, wilson};

const PURPOSE: &str = "job monitor";
/// Days of a window when none is said: four weeks, so that weekdays weigh alike.
const WINDOW_DAYS: u64 = 28;

/// Which days are compared.
#[derive(Debug, Clone, Default)]
pub struct MonitorOptions {
    /// Bundle by hash or the beginning of its hash; the active one when left out.
    pub bundle: Option<String>,
    /// First day that is watched; four weeks before the last when left out.
    pub from: Option<NaiveDate>,
    /// Last day that is watched; the last with declarations when left out.
    pub to: Option<NaiveDate>,
}

/// What was seen.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Monitored {
    /// Bundle.
    pub bundle: String,
    /// First and last day of the reference: the last four weeks that the bundle learnt from.
    pub reference: [NaiveDate; 2],
    /// First and last day that is watched.
    pub current: [NaiveDate; 2],
    /// Goods items of both.
    pub goods_items: [u64; 2],
    /// Drift of the score.
    pub score: Option<Drift>,
    /// Hit rates of inspections with their 95 % Wilson intervals; none without results.
    pub hit_rates: [Option<[f64; 3]>; 2],
    /// Drift of each feature, the greatest first.
    pub features: Vec<FeatureDrift>,
    /// The rules.
    pub rules: Vec<RuleWatched>,
}

/// Drift of a feature.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FeatureDrift {
    /// Its name.
    pub name: String,
    /// How it has moved.
    #[serde(flatten)]
    pub drift: Drift,
}

/// What became of a rule.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RuleWatched {
    /// Id.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day that it applies to.
    pub until: Option<NaiveDate>,
    /// Declarations that it hit in the reference and now.
    pub hits: [u64; 2],
    /// Those of now with a result, and those in which something was found.
    pub labelled: [u64; 2],
    /// Whether its last day has passed by the end of the days watched.
    pub is_past: bool,
}

/// Compares the days watched with the last that the bundle learnt from.
///
/// # Errors
/// When there is no bundle, nothing is loaded, or the lake fails.
pub async fn monitor(
    home: &Home,
    options: &MonitorOptions,
    progress: &mut dyn Progress,
) -> Result<Monitored, JobError> {
    Box::pin(run(home, options, progress)).await
}

async fn run(
    home: &Home,
    options: &MonitorOptions,
    progress: &mut dyn Progress,
) -> Result<Monitored, JobError> {
    let (bundle, hash) = home.bundle(options.bundle.as_deref()).await?;
    let platform = home.platform().await?;
    let sql = "SELECT CAST(max(accepted_at) AS DATE) AS last FROM declaration";
    let last = Answer::of(&platform, PURPOSE, sql).await?.texts("last")?.pop().and_then(|d| d.parse().ok());
    let last: NaiveDate = last.ok_or_else(|| {
        JobError::Missing("no declaration is loaded; run `tidegate ingest` first".to_owned())
    })?;
    let window = |last: NaiveDate| last.checked_sub_days(Days::new(WINDOW_DAYS - 1)).unwrap_or(last);
    let to = options.to.unwrap_or(last);
    let current = [options.from.unwrap_or(window(to)), to];
    let learnt = NaiveDate::from_epoch_days(bundle.profiles.last_day()).unwrap_or(to);
    let reference = [window(learnt), learnt];
    let (before, now) = (
        Seen::read(home, &platform, &bundle, reference, progress).await?,
        Seen::read(home, &platform, &bundle, current, progress).await?,
    );
    let names = bundle.forest.features().as_slice();
    let mut features: Vec<FeatureDrift> = names
        .iter()
        .zip(before.features.iter().zip(&now.features))
        .filter_map(|(name, (before, now))| {
            Some(FeatureDrift { name: name.clone(), drift: drift(before, now)? })
        })
        .collect();
    features.sort_by(|a, b| b.drift.index.total_cmp(&a.drift.index));
    Ok(Monitored {
        bundle: hash.to_string(),
        reference,
        current,
        goods_items: [before.scores.len() as u64, now.scores.len() as u64],
        score: drift(&before.scores, &now.scores),
        hit_rates: [before.hit_rate(), now.hit_rate()],
        features,
        rules: rules(&bundle, &before, &now, to),
    })
}

fn rules(bundle: &Bundle, before: &Seen, now: &Seen, to: NaiveDate) -> Vec<RuleWatched> {
    let watched = |(position, rule): (usize, &tidegate_risk::rules::Rule)| RuleWatched {
        id: rule.id.clone(),
        owner: rule.owner.clone(),
        until: rule.until,
        hits: [before.hits[position].len() as u64, now.hits[position].len() as u64],
        labelled: [
            now.hits[position].intersection(&now.inspected).count() as u64,
            now.hits[position].intersection(&now.found).count() as u64,
        ],
        is_past: rule.until.is_some_and(|until| until < to),
    };
    bundle.rules.rules.iter().enumerate().map(watched).collect()
}

/// What a bundle sees on some days.
struct Seen {
    features: Vec<Vec<f32>>,
    scores: Vec<f32>,
    /// By rule, the declarations that it hits.
    hits: Vec<HashSet<String>>,
    inspected: HashSet<String>,
    found: HashSet<String>,
}

impl Seen {
    async fn read(
        home: &Home,
        platform: &Platform,
        bundle: &Bundle,
        [first, last]: [NaiveDate; 2],
        progress: &mut dyn Progress,
    ) -> Result<Self, JobError> {
        let results = results::read(platform, PURPOSE, first, last).await?;
        let named = |found: bool| {
            let chosen = results.iter().filter(move |(_, r)| !found || r.finding.found);
            chosen.map(|(id, _)| id.clone()).collect()
        };
        let mut seen = Self {
            features: vec![Vec::new(); bundle.forest.features().as_slice().len()],
            scores: Vec::new(),
            hits: vec![HashSet::new(); bundle.rules.rules.len()],
            inspected: named(false),
            found: named(true),
        };
        let (grades, root_key) = (Grades::default(), home.root_key().await?);
        progress.step("assessing", (last - first).num_days().unsigned_abs() + 1, "days");
        for stretch in stretches(platform, first, last, home.configuration.decide.read_versions).await? {
            for (day, read) in
                read_cases(platform, bundle, &grades, &root_key, &stretch, Which::First).await?
            {
                let assessment = bundle.assess(&read.rows)?;
                for (all, column) in seen.features.iter_mut().zip(assessment.features.columns()) {
                    all.extend(column);
                }
                seen.scores.extend(assessment.probabilities.iter().map(|p| *p as f32));
                for case in &read.cases {
                    for rule in assessment.conditions.of_declaration(&bundle.rules, case.items.clone()) {
                        seen.hits[rule].insert(case.declaration_id.clone());
                    }
                }
                progress.done((day - first).num_days().unsigned_abs() + 1);
            }
        }
        Ok(seen)
    }

    fn hit_rate(&self) -> Option<[f64; 3]> {
        let rate = wilson(self.found.len() as f64, self.inspected.len() as f64, Z95)?;
        Some([rate.value, rate.interval.low, rate.interval.high])
    }
}
