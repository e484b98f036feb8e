//! Inclusion probabilities of a policy that never decided: the cut of its work lists averaged over throw-away keys.

use crate::selection::{Chance, Contender, Draw, Room, close};

/// A work list as the evaluated policy would fill it.
#[derive(Debug, Clone, PartialEq)]
pub struct HypotheticalList {
    /// The consignments that contend.
    pub chances: Vec<Chance>,
    /// Room of the list.
    pub room: Room,
}

/// `pi_e = E[max(protected, min(p, w tau))]` of each consignment of a list, over `draws`: one list of draws, in the order of the
/// consignments, for each throw-away key. Never the key of a period, whose draws the logged policy used.
///
/// tau of a consignment is the cut that the others leave it ([`Cuts`](crate::selection::Cuts)). 1 where mandatory: a queued
/// inspection is done later.
pub fn inclusion_probabilities(list: &HypotheticalList, draws: &[Vec<Draw>]) -> Vec<f64> {
    let mut sums = vec![0.0; list.chances.len()];
    for draws in draws {
        let contenders: Vec<Contender> =
            list.chances.iter().zip(draws).map(|(chance, draw)| chance.contender(*draw)).collect();
        let cuts = close(&contenders, list.room).cuts;
        for (sum, contender) in sums.iter_mut().zip(&contenders) {
            *sum += contender.realised_probability(cuts.of(contender));
        }
    }
    sums.iter().map(|sum| sum / draws.len().max(1) as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn draws(keys: u8, size: usize) -> Vec<Vec<Draw>> {
        let of_key = |key| (0..size).map(|i| Draw::new(&[key; 32], "throw-away", &i.to_string())).collect();
        (0..keys).map(of_key).collect()
    }

    fn chance() -> impl Strategy<Value = Chance> {
        let protected = prop_oneof![7 => Just(0.0), 1 => Just(1.0), 2 => 0.0..=1.0_f64];
        (0.0..=1.0_f64, 0.0..=5.0_f64, protected).prop_map(|(p, more, protected)| {
            let probability = p.max(protected);
            Chance { probability, weight: probability * (1.0 + more), protected }
        })
    }

    proptest! {
        /// The definition: close the list again with its own draw at 0 and unprotected, so that it is kept whatever the
        /// others do.
        #[test]
        fn a_cut_is_what_the_others_leave(
            chances in proptest::collection::vec(chance(), 1..40),
            slots in 0_usize..12, reserved in 0_usize..4, waiting in 0_usize..4, key in 0_u8..255,
        ) {
            let list = HypotheticalList { chances: chances.clone(), room: Room { slots, reserved, waiting } };
            let draws: Vec<Draw> =
                (0..chances.len()).map(|i| Draw::new(&[key; 32], "t", &i.to_string())).collect();
            let found = inclusion_probabilities(&list, std::slice::from_ref(&draws));
            for (i, own) in chances.iter().enumerate().filter(|(_, c)| c.probability > 0.0) {
                let mut contenders: Vec<Contender> =
                    chances.iter().zip(&draws).map(|(chance, draw)| chance.contender(*draw)).collect();
                contenders[i] =
                    Chance { protected: 0.0, ..chances[i] }.contender(Draw::stored(0.0).unwrap());
                let tau = close(&contenders, list.room).cuts.kept;
                let right = own.protected.max(own.probability.min(own.weight * tau));
                prop_assert!((found[i] - right).abs() < 1e-15, "{} is not {right}: {own:?} x {tau}", found[i]);
            }
        }
    }

    #[test]
    fn probabilities_are_the_frequencies_of_being_kept() {
        let protected = |i: i32| if i % 13 == 5 { 0.3 } else { 0.0 };
        let chance = |i: i32| Chance {
            probability: f64::max(f64::from(i + 1) / 60.0, protected(i)),
            weight: f64::max(f64::from(i + 1) / 60.0, protected(i)) * if i % 5 == 0 { 4.0 } else { 1.0 },
            protected: protected(i),
        };
        let chances: Vec<Chance> = (0..40).map(chance).collect();
        let room = Room { slots: 10, reserved: 2, waiting: 1 };
        let list = HypotheticalList { chances: chances.clone(), room };
        let average = inclusion_probabilities(&list, &draws(250, 40));
        let total: f64 = average.iter().sum();
        assert!((8.0..9.2).contains(&total), "{total} inspections of 10 slots, of which one is taken");
        let (mut kept, keys) = (vec![0_u32; 40], 4_000_u32);
        for key in 0..keys {
            let draw = |i: usize| Draw::new(&[7; 32], &key.to_string(), &i.to_string());
            let contenders: Vec<Contender> =
                chances.iter().enumerate().map(|(i, chance)| chance.contender(draw(i))).collect();
            let closed = close(&contenders, room);
            for (kept, contender) in kept.iter_mut().zip(&contenders) {
                *kept += u32::from(contender.is_selected(closed.cuts.kept));
            }
        }
        for (kept, pi) in kept.iter().zip(&average) {
            let frequency = f64::from(*kept) / f64::from(keys);
            // Four standard errors of the frequency, and three of the average cut: it varies by a quarter among keys.
            let error = 4.0 * (pi * (1.0 - pi) / f64::from(keys)).sqrt() + 3.0 * 0.25 / 250.0_f64.sqrt() * pi;
            assert!((frequency - pi).abs() < error, "{frequency} is not {pi}");
        }
    }
}
