//! Operators and predicates: logic, comparison, arithmetic, `BETWEEN`, `IN`, `LIKE`, `IS`.

use arrow::datatypes::DataType;
use datafusion_common::ScalarValue;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

use super::messages::{cannot_compare, shown};
use super::{Checked, Checker, Wanted};
use crate::expr::error::Problem;
use crate::expr::functions::{self, Function};
use crate::expr::kind::Kind;
use crate::expr::limits::MAX_LIST_ITEMS;
use crate::expr::node::{Comparison, Node};

impl Checker<'_> {
    pub(super) fn binary(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        expr: &Expr,
    ) -> Checked<Node> {
        let (sign, wanted) = match op {
            BinaryOperator::And | BinaryOperator::Or => return self.chain(op, expr),
            BinaryOperator::Eq => return self.comparison(Comparison::Equal, left, right, expr),
            BinaryOperator::NotEq => return self.comparison(Comparison::NotEqual, left, right, expr),
            BinaryOperator::Lt => return self.comparison(Comparison::Less, left, right, expr),
            BinaryOperator::LtEq => return self.comparison(Comparison::LessOrEqual, left, right, expr),
            BinaryOperator::Gt => return self.comparison(Comparison::Greater, left, right, expr),
            BinaryOperator::GtEq => return self.comparison(Comparison::GreaterOrEqual, left, right, expr),
            BinaryOperator::Plus => ("+", Wanted::Number),
            BinaryOperator::Minus => ("-", Wanted::Number),
            BinaryOperator::Multiply => ("*", Wanted::Number),
            BinaryOperator::Divide => ("/", Wanted::Number),
            BinaryOperator::Modulo => ("%", Wanted::Number),
            BinaryOperator::StringConcat => ("||", Wanted::Text),
            _ => return self.not_allowed(expr),
        };
        let Some(function) = functions::operator(sign) else {
            return self.not_allowed(expr);
        };
        let kind = if wanted == Wanted::Number { Kind::Float } else { Kind::Text };
        let left = self.operand_as(left, wanted, kind, sign)?;
        let right = self.operand_as(right, wanted, kind, sign)?;
        self.build(Node::Call { function, arguments: vec![left, right], kind }, expr)
    }

    /// `a AND b AND ...` (or `OR`) as one node, walked without recursion: rules list hundreds of cases.
    fn chain(&mut self, op: &BinaryOperator, expr: &Expr) -> Checked<Node> {
        let mut operands = Vec::new();
        let mut rest = expr;
        while let Expr::BinaryOp { left, op: next, right } = rest
            && next == op
        {
            operands.push(right.as_ref());
            rest = left;
        }
        operands.push(rest);
        let name = op.to_string();
        let check = |operand: &&Expr| self.operand_as(operand, Wanted::Boolean, Kind::Boolean, &name);
        let nodes = operands.iter().rev().map(check).collect::<Checked<Vec<_>>>()?;
        self.build(if *op == BinaryOperator::And { Node::All(nodes) } else { Node::Any(nodes) }, expr)
    }

    pub(super) fn unary(&mut self, op: UnaryOperator, operand: &Expr, expr: &Expr) -> Checked<Node> {
        match op {
            UnaryOperator::Not => {
                let node = self.operand_as(operand, Wanted::Boolean, Kind::Boolean, "NOT")?;
                self.not(node, expr)
            }
            UnaryOperator::Plus => self.operand(operand, Wanted::Number, "+"),
            UnaryOperator::Minus => {
                let node = self.operand(operand, Wanted::Number, "-")?;
                match (negative(&node), functions::operator("negate")) {
                    (Some(literal), _) => Ok(literal),
                    (None, Some(function)) => {
                        let node = self.convert(node, Kind::Float, operand)?;
                        self.build(Node::Call { function, arguments: vec![node], kind: Kind::Float }, expr)
                    }
                    (None, None) => self.not_allowed(expr),
                }
            }
            _ => self.not_allowed(expr),
        }
    }

    pub(super) fn not(&self, node: Node, expr: &Expr) -> Checked<Node> {
        self.build(Node::Not(Box::new(node)), expr)
    }

    pub(super) fn negate_if(&self, negated: bool, node: Node, expr: &Expr) -> Checked<Node> {
        if negated { self.not(node, expr) } else { Ok(node) }
    }

    fn comparison(&mut self, operator: Comparison, left: &Expr, right: &Expr, expr: &Expr) -> Checked<Node> {
        if is_null_word(left) || is_null_word(right) {
            let what =
                format!("comparing with NULL by {}, which gives NULL for every record,", operator.symbol());
            let instead = "write IS NULL or IS NOT NULL".to_owned();
            return Err(self.error(expr, Problem::NotAllowed { what, instead }));
        }
        let (left_node, right_node) = (self.node(left)?, self.node(right)?);
        self.compare(operator, (left_node, left), (right_node, right), expr)
    }

    /// Compares two checked operands, brought to one kind.
    pub(super) fn compare(
        &self,
        operator: Comparison,
        left: (Node, &Expr),
        right: (Node, &Expr),
        expr: &Expr,
    ) -> Checked<Node> {
        let mut nodes = self.alike(vec![left, right])?.into_iter();
        match (nodes.next(), nodes.next()) {
            (Some(left), Some(right)) => {
                self.build(Node::Compare { operator, left: Box::new(left), right: Box::new(right) }, expr)
            }
            _ => self.not_allowed(expr),
        }
    }

    /// Brings operands to the one kind that holds them all without loss, if there is one.
    pub(super) fn alike(&self, operands: Vec<(Node, &Expr)>) -> Checked<Vec<Node>> {
        let any_decimal = operands.iter().any(|(node, _)| matches!(node.kind(), Kind::Decimal { .. }));
        let mut common = Kind::Null;
        let mut like: Option<&Expr> = None;
        for (node, expr) in &operands {
            let kind = if any_decimal { tight(node) } else { node.kind() };
            let Some(both) = common.common(kind) else {
                let first = like.unwrap_or(expr);
                return Err(self.error(first, cannot_compare((first, common), (expr, node.kind()))));
            };
            if like.is_none() && kind != Kind::Null {
                like = Some(expr);
            }
            common = both;
        }
        operands.into_iter().map(|(node, expr)| self.convert(node, common, expr)).collect()
    }

    pub(super) fn between(&mut self, value: &Expr, low: &Expr, high: &Expr, expr: &Expr) -> Checked<Node> {
        let node = self.node(value)?;
        let copy = self.copy(&node, expr)?;
        let (low_node, high_node) = (self.node(low)?, self.node(high)?);
        let above = self.compare(Comparison::GreaterOrEqual, (node, value), (low_node, low), expr)?;
        let below = self.compare(Comparison::LessOrEqual, (copy, value), (high_node, high), expr)?;
        self.build(Node::All(vec![above, below]), expr)
    }

    pub(super) fn in_list(&mut self, value: &Expr, list: &[Expr], expr: &Expr) -> Checked<Node> {
        if list.len() > MAX_LIST_ITEMS {
            return Err(
                self.error(expr, Problem::TooLarge { what: "items in a list", limit: MAX_LIST_ITEMS })
            );
        }
        let node = self.node(value)?;
        let mut operands = vec![(node, value)];
        for item in list {
            // Items have a limit of their own.
            let nodes = self.nodes;
            let node = self.node(item)?;
            self.nodes = nodes;
            if node.literal().is_none() || node.is_null_literal() {
                let what = format!("{} in an IN list", shown(item));
                let instead = "list constants other than NULL, and join further conditions by OR".to_owned();
                return Err(self.error(item, Problem::NotAllowed { what, instead }));
            }
            operands.push((node, item));
        }
        let mut nodes = self.alike(operands)?.into_iter();
        let Some(node) = nodes.next() else {
            return self.not_allowed(expr);
        };
        let list = nodes.filter_map(|node| node.literal().cloned()).collect();
        self.build(Node::In { value: Box::new(node), list }, expr)
    }

    pub(super) fn like(
        &mut self,
        text: &Expr,
        pattern: &Expr,
        ignore_case: bool,
        expr: &Expr,
    ) -> Checked<Node> {
        let text = self.operand_as(text, Wanted::Text, Kind::Text, "LIKE")?;
        let node = self.operand(pattern, Wanted::Text, "LIKE")?;
        let Some(ScalarValue::Utf8(Some(pattern))) = node.literal() else {
            let what = "a LIKE pattern that is not a constant".to_owned();
            let instead = "use contains, starts_with or ends_with to compare with a column".to_owned();
            return Err(self.error(pattern, Problem::NotAllowed { what, instead }));
        };
        self.build(Node::Like { text: Box::new(text), pattern: pattern.clone(), ignore_case }, expr)
    }

    pub(super) fn is_null(&mut self, operand: &Expr, expr: &Expr) -> Checked<Node> {
        let node = self.node(operand)?;
        self.build(Node::IsNull(Box::new(node)), expr)
    }

    pub(super) fn is_unknown(&mut self, operand: &Expr, expr: &Expr) -> Checked<Node> {
        let node = self.operand_as(operand, Wanted::Boolean, Kind::Boolean, "IS UNKNOWN")?;
        self.build(Node::IsNull(Box::new(node)), expr)
    }

    /// `IS [NOT] TRUE` and `IS [NOT] FALSE`, which are never NULL.
    pub(super) fn is_truth(&mut self, expr: &Expr) -> Checked<Node> {
        let (operand, truth, negated) = match expr {
            Expr::IsTrue(operand) => (operand, true, false),
            Expr::IsNotTrue(operand) => (operand, true, true),
            Expr::IsFalse(operand) => (operand, false, false),
            Expr::IsNotFalse(operand) => (operand, false, true),
            _ => return self.not_allowed(expr),
        };
        let left =
            Box::new(self.operand_as(operand, Wanted::Boolean, Kind::Boolean, "IS TRUE or IS FALSE")?);
        let right = Box::new(Node::boolean(truth));
        let distinct = self.build(Node::Compare { operator: Comparison::Distinct, left, right }, expr)?;
        self.negate_if(!negated, distinct, expr)
    }

    pub(super) fn is_distinct(&mut self, left: &Expr, right: &Expr, expr: &Expr) -> Checked<Node> {
        let (left_node, right_node) = (self.node(left)?, self.node(right)?);
        if left_node.kind() == Kind::Null && right_node.kind() == Kind::Null {
            return Ok(Node::boolean(false));
        }
        self.compare(Comparison::Distinct, (left_node, left), (right_node, right), expr)
    }

    /// A call of a function of the list with checked arguments.
    pub(super) fn function(
        &self,
        function: &'static Function,
        arguments: Vec<Node>,
        kind: Kind,
        expr: &Expr,
    ) -> Checked<Node> {
        if kind.data_type() == DataType::Null {
            return Ok(Node::Literal { value: ScalarValue::Null, kind });
        }
        self.build(Node::Call { function, arguments, kind }, expr)
    }
}

/// Whether this is the bare word NULL.
fn is_null_word(mut expr: &Expr) -> bool {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

/// The kind of a node, for an integer literal with no more digits than it has: a column of 18 digits compared with
/// 1000 then needs no wider type.
fn tight(node: &Node) -> Kind {
    match node.literal() {
        Some(ScalarValue::Int64(Some(value))) => {
            let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
            Kind::Decimal { precision: u8::try_from(digits).unwrap_or(u8::MAX), scale: 0 }
        }
        _ => node.kind(),
    }
}

/// A number literal with the other sign, exactly.
fn negative(node: &Node) -> Option<Node> {
    let (value, kind) = match node.literal()? {
        ScalarValue::Int64(Some(value)) => (ScalarValue::Int64(Some(value.checked_neg()?)), Kind::Integer),
        ScalarValue::Decimal128(Some(value), precision, scale) => {
            let value = ScalarValue::Decimal128(Some(value.checked_neg()?), *precision, *scale);
            (value, node.kind())
        }
        _ => return None,
    };
    Some(Node::Literal { value, kind })
}
