//! Function calls, in all the spellings SQL has for them.

use sqlparser::ast::{
    self, CeilFloorKind, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    ObjectNamePart, Value,
};

use super::messages::unknown_function;
use super::{Checked, Checker, Wanted};
use crate::expr::error::Problem;
use crate::expr::functions::{self, Function, Parameter, Signature};
use crate::expr::kind::Kind;
use crate::expr::node::Node;

/// What `EXTRACT` and `date_part` call the functions of dates.
const PARTS: [(&str, &str); 9] = [
    ("year", "year"),
    ("quarter", "quarter"),
    ("month", "month"),
    ("week", "iso_week"),
    ("day", "day_of_month"),
    ("dow", "day_of_week"),
    ("doy", "day_of_year"),
    ("hour", "hour"),
    ("minute", "minute"),
];

/// What `date_trunc` calls them.
const TRUNCATIONS: [(&str, &str); 5] = [
    ("year", "start_of_year"),
    ("quarter", "start_of_quarter"),
    ("month", "start_of_month"),
    ("week", "start_of_week"),
    ("day", "start_of_day"),
];

impl Checker<'_> {
    /// Everything that calls a function; all else is refused.
    pub(super) fn call_syntax(&mut self, expr: &Expr) -> Checked<Node> {
        match expr {
            Expr::Function(function) => self.plain_call(function, expr),
            Expr::Ceil {
                expr: value,
                field: CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime),
            } => self.call("ceil", &[value], expr),
            Expr::Floor {
                expr: value,
                field: CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime),
            } => self.call("floor", &[value], expr),
            Expr::Position { expr: part, r#in: text } => self.call("strpos", &[text, part], expr),
            Expr::Substring { expr: text, substring_from: Some(start), substring_for, .. } => {
                let mut arguments = vec![text.as_ref(), start.as_ref()];
                arguments.extend(substring_for.as_deref());
                self.call("substr", &arguments, expr)
            }
            Expr::Trim { trim_where: None, trim_what: None, expr: text, trim_characters: None } => {
                self.call("trim", &[text], expr)
            }
            Expr::Extract { field, expr: date, .. } => {
                let name = self.part(&PARTS, "EXTRACT", &field.to_string().to_lowercase(), expr)?;
                self.call(name, &[date], expr)
            }
            _ => self.not_allowed(expr),
        }
    }

    /// `name(a, b, ...)` without any of the clauses aggregates and windows have.
    fn plain_call(&mut self, call: &ast::Function, expr: &Expr) -> Checked<Node> {
        let [ObjectNamePart::Identifier(ident)] = call.name.0.as_slice() else {
            return Err(self.error(expr, unknown_function(&call.name.to_string())));
        };
        let name = ident.value.to_lowercase();
        if functions::find(&name).is_none() && !matches!(name.as_str(), "date_part" | "date_trunc") {
            return Err(self.error(expr, unknown_function(&name)));
        }
        let plain = !call.uses_odbc_syntax
            && call.parameters == FunctionArguments::None
            && call.filter.is_none()
            && call.null_treatment.is_none()
            && call.over.is_none()
            && call.within_group.is_empty();
        let FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses }) =
            &call.args
        else {
            return self.not_allowed(expr);
        };
        let arguments = args.iter().map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
            _ => None,
        });
        match arguments.collect::<Option<Vec<_>>>() {
            Some(arguments) if plain && clauses.is_empty() => self.named_call(&name, &arguments, expr),
            _ => self.not_allowed(expr),
        }
    }

    fn named_call(&mut self, name: &str, arguments: &[&Expr], expr: &Expr) -> Checked<Node> {
        let parts: &[(&'static str, &'static str)] = match name {
            "date_part" => &PARTS,
            "date_trunc" => &TRUNCATIONS,
            _ => return self.call(name, arguments, expr),
        };
        match arguments {
            [Expr::Value(part), date] if let Value::SingleQuotedString(part) = &part.value => {
                let name = self.part(parts, name, &part.to_lowercase(), expr)?;
                self.call(name, &[date], expr)
            }
            _ => {
                let usage = format!("{name}('month', date)");
                Err(self.error(expr, Problem::WrongArguments { usage, found: arguments.len() }))
            }
        }
    }

    /// The function behind a part's name.
    fn part(
        &self,
        parts: &[(&'static str, &'static str)],
        user: &str,
        part: &str,
        expr: &Expr,
    ) -> Checked<&'static str> {
        if let Some((_, name)) = parts.iter().find(|(name, _)| *name == part) {
            return Ok(name);
        }
        let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
        let problem = Problem::NotAllowed {
            what: format!("{user} of {part}"),
            instead: format!("use one of {}", names.join(", ")),
        };
        Err(self.error(expr, problem))
    }

    fn call(&mut self, name: &str, arguments: &[&Expr], expr: &Expr) -> Checked<Node> {
        let Some(function) = functions::find(name) else {
            return Err(self.error(expr, unknown_function(name)));
        };
        if !function.takes(arguments.len()) {
            let (usage, found) = (function.usage.to_owned(), arguments.len());
            return Err(self.error(expr, Problem::WrongArguments { usage, found }));
        }
        let (arguments, kind) = self.arguments(function, arguments)?;
        self.function(function, arguments, kind, expr)
    }

    /// The arguments as the kernel takes them, and the kind of the result.
    fn arguments(&mut self, function: &Function, arguments: &[&Expr]) -> Checked<(Vec<Node>, Kind)> {
        match function.signature {
            Signature::Fixed { parameters, result, .. } => {
                let mut nodes = Vec::new();
                for (argument, parameter) in arguments.iter().zip(parameters) {
                    nodes.push(self.operand_as(
                        argument,
                        wanted(*parameter),
                        parameter.kind(),
                        function.name,
                    )?);
                }
                Ok((nodes, result))
            }
            Signature::Texts => {
                let check =
                    |argument: &&Expr| self.operand_as(argument, Wanted::Text, Kind::Text, function.name);
                Ok((arguments.iter().map(check).collect::<Checked<_>>()?, Kind::Text))
            }
            Signature::Alike { .. } => {
                let check = |argument: &&'_ Expr| self.node(argument);
                let nodes = arguments.iter().map(check).collect::<Checked<Vec<_>>>()?;
                let nodes = self.alike(nodes.into_iter().zip(arguments.iter().copied()).collect())?;
                let kind = nodes.first().map_or(Kind::Null, Node::kind);
                Ok((nodes, kind))
            }
        }
    }
}

fn wanted(parameter: Parameter) -> Wanted {
    match parameter {
        Parameter::Number | Parameter::Count => Wanted::Number,
        Parameter::Text => Wanted::Text,
        Parameter::Day | Parameter::Instant => Wanted::Moment,
    }
}
