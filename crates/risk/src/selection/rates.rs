//! Expected inspection rates of grades with a promise, beside the ordinary one.

use super::policy::SelectionPolicy;
use super::regime::PromiseSide;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Expected inspections of so many consignments.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rate {
    /// Expected inspections, the sum of probabilities.
    pub inspections: f64,
    /// Consignments.
    pub consignments: f64,
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

/// Rates of the two sides of a promise.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// Of the grade with the promise.
    pub promised: Rate,
    /// Of ordinary traders.
    pub ordinary: Rate,
}

impl Rates {
    /// Adds consignments of a side.
    pub fn add(&mut self, side: PromiseSide, rate: Rate) {
        match side {
            PromiseSide::Promised => self.promised.add(rate),
            PromiseSide::Ordinary => self.ordinary.add(rate),
        }
    }

    /// The rate of the grade for each one of ordinary traders; no finite number where nothing can be compared.
    pub fn ratio(&self) -> f64 {
        self.promised.share() / self.ordinary.share()
    }
}

/// Ratios of expected inspection rates by grade, from days, grades and probabilities of inspection; each day under the regime
/// in force on it: who is ordinary, and which grades have a promise. The ordinary rate is that of the regimes in which the
/// grade has one and lodged something.
pub fn expected_ratios<'a>(
    policy: &'a SelectionPolicy,
    lodged: impl Iterator<Item = (NaiveDate, &'a str, f64)>,
) -> Vec<(String, f64)> {
    let mut by_law: BTreeMap<(&str, NaiveDate), Rates> = BTreeMap::new();
    for (day, grade, inspections) in lodged {
        let regime = policy.regime(day);
        for (promised, ..) in regime.promises() {
            if let Some(side) = regime.side(promised, grade) {
                let rates = by_law.entry((promised, regime.from)).or_default();
                rates.add(side, Rate { inspections, consignments: 1.0 });
            }
        }
    }
    let mut of_grades: BTreeMap<&str, Rates> = BTreeMap::new();
    for ((grade, _), Rates { promised, ordinary }) in by_law {
        if promised.consignments > 0.0 {
            let rates = of_grades.entry(grade).or_default();
            rates.add(PromiseSide::Promised, promised);
            rates.add(PromiseSide::Ordinary, ordinary);
        }
    }
    of_grades.into_iter().map(|(grade, rates)| (grade.to_owned(), rates.ratio())).collect()
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
        let found = expected_ratios(&policy(), lodged.into_iter());
        let grades: Vec<&str> = found.iter().map(|(grade, _)| grade.as_str()).collect();
        assert_eq!(grades, ["advanced-certified", "certified"]);
        // Ordinary are three: in March the certified one too.
        let (advanced, certified) = (found[0].1, found[1].1);
        assert!((advanced - 0.03 / (0.8 / 3.0)).abs() < 1e-12, "{advanced}");
        assert!((certified - 0.1 / 0.4).abs() < 1e-12, "{certified}: of April alone");
        let of_march: Vec<_> = expected_ratios(&policy(), lodged.into_iter().take(3));
        assert_eq!(of_march.len(), 1, "no promise to certified enterprises yet: {of_march:?}");
    }
}
