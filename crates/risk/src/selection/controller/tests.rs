//! A year of a country with drift, epoch by epoch.

use super::*;
use crate::estimation;
use crate::selection::{Contender, Draw, Room, close};
use chrono::Datelike;
use std::sync::LazyLock;

const OFFICES: [&str; 3] = ["large", "small", "strict"];
const ADVANCED: &str = "advanced-certified";

fn policy() -> SelectionPolicy {
    SelectionPolicy::parse("default.toml", include_str!("../../../../../selection/default.toml")).unwrap()
}

fn epoch() -> Epoch {
    Epoch::of("2027-02-01".parse().unwrap())
}

/// Uniform numbers that a name fixes.
fn uniform(name: &str) -> f64 {
    Draw::new(&[9; 32], "test", name).value()
}

/// The days before a year, and the year.
static DAYS: LazyLock<Vec<ByStratum<Vec<Seen>>>> = LazyLock::new(|| (0..28 + 365).map(day).collect());

/// Consignments of a day: the scores of advanced-certified traders are lower, all of them drift over the year, and the
/// advanced-certified trade most at the office that inspects most.
fn day(number: u32) -> ByStratum<Vec<Seen>> {
    let mut seen: ByStratum<Vec<Seen>> = BTreeMap::new();
    for (office, count) in OFFICES.into_iter().zip([600, 5, 200]) {
        for i in 0..count {
            let u = |what: &str| uniform(&format!("{office} {number} {i} {what}"));
            let share = if office == "strict" { 0.7 } else { 0.35 };
            let grade = match u("grade") {
                g if g < share => ADVANCED,
                g if g > 0.98 => "dishonest",
                _ => "conventional",
            };
            let season = 1.0 + 0.5 * (f64::from(number) / 365.0 * std::f64::consts::TAU).sin();
            let priority = (u("score").powi(4) * season * if grade == ADVANCED { 0.7 } else { 1.0 }).min(1.0);
            let one = Seen { priority, mandatory: u("mandatory") < 0.002 };
            seen.entry(office.to_owned()).or_default().entry(grade.to_owned()).or_default().push(one);
        }
    }
    seen
}

fn days(range: std::ops::Range<u32>) -> History {
    let mut history = History { days: range.end - range.start, ..History::default() };
    for number in range {
        for (office, grades) in &DAYS[number as usize] {
            for (grade, seen) in grades {
                let of_office = history.seen.entry(office.clone()).or_default();
                of_office.entry(grade.clone()).or_default().extend(seen);
            }
        }
    }
    history
}

/// What was expected of some consignments, and how many of them were inspected.
type Listed = (Account, u32);

/// What the work lists of these days come to with the draws of a key.
fn listed(
    policy: &SelectionPolicy,
    state: &PolicyState,
    days: std::ops::Range<u32>,
    key: [u8; 32],
) -> ByStratum<Listed> {
    let regime = policy.regime(state.epoch.first);
    let mut listed: ByStratum<Listed> = BTreeMap::new();
    for number in days {
        for (office, grades) in &DAYS[number as usize] {
            let own = state.office(office);
            let of_office = listed.entry(office.clone()).or_default();
            let seen: Vec<(&String, &Seen)> =
                grades.iter().flat_map(|(grade, seen)| seen.iter().map(move |one| (grade, one))).collect();
            let parts: Vec<Parts> =
                seen.iter().map(|(grade, one)| own.parts(policy, regime, grade, **one)).collect();
            let contender = |(i, parts): (usize, &Parts)| {
                parts.chance().contender(Draw::new(&key, "day", &format!("{office} {number} {i}")))
            };
            let contenders: Vec<Contender> = parts.iter().enumerate().map(contender).collect();
            let room =
                Room { slots: own.slots as usize, reserved: policy.reserved_slots as usize, waiting: 0 };
            let cuts = close(&contenders, room).cuts;
            for (((grade, one), contender), parts) in seen.into_iter().zip(&contenders).zip(&parts) {
                let tau = cuts.of(contender);
                let (account, inspected) = of_office.entry(grade.clone()).or_default();
                account.consignments += 1.0;
                account.mandatory += f64::from(u8::from(one.mandatory));
                account.expected += contender.realised_probability(tau);
                *inspected += u32::from(contender.is_selected(tau));
                let kept = contender.is_selected(tau) && !parts.is_suppressed(*contender, tau);
                assert!(kept || !one.mandatory, "{office}, day {number}: a mandatory one is suppressed");
            }
        }
    }
    listed
}

