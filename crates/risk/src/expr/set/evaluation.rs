//! The evaluation of a set on a chunk of rows: first what depends on one text alone, then the rest in its order.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{and_kleene, not, or_kleene};
use arrow::error::ArrowError;

use super::texts::Distinct;
use super::{Engine, Place, Plan, Step};
use crate::expr::error::EvaluateError;

/// Conditions that are carried from texts to rows at once: one for each bit of a word.
const TOGETHER: usize = 64;

/// Two conditions as one.
type Join = fn(&BooleanArray, &BooleanArray) -> Result<BooleanArray, ArrowError>;

pub(super) struct Evaluation<'a> {
    plan: &'a Plan,
    inputs: &'a RecordBatch,
    /// Distinct texts of columns and steps.
    texts: BTreeMap<Place, Arc<Distinct>>,
    /// Results of the steps so far.
    done: Vec<Option<ArrayRef>>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(plan: &'a Plan, inputs: &'a RecordBatch) -> Self {
        Self { plan, inputs, texts: BTreeMap::new(), done: vec![None; plan.steps.len()] }
    }

    /// One array for each expression of the set.
    pub(super) fn run(mut self) -> Result<Vec<ArrayRef>, EvaluateError> {
        let plan = self.plan;
        for step in &plan.of_text {
            if let Step::Engine(engine) = &plan.steps[*step] {
                let texts = self.distinct(engine.reads[0])?.renamed(|texts| engine.evaluate(vec![texts]))?;
                self.texts.insert(Place::Step(*step), Arc::new(texts));
            }
        }
        for (place, steps) in &plan.by_text {
            let texts = self.distinct(*place)?;
            for steps in steps.chunks(TOGETHER) {
                let engines = steps.iter().filter_map(|step| match &plan.steps[*step] {
                    Step::Engine(engine) => Some(engine),
                    _ => None,
                });
                let answers = engines.map(|engine| engine.evaluate(vec![texts.texts()]));
                let answers = texts.of_rows(&answers.collect::<Result<Vec<_>, _>>()?);
                for (step, answer) in steps.iter().zip(answers) {
                    self.done[*step] = Some(answer);
                }
            }
        }
        for step in &plan.of_rows {
            let result = self.step(&plan.steps[*step])?;
            self.done[*step] = Some(result);
        }
        plan.results.iter().map(|place| self.rows(*place)).collect()
    }

    fn step(&mut self, step: &Step) -> Result<ArrayRef, EvaluateError> {
        match step {
            Step::Engine(engine) => {
                let columns = engine.reads.iter().map(|place| self.rows(*place)).collect::<Result<_, _>>()?;
                engine.evaluate_rows(columns, self.inputs.num_rows())
            }
            Step::Not(place) => Ok(Arc::new(not(self.rows(*place)?.as_boolean())?)),
            Step::All(places) => self.joined(places, and_kleene),
            Step::Any(places) => self.joined(places, or_kleene),
        }
    }

    fn joined(&mut self, places: &[Place], join: Join) -> Result<ArrayRef, EvaluateError> {
        let mut joined: Option<ArrayRef> = None;
        for place in places {
            let condition = self.rows(*place)?;
            joined = Some(match joined {
                None => condition,
                Some(before) => Arc::new(join(before.as_boolean(), condition.as_boolean())?),
            });
        }
        Ok(joined.unwrap_or_else(|| Arc::new(BooleanArray::new_null(self.inputs.num_rows()))))
    }

    /// What is at a place, row by row.
    fn rows(&mut self, place: Place) -> Result<ArrayRef, EvaluateError> {
        let step = match place {
            Place::Input(index) => return Ok(Arc::clone(self.inputs.column(index))),
            Place::Step(step) => step,
        };
        if let Some(done) = &self.done[step] {
            return Ok(Arc::clone(done));
        }
        let rows = self.distinct(place)?.rows()?;
        self.done[step] = Some(Arc::clone(&rows));
        Ok(rows)
    }

    /// The distinct texts at a place, which is a column or a step that gives texts.
    fn distinct(&mut self, place: Place) -> Result<Arc<Distinct>, EvaluateError> {
        if let Some(known) = self.texts.get(&place) {
            return Ok(Arc::clone(known));
        }
        let column = match place {
            Place::Input(index) => Arc::clone(self.inputs.column(index)),
            Place::Step(step) => match &self.done[step] {
                Some(done) => Arc::clone(done),
                None => return Err(EvaluateError::MissingColumn { name: format!("{place:?}") }),
            },
        };
        let texts = Arc::new(Distinct::of(&column)?);
        self.texts.insert(place, Arc::clone(&texts));
        Ok(texts)
    }
}

impl Engine {
    fn evaluate(&self, columns: Vec<ArrayRef>) -> Result<ArrayRef, EvaluateError> {
        let rows = columns.first().map_or(0, Array::len);
        self.evaluate_rows(columns, rows)
    }

    fn evaluate_rows(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<ArrayRef, EvaluateError> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        Ok(self.physical.evaluate(&batch)?.into_array(rows)?)
    }
}
