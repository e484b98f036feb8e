//! Isotonic regression: the closest rising steps to the labels, joined into a strictly rising line.
//!
//! Records of one margin are pooled first. Then one pseudo-record of the mean weight, labelled with the base
//! rate, is put at the lowest and at the highest margin: a Laplace-type correction in the data itself, which
//! keeps every probability inside (0, 1) and leaves it to the pooling to keep the steps in order. Adjacent
//! violators are pooled (Ayer et al., Annals of Mathematical Statistics 26, 1955), and each block becomes one
//! knot at its mean margin, which makes the map strictly increasing: centred isotonic regression (Oron and
//! Flournoy, Statistics in Biopharmaceutical Research 9, 2017).

use super::calibration_record::Record;

/// A point of the map: at this margin (log-odds) this probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knot {
    /// The margin.
    pub margin: f64,
    /// The probability, inside (0, 1).
    pub probability: f64,
}

/// Neighbouring records pooled into one step.
#[derive(Debug, Clone, Copy)]
struct Block {
    weight: f64,
    positives: f64,
    margin_sum: f64,
    lowest: f64,
    highest: f64,
}

impl Block {
    fn new(margin: f64, label: f64, weight: f64) -> Self {
        Self {
            weight,
            positives: weight * label,
            margin_sum: weight * margin,
            lowest: margin,
            highest: margin,
        }
    }

    fn absorb(&mut self, later: &Self) {
        self.weight += later.weight;
        self.positives += later.positives;
        self.margin_sum += later.margin_sum;
        self.lowest = self.lowest.min(later.lowest);
        self.highest = self.highest.max(later.highest);
    }

    fn rate(&self) -> f64 {
        self.positives / self.weight
    }

    fn knot(&self) -> Knot {
        // Rounding must not carry the mean out of its block, or two knots could meet.
        let margin = (self.margin_sum / self.weight).clamp(self.lowest, self.highest);
        Knot { margin, probability: self.rate() }
    }
}

/// Knots with strictly rising margins and probabilities, for checked records with both labels.
pub(super) fn fit(mut records: Vec<Record>) -> Vec<Knot> {
    records.sort_by(|a, b| a.margin.total_cmp(&b.margin));
    let mut groups: Vec<Block> = Vec::new();
    for record in &records {
        let single = Block::new(record.margin, f64::from(record.label), record.weight);
        match groups.last_mut() {
            Some(group) if group.highest >= record.margin => group.absorb(&single),
            _ => groups.push(single),
        }
    }
    add_pseudo_records(&mut groups, records.len());
    pool_violators(groups).iter().map(Block::knot).collect()
}

fn add_pseudo_records(groups: &mut [Block], records: usize) {
    let weight: f64 = groups.iter().map(|group| group.weight).sum();
    let positives: f64 = groups.iter().map(|group| group.positives).sum();
    let (base_rate, mean_weight) = (positives / weight, weight / records as f64);
    if let Some(lowest) = groups.first_mut() {
        lowest.absorb(&Block::new(lowest.lowest, base_rate, mean_weight));
    }
    if let Some(highest) = groups.last_mut() {
        highest.absorb(&Block::new(highest.highest, base_rate, mean_weight));
    }
}

/// Pools neighbours until the rates rise strictly.
fn pool_violators(groups: Vec<Block>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for mut block in groups {
        while let Some(mut before) = blocks.pop_if(|before| before.rate() >= block.rate()) {
            before.absorb(&block);
            block = before;
        }
        blocks.push(block);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::testing::RECORDS;

    fn records(list: &[(f64, bool, f64)]) -> Vec<Record> {
        list.iter().map(|&(margin, label, weight)| Record { margin, label, weight }).collect()
    }

    fn assert_knots(found: &[Knot], expected: &[(f64, f64)]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (knot, &(margin, probability)) in found.iter().zip(expected) {
            assert!((knot.margin - margin).abs() < 1e-12, "{found:?}");
            assert!((knot.probability - probability).abs() < 1e-12, "{found:?}");
        }
    }

    /// By hand: base rate 1/2, so the ends become (0 + 1/2) / 2 and (1 + 1/2) / 2; the middle falls and is
    /// pooled.
    #[test]
    fn violators_are_pooled_and_ends_are_shrunk() {
        let knots = fit(records(&[(2.0, false, 1.0), (0.0, false, 1.0), (1.0, true, 1.0), (3.0, true, 1.0)]));
        assert_knots(&knots, &[(0.0, 0.25), (1.5, 0.5), (3.0, 0.75)]);
    }

    /// By hand: the tie at 1 has rate 3/4 by weight 4; base rate 4/6, mean weight 6/4.
    #[test]
    fn ties_count_as_one_by_weight() {
        let list = [(1.0, true, 3.0), (0.0, false, 1.0), (1.0, false, 1.0), (2.0, true, 1.0)];
        let knots = fit(records(&list));
        // Ends: (0 + 1) / 2.5 = 0.4 and (1 + 1) / 2.5 = 0.8.
        assert_knots(&knots, &[(0.0, 0.4), (1.0, 0.75), (2.0, 0.8)]);
    }

    #[test]
    fn labels_without_order_become_one_knot() {
        let knots = fit(records(&[(0.0, true, 1.0), (1.0, false, 1.0)]));
        assert_knots(&knots, &[(0.5, 0.5)]);
    }

    #[test]
    fn margins_one_step_apart_keep_their_knots_apart() {
        let next = 1.0_f64.next_up();
        let knots = fit(records(&[(1.0, false, 0.3), (next, true, 0.7)]));
        assert_eq!(knots.len(), 2);
        assert!(knots[0].margin < knots[1].margin);
    }

    /// scikit-learn 1.9.1, `IsotonicRegression` on the records of `evaluation::testing` at their log-odds
    /// rounded to two places, with the two pseudo-records appended; knots are the weighted mean margins of
    /// equal fitted values.
    #[test]
    fn knots_equal_scikit_learns() {
        let of = |weighted: bool| {
            let records = RECORDS.map(|(percent, label, weight, _)| {
                let probability = f64::from(percent) / 100.0;
                let margin = (100.0 * (probability / (1.0 - probability)).ln()).round() / 100.0;
                Record { margin, label, weight: if weighted { weight.into() } else { 1.0 } }
            });
            fit(records.to_vec())
        };
        let plain = [
            (-2.55, 0.083_333_333_333_333_33),
            (-0.865, 0.4),
            (0.661_111_111_111_111_1, 0.555_555_555_555_555_6),
            (2.2, 0.708_333_333_333_333_3),
        ];
        assert_knots(&of(false), &plain);
        let weighted = [
            (-2.5656, 0.056),
            (-0.738_260_869_565_217_4, 0.260_869_565_217_391_3),
            (0.525_789_473_684_210_6, 0.473_684_210_526_315_8),
            (1.578_823_529_411_764_5, 0.647_058_823_529_411_8),
        ];
        assert_knots(&of(true), &weighted);
    }
}
