//! Customs offices: seaports, airports, land borders and inland offices, each with its share of the work.

use crate::random::{Purpose, Stream};

/// How goods cross the border, after UN/ECE Recommendation 19.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Sea,
    Rail,
    Road,
    Air,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [Self::Sea, Self::Rail, Self::Road, Self::Air];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Sea => "1",
            Self::Rail => "2",
            Self::Road => "3",
            Self::Air => "4",
        }
    }
}

/// One customs office.
#[derive(Debug)]
pub(crate) struct Office {
    /// Four digits: district and office within it.
    pub(crate) code: String,
    /// Weight for goods of each mode, in the order of [`Mode::ALL`].
    pub(crate) weights: [f64; 4],
    /// Officers that examine goods.
    pub(crate) officers: usize,
}

/// The offices of a country.
pub(crate) fn offices(seed: u64, count: u16) -> Vec<Office> {
    let office = |index: u16| {
        let mut stream = Stream::new(seed, Purpose::Office, index.into());
        let size = 2.0 * libm::pow(f64::from(index) + 3.0, -0.9);
        // Work by sea, rail, road and air; the first four make sure that each mode has a large office.
        let kind =
            if index < 4 { usize::from(index) } else { stream.weighted([0.45, 0.12, 0.2, 0.23].into_iter()) };
        let weights =
            [[1.0, 0.02, 0.05, 0.05], [0.02, 1.0, 0.2, 0.02], [0.03, 0.1, 1.0, 0.02], [0.02, 0.0, 0.05, 1.0]];
        Office {
            code: format!("{:02}{:02}", 1 + index % 45, 1 + (index * 7) % 60),
            weights: weights[kind].map(|w| w * size),
            officers: 4 + (30.0 * size) as usize,
        }
    };
    (0..count).map(office).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_differ_and_every_mode_has_an_office() {
        let offices = offices(1, 90);
        let codes: BTreeSet<&str> = offices.iter().map(|o| o.code.as_str()).collect();
        assert_eq!(codes.len(), 90);
        assert!(codes.iter().all(|c| c.len() == 4));
        for mode in 0..4 {
            assert!(offices[..4].iter().any(|o| o.weights[mode] > 0.2));
        }
    }
}
