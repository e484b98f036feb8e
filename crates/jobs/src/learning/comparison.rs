//! Strategies of choosing and learning side by side: on simulated years, paired by seed, and on a file whose outcomes are
//! all known (the protocol of public comparisons).

use super::country::Lodged;
use crate::JobError;
use crate::content::{feature_set, rule_set, selection_policy};
use crate::decide::Grades;
use crate::history::{column, names, wrong_type};
use crate::input::Input;
use crate::progress::Progress;
use crate::score::read_items;
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::{concat_batches, filter_record_batch, sort_to_indices, take_record_batch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{Days, NaiveDate};
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_records::columnar::item_rows;
use tidegate_records::tables::item_row_schema;
use tidegate_risk::campaign::{
    Budget, Campaign, CampaignError, Consignment, Inspected, Measured, Officers, Strategy, Stream, Truth,
    measure,
};
use tidegate_risk::estimation::paired_difference;
use tidegate_risk::evaluation::Interval;
use tidegate_risk::features::{Outcome, day_number, day_of};
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
    fn ingredients(&self) -> Result<Ingredients, JobError> {
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
    /// What it brings.
    pub revenue: f64,
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
#[derive(Debug, Clone, serde::Serialize)]
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
        let (rows, outcomes) = first_versions(&year.lodged)?;
        let grades = Grades::of(&year.enterprises)?;
        let mut consignments = consignments(&rows, Some(&grades))?;
        if matches!(self.budget, Budget::OfEpoch(_)) {
            // One list, one threshold.
            for consignment in &mut consignments {
                consignment.office = "".into();
            }
        }
        let ids = texts(&rows, "declaration_id")?;
        let missing =
            |id: &str| JobError::Missing(format!("nothing is known beforehand of declaration {id}"));
        let foreknown: Vec<Foreknown> = consignments
            .iter()
            .map(|c| ids.value(c.items.start))
            .map(|id| year.foreknown.get(id).cloned().ok_or_else(|| missing(id)))
            .collect::<Result<_, _>>()?;
        self.run(&ingredients, rows, consignments, &foreknown, &outcomes, seed, progress)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a campaign, each used once")]
    fn run(
        &self,
        ingredients: &Ingredients,
        rows: RecordBatch,
        consignments: Vec<Consignment>,
        foreknown: &[Foreknown],
        known: &[Option<Outcome>],
        seed: u64,
        progress: &mut dyn Progress,
    ) -> Result<Compared, JobError> {
        let names = names(&rows)?;
        let stream = Stream::new(&ingredients.set, rows, names, consignments)
            .map_err(|e| JobError::Missing(e.to_string()))?;
        let truth: Vec<Truth> = foreknown.iter().map(|f| f.truth).collect();
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut measured = Vec::new();
        for (name, strategy) in &self.strategies {
            progress.step(&format!("seed {seed}, {name}"), self.epochs.len() as u64, "epochs");
            let campaign = Campaign {
                ingredients,
                stream: &stream,
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
            measured.push(measure(&stream, &self.epochs, &inspections, &truth, self.late));
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

/// The protocol of public comparisons on a file whose outcomes are all known: everything of the first days is labelled;
/// from then on, week by week, a share is inspected and only the labels of those are seen, from the next week on.
#[derive(Debug, Clone)]
pub struct Protocol {
    /// Content.
    pub content: Content,
    /// Strategies by name.
    pub strategies: Vec<(&'static str, Strategy)>,
    /// Share that is inspected.
    pub share: f64,
    /// Days at the start of which all labels are known.
    pub labelled_days: u32,
    /// Weeks at the end that are measured once more.
    pub late: usize,
}

impl Protocol {
    /// Runs every strategy over a file for each seed.
    ///
    /// # Errors
    /// When a file cannot be read, or a record has no result.
    pub fn run(
        &self,
        input: &Input,
        seeds: u64,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Compared>, JobError> {
        let ingredients = self.content.ingredients()?;
        let (rows, labels) = read_by_day(input, progress)?;
        let consignments = consignments(&rows, None)?;
        let (Some(first), Some(last)) = (consignments.first(), consignments.last()) else {
            return Err(JobError::Missing("the files hold no record".to_owned()));
        };
        let begins = first.day.checked_add_days(Days::new(self.labelled_days.into())).unwrap_or(first.day);
        let epochs = weeks(begins, last.day);
        let start = day_number(begins);
        let prepared = ingredients.set.prepare(&rows).map_err(tidegate_risk::assess::AssessError::from)?;
        let known: Vec<Option<Outcome>> = labels
            .iter()
            .zip(&prepared.days)
            .map(|(label, day)| (*day < start).then_some(Outcome { recorded_day: *day, discrepancy: *label }))
            .collect();
        let foreknown: Vec<Foreknown> = consignments
            .iter()
            .map(|c| {
                let epoch = epochs.iter().find(|e| e.last >= c.day).map_or(c.day, |e| e.last);
                let revenue =
                    c.items.clone().filter(|i| labels[*i]).map(|i| prepared.revenue[i].max(0.0)).sum();
                let items = labels[c.items.clone()].to_vec();
                let truth = Truth { is_fraud: items.contains(&true), revenue, new_kind: None };
                let result = LaneResult { recorded_on: epoch, items, revenue };
                Foreknown { truth, by_lane: [result.clone(), result] }
            })
            .collect();
        let contest = Contest {
            content: self.content.clone(),
            strategies: self.strategies.clone(),
            budget: Budget::OfEpoch(self.share),
            epochs,
            learn_every: 1,
            late: self.late,
        };
        (1..=seeds)
            .map(|seed| {
                let (rows, consignments) = (rows.clone(), consignments.clone());
                contest.run(&ingredients, rows, consignments, &foreknown, &known, seed, progress)
            })
            .collect()
    }
}

/// Officers who find what is known beforehand.
struct Foretold<'a>(&'a [Foreknown]);

impl Officers for Foretold<'_> {
    fn inspect(&self, consignment: usize, lane: Lane) -> Inspected {
        let [opened, scanned] = &self.0[consignment].by_lane;
        let LaneResult { recorded_on, items, revenue } = if lane == Lane::Red { opened } else { scanned };
        Inspected { recorded_day: day_number(*recorded_on), items: items.clone(), revenue: *revenue }
    }
}

/// Whole weeks from a day on; what is left at the end belongs to the last.
fn weeks(first: NaiveDate, last: NaiveDate) -> Vec<Epoch> {
    let week = |day: NaiveDate| day.checked_add_days(Days::new(7));
    let mut epochs: Vec<Epoch> = std::iter::successors(Some(first), |day| week(*day))
        .take_while(|day| *day <= last)
        .filter_map(|day| Some(Epoch { first: day, last: week(day)?.pred_opt()? }))
        .collect();
    if epochs.len() > 1 && epochs.last().is_some_and(|e| e.last > last) {
        epochs.pop();
        if let Some(end) = epochs.last_mut() {
            end.last = last;
        }
    }
    epochs
}

/// Goods items of the first versions, and the outcomes of inspections that are in the rows.
fn first_versions(lodged: &[Lodged]) -> Result<(RecordBatch, Vec<Option<Outcome>>), JobError> {
    let schema = item_row_schema();
    let joined: Vec<RecordBatch> = lodged
        .iter()
        .map(|batch| Ok(item_rows(&first(&batch.declarations)?, &first(&batch.goods_items)?)?))
        .collect::<Result<_, JobError>>()?;
    let rows = concat_batches(&schema, &joined)?;
    let mut results: HashMap<(String, Option<i64>), Outcome> = HashMap::new();
    for batch in lodged.iter().map(|l| &l.inspections) {
        let (ids, codes) = (texts(batch, "declaration_id")?, texts(batch, "result_code")?);
        let items = column(batch, "goods_item_seq")?;
        let items = items.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong_type("goods_item_seq"))?;
        let recorded = column(batch, "recorded_at")?;
        let recorded = recorded.as_primitive_opt::<TimestampMicrosecondType>();
        let recorded = recorded.ok_or_else(|| wrong_type("recorded_at"))?;
        for row in 0..batch.num_rows() {
            let item = items.is_valid(row).then(|| items.value(row));
            let outcome = Outcome {
                recorded_day: day_of(recorded.value(row)),
                discrepancy: codes.value(row) == "discrepancy",
            };
            results.insert((ids.value(row).to_owned(), item), outcome);
        }
    }
    let ids = texts(&rows, "declaration_id")?;
    let items = column(&rows, "goods_item_seq")?;
    let items = items.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong_type("goods_item_seq"))?;
    let outcome = |row: usize| {
        let of = |item: Option<i64>| results.get(&(ids.value(row).to_owned(), item)).copied();
        of(Some(items.value(row))).or_else(|| of(None))
    };
    let outcomes = (0..rows.num_rows()).map(outcome).collect();
    Ok((rows, outcomes))
}

/// Rows of first versions.
fn first(rows: &RecordBatch) -> Result<RecordBatch, JobError> {
    let versions = column(rows, "version_number")?;
    let versions = versions.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong_type("version_number"))?;
    Ok(filter_record_batch(rows, &versions.iter().map(|v| Some(v == Some(1))).collect())?)
}

/// Goods items of an input by day of acceptance, with their labels.
fn read_by_day(input: &Input, progress: &mut dyn Progress) -> Result<(RecordBatch, Vec<bool>), JobError> {
    let (mut batches, mut labels) = (Vec::new(), Vec::new());
    read_items(input, "reading", progress, |rows, of_rows| {
        batches.push(rows);
        labels.extend(of_rows);
        Ok(())
    })?;
    let without = labels.iter().filter(|l| l.is_none()).count();
    if without > 0 {
        return Err(JobError::Missing(format!(
            "{without} of {} goods items have no result; the protocol needs the outcome of every record to measure with",
            labels.len()
        )));
    }
    let rows = concat_batches(&item_row_schema(), &batches)?;
    let order = sort_to_indices(&column(&rows, "accepted_at")?, None, None)?;
    let labels = order.values().iter().map(|row| labels[*row as usize] == Some(true)).collect();
    Ok((take_record_batch(&rows, &order)?, labels))
}

/// Consignments of rows whose items stand together.
fn consignments(rows: &RecordBatch, grades: Option<&Grades>) -> Result<Vec<Consignment>, JobError> {
    let (ids, offices) = (texts(rows, "declaration_id")?, texts(rows, "office_id")?);
    let importers = texts(rows, "importer_id")?;
    let accepted = column(rows, "accepted_at")?;
    let accepted = accepted.as_primitive_opt::<TimestampMicrosecondType>();
    let accepted = accepted.ok_or_else(|| wrong_type("accepted_at"))?;
    let mut all: Vec<Consignment> = Vec::new();
    let mut known: HashMap<String, Arc<str>> = HashMap::new();
    let mut shared =
        |text: &str| -> Arc<str> { known.entry(text.to_owned()).or_insert_with(|| text.into()).clone() };
    for row in 0..rows.num_rows() {
        if let Some(last) = all.last_mut()
            && *last.root == *ids.value(row)
        {
            last.items.end = row + 1;
            continue;
        }
        let importer = importers.is_valid(row).then(|| importers.value(row));
        let grade = grades.map_or("unknown", |grades| grades.at(importer, accepted.value(row)));
        let day = NaiveDate::from_epoch_days(day_of(accepted.value(row))).unwrap_or_default();
        all.push(Consignment {
            day,
            office: shared(if grades.is_some() { offices.value(row) } else { "" }),
            grade: shared(grade),
            root: ids.value(row).into(),
            items: row..row + 1,
        });
    }
    Ok(all)
}

fn texts(rows: &RecordBatch, name: &str) -> Result<StringArray, JobError> {
    column(rows, name)?.as_string_opt::<i32>().cloned().ok_or_else(|| wrong_type(name))
}
