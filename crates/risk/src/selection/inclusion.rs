//! The inclusion probability of a consignment, and which part of it a draw fell into.

use super::close::{Chance, Contender};
use super::draw::Draw;

/// Parts of p that belong to a grade at an office.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stratum {
    /// g, in [0, 1].
    pub guaranteed: f64,
    /// f, in [0, 1].
    pub floor: f64,
    /// m, in [0, 1].
    pub multiplier: f64,
}

/// The parts of an inclusion probability, all in [0, 1] but r, which goes on rising above 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// Whether a rule makes inspection mandatory.
    pub mandatory: bool,
    /// g: what the law guarantees for the grade of the trader.
    pub guaranteed: f64,
    /// f: what chance alone gives every consignment of the stratum.
    pub floor: f64,
    /// m: multiplier of the stratum.
    pub multiplier: f64,
    /// e: share of the rest that does not depend on the score.
    pub exploration: f64,
    /// r: where the priority stands on the ramp around the threshold: 0 below it, above 1 beyond it.
    pub ramp: f64,
}

/// Part of p that a draw fell into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// A rule made it mandatory.
    Mandatory,
    /// The law guarantees such a rate for the grade of the trader.
    Statutory,
    /// Chance alone.
    Floor,
    /// Exploration: chance that the score had no part in.
    Exploration,
    /// The score.
    Model,
    /// Above p: not a candidate.
    None,
}

impl Component {
    /// Code in the tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Statutory => "statutory",
            Self::Floor => "floor",
            Self::Exploration => "exploration",
            Self::Model => "model",
            Self::None => "none",
        }
    }
}

impl Parts {
    /// Parts of a consignment with a priority, in a stratum, around the threshold of its office.
    pub fn new(
        mandatory: bool,
        priority: f64,
        threshold: f64,
        ramp_width: f64,
        stratum: Stratum,
        exploration: f64,
    ) -> Self {
        let Stratum { guaranteed, floor, multiplier } = stratum;
        Self {
            mandatory,
            guaranteed,
            floor,
            multiplier,
            exploration,
            ramp: ramp(priority, threshold, ramp_width),
        }
    }

    /// p = max(g, f + (1 - f) m (e + (1 - e) min(r, 1))); 1 when mandatory.
    pub fn probability(&self) -> f64 {
        self.protected().max(self.chosen(self.ramp.min(1.0)))
    }

    /// w: what the rank u / w is taken by, p with r as it is. Far above the ramp it is far above 1, so that where slots are
    /// short the highest priorities keep theirs: pi = min(p, w tau).
    pub fn weight(&self) -> f64 {
        self.protected().max(self.chosen(self.ramp))
    }

    /// Part of p that takes a slot before others and is never shed: 1 when mandatory, otherwise the greater of g and f, so
    /// that the floor stays what it says on a full day and a short list too.
    pub fn protected(&self) -> f64 {
        if self.mandatory { 1.0 } else { self.guaranteed.max(self.floor) }
    }

    /// p, w and the protected part of p.
    pub fn chance(&self) -> Chance {
        Chance { probability: self.probability(), weight: self.weight(), protected: self.protected() }
    }

    /// The part of p that a draw fell into: nested intervals, what is protected lowest, then floor, exploration, model.
    /// `probability` is p of the consignment, which an earlier version may have raised above [`Parts::probability`].
    pub fn component(&self, draw: Draw, probability: f64) -> Component {
        let u = draw.value();
        if self.mandatory {
            Component::Mandatory
        } else if u < self.guaranteed {
            Component::Statutory
        } else if u < self.floor {
            Component::Floor
        } else if u < self.up_to(self.exploration) {
            Component::Exploration
        } else if u < probability {
            Component::Model
        } else {
            Component::None
        }
    }

    /// Whether the multiplier alone kept a consignment off its work list, as no candidate or by its rank: what the promise
    /// to the grade costs. With a multiplier of 1 for it and everybody else as they are, its draw would have got a slot;
    /// `tau` is what the others leave it, whatever it contends with itself.
    pub fn is_suppressed(&self, contender: Contender, tau: f64) -> bool {
        let uncapped = Self { multiplier: 1.0, ..*self }.chance().max(contender.chance);
        !contender.is_selected(tau) && uncapped.contender(contender.draw).is_selected(tau)
    }

    fn chosen(&self, ramp: f64) -> f64 {
        self.up_to(self.exploration + (1.0 - self.exploration) * ramp)
    }

    fn up_to(&self, share: f64) -> f64 {
        self.floor + (1.0 - self.floor) * self.multiplier * share
    }
}

