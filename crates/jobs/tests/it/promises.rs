//! Traders of every grade, on both sides of a change of the law: what is decided about them, and what became of promises.

use crate::decide::{all, decided_between, learnt, replayed_alike, set_up};
use crate::lodged_again::CARRIED;
use crate::place::Place;
use crate::prepared::prepared;
use crate::source::{HEADER, graded, result, rows};
use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use chrono::TimeDelta;
use tidegate_jobs::{Counted, Decided, PromiseCounts, PromiseKept, Window, promises};

/// After it, what was loaded by mistake is corrected.
const A_MINUTE: TimeDelta = TimeDelta::minutes(1);

const ADVANCED: &str = "advanced-certified";

/// Declarations of a day, by importer, with their moments: `S1` loses its grade at noon of 27 March.
static LODGED: [(&str, usize, &[&str]); 6] = [
    ("A1", 60, &["08:00:00"]),
    ("C1", 24, &["09:00:00"]),
    ("K1", 12, &["10:00:00"]),
    ("D1", 4, &["11:00:00"]),
    ("S1", 3, &["11:59:59", "12:00:00", "18:00:00"]),
    ("X1", 2, &["15:00:00"]),
];

/// Seven days before the first of April 2026, and five from it on.
fn days() -> impl Iterator<Item = String> {
    let march = (25..=31).map(|day| format!("2026-03-{day}"));
    march.chain((1..=5).map(|day| format!("2026-04-{day:02}")))
}

/// The lines of all days: goods as in every other year, nothing of them inspected.
fn lines() -> Vec<String> {
    let of_day = || {
        LODGED
            .iter()
            .flat_map(|(importer, count, at)| (0..*count).map(move |i| (*importer, at[i % at.len()])))
    };
    let lodged: Vec<(String, &str, &str)> =
        days().flat_map(|day| of_day().map(move |(importer, at)| (day.clone(), importer, at))).collect();
    let goods = rows(3, 2026, lodged.len(), 900_000);
    let line = |(row, (day, importer, at)): (&String, &(String, &str, &str))| {
        let mut fields: Vec<String> = row.split(',').map(str::to_owned).collect();
        fields[1] = format!("{day}T{at}");
        (*importer).clone_into(&mut fields[9]);
        fields[20..].iter_mut().for_each(String::clear);
        fields.join(",")
    };
    let lines = goods.iter().zip(&lodged).map(line);
    [HEADER.to_owned()].into_iter().chain(lines).collect()
}

/// Loads declarations with their moments, and the register; of `X1` a mistake first, and what corrects it a minute later.
async fn lodge(place: &mut Place) {
    place.ingest_moments_with("", "graded.csv", &lines()).await;
    let register = [
        graded("A1", "2025-01-01T00:00:00Z", ADVANCED),
        graded("C1", "2025-01-01T00:00:00Z", "conventional"),
        graded("K1", "2025-01-01T00:00:00Z", "certified"),
        graded("D1", "2025-01-01T00:00:00Z", "dishonest"),
        graded("S1", "2025-01-01T00:00:00Z", ADVANCED),
        graded("S1", "2026-03-27T12:00:00Z", "conventional"),
        graded("X1", "2025-01-01T00:00:00Z", "dishonest"),
    ];
    place.ingest_as("enterprise", "register.ndjson", &register, true).await.unwrap();
    place.home.now += A_MINUTE;
    let corrected = [graded("X1", "2025-01-01T00:00:00Z", ADVANCED)];
    place.ingest_as("enterprise", "corrected.ndjson", &corrected, true).await.unwrap();
}

async fn decided_days(place: &Place) -> Decided {
    decided_between(place, 6, [Some("2026-03-25"), Some("2026-04-05")]).await
}

/// A country that learnt from the year before and decides the days with six slots each.
async fn decided() -> Place {
    let mut place = prepared("promises-home", decided_anew).await;
    place.home.now += A_MINUTE;
    place
}

async fn decided_anew() -> Place {
    let mut place = learnt().await;
    lodge(&mut place).await;
    set_up(&place, "2026-03", [3, 103]).await;
    set_up(&place, "2026-04", [4, 104]).await;
    let decided = decided_days(&place).await;
    assert_eq!((decided.decided, decided.runs.len()), (12 * 105, 2), "one epoch ends in March");
    place
}

