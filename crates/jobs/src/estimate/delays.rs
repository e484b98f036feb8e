//! How long results take to come in, learned in one way for estimates and for back-tests.

use crate::results::InspectionResult;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_risk::estimation::{ResultDelays, Wait};
use tidegate_risk::selection::Lane;

/// Results of an office and lane from which on it has delays of its own: fewer tell little, and share one cell of the lane.
const LEAST_RESULTS: u32 = 10;
/// First number of a cell of an office and lane; that of a lane alone is the lane's.
const FIRST_CELL: u32 = 16;

/// An inspection that a draw assigned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Awaited<'a> {
    pub office: &'a str,
    pub lane: Lane,
    pub listed_on: NaiveDate,
    /// None while it is pending, and for ever where the consignment was withdrawn before it was inspected: that is missing
    /// and not negative, and what was inspected stands for it.
    pub result: Option<&'a InspectionResult>,
}

/// P(result in by now), by office and lane.
#[derive(Debug)]
pub(crate) struct Delays {
    cells: HashMap<String, BTreeMap<Lane, u32>>,
    /// Lanes that draws assigned.
    lanes: BTreeSet<Lane>,
    /// Those of them with a cell that offices share.
    shared: BTreeSet<Lane>,
    curves: ResultDelays,
    now: NaiveDate,
}

impl Delays {
    /// From the inspections that draws assigned on some days, as they stand today, or on the day of the last result where
    /// that is later.
    pub(crate) fn fit(awaited: &[Awaited<'_>], today: NaiveDate) -> Self {
        let mut results: BTreeMap<(&str, Lane), u32> = BTreeMap::new();
        for one in awaited {
            *results.entry((one.office, one.lane)).or_default() += u32::from(one.result.is_some());
        }
        let mut cells: HashMap<String, BTreeMap<Lane, u32>> = HashMap::new();
        let (mut lanes, mut shared) = (BTreeSet::new(), BTreeSet::new());
        for (place, ((office, lane), count)) in results.into_iter().enumerate() {
            lanes.insert(lane);
            if count >= LEAST_RESULTS {
                cells.entry(office.to_owned()).or_default().insert(lane, FIRST_CELL + place as u32);
            } else {
                shared.insert(lane);
            }
        }
        let recorded = |one: &Awaited<'_>| one.result.map(|r| r.recorded_on.unwrap_or(one.listed_on));
        let now = awaited.iter().filter_map(recorded).fold(today, NaiveDate::max);
        let mut fitted = Self { cells, lanes, shared, curves: ResultDelays::fit(&[]), now };
        let wait = |one: &Awaited<'_>| {
            let ended = recorded(one);
            let days = days(one.listed_on, ended.unwrap_or(now));
            Some(Wait { cell: fitted.cell(one.office, one.lane)?, days, arrived: ended.is_some() })
        };
        fitted.curves = ResultDelays::fit(&awaited.iter().filter_map(wait).collect::<Vec<_>>());
        fitted
    }

    /// Of an inspection assigned in a lane; none where no result of its cell ever came so soon.
    pub(crate) fn known(&self, office: &str, lane: Lane, listed_on: NaiveDate) -> Option<f64> {
        self.curves.probability(self.cell(office, lane)?, days(listed_on, self.now))
    }

    /// The least of all lanes that a draw may have assigned at an office; none where in one of them no result ever came so
    /// soon. What was listed so lately is no evidence, whatever its draw and however soon its own result came.
    pub(crate) fn least_known(&self, office: &str, listed_on: NaiveDate) -> Option<f64> {
        let cells = self.lanes.iter().filter_map(|lane| self.cell(office, *lane));
        let age = days(listed_on, self.now);
        cells
            .map(|cell| self.curves.probability(cell, age))
            .try_fold(1.0, |least: f64, p| Some(least.min(p?)))
    }

    fn cell(&self, office: &str, lane: Lane) -> Option<u32> {
        let own = self.cells.get(office).and_then(|lanes| lanes.get(&lane).copied());
        own.or_else(|| self.shared.contains(&lane).then_some(lane as u32))
    }
}

fn days(from: NaiveDate, to: NaiveDate) -> u32 {
    u32::try_from((to - from).num_days()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_risk::estimation::Finding;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, number).unwrap()
    }

    fn result(recorded: u32) -> InspectionResult {
        InspectionResult { finding: Finding { found: false, revenue: 0.0 }, recorded_on: Some(day(recorded)) }
    }

    /// Twenty red ones at A on the first of the month, half of which come on the third; five orange ones at B, one of which
    /// comes at once.
    #[test]
    fn what_is_pending_is_weighed_and_what_is_too_young_is_no_evidence() {
        let (third, first) = (result(3), result(1));
        let one = |office, lane, result| Awaited { office, lane, listed_on: day(1), result };
        let red = |i| one("A", Lane::Red, (i % 2 == 0).then_some(&third));
        let orange = |i| one("B", Lane::Orange, (i == 0).then_some(&first));
        let awaited: Vec<Awaited<'_>> = (0..20).map(red).chain((0..5).map(orange)).collect();
        let delays = Delays::fit(&awaited, day(10));
        let near = |found: Option<f64>, right: f64| found.is_some_and(|p| (p - right).abs() < 1e-12);
        assert!(near(delays.known("A", Lane::Red, day(1)), 0.5));
        assert!(near(delays.known("B", Lane::Orange, day(10)), 0.2), "one of five comes on the day itself");
        assert!(near(delays.known("C", Lane::Orange, day(1)), 0.2), "offices with few results share them");
        assert!(near(delays.least_known("A", day(8)), 0.2) && near(delays.least_known("B", day(1)), 0.2));
        assert_eq!(delays.known("A", Lane::Red, day(9)), None, "none came within a day");
        assert_eq!(delays.least_known("A", day(9)), None);
        assert_eq!(delays.known("B", Lane::Red, day(1)), None, "none was assigned at B, and none is shared");
        // Read before the last result came, so that now is the third: the pending ones waited for two days.
        let early = Delays::fit(&awaited, day(2));
        assert!(near(early.known("A", Lane::Red, day(1)), 0.5) && near(early.least_known("B", day(3)), 0.2));
        let none = Delays::fit(&[], day(10));
        assert!(near(none.least_known("A", day(9)), 1.0), "nothing was assigned, and nothing is weighed");
    }
}
