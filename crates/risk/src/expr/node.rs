//! The checked expression: a typed tree in which every conversion is written out and nothing can fail on a row.

use std::fmt::Write;

use arrow::datatypes::Schema;
use datafusion_common::ScalarValue;

use super::functions::Function;
use super::kind::Kind;

/// One operation of a checked expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A column, by its place among the columns the expression reads.
    Column {
        index: usize,
        kind: Kind,
    },
    /// A constant; a typed NULL has a kind of its own.
    Literal {
        value: ScalarValue,
        kind: Kind,
    },
    Not(Box<Node>),
    /// `AND` over two or more conditions, in three-valued logic.
    All(Vec<Node>),
    /// `OR` over two or more conditions, in three-valued logic.
    Any(Vec<Node>),
    /// Both sides are of the same kind.
    Compare {
        operator: Comparison,
        left: Box<Node>,
        right: Box<Node>,
    },
    IsNull(Box<Node>),
    Like {
        text: Box<Node>,
        pattern: String,
        ignore_case: bool,
    },
    /// Membership in constants of the value's kind, none of them NULL.
    In {
        value: Box<Node>,
        list: Vec<ScalarValue>,
    },
    /// The value of the first branch whose condition is true. All values are of `kind`.
    Case {
        branches: Vec<(Node, Node)>,
        otherwise: Box<Node>,
        kind: Kind,
    },
    /// A conversion that gives NULL where it cannot be done.
    Cast {
        value: Box<Node>,
        kind: Kind,
    },
    Call {
        function: &'static Function,
        arguments: Vec<Node>,
        kind: Kind,
    },
}

/// How two values of one kind are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Never NULL: NULL is distinct from every value but NULL.
    Distinct,
}

impl Comparison {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Distinct => "is-distinct",
        }
    }
}

impl Node {
    /// What the expression gives.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Column { kind, .. }
            | Self::Literal { kind, .. }
            | Self::Case { kind, .. }
            | Self::Cast { kind, .. }
            | Self::Call { kind, .. } => *kind,
            Self::Not(_)
            | Self::All(_)
            | Self::Any(_)
            | Self::Compare { .. }
            | Self::IsNull(_)
            | Self::Like { .. }
            | Self::In { .. } => Kind::Boolean,
        }
    }

    pub(super) fn boolean(value: bool) -> Self {
        Self::Literal { value: ScalarValue::Boolean(Some(value)), kind: Kind::Boolean }
    }

    /// The constant, if this is one.
    pub(super) fn literal(&self) -> Option<&ScalarValue> {
        match self {
            Self::Literal { value, .. } => Some(value),
            _ => None,
        }
    }

    pub(super) fn is_null_literal(&self) -> bool {
        self.literal().is_some_and(ScalarValue::is_null)
    }

    /// Operations in this tree.
    pub(super) fn count(&self) -> usize {
        1 + self.children().into_iter().map(Self::count).sum::<usize>()
    }

    /// The operands, in order.
    pub(super) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Column { .. } | Self::Literal { .. } => Vec::new(),
            Self::Not(value)
            | Self::IsNull(value)
            | Self::Like { text: value, .. }
            | Self::In { value, .. }
            | Self::Cast { value, .. } => vec![value],
            Self::Compare { left, right, .. } => vec![left, right],
            Self::All(nodes) | Self::Any(nodes) | Self::Call { arguments: nodes, .. } => {
                nodes.iter().collect()
            }
            Self::Case { branches, otherwise, .. } => {
                let branches = branches.iter().flat_map(|(condition, value)| [condition, value]);
                branches.chain([otherwise.as_ref()]).collect()
            }
        }
    }

    /// The same operation on other operands, as many as [`children`](Self::children) gives and in that order.
    pub(super) fn with_children(&self, operands: Vec<Self>) -> Self {
        let mut node = self.clone();
        let places: Vec<&mut Self> = match &mut node {
            Self::Column { .. } | Self::Literal { .. } => Vec::new(),
            Self::Not(value)
            | Self::IsNull(value)
            | Self::Like { text: value, .. }
            | Self::In { value, .. }
            | Self::Cast { value, .. } => vec![value.as_mut()],
            Self::Compare { left, right, .. } => vec![left.as_mut(), right.as_mut()],
            Self::All(nodes) | Self::Any(nodes) | Self::Call { arguments: nodes, .. } => {
                nodes.iter_mut().collect()
            }
            Self::Case { branches, otherwise, .. } => {
                let branches = branches.iter_mut().flat_map(|(condition, value)| [condition, value]);
                branches.chain([otherwise.as_mut()]).collect()
            }
        };
        for (place, operand) in places.into_iter().zip(operands) {
            *place = operand;
        }
        node
    }

    /// Writes the tree as one line of text that depends on nothing but its meaning: kinds written out, column
    /// names quoted. It is our own, so that no dependency's display can change a bundle's hash.
    pub(super) fn write_canonical(&self, inputs: &Schema, out: &mut String) {
        match self {
            Self::Column { index, kind } => {
                push(out, format_args!("{}:{}", quoted(inputs.field(*index).name(), '"'), kind.label()));
            }
            Self::Literal { value, kind } => {
                push(out, format_args!("{}:{}", canonical_value(value), kind.label()));
            }
            Self::Not(_) => self.write_call("not", inputs, out),
            Self::All(_) => self.write_call("and", inputs, out),
            Self::Any(_) => self.write_call("or", inputs, out),
            Self::Compare { operator, .. } => self.write_call(operator.symbol(), inputs, out),
            Self::IsNull(_) => self.write_call("is-null", inputs, out),
            Self::Like { pattern, ignore_case, .. } => {
                let name = if *ignore_case { "ilike" } else { "like" };
                self.write_call(&format!("{name} {}", quoted(pattern, '\'')), inputs, out);
            }
            Self::In { list, .. } => {
                let list: Vec<_> = list.iter().map(canonical_value).collect();
                self.write_call(&format!("in [{}]", list.join(" ")), inputs, out);
            }
            Self::Case { .. } => self.write_call("case", inputs, out),
            Self::Cast { kind, .. } => self.write_call(&format!("cast {}", kind.label()), inputs, out),
            Self::Call { function, .. } => self.write_call(function.name, inputs, out),
        }
    }

    fn write_call(&self, name: &str, inputs: &Schema, out: &mut String) {
        push(out, format_args!("({name}"));
        for child in self.children() {
            out.push(' ');
            child.write_canonical(inputs, out);
        }
        out.push(')');
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

/// Text between marks, a mark inside it doubled, everything else as it is.
fn quoted(text: &str, mark: char) -> String {
    format!("{mark}{}{mark}", text.replace(mark, &format!("{mark}{mark}")))
}

/// A constant as text: shortest exact digits for floats, the unscaled integer for decimals, quotes around text.
fn canonical_value(value: &ScalarValue) -> String {
    match value {
        ScalarValue::Boolean(Some(value)) => value.to_string(),
        ScalarValue::Int64(Some(value)) | ScalarValue::TimestampMicrosecond(Some(value), _) => {
            value.to_string()
        }
        ScalarValue::Date32(Some(value)) => value.to_string(),
        ScalarValue::Float64(Some(value)) => format!("{value:?}"),
        ScalarValue::Decimal128(Some(value), _, _) => value.to_string(),
        ScalarValue::Decimal256(Some(value), _, _) => value.to_string(),
        ScalarValue::Utf8(Some(value)) => quoted(value, '\''),
        _ => "null".to_owned(),
    }
}
