//! Texts one behind the other (`a || b`), with the bound that functions have: an operator has none, and a long constant beside a
//! column is had in every row.

use super::{Makes, too_long};
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, ScalarValue, plan_err};
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion::logical_expr::{
    ColumnarValue, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column};
use datafusion::prelude::{Expr, SessionContext};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::sync::Arc;

const NAME: &str = "||";

/// Has the operator planned as a function. Lists are planned before, as functions of their own.
pub(super) fn install(context: &SessionContext) -> Result<(), DataFusionError> {
    let joined = Joined { signature: Signature::user_defined(Volatility::Immutable) };
    let planner = Planner(Arc::new(ScalarUDF::new_from_impl(joined)));
    context.state_ref().write().register_expr_planner(Arc::new(planner))
}

#[derive(Debug)]
struct Planner(Arc<ScalarUDF>);

impl ExprPlanner for Planner {
    fn plan_binary_op(
        &self,
        expression: RawBinaryExpr,
        _: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>, DataFusionError> {
        if expression.op != BinaryOperator::StringConcat {
            return Ok(PlannerResult::Original(expression));
        }
        let RawBinaryExpr { left, right, .. } = expression;
        let call = ScalarFunction::new_udf(Arc::clone(&self.0), vec![left, right]);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(call)))
    }
}

/// The operator as a function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Joined {
    signature: Signature,
}

/// The two sides of the operator.
fn sides<T>(arguments: &[T]) -> Result<[&T; 2], DataFusionError> {
    let [left, right] = arguments else { return plan_err!("{NAME} stands between two texts") };
    Ok([left, right])
}

impl ScalarUDFImpl for Joined {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn schema_name(&self, arguments: &[Expr]) -> Result<String, DataFusionError> {
        let [left, right] = sides(arguments)?;
        Ok(format!("{} {NAME} {}", left.schema_name(), right.schema_name()))
    }

    fn display_name(&self, arguments: &[Expr]) -> Result<String, DataFusionError> {
        let [left, right] = sides(arguments)?;
        Ok(format!("{left} {NAME} {right}"))
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        let [left, right] = sides(types)?;
        let (left, right) = BinaryTypeCoercer::new(left, &Operator::StringConcat, right).get_input_types()?;
        Ok(vec![left, right])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType, DataFusionError> {
        let [left, right] = sides(types)?;
        BinaryTypeCoercer::new(left, &Operator::StringConcat, right).get_result_type()
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let is_constant = super::are_constant(&call.args);
        let rows = if is_constant { 1 } else { call.number_rows };
        if Makes::Together.bytes(&call.args, rows)? > super::MOST_BYTES {
            return too_long(NAME);
        }
        let [left, right] = sides(&call.args)?;
        let columns = [left, right].map(|side| side.to_array(rows));
        let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
        let field = |name: &str, place: usize| Field::new(name, columns[place].data_type().clone(), true);
        let schema = Schema::new(vec![field("left", 0), field("right", 1)]);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)?;
        let side = |name, place| Arc::new(Column::new(name, place)) as Arc<dyn PhysicalExpr>;
        let operator = BinaryExpr::new(side("left", 0), Operator::StringConcat, side("right", 1));
        let joined = operator.evaluate(&batch)?;
        if !is_constant {
            return Ok(joined);
        }
        Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&joined.into_array(rows)?, 0)?))
    }
}
