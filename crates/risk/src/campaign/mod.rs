//! A campaign: epoch after epoch a strategy chooses within a budget, officers inspect, and the next bundle is learnt from
//! what they found and nothing else. It compares strategies of learning and choosing, all in memory.
//!
//! Only the outcomes of what was inspected are ever seen, and only once they are recorded: the censoring that every customs
//! office lives with, and that a strategy which looks only where it expects something makes worse.

mod choice;
mod measure;
mod stream;
#[cfg(test)]
mod tests;

pub use choice::Strategy;
pub use measure::{Measured, Truth, measure};
pub use stream::{Consignment, Inspected, Officers, Stream, StreamError};

use crate::assess::AssessError;
use crate::bundle::Bundle;
use crate::course::{Lodged, Steering};
use crate::features::Outcome;
use crate::learn::{Ingredients, LabelledRecords, LearnError, learn};
use crate::selection::{Epoch, Lane};
use choice::{List, Lodgements};
use std::ops::Range;

/// Why a campaign ends early.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// Nothing can be learnt from what is known at the start of an epoch.
    #[error("on {day}: {cause}")]
    Learn {
        /// First day of the epoch.
        day: chrono::NaiveDate,
        /// Why.
        cause: LearnError,
    },
    /// Records cannot be assessed.
    #[error(transparent)]
    Assess(#[from] AssessError),
}

/// How many inspections there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// A share of what an office lodged a day in the weeks before, on each day and at least one.
    OfDay(f64),
    /// A share of what is lodged in an epoch, which is one list of all offices: how public comparisons count.
    OfEpoch(f64),
}

/// A campaign to run.
pub struct Campaign<'a> {
    /// Feature set, rules and selection policy of every bundle.
    pub ingredients: &'a Ingredients,
    /// What is lodged.
    pub stream: &'a Stream,
    /// Who inspects.
    pub officers: &'a dyn Officers,
    /// By item: outcomes of inspections that somebody else had chosen before the first epoch.
    pub known: &'a [Option<Outcome>],
    /// Epochs, in order.
    pub epochs: &'a [Epoch],
    /// Epochs from one bundle to the next, at least one.
    pub learn_every: usize,
    /// Inspections.
    pub budget: Budget,
    /// Who is chosen.
    pub strategy: Strategy,
    /// Key of the draws: campaigns with the same key are paired.
    pub key: [u8; 32],
}

/// An inspection of a campaign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inspection {
    /// Position of the consignment in the stream.
    pub consignment: usize,
    /// Position of the epoch.
    pub epoch: usize,
    /// Whether something was found.
    pub found: bool,
    /// What it brought.
    pub revenue: f64,
}

