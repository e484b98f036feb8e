//! Strategies of choosing and learning side by side on simulated years, paired by seed.

use super::country::Lodged;
use super::rows::{consignments, first_versions};
use crate::JobError;
use crate::columns::text;
use crate::content::{feature_set, rule_set, selection_policy};
use crate::decide::Grades;
use crate::history::names;
use crate::progress::Progress;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::collections::HashMap;
use tidegate_risk::campaign::{
    Budget, Campaign, CampaignError, Consignment, Inspected, Measured, Officers, Strategy, Stream, Truth,
    measure,
};
use tidegate_risk::estimation::paired_difference;
use tidegate_risk::evaluation::Interval;
use tidegate_risk::features::{Outcome, day_number};
use tidegate_risk::learn::Ingredients;
use tidegate_risk::selection::{Epoch, Lane};

/// Strategies that are compared; the first is the product's own.
pub const STRATEGIES: &[(&str, Strategy)] = &[
    ("policy", Strategy::Policy),
    ("random", Strategy::Random),
    ("exploitation", Strategy::Score),
    ("revenue-fifth", Strategy::Shares { by_revenue: 0.2, at_random: 0.0 }),
    ("hybrid", Strategy::Shares { by_revenue: 0.0, at_random: 0.1 }),
];

/// Bounds of what there is to win, run on request: no office can choose so.
pub const BOUNDS: &[(&str, Strategy)] =
    &[("everything-seen", Strategy::ScoreSeeingAll), ("foreknown", Strategy::Foreknown)];

/// Months, or weeks of a short history, that a campaign calibrates on.
const CALIBRATION_FOLDS: u32 = 2;

/// What is learnt and chosen with.
#[derive(Debug, Clone)]
pub struct Content {
    /// Feature set.
    pub features: String,
    /// Rule set; the one with the name of the feature set when none.
    pub rules: Option<String>,
    /// Selection policy.
    pub selection: String,
}

impl Content {
    pub(super) fn ingredients(&self) -> Result<Ingredients, JobError> {
        let mut set = feature_set(&self.features)?;
        // A campaign learns a hundred times: without the forest that decides nothing, and calibrated on fewer months.
        set.ablation = None;
        set.training.fold_months = set.training.fold_months.min(CALIBRATION_FOLDS);
        let rules = rule_set(self.rules.as_deref().unwrap_or(&set.name), &set)?;
        Ok(Ingredients { set, rules, selection: selection_policy(&self.selection)? })
    }
}

/// The result of an inspection in a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneResult {
    /// Day on which it is recorded.
    pub recorded_on: NaiveDate,
    /// By goods item: whether a discrepancy is reported.
    pub items: Vec<bool>,
    /// By goods item: what it brings.
    pub revenue: Vec<f64>,
}

/// What is known of a declaration beforehand.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreknown {
    /// The truth.
    pub truth: Truth,
    /// What inspections find: opened, scanned.
    pub by_lane: [LaneResult; 2],
}

/// A year of which everything is known beforehand.
pub struct KnownYear {
    /// Rows of `enterprise`.
    pub enterprises: Vec<RecordBatch>,
    /// What is lodged; inspections of somebody else's choice only before the first epoch.
    pub lodged: Vec<Lodged>,
    /// By declaration.
    pub foreknown: HashMap<String, Foreknown>,
}

/// What the strategies came to on one stream.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Compared {
    /// Key of the draws, by its number.
    pub seed: u64,
    /// Measures, in the order of the strategies.
    pub measured: Vec<Measured>,
}

/// A strategy beside the product's own, over all seeds.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Difference {
    /// Name.
    pub strategy: &'static str,
    /// Revenue that the policy brings more, as a share of what this strategy brings on the average.
    pub revenue: Option<Interval>,
    /// Frauds of new kinds that the policy finds more.
    pub new_frauds: Option<Interval>,
    /// New kinds of fraud that the policy finds more.
    pub new_kinds: Option<Interval>,
    /// Difference of hit rates.
    pub hit_rate: Option<Interval>,
}

/// What strategies are run over.
pub(super) struct Ground {
    pub ingredients: Ingredients,
    pub stream: Stream,
    /// By consignment.
    pub foreknown: Vec<Foreknown>,
    /// By goods item: outcomes that are known at the start.
    pub known: Vec<Option<Outcome>>,
}

/// Consignments with their rows, in order.
pub(super) fn stream(
    ingredients: &Ingredients,
    rows: RecordBatch,
    consignments: Vec<Consignment>,
) -> Result<Stream, JobError> {
    let names = names(&rows)?;
    Stream::new(&ingredients.set, rows, names, consignments).map_err(|e| JobError::Missing(e.to_string()))
}

