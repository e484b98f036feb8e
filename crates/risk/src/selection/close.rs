//! The close of an office's work list: who is inspected with the slots there are.

use super::draw::Draw;

/// A consignment at the close of a work list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contender {
    /// p, in [0, 1].
    pub probability: f64,
    /// u.
    pub draw: Draw,
    /// Whether a rule makes inspection mandatory.
    pub mandatory: bool,
}

impl Contender {
    /// u / p of a candidate (u < p), below 1; none otherwise.
    pub fn rank(&self) -> Option<f64> {
        (self.draw.value() < self.probability).then(|| self.draw.value() / self.probability)
    }

    /// Whether it is on a work list whose cut is `tau`.
    pub fn is_selected(&self, tau: f64) -> bool {
        self.mandatory || self.rank().is_some_and(|rank| rank < tau)
    }

    /// pi: its probability of being on that work list, given everybody else's draws.
    pub fn realised_probability(&self, tau: f64) -> f64 {
        if self.mandatory { 1.0 } else { self.probability * tau }
    }
}

/// A closed work list.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// The cut of the ranks; 1 when all candidates fitted.
    pub tau: f64,
    /// Whether each contender, in their order, is mandatory beyond the slots: on the list, waiting for the next free one.
    pub queued: Vec<bool>,
}

/// Closes a work list of `slots`, of which `reserved` are kept from mandatory inspections as long as others contend.
///
/// Mandatory ones take their slots first, the smallest draws first, and queue beyond them. Of the candidates (u < p)
/// the C smallest ranks u / p are kept; tau is the next smallest, and pi = p tau (Duffield, Lund, Thorup 2007). Equal
/// ranks do not happen among distinct roots but with a chance of 2^-53; they are cut together.
pub fn close(contenders: &[Contender], slots: usize, reserved: usize) -> Closed {
    let mut mandatory: Vec<usize> = (0..contenders.len()).filter(|i| contenders[*i].mandatory).collect();
    mandatory.sort_by(|a, b| contenders[*a].draw.value().total_cmp(&contenders[*b].draw.value()));
    let mut ranks: Vec<f64> =
        contenders.iter().filter(|c| !c.mandatory).filter_map(Contender::rank).collect();
    ranks.sort_by(f64::total_cmp);
    let reserved = reserved.min(ranks.len()).min(slots);
    let taken = mandatory.len().min(slots - reserved);
    let tau = ranks.get(slots - taken).copied().unwrap_or(1.0);
    let mut queued = vec![false; contenders.len()];
    for beyond in &mandatory[taken..] {
        queued[*beyond] = true;
    }
    Closed { tau, queued }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contenders() -> impl Strategy<Value = Vec<Contender>> {
        let one = (0.0..=1.0_f64, 0_u64..1 << 53, proptest::bool::weighted(0.1));
        proptest::collection::vec(one, 0..60).prop_map(|all| {
            let contender = |(p, u, mandatory): (f64, u64, bool)| Contender {
                probability: if mandatory { 1.0 } else { p },
                draw: Draw::stored(u as f64 / (1_u64 << 53) as f64).unwrap(),
                mandatory,
            };
            all.into_iter().map(contender).collect()
        })
    }

    proptest! {
        #[test]
        fn no_list_exceeds_its_slots_and_no_slot_is_left_while_candidates_wait(
            all in contenders(), slots in 0_usize..40, reserved in 0_usize..4,
        ) {
            let closed = close(&all, slots, reserved);
            let on_list = all.iter().zip(&closed.queued).filter(|(c, queued)| c.is_selected(closed.tau) && !**queued);
            let candidates = all.iter().filter(|c| c.is_selected(1.0)).count();
            prop_assert_eq!(on_list.count(), candidates.min(slots));
            for (contender, queued) in all.iter().zip(&closed.queued) {
                prop_assert!(!queued || contender.mandatory, "only mandatory ones queue");
                prop_assert!(contender.realised_probability(closed.tau) <= contender.probability);
            }
        }

        #[test]
        fn the_order_of_contenders_leaves_no_trace(all in contenders(), slots in 0_usize..40) {
            let mut turned = all.clone();
            turned.reverse();
            let mut closed = close(&turned, slots, 2);
            closed.queued.reverse();
            prop_assert_eq!(closed, close(&all, slots, 2));
        }
    }

    /// The total estimated with weights 1 / pi is unbiased although a third of the days overflow; weights 1 / p, as if
    /// nothing had been shed, are far off.
    #[test]
    fn weighting_by_pi_is_unbiased_and_by_p_is_not() {
        let (days, size, slots) = (3_000, 100, 10);
        let key = [3; 32];
        let value = |i: usize| if i.is_multiple_of(8) { 2.0 } else { 0.0 };
        let truth: f64 = (0..size).map(value).sum();
        let (mut by_pi, mut by_p) = (Vec::new(), Vec::new());
        for day in 0..days {
            let all: Vec<Contender> = (0..size)
                .map(|i| Contender {
                    probability: if value(i) > 0.0 { 0.3 } else { 0.071 },
                    draw: Draw::new(&key, &day.to_string(), &i.to_string()),
                    mandatory: false,
                })
                .collect();
            let closed = close(&all, slots, 2);
            let total = |weight: &dyn Fn(usize) -> f64| -> f64 {
                (0..size).filter(|i| all[*i].is_selected(closed.tau)).map(|i| value(i) / weight(i)).sum()
            };
            by_pi.push(total(&|i| all[i].realised_probability(closed.tau)));
            by_p.push(total(&|i| all[i].probability));
        }
        let mean = |totals: &[f64]| totals.iter().sum::<f64>() / totals.len() as f64;
        let deviation = |totals: &[f64]| {
            let mean = mean(totals);
            (totals.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (totals.len() - 1) as f64).sqrt()
        };
        let error = |totals: &[f64]| (mean(totals) - truth) / (deviation(totals) / f64::from(days).sqrt());
        assert!(error(&by_pi).abs() < 3.0, "{} of {truth}: {} standard errors", mean(&by_pi), error(&by_pi));
        assert!(error(&by_p).abs() > 10.0, "{} of {truth}", mean(&by_p));
    }
}
