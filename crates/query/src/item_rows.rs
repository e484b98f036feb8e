//! The view of the rows that are assessed: each goods item with the columns of its declaration.

use tidegate_records::tables::{DECLARATION, item_row_schema};

/// Name of the view.
pub const DECLARATION_ITEM: &str = "declaration_item";

/// The query behind the view; its columns are those of [`item_row_schema`], in that order.
pub(crate) fn view_sql() -> String {
    let columns: Vec<String> = item_row_schema()
        .fields()
        .iter()
        .map(|f| {
            let table = if DECLARATION.column(f.name()).is_some() { "d" } else { "i" };
            format!("{table}.\"{}\"", f.name())
        })
        .collect();
    format!(
        "SELECT {} FROM goods_item i JOIN declaration d ON d.month = i.month AND d.declaration_id = i.declaration_id \
         AND d.version_number = i.version_number",
        columns.join(", ")
    )
}
