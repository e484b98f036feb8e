//! Fraud schemes: a kind of fraud that a part of the trade in one heading practises for some weeks of the year.

use crate::catalogue::Catalogue;
use crate::fraud_kind::Kind;
use crate::partner::Partner;
use crate::random::{Purpose, Stream};

/// Schemes of one year.
const SCHEMES: usize = 40;
/// Share of the traders of the goods that take part.
const PARTICIPANTS: f64 = 0.4;

/// One scheme.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scheme {
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) heading: u16,
    /// Origin that false-origin schemes declare.
    pub(crate) false_origin: usize,
    /// First and last day; the first may lie before the year, the last after it.
    days: (f64, f64),
    /// Factor on the intensity of the kind at the height of the scheme.
    strength: f64,
}

impl Scheme {
    /// Whether nobody practised it before the first of January.
    pub(crate) fn began_in_year(&self) -> bool {
        self.days.0 > 0.0
    }

    /// Factor on the intensity of its kind for one trader's goods of the heading on a day: 1 outside the scheme,
    /// rising to the strength in the middle of its days and falling again.
    pub(crate) fn factor(&self, seed: u64, trader: u64, day: usize) -> f64 {
        let (first, last) = self.days;
        let position = (day as f64 - first) / (last - first);
        let takes_part = Stream::pair(seed, Purpose::Scheme, self.number + 1, trader).coin(PARTICIPANTS);
        if takes_part && (0.0..=1.0).contains(&position) {
            1.0 + (self.strength - 1.0) * (1.0 - (2.0 * position - 1.0).abs())
        } else {
            1.0
        }
    }
}

/// The schemes of a year.
pub(crate) fn schemes(seed: u64, catalogue: &Catalogue, partners: &[Partner], days: usize) -> Vec<Scheme> {
    let scheme = |number: usize| {
        let mut stream = Stream::pair(seed, Purpose::Scheme, 0, number as u64);
        let kind = Kind::ALL[number % 4];
        let measured: Vec<&(u16, usize)> = catalogue.measures.keys().collect();
        let heading = if kind == Kind::FalseOrigin && !measured.is_empty() {
            measured[stream.below(measured.len())].0
        } else {
            let chapter = stream.weighted(catalogue.chapters.iter().map(|c| c.weight));
            let goods = &catalogue.commodities[catalogue.chapters[chapter].commodities.clone()];
            goods[stream.weighted(goods.iter().map(|c| c.weight * c.rate))].heading()
        };
        let first = stream.between(-0.12, 0.9) * days as f64;
        Scheme {
            number: number as u64,
            kind,
            heading,
            // Origins that are rare so far, with an agreement: where transshipment turns up next.
            false_origin: stream.weighted(partners.iter().map(|p| match p.agreement {
                Some(_) if p.weight < 4.0 => 1.0,
                _ => 0.0,
            })),
            days: (first, first + stream.between(40.0, 150.0)),
            strength: stream.between(6.0, 16.0),
        }
    };
    (0..SCHEMES).map(scheme).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partner::partners;

    #[test]
    fn a_scheme_rises_and_falls_for_those_who_take_part() {
        let partners = partners("CN").unwrap();
        let catalogue = Catalogue::new(3, &partners).unwrap();
        let scheme = Scheme { days: (100.0, 200.0), ..schemes(3, &catalogue, &partners, 365).remove(0) };
        let joined = (0..1_000).filter(|t| scheme.factor(3, *t, 150) > 1.0).count();
        // Five standard errors of 1,000 coins of 0.4.
        assert!((joined as f64 - 400.0).abs() < 5.0 * 15.5, "{joined}");
        let member = (0..1_000).find(|t| scheme.factor(3, *t, 150) > 1.0).unwrap();
        assert!((scheme.factor(3, member, 150) - scheme.strength).abs() < 1e-9);
        assert!(scheme.factor(3, member, 110) < scheme.factor(3, member, 130));
        assert!((scheme.factor(3, member, 201) - 1.0).abs() < 1e-12);
    }
}
