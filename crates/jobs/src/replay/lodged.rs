//! What was decided before about the consignments of a piece, as it is stored: what a decision goes on from.

use super::again::{Run, listed_on};
use crate::JobError;
use crate::decide::{Earlier, LODGEMENT, Lodgement, StoredDecision, lodgements};
use crate::home::Home;
use chrono::{Days, NaiveDate};
use futures::TryStreamExt;
use std::collections::{BTreeSet, HashMap, HashSet};
use tidegate_query::{Platform, Principal};
use tidegate_risk::selection::{Chance, Epoch};

/// Where a decision stands among those about its consignment: its run, and the day of its list.
pub(super) type Place = (i64, NaiveDate);

/// Every decision about the consignments of a piece that a decision of it may have known.
pub(super) struct Lodged {
    /// By root, in the order of their places; those with one decision are left out.
    by_root: HashMap<String, Vec<Lodgement>>,
    /// Days after which a lodgement is forgotten.
    resubmission_days: u32,
    /// Periods whose keys are public.
    revealed: BTreeSet<String>,
}

/// What a decision goes on from.
pub(super) struct Continued {
    pub before: Option<Earlier>,
    /// Periods that it may be drawn in, when it is drawn in none of them.
    pub wrong_period: Option<String>,
}

impl Lodged {
    /// Reads the decisions about the consignments of some runs. Nothing is joined: this holds those of the runs' own.
    pub(super) async fn read(home: &Home, platform: &Platform, runs: &[Run]) -> Result<Self, JobError> {
        let resubmission_days = home.configuration.decide.resubmission_days;
        let revealed = home.revealed_periods().await?.iter().map(ToString::to_string).collect();
        let mut lodged = Self { by_root: HashMap::new(), resubmission_days, revealed };
        let decided = || runs.iter().flat_map(Run::decided);
        let days = decided().filter_map(|(stored, _)| listed_on(stored));
        let (Some(first), Some(first_run), Some(last_run)) =
            (days.min(), runs.iter().map(|run| run.number).min(), runs.iter().map(|run| run.number).max())
        else {
            return Ok(lodged);
        };
        let month = lodged.since(Epoch::of(first).first).format("%Y-%m");
        let sql = format!(
            "SELECT {LODGEMENT} FROM decision \
             WHERE run_number <= {last_run} AND (month >= '{month}' OR run_number >= {first_run})"
        );
        let wanted: HashSet<&str> = decided().map(|(_, root)| root).collect();
        let mut rows = platform.plan_for(&Principal::LocalOwner, "job replay", &sql).await?.stream()?;
        while let Some(batch) = rows.try_next().await? {
            for (root, lodgement) in lodgements(&batch, |root| wanted.contains(root))? {
                lodged.by_root.entry(root).or_default().push(lodgement);
            }
        }
        lodged.by_root.retain(|_, lodgements| lodgements.len() > 1);
        for of_root in lodged.by_root.values_mut() {
            of_root.sort_by(|a, b| a.place().cmp(&b.place()));
        }
        Ok(lodged)
    }

    fn of(&self, root: &str) -> &[Lodgement] {
        self.by_root.get(root).map_or(&[], Vec::as_slice)
    }

    /// First day of acceptance that is remembered on a day.
    fn since(&self, day: NaiveDate) -> NaiveDate {
        day.checked_sub_days(Days::new(u64::from(self.resubmission_days))).unwrap_or(day)
    }

    /// The greatest chance that is stored of lodgements on the day of a list which are not among those that are made again.
    pub(super) fn beside(&self, root: &str, place: Place, again: &HashSet<(&str, i64)>) -> Chance {
        let of_day = self.of(root).iter().filter(|lodgement| lodgement.list == place);
        let others =
            of_day.filter(|lodgement| !again.contains(&(lodgement.declaration.as_str(), lodgement.version)));
        others.fold(Chance::default(), |chance, lodgement| chance.max(lodgement.decided.chance))
    }

    fn before(&self, root: &str, place: Place, since: NaiveDate) -> Option<Earlier> {
        let known = |lodgement: &&Lodgement| {
            lodgement.list < place && (lodgement.list.0 == place.0 || lodgement.accepted_on >= since)
        };
        self.of(root).iter().filter(known).map(|lodgement| lodgement.decided).reduce(Earlier::and)
    }

