//! Checked tree to `DataFusion`'s physical expression, which evaluates it batch by batch through Arrow kernels.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion_common::config::ConfigOptions;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{
    ColumnarValue, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion_physical_expr::expressions::{self, BinaryExpr, CaseExpr, Column, LikeExpr, Literal};
use datafusion_physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use super::functions::{self, Function};
use super::kind::Kind;
use super::node::{Comparison, Node};

/// Builds the physical expression of a tree over batches of the schema `inputs`.
pub(super) fn lower(node: &Node, inputs: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
    let lowered = |node: &Node| lower(node, inputs);
    Ok(match node {
        Node::Column { index, .. } => Arc::new(Column::new(inputs.field(*index).name(), *index)),
        Node::Literal { value, .. } => Arc::new(Literal::new(value.clone())),
        Node::Not(value) => expressions::not(lowered(value)?)?,
        Node::All(nodes) => join(nodes.iter().map(lowered).collect::<Result<_>>()?, Operator::And),
        Node::Any(nodes) => join(nodes.iter().map(lowered).collect::<Result<_>>()?, Operator::Or),
        Node::Compare { operator, left, right } => {
            Arc::new(BinaryExpr::new(lowered(left)?, comparison(*operator), lowered(right)?))
        }
        Node::IsNull(value) => expressions::is_null(lowered(value)?)?,
        Node::Like { text, pattern, ignore_case } => {
            let pattern = Arc::new(Literal::new(ScalarValue::Utf8(Some(pattern.clone()))));
            Arc::new(LikeExpr::new(false, *ignore_case, lowered(text)?, pattern))
        }
        Node::In { value, list } => {
            let literal =
                |value: &ScalarValue| Arc::new(Literal::new(value.clone())) as Arc<dyn PhysicalExpr>;
            expressions::in_list(lowered(value)?, list.iter().map(literal).collect(), &false, inputs)?
        }
        Node::Case { branches, otherwise, .. } => {
            let branch = |(condition, value): &(Node, Node)| Ok((lowered(condition)?, lowered(value)?));
            let branches = branches.iter().map(branch).collect::<Result<_>>()?;
            Arc::new(CaseExpr::try_new(None, branches, Some(lowered(otherwise)?))?)
        }
        Node::Cast { value, kind } => {
            RowFunction::new(Operation::Cast(*kind), *kind).call(vec![lowered(value)?])
        }
        Node::Call { function, arguments, kind } => {
            let arguments = arguments.iter().map(lowered).collect::<Result<_>>()?;
            RowFunction::new(Operation::Call(function), *kind).call(arguments)
        }
    })
}

/// Joins conditions in a balanced tree, so that a list of hundreds stays a few levels deep.
fn join(mut conditions: Vec<Arc<dyn PhysicalExpr>>, operator: Operator) -> Arc<dyn PhysicalExpr> {
    while conditions.len() > 1 {
        let pair = |pair: &[Arc<dyn PhysicalExpr>]| match pair {
            [left, right] => Arc::new(BinaryExpr::new(Arc::clone(left), operator, Arc::clone(right))),
            rest => Arc::clone(&rest[0]),
        };
        conditions = conditions.chunks(2).map(pair).collect();
    }
    // Folding leaves no empty list; the neutral element is what one would mean.
    conditions.pop().unwrap_or_else(|| expressions::lit(operator == Operator::And))
}

fn comparison(operator: Comparison) -> Operator {
    match operator {
        Comparison::Equal => Operator::Eq,
        Comparison::NotEqual => Operator::NotEq,
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
        Comparison::Distinct => Operator::IsDistinctFrom,
    }
}

/// One of our functions as `DataFusion` calls it: whole columns in, a whole column out.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RowFunction {
    operation: Operation,
    result: DataType,
    signature: Signature,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Operation {
    Call(&'static Function),
    Cast(Kind),
}

impl RowFunction {
    fn new(operation: Operation, result: Kind) -> Self {
        // Arguments are typed by `check`; DataFusion is not to convert any.
        let signature = Signature::variadic_any(Volatility::Immutable);
        Self { operation, result: result.data_type(), signature }
    }

    fn call(self, arguments: Vec<Arc<dyn PhysicalExpr>>) -> Arc<dyn PhysicalExpr> {
        let (name, result) = (self.name().to_owned(), Field::new("result", self.result.clone(), true));
        let function = Arc::new(ScalarUDF::new_from_impl(self));
        Arc::new(ScalarFunctionExpr::new(
            &name,
            function,
            arguments,
            Arc::new(result),
            Arc::new(ConfigOptions::default()),
        ))
    }
}

impl ScalarUDFImpl for RowFunction {
    fn name(&self) -> &str {
        match &self.operation {
            Operation::Call(function) => function.name,
            Operation::Cast(_) => "try_cast",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = |value: ColumnarValue| value.into_array(call.number_rows);
        let arguments = call.args.into_iter().map(array).collect::<Result<Vec<ArrayRef>>>()?;
        let result = match &self.operation {
            Operation::Call(function) => (function.kernel)(&arguments)?,
            Operation::Cast(kind) => functions::cast(&arguments[0], *kind)?,
        };
        Ok(ColumnarValue::Array(result))
    }
}
