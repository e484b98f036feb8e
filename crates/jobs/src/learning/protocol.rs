//! The protocol of public comparisons, on files whose outcomes are all known.

use super::comparison::{Compared, Content, Contest, Foreknown, Ground, LaneResult, stream};
use super::rows::{consignments, read_by_day};
use crate::JobError;
use crate::input::Input;
use crate::progress::Progress;
use chrono::{Days, NaiveDate};
use tidegate_risk::campaign::{Budget, Strategy, Truth};
use tidegate_risk::features::{Outcome, day_number};
use tidegate_risk::selection::Epoch;

/// The protocol of public comparisons on a file whose outcomes are all known: everything of the first days is labelled;
/// from then on, week by week, a share is inspected and only the labels of those are seen, from the next week on.
#[derive(Debug, Clone)]
pub struct Protocol {
    /// Content.
    pub content: Content,
    /// Strategies by name.
    pub strategies: Vec<(&'static str, Strategy)>,
    /// Share that is inspected.
    pub share: f64,
    /// Days at the start of which all labels are known.
    pub labelled_days: u32,
    /// Weeks at the end that are measured once more.
    pub late: usize,
}

impl Protocol {
    /// Runs every strategy over a file for each seed.
    ///
    /// # Errors
    /// When a file cannot be read, or a record has no result.
    pub fn run(
        &self,
        input: &Input,
        seeds: u64,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Compared>, JobError> {
        let ingredients = self.content.ingredients()?;
        let (rows, labels) = read_by_day(input, progress)?;
        let consignments = consignments(&rows, None)?;
        let (Some(first), Some(last)) = (consignments.first(), consignments.last()) else {
            return Err(JobError::Missing("the files hold no record".to_owned()));
        };
        let begins = first.day.checked_add_days(Days::new(self.labelled_days.into())).unwrap_or(first.day);
        let epochs = weeks(begins, last.day);
        let start = day_number(begins);
        let prepared = ingredients.set.prepare(&rows).map_err(tidegate_risk::assess::AssessError::from)?;
        let known: Vec<Option<Outcome>> = labels
            .iter()
            .zip(&prepared.days)
            .zip(&prepared.revenue)
            .map(|((label, day), revenue)| {
                let recovered = if *label { revenue.max(0.0).round() as u64 } else { 0 };
                let outcome = Outcome { recorded_day: *day, discrepancy: *label, recovered };
                (*day < start).then_some(outcome)
            })
            .collect();
        let foreknown: Vec<Foreknown> = consignments
            .iter()
            .map(|c| {
                let epoch = epochs.iter().find(|e| e.last >= c.day).map_or(c.day, |e| e.last);
                let brings = |i: usize| if labels[i] { prepared.revenue[i].max(0.0) } else { 0.0 };
                let revenue: Vec<f64> = c.items.clone().map(brings).collect();
                let items = labels[c.items.clone()].to_vec();
                let truth =
                    Truth { is_fraud: items.contains(&true), revenue: revenue.iter().sum(), new_kind: None };
                let result = LaneResult { recorded_on: epoch, items, revenue };
                Foreknown { truth, by_lane: [result.clone(), result] }
            })
            .collect();
        let contest = Contest {
            content: self.content.clone(),
            strategies: self.strategies.clone(),
            budget: Budget::OfEpoch(self.share),
            epochs,
            learn_every: 1,
            late: self.late,
        };
        let ground =
            Ground { stream: stream(&ingredients, rows, consignments)?, ingredients, foreknown, known };
        (1..=seeds).map(|seed| contest.run(&ground, seed, progress)).collect()
    }
}

/// Whole weeks from a day on; what is left at the end belongs to the last.
fn weeks(first: NaiveDate, last: NaiveDate) -> Vec<Epoch> {
    let week = |day: NaiveDate| day.checked_add_days(Days::new(7));
    let mut epochs: Vec<Epoch> = std::iter::successors(Some(first), |day| week(*day))
        .take_while(|day| *day <= last)
        .filter_map(|day| Some(Epoch { first: day, last: week(day)?.pred_opt()? }))
        .collect();
    if epochs.len() > 1 && epochs.last().is_some_and(|e| e.last > last) {
        epochs.pop();
        if let Some(end) = epochs.last_mut() {
            end.last = last;
        }
    }
    epochs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_cover_the_days_and_what_is_left_belongs_to_the_last() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (last, count, end) in [("2026-01-14", 2, "2026-01-14"), ("2026-01-17", 2, "2026-01-17")] {
            let weeks = weeks(day("2026-01-01"), day(last));
            assert_eq!(
                (weeks.len(), weeks[0].last, weeks[count - 1].last),
                (count, day("2026-01-07"), day(end))
            );
            assert!(weeks.windows(2).all(|pair| pair[0].last.succ_opt() == Some(pair[1].first)));
        }
        assert_eq!(weeks(day("2026-01-01"), day("2026-01-03")).len(), 1, "a short week alone");
    }
}