#[tokio::test]
async fn the_grade_of_the_moment_decides_and_no_promise_suppresses_what_is_mandatory() {
    let place = decided().await;
    for law in [
        "importer_id NOT IN ('A1', 'X1') OR grade_code = 'advanced-certified'",
        "importer_id <> 'C1' OR grade_code = 'conventional'",
        "importer_id <> 'S1' OR grade_code = CASE WHEN accepted_at < TIMESTAMP '2026-03-27 12:00:00' \
         THEN 'advanced-certified' ELSE 'conventional' END",
        "grade_code <> 'dishonest' OR (guaranteed_probability = 0.8 AND inclusion_probability >= 0.8 \
         AND realised_probability >= 0.8)",
        "grade_code <> 'certified' OR floor_probability = CASE WHEN month = '2026-03' THEN 0.003 ELSE 0.004 END",
        "grade_code <> 'certified' OR multiplier = CASE WHEN month = '2026-03' THEN 1.0 ELSE 0.8 END",
        "component_code <> 'mandatory' OR (is_selected AND NOT is_suppressed)",
        "NOT array_has(rules, 'heavy') OR (component_code = 'mandatory' AND inclusion_probability = 1)",
        "NOT is_suppressed OR multiplier < 1",
        // With a multiplier of 1 and everybody else as they are there would have been a slot.
        "is_suppressed = (NOT is_selected AND draw < floor_probability + (1 - floor_probability) \
         * (exploration + (1 - exploration) * least(ramp, 1.0)) AND draw / (floor_probability \
         + (1 - floor_probability) * (exploration + (1 - exploration) * ramp)) < tau)",
    ] {
        let broken = format!("SELECT count(*) FROM decision WHERE NOT coalesce({law}, false)");
        assert_eq!(place.count(&broken).await, 0, "{law}");
    }
    for some in [
        "component_code = 'mandatory' AND grade_code = 'advanced-certified'",
        "is_suppressed AND NOT is_candidate",
        "is_suppressed AND is_candidate",
        "grade_code = 'dishonest' AND component_code = 'statutory'",
        "importer_id = 'S1' AND CAST(accepted_at AS DATE) = DATE '2026-03-27' AND grade_code = 'conventional'",
    ] {
        let some = format!("SELECT count(*) FROM decision WHERE {some}");
        assert!(place.count(&some).await > 0, "{some}");
    }
    replayed_alike(&place, "2026-03-25", "2026-04-05").await;
}

/// Traders of the promise and ordinary ones, as conditions on decisions: certified traders are ordinary until the first of April.
const SIDES: [&str; 2] = [
    "d.grade_code = 'advanced-certified'",
    "(d.grade_code = 'conventional' OR (d.grade_code = 'certified' AND d.month = '2026-03'))",
];

/// Consignments of both sides, and those of them that are inspected, under a condition.
async fn counted(place: &Place, condition: &str, inspected: &str) -> PromiseCounts {
    let mut counts = [0; 4];
    for (side, is_of) in SIDES.into_iter().enumerate() {
        let of = format!("SELECT count(*) FROM decision d WHERE {is_of} AND {condition}");
        counts[2 * side] = place.count(&of).await as u64;
        counts[2 * side + 1] = place.count(&format!("{of} AND {inspected}")).await as u64;
    }
    let [certified, certified_inspected, ordinary, ordinary_inspected] = counts;
    PromiseCounts { certified, certified_inspected, ordinary, ordinary_inspected }
}

/// Inspections of the certified for each that ordinary traders would have had with the same goods in the same month.
async fn at_equal_goods(place: &Place) -> f64 {
    let [a, c] = SIDES;
    let sql = format!(
        "WITH s AS (SELECT d.month, substr(g.commodity_hs6, 1, 2) AS chapter, \
         CAST(count(*) FILTER (WHERE {a}) AS DOUBLE) AS a, \
         CAST(count(*) FILTER (WHERE {a} AND d.is_selected) AS DOUBLE) AS inspected, \
         CAST(count(*) FILTER (WHERE {c}) AS DOUBLE) AS c, \
         CAST(count(*) FILTER (WHERE {c} AND d.is_selected) AS DOUBLE) AS usual \
         FROM decision d JOIN goods_item g ON g.month = d.month AND g.declaration_id = d.declaration_id GROUP BY 1, 2) \
         SELECT sum(inspected) / sum(a * usual / c) AS ratio FROM s WHERE c > 0"
    );
    all(place, &sql).await.column(0).as_primitive::<Float64Type>().value(0)
}

