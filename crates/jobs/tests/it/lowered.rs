//! Datasets whose grade is lowered: closed months alone, and no amount of few.

use crate::datasets::{load, made};
use crate::place::Place;
use crate::source::fields;
use std::fmt::Write;
use tidegate_jobs::Quiet;
use tidegate_jobs::datasets::{Outcome, RefreshOptions, shipped, versions};
use tidegate_jobs::retention::{Erase, erase};
use tidegate_ledger::{Act, Door};
use tidegate_query::dataset::Definition;

/// Masses of a code in a month, of three importers at least.
const MASSES: &str = "-- title = \"Masses\"\n-- description = \"Masses.\"\n-- owner = \"tests\"\n-- refresh = \"daily\"\n\
    -- increment = \"month\"\n-- unique = [\"month\", \"commodity_hs6\"]\n-- [lowered]\n-- grade = \"general-1\"\n\
    -- count = \"enterprises\"\n-- at_least = 3\n-- [columns.month]\n-- description = \"Month\"\n\
    -- [columns.commodity_hs6]\n-- description = \"Code\"\n-- [columns.enterprises]\n-- description = \"Importers\"\n\
    -- [columns.mass_kg]\n-- description = \"Mass\"\n\
    SELECT month, commodity_hs6, enterprises, CASE WHEN weighed >= 3 THEN mass END AS mass_kg FROM \
    (SELECT d.month, g.commodity_hs6, count(DISTINCT d.importer_id) AS enterprises, sum(g.net_mass_kg) AS mass, \
    count(DISTINCT d.importer_id) FILTER (WHERE g.net_mass_kg <> 0) AS weighed FROM declaration d JOIN goods_item g \
    ON g.month = d.month AND g.declaration_id = d.declaration_id GROUP BY d.month, g.commodity_hs6) AS grouped\n";

fn masses() -> Definition {
    Definition::parse("declaration", "masses", MASSES).unwrap()
}

/// Declarations of a code in a month, each of an importer and with a mass.
fn lodged(first: usize, month: &str, code: &str, of: &[(&str, &str)]) -> Vec<String> {
    let row = |(number, (importer, mass)): (usize, &(&str, &str))| {
        let mut fields = fields();
        fields[0] = number.to_string();
        fields[1] = format!("{month}-02");
        (*importer).clone_into(&mut fields[9]);
        code.clone_into(&mut fields[12]);
        (*mass).clone_into(&mut fields[18]);
        fields.join(",")
    };
    (first..).zip(of).map(row).collect()
}

/// The answer to an expression over rows, as texts in their order.
async fn told(place: &Place, expression: &str, from: &str) -> Vec<String> {
    place.texts(&format!("SELECT arrow_cast({expression}, 'Utf8') FROM {from} ORDER BY 1")).await
}

/// The shipped dataset of a name.
fn of_name(name: &str) -> Definition {
    shipped().unwrap().into_iter().find(|definition| definition.name == name).unwrap()
}

#[tokio::test]
async fn rows_of_few_enterprises_are_not_in_a_dataset_whose_grade_is_lowered() {
    let place = Place::new().await;
    let mut rows = lodged(1, "2025-03", "620822", &[("I1", "10"), ("I2", "10"), ("I3", "10")]);
    rows.extend(lodged(9, "2025-03", "690721", &[("I1", "10"), ("I2", "10"), ("I2", "10")]));
    load(&place, "march.csv", &rows).await;
    assert_eq!(made(&place, &masses(), RefreshOptions::default()).await.outcome, Outcome::Published);
    let codes = told(&place, "commodity_hs6", "masses").await;
    assert_eq!(codes, ["620822"], "the code of two importers is not there");
    let of_masses = "information_schema.columns WHERE table_name = 'masses'";
    let grades = told(&place, "concat(column_name, ' ', grade)", of_masses).await;
    assert_eq!(
        grades,
        ["commodity_hs6 general-1", "enterprises general-3", "mass_kg general-1", "month general-1"]
    );
}

