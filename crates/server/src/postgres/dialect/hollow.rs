//! Of a query of which nothing can come: its tables and the names of its columns.

use super::{expression, folded};
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, JoinConstraint, JoinOperator, ObjectNamePart, Query, Select, SelectItem,
    SetExpr, TableFactor, TableWithJoins,
};
use std::collections::BTreeSet;

/// A condition that never holds and names each parameter: a client binds them all the same.
pub(super) fn never(parameters: &BTreeSet<String>) -> Option<Expr> {
    let bound: Vec<String> = parameters.iter().map(|name| format!(" AND {name} IS NULL")).collect();
    expression(&format!("false{}", bound.concat()))
}

/// Leaves of a query its tables and the names of its columns.
pub(super) fn hollow(query: &mut Query, never: Option<&Expr>) {
    query.order_by = None;
    query.limit_clause = None;
    query.fetch = None;
    hollow_set(&mut query.body, never);
}

fn hollow_set(set: &mut SetExpr, never: Option<&Expr>) {
    match set {
        SetExpr::Select(select) => hollow_select(select, never),
        SetExpr::Query(query) => hollow(query, never),
        SetExpr::SetOperation { left, right, .. } => {
            hollow_set(left, never);
            hollow_set(right, never);
        }
        _ => {}
    }
}

fn hollow_select(select: &mut Select, never: Option<&Expr>) {
    // What a function makes of other tables is not asked for: then all columns are empty, unless they are not named.
    let is_star =
        |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    let keeps_tables = select.from.iter().all(is_plain) || select.projection.iter().any(is_star);
    let mut names = BTreeSet::new();
    for item in &mut select.projection {
        hollow_item(item, keeps_tables, &mut names);
    }
    if !keeps_tables {
        select.from.clear();
    }
    for table in &mut select.from {
        hollow_joined(table);
    }
    select.distinct = None;
    select.selection = never.cloned().or_else(|| expression("false"));
    select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
    select.having = None;
    select.named_window.clear();
}

/// A column that is not simply one of a table's is empty and keeps its name, as long as no other column has it.
fn hollow_item(item: &mut SelectItem, keeps_tables: bool, names: &mut BTreeSet<String>) {
    let is_column =
        |expr: &Expr| keeps_tables && matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    let alias = match item {
        SelectItem::UnnamedExpr(expr) if !is_column(expr) => Ident::with_quote('"', column_name(expr)),
        SelectItem::ExprWithAlias { expr, alias } if !is_column(expr) => alias.clone(),
        _ => return,
    };
    let mut name = alias.clone();
    while !names.insert(name.value.clone()) {
        name.value.push('_');
    }
    if let Some(expr) = expression("CAST(NULL AS TEXT)") {
        *item = SelectItem::ExprWithAlias { expr, alias: name };
    }
}

/// What PostgreSQL calls a column that was given no name.
pub(super) fn column_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => folded(ident),
        Expr::CompoundIdentifier(parts) => parts.last().map(folded).unwrap_or_default(),
        Expr::Function(function) => {
            function.name.0.last().and_then(ObjectNamePart::as_ident).map(folded).unwrap_or_default()
        }
        Expr::Cast { expr, .. } | Expr::Nested(expr) => column_name(expr),
        Expr::Case { .. } => "case".to_owned(),
        _ => "?column?".to_owned(),
    }
}

/// Whether these are tables and queries, and no functions.
fn is_plain(table: &TableWithJoins) -> bool {
    let is_plain_one = |one: &TableFactor| match one {
        TableFactor::Table { args: None, .. } => true,
        TableFactor::Derived { lateral, .. } => !lateral,
        TableFactor::NestedJoin { table_with_joins, .. } => is_plain(table_with_joins),
        _ => false,
    };
    is_plain_one(&table.relation) && table.joins.iter().all(|join| is_plain_one(&join.relation))
}

fn hollow_joined(table: &mut TableWithJoins) {
    hollow_table(&mut table.relation);
    for join in &mut table.joins {
        hollow_table(&mut join.relation);
        let (JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)) = &mut join.join_operator
        else {
            continue;
        };
        if let (JoinConstraint::On(condition), Some(always)) = (constraint, expression("true")) {
            *condition = always;
        }
    }
}

fn hollow_table(table: &mut TableFactor) {
    match table {
        TableFactor::Derived { subquery, .. } => hollow(subquery, None),
        TableFactor::NestedJoin { table_with_joins, .. } => hollow_joined(table_with_joins),
        _ => {}
    }
}
