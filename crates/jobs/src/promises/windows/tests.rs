//! Windows of promises, counted by hand.

use super::*;

const FILE: &str = include_str!("../../../../../selection/default.toml");
const ADVANCED: &str = "advanced-certified";
const BEFORE: &str = "2021-11-01";
const AFTER: &str = "2026-04-01";

/// The shipped policy; Order 251 also promises a pilot grade half the ordinary rate, and Order 282 has a bound for the
/// advanced-certified and what it counts.
fn policy(bound: &str, counted: &str) -> SelectionPolicy {
    let (before, after) = FILE.split_once("[[regime]]\nlaw = \"GACC Order 282\"").unwrap();
    let terms = format!("bound = {bound}, alarm = 0.18, target = 0.15, counted = \"{counted}\"");
    let after = after.replacen("bound = 0.2, alarm = 0.18, target = 0.15, counted = \"gross\"", &terms, 1);
    let pilot = "[regime.grade.pilot]\nfloor = 0.003\nmultiplier = 1.0\n\
                 promise = { bound = 0.5, alarm = 0.45, target = 0.4, counted = \"gross\" }\n\n";
    let text = format!("{before}{pilot}[[regime]]\nlaw = \"GACC Order 282\"{after}");
    SelectionPolicy::parse("test.toml", &text).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// As many inspections are expected as there were.
fn sum(regime: &str, [office, month]: [&str; 2], grade: &str, [consignments, inspected]: [u64; 2]) -> Sums {
    Sums {
        regime: day(regime),
        office: office.to_owned(),
        month: month.to_owned(),
        grade: grade.to_owned(),
        chapter: "84".to_owned(),
        consignments,
        mandatory: 0,
        inspected,
        added: 0,
        suppressed: 0,
        expected: inspected as f64,
    }
}

/// Days on both sides of the first of April: certified traders are ordinary before it, the pilot grade after it.
fn both_laws() -> Vec<Sums> {
    let (march, april) = (["2248", "2026-03"], ["2248", "2026-04"]);
    vec![
        sum(BEFORE, march, "pilot", [100, 5]),
        sum(BEFORE, march, ADVANCED, [2_000, 150]),
        sum(BEFORE, march, "certified", [300, 120]),
        sum(BEFORE, march, "conventional", [500, 280]),
        sum(AFTER, april, ADVANCED, [1_000, 60]),
        sum(AFTER, april, "certified", [1_000, 900]),
        sum(AFTER, april, "conventional", [400, 200]),
        sum(AFTER, april, "pilot", [50, 40]),
        sum(AFTER, april, "dishonest", [10, 9]),
    ]
}

fn counts([certified, certified_inspected, ordinary, ordinary_inspected]: [u64; 4]) -> PromiseCounts {
    PromiseCounts { certified, certified_inspected, ordinary, ordinary_inspected }
}

fn near(ratio: Option<Ratio>, value: f64) {
    let found = ratio.unwrap();
    assert!((found.value - value).abs() < 1e-12, "{found:?} is not {value}");
    assert!(found.low < value && value < found.high, "{found:?}");
}

fn of<'a>(kept: &'a [PromiseKept], grade: &str, window: &Window) -> Vec<&'a PromiseKept> {
    kept.iter().filter(|p| p.grade == grade && p.window == *window).collect()
}

#[test]
fn each_decision_is_judged_by_the_law_of_its_own_day() {
    let found = kept(&policy("0.2", "gross"), 2026, &both_laws());
    let of = |grade: &str, window: Window| {
        let found = of(&found, grade, &window);
        assert_eq!(found.len(), 1, "{grade} {window:?}");
        found[0]
    };
    let year = of(ADVANCED, Window::Year);
    assert_eq!(year.gross, counts([3_000, 210, 1_250, 640]), "certified in March, the pilot grade in April");
    near(year.gross_ratio, 0.07 / 0.512);
    assert_eq!((year.from, year.to), (day("2026-01-01"), day("2026-12-31")), "on the same terms all year");
    assert!(year.law.contains("Order 251; GACC Order 282"), "{}", year.law);
    let march = of(ADVANCED, Window::Month("2026-03".to_owned()));
    assert_eq!(march.gross, counts([2_000, 150, 800, 400]));
    assert!(march.law.ends_with("Order 251"), "{}", march.law);
    let april = Window::OfficeMonth { office: "2248".to_owned(), month: "2026-04".to_owned() };
    assert_eq!(of(ADVANCED, april).gross, counts([1_000, 60, 450, 240]));

    let dropped = of("pilot", Window::Year);
    assert_eq!(dropped.gross, counts([100, 5, 800, 400]), "while it was promised");
    assert_eq!((dropped.from, dropped.to), (day("2026-01-01"), day("2026-03-31")));
    assert!((dropped.bound - 0.5).abs() < 1e-12);
    let windows = found.iter().filter(|p| p.grade == "pilot").count();
    assert_eq!(windows, 4, "the year, the office, March, the office in March");
}

