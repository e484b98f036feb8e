//! Names of objects: those that stand in place of numbers (`'pg_class'::regclass`, `to_regtype('hstore')`), and those of
//! tables of the catalog that are written without its schema and are not known to the library.

use super::{expression, text};
use datafusion_pg_catalog::pg_catalog::PG_CATALOG_TABLES;
use sqlparser::ast::{
    DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart,
    Statement, TableFactor, Value, VisitMut, VisitorMut,
};
use std::convert::Infallible;
use std::ops::ControlFlow;
use tidegate_query::{WITHOUT_ROWS, catalog_table};

/// Puts numbers in the place of names, and queries for them where they are not known before.
pub(super) fn resolve(statement: &mut Statement) {
    let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut Resolve);
}

struct Resolve;

impl VisitorMut for Resolve {
    type Break = Infallible;

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<Infallible> {
        if let TableFactor::Table { name, args: None, .. } = table
            && let [ObjectNamePart::Identifier(only)] = name.0.as_slice()
        {
            let lower = only.value.to_lowercase();
            let is_known = PG_CATALOG_TABLES.contains(&lower.as_str());
            if !is_known && WITHOUT_ROWS.contains(&lower.as_str()) {
                let schema = Ident::new("pg_catalog");
                *name = ObjectName::from(vec![schema, only.clone()]);
            }
        }
        if let Some(instead) = search_path(table) {
            *table = instead;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        let instead = match expr {
            Expr::Cast { expr: named, data_type, .. } => match type_name(data_type).as_str() {
                "regclass" => relation(named),
                "regproc" => procedure(named),
                "text" | "varchar" => type_in_words(named),
                _ => None,
            },
            Expr::Function(function) => {
                let name = function.name.0.last().and_then(ObjectNamePart::as_ident);
                let name = name.map(|name| name.value.to_lowercase()).unwrap_or_default();
                match (name.as_str(), argument(&function.args)) {
                    ("to_regclass", Some(named)) => relation(named),
                    ("to_regtype", Some(named)) if is_known_or_bound(named) => {
                        expression(&format!("CAST({named} AS regtype)"))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        if let Some(instead) = instead {
            *expr = instead;
        }
        ControlFlow::Continue(())
    }
}

/// Places in the search path, of which there is one: `generate_series(1, array_upper(current_schemas(false), 1))`.
fn search_path(table: &TableFactor) -> Option<TableFactor> {
    let TableFactor::Table { name, alias: Some(alias), args: Some(arguments), .. } = table else {
        return None;
    };
    let is_series =
        name.0.last().and_then(ObjectNamePart::as_ident)?.value.eq_ignore_ascii_case("generate_series");
    let [first, last] = arguments.args.as_slice() else { return None };
    let last = last.to_string().to_lowercase().replace("pg_catalog.", "");
    if !is_series || first.to_string() != "1" || last != "array_upper(current_schemas(false), 1)" {
        return None;
    }
    let Expr::Subquery(subquery) = expression("(SELECT CAST(1 AS BIGINT) AS place)")? else { return None };
    Some(TableFactor::Derived { lateral: false, subquery, alias: Some(alias.clone()), sample: None })
}

/// Name of a type without its schema.
fn type_name(data_type: &DataType) -> String {
    let name = data_type.to_string().to_lowercase();
    name.strip_prefix("pg_catalog.").unwrap_or(&name).to_owned()
}

/// The only argument of a function.
fn argument(arguments: &FunctionArguments) -> Option<&Expr> {
    let FunctionArguments::List(list) = arguments else { return None };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(only))] => Some(only),
        _ => None,
    }
}

fn is_known_or_bound(expr: &Expr) -> bool {
    let is_bound =
        |expr: &Expr| matches!(expr, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)));
    text(expr).is_some() || is_bound(expr)
}

/// Number of a table by its name, with its schema or without.
fn relation(named: &Expr) -> Option<Expr> {
    let known = text(named);
    if known.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let known = known.and_then(|name| catalog_table(name.strip_prefix("pg_catalog.").unwrap_or(name)));
    if let Some(number) = known {
        return expression(&number.to_string());
    }
    if !is_known_or_bound(named) {
        return None;
    }
    expression(&format!(
        "(SELECT min(c.oid) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE replace(CAST({named} AS TEXT), '\"', '') IN (n.nspname || '.' || c.relname, \
         CASE WHEN n.nspname <> 'information_schema' THEN c.relname END))"
    ))
}

/// The catalog holds procedures by their names.
fn procedure(named: &Expr) -> Option<Expr> {
    let name = text(named)?;
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    Some(Expr::value(Value::SingleQuotedString(name.to_owned())))
}

/// A type's number cast to the type's name, and that to a text.
fn type_in_words(inner: &Expr) -> Option<Expr> {
    match inner {
        Expr::Cast { expr: number, data_type, .. } if type_name(data_type) == "regtype" => {
            if is_known_or_bound(number) {
                return None;
            }
            expression(&format!("format_type({number}, -1)"))
        }
        Expr::Nested(inner) => type_in_words(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reworded_or_not;

    #[test]
    fn names_become_numbers_where_they_are_known() {
        for (sql, expected) in [
            ("SELECT 'pg_class'::regclass", "SELECT 1259"),
            ("SELECT CAST('pg_catalog.pg_type' AS REGCLASS)", "SELECT 1247"),
            (
                "SELECT typinput = 'pg_catalog.array_in'::regproc FROM pg_type",
                "SELECT typinput = 'array_in' FROM pg_type",
            ),
            (
                "SELECT oid::regtype::text AS regtype FROM pg_type t WHERE t.oid = to_regtype($1)",
                "SELECT format_type(oid, -1) AS regtype FROM pg_type t WHERE t.oid = CAST($1 AS regtype)",
            ),
            (
                "SELECT s.r FROM generate_series(1, array_upper(current_schemas(false), 1)) AS s(r), pg_class",
                "SELECT s.r FROM (SELECT CAST(1 AS BIGINT) AS place) AS s (r), pg_class",
            ),
            ("SELECT '16385'::pg_catalog.regclass", "SELECT '16385'::pg_catalog.regclass"),
        ] {
            assert_eq!(reworded_or_not(sql), expected);
        }
        let asked = reworded_or_not("SELECT CAST($1 AS REGCLASS)");
        assert!(asked.contains("CAST($1 AS TEXT)") && asked.contains("pg_class"), "{asked}");
    }
}
