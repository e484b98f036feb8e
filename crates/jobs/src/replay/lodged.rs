//! What was decided before about the consignments of a piece, as it is stored: what a decision goes on from.

use super::again::{Run, listed_on};
use crate::JobError;
use crate::columns::{flags, integers, moments, reals, text, wrong_type};
use crate::decide::StoredDecision;
use crate::home::Home;
use arrow::array::RecordBatch;
use chrono::{DateTime, Days, NaiveDate};
use futures::TryStreamExt;
use std::collections::{BTreeSet, HashMap, HashSet};
use tidegate_query::{Platform, Principal};
use tidegate_risk::selection::{Chance, Epoch};

/// Where a decision stands among those about its consignment: its run, and the day of its list.
pub(super) type Place = (i64, NaiveDate);

/// A decision about a consignment.
struct Lodgement {
    place: Place,
    declaration: String,
    version: i64,
    accepted_on: NaiveDate,
    before: Before,
}

/// What is known of a consignment by the decisions before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Before {
    /// Period of its draw.
    pub period: String,
    /// Greatest chance.
    pub chance: Chance,
    /// Whether it is on a work list.
    pub is_listed: bool,
    /// Greatest pi.
    pub realised_probability: f64,
}

impl Before {
    /// As `decide` goes on from one decision to the next: a new draw forgets what was before.
    fn and(self, new: Self) -> Self {
        if self.period != new.period {
            return new;
        }
        Self {
            chance: self.chance.max(new.chance),
            is_listed: self.is_listed || new.is_listed,
            realised_probability: self.realised_probability.max(new.realised_probability),
            period: self.period,
        }
    }
}

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
    pub before: Option<Before>,
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
            "SELECT root_id, run_number, listed_on, declaration_id, version_number, accepted_at, period, \
             inclusion_probability, weight, protected_probability, is_selected, realised_probability FROM decision \
             WHERE run_number <= {last_run} AND (month >= '{month}' OR run_number >= {first_run})"
        );
        let wanted: HashSet<&str> = decided().map(|(_, root)| root).collect();
        let mut rows = platform.plan_for(&Principal::LocalOwner, "job replay", &sql).await?.stream()?;
        while let Some(batch) = rows.try_next().await? {
            lodged.take(&batch, &wanted)?;
        }
        lodged.by_root.retain(|_, lodgements| lodgements.len() > 1);
        for lodgements in lodged.by_root.values_mut() {
            lodgements.sort_by_key(|lodgement| lodgement.place);
        }
        Ok(lodged)
    }

    fn take(&mut self, batch: &RecordBatch, wanted: &HashSet<&str>) -> Result<(), JobError> {
        let (roots, ids, days) =
            (text(batch, "root_id")?, text(batch, "declaration_id")?, text(batch, "listed_on")?);
        let (runs, versions) = (integers(batch, "run_number")?, integers(batch, "version_number")?);
        let (periods, accepted) = (text(batch, "period")?, moments(batch, "accepted_at")?);
        let (p, pi) = (reals(batch, "inclusion_probability")?, reals(batch, "realised_probability")?);
        let (weight, protected) = (reals(batch, "weight")?, reals(batch, "protected_probability")?);
        let selected = flags(batch, "is_selected")?;
        for row in (0..batch.num_rows()).filter(|row| wanted.contains(roots.value(*row))) {
            let accepted_at = DateTime::from_timestamp_micros(accepted.value(row));
            let day = days.value(row).parse().map_err(|_| wrong_type("listed_on"))?;
            let lodgement = Lodgement {
                place: (runs.value(row), day),
                declaration: ids.value(row).to_owned(),
                version: versions.value(row),
                accepted_on: accepted_at.ok_or_else(|| wrong_type("accepted_at"))?.date_naive(),
                before: Before {
                    period: periods.value(row).to_owned(),
                    chance: Chance {
                        probability: p.value(row),
                        weight: weight.value(row),
                        protected: protected.value(row),
                    },
                    is_listed: selected.value(row),
                    realised_probability: pi.value(row),
                },
            };
            self.by_root.entry(roots.value(row).to_owned()).or_default().push(lodgement);
        }
        Ok(())
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
        let of_day = self.of(root).iter().filter(|lodgement| lodgement.place == place);
        let others =
            of_day.filter(|lodgement| !again.contains(&(lodgement.declaration.as_str(), lodgement.version)));
        others.fold(Chance::default(), |chance, lodgement| chance.max(lodgement.before.chance))
    }

    fn before(&self, root: &str, place: Place, since: NaiveDate) -> Option<Before> {
        let known = |lodgement: &&Lodgement| {
            lodgement.place < place && (lodgement.place.0 == place.0 || lodgement.accepted_on >= since)
        };
        let known = self.of(root).iter().filter(known);
        known.map(|lodgement| lodgement.before.clone()).reduce(Before::and)
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
        let wrong_period =
            self.wrong_period(stored, [wide.as_ref(), narrow.as_ref()], accepted_on < late, place.1);
        let same_draw = |before: Option<Before>| before.filter(|before| before.period == stored.period);
        let (wide, narrow) = (same_draw(wide), same_draw(narrow));
        let with = |before: &Option<Before>| before.as_ref().map_or(own, |before| own.max(before.chance));
        let chance = stored_chance(stored);
        let before = if chance != with(&wide) && chance == with(&narrow) { narrow } else { wide };
        Continued { before, wrong_period }
    }

    /// None when the period of a draw is that of the consignment's draw before, and without one the month of its acceptance;
    /// or that of its list, when the key of those is public or it was accepted too long ago.
    fn wrong_period(
        &self,
        stored: &StoredDecision,
        [wide, narrow]: [Option<&Before>; 2],
        is_old: bool,
        day: NaiveDate,
    ) -> Option<String> {
        let of_acceptance = stored.accepted_at.format("%Y-%m").to_string();
        let mut right: Vec<String> = [wide, narrow].into_iter().flatten().map(|b| b.period.clone()).collect();
        let is_remembered = narrow.is_some_and(|before| !self.revealed.contains(&before.period));
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

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A decision of a run about a day's lodgement, with p and pi.
    fn lodgement(run: i64, listed: &str, period: &str, [p, pi]: [f64; 2]) -> Lodgement {
        let chance = Chance { probability: p, weight: p, protected: 0.0 };
        Lodgement {
            place: (run, day(listed)),
            declaration: listed.to_owned(),
            version: 1,
            accepted_on: day(listed),
            before: Before { period: period.to_owned(), chance, is_listed: false, realised_probability: pi },
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
        let of = |period: &str, p, pi| Some((period.to_owned(), p, pi));
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