#[test]
fn a_window_that_touches_two_promises_gives_a_row_for_each() {
    let found = kept(&policy("0.25", "discretionary"), 2026, &both_laws());
    let rows = of(&found, ADVANCED, &Window::Year);
    let told: Vec<_> = rows.iter().map(|p| (p.from, p.to, p.gross, p.counted)).collect();
    let expected = [
        (day("2026-01-01"), day("2026-03-31"), counts([2_000, 150, 800, 400]), Counted::Gross),
        (day(AFTER), day("2026-12-31"), counts([1_000, 60, 450, 240]), Counted::Discretionary),
    ];
    assert_eq!(told, expected);
    assert!((rows[0].bound - 0.2).abs() < 1e-12 && (rows[1].bound - 0.25).abs() < 1e-12);
    assert_eq!(of(&found, ADVANCED, &Window::Month("2026-03".to_owned())).len(), 1);
}

#[test]
fn a_guarantee_is_counted_on_the_days_of_the_laws_that_give_it() {
    let mut sums = both_laws();
    sums.push(sum(BEFORE, ["2248", "2026-03"], "dishonest", [20, 15]));
    sums.push(sum(BEFORE, ["2248", "2026-03"], "seriously-dishonest", [7, 1]));
    sums.push(sum(AFTER, ["2248", "2026-04"], "seriously-dishonest", [4, 4]));
    let found = guarantees(&policy("0.2", "gross"), &sums);
    let told: Vec<_> =
        found.iter().map(|g| (g.grade.as_str(), g.consignments, g.inspected, g.law.as_str())).collect();
    assert_eq!((told[0].0, told[0].1, told[0].2), ("dishonest", 30, 24));
    assert_eq!(told[1..], [("seriously-dishonest", 4, 4, "GACC Order 282")], "no such grade before");
}

#[test]
fn verdicts_are_on_the_gross_ratio_where_chance_can_be_told_from_a_breach() {
    let mut sums = Vec::new();
    for (place, [certified, inspected, ordinary]) in [
        (["kept", "2026-05"], [2_000, 150, 800]),
        (["alarm", "2026-06"], [2_000, 190, 800]),
        (["broken", "2026-07"], [2_000, 220, 800]),
        (["few", "2026-07"], [100, 5, 40]),
    ] {
        sums.push(sum(AFTER, place, ADVANCED, [certified, inspected]));
        sums.push(sum(AFTER, place, "conventional", [ordinary, ordinary / 2]));
    }
    let found = kept(&policy("0.2", "gross"), 2026, &sums);
    let verdict = |window: Window| of(&found, ADVANCED, &window)[0].verdict;
    let office = |name: &str| verdict(Window::Office(name.to_owned()));
    let month = |name: &str| verdict(Window::Month(name.to_owned()));
    let both = |office: &str, month: &str| {
        verdict(Window::OfficeMonth { office: office.to_owned(), month: month.to_owned() })
    };
    // 9 / m_A + 16 / m_C is 0.10, 0.09 and 0.08 for the first three offices, where z is 2.73 and 1 / z^2 is 0.13.
    assert_eq!(
        ["kept", "alarm", "broken", "few"].map(office),
        [Verdict::Kept, Verdict::Alarm, Verdict::Broken, Verdict::NotAssessable]
    );
    assert_eq!(
        ["2026-05", "2026-06", "2026-07"].map(month),
        [Verdict::Kept, Verdict::Alarm, Verdict::Broken]
    );
    assert_eq!(both("broken", "2026-07"), Verdict::Broken);
    assert_eq!(both("few", "2026-07"), Verdict::NotAssessable);
    // 565 of 6,100 against a half.
    assert_eq!(verdict(Window::Year), Verdict::Alarm);
    near(of(&found, ADVANCED, &Window::Year)[0].gross_ratio, 565.0 / 3_050.0);
}

#[test]
fn what_is_mandatory_added_or_of_other_goods_is_told_apart() {
    let place = ["2248", "2026-05"];
    let part = |grade: &str, chapter: &str, [consignments, mandatory, inspected, added]: [u64; 4]| Sums {
        chapter: chapter.to_owned(),
        mandatory,
        added,
        ..sum(AFTER, place, grade, [consignments, inspected])
    };
    let sums = [
        part(ADVANCED, "84", [1_500, 20, 100, 30]),
        part(ADVANCED, "85", [500, 0, 50, 0]),
        part(ADVANCED, "97", [100, 0, 10, 0]),
        part("conventional", "84", [400, 40, 300, 0]),
        part("conventional", "85", [400, 0, 100, 100]),
    ];
    let found = kept(&policy("0.2", "discretionary"), 2026, &sums);
    let year = of(&found, ADVANCED, &Window::Year)[0];
    assert_eq!(year.gross, counts([2_100, 160, 800, 400]));
    near(year.gross_ratio, 160.0 / 1_050.0);
    assert_eq!(year.discretionary, counts([2_080, 140, 760, 360]));
    near(year.discretionary_ratio, 140.0 / 2_080.0 / (360.0 / 760.0));
    assert_eq!((year.counted, year.counted_ratio), (Counted::Discretionary, year.discretionary_ratio));
    assert_eq!(year.with_added, counts([2_100, 190, 800, 500]));
    near(year.added_ratio, 190.0 / 1_312.5);
    // 1,500 x 0.75 + 500 x 0.25 would have been inspected of ordinary traders; nobody else declares chapter 97.
    assert_eq!(year.matched, 2_000);
    near(year.adjusted_ratio, 150.0 / 1_250.0);
    assert!((year.expected_ratio.unwrap() - 160.0 / 1_050.0).abs() < 1e-12);
}
