//! Strategies: which consignments of a work list are inspected. All of them stay within the law: what it guarantees is
//! inspected, and what it promises is kept, so that they differ in what they learn and choose alone.

use crate::course::{Lodged, parts};
use crate::selection::{Contender, Draw, GradePolicy, Lane, PolicyState, Room, SelectionPolicy, close};

/// Who is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strategy {
    /// The selection policy: floor, exploration, ramp, promises, and the close.
    Policy,
    /// Anybody.
    Random,
    /// The greatest scores: pure exploitation, within the law.
    Score,
    /// Shares of the slots by probability times revenue at stake and at random, the rest by score.
    Shares {
        /// Share by expected revenue.
        by_revenue: f64,
        /// Share at random.
        at_random: f64,
    },
    /// The greatest scores, learnt from what inspections would have found in everything, inspected or not: whoever inspects
    /// to learn cannot learn more. A bound, not a way of choosing.
    ScoreSeeingAll,
    /// What opening it would find, the greatest revenue first: no choice finds more. A bound likewise.
    Foreknown,
}

/// What is lodged in an epoch, and the key of its draws.
#[derive(Clone, Copy)]
pub(super) struct Lodgements<'a> {
    pub lodged: &'a [Lodged],
    /// Scores, whatever is at stake; what is known beforehand where the strategy knows it.
    pub scores: &'a [f64],
    /// Revenue at stake in each.
    pub stakes: &'a [f64],
    /// Least intrusive lane that the rules allow each.
    pub least_lanes: &'a [Lane],
    pub key: &'a [u8; 32],
}

/// A work list that closes.
pub(super) struct List<'a> {
    pub now: Lodgements<'a>,
    pub positions: &'a [usize],
    pub slots: usize,
}

/// What is chosen.
pub(super) struct Chosen {
    /// Position and lane.
    pub selected: Vec<(usize, Lane)>,
    /// Probability of inspection of each, in the order of the list; for strategies without chance 1 or 0.
    pub inclusion: Vec<f64>,
}

impl List<'_> {
    pub(super) fn choose(&self, strategy: Strategy, policy: &SelectionPolicy, state: &PolicyState) -> Chosen {
        match strategy {
            Strategy::Policy => self.by_policy(policy, state),
            Strategy::Random => self.first(policy, &[(1.0, Order::Random)]),
            Strategy::Score | Strategy::ScoreSeeingAll | Strategy::Foreknown => {
                self.first(policy, &[(1.0, Order::Score)])
            }
            Strategy::Shares { by_revenue, at_random } => {
                let by_score = 1.0 - by_revenue - at_random;
                let shares =
                    [(by_revenue, Order::Revenue), (at_random, Order::Random), (by_score, Order::Score)];
                self.first(policy, &shares)
            }
        }
    }

    /// As `decide` does it, without work lists that wait: what is protected beyond the slots is inspected as well.
    fn by_policy(&self, policy: &SelectionPolicy, state: &PolicyState) -> Chosen {
        let contender = |position: &usize| {
            let chance = parts(policy, &self.now.lodged[*position], state).chance();
            chance.contender(self.draw(*position))
        };
        let contenders: Vec<Contender> = self.positions.iter().map(contender).collect();
        let room = Room { slots: self.slots, reserved: policy.reserved_slots as usize, waiting: 0 };
        let cuts = close(&contenders, room).cuts;
        let mut chosen = Chosen { selected: Vec::new(), inclusion: Vec::new() };
        for (position, contender) in self.positions.iter().zip(&contenders) {
            let tau = cuts.of(contender);
            let inclusion = contender.realised_probability(tau);
            chosen.inclusion.push(inclusion);
            if contender.is_selected(tau) {
                let least = self.now.least_lanes[*position];
                let drawn = policy.lane(contender.draw.value() / inclusion);
                let lane = if least.is_inspection() { least } else { drawn };
                chosen.selected.push((*position, lane));
            }
        }
        chosen
    }

    /// Within the law, the first in each order take their share of the slots, one after the other, in lanes as the policy
    /// has them. What the law guarantees comes before; of a grade with a promise no more are taken than keep it.
    fn first(&self, policy: &SelectionPolicy, shares: &[(f64, Order)]) -> Chosen {
        let grades: Vec<GradePolicy> = self.positions.iter().map(|p| self.grade(policy, *p)).collect();
        let uniform = |i: usize| self.draw(self.positions[i]).value();
        let mut taken: Vec<bool> = (0..grades.len()).map(|i| uniform(i) < grades[i].guaranteed).collect();
        let mut quota = self.quota(&grades);
        let slots = self.slots.saturating_sub(taken.iter().filter(|t| **t).count());
        let (mut share_so_far, mut slots_so_far) = (0.0, 0);
        for (share, order) in shares {
            share_so_far += share;
            let wanted = (share_so_far * slots as f64).round() as usize;
            let mut left: Vec<usize> = (0..taken.len()).filter(|i| !taken[*i]).collect();
            left.sort_by(|a, b| self.value(*order, *b).total_cmp(&self.value(*order, *a)));
            for i in left {
                let promised = grades[i].promise.is_some();
                if slots_so_far < wanted && !(promised && quota == 0) {
                    taken[i] = true;
                    slots_so_far += 1;
                    quota -= usize::from(promised);
                }
            }
        }
        let selected = taken.iter().zip(self.positions).filter(|(taken, _)| **taken);
        Chosen {
            selected: selected.map(|(_, p)| (*p, policy.lane(self.draw(*p).value()))).collect(),
            inclusion: taken.iter().map(|taken| f64::from(u8::from(*taken))).collect(),
        }
    }

    fn grade(&self, policy: &SelectionPolicy, position: usize) -> GradePolicy {
        let one = &self.now.lodged[position];
        policy.regime(one.day).grade(&one.grade)
    }

    /// Inspections of promised grades at which their rate is the target of that of the others, which get the rest of the
    /// slots: `k = K q / (1 + q)` with `q = target N_A / N_C`; what is not whole is left to the draw of the list.
    fn quota(&self, grades: &[GradePolicy]) -> usize {
        let promised = grades.iter().filter_map(|grade| grade.promise).collect::<Vec<_>>();
        let Some(target) = promised.iter().map(|p| p.target).reduce(f64::min) else { return 0 };
        let others = grades.len() - promised.len();
        if others == 0 {
            return self.slots;
        }
        let q = target * promised.len() as f64 / others as f64;
        let whole = self.slots as f64 * q / (1.0 + q);
        let chance = self.positions.first().map_or(0.0, |p| self.draw(*p).value());
        (whole + chance).floor() as usize
    }

    /// What a member of the list is ordered by, the greatest first. Equal scores are frequent where the calibration is
    /// flat; the draw orders them, by less than any difference of scores.
    fn value(&self, order: Order, member: usize) -> f64 {
        let position = self.positions[member];
        let (score, draw) = (self.now.scores[position], self.draw(position).value());
        match order {
            Order::Random => draw,
            Order::Score => score + 1e-9 * draw,
            Order::Revenue => score * self.now.stakes[position],
        }
    }

    fn draw(&self, position: usize) -> Draw {
        let one = &self.now.lodged[position];
        Draw::new(self.now.key, &one.day.format("%Y-%m").to_string(), &one.root)
    }
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Random,
    Score,
    Revenue,
}
