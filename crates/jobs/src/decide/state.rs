//! The policy state of an epoch: slots, thresholds and multipliers from what was lodged and what closed before it.

use super::ahead::{AssessedDay, Assessor};
use super::cases::Which;
use super::expressions::{EXPECTED, IS_MANDATORY, between, later_versions, regime_of};
use super::stretches::stretches;
use super::{Capacity, DecideOptions};
use crate::JobError;
use crate::answer::Answer;
use crate::columns::wrong_type;
use crate::home::Home;
use crate::progress::Progress;
use chrono::{Datelike, Days, NaiveDate};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_ledger::{NewPolicyState, PolicyStateVersion};
use tidegate_query::Platform;
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::selection::{
    Account, Accounts, Epoch, History, LaneShare, PolicyState, Seen, SelectionPolicy, Setting,
};

/// A state with what it was made for, as it stands in the ledger.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateOfEpoch {
    /// Bundle whose scores set it.
    bundle: String,
    /// Capacity as it was asked for.
    capacity: String,
    /// Slots that protected ones leave to others, from the selection policy: with the lanes, what a stranger needs to
    /// close a work list again.
    reserved_slots: u32,
    /// Lanes of the selected, from the selection policy.
    lanes: Vec<LaneShare>,
    pub(crate) state: PolicyState,
}

/// First lodgements of a day as they would be proposed, by office and grade.
type Day = BTreeMap<String, BTreeMap<String, Vec<Seen>>>;

/// What sets the states of the epochs of a run: the window of days before slides with them.
pub(super) struct States<'a> {
    pub home: &'a Home,
    pub assessor: Assessor,
    pub hash: String,
    pub capacity: Capacity,
    pub without_work_list: bool,
    /// Days that were read.
    days: BTreeMap<NaiveDate, Day>,
}

impl<'a> States<'a> {
    pub(super) fn new(home: &'a Home, assessor: Assessor, hash: String, options: &DecideOptions) -> Self {
        let DecideOptions { capacity, without_work_list, .. } = *options;
        Self { home, assessor, hash, capacity, without_work_list, days: BTreeMap::new() }
    }

    /// The state of an epoch as it is stored: the newest one when it was made for the same, otherwise a new version.
    pub(super) async fn of(
        &mut self,
        platform: &Arc<Platform>,
        epoch: Epoch,
        progress: &mut dyn Progress,
    ) -> Result<(PolicyStateVersion, PolicyState), JobError> {
        let newest = self.home.ledger.newest_policy_state().await?;
        if let Some(newest) = &newest
            && let Ok(stored) = serde_json::from_str::<StateOfEpoch>(&newest.state.content)
            && (stored.state.epoch, &stored.bundle, stored.capacity)
                == (epoch, &self.hash, self.capacity.to_string())
        {
            return Ok((newest.version, stored.state));
        }
        let history = self.history(platform, epoch, progress).await?;
        let accounts = accounts(platform, &self.assessor.bundle.selection, epoch).await?;
        let setting = Setting {
            policy: &self.assessor.bundle.selection,
            epoch,
            history: &history,
            accounts: &accounts,
            list_days: 1.0,
        };
        let state = setting.state(|a_day| self.capacity.slots(a_day));
        let stored = StateOfEpoch {
            bundle: self.hash.clone(),
            capacity: self.capacity.to_string(),
            reserved_slots: self.assessor.bundle.selection.reserved_slots,
            lanes: self.assessor.bundle.selection.lanes.clone(),
            state,
        };
        let content = serde_json::to_string(&stored).map_err(|e| JobError::Missing(e.to_string()))?;
        let new = NewPolicyState {
            content,
            effective_from: self.home.now,
            based_on: newest.map(|s| s.version),
            recorded_at: self.home.now,
        };
        let version = self.home.ledger.append_policy_state(&new).await?;
        Ok((version, stored_state(self.home, version).await?))
    }

    /// First lodgements of the days before an epoch.
    async fn history(
        &mut self,
        platform: &Arc<Platform>,
        epoch: Epoch,
        progress: &mut dyn Progress,
    ) -> Result<History, JobError> {
        let days = self.assessor.bundle.selection.threshold_days;
        let first = epoch.first.checked_sub_days(Days::new(u64::from(days)));
        let (Some(first), Some(last)) = (first, epoch.first.pred_opt()) else {
            return Err(JobError::Missing(format!("no day is before {}", epoch.first)));
        };
        self.days = self.days.split_off(&first);
        let from = self.days.last_key_value().and_then(|(day, _)| day.succ_opt()).unwrap_or(first);
        progress.step("setting thresholds from the days before", (last - from).num_days() as u64 + 1, "days");
        let decided = decided_days(platform, &self.hash, from, last).await?;
        let open = from.iter_days().take_while(|day| *day <= last).filter(|day| !decided.contains_key(day));
        let mut lodged = Vec::new();
        for (first, last) in in_a_row(open) {
            let versions = self.home.configuration.decide.read_versions;
            lodged.extend(stretches(platform, first, last, versions).await?);
        }
        self.days.extend(decided);
        let mut read = self.assessor.days(platform, lodged, Which::First);
        while let Some(AssessedDay { day, cases, assessment }) = read.next().await? {
            let seen = self.days.entry(day).or_default();
            for case in &cases.cases {
                let rated = self.assessor.bundle.rate(&assessment, case.items.clone(), None);
                let one = Seen { priority: rated.priority, mandatory: rated.least_lane.is_inspection() };
                keep(seen, &case.office, &case.grade, one);
            }
            progress.done((day - from).num_days() as u64 + 1);
        }
        let mut history = History { days, ..History::default() };
        for (office, grades) in self.days.values().flatten() {
            let of_office = history.seen.entry(office.clone()).or_default();
            for (grade, seen) in grades {
                of_office.entry(grade.clone()).or_default().extend(seen);
            }
        }
        Ok(history)
    }
}

