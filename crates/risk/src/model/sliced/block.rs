//! A block of rows through a plan, in lanes of any width.

use super::bins::MISSING;
use super::pieces::SPLITS;
use super::plan::{GROUP_PLANES, GroupPlanes, Plan, PlannedPiece, Questions, Term};
use super::plane::{Lane, OUTSIDE, Plane, ROWS, Sum, transpose};

/// The margins of a block's rows, in log-odds. `bins` has a column for each of the plan's; `planes` is room to work in.
#[inline(always)]
pub(super) fn margins<L: Lane, S: Sum>(
    plan: &Plan,
    bins: &[[u8; ROWS]],
    planes: &mut GroupPlanes,
    margins: &mut [S; ROWS],
) {
    margins.fill(S::of(plan.base_score));
    for group in &plan.groups {
        let mut rest = &mut planes[..];
        for questions in &group.questions {
            let asked = questions.missing_right.len() + questions.missing_left.len();
            let Some((answers, others)) = rest.split_at_mut_checked(asked) else { break };
            answer::<L>(questions, &bins[questions.column], answers);
            rest = others;
        }
        for term in &group.terms {
            match term {
                Term::Piece(piece) => {
                    S::add_leaves::<L>(&numbers::<L>(piece, planes), &piece.leaves, margins);
                }
                Term::Walked(tree) => {
                    for (row, margin) in margins.iter_mut().enumerate() {
                        let turned = |place: usize| bins[place / 2][row].wrapping_add((place % 2) as u8);
                        *margin = margin.plus(plan.walked[*tree].leaf_value(turned));
                    }
                }
            }
        }
    }
}

/// Answers every question about one column: a plane for each, set where a bin is above the cut.
///
/// A bin is above `16 h + l` if its high half is above h, or equal to h and its low half above l.
#[inline(always)]
fn answer<L: Lane>(questions: &Questions, bins: &[u8; ROWS], answers: &mut [Plane]) {
    let mut rows = [Plane::ZERO; 8];
    for (index, rows) in rows.iter_mut().enumerate() {
        *rows = Plane::of_bytes(bins, index);
    }
    let (mut low, mut high) = (Halves::ZERO, Halves::ZERO);
    for part in 0..L::PER_PLANE {
        let mut lanes = [L::splat(0); 8];
        for (lanes, rows) in lanes.iter_mut().zip(&rows) {
            *lanes = L::load(rows, part);
        }
        transpose(&mut lanes);
        low.compare([lanes[0], lanes[1], lanes[2], lanes[3]], part);
        high.compare([lanes[4], lanes[5], lanes[6], lanes[7]], part);
    }
    let (met_when_missing, others) = answers.split_at_mut(questions.missing_right.len());
    for (cut, answer) in questions.missing_right.iter().zip(met_when_missing) {
        for part in 0..L::PER_PLANE {
            above::<L>(&low, &high, *cut, part).store(answer, part);
        }
    }
    for (cut, answer) in questions.missing_left.iter().zip(others) {
        for part in 0..L::PER_PLANE {
            let missing = above::<L>(&low, &high, MISSING - 1, part);
            above::<L>(&low, &high, *cut, part).without(missing).store(answer, part);
        }
    }
}

#[inline(always)]
fn above<L: Lane>(low: &Halves, high: &Halves, cut: u8, part: usize) -> L {
    let (h, l) = (usize::from(cut / 16), usize::from(cut % 16));
    let equal: L = L::load(&high.equal[h], part);
    L::load(&high.above[h], part).or(equal.and(L::load(&low.above[l], part)))
}

/// Comparisons of half a byte with every number below 16.
struct Halves {
    above: [Plane; 16],
    equal: [Plane; 16],
}

impl Halves {
    const ZERO: Self = Self { above: [Plane::ZERO; 16], equal: [Plane::ZERO; 16] };

    /// `bits` are those of the half byte, lowest first.
    #[inline(always)]
    fn compare<L: Lane>(&mut self, bits: [L; 4], part: usize) {
        let (low_above, low_equal) = compare_pair(bits[0], bits[1]);
        let (high_above, high_equal) = compare_pair(bits[2], bits[3]);
        for h in 0..4 {
            for l in 0..4 {
                let above = high_above[h].or(high_equal[h].and(low_above[l]));
                above.store(&mut self.above[4 * h + l], part);
                high_equal[h].and(low_equal[l]).store(&mut self.equal[4 * h + l], part);
            }
        }
    }
}

/// Whether a number of two bits is above, and equal to, 0 to 3.
#[inline(always)]
fn compare_pair<L: Lane>(low: L, high: L) -> ([L; 4], [L; 4]) {
    let (either, both) = (low.or(high), low.and(high));
    let none = L::splat(u64::MAX).without(either);
    ([either, high, both, L::splat(0)], [none, low.without(high), high.without(low), both])
}

