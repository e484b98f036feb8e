//! `assess('bundle', r.*)` in SQL: the assessment of `tidegate_risk`, with the same bits.
//!
//! Before planning, the name of the bundle and the wildcard are rewritten to a function of the bundle's own with the
//! columns that the bundle reads, so that a plan names exactly what it was computed with.

use crate::QueryError;
use datafusion::arrow::array::{
    Array, ArrayRef, Float64Array, ListBuilder, RecordBatch, StringBuilder, StructArray, UInt64Array,
};
use datafusion::arrow::compute::{cast, filter_record_batch, is_not_null, take};
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::common::{DataFusionError, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart, Value,
    visit_expressions_mut,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use tidegate_records::tables::item_row_schema;
use tidegate_risk::bundle::{Bundle, BundleHash};

/// Name of the function in SQL.
const ASSESS: &str = "assess";

/// The bundles that a statement assesses with, by the names that it has for them: `assess('name', r.*)`.
pub type Bundles = BTreeMap<String, (BundleHash, Arc<Bundle>)>;

/// Fields of an assessment: log-odds, calibrated probability, probability raised by the rules that hit, and the ids of
/// the rules whose condition is true of the item.
pub fn assessment_fields() -> Fields {
    let rule = Arc::new(Field::new("element", DataType::Utf8, false));
    Fields::from(vec![
        Field::new("margin", DataType::Float64, false),
        Field::new("probability", DataType::Float64, false),
        Field::new("score", DataType::Float64, false),
        Field::new("rules", DataType::List(rule), false),
    ])
}

/// Names of the bundles that a statement assesses with.
pub(crate) fn bundle_names(statement: &mut Statement) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each_call(statement, &mut |arguments| {
        if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))) = arguments.first()
            && let Value::SingleQuotedString(name) = &value.value
        {
            names.insert(name.clone());
        }
        Ok(None)
    })
    .unwrap_or_default();
    names
}

/// Rewrites every call to the function of its bundle.
pub(crate) fn resolve(statement: &mut Statement, bundles: &Bundles) -> Result<(), QueryError> {
    each_call(statement, &mut |arguments| {
        let usage =
            || QueryError::Assess("write assess('bundle', r.*), where r is declaration_item".to_owned());
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(name))), FunctionArg::Unnamed(of)] =
            arguments
        else {
            return Err(usage());
        };
        let Value::SingleQuotedString(name) = &name.value else { return Err(usage()) };
        let (hash, bundle) =
            bundles.get(name).ok_or_else(|| QueryError::Assess(format!("no bundle is called `{name}`")))?;
        let qualifier = match of {
            FunctionArgExpr::QualifiedWildcard(alias) => alias.0.clone(),
            FunctionArgExpr::Wildcard => Vec::new(),
            _ => return Err(usage()),
        };
        let columns = bundle.inputs().into_iter().map(|column| argument(&qualifier, &column)).collect();
        Ok(Some((function_name(*hash), columns)))
    })
}

fn argument(qualifier: &[ObjectNamePart], column: &str) -> FunctionArg {
    let mut parts: Vec<Ident> = qualifier.iter().filter_map(|part| part.as_ident().cloned()).collect();
    parts.push(Ident::with_quote('"', column));
    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::CompoundIdentifier(parts)))
}

type NewCall = Option<(String, Vec<FunctionArg>)>;

