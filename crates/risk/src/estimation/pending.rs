//! Results that are not in yet: the probability that they would be.

use std::collections::BTreeMap;

/// How long an assigned inspection of a cell (lane and office) has been waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Number of the cell.
    pub cell: u32,
    /// Days from assignment to the result, or so far without one.
    pub days: u32,
    /// Whether the result came. An inspection that will not be done has waited until today without one.
    pub arrived: bool,
}

/// P(result in within d days | cell), learned from what has come and what is still waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultDelays {
    /// For each cell, days on which results came and the share that had come by their end, rising.
    cells: BTreeMap<u32, Vec<(u32, f64)>>,
}

impl ResultDelays {
    /// The product-limit estimate of each cell, `F(d) = 1 - prod_{t <= d} (1 - arrived_t / waiting_t)` with the
    /// inspections that waited at least t days as `waiting_t` (Kaplan, Meier, J. American Statistical Association 53,
    /// 1958). Sound if what waits is like what came: within a cell, delay says nothing about the finding.
    pub fn fit(waits: &[Wait]) -> Self {
        let mut by_cell: BTreeMap<u32, Vec<(u32, bool)>> = BTreeMap::new();
        for wait in waits {
            by_cell.entry(wait.cell).or_default().push((wait.days, wait.arrived));
        }
        let curve = |mut waits: Vec<(u32, bool)>| {
            waits.sort_unstable();
            let (mut missing, mut curve, mut at) = (1.0, Vec::new(), 0);
            while at < waits.len() {
                let same_day = waits[at..].iter().take_while(|w| w.0 == waits[at].0);
                let (ended, arrived) = same_day.fold((0, 0), |(n, a), w| (n + 1, a + usize::from(w.1)));
                missing *= 1.0 - arrived as f64 / (waits.len() - at) as f64;
                curve.push((waits[at].0, 1.0 - missing));
                at += ended;
            }
            curve
        };
        Self { cells: by_cell.into_iter().map(|(cell, waits)| (cell, curve(waits))).collect() }
    }

    /// P(result in within `days` | cell); `None` where no result of the cell ever came so soon.
    pub fn probability(&self, cell: u32, days: u32) -> Option<f64> {
        let curve = self.cells.get(&cell)?;
        let after = curve.partition_point(|(day, _)| *day <= days);
        let (_, probability) = curve.get(after.checked_sub(1)?)?;
        (*probability > 0.0).then_some(*probability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(cell: u32, days: u32, arrived: bool) -> Wait {
        Wait { cell, days, arrived }
    }

    /// By hand: of five, one comes on day 1; of the four at risk on day 3 two come, one is still waited for; the last is
    /// waited for on day 9.
    #[test]
    fn delays_are_the_product_limit() {
        let waits = [
            wait(0, 3, true),
            wait(0, 1, true),
            wait(0, 3, false),
            wait(0, 9, false),
            wait(0, 3, true),
            wait(7, 2, false),
        ];
        let delays = ResultDelays::fit(&waits);
        for (days, expected) in [(0, None), (1, Some(0.2)), (2, Some(0.2)), (3, Some(0.6)), (90, Some(0.6))] {
            let found = delays.probability(0, days);
            assert!(
                found.is_some() == expected.is_some()
                    && found.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-12)
            );
        }
        assert_eq!(delays.probability(7, 5), None, "nothing ever came");
        assert_eq!(delays.probability(8, 5), None, "no such cell");
    }
}
