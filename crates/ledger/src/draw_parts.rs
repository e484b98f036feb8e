//! The inclusion probability of a consignment and its parts, as the bytes that a commitment binds to.

/// Bytes of [`DrawParts::to_bytes`].
pub const DRAW_PARTS_BYTES: usize = 49;

/// What decides whether a draw becomes a candidate; every number is in [0, 1] but r, which is not negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrawParts {
    /// Whether a rule makes inspection mandatory.
    pub mandatory: bool,
    /// g: what the law guarantees for the grade of the trader.
    pub guaranteed: f64,
    /// f: what chance alone gives everybody.
    pub floor: f64,
    /// m: multiplier of the stratum.
    pub multiplier: f64,
    /// e: share of the rest that does not depend on the score.
    pub exploration: f64,
    /// r: where the priority stands on the ramp around the threshold; above 1 beyond it.
    pub ramp: f64,
    /// p of the consignment: the greatest that this version and those before it give.
    pub probability: f64,
}

impl DrawParts {
    /// p of this version alone: max(g, f + (1 - f) m (e + (1 - e) min(r, 1))), and 1 when mandatory.
    pub fn own_probability(&self) -> f64 {
        self.own_protected().max(self.chosen(self.ramp.min(1.0)))
    }

    /// w of this version alone, which its rank is taken by: the same with r as it is.
    pub fn own_weight(&self) -> f64 {
        self.own_protected().max(self.chosen(self.ramp))
    }

    fn chosen(&self, ramp: f64) -> f64 {
        self.up_to(self.exploration + (1.0 - self.exploration) * ramp)
    }

    /// Part of this version's p that takes a slot before others and is never shed: 1 when mandatory, otherwise the greater of
    /// g and f.
    pub fn own_protected(&self) -> f64 {
        if self.mandatory { 1.0 } else { self.guaranteed.max(self.floor) }
    }

    /// The upper end of the nested interval of draws that floor and exploration select.
    pub fn up_to_exploration(&self) -> f64 {
        self.up_to(self.exploration)
    }

    fn up_to(&self, share: f64) -> f64 {
        self.floor + (1.0 - self.floor) * self.multiplier * share
    }

    /// A byte for mandatory, then g, f, m, e, r and p as big-endian IEEE 754 doubles.
    pub fn to_bytes(&self) -> [u8; DRAW_PARTS_BYTES] {
        let mut bytes = [0; DRAW_PARTS_BYTES];
        bytes[0] = u8::from(self.mandatory);
        for (place, number) in bytes[1..].chunks_exact_mut(8).zip(self.numbers()) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// The parts that give these bytes; none for bytes that no parts give.
    pub fn from_bytes(bytes: &[u8; DRAW_PARTS_BYTES]) -> Option<Self> {
        let number = |place: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[1 + 8 * place..9 + 8 * place]);
            f64::from_be_bytes(number)
        };
        let parts = Self {
            mandatory: bytes[0] == 1,
            guaranteed: number(0),
            floor: number(1),
            multiplier: number(2),
            exploration: number(3),
            ramp: number(4),
            probability: number(5),
        };
        (bytes[0] <= 1 && parts.is_sound()).then_some(parts)
    }

    /// Whether every number is in [0, 1], and r not negative and finite.
    pub fn is_sound(&self) -> bool {
        let Self { guaranteed, floor, multiplier, exploration, ramp, probability, .. } = *self;
        let shares = [guaranteed, floor, multiplier, exploration, probability];
        shares.iter().all(|share| (0.0..=1.0).contains(share)) && (0.0..=f64::MAX).contains(&ramp)
    }

    const fn numbers(&self) -> [f64; 6] {
        [self.guaranteed, self.floor, self.multiplier, self.exploration, self.ramp, self.probability]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_read_back_from_their_bytes(mandatory: bool, numbers in prop::array::uniform6(0.0..=1.0_f64)) {
            let [guaranteed, floor, multiplier, exploration, ramp, probability] = numbers;
            let parts = DrawParts { mandatory, guaranteed, floor, multiplier, exploration, ramp, probability };
            prop_assert_eq!(DrawParts::from_bytes(&parts.to_bytes()), Some(parts));
        }
    }

    #[test]
    fn bytes_of_no_parts_are_refused() {
        assert_eq!(DrawParts::from_bytes(&[2; DRAW_PARTS_BYTES]), None);
        // 0xffff... is no number.
        let mut bytes = [0xff; DRAW_PARTS_BYTES];
        bytes[0] = 0;
        assert_eq!(DrawParts::from_bytes(&bytes), None);
    }

    /// The layout that `selection::Parts` of the decisions has, byte by byte.
    #[test]
    fn the_layout_is_a_flag_and_six_doubles() {
        let parts = DrawParts {
            mandatory: true,
            guaranteed: 0.0,
            floor: 1.0,
            multiplier: 0.0,
            exploration: 0.5,
            ramp: 0.0,
            probability: 1.0,
        };
        let bytes = parts.to_bytes();
        assert_eq!(bytes[..11], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0x3f, 0xf0]);
        assert_eq!(bytes[25..27], [0x3f, 0xe0]);
    }
}
