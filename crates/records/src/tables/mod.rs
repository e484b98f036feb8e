//! The tables: those of the lake, and one whose rows are compiled in.

mod code;
mod decision;
mod declaration;
mod enterprise;
mod goods_item;
mod inspection;
mod quality;
mod record_kind;
mod treatment;

pub use code::{CODE, code_rows};
pub use decision::{DECISION, DECISION_ITEM, WORK_LIST};
pub use declaration::DECLARATION;
pub use enterprise::ENTERPRISE;
pub use goods_item::GOODS_ITEM;
pub use inspection::{INSPECTION, REINSPECTION};
pub use quality::{DATA_FINDING, QUARANTINE};
pub use record_kind::{HANDLING, RECORD_KINDS, RecordKind};
pub use treatment::{SPECIAL_FILING, TREATMENT_EVENT};

use crate::table::{Column, Grade, Key, Source, Table};
use arrow::datatypes::{Fields, Schema, SchemaRef};
use std::sync::Arc;

/// All tables: those of the lake, and [`CODE`].
pub const TABLES: &[&Table] = &[
    &DECLARATION,
    &GOODS_ITEM,
    &INSPECTION,
    &REINSPECTION,
    &ENTERPRISE,
    &SPECIAL_FILING,
    &TREATMENT_EVENT,
    &DECISION,
    &DECISION_ITEM,
    &WORK_LIST,
    &QUARANTINE,
    &DATA_FINDING,
    &CODE,
];

/// The tables of the lake: all but those whose rows are compiled in.
pub fn stored() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().copied().filter(|table| !table.is_built_in())
}

/// Schema of the rows that are assessed: one for each goods item, with the columns of its declaration and of the
/// item that hold single values.
pub fn item_row_schema() -> SchemaRef {
    let single = |table: &'static Table| {
        let fields = table
            .schema()
            .fields()
            .iter()
            .filter(|f| !f.data_type().is_nested())
            .cloned()
            .collect::<Vec<_>>();
        fields.into_iter()
    };
    let header = single(&DECLARATION);
    let item = single(&GOODS_ITEM).filter(|f| DECLARATION.column(f.name()).is_none());
    Arc::new(Schema::new(header.chain(item).collect::<Fields>()))
}

const fn column(name: &'static str, source: Source, grade: Grade) -> Column {
    Column { name, source, unit: None, grade, description: "" }
}

const fn measured(name: &'static str, source: Source, unit: &'static str, grade: Grade) -> Column {
    Column { name, source, unit: Some(unit), grade, description: "" }
}

const fn key(name: &'static str, key: Key, description: &'static str) -> Column {
    Column { name, source: Source::Key(key), unit: None, grade: Grade::General2, description }
}

const MONTH: Column = key("month", Key::Month, "Calendar month of acceptance, CCYY-MM; the partition.");
const DECLARATION_ID: Column = key(
    "declaration_id",
    Key::DeclarationId,
    "Name of the declaration: its MRN, otherwise declarant and LRN.",
);
const VERSION_NUMBER: Column =
    key("version_number", Key::VersionNumber, "Version of the declaration, from 1; amendments raise it.");
const LOAD_ID: Column = key("load_id", Key::LoadId, "Load that brought the row.");
const SOURCE_ROW: Column =
    key("source_row", Key::SourceRow, "Position of the record in the source of its load, from 1.");
const LOADED_AT: Column = key(
    "loaded_at",
    Key::LoadedAt,
    "When the load began that brought the row; absent where it is not known.",
);
const OTHER: Column = Column {
    name: "other_values",
    source: Source::Other,
    unit: None,
    grade: Grade::General3,
    description: "Values of the record that have no column of their own, with their paths.",
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_column_comes_from_a_field_and_has_a_sentence() {
        for table in TABLES {
            let mut names = HashSet::new();
            for column in table.columns {
                column.field(table.class).unwrap_or_else(|e| panic!("{}.{}: {e}", table.name, column.name));
                assert!(!column.sentence(table.class).is_empty(), "{}.{}", table.name, column.name);
                assert!(names.insert(column.name), "{}.{} twice", table.name, column.name);
                assert_ne!(
                    column.data_type(table.class),
                    arrow::datatypes::DataType::Null,
                    "{}.{}",
                    table.name,
                    column.name
                );
            }
        }
    }

    #[test]
    fn a_goods_item_never_shares_a_column_name_with_its_declaration_but_for_the_key() {
        let header: HashSet<_> = DECLARATION.columns.iter().map(|c| c.name).collect();
        let shared: Vec<_> =
            GOODS_ITEM.columns.iter().map(|c| c.name).filter(|n| header.contains(n)).collect();
        assert_eq!(shared, ["month", "declaration_id", "version_number"]);
    }
}
