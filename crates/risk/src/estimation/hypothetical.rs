//! Inclusion probabilities of a policy that never decided: the cut of its work lists averaged over throw-away keys.

use crate::selection::{Contender, Draw};

/// A work list as the evaluated policy would fill it.
#[derive(Debug, Clone, PartialEq)]
pub struct HypotheticalList {
    /// p of each consignment; `None` when a rule of the policy makes inspection mandatory.
    pub probabilities: Vec<Option<f64>>,
    /// Inspections that the list has room for.
    pub slots: usize,
    /// Slots kept from mandatory inspections as long as others contend.
    pub reserved: usize,
}

/// `pi_e = E[p tau]` of each consignment of a list, over `draws`: one list of draws, in the order of the consignments,
/// for each throw-away key. Never the key of a period, whose draws the logged policy used.
///
/// tau of a consignment is the cut that *the others* leave it: the next rank after the last that fits beside it. That
/// is the list's own cut if it was kept, and the last kept rank if it was not; the average of p times the list's cut
/// over everybody would be too great, since a consignment that was shed widens the cut it is measured with (Duffield,
/// Lund, Thorup 2007, section 2). 1 where mandatory: a queued inspection is done later.
pub fn inclusion_probabilities(list: &HypotheticalList, draws: &[Vec<Draw>]) -> Vec<f64> {
    let mut sums = vec![0.0; list.probabilities.len()];
    for draws in draws {
        let cuts = Cuts::new(list, draws);
        for ((sum, probability), draw) in sums.iter_mut().zip(&list.probabilities).zip(draws) {
            *sum += probability.map_or(1.0, |p| p * cuts.of(p, *draw));
        }
    }
    sums.iter().map(|sum| sum / draws.len().max(1) as f64).collect()
}

/// The cuts of one closed list: for those kept, for those shed, for those whose draw is above p.
struct Cuts {
    kept: f64,
    shed: f64,
    outside: f64,
}

impl Cuts {
    fn new(list: &HypotheticalList, draws: &[Draw]) -> Self {
        let mandatory = list.probabilities.iter().filter(|p| p.is_none()).count();
        let contenders = list.probabilities.iter().zip(draws);
        let mut ranks: Vec<f64> = contenders.filter_map(|(p, draw)| rank((*p)?, *draw)).collect();
        ranks.sort_by(f64::total_cmp);
        let room = |candidates: usize| {
            let reserved = list.reserved.min(candidates).min(list.slots);
            list.slots - mandatory.min(list.slots - reserved)
        };
        let last_kept = |room: usize| match room.checked_sub(1) {
            Some(place) => ranks.get(place).copied().unwrap_or(1.0),
            None => 0.0,
        };
        let capacity = room(ranks.len());
        let kept = ranks.get(capacity).copied().unwrap_or(1.0);
        Self { kept, shed: last_kept(capacity), outside: last_kept(room(ranks.len() + 1)) }
    }

    fn of(&self, probability: f64, draw: Draw) -> f64 {
        match rank(probability, draw) {
            Some(rank) if rank < self.kept => self.kept,
            Some(_) => self.shed,
            None => self.outside,
        }
    }
}

fn rank(probability: f64, draw: Draw) -> Option<f64> {
    Contender { probability, draw, mandatory: false }.rank()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::close;
    use proptest::prelude::*;

    fn draws(keys: u8, size: usize) -> Vec<Vec<Draw>> {
        let of_key = |key| (0..size).map(|i| Draw::new(&[key; 32], "throw-away", &i.to_string())).collect();
        (0..keys).map(of_key).collect()
    }

    proptest! {
        /// The definition: close the list again with its own draw at 0, so that it is kept whatever the others do.
        #[test]
        fn a_cut_is_what_the_others_leave(
            probabilities in proptest::collection::vec(proptest::option::weighted(0.9, 0.0..=1.0_f64), 1..40),
            slots in 0_usize..12, reserved in 0_usize..4, key in 0_u8..255,
        ) {
            let list = HypotheticalList { probabilities: probabilities.clone(), slots, reserved };
            let draws: Vec<Draw> =
                (0..probabilities.len()).map(|i| Draw::new(&[key; 32], "t", &i.to_string())).collect();
            let found = inclusion_probabilities(&list, std::slice::from_ref(&draws));
            for (i, probability) in probabilities.iter().enumerate() {
                let Some(own) = probability.filter(|p| *p > 0.0) else { continue };
                let contenders: Vec<Contender> = probabilities.iter().zip(&draws).enumerate()
                    .map(|(j, (p, draw))| Contender {
                        probability: p.unwrap_or(1.0),
                        draw: if i == j { Draw::stored(0.0).unwrap() } else { *draw },
                        mandatory: p.is_none(),
                    })
                    .collect();
                let tau = close(&contenders, slots, reserved).tau;
                prop_assert!((found[i] - own * tau).abs() < 1e-15, "{} is not {own} x {tau}", found[i]);
            }
        }
    }

    #[test]
    fn probabilities_are_the_frequencies_of_being_kept() {
        let probabilities: Vec<Option<f64>> = (0..40).map(|i| Some(f64::from(i + 1) / 60.0)).collect();
        let list = HypotheticalList { probabilities: probabilities.clone(), slots: 10, reserved: 2 };
        let average = inclusion_probabilities(&list, &draws(100, 40));
        let total: f64 = average.iter().sum();
        assert!((total - 9.5).abs() < 0.5, "{total} inspections of 10 slots");
        let (mut kept, keys) = (vec![0_u32; 40], 4_000_u32);
        for key in 0..keys {
            let contenders: Vec<Contender> = probabilities
                .iter()
                .enumerate()
                .map(|(i, p)| Contender {
                    probability: p.unwrap(),
                    draw: Draw::new(&[7; 32], &key.to_string(), &i.to_string()),
                    mandatory: false,
                })
                .collect();
            let closed = close(&contenders, 10, 2);
            for (kept, contender) in kept.iter_mut().zip(&contenders) {
                *kept += u32::from(contender.is_selected(closed.tau));
            }
        }
        for (kept, pi) in kept.iter().zip(&average) {
            let frequency = f64::from(*kept) / f64::from(keys);
            // Four standard errors of the frequency, and 2 % for a hundred keys.
            let error = 4.0 * (pi * (1.0 - pi) / f64::from(keys)).sqrt() + 0.02 * pi;
            assert!((frequency - pi).abs() < error, "{frequency} is not {pi}");
        }
    }
}