#[tokio::test]
async fn what_came_on_a_day_does_not_follow_from_two_makings() {
    let mut place = Place::new().await;
    let three = [("I1", "10"), ("I2", "10"), ("I3", "10")];
    let mut rows = lodged(1, "2026-09", "620822", &three);
    rows.extend(lodged(11, "2026-10", "620822", &three));
    rows.extend(lodged(21, "2026-11", "620822", &three));
    load(&place, "autumn.csv", &rows).await;
    let there = async |place: &Place| told(place, "concat(month, ' ', enterprises)", "masses").await;
    let (masses, options) = (masses(), RefreshOptions::default());
    assert_eq!(made(&place, &masses, options).await.outcome, Outcome::Published);
    assert_eq!(there(&place).await, ["2026-09 3", "2026-10 3"], "November goes on");

    let mut late = lodged(31, "2026-10", "620822", &[("I4", "10")]);
    late.extend(lodged(41, "2026-11", "620822", &[("I4", "10")]));
    load(&place, "late.csv", &late).await;
    for day in ["2026-11-25T08:00:00Z", "2026-12-10T23:00:00Z"] {
        place.home.now = day.parse().unwrap();
        let unchanged = made(&place, &masses, options).await;
        assert_eq!((unchanged.outcome, unchanged.version), (Outcome::Unchanged, None), "{day}");
    }
    assert_eq!(there(&place).await, ["2026-09 3", "2026-10 3"]);
    place.home.now = "2026-12-11T01:00:00Z".parse().unwrap();
    let closed = made(&place, &masses, options).await;
    let months = ["2026-10", "2026-11"].map(str::to_owned).to_vec();
    assert_eq!((closed.outcome, closed.months), (Outcome::Published, Some(months)));
    assert_eq!(there(&place).await, ["2026-09 3", "2026-10 4", "2026-11 4"]);
    assert_eq!(made(&place, &masses, options).await.outcome, Outcome::Unchanged);

    // What is erased is gone at once.
    let late =
        place.texts("SELECT declaration_id FROM declaration WHERE importer_id = 'I4' ORDER BY month").await;
    erase(&place.home, &Erase::Declaration(late[0].clone()), "an order", &mut Quiet).await.unwrap();
    assert_eq!(there(&place).await, ["2026-09 3", "2026-10 3", "2026-11 4"]);
    let whole = RefreshOptions { whole: true, ..options };
    load(&place, "december.csv", &lodged(51, "2026-12", "620822", &three)).await;
    assert_eq!(made(&place, &masses, whole).await.outcome, Outcome::Published);
    assert_eq!(there(&place).await, ["2026-09 3", "2026-10 3", "2026-11 4"], "not even by hand");
}

#[tokio::test]
async fn a_mass_that_few_state_is_not_in_statistics_of_many() {
    let place = Place::new().await;
    let mass = |of: [&'static str; 4]| -> Vec<(&'static str, &'static str)> {
        ["I0", "I1", "I2", "I3"].into_iter().zip(of).cycle().take(12).collect()
    };
    let mut rows = lodged(1, "2025-03", "392690", &mass(["10", "10", "10", "0"]));
    rows.extend(lodged(21, "2025-03", "620822", &mass(["10", "10", "0", "0"])));
    load(&place, "march.csv", &rows).await;
    made(&place, &of_name("trade_statistics"), RefreshOptions::default()).await;
    let row = "concat(commodity_hs6, ' ', enterprises, ' ', coalesce(CAST(CAST(net_mass_kg AS BIGINT) AS VARCHAR), 'absent'))";
    assert_eq!(told(&place, row, "trade_statistics").await, ["392690 4 90", "620822 4 absent"]);
}