/// What was expected.
fn expected_of(listed: &ByStratum<Listed>) -> ByStratum<Account> {
    let of_office = |grades: &BTreeMap<String, Listed>| {
        grades.iter().map(|(grade, (account, _))| (grade.clone(), *account)).collect()
    };
    listed.iter().map(|(office, grades)| (office.clone(), of_office(grades))).collect()
}

/// Windows by office and month, each by grade; none stands for all of them.
type Windows = BTreeMap<(Option<&'static str>, Option<u32>), BTreeMap<String, Listed>>;

/// Adds an epoch to the windows that it lies in.
fn add_to(windows: &mut Windows, epoch: Epoch, listed: &ByStratum<Listed>) {
    let month = Some(epoch.first.month());
    for office in OFFICES {
        for (grade, (account, inspected)) in &listed[office] {
            for window in [(None, None), (None, month), (Some(office), None), (Some(office), month)] {
                let sum = windows.entry(window).or_default().entry(grade.clone()).or_default();
                sum.0.add(account);
                sum.1 += inspected;
            }
        }
    }
}

/// Realised ratios of the windows in which chance can be told from a breach.
fn realised(promise: Promise, windows: &Windows) -> Vec<(String, f64)> {
    let test = estimation::Promise {
        target: promise.target,
        limit: promise.bound,
        false_alarms: 0.05,
        windows: windows.len() as u32,
    };
    let of_window = |grades: &BTreeMap<String, Listed>| {
        let (a, c) = (grades.get(ADVANCED)?, grades.get("conventional")?);
        test.assessable(a.0.expected, c.0.expected).ok()?;
        let rate = |(account, inspected): &Listed| f64::from(*inspected) / account.consignments;
        Some(rate(a) / rate(c))
    };
    let all = windows.iter().map(|(window, grades)| (format!("{window:?}"), of_window(grades)));
    all.filter_map(|(window, ratio)| Some((window, ratio?))).collect()
}

/// Ratio of expected inspection rates of the advanced-certified and of ordinary traders.
fn ratio(accounts: &ByStratum<Account>, offices: &[&str], counted: Counted) -> f64 {
    let sum = |is: &dyn Fn(&str) -> bool| {
        let mut sum = Account::default();
        for (_, grades) in accounts.iter().filter(|(o, _)| offices.contains(&o.as_str())) {
            grades.iter().filter(|(g, _)| is(g)).for_each(|(_, account)| sum.add(account));
        }
        let (consignments, expected) = sum.counted(counted);
        expected / consignments
    };
    sum(&|g| g == ADVANCED) / sum(&|g| g == "conventional")
}

/// A year with the draws of a seed, each epoch steered by what closed before it: what closed, and the windows.
fn year(policy: &SelectionPolicy, seed: u8) -> (ByStratum<Account>, Windows) {
    let (mut closed, mut windows) = (Accounts::new(), Windows::new());
    let mut epoch = Epoch::of("2027-01-01".parse().unwrap());
    let of_law = policy.regime(epoch.first).from;
    let mut first = 28;
    while first < 28 + 365 {
        let length = epoch.days();
        let history = days(first - 28..first);
        let setting = Setting { policy, epoch, history: &history, accounts: &closed, list_days: 1.0 };
        let state = setting.state(|a_day| ((a_day * 0.1).round() as u32).max(1));
        let lodged = listed(policy, &state, first..first + length, [seed; 32]);
        add_to(&mut windows, epoch, &lodged);
        let lodged = expected_of(&lodged);
        // How many mandatory hits a week brings is chance; what is chosen is planned.
        let chosen = ratio(&lodged, &OFFICES, Counted::Discretionary);
        assert!(chosen < 0.2, "seed {seed}, epoch from day {first}: {chosen}");
        let of_year = closed.entry(of_law).or_default();
        for (office, grades) in lodged {
            for (grade, account) in grades {
                of_year.entry(office.clone()).or_default().entry(grade).or_default().add(&account);
            }
        }
        let so_far = ratio(of_year, &OFFICES, Counted::Gross);
        assert!(so_far < 0.2, "seed {seed}, up to day {}: {so_far}", first + length);
        first += length;
        epoch = epoch.next().unwrap();
    }
    (closed.remove(&of_law).unwrap(), windows)
}

#[test]
fn the_promise_holds_in_every_epoch_of_a_year_with_drift() {
    let policy = policy();
    let promise = policy.regime(epoch().first).grade(ADVANCED).promise.unwrap();
    for seed in [4, 5, 6] {
        let (closed, windows) = year(&policy, seed);
        let of_year = ratio(&closed, &OFFICES, Counted::Gross);
        assert!((0.13..0.16).contains(&of_year), "seed {seed}: the target is used: {of_year}");
        for office in ["large", "strict"] {
            let own = ratio(&closed, &[office], Counted::Gross);
            assert!(own < 0.2, "seed {seed}, {office}: {own}");
        }
        let dishonest = &closed["large"]["dishonest"];
        assert!(dishonest.expected / dishonest.consignments >= 0.8);
        let realised = realised(promise, &windows);
        assert!(realised.len() >= 1 + 12 + 2, "the year, its months, both large offices: {realised:?}");
        for (window, ratio) in realised {
            assert!(ratio < promise.bound, "seed {seed}, {window}: {ratio}");
        }
    }
}

#[test]
fn as_many_candidates_are_expected_as_are_wanted() {
    let policy = policy();
    let regime = policy.regime("2027-01-01".parse().unwrap());
    let (history, accounts) = (days(0..28), Accounts::new());
    let setting =
        Setting { policy: &policy, epoch: epoch(), history: &history, accounts: &accounts, list_days: 1.0 };
    let state = setting.state(|a_day| (a_day * 0.1).round() as u32);
    let expected = expected_of(&listed(&policy, &state, 0..28, [4; 32]));
    let office = |name: &str| expected[name].values().map(|a| a.expected).sum::<f64>() / 28.0;
    assert!((0.97..=1.02).contains(&(office("large") / 60.0)), "{}", office("large"));
    let parts = |one: &Seen, grade: &str| {
        let own = state.office("large");
        let (width, e) = (policy.ramp_width, policy.exploration);
        Parts::new(one.mandatory, one.priority, own.threshold, width, own.stratum(regime, grade), e)
    };
    let of_grade = |(grade, seen): (&String, &Vec<Seen>)| -> f64 {
        seen.iter().map(|one| parts(one, grade).probability()).sum()
    };
    let candidates = history.seen["large"].iter().map(of_grade).sum::<f64>() / 28.0;
    let wanted = policy.wanted_candidates(60.0, 600.0);
    assert!(wanted > 60.0 && (candidates / wanted - 1.0).abs() < 0.02, "{candidates} of {wanted}");
    assert_eq!(state.offices["small"].slots, 1, "rounded");
    assert!(state.office("small").threshold > 0.0 && state.office("nowhere") == &state.default);
    let text = serde_json::to_string(&state).unwrap();
    let read: PolicyState = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (serde_json::to_string(&read).unwrap(), &read),
        (text, &state),
        "a state read back is the same"
    );
}

