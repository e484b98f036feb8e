//! What the same records, with the same bundle and policy state, give again.

use super::Replayed;
use super::register::Register;
use super::which::{Piece, erased};
use crate::JobError;
use crate::columns::integers;
use crate::decide::{
    Case, KeptReason, Packaging, StoredDecision, any_version, cases, read_stored, stored_state,
};
use crate::home::Home;
use crate::retention::ErasedBefore;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tidegate_ledger::{DecisionRunId, Erasure, Period, PeriodKey, RunStart};
use tidegate_query::{Platform, Principal};
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::decision::{DecisionReason, Proposal};
use tidegate_risk::selection::PolicyState;
use tidegate_risk::treatment::Losses;

/// A decision beside what the same record gives again.
pub(super) struct Again {
    pub stored: StoredDecision,
    pub case: Case,
    pub proposal: Proposal,
    /// None where they were not asked for.
    pub reasons: Vec<DecisionReason>,
}

/// Decisions of one run, with what they were decided with.
pub(super) struct Run {
    pub number: i64,
    /// What the ledger says that it decided with.
    pub start: RunStart,
    pub bundle: Arc<Bundle>,
    pub state: PolicyState,
    pub rows: RecordBatch,
    pub assessment: Assessment,
    pub keys: HashMap<String, PeriodKey>,
    pub packaging: Packaging,
    /// By day of the work list.
    pub losses: BTreeMap<NaiveDate, Losses>,
    pub again: Vec<Again>,
    /// Decisions whose record is erased, with the certificate.
    pub erased: Vec<(StoredDecision, Erasure)>,
}

/// What pieces share.
#[derive(Default)]
pub(super) struct Known {
    /// By their hashes.
    bundles: HashMap<String, Arc<Bundle>>,
    /// Grades of traders; without them the stored grades are taken.
    register: Option<Register>,
}

/// The decisions of a piece beside what comes out again, with the reasons of those that are to be explained.
pub(super) async fn again(
    home: &Home,
    platform: &Platform,
    piece: &Piece,
    known: &mut Known,
    is_explained: fn(&StoredDecision) -> bool,
) -> Result<Vec<Run>, JobError> {
    let stored = read_stored(platform, &piece.condition, &piece.months).await?;
    let mut by_run: BTreeMap<i64, Vec<StoredDecision>> = BTreeMap::new();
    for decision in stored {
        by_run.entry(decision.run).or_default().push(decision);
    }
    let mut runs = Vec::new();
    for (number, decisions) in by_run {
        let mut run = run_again(home, platform, piece, known, (number, decisions)).await?;
        run.explain(|stored| piece.is_about(stored) && is_explained(stored))?;
        runs.push(run);
    }
    Ok(runs)
}

async fn run_again(
    home: &Home,
    platform: &Platform,
    piece: &Piece,
    known: &mut Known,
    (number, decisions): (i64, Vec<StoredDecision>),
) -> Result<Run, JobError> {
    let start = home.ledger.decision_run(DecisionRunId(number)).await?.start;
    let bundle = known.bundle(home, &start.bundle.to_string()).await?;
    let state = stored_state(home, start.policy_state).await?;
    let rows = rows(platform, &bundle, piece, number).await?;
    let grades = match &mut known.register {
        Some(register) => register.at(start.started_at)?,
        None => Arc::default(),
    };
    let cases: HashMap<(String, i64), Case> = cases(&rows, &grades, &home.root_key().await?)?
        .into_iter()
        .map(|c| ((c.declaration_id.clone(), c.version), c))
        .collect();
    piece.note_parties(home, &rows, cases.values());
    let assessment = bundle.assess(&rows)?;
    let keys = revealed(home, &decisions).await?;
    let first = decisions.iter().filter_map(listed_on).min().unwrap_or_default();
    let packaging = packaging(platform, &bundle, piece, (number, first)).await?;
    let mut losses = BTreeMap::new();
    for day in decisions.iter().filter_map(listed_on) {
        losses.entry(day).or_insert_with(|| packaging.losses(number, day));
    }
    let (mut again, mut gone, mut erasures) = (Vec::new(), Vec::new(), None);
    for stored in decisions {
        let Some(mut case) = cases.get(&(stored.declaration_id.clone(), stored.version)).cloned() else {
            if erasures.is_none() {
                erasures = Some(ErasedBefore::read(home).await?);
            }
            let erasure = erasures.as_ref().and_then(|e| e.of(&month_of(&stored), &stored.declaration_id));
            let erasure = erasure.ok_or_else(|| {
                let (id, version) = (&stored.declaration_id, stored.version);
                JobError::Missing(format!(
                    "version {version} of declaration {id} is not in the lake any more"
                ))
            })?;
            gone.push((stored, erasure.clone()));
            continue;
        };
        if known.register.is_none() {
            case.grade.clone_from(&stored.grade);
        }
        let proposal = bundle.propose(&assessment, case.items.clone(), &state, &case.office, &case.grade);
        again.push(Again { stored, case, proposal, reasons: Vec::new() });
    }
    Ok(Run { number, start, bundle, state, rows, assessment, keys, packaging, losses, again, erased: gone })
}

impl Known {
    pub(super) fn with(register: Register) -> Self {
        Self { register: Some(register), ..Self::default() }
    }

