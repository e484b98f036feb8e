//! Credit grades of enterprises and the days on which they change.

use crate::random::{Purpose, Stream};
use crate::volume::VolumeLaw;

/// Share of enterprises that are advanced-certified, and the share of trade they carry.
const ADVANCED_ENTERPRISES: f64 = 0.01;
const ADVANCED_TRADE: f64 = 0.39;
const CERTIFIED: f64 = 0.03;
const DISHONEST: f64 = 0.012;
const SERIOUSLY_DISHONEST: f64 = 0.0025;
/// Certification takes two years of existence.
const YEARS_TO_CERTIFY: i32 = 2 * 365;

/// Credit grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Grade {
    AdvancedCertified,
    Certified,
    Conventional,
    Dishonest,
    SeriouslyDishonest,
}

impl Grade {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::AdvancedCertified => "advanced-certified",
            Self::Certified => "certified",
            Self::Conventional => "conventional",
            Self::Dishonest => "dishonest",
            Self::SeriouslyDishonest => "seriously-dishonest",
        }
    }

    pub(crate) fn is_bad(self) -> bool {
        self >= Self::Dishonest
    }
}

/// A grade that takes effect during the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GradeChange {
    pub(crate) day: usize,
    pub(crate) grade: Grade,
}

/// What grading looks at: the trader's temperament (standard normal, high is bad) and the day it was registered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) temperament: f64,
    pub(crate) registered: i32,
}

/// Grade of each trader at the start of the year.
///
/// Going down from the largest, most sound traders are advanced-certified until these carry [`ADVANCED_TRADE`]; the
/// rest of the advanced-certified are of middle size. The other grades are keyed coins.
pub(crate) fn grades(
    seed: u64,
    traders: u64,
    law: &VolumeLaw,
    standing: impl Fn(u64) -> Standing,
) -> Vec<Grade> {
    let advanced = ((traders as f64 * ADVANCED_ENTERPRISES).round() as u64).max(1);
    let (mut count, mut trade) = (0, 0.0);
    let mut grades = Vec::with_capacity(traders as usize);
    for trader in 0..traders {
        let mut stream = Stream::new(seed, Purpose::Grade, trader);
        let Standing { temperament, registered } = standing(trader);
        let rank = trader as f64 / traders as f64;
        let eligible = registered < -YEARS_TO_CERTIFY && temperament < 1.0;
        let wanted = if trade < ADVANCED_TRADE { 0.85 } else { 0.04 };
        let bad = libm::exp(1.2 * temperament - 0.72) * if rank < 0.01 { 0.0 } else { 1.01 };
        grades.push(if eligible && count < advanced && stream.coin(wanted) {
            count += 1;
            trade += law.share(trader);
            Grade::AdvancedCertified
        } else if eligible && rank < 0.25 && stream.coin(CERTIFIED / 0.2) {
            Grade::Certified
        } else if stream.coin(SERIOUSLY_DISHONEST * bad) {
            Grade::SeriouslyDishonest
        } else if stream.coin(DISHONEST * bad) {
            Grade::Dishonest
        } else {
            Grade::Conventional
        });
    }
    grades
}

/// The change of a trader's grade during the year, if there is one: suspensions, downgrades, certifications, repairs.
///
/// Customs looks harder at those who trade much, so that these lose a good name more often.
pub(crate) fn change(
    seed: u64,
    trader: u64,
    traders: u64,
    grade: Grade,
    standing: Standing,
    days: usize,
) -> Option<GradeChange> {
    let rank = trader as f64 / traders as f64;
    let mut stream = Stream::pair(seed, Purpose::Grade, u64::MAX, trader);
    let bad = libm::exp(1.2 * standing.temperament - 0.72);
    let (probability, next) = match grade {
        Grade::AdvancedCertified => (0.04, Grade::Conventional),
        Grade::Certified => (0.03, Grade::AdvancedCertified),
        Grade::Conventional if rank < 0.01 => (0.0, grade),
        Grade::Conventional => (0.006 * bad / (rank + 0.25), Grade::Dishonest),
        Grade::Dishonest => (0.08, Grade::Conventional),
        Grade::SeriouslyDishonest => (0.0, grade),
    };
    let changes = stream.coin(probability);
    let day = stream.between(0.08, 0.92) * days as f64;
    (changes && standing.registered < 0).then_some(GradeChange { day: day as usize, grade: next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_published_figures() {
        let traders = 20_000;
        let law = VolumeLaw::new(traders);
        let standing = |trader| {
            let temperament = Stream::new(5, Purpose::Trader, trader).normal();
            Standing { temperament, registered: -2_000 }
        };
        let grades = grades(5, traders, &law, standing);
        let share = |grade: Grade| grades.iter().filter(|g| **g == grade).count() as f64 / traders as f64;
        let carried: f64 = (0..traders)
            .filter(|t| grades[*t as usize] == Grade::AdvancedCertified)
            .map(|t| law.share(t))
            .sum();
        assert!((share(Grade::AdvancedCertified) - ADVANCED_ENTERPRISES).abs() < 1e-9);
        assert!((carried - 0.4).abs() < 0.03, "{carried}");
        // Five standard errors of a share p of 20,000 coins; the coins' probabilities vary with temperament.
        let close = |share: f64, p: f64| (share - p).abs() < 5.0 * (p / traders as f64).sqrt();
        assert!(close(share(Grade::Dishonest), DISHONEST), "{}", share(Grade::Dishonest));
        assert!(close(share(Grade::SeriouslyDishonest), SERIOUSLY_DISHONEST));
        let moved = |t: &u64| change(5, *t, traders, grades[*t as usize], standing(*t), 365).is_some();
        let count = (0..traders).filter(moved).count();
        assert!((100..400).contains(&count), "{count}");
    }
}