fn keep(day: &mut Day, office: &str, grade: &str, one: Seen) {
    day.entry(office.to_owned()).or_default().entry(grade.to_owned()).or_default().push(one);
}

/// First and last of each run of days in a row.
fn in_a_row(days: impl Iterator<Item = NaiveDate>) -> Vec<(NaiveDate, NaiveDate)> {
    let mut rows: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        match rows.last_mut() {
            Some((_, last)) if last.succ_opt() == Some(day) => *last = day,
            _ => rows.push((day, day)),
        }
    }
    rows
}

/// The days all of whose first lodgements a bundle has decided already: what it said of them then is what it would say
/// again, so that nothing is assessed twice.
async fn decided_days(
    platform: &Platform,
    bundle: &str,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<BTreeMap<NaiveDate, Day>, JobError> {
    let days = between("accepted_at", first, last);
    let decided = format!(
        "SELECT CAST(CAST(accepted_at AS DATE) AS VARCHAR) AS day, office_id, grade_code, priority, \
         CAST(component_code = 'mandatory' AS BIGINT) AS mandatory FROM decision WHERE version_number = 1 \
         AND bundle_hash = '{bundle}' AND semantics_version = {SEMANTICS_VERSION} AND {days} \
         ORDER BY declaration_id, run_number"
    );
    let lodged = format!(
        "SELECT CAST(CAST(accepted_at AS DATE) AS VARCHAR) AS day, count(*) AS lodged FROM declaration \
         WHERE version_number = 1 AND {days} GROUP BY 1"
    );
    let lodged = Answer::of(platform, "job decide", &lodged).await?;
    let lodged: BTreeMap<String, u64> =
        lodged.texts("day")?.into_iter().zip(lodged.counts("lodged")?).collect();
    let decided = Answer::of(platform, "job decide", &decided).await?;
    let (offices, grades) = (decided.texts("office_id")?, decided.texts("grade_code")?);
    let (priorities, mandatory) = (decided.reals("priority")?, decided.integers("mandatory")?);
    let mut all: BTreeMap<String, (u64, Day)> = BTreeMap::new();
    for (row, day) in decided.texts("day")?.into_iter().enumerate() {
        let (count, seen) = all.entry(day).or_default();
        *count += 1;
        let one = Seen { priority: priorities[row], mandatory: mandatory[row] == 1 };
        keep(seen, &offices[row], &grades[row], one);
    }
    let whole = all.into_iter().filter(|(day, (count, _))| lodged.get(day) == Some(count));
    Ok(whole.filter_map(|(day, (_, seen))| Some((day.parse().ok()?, seen))).collect())
}

/// Probabilities are summed as integers of this fraction, 2^-40, so that the order of rows leaves no trace.
const FRACTION: &str = "1099511627776.0";

/// Sums over what was decided in the calendar year before an epoch: the window of the promises. Each decision is summed under
/// the regime of its own day.
async fn accounts(platform: &Platform, policy: &SelectionPolicy, epoch: Epoch) -> Result<Accounts, JobError> {
    let mut accounts = Accounts::new();
    let (Some(first), Some(last)) = (epoch.first.with_ordinal(1), epoch.first.pred_opt()) else {
        return Ok(accounts);
    };
    let sql = format!(
        "WITH later AS ({later}) \
         SELECT {regime} AS regime, d.office_id, d.grade_code, count(*) AS consignments, \
         count(*) FILTER (WHERE {IS_MANDATORY}) AS mandatory, \
         CAST(sum(CAST(round({EXPECTED} * {FRACTION}) AS BIGINT)) AS DOUBLE) / {FRACTION} AS expected \
         FROM decision d LEFT JOIN later l ON l.month = d.month AND l.declaration_id = d.declaration_id \
         WHERE d.version_number = 1 AND {days} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        later = later_versions(&between("accepted_at", first, last)),
        regime = regime_of(policy, "d.accepted_at"),
        days = between("d.accepted_at", first, last)
    );
    let answer = Answer::of(platform, "job decide", &sql).await?;
    let (offices, grades) = (answer.texts("office_id")?, answer.texts("grade_code")?);
    let (consignments, mandatory) = (answer.reals("consignments")?, answer.reals("mandatory")?);
    let regimes = answer.texts("regime")?;
    for (row, expected) in answer.reals("expected")?.into_iter().enumerate() {
        let account = Account { consignments: consignments[row], mandatory: mandatory[row], expected };
        let regime: NaiveDate = regimes[row].parse().map_err(|_| wrong_type("regime"))?;
        let of_office = accounts.entry(regime).or_default().entry(offices[row].clone()).or_default();
        of_office.insert(grades[row].clone(), account);
    }
    Ok(accounts)
}

/// A state as it was stored.
pub(crate) async fn stored_state(home: &Home, version: PolicyStateVersion) -> Result<PolicyState, JobError> {
    let stored = home.ledger.policy_state(version).await?;
    parse(&stored.state.content)
        .ok_or_else(|| JobError::Missing(format!("policy state {version} is of another form")))
}

/// A state from its text; none when it is of another form.
pub(crate) fn parse(content: &str) -> Option<PolicyState> {
    serde_json::from_str::<StateOfEpoch>(content).ok().map(|stored| stored.state)
}