/// What closed at the large office under a law.
fn of_law<const N: usize>(from: &str, grades: [(&str, Account); N]) -> Accounts {
    let grades = grades.map(|(code, account)| (code.to_owned(), account)).into();
    Accounts::from([(from.parse().unwrap(), ByStratum::from([("large".to_owned(), grades)]))])
}

#[test]
fn a_past_above_the_promise_is_made_up_for_and_mandatory_hits_are_left_alone() {
    let policy = policy();
    let history = days(0..28);
    let multiplier = |closed: &Accounts| {
        let setting =
            Setting { policy: &policy, epoch: epoch(), history: &history, accounts: closed, list_days: 1.0 };
        setting.state(|a_day| (a_day * 0.1) as u32).office("large").strata[ADVANCED].multiplier
    };
    let closed = |rate: f64| {
        let account =
            |consignments, rate| Account { consignments, mandatory: 0.0, expected: consignments * rate };
        let grades = [(ADVANCED, account(2_000.0, rate)), ("conventional", account(3_000.0, 0.1))];
        of_law("2026-04-01", grades)
    };
    assert!(multiplier(&closed(0.014)) > multiplier(&closed(0.0155)), "what was overspent is saved");
    assert_eq!(multiplier(&closed(0.09)).to_bits(), 0.0_f64.to_bits(), "nothing is left to spend");
}

