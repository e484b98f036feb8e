//! Syntax tree to checked tree: names resolved, kinds checked, every conversion written out.
//!
//! An allow-list: what is not matched here is refused, so that a construct a newer parser learns stays out until
//! somebody has thought about it.

mod calls;
mod convert;
mod literals;
mod messages;
mod operators;

use arrow::datatypes::Schema;
use sqlparser::ast::{Expr, Ident};

use super::error::{ExpressionError, Location, Problem};
use super::fold::fold;
use super::kind::Kind;
use super::limits::{MAX_DEPTH, MAX_NODES};
use super::node::Node;
use super::read::Inputs;
use super::suggest::nearest;
use super::{Expected, error};
use messages::{not_allowed, start, wrong_kind};

type Checked<T> = Result<T, ExpressionError>;

/// Checks an expression and gives it with the columns it reads.
pub(super) fn check(
    expr: &Expr,
    schema: &Schema,
    expected: Expected,
    at: &Location,
) -> Checked<(Node, Inputs)> {
    let mut checker = Checker { schema, at, inputs: Inputs::default(), nodes: 0, depth: 0 };
    let node = checker.node(expr)?;
    let node = checker.result(node, expected, expr)?;
    Ok((node, checker.inputs))
}

/// The state of one check: the columns met so far and how much of the limits is used.
struct Checker<'a> {
    schema: &'a Schema,
    at: &'a Location,
    inputs: Inputs,
    nodes: usize,
    depth: usize,
}

/// The kinds an operator or a function may ask of an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Boolean,
    Number,
    Text,
    /// A date or a timestamp.
    Moment,
}

impl Wanted {
    fn accepts(self, kind: Kind) -> bool {
        match self {
            Self::Boolean => kind == Kind::Boolean,
            Self::Number => kind.is_number(),
            Self::Text => kind == Kind::Text,
            Self::Moment => matches!(kind, Kind::Date | Kind::Timestamp),
        }
    }
}

