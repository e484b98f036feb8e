//! The promise to certified traders (authorised economic operators): their inspection rate against the ordinary one.

use super::normal;
use super::refusal::Refusal;
use super::wilson::wilson;
use crate::evaluation::Interval;

/// Counts of a stratum, such as a chapter of goods at an office, in one window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stratum {
    /// `N_A`: consignments of certified traders.
    pub certified: u64,
    /// `I_A`: how many of them were inspected.
    pub certified_inspected: u64,
    /// `N_C`: consignments of ordinary traders.
    pub ordinary: u64,
    /// `I_C`: how many of them were inspected.
    pub ordinary_inspected: u64,
}

impl Stratum {
    /// Counts together: one stratum gives the gross ratio.
    pub fn pooled(strata: &[Self]) -> Self {
        let sum = |count: fn(&Self) -> u64| strata.iter().map(count).sum();
        Self {
            certified: sum(|s| s.certified),
            certified_inspected: sum(|s| s.certified_inspected),
            ordinary: sum(|s| s.ordinary),
            ordinary_inspected: sum(|s| s.ordinary_inspected),
        }
    }
}

/// A ratio of inspection rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRatio {
    /// The ratio.
    pub value: f64,
    /// Its interval at 95 %.
    pub interval: Interval,
}

/// `I_A / sum_h N_Ah r_Ch` with `r_Ch = I_Ch / N_Ch`: inspections of certified traders for each that ordinary traders
/// with the same mix of strata would have had (indirect standardisation). Of [`Stratum::pooled`] it is the gross ratio
/// of rates; of counts without mandatory inspections, in numerator and denominator, the discretionary one.
///
/// The interval conditions on all inspections (Przyborowski, Wilenski, Biometrika 31, 1940): given `I_A + m`, `I_A` is
/// binomial, and the Wilson interval of its share gives that of the ratio. `m = E^2 / var E` is the effective number
/// behind the denominator `E = sum N_Ah r_Ch`, with Poisson variance `sum N_Ah^2 I_Ch / N_Ch^2`; it is `I_C` in one
/// stratum. Counts of a Poisson sample vary less than Poisson counts, so the interval errs on the wide side.
///
/// # Errors
/// When a stratum has certified traders and no ordinary ones, or no ordinary trader was inspected.
pub fn rate_ratio(strata: &[Stratum]) -> Result<RateRatio, Refusal> {
    let (mut inspected, mut expected, mut variance) = (0.0, 0.0, 0.0);
    for stratum in strata.iter().filter(|s| s.certified > 0) {
        if stratum.ordinary == 0 {
            return Err(Refusal::Nothing { what: "ordinary consignments in a stratum of certified ones" });
        }
        let scale = stratum.certified as f64 / stratum.ordinary as f64;
        inspected += stratum.certified_inspected as f64;
        expected += scale * stratum.ordinary_inspected as f64;
        variance += scale * scale * stratum.ordinary_inspected as f64;
    }
    let effective = expected * expected / variance;
    let share = (expected > 0.0).then(|| wilson(inspected, inspected + effective, 1.96)).flatten();
    let share = share.ok_or(Refusal::Nothing { what: "inspections of ordinary traders" })?.interval;
    let ratio = |share: f64| share / (1.0 - share) * effective / expected;
    let interval = Interval { low: ratio(share.low), high: ratio(share.high) };
    Ok(RateRatio { value: inspected / expected, interval })
}

/// What was promised, and how often it is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// Ratio that the policy aims at, such as 0.15.
    pub target: f64,
    /// Ratio that must not be exceeded, such as 0.20.
    pub limit: f64,
    /// Chance that any window raises a false alarm, such as 0.05.
    pub false_alarms: f64,
    /// Number of windows (offices times months) that are tested.
    pub windows: u32,
}

impl Promise {
    /// z at `1 - false_alarms / windows`, one-sided: Bonferroni, which unlike Šidák needs no independence of windows.
    pub fn z(&self) -> f64 {
        normal::quantile(1.0 - self.false_alarms / f64::from(self.windows.max(1)))
    }

