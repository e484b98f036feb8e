//! Work lists: the selected consignments of a day at an office, in the order of their numbers. Officers read them, so neither
//! what is shown nor the order tells an inspection by chance from another.

use super::cases::Case;
use super::stored::Columns;
use crate::JobError;
use crate::columns::wrong_type;
use crate::home::Home;
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};
use chrono::NaiveDate;
use futures::TryStreamExt;
use tidegate_query::Principal;
use tidegate_risk::decision::{Proposal, Settled};
use tidegate_risk::selection::Lane;
use tidegate_risk::treatment::Treatment;

/// A selected consignment.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct WorkListEntry {
    /// Day of acceptance.
    pub day: NaiveDate,
    /// Office.
    pub office: String,
    /// Declaration.
    pub declaration_id: String,
    /// Version of the declaration.
    pub version: i64,
    /// Lane.
    pub lane: &'static str,
    /// Score, 0 to 1. The officer is not told.
    #[serde(skip)]
    pub score: f64,
    /// Waits for the next free slot.
    pub queued: bool,
    /// Site where special packaging is opened in place of the port.
    pub destination: Option<String>,
    /// Last day on which it may arrive there.
    pub deadline: Option<NaiveDate>,
    /// A reference team inspects it once more. The officer is not told.
    #[serde(skip)]
    pub reinspected: bool,
    /// What the officer is asked to do.
    pub directive: String,
}

impl WorkListEntry {
    pub(super) fn new(
        case: &Case,
        proposal: &Proposal,
        settled: &Settled,
        queued: bool,
        directive: Option<&str>,
        treatment: Option<&Treatment>,
    ) -> Self {
        Self {
            day: case.accepted_at.date_naive(),
            office: case.office.clone(),
            declaration_id: case.declaration_id.clone(),
            version: case.version,
            lane: settled.lane.code(),
            score: proposal.score,
            queued,
            reinspected: settled.reinspected,
            destination: treatment.map(|t| t.site.clone()),
            deadline: treatment.map(|t| t.deadline),
            directive: directive.unwrap_or_default().to_owned(),
        }
    }

    /// As it is stored.
    fn stored(columns: &Columns<'_>, row: usize) -> Result<Self, JobError> {
        let day = NaiveDate::from_epoch_days(columns.number::<Date32Type>("day", row)?);
        let lane = Lane::of_code(&columns.text("lane_code", row)?);
        let deadline = columns.optional("treatment_deadline", row)?;
        Ok(Self {
            day: day.ok_or_else(|| wrong_type("accepted_at"))?,
            office: columns.text("office_id", row)?,
            declaration_id: columns.text("declaration_id", row)?,
            version: columns.number::<Int64Type>("version_number", row)?,
            lane: lane.ok_or_else(|| wrong_type("lane_code"))?.code(),
            score: columns.number::<Float64Type>("score", row)?,
            queued: columns.flag("is_queued", row)?,
            destination: columns.optional("treatment_site_id", row)?,
            deadline: deadline
                .map(|day| day.parse::<NaiveDate>())
                .transpose()
                .map_err(|_| wrong_type("treatment_deadline"))?,
            reinspected: columns.flag("is_reinspected", row)?,
            directive: columns.optional("directive", row)?.unwrap_or_default(),
        })
    }
}

/// Gives `take` what is on the stored work lists from a day to a day, whichever run decided it, by day and office, then by
/// declaration; says how many there were.
///
/// # Errors
/// When the lake fails, or `take` does.
pub async fn work_lists(
    home: &Home,
    from: NaiveDate,
    to: NaiveDate,
    mut take: impl FnMut(&WorkListEntry) -> Result<(), JobError>,
) -> Result<u64, JobError> {
    // Days in this form are in order as texts.
    let sql = format!(
        "SELECT CAST(accepted_at AS DATE) AS day, office_id, declaration_id, version_number, lane_code, score, \
         is_queued, treatment_site_id, treatment_deadline, is_reinspected, directive FROM decision \
         WHERE is_selected AND listed_on >= '{from}' AND listed_on <= '{to}' \
         ORDER BY day, office_id, declaration_id, version_number"
    );
    let platform = home.platform().await?;
    let mut batches = platform.plan_for(&Principal::LocalOwner, "job decide", &sql).await?.stream()?;
    let mut listed = 0;
    while let Some(batch) = batches.try_next().await? {
        let columns = Columns(&batch);
        for row in 0..batch.num_rows() {
            take(&WorkListEntry::stored(&columns, row)?)?;
        }
        listed += batch.num_rows() as u64;
    }
    Ok(listed)
}

/// By day and office, then by declaration.
pub(super) fn sort(entries: &mut [WorkListEntry]) {
    entries.sort_by(|a, b| {
        (a.day, &a.office, &a.declaration_id, a.version).cmp(&(
            b.day,
            &b.office,
            &b.declaration_id,
            b.version,
        ))
    });
}
