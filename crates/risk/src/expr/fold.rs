//! Folding: what is constant is computed once, when the expression is compiled.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion_common::{Result, ScalarValue};

use super::functions::decimal_text;
use super::kind::Kind;
use super::lower::lower;
use super::node::{Comparison, Node};

/// Folds a node whose operands are folded already.
pub(super) fn fold(node: Node) -> Result<Node> {
    match node {
        Node::All(nodes) => Ok(join(nodes, true)),
        Node::Any(nodes) => Ok(join(nodes, false)),
        Node::Case { branches, otherwise, kind } => Ok(choose(branches, *otherwise, kind)),
        Node::Cast { value, kind } if value.kind() == kind => Ok(*value),
        Node::Cast { value, kind: Kind::Float } => match value.literal() {
            // From the digits as written: the nearest float, which a division need not be.
            Some(ScalarValue::Decimal128(Some(unscaled), _, scale)) => {
                let nearest = decimal_text(unscaled, *scale).parse().ok();
                Ok(Node::Literal { value: ScalarValue::Float64(nearest), kind: Kind::Float })
            }
            _ => fold_constant(Node::Cast { value, kind: Kind::Float }),
        },
        node => fold_constant(node),
    }
}

/// A node all of whose operands are literals becomes one, and so does one that a NULL decides.
fn fold_constant(node: Node) -> Result<Node> {
    let kind = node.kind();
    let children = node.children();
    if is_strict(&node) && children.iter().any(|child| child.is_null_literal()) {
        return Ok(Node::Literal { value: ScalarValue::try_from(&kind.data_type())?, kind });
    }
    if children.is_empty() || children.iter().any(|child| child.literal().is_none()) {
        return Ok(node);
    }
    let schema = Arc::new(Schema::empty());
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let one_row = RecordBatch::try_new_with_options(Arc::clone(&schema), Vec::new(), &options)?;
    let result: ArrayRef = lower(&node, &schema)?.evaluate(&one_row)?.into_array(1)?;
    Ok(Node::Literal { value: ScalarValue::try_from_array(&result, 0)?, kind })
}

/// Whether a NULL operand always gives NULL.
fn is_strict(node: &Node) -> bool {
    match node {
        Node::Not(_) | Node::Like { .. } | Node::In { .. } | Node::Cast { .. } => true,
        Node::Compare { operator, .. } => *operator != Comparison::Distinct,
        Node::Call { function, .. } => function.is_strict(),
        _ => false,
    }
}

/// `AND` (`neutral` is true) or `OR` (false): the neutral constant falls out, the other decides.
fn join(nodes: Vec<Node>, neutral: bool) -> Node {
    let is = |node: &Node, wanted: bool| node.literal() == Some(&ScalarValue::Boolean(Some(wanted)));
    if nodes.iter().any(|node| is(node, !neutral)) {
        return Node::boolean(!neutral);
    }
    let mut rest: Vec<Node> = nodes.into_iter().filter(|node| !is(node, neutral)).collect();
    if rest.len() > 1 && rest.iter().all(Node::is_null_literal) {
        rest.truncate(1);
    }
    match rest.len() {
        0 => Node::boolean(neutral),
        1 => rest.remove(0),
        _ if neutral => Node::All(rest),
        _ => Node::Any(rest),
    }
}

/// `CASE`: branches that are never taken fall out, one that is always taken ends it.
fn choose(branches: Vec<(Node, Node)>, mut otherwise: Node, kind: Kind) -> Node {
    let mut open = Vec::new();
    for (condition, value) in branches {
        match condition.literal() {
            Some(ScalarValue::Boolean(Some(true))) => {
                otherwise = value;
                break;
            }
            Some(_) => {}
            None => open.push((condition, value)),
        }
    }
    if open.is_empty() {
        return otherwise;
    }
    Node::Case { branches: open, otherwise: Box::new(otherwise), kind }
}