#[test]
fn a_past_under_an_earlier_law_is_counted_as_that_law_has_it() {
    let history = days(0..28);
    let multiplier = |policy: &SelectionPolicy, closed: &Accounts| {
        let setting = Setting { policy, epoch: epoch(), history: &history, accounts: closed, list_days: 1.0 };
        setting.state(|a_day| (a_day * 0.1) as u32).office("large").strata[ADVANCED].multiplier
    };
    let account =
        |consignments, rate| Account { consignments, mandatory: 0.0, expected: consignments * rate };
    let grades = [
        (ADVANCED, account(2_000.0, 0.016)),
        ("certified", account(3_000.0, 0.3)),
        ("conventional", account(3_000.0, 0.1)),
    ];
    // Certified traders are ordinary under Order 251, and not under Order 282.
    let (before, after) = (of_law("2021-11-01", grades), of_law("2026-04-01", grades));
    let shipped = policy();
    assert!(multiplier(&shipped, &before) > multiplier(&shipped, &after), "ordinary rate 0.2, and 0.1");
    // A promise whose terms change begins anew: what was spent under the old ones is no debt.
    let (head, tail) = shipped.text.split_once("from = 2026-04-01").unwrap();
    let tail = tail.replacen("bound = 0.2,", "bound = 0.25,", 1);
    let changed = SelectionPolicy::parse("p.toml", &format!("{head}from = 2026-04-01{tail}")).unwrap();
    let spent = [(ADVANCED, account(2_000.0, 0.09)), ("conventional", account(3_000.0, 0.1))];
    let spent = of_law("2021-11-01", spent);
    assert_eq!(multiplier(&shipped, &spent).to_bits(), 0.0_f64.to_bits(), "nothing is left to spend");
    assert!(multiplier(&changed, &spent) > 0.0);
}

/// The state of February for traders seen on the 28 days before, with slots by how many come a day.
fn state_of(history: &History, slots: impl Fn(f64) -> u32) -> (SelectionPolicy, PolicyState) {
    let (policy, accounts) = (policy(), Accounts::new());
    let setting = Setting { policy: &policy, epoch: epoch(), history, accounts: &accounts, list_days: 1.0 };
    let state = setting.state(slots);
    (policy, state)
}

#[test]
fn where_everything_fits_a_busier_day_still_sheds_by_priority() {
    let (policy, state) = state_of(&days(0..28), |a_day| (a_day * 1.5) as u32);
    let (own, regime) = (state.office("large"), policy.regime(epoch().first));
    let chance =
        |priority| own.parts(&policy, regime, "conventional", Seen { priority, mandatory: false }).chance();
    let [low, high] = [0.01, 0.8].map(chance);
    assert!(low.probability >= 1.0 && high.probability >= 1.0, "everybody is wanted");
    assert!(high.weight > 50.0 * low.weight, "{low:?} {high:?}");
}

#[test]
fn without_ordinary_traders_a_promise_leaves_the_policy_as_it_is() {
    let mut history = days(0..28);
    for grades in history.seen.values_mut() {
        grades.retain(|grade, _| grade == ADVANCED);
    }
    let (policy, state) = state_of(&history, |a_day| (a_day * 0.1).round() as u32);
    let regime = policy.regime(epoch().first);
    let (_, of_policy, _) = regime.promises().find(|(code, ..)| *code == ADVANCED).unwrap();
    for office in OFFICES {
        let stratum = state.office(office).stratum(regime, ADVANCED);
        assert_eq!((stratum.floor, stratum.multiplier), (of_policy.floor, of_policy.multiplier), "{office}");
    }
}