impl Checker<'_> {
    /// Checks one expression and all below it.
    fn node(&mut self, expr: &Expr) -> Checked<Node> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(expr, Problem::TooLarge { what: "levels", limit: MAX_DEPTH }));
        }
        self.depth += 1;
        self.spend(1, expr)?;
        let node = self.dispatch(expr)?;
        self.depth -= 1;
        Ok(node)
    }

    fn dispatch(&mut self, expr: &Expr) -> Checked<Node> {
        match expr {
            Expr::Identifier(name) => self.column(name, expr),
            Expr::Value(value) => self.value(&value.value, expr),
            Expr::TypedString(literal) => self.typed_literal(literal, expr),
            Expr::Nested(inner) => self.node(inner),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, expr),
            Expr::UnaryOp { op, expr: operand } => self.unary(*op, operand, expr),
            Expr::IsNull(operand) => self.is_null(operand, expr),
            Expr::IsNotNull(operand) => self.is_null(operand, expr).and_then(|node| self.not(node, expr)),
            Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => {
                self.is_truth(expr)
            }
            Expr::IsUnknown(operand) => self.is_unknown(operand, expr),
            Expr::IsNotUnknown(operand) => {
                self.is_unknown(operand, expr).and_then(|node| self.not(node, expr))
            }
            Expr::IsDistinctFrom(left, right) => self.is_distinct(left, right, expr),
            Expr::IsNotDistinctFrom(left, right) => {
                self.is_distinct(left, right, expr).and_then(|node| self.not(node, expr))
            }
            Expr::Between { expr: value, negated, low, high } => {
                let node = self.between(value, low, high, expr)?;
                self.negate_if(*negated, node, expr)
            }
            Expr::InList { expr: value, list, negated } => {
                let node = self.in_list(value, list, expr)?;
                self.negate_if(*negated, node, expr)
            }
            Expr::Like { negated, any: false, expr: text, pattern, escape_char: None } => {
                let node = self.like(text, pattern, false, expr)?;
                self.negate_if(*negated, node, expr)
            }
            Expr::ILike { negated, any: false, expr: text, pattern, escape_char: None } => {
                let node = self.like(text, pattern, true, expr)?;
                self.negate_if(*negated, node, expr)
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), expr)
            }
            Expr::Cast { expr: value, data_type, array: false, format: None, .. } => {
                self.cast(value, data_type, expr)
            }
            _ => self.call_syntax(expr),
        }
    }

    /// A column by its plain name: letters without double quotes are taken as lower case, as everywhere in SQL.
    fn column(&mut self, ident: &Ident, expr: &Expr) -> Checked<Node> {
        let name = if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() };
        let Some((_, field)) = self.schema.column_with_name(&name) else {
            let hint = self.column_hint(&name, ident.quote_style.is_some());
            return Err(self.error(expr, Problem::UnknownColumn { name, hint }));
        };
        let Some(kind) = Kind::of_column(field.data_type()) else {
            let data_type = field.data_type().clone();
            return Err(self.error(expr, Problem::UnreadableColumn { name, data_type }));
        };
        Ok(Node::Column { index: self.inputs.add(&name, field.data_type(), kind), kind })
    }

    fn column_hint(&self, name: &str, in_quotes: bool) -> String {
        let names = self.schema.fields().iter().map(|field| field.name().as_str());
        match nearest(name, names) {
            Some(near) if near.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_')) => {
                format!("did you mean {near}?")
            }
            Some(near) => format!("did you mean \"{near}\", in double quotes as it is no plain name?"),
            None if in_quotes => format!("text stands in single quotes: '{name}'"),
            None => "see the list of columns of this table".to_owned(),
        }
    }

    /// Checks an operand that must be of some kind; a NULL goes with any.
    fn operand(&mut self, expr: &Expr, wanted: Wanted, user: &str) -> Checked<Node> {
        let node = self.node(expr)?;
        if node.kind() == Kind::Null || wanted.accepts(node.kind()) {
            return Ok(node);
        }
        Err(self.error(expr, wrong_kind(expr, node.kind(), wanted, user)))
    }

    /// Checks an operand that must be of some kind and brings it to one form.
    fn operand_as(&mut self, expr: &Expr, wanted: Wanted, kind: Kind, user: &str) -> Checked<Node> {
        let node = self.operand(expr, wanted, user)?;
        self.convert(node, kind, expr)
    }

    /// The whole expression in the form its place needs.
    fn result(&self, node: Node, expected: Expected, expr: &Expr) -> Checked<Node> {
        let wrong = |expected, hint| {
            let problem = Problem::WrongResult { found: node.kind(), expected, hint };
            Err(ExpressionError { at: self.at.clone(), problem })
        };
        match expected {
            Expected::Any => Ok(node),
            Expected::Boolean if matches!(node.kind(), Kind::Boolean | Kind::Null) => match node.literal() {
                None => Ok(node),
                Some(value) => {
                    let problem = Problem::Constant { value: error::truth(value) };
                    Err(ExpressionError { at: self.at.clone(), problem })
                }
            },
            Expected::Boolean => wrong("a condition", "compare it with something"),
            Expected::Number if node.kind().is_number() => self.convert(node, Kind::Float, expr),
            Expected::Number if node.kind() == Kind::Boolean => {
                wrong("a number", "write CASE WHEN ... THEN 1 ELSE 0 END")
            }
            Expected::Number => wrong("a number", "use length, day_number or a CAST to get one"),
            Expected::Text if node.kind() == Kind::Text => Ok(node),
            Expected::Text => wrong("text", "write CAST(... AS VARCHAR)"),
        }
    }

    /// Writes a conversion out, unless there is nothing to convert.
    fn convert(&self, node: Node, kind: Kind, expr: &Expr) -> Checked<Node> {
        if node.kind() == kind {
            return Ok(node);
        }
        self.build(Node::Cast { value: Box::new(node), kind }, expr)
    }

    /// A new node over checked operands, folded.
    fn build(&self, node: Node, expr: &Expr) -> Checked<Node> {
        fold(node).map_err(|error| self.error(expr, Problem::Engine(error.strip_backtrace())))
    }

    /// A second copy of an operand that the tree needs twice, paid for.
    fn copy(&mut self, node: &Node, expr: &Expr) -> Checked<Node> {
        self.spend(node.count(), expr)?;
        Ok(node.clone())
    }

    fn spend(&mut self, nodes: usize, expr: &Expr) -> Checked<()> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(self.error(expr, Problem::TooLarge { what: "operations", limit: MAX_NODES }));
        }
        Ok(())
    }

    /// A refusal at the place of `expr`, or at the expression's start where the parser does not know it.
    fn error(&self, expr: &Expr, problem: Problem) -> ExpressionError {
        let at =
            start(expr).map_or_else(|| self.at.clone(), |inside| self.at.within(inside.line, inside.column));
        ExpressionError { at, problem }
    }

    fn not_allowed<T>(&self, expr: &Expr) -> Checked<T> {
        Err(self.error(expr, not_allowed(expr)))
    }
}
