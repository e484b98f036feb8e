//! The shipped dataset of unit values, over goods items whose prices are known.

use crate::country::{Row, batch, lines, row};
use tidegate_query::dataset::Definition;
use tidegate_query::{Platform, Principal};
use tidegate_records::tables::{DECLARATION, GOODS_ITEM};

const TEXT: &str = include_str!("../../../../datasets/declaration/commodity_prices.sql");

/// A version of a declaration of an importer, and its goods item: two kilograms at a price for each.
fn lodged(
    [id, version, kind]: [&str; 3],
    importer: usize,
    [code, price]: [(&'static str, &str); 2],
) -> (Row, Row) {
    let key = [("month", "2025-11"), ("declaration_id", id), ("version_number", version)];
    let (mut declaration, mut item) = (row(&key), row(&key));
    let importer = format!("I{importer}");
    declaration.extend(row(&[("declaration_type_code", kind), ("importer_id", &importer)]));
    let fixed = [("origin_country_code", "FR"), ("statistical_value_currency", "EUR"), ("net_mass_kg", "2")];
    item.extend(row(&fixed));
    item.extend(row(&[code, price]));
    (declaration, item)
}

#[tokio::test]
async fn quantiles_are_shown_where_enough_stand_on_either_side() {
    let mut all = Vec::new();
    for number in 1..=30 {
        let twice = (2 * number).to_string();
        let value = twice.as_str();
        let of = |code, value| [("commodity_hs6", code), ("statistical_value_amount", value)];
        let [a, b, c, e] = ["A", "B", "C", "E"].map(|letter| format!("{letter}{number}"));
        all.push(lodged([&a, "1", "IMA"], number, of("220410", value)));
        all.push(lodged([&b, "1", "IMA"], number % 29, of("620822", value)));
        all.push(lodged([&c, "1", "IMA"], number % 5, of("690721", value)));
        // What goes out tells nothing of what comes in is worth.
        all.push(lodged([&e, "1", "EXA"], number, of("220410", "2000")));
    }
    // An amendment takes the place of the first version.
    let once_more = [("commodity_hs6", "220410"), ("statistical_value_amount", "2")];
    all.push(lodged(["A1", "2", "IMA"], 1, once_more));
    let (declarations, items): (Vec<Row>, Vec<Row>) = all.into_iter().unzip();
    let rows = [(&DECLARATION, declarations), (&GOODS_ITEM, items)];
    let rows = rows.into_iter().map(|(table, rows)| (table.name, batch(table, &rows)));
    let platform = Platform::in_memory(rows.collect(), None).unwrap();
    let definition = Definition::parse("declaration", "commodity_prices", TEXT).unwrap();
    let quantiles =
        ["p10", "p25", "median", "p75", "p90"].map(|name| format!("round({name}_value_per_kg, 3)"));
    let sql = format!(
        "SELECT commodity_hs4, enterprises, declarations, goods_items, {} FROM (\n{}\n) AS prices",
        quantiles.join(", "),
        definition.statement(None)
    );
    let plan = platform.plan_for(&Principal::LocalOwner, "a test", &sql).await.unwrap();
    assert_eq!(
        lines(&plan.collect().await.unwrap()),
        [
            "2204 30 30 30 3.9 8.25 15.5 22.75 27.1",
            // Twenty-nine have too small a part of a tenth, five of a half.
            "6208 29 30 30 - 8.25 15.5 22.75 -",
            "6907 5 30 30 - - - - -",
        ]
    );
}