    /// Whether a window can be told apart from the limit, by the *expected* inspections `m_A` and `m_C` of certified and
    /// ordinary traders. At the target t, `I_A / N_A - l I_C / N_C` has mean `-(l - t) r_C` and the variance of two Poisson
    /// counts; the mean is z standard errors off when `(t/(l-t))^2 / m_A + (l/(l-t))^2 / m_C <= 1 / z^2`, which is
    /// `9 / m_A + 16 / m_C` for 0.15 and 0.20.
    ///
    /// # Errors
    /// When it cannot: say "not assessable", and pool into the year.
    pub fn assessable(&self, certified: f64, ordinary: f64) -> Result<(), Refusal> {
        let gap = self.limit - self.target;
        let error = (self.target / gap).powi(2) / certified + (self.limit / gap).powi(2) / ordinary;
        let largest = self.z().powi(-2);
        if error <= largest {
            Ok(())
        } else {
            Err(Refusal::NotAssessable { certified, ordinary, error, largest })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stratum(certified: u64, certified_inspected: u64, ordinary: u64, ordinary_inspected: u64) -> Stratum {
        Stratum { certified, certified_inspected, ordinary, ordinary_inspected }
    }

    #[test]
    fn a_gross_ratio_hides_what_a_mix_explains() {
        // Certified traders are half as often inspected in both strata, but most of them are in the riskier one.
        let strata = [stratum(100, 1, 10_000, 200), stratum(1_000, 100, 1_000, 200)];
        let adjusted = rate_ratio(&strata).unwrap();
        assert!((adjusted.value - 101.0 / 202.0).abs() < 1e-12);
        let gross = rate_ratio(&[Stratum::pooled(&strata)]).unwrap();
        assert!((gross.value - (101.0 / 1_100.0) / (400.0 / 11_000.0)).abs() < 1e-12);
    }

    #[test]
    fn the_papers_gross_ratio() {
        // SELECTION 5: 1.5 % / 10 % with mandatory 1 % / 2 % on top: (1 - 0.985 x 0.99) / (1 - 0.9 x 0.98).
        let gross = rate_ratio(&[stratum(1_000_000, 24_850, 1_000_000, 118_000)]).unwrap();
        assert!((gross.value - 0.21).abs() < 0.003, "{}", gross.value);
        assert!(gross.interval.low < gross.value && gross.value < gross.interval.high);
    }

    /// Poisson counts at a ratio of 0.15: 2,000 windows, of which 95 % +- 4 standard errors (0.5 % each) are held.
    #[test]
    fn intervals_of_ratios_hold_the_truth() {
        let noise = crate::estimation::coverage::Noise::new(1);
        let poisson = |purpose: &str, place: u64, mean: f64| {
            let (mut left, mut count) = (noise.uniform(purpose, place), 0_u32);
            let mut term = libm::exp(-mean);
            while left > term {
                left -= term;
                count += 1;
                term *= mean / f64::from(count);
            }
            u64::from(count)
        };
        let held = (0..2_000).filter(|i| {
            let ratio = rate_ratio(&[stratum(1_000, poisson("a", *i, 15.0), 3_000, poisson("c", *i, 300.0))])
                .unwrap();
            (ratio.interval.low..=ratio.interval.high).contains(&0.15)
        });
        let held = held.count() as f64 / 2_000.0;
        assert!((held - 0.95).abs() < 0.02, "{held}");
    }

    #[test]
    fn windows_are_assessable_as_the_paper_says() {
        let promise = Promise { target: 0.15, limit: 0.20, false_alarms: 0.05, windows: 1 };
        assert!((promise.z() - 1.644_853_627).abs() < 1e-8);
        let at = |m_a: f64, m_c: f64| (9.0 / m_a + 16.0 / m_c) <= promise.z().powi(-2);
        for (m_a, m_c) in [(24.0, 1_000.0), (25.0, 1_000.0), (100.0, 50.0), (60.0, 90.0)] {
            assert_eq!(promise.assessable(m_a, m_c).is_ok(), at(m_a, m_c), "{m_a} {m_c}");
        }
        let many = Promise { windows: 240, ..promise };
        assert!(
            many.assessable(60.0, 1_000.0)
                .unwrap_err()
                .to_string()
                .starts_with("not assessable: 60.0 expected")
        );
        assert!(rate_ratio(&[stratum(5, 1, 0, 0)]).is_err() && rate_ratio(&[stratum(5, 1, 5, 0)]).is_err());
    }
}
