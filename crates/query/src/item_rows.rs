//! The view of the rows that are assessed: each goods item with the columns of its declaration.

use datafusion::arrow::datatypes::SchemaRef;
use tidegate_records::tables::{DECLARATION, GOODS_ITEM, item_row_schema};

/// Name of the view.
pub const DECLARATION_ITEM: &str = "declaration_item";

/// One sentence.
pub(crate) const DESCRIPTION: &str = "Goods items, each with the columns of its declaration.";

/// What the two tables are joined by.
const KEYS: [&str; 3] = ["month", "declaration_id", "version_number"];

/// The tables that the view joins.
pub(crate) fn joined() -> [&'static str; 2] {
    [GOODS_ITEM.name, DECLARATION.name]
}

/// Whether the view is there for whom these columns of tables are.
pub(crate) fn is_there(has: impl Fn(&str, &str) -> bool) -> bool {
    joined().iter().all(|table| KEYS.iter().all(|key| has(table, key)))
}

/// The query behind the view over the columns that are there; none when what the tables are joined by is not. Its columns
/// are those of [`item_row_schema`], in that order.
pub(crate) fn view_sql<'a>(schema: impl Fn(&str) -> Option<&'a SchemaRef>) -> Option<String> {
    let (headers, items) = (schema(DECLARATION.name)?, schema(GOODS_ITEM.name)?);
    let has = |schema: &SchemaRef, column: &str| schema.field_with_name(column).is_ok();
    if !is_there(|table, column| has(if table == DECLARATION.name { headers } else { items }, column)) {
        return None;
    }
    let rows = item_row_schema();
    let columns = rows.fields().iter().filter_map(|field| {
        let name = field.name();
        let (table, there) = match DECLARATION.column(name) {
            Some(_) => ("d", has(headers, name)),
            None => ("i", has(items, name)),
        };
        there.then(|| format!("{table}.\"{name}\""))
    });
    Some(format!(
        "SELECT {} FROM goods_item i JOIN declaration d ON d.month = i.month AND d.declaration_id = i.declaration_id \
         AND d.version_number = i.version_number",
        columns.collect::<Vec<_>>().join(", ")
    ))
}