/// The leaf number of every row, as bytes in row order.
#[inline(always)]
fn numbers<L: Lane>(piece: &PlannedPiece, planes: &GroupPlanes) -> [Plane; 8] {
    if piece.symmetric {
        return numbers_of_levels::<L>(piece, planes);
    }
    match piece.depth {
        0 => numbers_at::<L, 0>(piece, planes),
        1 => numbers_at::<L, 1>(piece, planes),
        2 => numbers_at::<L, 2>(piece, planes),
        3 => numbers_at::<L, 3>(piece, planes),
        4 => numbers_at::<L, 4>(piece, planes),
        5 => numbers_at::<L, 5>(piece, planes),
        _ => numbers_at::<L, 6>(piece, planes),
    }
}

#[inline(always)]
fn numbers_at<L: Lane, const DEPTH: usize>(piece: &PlannedPiece, planes: &GroupPlanes) -> [Plane; 8] {
    let mut numbers = [Plane::ZERO; 8];
    for part in 0..L::PER_PLANE {
        let mut bits = [L::splat(0); 8];
        // Written out, so that each level is compiled for its own number of conditions.
        if DEPTH > 0 {
            bits[0] = decide::<L, 0>(&piece.splits, planes, &bits, part);
        }
        if DEPTH > 1 {
            bits[1] = decide::<L, 1>(&piece.splits, planes, &bits, part);
        }
        if DEPTH > 2 {
            bits[2] = decide::<L, 2>(&piece.splits, planes, &bits, part);
        }
        if DEPTH > 3 {
            bits[3] = decide::<L, 3>(&piece.splits, planes, &bits, part);
        }
        if DEPTH > 4 {
            bits[4] = decide::<L, 4>(&piece.splits, planes, &bits, part);
        }
        if DEPTH > 5 {
            bits[5] = decide::<L, 5>(&piece.splits, planes, &bits, part);
        }
        put_numbers(bits, piece, planes, &mut numbers, part);
    }
    numbers
}

/// The same where each level has but one condition, whose plane is then the bit itself.
#[inline(always)]
fn numbers_of_levels<L: Lane>(piece: &PlannedPiece, planes: &GroupPlanes) -> [Plane; 8] {
    let mut numbers = [Plane::ZERO; 8];
    for part in 0..L::PER_PLANE {
        let mut bits = [L::splat(0); 8];
        for (level, bit) in bits.iter_mut().enumerate().take(piece.depth) {
            *bit = L::load(&planes[usize::from(piece.splits[(1 << level) - 1]) % GROUP_PLANES], part);
        }
        put_numbers(bits, piece, planes, &mut numbers, part);
    }
    numbers
}

/// Turns the bits of leaf numbers into bytes in row order, with the bit of rows that do not come to the piece.
#[inline(always)]
fn put_numbers<L: Lane>(
    mut bits: [L; 8],
    piece: &PlannedPiece,
    planes: &GroupPlanes,
    numbers: &mut [Plane; 8],
    part: usize,
) {
    bits[OUTSIDE] = outside::<L>(&piece.way, planes, part);
    transpose(&mut bits);
    for (rows, numbers) in bits.into_iter().zip(numbers) {
        rows.store(numbers, part);
    }
}

/// Which way rows go at a level: of the level's conditions, the one at the place that the levels above have led to.
#[inline(always)]
fn decide<L: Lane, const LEVEL: usize>(
    splits: &[u16; SPLITS],
    planes: &GroupPlanes,
    above: &[L; 8],
    part: usize,
) -> L {
    let mut width = 1 << LEVEL;
    let mut candidates = [L::splat(0); 32];
    for place in 0..width {
        candidates[place] = L::load(&planes[usize::from(splits[width - 1 + place]) % GROUP_PLANES], part);
    }
    for decided in above.iter().take(LEVEL) {
        width /= 2;
        for place in 0..width {
            candidates[place] = decided.select(candidates[2 * place + 1], candidates[2 * place]);
        }
    }
    candidates[0]
}

/// Where the way to a piece is not taken.
#[inline(always)]
fn outside<L: Lane>(way: &[(u16, bool)], planes: &GroupPlanes, part: usize) -> L {
    let mut outside = L::splat(0);
    for (place, goes_right) in way {
        let right = L::load(&planes[usize::from(*place) % GROUP_PLANES], part);
        let missed = if *goes_right { L::splat(u64::MAX).without(right) } else { right };
        outside = outside.or(missed);
    }
    outside
}
