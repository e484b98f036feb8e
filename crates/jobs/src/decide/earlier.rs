//! What was decided before about consignments that are lodged again.

use super::cases::Case;
use super::stretches::Stretch;
use crate::JobError;
use crate::answer::Answer;
use crate::history::{column, moments, text, wrong_type};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use chrono::{DateTime, NaiveDate};
use std::collections::{HashMap, HashSet};
use tidegate_ledger::{Period, PeriodError};
use tidegate_query::{Platform, Principal};
use tidegate_risk::selection::Chance;

/// What an earlier lodgement of a consignment was decided as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Earlier {
    /// Period of the draw: that of the first acceptance.
    pub period: Period,
    /// Greatest chance so far.
    pub chance: Chance,
    /// Whether it is on a work list.
    pub selected: bool,
    /// Cut of that list, or of the last one that it was left out of.
    pub tau: f64,
}

impl Earlier {
    /// Keeps the period, the greatest p, and the cut of the work list that a consignment is on.
    fn and(self, new: Self) -> Self {
        // A new draw: the key of the one before is public.
        if self.period != new.period {
            return new;
        }
        let (selected, tau) = if self.selected { (self.selected, self.tau) } else { (new.selected, new.tau) };
        Self { chance: self.chance.max(new.chance), selected, tau, ..self }
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
    /// Declarations whose consignments are lodged more than once on the days.
    again: HashSet<String>,
    /// By root, in the order of the decisions.
    past: HashMap<String, Vec<Past>>,
}

impl Roots {
    /// Reads decisions since a day about the consignments that are lodged on the days given: those of the same
    /// declaration, and those of the same consignee and transport document.
    pub(super) async fn read(
        platform: &Platform,
        lodged: &Stretch,
        since: NaiveDate,
    ) -> Result<Self, JobError> {
        let mut roots = Self { again: again(platform, lodged).await?, past: HashMap::new() };
        let month = since.format("%Y-%m");
        let sql = format!(
            "SELECT root_id, accepted_at, run_number, period, inclusion_probability, weight, protected_probability, \
             is_selected, tau FROM decision k WHERE k.month >= '{month}' AND k.accepted_at >= DATE '{since}' \
             AND k.declaration_id IN ({} UNION ALL SELECT o.declaration_id FROM declaration o JOIN \
             (SELECT DISTINCT consignee_id, transport_document_id FROM ({}) p) n \
             ON n.consignee_id = o.consignee_id AND n.transport_document_id = o.transport_document_id \
             WHERE o.month >= '{month}') ORDER BY run_number, listed_on, declaration_id, version_number",
            amended(lodged),
            named(lodged)
        );
        for batch in platform.plan_for(&Principal::LocalOwner, "job decide", &sql).await?.collect().await? {
            roots.take(&batch)?;
        }
        Ok(roots)
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), JobError> {
        let (names, periods) = (text(batch, "root_id")?, text(batch, "period")?);
        let number = |name: &str| {
            let numbers = column(batch, name)?;
            numbers.as_primitive_opt::<Float64Type>().cloned().ok_or_else(|| wrong_type(name))
        };
        let (p, tau) = (number("inclusion_probability")?, number("tau")?);
        let (weight, protected) = (number("weight")?, number("protected_probability")?);
        let selected = column(batch, "is_selected")?;
        let selected = selected.as_boolean_opt().ok_or_else(|| wrong_type("is_selected"))?;
        let runs = column(batch, "run_number")?;
        let runs = runs.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong_type("run_number"))?;
        let accepted = moments(batch, "accepted_at")?;
        for row in 0..batch.num_rows() {
            let moment = DateTime::from_timestamp_micros(accepted.value(row));
            let chance = Chance {
                probability: p.value(row),
                weight: weight.value(row),
                protected: protected.value(row),
            };
            let period =
                periods.value(row).parse().map_err(|e: PeriodError| JobError::Missing(e.to_string()))?;
            let past = Past {
                accepted_on: moment.ok_or_else(|| wrong_type("accepted_at"))?.date_naive(),
                run: runs.value(row),
                decided: Earlier { period, chance, selected: selected.value(row), tau: tau.value(row) },
            };
            self.past.entry(names.value(row).to_owned()).or_default().push(past);
        }
        Ok(())
    }

    /// What was decided about a consignment by a run, or before it about what was accepted since a day.
    pub(super) fn get(&self, root: &str, run: i64, since: NaiveDate) -> Option<Earlier> {
        let known = |past: &&Past| past.run == run || past.accepted_on >= since;
        self.past.get(root)?.iter().filter(known).map(|past| past.decided).reduce(Earlier::and)
    }

    /// Keeps what a run has decided about a case, when its consignment comes again.
    pub(super) fn remember(&mut self, case: &Case, run: i64, decided: Earlier) {
        if self.again.contains(&case.declaration_id) {
            let past = Past { accepted_on: case.accepted_at.date_naive(), run, decided };
            self.past.entry(case.root.clone()).or_default().push(past);
        }
    }
}

/// Declarations whose consignments are lodged more than once on the days: in several versions, or by several
/// declarations.
async fn again(platform: &Platform, lodged: &Stretch) -> Result<HashSet<String>, JobError> {
    let sql = format!(
        "{} UNION ALL SELECT r.declaration_id FROM declaration r JOIN (SELECT consignee_id, transport_document_id \
         FROM ({}) p GROUP BY 1, 2 HAVING count(*) > 1) n ON n.consignee_id = r.consignee_id \
         AND n.transport_document_id = r.transport_document_id WHERE {}",
        amended(lodged),
        named(lodged),
        lodged.condition()
    );
    let answer = Answer::of(platform, "job decide", &sql).await?;
    Ok(answer.texts("declaration_id")?.into_iter().collect())
}

/// The query of declarations of which a later version is lodged on the days.
fn amended(lodged: &Stretch) -> String {
    format!(
        "SELECT r.declaration_id FROM declaration r WHERE r.version_number > 1 AND {}",
        lodged.condition()
    )
}

/// The query of consignees and transport documents of what is lodged on the days, and of the first versions of what is
/// amended on them, after which those are named.
fn named(lodged: &Stretch) -> String {
    let months = lodged.months().unwrap_or_else(|| "''".to_owned());
    format!(
        "SELECT r.consignee_id, r.transport_document_id FROM declaration r WHERE {} UNION ALL \
         SELECT f.consignee_id, f.transport_document_id FROM declaration f WHERE f.version_number = 1 \
         AND f.month IN ({months}) AND f.declaration_id IN ({})",
        lodged.condition(),
        amended(lodged)
    )
}
