//! The close of an office's work list: who is inspected with the slots there are.

use super::draw::Draw;

/// What a consignment contends with, whatever its draw: the greatest of its versions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Chance {
    /// p, in [0, 1].
    pub probability: f64,
    /// w, at least p: what its rank is taken by.
    pub weight: f64,
    /// Part of p that takes a slot before others and is never shed; 1 when a rule makes inspection mandatory.
    pub protected: f64,
}

impl Chance {
    /// The greater of each of two versions.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            probability: self.probability.max(other.probability),
            weight: self.weight.max(other.weight),
            protected: self.protected.max(other.protected),
        }
    }

    /// pi = max(protected, min(p, w tau)): its probability of being on a work list whose cut is `tau`, given everybody
    /// else's draws. Whether it is protected itself changes nothing: it then takes one of the slots, and the next rank is the
    /// cut as before.
    pub fn realised_probability(&self, tau: f64) -> f64 {
        self.protected.max(self.probability.min(self.weight * tau))
    }

    /// The cut at which pi is at least what it was on a list before: who is lodged again keeps the chance that it had, and
    /// another list adds to it where that one leaves more. It is selected when either list selects it, u < max of both.
    #[must_use]
    pub fn cut_since(&self, tau: f64, realised_before: f64) -> f64 {
        // Without weight there was no chance before, and 0 / 0 is no cut.
        tau.max(realised_before / self.weight)
    }

    /// What contends with a draw.
    pub fn contender(self, draw: Draw) -> Contender {
        Contender { chance: self, draw }
    }
}

/// A consignment at the close of a work list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contender {
    /// Its chance.
    pub chance: Chance,
    /// u.
    pub draw: Draw,
}

impl Contender {
    /// Whether its draw fell into the protected part.
    pub fn is_protected(&self) -> bool {
        self.draw.value() < self.chance.protected
    }

    /// u / w of a candidate (u < p), below 1; none otherwise.
    pub fn rank(&self) -> Option<f64> {
        (self.draw.value() < self.chance.probability).then(|| self.draw.value() / self.chance.weight)
    }

    /// Whether it is on a work list whose cut is `tau`.
    pub fn is_selected(&self, tau: f64) -> bool {
        self.is_protected() || self.rank().is_some_and(|rank| rank < tau)
    }

    /// [`Chance::realised_probability`].
    pub fn realised_probability(&self, tau: f64) -> f64 {
        self.chance.realised_probability(tau)
    }
}

/// Room of a work list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Inspections that can be done.
    pub slots: usize,
    /// Slots kept from protected ones as long as others contend; at most half of all.
    pub reserved: usize,
    /// Protected ones that wait from the lists before.
    pub waiting: usize,
}

impl Room {
    /// Slots that so many protected ones take, those that wait included, while so many others contend. What is reserved
    /// is never more than half of the slots: on a short list it would keep the protected ones waiting for ever.
    pub fn taken(&self, protected: usize, others: usize) -> usize {
        let reserved = self.reserved.min(others).min(self.slots / 2);
        (self.waiting + protected).min(self.slots - reserved)
    }
}

/// The cuts of a closed work list. The cut of a consignment is the next rank after the last that fits beside it: what *the
/// others* leave it, whatever its own draw. The list's own cut is that of those it kept alone; who was shed widened it, and
/// the sum of p times it over everybody would be too great (Duffield, Lund, Thorup 2007, section 2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cuts {
    /// Of a candidate that was kept: the cut of the list, the smallest rank that got no slot; 1 when all candidates fitted.
    pub kept: f64,
    /// Of who does not contend: the last rank that would fit if there were one candidate more.
    pub outside: f64,
    shed: f64,
    protected: f64,
}

impl Cuts {
    /// From the ranks of the candidates in their order, and the number of protected ones.
    fn new(ranks: &[f64], protected: usize, room: Room) -> Self {
        let slots = |candidates, protected| room.slots - room.taken(protected, candidates);
        let rank = |place: usize| ranks.get(place).copied().unwrap_or(1.0);
        let last_kept = |slots: usize| slots.checked_sub(1).map_or(0.0, rank);
        let open = slots(ranks.len(), protected);
        Self {
            kept: rank(open),
            shed: last_kept(open),
            outside: last_kept(slots(ranks.len() + 1, protected)),
            protected: last_kept(slots(ranks.len() + 1, protected.saturating_sub(1))),
        }
    }

