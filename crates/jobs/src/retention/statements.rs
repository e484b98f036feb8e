//! What statements about rows that go or stay share.

use tidegate_query::literal;

/// What every read is for.
pub(super) const PURPOSE: &str = "job retention";
/// The column that says which declaration a row belongs to.
pub(super) const DECLARATION_ID: &str = "declaration_id";

/// The condition that a column has one of some values.
pub(super) fn among<'a>(column: &str, values: impl IntoIterator<Item = &'a String>) -> String {
    let values = values.into_iter().map(|value| literal(value)).collect::<Vec<_>>();
    format!("{column} IN ({})", values.join(", "))
}