    /// What a decision goes on from, whose own chance came out again and whose run has its first list on a day. The run began
    /// somewhere between the first day of its epoch and that day; where that makes a difference, it is what fits.
    pub(super) fn continued(
        &self,
        stored: &StoredDecision,
        (root, own): (&str, Chance),
        place: Place,
        first_listed: NaiveDate,
    ) -> Continued {
        let accepted_on = stored.accepted_at.date_naive();
        let [early, late] = [Epoch::of(place.1).first, first_listed].map(|first| self.since(first));
        let [wide, narrow] = [early, late].map(|since| self.before(root, place, since));
        let wrong_period = self.wrong_period(stored, [wide, narrow], accepted_on < late, place.1);
        let same_draw =
            |before: Option<Earlier>| before.filter(|before| before.period.to_string() == stored.period);
        let (wide, narrow) = (same_draw(wide), same_draw(narrow));
        let with = |before: Option<Earlier>| before.map_or(own, |before| own.max(before.chance));
        let chance = stored_chance(stored);
        let before = if chance != with(wide) && chance == with(narrow) { narrow } else { wide };
        Continued { before, wrong_period }
    }

    /// None when the period of a draw is that of the consignment's draw before, and without one the month of its acceptance;
    /// or that of its list, when the key of those is public or it was accepted too long ago.
    fn wrong_period(
        &self,
        stored: &StoredDecision,
        [wide, narrow]: [Option<Earlier>; 2],
        is_old: bool,
        day: NaiveDate,
    ) -> Option<String> {
        let of_acceptance = stored.accepted_at.format("%Y-%m").to_string();
        let mut right: Vec<String> =
            [wide, narrow].into_iter().flatten().map(|b| b.period.to_string()).collect();
        let is_remembered = narrow.is_some_and(|before| !self.revealed.contains(&before.period.to_string()));
        if !is_remembered {
            if is_old || self.revealed.contains(&of_acceptance) {
                right.push(day.format("%Y-%m").to_string());
            }
            right.push(of_acceptance);
        }
        (!right.contains(&stored.period)).then(|| right.join(" or "))
    }
}

/// The chance of a decision as it is stored.
pub(super) fn stored_chance(stored: &StoredDecision) -> Chance {
    Chance { probability: stored.probability, weight: stored.weight, protected: stored.protected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_ledger::Period;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A decision of a run about a day's lodgement, with p and pi.
    fn lodgement(run: i64, listed: &str, period: &str, [p, pi]: [f64; 2]) -> Lodgement {
        let chance = Chance { probability: p, weight: p, protected: 0.0 };
        Lodgement {
            list: (run, day(listed)),
            declaration: listed.to_owned(),
            version: 1,
            accepted_on: day(listed),
            decided: Earlier {
                period: period.parse().unwrap(),
                chance,
                selected: false,
                realised_probability: pi,
            },
        }
    }

    #[test]
    fn a_decision_goes_on_from_those_before_it_and_from_no_other() {
        let all = vec![
            lodgement(1, "2025-01-03", "2025-01", [0.7, 0.1]),
            lodgement(2, "2025-06-03", "2025-06", [0.2, 0.2]),
            lodgement(2, "2025-06-05", "2025-06", [0.3, 0.1]),
            lodgement(3, "2025-06-04", "2025-06", [0.9, 0.9]),
        ];
        let by_root = HashMap::from([("r".to_owned(), all)]);
        let lodged = Lodged { by_root, resubmission_days: 100, revealed: BTreeSet::new() };
        let before = |run, listed: &str, since: &str| {
            let before = lodged.before("r", (run, day(listed)), day(since));
            before.map(|before| (before.period, before.chance.probability, before.realised_probability))
        };
        let of = |period: &str, p, pi| Some((period.parse::<Period>().unwrap(), p, pi));
        assert_eq!(before(2, "2025-06-03", "2025-02-23"), None, "what is forgotten, or of the day itself");
        assert_eq!(before(2, "2025-06-03", "2025-01-01"), of("2025-01", 0.7, 0.1));
        assert_eq!(before(2, "2025-06-05", "2025-01-01"), of("2025-06", 0.2, 0.2), "a new draw");
        assert_eq!(before(3, "2025-06-04", "2025-06-04"), of("2025-06", 0.3, 0.1), "by runs, not by days");
        assert_eq!(before(4, "2025-06-01", "2025-02-01"), of("2025-06", 0.9, 0.9));
        assert_eq!(
            lodged.beside("r", (2, day("2025-06-05")), &HashSet::new()).probability.to_bits(),
            0.3_f64.to_bits()
        );
        assert_eq!(
            lodged.beside("r", (2, day("2025-06-05")), &HashSet::from([("2025-06-05", 1)])),
            Chance::default()
        );
    }
}
