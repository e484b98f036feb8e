//! Hit rates of two ways of opening goods, compared where goods are alike.

use super::refusal::Refusal;
use super::wilson::Z95;
use crate::evaluation::Interval;

/// Least openings on each side of the comparison.
pub const MIN_MATCHED_OPENINGS: u64 = 30;
/// Least findings on each side: the interval is of a logarithm, which needs some.
pub const MIN_MATCHED_FINDINGS: u64 = 5;

/// Openings of alike goods, such as those of one heading, grade of trader and lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MatchedStratum {
    /// `n1`: opened at their destination.
    pub treated: u64,
    /// `a`: those of them with a finding.
    pub treated_found: u64,
    /// `n0`: opened at the port.
    pub ordinary: u64,
    /// `b`: those of them with a finding.
    pub ordinary_found: u64,
}

/// The hit rate of treated goods for each one of ordinary goods like them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchedRatio {
    /// Sums over the strata that have both sides.
    pub matched: MatchedStratum,
    /// Treated openings in strata without an ordinary one; they say nothing here.
    pub unmatched: u64,
    /// The ratio.
    pub value: f64,
    /// Its interval at 95 %.
    pub interval: Interval,
}

/// The Mantel-Haenszel ratio of hit rates over strata, `sum a n0/N / sum b n1/N` with `N = n1 + n0` (Rothman, Greenland,
/// Lash, Modern Epidemiology, 3rd ed. 2008, chapter 15), with the interval of its logarithm by the variance
///
/// `sum (n1 n0 (a + b) - a b N) / N^2 / (sum a n0/N  sum b n1/N)` (Greenland, Robins, Biometrics 41, 1985),
///
/// which holds for few large strata and for many small ones. Strata with one side only carry no weight. The ratio is of
/// what inspections recorded, among the selected: where scores select one side more sharply within strata, it is moved by
/// that too.
///
/// # Errors
/// When a side has fewer than [`MIN_MATCHED_OPENINGS`] or [`MIN_MATCHED_FINDINGS`] in the strata that have both.
pub fn matched_ratio(strata: &[MatchedStratum]) -> Result<MatchedRatio, Refusal> {
    let (mut matched, mut unmatched) = (MatchedStratum::default(), 0);
    let (mut treated, mut ordinary, mut variance) = (0.0, 0.0, 0.0);
    for stratum in strata {
        if stratum.treated == 0 || stratum.ordinary == 0 {
            unmatched += stratum.treated;
            continue;
        }
        matched.treated += stratum.treated;
        matched.treated_found += stratum.treated_found;
        matched.ordinary += stratum.ordinary;
        matched.ordinary_found += stratum.ordinary_found;
        let (n1, n0) = (stratum.treated as f64, stratum.ordinary as f64);
        let (a, b) = (stratum.treated_found as f64, stratum.ordinary_found as f64);
        let all = n1 + n0;
        treated += a * n0 / all;
        ordinary += b * n1 / all;
        variance += (n1 * n0 * (a + b) - a * b * all) / (all * all);
    }
    for (what, found, least) in [
        ("openings at a destination with ordinary ones like them", matched.treated, MIN_MATCHED_OPENINGS),
        ("openings at the port like them", matched.ordinary, MIN_MATCHED_OPENINGS),
        ("findings at a destination", matched.treated_found, MIN_MATCHED_FINDINGS),
        ("findings at the port", matched.ordinary_found, MIN_MATCHED_FINDINGS),
    ] {
        if found < least {
            return Err(Refusal::TooFewMatched { what, found, least });
        }
    }
    let value = treated / ordinary;
    let spread = libm::exp(Z95 * (variance / (treated * ordinary)).sqrt());
    Ok(MatchedRatio {
        matched,
        unmatched,
        value,
        interval: Interval { low: value / spread, high: value * spread },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stratum((treated_found, treated, ordinary_found, ordinary): (u64, u64, u64, u64)) -> MatchedStratum {
        MatchedStratum { treated, treated_found, ordinary, ordinary_found }
    }

    #[test]
    fn the_ratio_is_that_of_the_formula_written_in_python() {
        let strata = [(12, 60, 40, 400), (5, 50, 9, 300), (3, 20, 0, 0), (7, 31, 22, 210)].map(stratum);
        let ratio = matched_ratio(&strata).unwrap();
        assert_eq!((ratio.unmatched, ratio.matched.treated), (20, 141));
        for (found, expected) in [
            (ratio.value, 2.230_807_253_768_7),
            (ratio.interval.low, 1.461_326_691_691_1),
            (ratio.interval.high, 3.405_467_806_591_6),
        ] {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn one_stratum_gives_the_plain_ratio_and_equal_rates_give_one() {
        let ratio = matched_ratio(&[stratum((10, 100, 50, 1_000))]).unwrap();
        assert!((ratio.value - 2.0).abs() < 1e-12);
        let equal = matched_ratio(&[stratum((6, 60, 40, 400)), stratum((30, 40, 75, 100))]).unwrap();
        assert!((equal.value - 1.0).abs() < 1e-12 && equal.interval.low < 1.0 && equal.interval.high > 1.0);
    }

    #[test]
    fn too_few_are_refused_with_what_is_short() {
        let refused = |counts| matched_ratio(&[stratum(counts)]).unwrap_err().to_string();
        assert!(refused((9, 29, 90, 900)).contains("29 openings at a destination"));
        assert!(refused((9, 90, 9, 20)).contains("20 openings at the port"));
        assert!(refused((4, 90, 90, 900)).contains("4 findings at a destination"));
        assert!(matched_ratio(&[]).is_err());
    }
}
