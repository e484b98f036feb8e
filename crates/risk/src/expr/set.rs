//! Many expressions over the same rows, evaluated together: each column is brought into its form once, each part that
//! several share is evaluated once, and what depends on one text alone is answered for the distinct texts of a chunk.
//!
//! This changes no result, since a result depends on its row alone and no row can fail.

mod evaluation;
mod graph;
mod texts;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion_physical_expr::PhysicalExpr;

use super::error::EvaluateError;
use super::kind::Kind;
use super::lower;
use super::node::Node;
use super::read::Inputs;
use super::{Expression, Hits, hits};
use evaluation::Evaluation;
use graph::Graph;

/// Rows that are worked on at once: few enough that what lies between two steps stays near the processor, enough that
/// texts repeat.
const CHUNK_ROWS: usize = 16_384;

/// Expressions that are evaluated together. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ExpressionSet(Arc<Plan>);

#[derive(Debug)]
struct Plan {
    inputs: Inputs,
    input_schema: SchemaRef,
    steps: Vec<Step>,
    /// Steps that give texts and depend on one text alone, in the order of evaluation; they come first.
    of_text: Vec<usize>,
    /// Conditions that depend on one text alone, by that text.
    by_text: BTreeMap<Place, Vec<usize>>,
    /// The other steps, in the order of evaluation.
    of_rows: Vec<usize>,
    /// Where the result of each expression is.
    results: Vec<Place>,
    /// Types of the expressions.
    types: Vec<DataType>,
}

/// A column or the result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Input(usize),
    Step(usize),
}

/// What a step reads, and the kind of it.
type Reads = Vec<(Place, Kind)>;

#[derive(Debug)]
enum Step {
    /// `NOT` a condition.
    Not(Place),
    /// `AND` over conditions.
    All(Vec<Place>),
    /// `OR` over conditions.
    Any(Vec<Place>),
    /// Anything else, by the engine.
    Engine(Engine),
}

/// An expression over few columns, since the engine copies all the columns of a batch when it goes on with some rows.
#[derive(Debug)]
struct Engine {
    physical: Arc<dyn PhysicalExpr>,
    reads: Vec<Place>,
    schema: SchemaRef,
}

impl Engine {
    fn new(node: &Node, reads: &Reads) -> Result<Self, EvaluateError> {
        let field = |(place, kind): &(Place, Kind)| Field::new(format!("{place:?}"), kind.data_type(), true);
        let schema = Arc::new(Schema::new(reads.iter().map(field).collect::<Vec<_>>()));
        let physical = lower::lower(node, &schema)?;
        Ok(Self { physical, reads: reads.iter().map(|(place, _)| *place).collect(), schema })
    }
}

impl ExpressionSet {
    /// Prepares expressions, which must have been compiled against the same schema.
    ///
    /// # Errors
    /// When the engine refuses a part of them, which is a defect of this module.
    pub fn new<'a>(expressions: impl IntoIterator<Item = &'a Expression>) -> Result<Self, EvaluateError> {
        let mut graph = Graph::default();
        let (mut roots, mut types) = (Vec::new(), Vec::new());
        for expression in expressions {
            roots.push(graph.add(expression));
            types.push(expression.data_type.clone());
        }
        let (mut steps, mut places) = (Vec::new(), BTreeMap::new());
        let (mut of_text, mut by_text, mut of_rows) =
            (Vec::new(), BTreeMap::<_, Vec<usize>>::new(), Vec::new());
        for part in graph.steps(&roots) {
            let step = graph.step(part, &places)?;
            let number = steps.len();
            match &step {
                Step::Engine(engine) if graph.depends_on_one_text(part) => match graph.kind(part) {
                    Kind::Text => of_text.push(number),
                    _ => by_text.entry(engine.reads[0]).or_default().push(number),
                },
                _ => of_rows.push(number),
            }
            places.insert(part, Place::Step(number));
            steps.push(step);
        }
        let results = roots.iter().map(|root| graph.place(*root, &places)).collect();
        let input_schema = graph.inputs().schema();
        let inputs = graph.into_inputs();
        Ok(Self(Arc::new(Plan { inputs, input_schema, steps, of_text, by_text, of_rows, results, types })))
    }

    /// Evaluates all expressions and hands over the results of each chunk of rows: the rows of the chunk, and one
    /// array for each expression.
    ///
    /// # Errors
    /// As [`Expression::evaluate`], and what `take` gives.
    pub fn evaluate(
        &self,
        batch: &RecordBatch,
        mut take: impl FnMut(Range<usize>, &[ArrayRef]) -> Result<(), EvaluateError>,
    ) -> Result<(), EvaluateError> {
        let plan = &*self.0;
        let mut first = 0;
        while first < batch.num_rows() {
            let rows = CHUNK_ROWS.min(batch.num_rows() - first);
            let inputs = plan.inputs.read(&plan.input_schema, &batch.slice(first, rows))?;
            take(first..first + rows, &Evaluation::new(plan, &inputs).run()?)?;
            first += rows;
        }
        Ok(())
    }

    /// Of the results of a chunk the one at a position, as the rows that the condition is true for.
    ///
    /// # Errors
    /// When the expression is no condition.
    pub fn hits(&self, position: usize, results: &[ArrayRef]) -> Result<Hits, EvaluateError> {
        match &self.0.types[position] {
            DataType::Boolean => Ok(hits(&results[position])),
            found => Err(EvaluateError::NotACondition { found: found.clone() }),
        }
    }
}
