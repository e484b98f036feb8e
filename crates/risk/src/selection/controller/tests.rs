//! A year of a country with drift, epoch by epoch.

use super::*;
use crate::selection::{Contender, Draw, Room, close};

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
        for (office, grades) in day(number) {
            for (grade, seen) in grades {
                history.seen.entry(office.clone()).or_default().entry(grade).or_default().extend(seen);
            }
        }
    }
    history
}

/// What the work lists of these days come to.
fn account(policy: &SelectionPolicy, state: &PolicyState, days: std::ops::Range<u32>) -> Accounts {
    let regime = policy.regime(state.epoch.first);
    let mut accounts = Accounts::new();
    for number in days {
        for (office, grades) in day(number) {
            let own = state.office(&office);
            let of_office = accounts.entry(office.clone()).or_default();
            let seen: Vec<(&String, &Seen)> =
                grades.iter().flat_map(|(grade, seen)| seen.iter().map(move |one| (grade, one))).collect();
            let contender = |(i, (grade, one)): (usize, &(&String, &Seen))| {
                let draw = Draw::new(&[4; 32], "day", &format!("{office} {number} {i}"));
                own.parts(policy, regime, grade, **one).chance().contender(draw)
            };
            let contenders: Vec<Contender> = seen.iter().enumerate().map(contender).collect();
            let room =
                Room { slots: own.slots as usize, reserved: policy.reserved_slots as usize, waiting: 0 };
            let cuts = close(&contenders, room).cuts;
            for ((grade, one), contender) in seen.into_iter().zip(&contenders) {
                let account = of_office.entry(grade.clone()).or_default();
                account.consignments += 1.0;
                account.mandatory += f64::from(u8::from(one.mandatory));
                account.expected += contender.realised_probability(cuts.of(contender));
            }
        }
    }
    accounts
}

/// Ratio of expected inspection rates of the advanced-certified and of ordinary traders.
fn ratio(accounts: &Accounts, offices: &[&str], counted: Counted) -> f64 {
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

#[test]
fn the_promise_holds_in_every_epoch_of_a_year_with_drift() {
    let policy = policy();
    let mut closed = Accounts::new();
    let mut epoch = Epoch::of("2027-01-01".parse().unwrap());
    let mut first = 28;
    while first < 28 + 365 {
        let length = epoch.days();
        let history = days(first - 28..first);
        let setting =
            Setting { policy: &policy, epoch, history: &history, accounts: &closed, list_days: 1.0 };
        let state = setting.state(|a_day| ((a_day * 0.1).round() as u32).max(1));
        let lodged = account(&policy, &state, first..first + length);
        // How many mandatory hits a week brings is chance; what is chosen is planned.
        let chosen = ratio(&lodged, &OFFICES, Counted::Discretionary);
        assert!(chosen < 0.2, "epoch from day {first}: {chosen}");
        for (office, grades) in lodged {
            for (grade, account) in grades {
                closed.entry(office.clone()).or_default().entry(grade).or_default().add(&account);
            }
        }
        let so_far = ratio(&closed, &OFFICES, Counted::Gross);
        assert!(so_far < 0.2, "up to day {}: {so_far}", first + length);
        first += length;
        epoch = epoch.next().unwrap();
    }
    let of_year = ratio(&closed, &OFFICES, Counted::Gross);
    assert!((0.13..0.16).contains(&of_year), "the target is used: {of_year}");
    for office in ["large", "strict"] {
        let own = ratio(&closed, &[office], Counted::Gross);
        assert!(own < 0.2, "{office}: {own}");
    }
    let dishonest = &closed["large"]["dishonest"];
    assert!(dishonest.expected / dishonest.consignments >= 0.8);
}

#[test]
fn as_many_candidates_are_expected_as_are_wanted() {
    let policy = policy();
    let regime = policy.regime("2027-01-01".parse().unwrap());
    let (history, accounts) = (days(0..28), Accounts::new());
    let setting =
        Setting { policy: &policy, epoch: epoch(), history: &history, accounts: &accounts, list_days: 1.0 };
    let state = setting.state(|a_day| (a_day * 0.1).round() as u32);
    let expected = account(&policy, &state, 0..28);
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
        let grades = grades.map(|(code, account)| (code.to_owned(), account)).into();
        Accounts::from([("large".to_owned(), grades)])
    };
    assert!(multiplier(&closed(0.014)) > multiplier(&closed(0.0155)), "what was overspent is saved");
    assert_eq!(multiplier(&closed(0.09)).to_bits(), 0.0_f64.to_bits(), "nothing is left to spend");
}
