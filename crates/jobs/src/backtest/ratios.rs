//! Expected inspection rates of grades with a promise, beside the ordinary one.

use super::cases::Rated;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tidegate_risk::course::Run;
use tidegate_risk::selection::{Regime, SelectionPolicy};

/// Expected inspections of so many consignments.
#[derive(Debug, Clone, Copy, Default)]
struct Rate {
    inspections: f64,
    consignments: f64,
}

impl Rate {
    fn add(&mut self, other: Self) {
        self.inspections += other.inspections;
        self.consignments += other.consignments;
    }

    fn share(self) -> f64 {
        self.inspections / self.consignments
    }
}

/// What is lodged under one regime.
struct Under<'a> {
    regime: &'a Regime,
    ordinary: Rate,
    grades: BTreeMap<&'a str, Rate>,
}

/// Ratios of expected inspection rates by grade, each day under the regime in force on it: who is ordinary, and which grades
/// have a promise. The ordinary rate is that of the regimes in which the grade has one.
pub(super) fn promises(policy: &SelectionPolicy, rated: &[Rated], run: &Run) -> Vec<(String, f64)> {
    let lodged = rated.iter().zip(&run.fates).map(|(one, fate)| (one.day(), one.grade(), fate.inclusion));
    ratios(policy, lodged)
}

/// The same from days, grades and probabilities of inspection.
fn ratios<'a>(
    policy: &'a SelectionPolicy,
    lodged: impl Iterator<Item = (NaiveDate, &'a str, f64)>,
) -> Vec<(String, f64)> {
    let mut laws: BTreeMap<NaiveDate, Under<'a>> = BTreeMap::new();
    for (day, grade, inspections) in lodged {
        let regime = policy.regime(day);
        let fresh = || Under { regime, ordinary: Rate::default(), grades: BTreeMap::new() };
        let under = laws.entry(regime.from).or_insert_with(fresh);
        let rate = if regime.is_ordinary(grade) {
            &mut under.ordinary
        } else {
            under.grades.entry(grade).or_default()
        };
        rate.add(Rate { inspections, consignments: 1.0 });
    }
    let mut of_grades: BTreeMap<&str, [Rate; 2]> = BTreeMap::new();
    for under in laws.values() {
        for (grade, ..) in under.regime.promises() {
            if let Some(own) = under.grades.get(grade) {
                let [certified, ordinary] = of_grades.entry(grade).or_default();
                certified.add(*own);
                ordinary.add(under.ordinary);
            }
        }
    }
    let ratio =
        |(grade, [own, ordinary]): (&str, [Rate; 2])| (grade.to_owned(), own.share() / ordinary.share());
    of_grades.into_iter().map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shipped policy with a promise to certified enterprises from April 2026 on; before, they are ordinary.
    fn policy() -> SelectionPolicy {
        let shipped = include_str!("../../../../selection/default.toml");
        let preference = "[regime.grade.certified]\nfloor = 0.004\nmultiplier = 0.8\n";
        let promise = "promise = { bound = 0.5, alarm = 0.45, target = 0.4, counted = \"gross\" }\n";
        let text = shipped.replace(preference, &format!("{preference}{promise}"));
        assert_ne!(text, shipped);
        SelectionPolicy::parse("test", &text).unwrap()
    }

    #[test]
    fn each_day_counts_under_its_own_regime() {
        let [march, april] = ["2026-03-31", "2026-04-01"].map(|day| day.parse::<NaiveDate>().unwrap());
        let lodged = [
            (march, "conventional", 0.1),
            (march, "certified", 0.3),
            (march, "advanced-certified", 0.02),
            (april, "conventional", 0.4),
            (april, "certified", 0.1),
            (april, "advanced-certified", 0.04),
            (april, "dishonest", 0.9),
        ];
        let found = ratios(&policy(), lodged.into_iter());
        let grades: Vec<&str> = found.iter().map(|(grade, _)| grade.as_str()).collect();
        assert_eq!(grades, ["advanced-certified", "certified"]);
        // Ordinary are three: in March the certified one too.
        let (advanced, certified) = (found[0].1, found[1].1);
        assert!((advanced - 0.03 / (0.8 / 3.0)).abs() < 1e-12, "{advanced}");
        assert!((certified - 0.1 / 0.4).abs() < 1e-12, "{certified}: of April alone");
        let of_march: Vec<_> = ratios(&policy(), lodged.into_iter().take(3));
        assert_eq!(of_march.len(), 1, "no promise to certified enterprises yet: {of_march:?}");
    }
}
