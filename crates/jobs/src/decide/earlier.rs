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
#[derive(Default)]
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
        let known = format!("k.month >= '{month}' AND k.accepted_at >= DATE '{since}'");
        let lodged = lodged.condition();
        let sql = format!(
            "SELECT root_id, accepted_at, run_number, period, inclusion_probability, weight, protected_probability, \
             is_selected, tau FROM (\
             SELECT k.* FROM decision k WHERE {known} AND k.declaration_id IN \
             (SELECT r.declaration_id FROM declaration r WHERE r.version_number > 1 AND {lodged}) \
             UNION ALL SELECT k.* FROM (SELECT o.month, o.declaration_id, o.version_number FROM \
             (SELECT DISTINCT r.consignee_id, r.transport_document_id FROM declaration r WHERE {lodged}) n \
             JOIN declaration o ON n.consignee_id = o.consignee_id AND n.transport_document_id = o.transport_document_id \
             WHERE o.month >= '{month}') a JOIN decision k ON k.month = a.month \
             AND k.declaration_id = a.declaration_id AND k.version_number = a.version_number \
             WHERE {known}) ORDER BY run_number, listed_on, declaration_id, version_number"
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
    let lodged = lodged.condition();
    let sql = format!(
        "SELECT r.declaration_id FROM declaration r WHERE r.version_number > 1 AND {lodged} \
         UNION ALL SELECT r.declaration_id FROM declaration r JOIN (\
         SELECT r.consignee_id, r.transport_document_id FROM declaration r WHERE {lodged} \
         GROUP BY 1, 2 HAVING count(*) > 1) n \
         ON n.consignee_id = r.consignee_id AND n.transport_document_id = r.transport_document_id WHERE {lodged}"
    );
    let answer = Answer::of(platform, "job decide", &sql).await?;
    Ok(answer.texts("declaration_id")?.into_iter().collect())
}