    /// The cut of one of the contenders.
    pub fn of(&self, contender: &Contender) -> f64 {
        match contender.rank() {
            _ if contender.is_protected() => self.protected,
            Some(rank) if rank < self.kept => self.kept,
            Some(_) => self.shed,
            None => self.outside,
        }
    }
}

/// A closed work list.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// The cuts of the ranks.
    pub cuts: Cuts,
    /// Whether each contender, in their order, is protected and beyond the slots: on the list, waiting for the next
    /// free one.
    pub queued: Vec<bool>,
    /// Protected ones that wait after the list.
    pub waiting: usize,
    /// Slots that are used.
    pub taken: usize,
}

/// Closes a work list.
///
/// Protected ones take their slots first, those that wait from earlier lists before those of today, of these the
/// smallest draws first, and queue beyond them. Of the other candidates (u < p) the C smallest ranks u / w are kept,
/// where C is the number of slots left; tau is the next smallest for those kept, what [`Cuts`] says for the others, and
/// pi = min(p, w tau): selected are those with u < min(p, w tau), and tau does not depend on their own draw (priority
/// sampling: Duffield, Lund, Thorup 2007). Equal ranks do not happen among distinct roots but with a chance of 2^-53; they
/// are cut together.
pub fn close(contenders: &[Contender], room: Room) -> Closed {
    let waiting = room.waiting;
    let mut protected: Vec<usize> = (0..contenders.len()).filter(|i| contenders[*i].is_protected()).collect();
    protected.sort_by(|a, b| contenders[*a].draw.value().total_cmp(&contenders[*b].draw.value()));
    let mut ranks: Vec<f64> =
        contenders.iter().filter(|c| !c.is_protected()).filter_map(Contender::rank).collect();
    ranks.sort_by(f64::total_cmp);
    let taken = room.taken(protected.len(), ranks.len());
    let mut queued = vec![false; contenders.len()];
    for beyond in &protected[taken.saturating_sub(waiting).min(protected.len())..] {
        queued[*beyond] = true;
    }
    let cuts = Cuts::new(&ranks, protected.len(), room);
    Closed {
        cuts,
        queued,
        waiting: waiting + protected.len() - taken,
        taken: taken + ranks.len().min(room.slots - taken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contenders() -> impl Strategy<Value = Vec<Contender>> {
        let protected = prop_oneof![8 => Just(0.0), 1 => Just(1.0), 1 => 0.0..=1.0_f64];
        let one = (0.0..=1.0_f64, 0.0..=5.0_f64, 0_u64..1 << 53, protected);
        proptest::collection::vec(one, 0..60).prop_map(|all| {
            let contender = |(p, more, u, protected): (f64, f64, u64, f64)| {
                let probability = p.max(protected);
                let chance = Chance { probability, weight: probability * (1.0 + more), protected };
                chance.contender(Draw::stored(u as f64 / (1_u64 << 53) as f64).unwrap())
            };
            all.into_iter().map(contender).collect()
        })
    }

    fn room() -> impl Strategy<Value = Room> {
        (0_usize..40, 0_usize..4, 0_usize..6).prop_map(|(slots, reserved, waiting)| Room {
            slots,
            reserved,
            waiting,
        })
    }

    proptest! {
        #[test]
        fn no_list_exceeds_its_slots_and_no_slot_is_left_while_candidates_wait(all in contenders(), room in room()) {
            let closed = close(&all, room);
            let on_list = all.iter().zip(&closed.queued).filter(|(c, queued)| c.is_selected(closed.cuts.kept) && !**queued);
            let candidates = all.iter().filter(|c| c.is_selected(1.0)).count() + room.waiting;
            let waiting_served = room.waiting - room.waiting.min(closed.waiting);
            let queued = closed.queued.iter().filter(|q| **q).count();
            prop_assert_eq!(on_list.count() + room.waiting + queued - closed.waiting, candidates.min(room.slots));
            prop_assert!(waiting_served <= room.slots);
            prop_assert!(closed.taken == candidates.min(room.slots));
            for (contender, queued) in all.iter().zip(&closed.queued) {
                prop_assert!(!queued || contender.is_protected(), "only protected ones queue");
                prop_assert!(contender.realised_probability(closed.cuts.kept) <= contender.chance.probability);
            }
        }

        #[test]
        fn the_order_of_contenders_leaves_no_trace(all in contenders(), room in room()) {
            let mut turned = all.clone();
            turned.reverse();
            let mut closed = close(&turned, room);
            closed.queued.reverse();
            prop_assert_eq!(closed, close(&all, room));
        }
    }

    /// Totals of ten thousand days estimated with weights 1 / pi and, as if nothing had been shed, 1 / p.
    struct Totals {
        truth: f64,
        by_pi: Vec<f64>,
        by_p: Vec<f64>,
    }

    /// Each day a hundred consignments meet ten slots; one of them is mandatory, one in twenty is of a trader of whom
    /// the law wants 80 % inspected, and an eighth carries something to find.
    fn simulated_days(days: u32) -> Totals {
        let (size, room) = (100, Room { slots: 10, reserved: 2, waiting: 0 });
        let key = [3; 32];
        let value = |i: usize| if i.is_multiple_of(8) { 2.0 } else { 0.0 };
        let protected = |i: usize| match i {
            40 => 1.0,
            _ if i.is_multiple_of(20) => 0.8,
            _ => 0.003,
        };
        let (mut by_pi, mut by_p) = (Vec::new(), Vec::new());
        for day in 0..days {
            let chance = |i: usize| Chance {
                probability: f64::max(protected(i), if value(i) > 0.0 { 0.3 } else { 0.05 }),
                // A third of those with something to find stand far above the ramp.
                weight: f64::max(protected(i), if i.is_multiple_of(24) { 2.0 } else { 0.3 }),
                protected: protected(i),
            };
            let draw = |i: usize| Draw::new(&key, &day.to_string(), &i.to_string());
            let all: Vec<Contender> = (0..size).map(|i| chance(i).contender(draw(i))).collect();
            let closed = close(&all, room);
            let listed = all
                .iter()
                .zip(&closed.queued)
                .filter(|(c, queued)| c.is_selected(closed.cuts.kept) && !**queued);
            assert!(listed.count() <= room.slots, "day {day}");
            let total = |weight: &dyn Fn(usize) -> f64| -> f64 {
                (0..size)
                    .filter(|i| all[*i].is_selected(closed.cuts.kept))
                    .map(|i| value(i) / weight(i))
                    .sum()
            };
            by_pi.push(total(&|i| all[i].realised_probability(closed.cuts.kept)));
            by_p.push(total(&|i| all[i].chance.probability));
        }
        Totals { truth: (0..size).map(value).sum(), by_pi, by_p }
    }

    /// Distance of the mean from the truth, in standard errors.
    fn standard_errors(totals: &[f64], truth: f64) -> f64 {
        let n = totals.len() as f64;
        let mean = totals.iter().sum::<f64>() / n;
        let variance = totals.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean - truth) / (variance / n).sqrt()
    }

    #[test]
    fn over_ten_thousand_days_weighting_by_pi_is_unbiased_and_by_p_is_not() {
        let Totals { truth, by_pi, by_p } = simulated_days(10_000);
        let (pi, p) = (standard_errors(&by_pi, truth), standard_errors(&by_p, truth));
        assert!(pi.abs() < 3.0, "by pi: {pi} standard errors from {truth}");
        assert!(p < -10.0, "by p, as if nothing were shed: {p} standard errors from {truth}");
    }

    /// On short lists, where it matters most: a dozen consignments, three slots.
    #[test]
    fn pi_of_everybody_adds_up_to_the_inspections() {
        let room = Room { slots: 3, reserved: 1, waiting: 0 };
        let (mut by_cuts, mut by_list) = (Vec::new(), Vec::new());
        for day in 0..20_000 {
            let protected = |i: usize| if i == 4 { 0.7 } else { 0.02 };
            let chance = |i: usize| {
                let probability = f64::max(protected(i), 0.1 * (i % 6 + 1) as f64);
                Chance { probability, weight: probability * 1.5, protected: protected(i) }
            };
            let draw = |i: usize| Draw::new(&[8; 32], &day.to_string(), &i.to_string());
            let all: Vec<Contender> = (0..12).map(|i| chance(i).contender(draw(i))).collect();
            let cuts = close(&all, room).cuts;
            let selected = all.iter().filter(|c| c.is_selected(cuts.of(c))).count();
            assert_eq!(selected, all.iter().filter(|c| c.is_selected(cuts.kept)).count());
            let above = |sum: f64| sum - selected as f64;
            by_cuts.push(above(all.iter().map(|c| c.realised_probability(cuts.of(c))).sum()));
            by_list.push(above(all.iter().map(|c| c.realised_probability(cuts.kept)).sum()));
        }
        let (right, wrong) = (standard_errors(&by_cuts, 0.0), standard_errors(&by_list, 0.0));
        assert!(right.abs() < 3.0, "by what the others leave: {right} standard errors");
        assert!(wrong > 10.0, "by the cut of the list: {wrong} standard errors");
    }

    /// Lodged with a small p where there is room, and once more with a great one where there is little.
    #[test]
    fn pi_of_who_is_lodged_again_is_the_chance_of_either_list() {
        let chance = |p| Chance { probability: p, weight: p, protected: 0.0 };
        let (mut by_pi, mut by_first_cut) = (Vec::new(), Vec::new());
        for day in 0..20_000 {
            let draw = |name: &str| Draw::new(&[5; 32], &day.to_string(), name);
            let first = chance(0.1).contender(draw("again"));
            let again = chance(0.9).contender(first.draw);
            let is_listed = first.is_selected(1.0);
            let others = (0..30).map(|i| chance(0.5).contender(draw(&i.to_string())));
            let contending: Vec<Contender> = others.chain((!is_listed).then_some(again)).collect();
            let cuts = close(&contending, Room { slots: 2, reserved: 0, waiting: 0 }).cuts;
            let cut = if is_listed { cuts.outside } else { cuts.of(&again) };
            let tau = again.chance.cut_since(cut, first.realised_probability(1.0));
            assert!(again.is_selected(tau) || !is_listed, "what is on a list stays there");
            let weighted =
                |tau| if again.is_selected(tau) { 1.0 / again.realised_probability(tau) } else { 0.0 };
            by_pi.push(weighted(tau));
            by_first_cut.push(weighted(if is_listed { 1.0 } else { cut }));
        }
        let (right, wrong) = (standard_errors(&by_pi, 1.0), standard_errors(&by_first_cut, 1.0));
        assert!(right.abs() < 3.0, "{right} standard errors");
        assert!(wrong < -10.0, "p of the second with the cut of the first: {wrong} standard errors");
    }

    #[test]
    fn where_slots_are_short_the_highest_weights_keep_theirs() {
        let key = [3; 32];
        let (mut low, mut high) = (0, 0);
        for day in 0..400 {
            let chance =
                |i| Chance { probability: 1.0, weight: if i < 5 { 20.0 } else { 1.0 }, protected: 0.0 };
            let draw = |i: i32| Draw::new(&key, &day.to_string(), &i.to_string());
            let all: Vec<Contender> = (0..30).map(|i| chance(i).contender(draw(i))).collect();
            let tau = close(&all, Room { slots: 10, reserved: 0, waiting: 0 }).cuts.kept;
            let selected = |of: std::ops::Range<usize>| of.filter(|i| all[*i].is_selected(tau)).count();
            (high, low) = (high + selected(0..5), low + selected(5..30));
            assert!(all[0].realised_probability(tau) > all[9].realised_probability(tau) || tau > 0.95);
        }
        // All candidates are certain, so that ranks by p alone would shed a third of the highest as well.
        assert_eq!((high, low), (5 * 400, 5 * 400));
    }

    /// Three lodgements of one consignment share its root, hence its draw, and p is the greatest so far.
    #[test]
    fn three_lodgements_with_rising_p_select_with_the_greatest_p_and_not_more() {
        let (key, lodgements, consignments) = ([5; 32], [0.1, 0.2, 0.3], 20_000);
        let selected = (0..consignments).filter(|i| {
            let draw = Draw::new(&key, "2026-11", &format!("root {i}"));
            let mut greatest = 0.0_f64;
            lodgements.iter().any(|p| {
                greatest = greatest.max(*p);
                let chance = Chance { probability: greatest, weight: greatest, protected: 0.0 };
                chance.contender(draw).is_selected(1.0)
            })
        });
        let rate = selected.count() as f64 / f64::from(consignments);
        let error = (0.3_f64 * 0.7 / f64::from(consignments)).sqrt();
        assert!((rate - 0.3).abs() < 3.0 * error, "{rate} +- {error}; independent draws would give 0.496");
    }
}