/// How a contest runs.
#[derive(Debug, Clone)]
pub struct Contest {
    /// Content.
    pub content: Content,
    /// Strategies by name.
    pub strategies: Vec<(&'static str, Strategy)>,
    /// Inspections.
    pub budget: Budget,
    /// Epochs.
    pub epochs: Vec<Epoch>,
    /// Epochs from one bundle to the next.
    pub learn_every: usize,
    /// Epochs at the end that are measured once more.
    pub late: usize,
}

impl Contest {
    /// Runs every strategy over a year that is known beforehand.
    ///
    /// # Errors
    /// When rows do not fit together, or nothing can be learnt from what is known at the start.
    pub fn of_year(
        &self,
        year: &KnownYear,
        seed: u64,
        progress: &mut dyn Progress,
    ) -> Result<Compared, JobError> {
        let ingredients = self.content.ingredients()?;
        let (rows, known) = first_versions(&year.lodged)?;
        let mut consignments = consignments(&rows, Some(&Grades::of(&year.enterprises)?))?;
        if matches!(self.budget, Budget::OfEpoch(_)) {
            // One list, one threshold.
            for consignment in &mut consignments {
                consignment.office = "".into();
            }
        }
        let ids = text(&rows, "declaration_id")?;
        let missing =
            |id: &str| JobError::Missing(format!("nothing is known beforehand of declaration {id}"));
        let foreknown = consignments
            .iter()
            .map(|c| ids.value(c.items.start))
            .map(|id| year.foreknown.get(id).cloned().ok_or_else(|| missing(id)))
            .collect::<Result<_, _>>()?;
        let ground =
            Ground { stream: stream(&ingredients, rows, consignments)?, ingredients, foreknown, known };
        self.run(&ground, seed, progress)
    }

    /// Runs every strategy over a ground.
    pub(super) fn run(
        &self,
        ground: &Ground,
        seed: u64,
        progress: &mut dyn Progress,
    ) -> Result<Compared, JobError> {
        let Ground { ingredients, stream, foreknown, known } = ground;
        let truth: Vec<Truth> = foreknown.iter().map(|f| f.truth).collect();
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut measured = Vec::new();
        for (name, strategy) in &self.strategies {
            progress.step(&format!("seed {seed}, {name}"), self.epochs.len() as u64, "epochs");
            let campaign = Campaign {
                ingredients,
                stream,
                officers: &Foretold(foreknown),
                known,
                epochs: &self.epochs,
                learn_every: self.learn_every,
                budget: self.budget,
                strategy: *strategy,
                key,
            };
            let inspections = campaign.run(&mut |done| progress.done(done as u64));
            let inspections = inspections.map_err(|e: CampaignError| JobError::Missing(e.to_string()))?;
            measured.push(measure(stream, &self.epochs, &inspections, &truth, self.late));
        }
        Ok(Compared { seed, measured })
    }

    /// The first strategy beside each of the others, paired by seed.
    pub fn differences(&self, compared: &[Compared]) -> Vec<Difference> {
        let of = |strategy: usize, value: &dyn Fn(&Measured) -> f64| -> Vec<f64> {
            compared.iter().map(|c| value(&c.measured[strategy])).collect()
        };
        let difference = |(position, (name, _)): (usize, &(&'static str, Strategy))| {
            let paired = |value: &dyn Fn(&Measured) -> f64, unit: f64| {
                let difference = paired_difference(&of(0, value), &of(position, value))?;
                Some(Interval { low: difference.interval.low / unit, high: difference.interval.high / unit })
            };
            let revenue = of(position, &|m| m.revenue);
            let mean = revenue.iter().sum::<f64>() / revenue.len() as f64;
            Difference {
                strategy: name,
                revenue: paired(&|m| m.revenue, mean),
                new_frauds: paired(&|m| m.new_frauds as f64, 1.0),
                new_kinds: paired(&|m| m.new_kinds as f64, 1.0),
                hit_rate: paired(&|m| m.hit_rate, 1.0),
            }
        };
        self.strategies.iter().enumerate().skip(1).map(difference).collect()
    }
}

/// Officers who find what is known beforehand.
struct Foretold<'a>(&'a [Foreknown]);

impl Officers for Foretold<'_> {
    fn inspect(&self, consignment: usize, lane: Lane) -> Inspected {
        let [opened, scanned] = &self.0[consignment].by_lane;
        let LaneResult { recorded_on, items, revenue } = if lane == Lane::Red { opened } else { scanned };
        Inspected { recorded_day: day_number(*recorded_on), items: items.clone(), revenue: revenue.clone() }
    }
}
