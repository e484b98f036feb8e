//! What was decided before about consignments that are lodged again.

use super::stretches::Stretch;
use crate::JobError;
use crate::history::{column, text, wrong_type};
use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use chrono::NaiveDate;
use std::collections::HashMap;
use tidegate_ledger::{Period, PeriodError};
use tidegate_query::{Platform, Principal};
use tidegate_risk::selection::Chance;

/// What an earlier lodgement of a consignment was decided as.
#[derive(Debug, Clone, PartialEq)]
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

/// Earlier decisions by root.
#[derive(Default)]
pub(super) struct Roots(HashMap<String, Earlier>);

impl Roots {
    /// Reads decisions since a day about the consignments that are lodged on the days given: those of the same
    /// declaration, and those of the same consignee and transport document.
    pub(super) async fn read(
        platform: &Platform,
        stretch: &Stretch,
        since: NaiveDate,
    ) -> Result<Self, JobError> {
        let month = since.format("%Y-%m");
        let known = format!("k.month >= '{month}' AND k.accepted_at >= DATE '{since}'");
        let lodged = stretch.condition();
        let sql = format!(
            "SELECT root_id, period, inclusion_probability, weight, protected_probability, is_selected, tau FROM (\
             SELECT k.* FROM decision k WHERE {known} AND k.declaration_id IN \
             (SELECT r.declaration_id FROM declaration r WHERE r.version_number > 1 AND {lodged}) \
             UNION ALL SELECT k.* FROM decision k JOIN declaration o ON o.month >= '{month}' AND o.month = k.month \
             AND o.declaration_id = k.declaration_id AND o.version_number = k.version_number JOIN \
             (SELECT DISTINCT r.consignee_id, r.transport_document_id FROM declaration r WHERE {lodged}) n \
             ON n.consignee_id = o.consignee_id AND n.transport_document_id = o.transport_document_id \
             WHERE {known}) ORDER BY run_number, listed_on, declaration_id, version_number"
        );
        let mut roots = Self::default();
        for batch in platform.plan_for(&Principal::LocalOwner, "job decide", &sql).await?.collect().await? {
            let (names, periods) = (text(&batch, "root_id")?, text(&batch, "period")?);
            let number = |name: &str| {
                let numbers = column(&batch, name)?;
                numbers.as_primitive_opt::<Float64Type>().cloned().ok_or_else(|| wrong_type(name))
            };
            let (p, tau) = (number("inclusion_probability")?, number("tau")?);
            let (weight, protected) = (number("weight")?, number("protected_probability")?);
            let selected = column(&batch, "is_selected")?;
            let selected = selected.as_boolean_opt().ok_or_else(|| wrong_type("is_selected"))?;
            for row in 0..batch.num_rows() {
                let one = Earlier {
                    period: periods
                        .value(row)
                        .parse()
                        .map_err(|e: PeriodError| JobError::Missing(e.to_string()))?,
                    chance: Chance {
                        probability: p.value(row),
                        weight: weight.value(row),
                        protected: protected.value(row),
                    },
                    selected: selected.value(row),
                    tau: tau.value(row),
                };
                roots.remember(names.value(row), one);
            }
        }
        Ok(roots)
    }

    pub(super) fn get(&self, root: &str) -> Option<&Earlier> {
        self.0.get(root)
    }

    /// Keeps the period, the greatest p, and the cut of the work list that a consignment is on.
    pub(super) fn remember(&mut self, root: &str, new: Earlier) {
        match self.0.get_mut(root) {
            None => {
                self.0.insert(root.to_owned(), new);
            }
            // A new draw: the key of the one before is public.
            Some(kept) if kept.period != new.period => *kept = new,
            Some(kept) => {
                kept.chance = kept.chance.max(new.chance);
                if !kept.selected {
                    (kept.selected, kept.tau) = (new.selected, new.tau);
                }
            }
        }
    }
}
