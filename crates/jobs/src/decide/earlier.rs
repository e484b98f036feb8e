//! What was decided before about consignments that are lodged again.

use super::cases::{Case, Naming, named};
use super::stretches::Stretch;
use crate::JobError;
use crate::columns::{flags, integers, moments, reals, text, wrong_type};
use arrow::array::RecordBatch;
use chrono::{DateTime, NaiveDate};
use futures::TryStreamExt;
use std::collections::{HashMap, HashSet};
use tidegate_ledger::{Period, PeriodError, RootKey};
use tidegate_query::{Platform, Principal};
use tidegate_risk::selection::Chance;

/// What an earlier lodgement of a consignment was decided as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Earlier {
    /// Period of the draw: that of the first acceptance.
    pub period: Period,
    /// Greatest chance so far.
    pub chance: Chance,
    /// Whether it is on a work list.
    pub selected: bool,
    /// Greatest pi so far.
    pub realised_probability: f64,
}

impl Earlier {
    /// Keeps the period, the greatest p and pi, and the work list that a consignment is on.
    pub(crate) fn and(self, new: Self) -> Self {
        // A new draw: the key of the one before is public.
        if self.period != new.period {
            return new;
        }
        Self {
            period: self.period,
            chance: self.chance.max(new.chance),
            selected: self.selected || new.selected,
            realised_probability: self.realised_probability.max(new.realised_probability),
        }
    }
}

/// Columns of `decision` that [`lodgements`] reads.
pub(crate) const LODGEMENT: &str = "root_id, run_number, listed_on, declaration_id, version_number, accepted_at, period, \
     inclusion_probability, weight, protected_probability, is_selected, realised_probability";

/// A lodgement as it was decided.
pub(crate) struct Lodgement {
    /// Run of the decision, and the day of its list.
    pub list: (i64, NaiveDate),
    /// Declaration.
    pub declaration: String,
    /// Its version.
    pub version: i64,
    /// Day of acceptance.
    pub accepted_on: NaiveDate,
    /// What it was decided as.
    pub decided: Earlier,
}

impl Lodgement {
    /// Where its decision stands among all: by list, declaration and version.
    pub(crate) fn place(&self) -> ((i64, NaiveDate), &str, i64) {
        (self.list, self.declaration.as_str(), self.version)
    }
}

/// A decision about a consignment.
struct Past {
    accepted_on: NaiveDate,
    run: i64,
    decided: Earlier,
}

/// Earlier decisions about what is lodged again on some days; of all else nothing is kept.
pub(super) struct Roots {
    /// Consignments that are lodged more than once on the days.
    again: HashSet<Short>,
    /// By root, in the order of the decisions.
    past: HashMap<String, Vec<Past>>,
}

/// The first half of a root, so that those of a month fit in memory. Two consignments that share it by chance are kept
/// in vain, and nobody asks for them: what is asked for is a whole root.
type Short = u64;

fn short(root: &str) -> Option<Short> {
    u64::from_str_radix(root.get(..16)?, 16).ok()
}

impl Roots {
    /// Reads decisions since a day about the consignments that are lodged on the days given. Neither is joined: the tables
    /// of a join would grow with the country, this holds eight bytes for each version that is lodged.
    pub(super) async fn read(
        platform: &Platform,
        root_key: &RootKey,
        lodged: &Stretch,
        since: NaiveDate,
    ) -> Result<Self, JobError> {
        let mut roots: Vec<Short> = Vec::new();
        let mut rows =
            platform.plan_for(&Principal::LocalOwner, "job decide", &named(lodged)).await?.stream()?;
        while let Some(batch) = rows.try_next().await? {
            let naming = Naming::of(&batch)?;
            let of_row = |row| short(&naming.consignment(row).root(root_key.expose()));
            roots.extend((0..batch.num_rows()).filter_map(of_row));
        }
        roots.sort_unstable();
        let again = roots.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();

        let month = since.format("%Y-%m");
        let sql = format!(
            "SELECT {LODGEMENT} FROM decision WHERE month >= '{month}' AND accepted_at >= DATE '{since}'"
        );
        let is_lodged = |root: &str| short(root).is_some_and(|root| roots.binary_search(&root).is_ok());
        let mut found = Vec::new();
        let mut rows = platform.plan_for(&Principal::LocalOwner, "job decide", &sql).await?.stream()?;
        while let Some(batch) = rows.try_next().await? {
            found.extend(lodgements(&batch, is_lodged)?);
        }
        found.sort_by(|(_, a), (_, b)| a.place().cmp(&b.place()));
        let mut past: HashMap<String, Vec<Past>> = HashMap::new();
        for (root, Lodgement { list: (run, _), accepted_on, decided, .. }) in found {
            past.entry(root).or_default().push(Past { accepted_on, run, decided });
        }
        Ok(Self { again, past })
    }

    /// What was decided about a consignment by a run, or before it about what was accepted since a day.
    pub(super) fn get(&self, root: &str, run: i64, since: NaiveDate) -> Option<Earlier> {
        let known = |past: &&Past| past.run == run || past.accepted_on >= since;
        self.past.get(root)?.iter().filter(known).map(|past| past.decided).reduce(Earlier::and)
    }

    /// Keeps what a run has decided about a case, when its consignment comes again.
    pub(super) fn remember(&mut self, case: &Case, run: i64, decided: Earlier) {
        if short(&case.root).is_some_and(|root| self.again.contains(&root)) {
            let past = Past { accepted_on: case.accepted_at.date_naive(), run, decided };
            self.past.entry(case.root.clone()).or_default().push(past);
        }
    }
}

/// The lodgements of a batch with the columns [`LODGEMENT`] whose roots are wanted, with these.
pub(crate) fn lodgements(
    batch: &RecordBatch,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Lodgement)>, JobError> {
    let (roots, periods, ids) =
        (text(batch, "root_id")?, text(batch, "period")?, text(batch, "declaration_id")?);
    let (p, pi) = (reals(batch, "inclusion_probability")?, reals(batch, "realised_probability")?);
    let (weight, protected) = (reals(batch, "weight")?, reals(batch, "protected_probability")?);
    let selected = flags(batch, "is_selected")?;
    let (runs, versions) = (integers(batch, "run_number")?, integers(batch, "version_number")?);
    let (days, accepted) = (text(batch, "listed_on")?, moments(batch, "accepted_at")?);
    let lodgement = |row: usize| {
        let accepted_at = DateTime::from_timestamp_micros(accepted.value(row));
        let day = days.value(row).parse().map_err(|_| wrong_type("listed_on"))?;
        let period = periods.value(row).parse().map_err(|e: PeriodError| JobError::Missing(e.to_string()))?;
        let chance =
            Chance { probability: p.value(row), weight: weight.value(row), protected: protected.value(row) };
        let lodgement = Lodgement {
            list: (runs.value(row), day),
            declaration: ids.value(row).to_owned(),
            version: versions.value(row),
            accepted_on: accepted_at.ok_or_else(|| wrong_type("accepted_at"))?.date_naive(),
            decided: Earlier {
                period,
                chance,
                selected: selected.value(row),
                realised_probability: pi.value(row),
            },
        };
        Ok((roots.value(row).to_owned(), lodgement))
    };
    (0..batch.num_rows()).filter(|row| is_wanted(roots.value(*row))).map(lodgement).collect()
}