/// 0 up to `threshold (1 - width)`, from there a straight line through 1 at `threshold (1 + width)`; without a width
/// there is no line, and r is 0 or 1.
pub fn ramp(priority: f64, threshold: f64, width: f64) -> f64 {
    let (low, high) = (threshold * (1.0 - width), threshold * (1.0 + width));
    if high <= low {
        return if priority >= threshold { 1.0 } else { 0.0 };
    }
    ((priority - low) / (high - low)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit() -> impl Strategy<Value = f64> {
        0.0..=1.0_f64
    }

    proptest! {
        #[test]
        fn a_probability_is_one_and_grows_with_the_score(
            scores in [unit(), unit()], threshold in unit(), width in unit(),
            guaranteed in unit(), floor in unit(), multiplier in unit(), exploration in unit(),
        ) {
            let stratum = Stratum { guaranteed, floor, multiplier };
            let p = |score| Parts::new(false, score, threshold, width, stratum, exploration);
            let [low, high] = if scores[0] <= scores[1] { scores } else { [scores[1], scores[0]] };
            let (low, high) = (p(low), p(high));
            prop_assert!((0.0..=1.0).contains(&low.probability()) && low.probability() <= high.probability());
            prop_assert!(low.probability() >= floor.max(guaranteed), "nobody is below the floor");
            prop_assert!(low.weight() >= low.probability() && low.weight() <= high.weight());
        }

        #[test]
        fn a_probability_grows_with_each_part(
            parts in [unit(), unit(), unit(), unit(), unit()], raised in 0_usize..5, to in unit(),
        ) {
            let p = |[guaranteed, floor, multiplier, exploration, ramp]: [f64; 5]| {
                Parts { mandatory: false, guaranteed, floor, multiplier, exploration, ramp }.probability()
            };
            let mut more = parts;
            more[raised] = more[raised].max(to);
            // Sums in another order may differ in the last bits.
            prop_assert!(p(more) >= p(parts) - 1e-15 && (0.0..=1.0).contains(&p(more)));
        }

        #[test]
        fn a_draw_is_a_candidate_exactly_when_it_falls_below_p(u in 0.0..1.0_f64, score in unit(), floor in unit(), multiplier in unit()) {
            let stratum = Stratum { guaranteed: 0.0, floor, multiplier };
            let parts = Parts::new(false, score, 0.4, 0.5, stratum, 0.02);
            let p = parts.probability();
            let component = parts.component(Draw::stored(u).unwrap(), p);
            prop_assert_eq!(component != Component::None, u < p);
            prop_assert_eq!(component == Component::Floor, u < floor);
            let draw = Draw::stored(u).unwrap();
            let uncapped = Parts { multiplier: 1.0, ..parts };
            let is_candidate_uncapped = uncapped.component(draw, uncapped.probability()) != Component::None;
            let contender = parts.chance().contender(draw);
            prop_assert_eq!(
                parts.is_suppressed(contender, 1.0), is_candidate_uncapped && component == Component::None,
                "where all candidates fit"
            );
        }
    }

    #[test]
    fn suppressed_is_who_would_have_a_slot_with_a_multiplier_of_one() {
        let parts = Parts {
            mandatory: false,
            guaranteed: 0.0,
            floor: 0.0,
            multiplier: 0.2,
            exploration: 0.0,
            ramp: 1.0,
        };
        let suppressed = |parts: Parts, u: f64, tau: f64| {
            parts.is_suppressed(parts.chance().contender(Draw::stored(u).unwrap()), tau)
        };
        // p = w = 0.2, and 1 without the promise.
        assert!(suppressed(parts, 0.4, 0.5), "no candidate");
        assert!(
            suppressed(parts, 0.15, 0.5),
            "a candidate whose rank the multiplier raised from 0.15 to 0.75"
        );
        assert!(!suppressed(parts, 0.15, 0.1), "shed in any case");
        assert!(!suppressed(parts, 0.6, 0.5), "no slot in any case");
        assert!(!suppressed(parts, 0.05, 0.5), "on the list");
        for mandatory in [Parts { mandatory: true, ..parts }, Parts { guaranteed: 1.0, ..parts }] {
            assert!(
                (0..10).all(|u| !suppressed(mandatory, f64::from(u) / 10.0, 0.5)),
                "never a protected one"
            );
        }
    }

    #[test]
    fn the_ramp_runs_around_the_threshold() {
        let bits =
            |scores: &[f64], width| scores.iter().map(|s| ramp(*s, 0.5, width).to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&[0.1, 0.25, 0.5, 0.75, 1.0], 0.5), [0.0, 0.0, 0.5, 1.0, 1.5_f64].map(f64::to_bits));
        assert_eq!(bits(&[0.0, 0.49, 0.5], 0.0), [0.0, 0.0, 1.0_f64].map(f64::to_bits), "no width: a step");
    }
}