#[tokio::test]
async fn promises_are_counted_by_the_law_of_each_day_with_what_officers_added_told_apart() {
    let place = decided().await;
    let found = promises(&place.home, None).await.unwrap();
    assert_eq!(found.year, 2026);
    let of = |found: &[PromiseKept], window: &Window| {
        let rows: Vec<_> = found.iter().filter(|p| p.window == *window).cloned().collect();
        assert_eq!((rows.len(), rows[0].grade.as_str()), (1, ADVANCED), "{window:?}");
        rows[0].clone()
    };
    let year = of(&found.promises, &Window::Year);
    // A1 and X1 on twelve days, S1 on two and once before noon; C1, the rest of S1, and K1 in March.
    assert_eq!((year.gross.certified, year.gross.ordinary), (720 + 24 + 7, 288 + 29 + 84));
    assert!(year.law.ends_with("GACC Order 251; GACC Order 282"), "{}", year.law);
    let office = "20".to_owned();
    for (window, condition) in [
        (Window::Year, "true"),
        (Window::Office(office.clone()), "true"),
        (Window::Month("2026-03".to_owned()), "d.month = '2026-03'"),
        (Window::OfficeMonth { office, month: "2026-04".to_owned() }, "d.month = '2026-04'"),
    ] {
        let told = of(&found.promises, &window);
        let gross = counted(&place, condition, "d.is_selected").await;
        let chosen = format!("{condition} AND d.component_code <> 'mandatory'");
        assert_eq!(told.gross, gross, "{window:?}");
        assert_eq!(told.discretionary, counted(&place, &chosen, "d.is_selected").await, "{window:?}");
        assert_eq!(told.with_added, gross, "nothing was added: {window:?}");
        assert_eq!(told.counted, Counted::Gross);
        let rate = |inspected: u64, of: u64| inspected as f64 / of as f64;
        let ratio =
            rate(gross.certified_inspected, gross.certified) / rate(gross.ordinary_inspected, gross.ordinary);
        assert!((told.gross_ratio.unwrap().value - ratio).abs() < 1e-9, "{window:?}");
        assert_eq!(told.counted_ratio, told.gross_ratio);
        let suppressed =
            format!("SELECT count(*) FROM decision d WHERE {} AND {condition} AND is_suppressed", SIDES[0]);
        assert_eq!(told.suppressed, place.count(&suppressed).await as u64, "{window:?}");
    }
    assert!((year.adjusted_ratio.unwrap().value - at_equal_goods(&place).await).abs() < 1e-9);
    let dishonest = found.guarantees.iter().find(|g| g.grade == "dishonest").unwrap();
    let inspected = "SELECT count(*) FROM decision WHERE grade_code = 'dishonest' AND is_selected";
    assert_eq!((dishonest.consignments, dishonest.inspected), (48, place.count(inspected).await as u64));
    assert!(dishonest.expected >= 0.8 * 48.0);

    // An officer inspects three that no draw chose, and one that was chosen.
    let mut results = Vec::new();
    for (importer, chosen, count) in [("A1", false, 2), ("C1", false, 1), ("C1", true, 1)] {
        let sql = format!(
            "SELECT declaration_id FROM decision WHERE importer_id = '{importer}' AND is_selected = {chosen} ORDER BY 1 LIMIT {count}"
        );
        let ids = place.texts(&sql).await;
        assert_eq!(ids.len(), count);
        results.extend(ids.iter().map(|id| result(id, "2026-04-20T09:00:00Z", "conform")));
    }
    place.ingest_as("inspection", "results.ndjson", &results, true).await.unwrap();
    let told = of(&promises(&place.home, Some(2026)).await.unwrap().promises, &Window::Year);
    assert_eq!(told.gross, year.gross, "what is added is no inspection by draw");
    let expected = PromiseCounts {
        certified_inspected: year.gross.certified_inspected + 2,
        ordinary_inspected: year.gross.ordinary_inspected + 1,
        ..year.gross
    };
    assert_eq!(told.with_added, expected);
}

#[tokio::test]
async fn an_amendment_that_is_inspected_counts_for_its_consignment() {
    let place = decided().await;
    let year = || async {
        let found = promises(&place.home, None).await.unwrap().promises;
        found.into_iter().find(|p| p.window == Window::Year).unwrap()
    };
    let before = year().await;
    let sql = "SELECT declaration_id FROM decision WHERE importer_id = 'A1' AND month = '2026-04' AND NOT is_selected \
               ORDER BY 1 LIMIT 1";
    let id = place.texts(sql).await.remove(0);
    // So heavy that inspection is mandatory.
    let lodged = lines().into_iter().find(|line| line.starts_with(&format!("{id},"))).unwrap();
    let mut fields: Vec<&str> = lodged.split(',').collect();
    fields[18] = "40.5";
    let header = format!("{HEADER},Consignee,House Bill,Version,Issued");
    let lines = [header, format!("{},,,2,2026-04-05T20:00:00", fields.join(","))];
    place.ingest_moments_with(CARRIED, "amended.csv", &lines).await;
    let decided = decided_days(&place).await;
    assert_eq!((decided.decided, decided.selected), (1, 1));
    let after = year().await;
    let inspected = before.gross.certified_inspected + 1;
    assert_eq!(after.gross, PromiseCounts { certified_inspected: inspected, ..before.gross });
    let certified = before.discretionary.certified - 1;
    assert_eq!(
        after.discretionary,
        PromiseCounts { certified, ..before.discretionary },
        "it is mandatory now"
    );
    assert_eq!(after.with_added, after.gross, "the draw of the amendment chose it");
}