/// A declaration with fees of 100 each, and what an inspection found.
fn assessed(number: usize, office: &str, importer: usize, fees: &[&str], found: (&str, u32)) -> String {
    let mut lines = String::new();
    for code in fees {
        let comma = if lines.is_empty() { "" } else { "," };
        write!(
            lines,
            r#"{comma}{{"type_code":"{code}","payment":{{"tax_assessed_amount":{{"value":"100","currency":"CNY"}}}}}}"#
        )
        .unwrap();
    }
    let result = match found {
        (_, 0) => r#"{"result_code":"conform"}"#.to_owned(),
        (kind, amount) => format!(
            r#"{{"result_code":"discrepancy","finding":[{{"type_code":"{kind}","revenue_amount":{{"value":"{amount}","currency":"CNY"}}}}]}}"#
        ),
    };
    let item = format!(r#"{{"sequence_numeric":1,"commodity":{{"duty_tax_fee":[{lines}]}}}}"#);
    let shipment =
        format!(r#"{{"importer":{{"id":"I{importer}"}},"government_agency_goods_item":[{item}]}}"#);
    format!(
        r#"{{"declaration":{{"id":"X{number}","acceptance_date_time":"2026-03-02T07:15:00Z","declaration_office_id":"{office}","goods_shipment":{shipment}}},"inspection":{result}}}"#
    )
}

/// At the office A one of three importers owes excise; at B one alone was found to owe more, at C all were.
#[tokio::test]
async fn amounts_of_few_are_absent_and_follow_from_no_others() {
    let place = Place::new().await;
    let lines = (0..12_usize).flat_map(|i| {
        let (of_three, of_six) = (i % 3, i % 6);
        let excise: &[&str] = if of_three == 0 { &["CUD", "EXC"] } else { &["CUD"] };
        let found = if i == 0 { 100 } else { 0 };
        [
            assessed(100 + i, "A", of_three, excise, ("undervaluation", 5)),
            assessed(200 + i, "B", of_three, &["CUD"], ("origin", found)),
            assessed(300 + i, "C", of_six, &["CUD"], ("undervaluation", 50)),
        ]
    });
    let path = place.write("lines.ndjson", &lines.collect::<Vec<_>>().join("\n"));
    let loaded = place.ingest_messages(&[path], false).await.unwrap();
    assert_eq!(loaded.counts.accepted, 36);
    for name in ["declared_and_recovered", "findings_by_kind"] {
        let outcome = made(&place, &of_name(name), RefreshOptions::default()).await.outcome;
        assert_eq!(outcome, Outcome::Published, "{name}");
    }
    let amount = |column: &str| format!("coalesce(CAST(CAST({column} AS BIGINT) AS VARCHAR), 'absent')");
    let of_row = ["duty_amount", "other_tax_amount", "recovered_amount"].map(amount).join(", ' ', ");
    let row = format!("concat(office_id, ' ', {of_row}, ' ', recovery_rate)");
    let offices = told(&place, &row, "declared_and_recovered").await;
    // What was found at B is that of one, and A is the smallest beside it: together they are the rest of the month.
    assert_eq!(offices, ["A 1200 absent absent ", "B 1200 0 absent ", "C 1200 0 600 0.5"]);
    let row = format!("concat(finding_type_code, ' ', declarations, ' ', {})", amount("revenue_amount"));
    let kinds = told(&place, &row, "findings_by_kind").await;
    assert_eq!(kinds, ["undervaluation 24 absent"], "but for it the rest would be that of one importer");
}

#[tokio::test]
async fn shipped_datasets_hold_what_the_rule_asks_for() {
    let place = Place::new().await;
    load(&place, "march.csv", &lodged(1, "2025-03", "620822", &[("I1", "10")])).await;
    let lowered = shipped().unwrap().into_iter().filter(|definition| definition.header.lowered.is_some());
    for definition in lowered {
        let outcome = made(&place, &definition, RefreshOptions::default()).await.outcome;
        assert_eq!(outcome, Outcome::Published, "{}", definition.name);
    }
    let above = "information_schema.columns c JOIN information_schema.datasets d ON d.dataset_name = c.table_name \
                 WHERE c.grade NOT IN ('general-1', 'general-2')";
    let above = told(&place, "concat(table_name, '.', column_name)", above).await;
    let of_number = ["commodity_prices", "declared_and_recovered", "findings_by_kind", "trade_statistics"]
        .map(|name| format!("{name}.enterprises"));
    assert_eq!(above, of_number, "a number of enterprises alone is graded as they are");
}

#[tokio::test]
async fn a_dataset_of_before_that_is_refused_by_now_keeps_no_erasure_from_the_others() {
    let place = Place::new().await;
    let four = [("I1", "10"), ("I2", "10"), ("I3", "10"), ("I4", "10")];
    load(&place, "march.csv", &lodged(1, "2025-03", "620822", &four)).await;
    for definition in [masses(), of_name("declaration_counts")] {
        made(&place, &definition, RefreshOptions::default()).await;
    }
    let mut before = versions(&place.home, "masses").await.unwrap().remove(0).recorded.made;
    before.definition = before.definition.replace("-- increment = \"month\"\n", "");
    let by = place.home.owner().await.unwrap();
    let act = Act { by, door: Door::Job, reason: "of before".to_owned(), at: place.home.now };
    place.home.ledger.append_dataset_version(&before, &act).await.unwrap();
    let id = place.texts("SELECT declaration_id FROM declaration WHERE importer_id = 'I4'").await.remove(0);
    let order = Erase::Declaration(id);
    let told = erase(&place.home, &order, "an order", &mut Quiet).await.unwrap_err().to_string();
    assert!(told.contains("the dataset masses holds what is to be erased"), "{told}");
    assert!(told.contains("it is not made by months"), "{told}");
    let counted = "SELECT CAST(sum(declarations) AS BIGINT) FROM declaration_counts";
    assert_eq!(place.count(counted).await, 3, "the others are made anew");
}