impl Campaign<'_> {
    /// Runs through all epochs; `progress` is told how many are done.
    ///
    /// # Errors
    /// When nothing can be learnt from what is known at the start, or records cannot be assessed.
    pub fn run(&self, progress: &mut dyn FnMut(usize)) -> Result<Vec<Inspection>, CampaignError> {
        let mut outcomes = self.known.to_vec();
        let mut inspections = Vec::new();
        let mut steering = Steering::new(&self.ingredients.selection, self.list_days());
        let mut bundle: Option<Bundle> = None;
        for (number, epoch) in self.epochs.iter().enumerate() {
            let learns = number % self.learn_every == 0 && self.strategy != Strategy::Foreknown;
            if bundle.is_none() || learns {
                bundle = Some(self.learn(&outcomes, *epoch)?);
            }
            // The first epoch makes one.
            let Some(bundle) = &bundle else { continue };
            let days = self.stream.of_days(epoch.first, epoch.last);
            let Rated { lodged, mut scores, stakes, least_lanes } =
                self.rate(bundle, self.needed(&days, *epoch))?;
            let start = lodged.len() - days.len();
            if self.strategy == Strategy::Foreknown {
                scores[start..].iter_mut().zip(days.clone()).for_each(|(score, c)| *score = self.worth(c));
            }
            let state = steering.state(&lodged[..start], *epoch, |a_day| self.slots_of_day(a_day));
            let now = Lodgements {
                lodged: &lodged[start..],
                scores: &scores[start..],
                stakes: &stakes[start..],
                least_lanes: &least_lanes[start..],
                key: &self.key,
            };
            for positions in self.lists(now.lodged) {
                let slots = match self.budget {
                    Budget::OfDay(_) => state.office(&now.lodged[positions[0]].office).slots as usize,
                    Budget::OfEpoch(share) => (share * positions.len() as f64).round() as usize,
                };
                let list = List { now, positions: &positions, slots };
                let chosen = list.choose(self.strategy, &self.ingredients.selection, &state);
                for (position, inclusion) in positions.iter().zip(&chosen.inclusion) {
                    steering.account(&now.lodged[*position], *inclusion);
                }
                for (position, lane) in chosen.selected {
                    let inspection = self.inspect(days.start + position, number, lane, &mut outcomes);
                    inspections.push(inspection);
                }
            }
            if self.strategy == Strategy::ScoreSeeingAll {
                for consignment in days {
                    self.inspect(consignment, number, Lane::Red, &mut outcomes);
                }
            }
            progress(number + 1);
        }
        Ok(inspections)
    }

    /// Learns from the outcomes that are recorded before an epoch.
    fn learn(&self, outcomes: &[Option<Outcome>], epoch: Epoch) -> Result<Bundle, CampaignError> {
        let end = self.stream.of_days(epoch.first, epoch.first).start;
        let rows = self.stream.rows_before(end);
        let prepared = self.stream.prepared(rows);
        let first_day = crate::features::day_number(epoch.first);
        let recorded = |outcome: &Option<Outcome>| outcome.filter(|o| o.recorded_day < first_day);
        let known: Vec<Option<Outcome>> = outcomes[..rows].iter().map(recorded).collect();
        let records =
            LabelledRecords { prepared: &prepared, names: &self.stream.names[..rows], outcomes: &known };
        let learnt = learn(self.ingredients.clone(), &records, &mut |_, _, _| {});
        learnt.map(|l| l.bundle).map_err(|cause| CampaignError::Learn { day: epoch.first, cause })
    }

    /// Consignments to rate: those of the epoch, and those that its state stands on.
    fn needed(&self, days: &Range<usize>, epoch: Epoch) -> Range<usize> {
        let back = u64::from(self.ingredients.selection.threshold_days);
        let first = epoch.first.checked_sub_days(chrono::Days::new(back)).unwrap_or(epoch.first);
        self.stream.of_days(first, epoch.last).start..days.end
    }

    fn rate(&self, bundle: &Bundle, consignments: Range<usize>) -> Result<Rated, CampaignError> {
        let mut all = Rated::default();
        let Some(first) = self.stream.consignments.get(consignments.start) else { return Ok(all) };
        let start = first.items.start;
        let end = self.stream.rows_before(consignments.end);
        let assessment = bundle.assess(&self.stream.records.slice(start, end - start))?;
        for consignment in &self.stream.consignments[consignments] {
            let items = consignment.items.start - start..consignment.items.end - start;
            let rated = bundle.rate(&assessment, items.clone(), None);
            all.stakes.push(items.map(|row| assessment.prepared.revenue[row].max(0.0)).sum());
            all.least_lanes.push(rated.least_lane);
            all.scores.push(rated.score);
            all.lodged.push(Lodged {
                day: consignment.day,
                office: consignment.office.clone(),
                grade: consignment.grade.clone(),
                root: consignment.root.clone(),
                priority: rated.priority,
                mandatory: rated.least_lane.is_inspection(),
            });
        }
        Ok(all)
    }

    /// Days that a work list covers, on the average.
    fn list_days(&self) -> f64 {
        let days: u32 = self.epochs.iter().map(Epoch::days).sum();
        match self.budget {
            Budget::OfDay(_) => 1.0,
            Budget::OfEpoch(_) => f64::from(days) / self.epochs.len().max(1) as f64,
        }
    }

    fn slots_of_day(&self, a_day: f64) -> u32 {
        match self.budget {
            Budget::OfDay(share) => ((share * a_day).round() as u32).max(1),
            Budget::OfEpoch(share) => (share * a_day).ceil() as u32,
        }
    }

    /// Positions by work list: an office's day, or the whole epoch.
    fn lists(&self, lodged: &[Lodged]) -> Vec<Vec<usize>> {
        let mut lists = std::collections::BTreeMap::new();
        for (position, one) in lodged.iter().enumerate() {
            let list = match self.budget {
                Budget::OfDay(_) => (one.day, one.office.clone()),
                Budget::OfEpoch(_) => (chrono::NaiveDate::MIN, "".into()),
            };
            lists.entry(list).or_insert_with(Vec::new).push(position);
        }
        lists.into_values().collect()
    }

    /// What opening a consignment would bring, in [0, 2): from 1 on if it finds something, the more the more revenue.
    fn worth(&self, consignment: usize) -> f64 {
        let Inspected { items, revenue, .. } = self.officers.inspect(consignment, Lane::Red);
        let revenue: f64 = revenue.iter().sum();
        if items.contains(&true) { 1.0 + revenue / (1.0 + revenue) } else { 0.0 }
    }

    fn inspect(
        &self,
        consignment: usize,
        epoch: usize,
        lane: Lane,
        outcomes: &mut [Option<Outcome>],
    ) -> Inspection {
        let Inspected { recorded_day, items, revenue } = self.officers.inspect(consignment, lane);
        let rows = self.stream.consignments[consignment].items.clone();
        for (outcome, (found, brought)) in outcomes[rows].iter_mut().zip(items.iter().zip(&revenue)) {
            *outcome = Some(Outcome { recorded_day, discrepancy: *found, recovered: brought.round() as u64 });
        }
        Inspection { consignment, epoch, found: items.contains(&true), revenue: revenue.iter().sum() }
    }
}

/// Consignments as a bundle sees them.
#[derive(Default)]
struct Rated {
    lodged: Vec<Lodged>,
    /// Scores, whatever is at stake.
    scores: Vec<f64>,
    /// Revenue at stake, of all items.
    stakes: Vec<f64>,
    least_lanes: Vec<Lane>,
}
