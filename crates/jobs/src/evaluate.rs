//! Evaluation on records with known results: how good the model is, how good it would be without its memory of
//! exact goods, and how good it is where that memory does not help.

use crate::JobError;
use crate::input::Input;
use crate::progress::Progress;
use crate::score::{ScoredBatch, assess_input};
use tidegate_risk::bundle::Bundle;
use tidegate_risk::evaluation::{Evaluation, EvaluationOptions, Sample, evaluate as measure};

/// One way of looking at the records.
#[derive(Debug, Clone, serde::Serialize)]
pub struct View {
    /// What is ranked by what, on which records.
    pub title: String,
    /// The measures.
    pub evaluation: Evaluation,
}

/// All views of one input.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Evaluated {
    /// Records with a result.
    pub records: usize,
    /// Records without one, which say nothing.
    pub without_result: usize,
    /// Records that could not be read.
    pub refused: u64,
    /// The views.
    pub views: Vec<View>,
}

/// Columns of the records with a result.
#[derive(Default)]
struct Columns {
    labels: Vec<bool>,
    margins: Vec<f64>,
    probabilities: Vec<f64>,
    ablation: Vec<f64>,
    revenue: Vec<f64>,
    goods: Vec<u64>,
    never_seen: Vec<bool>,
    without_result: usize,
}

/// Measures a bundle on the records of an input that have a result.
///
/// # Errors
/// When a file cannot be read or no record has a result.
pub fn evaluate(
    bundle: &Bundle,
    input: &Input,
    options: &EvaluationOptions,
    progress: &mut dyn Progress,
) -> Result<Evaluated, JobError> {
    let mut columns = Columns::default();
    let memory = goods_profile(bundle);
    let scored = assess_input(bundle, input, progress, |batch| columns.add(bundle, memory, &batch))?;
    if columns.labels.is_empty() {
        let message = "no record has a result; evaluation needs the results of inspections";
        return Err(JobError::Missing(message.to_owned()));
    }
    let mut views = Vec::new();
    progress.step("resampling", 4, "views");
    let all: Vec<usize> = (0..columns.labels.len()).collect();
    let mut add = |title: &str, scores: &[f64], rows: &[usize], calibrated: bool| -> Result<(), JobError> {
        let evaluation = measure(&columns.sample(scores, rows, calibrated)?, options)?;
        views.push(View { title: title.to_owned(), evaluation });
        progress.done(views.len() as u64);
        Ok(())
    };
    add("the model", &columns.margins, &all, true)?;
    if !columns.ablation.is_empty() {
        add("without memory of exact goods", &columns.ablation, &all, false)?;
    }
    if memory.is_some() {
        let unseen: Vec<usize> = all.iter().copied().filter(|i| columns.never_seen[*i]).collect();
        if !unseen.is_empty() {
            add("the model, on goods never seen in training", &columns.margins, &unseen, true)?;
        }
    }
    let expected: Vec<f64> = columns.probabilities.iter().zip(&columns.revenue).map(|(p, r)| p * r).collect();
    add("ranked by expected revenue (probability x revenue at stake)", &expected, &all, false)?;
    let (records, without_result) = (columns.labels.len(), columns.without_result);
    Ok(Evaluated { records, without_result, refused: scored.refused, views })
}

/// The profile of results whose key is the goods of a record: what it does not know was never seen in training.
fn goods_profile(bundle: &Bundle) -> Option<usize> {
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    let goods = sorted(&bundle.set.goods);
    bundle.set.profiles.iter().position(|p| p.measure.is_none() && sorted(&p.key) == goods)
}

impl Columns {
    fn add(&mut self, bundle: &Bundle, memory: Option<usize>, batch: &ScoredBatch) -> Result<(), JobError> {
        let assessment = &batch.assessment;
        let ablation = bundle.ablation(assessment)?;
        for (row, label) in batch.labels.iter().enumerate() {
            let Some(label) = label else {
                self.without_result += 1;
                continue;
            };
            self.labels.push(*label);
            self.margins.push(assessment.margins[row]);
            self.probabilities.push(assessment.probabilities[row]);
            if let Some(ablation) = &ablation {
                self.ablation.push(ablation[row]);
            }
            self.revenue.push(assessment.prepared.revenue[row].max(0.0));
            self.goods.push(assessment.prepared.goods[row].0 as u64);
            let known = memory.map(|m| bundle.profiles.knows(m, assessment.prepared.keys[m][row]));
            self.never_seen.push(known == Some(false));
        }
        Ok(())
    }

    /// Records of equal goods are drawn together, since they share their result.
    fn sample(&self, scores: &[f64], rows: &[usize], calibrated: bool) -> Result<Sample, JobError> {
        let pick = |column: &[f64]| rows.iter().map(|i| column[*i]).collect::<Vec<f64>>();
        let labels: Vec<bool> = rows.iter().map(|i| self.labels[*i]).collect();
        let goods: Vec<u64> = rows.iter().map(|i| self.goods[*i]).collect();
        let sample =
            Sample::new(&pick(scores), &labels)?.with_revenue(&pick(&self.revenue))?.with_clusters(&goods)?;
        Ok(if calibrated { sample.with_probabilities(&pick(&self.probabilities))? } else { sample })
    }
}