    async fn bundle(&mut self, home: &Home, hash: &str) -> Result<Arc<Bundle>, JobError> {
        if let Some(bundle) = self.bundles.get(hash) {
            return Ok(Arc::clone(bundle));
        }
        let bundle = Arc::new(home.bundle(Some(hash)).await?.0);
        self.bundles.insert(hash.to_owned(), Arc::clone(&bundle));
        Ok(bundle)
    }
}

/// The records of the decisions of a run, as they are in the lake.
async fn rows(
    platform: &Platform,
    bundle: &Bundle,
    piece: &Piece,
    run: i64,
) -> Result<RecordBatch, JobError> {
    let sql = format!(
        "{} JOIN (SELECT DISTINCT month, declaration_id, version_number FROM decision WHERE run_number = {run} AND {}) d \
         ON d.month = r.month AND d.declaration_id = r.declaration_id AND d.version_number = r.version_number \
         WHERE r.month IN ({}) ORDER BY r.declaration_id, r.version_number, r.goods_item_seq",
        any_version(bundle, &piece.months),
        piece.condition,
        piece.months
    );
    let plan = platform.plan_for(&Principal::LocalOwner, "job replay", &sql).await?;
    let schema = plan.schema();
    Ok(concat_batches(&schema, &plan.collect().await?)?)
}

/// Special packaging as a run knew it.
async fn packaging(
    platform: &Platform,
    bundle: &Bundle,
    piece: &Piece,
    (run, first): (i64, NaiveDate),
) -> Result<Packaging, JobError> {
    let decided = format!(
        "r.month IN ({}) AND r.declaration_id IN (SELECT declaration_id FROM decision WHERE run_number = {run} AND {})",
        piece.months, piece.condition
    );
    Packaging::read(platform, "job replay", &bundle.selection, (run, first), &decided).await
}

/// Day of the work list of a decision.
pub(super) fn listed_on(stored: &StoredDecision) -> Option<NaiveDate> {
    stored.listed_on.parse().ok()
}

/// Keys of the periods of the decisions that are revealed.
async fn revealed(home: &Home, decisions: &[StoredDecision]) -> Result<HashMap<String, PeriodKey>, JobError> {
    let mut keys = HashMap::new();
    for period in decisions.iter().map(|d| &d.period).collect::<std::collections::BTreeSet<_>>() {
        let parsed: Period =
            period.parse().map_err(|e: tidegate_ledger::PeriodError| JobError::Missing(e.to_string()))?;
        let stored = home.ledger.period_key(parsed).await?;
        if stored.revealed.is_some() {
            keys.insert(period.clone(), stored.key);
        }
    }
    Ok(keys)
}

impl Run {
    /// Its decisions with the roots of their consignments: those that are made again, and then those whose record is erased.
    pub(super) fn decided(&self) -> impl Iterator<Item = (&StoredDecision, &str)> {
        let again = self.again.iter().map(|again| (&again.stored, again.case.root.as_str()));
        again.chain(self.erased.iter().map(|(stored, _)| (stored, stored.root.as_str())))
    }

    /// Works out reasons, of all at once.
    fn explain(&mut self, is_explained: impl Fn(&StoredDecision) -> bool) -> Result<(), JobError> {
        let places: Vec<usize> =
            (0..self.again.len()).filter(|place| is_explained(&self.again[*place].stored)).collect();
        let one = |place: &usize| (self.again[*place].case.items.clone(), &self.again[*place].proposal);
        let decisions: Vec<_> = places.iter().map(one).collect();
        let reasons = self.bundle.decision_reasons(&self.assessment, &decisions)?;
        for (place, reasons) in places.into_iter().zip(reasons) {
            self.again[place].reasons = reasons;
        }
        Ok(())
    }

    /// Reasons as they are stored: with the number of the goods item in place of its row.
    pub(super) fn kept(&self, reasons: &[DecisionReason]) -> Result<Vec<KeptReason>, JobError> {
        let numbers = integers(&self.rows, "goods_item_seq")?;
        let keep = |reason: &DecisionReason| KeptReason {
            goods_item: reason.row.map(|row| numbers.value(row)),
            kind: reason.kind.to_owned(),
            name: reason.name.clone(),
            contribution: reason.contribution,
            sentence: reason.sentence.clone(),
        };
        Ok(reasons.iter().map(keep).collect())
    }
}

/// Explains the stored decisions about one declaration: of those that kept no reasons, the reasons are computed again.
///
/// # Errors
/// As [`super::replay`].
pub async fn explain_decision(home: &Home, declaration_id: &str) -> Result<Vec<StoredDecision>, JobError> {
    let platform = home.platform().await?;
    let what = Replayed::Declaration(declaration_id.to_owned());
    let (mut explained, mut known) = (Vec::new(), Known::default());
    for piece in what.pieces(home, &platform, u64::MAX).await? {
        for run in again(home, &platform, &piece, &mut known, |stored| stored.reasons.is_empty()).await? {
            if let Some((stored, erasure)) = run.erased.first() {
                return Err(erased(&stored.declaration_id, erasure));
            }
            for again in &run.again {
                let mut decision = again.stored.clone();
                if decision.reasons.is_empty() {
                    decision.reasons = run.kept(&again.reasons)?;
                }
                explained.push(decision);
            }
        }
    }
    explained.sort_by_key(|d| (d.version, d.run));
    Ok(explained)
}

/// The partition that the record of a decision lies in.
fn month_of(decision: &StoredDecision) -> String {
    decision.accepted_at.format("%Y-%m").to_string()
}