/// Calls `change` with the arguments of each call of `assess`; what it gives takes the place of the call.
fn each_call(
    statement: &mut Statement,
    change: &mut dyn FnMut(&[FunctionArg]) -> Result<NewCall, QueryError>,
) -> Result<(), QueryError> {
    let statement = match statement {
        Statement::Statement(statement) => statement.as_mut(),
        Statement::Explain(explain) => return each_call(&mut explain.statement, change),
        _ => return Ok(()),
    };
    let outcome = visit_expressions_mut(statement, |expression| {
        let Expr::Function(call) = expression else { return ControlFlow::Continue(()) };
        let FunctionArguments::List(arguments) = &mut call.args else { return ControlFlow::Continue(()) };
        if !call.name.to_string().eq_ignore_ascii_case(ASSESS) {
            return ControlFlow::Continue(());
        }
        match change(&arguments.args) {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some((name, columns))) => {
                call.name = ObjectName::from(vec![Ident::new(name)]);
                arguments.args = columns;
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    });
    match outcome {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

fn function_name(hash: BundleHash) -> String {
    format!("{ASSESS}_{hash}")
}

/// The function of a bundle.
pub(crate) fn function(hash: BundleHash, bundle: Arc<Bundle>) -> ScalarUDF {
    let schema = item_row_schema();
    let fields: Vec<Field> =
        bundle.inputs().iter().filter_map(|name| schema.field_with_name(name).ok().cloned()).collect();
    ScalarUDF::new_from_impl(Assess {
        name: function_name(hash),
        signature: Signature::user_defined(Volatility::Immutable),
        inputs: Arc::new(Schema::new(fields.into_iter().map(|f| f.with_nullable(true)).collect::<Vec<_>>())),
        bundle,
    })
}

#[derive(Debug)]
struct Assess {
    /// Holds the bundle's hash, so that equal names are equal functions.
    name: String,
    signature: Signature,
    inputs: SchemaRef,
    bundle: Arc<Bundle>,
}

impl PartialEq for Assess {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Assess {}

impl std::hash::Hash for Assess {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Assess {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        if given.len() != self.inputs.fields().len() {
            return plan_err!("the bundle reads {} columns", self.inputs.fields().len());
        }
        Ok(self.inputs.fields().iter().map(|f| f.data_type().clone()).collect())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Struct(assessment_fields()))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let mut columns = Vec::with_capacity(call.args.len());
        for (value, field) in call.args.into_iter().zip(self.inputs.fields()) {
            columns.push(cast(&value.into_array(call.number_rows)?, field.data_type())?);
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.inputs), columns)?;
        Ok(ColumnarValue::Array(self.assess(&batch)?))
    }
}

impl Assess {
    /// One assessment for each row; NULL for a row without `accepted_at`, which no look-up can be dated by.
    fn assess(&self, batch: &RecordBatch) -> Result<ArrayRef, DataFusionError> {
        let accepted = batch.column_by_name("accepted_at");
        let accepted =
            accepted.ok_or_else(|| exec_datafusion_err!("accepted_at is not among the columns"))?;
        let dated = is_not_null(accepted)?;
        let rows =
            if accepted.null_count() == 0 { batch.clone() } else { filter_record_batch(batch, &dated)? };
        let assessment = self.bundle.assess(&rows).map_err(|e| DataFusionError::External(Box::new(e)))?;
        let rule = Field::new("element", DataType::Utf8, false);
        let mut rules = ListBuilder::new(StringBuilder::new()).with_field(rule);
        for row in 0..rows.num_rows() {
            for hit in assessment.conditions.of_row(row) {
                rules.values().append_value(&self.bundle.rules.rules[hit].id);
            }
            rules.append(true);
        }
        let assessed: ArrayRef = Arc::new(StructArray::try_new(
            assessment_fields(),
            vec![
                Arc::new(Float64Array::from(assessment.margins)),
                Arc::new(Float64Array::from(assessment.probabilities)),
                Arc::new(Float64Array::from(assessment.scores)),
                Arc::new(rules.finish()),
            ],
            None,
        )?);
        if rows.num_rows() == batch.num_rows() {
            return Ok(assessed);
        }
        let mut next = 0;
        let places = dated.values().iter().map(|is_dated| {
            is_dated.then(|| {
                next += 1;
                next - 1
            })
        });
        Ok(take(&assessed, &places.collect::<UInt64Array>(), None)?)
    }
}
