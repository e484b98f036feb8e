//! The shipped statistics of trade, over goods items of several procedures.

use crate::country::{Row, batch, lines, row};
use tidegate_query::dataset::Definition;
use tidegate_query::{Platform, Principal};
use tidegate_records::tables::{DECLARATION, GOODS_ITEM};

const TEXT: &str = include_str!("../../../../datasets/declaration/trade_statistics.sql");

/// Procedures of goods that come in, the requested and the previous one, with a value.
const IN: [[&str; 3]; 8] = [
    ["40", "00", "100"],
    // Admitted for a time, and then for good.
    ["53", "00", "9000"],
    ["40", "53", "10"],
    // To be processed, and then released.
    ["51", "00", "1"],
    ["40", "51", "9000"],
    // Out of a warehouse and of a free zone.
    ["40", "71", "9000"],
    ["40", "78", "9000"],
    // Back from a fair.
    ["61", "23", "9000"],
];

/// The same of goods that go out.
const OUT: [[&str; 3]; 4] =
    [["10", "00", "100"], ["31", "51", "10"], ["31", "53", "9000"], ["23", "00", "9000"]];

/// A declaration and its goods items.
fn lodged(number: usize, kind: &str, items: &[[&'static str; 3]]) -> (Row, Vec<Row>) {
    let id = format!("{kind}{number}");
    let key = [("month", "2025-11"), ("declaration_id", &*id), ("version_number", "1")];
    let who = format!("T{}", number % 3);
    let mut declaration = row(&key);
    declaration.extend(row(&[
        ("declaration_type_code", kind),
        ("importer_id", &who),
        ("exporter_id", &who),
        ("destination_country_code", "FR"),
    ]));
    let item = |(place, [requested, previous, value]): (usize, &[&'static str; 3])| {
        let mut item = row(&key);
        item.extend(row(&[
            ("goods_item_seq", &place.to_string()),
            ("commodity_hs6", "220410"),
            ("origin_country_code", "FR"),
            ("procedure_code", requested),
            ("previous_procedure_code", previous),
            ("statistical_value_amount", value),
            ("statistical_value_currency", "EUR"),
        ]));
        item
    };
    (declaration, (1..).zip(items).map(item).collect())
}

#[tokio::test]
async fn goods_count_once_when_they_come_in_or_go_out_for_good() {
    let all = (0..12).flat_map(|number| [lodged(number, "IMA", &IN), lodged(number, "EXA", &OUT)]);
    let (declarations, items): (Vec<Row>, Vec<Vec<Row>>) = all.unzip();
    let rows = [(&DECLARATION, declarations), (&GOODS_ITEM, items.concat())];
    let rows = rows.into_iter().map(|(table, rows)| (table.name, batch(table, &rows)));
    let platform = Platform::in_memory(rows.collect(), None).unwrap();
    let definition = Definition::parse("declaration", "trade_statistics", TEXT).unwrap();
    let columns =
        "trade_flow_code, enterprises, declarations, goods_items, CAST(statistical_value_amount AS DOUBLE)";
    let sql = format!("SELECT {columns} FROM (\n{}\n) AS trade", definition.statement(None));
    let plan = platform.plan_for(&Principal::LocalOwner, "a test", &sql).await.unwrap();
    assert_eq!(lines(&plan.collect().await.unwrap()), ["export 3 12 24 1320.0", "import 3 12 36 1332.0"]);
}
