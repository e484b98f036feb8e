//! Replay: decides again from what was stored, and says which part differs, if any does.
//!
//! Two promises are checked. Inputs to features hold within one semantics version; features to decision always. Until
//! the key of a period is revealed, the stored draw is used.

use crate::JobError;
use crate::answer::Answer;
use crate::decide::{
    Case, Grades, KeptReason, Opening, Packaging, StoredDecision, any_version, cases, read_stored,
    stored_state,
};
use crate::home::Home;
use crate::progress::Progress;
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};
use tidegate_ledger::{Period, PeriodKey, PolicyStateVersion};
use tidegate_query::{Platform, Principal};
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::decision::{DecisionReason, Proposal, Settled, settle};
use tidegate_risk::model::FeatureMatrix;
use tidegate_risk::selection::{Contender, Draw};
use tidegate_risk::treatment::Losses;

/// Which decisions to replay.
#[derive(Debug, Clone)]
pub enum Replayed {
    /// All versions of one declaration.
    Declaration(String),
    /// Work lists from a day to a day.
    Days(NaiveDate, NaiveDate),
}

impl Replayed {
    /// A condition on the columns of `decision`.
    fn condition(&self) -> String {
        match self {
            Self::Declaration(id) => format!("declaration_id = '{}'", id.replace('\'', "''")),
            // Days in this form are in order as texts.
            Self::Days(from, to) => format!("listed_on >= '{from}' AND listed_on <= '{to}'"),
        }
    }
}

/// A part of a decision that came out otherwise.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Difference {
    /// Declaration.
    pub declaration_id: String,
    /// Its version.
    pub version: i64,
    /// Which part: `features`, `margin`, `root`, `rules`, `score`, `p`, `draw`, `treatment` or `decision`.
    pub part: &'static str,
    /// As stored.
    pub stored: String,
    /// As it came out again.
    pub again: String,
}

/// What a replay found.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct ReplayReport {
    /// Decisions replayed.
    pub decisions: u64,
    /// Those that came out identical in every part.
    pub identical: u64,
    /// Those whose draw was computed again, since the key of their period is revealed.
    pub draws_recomputed: u64,
    /// Those of another semantics version, whose features are not promised to be recomputed alike.
    pub other_semantics: u64,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Decides again what was decided.
///
/// # Errors
/// When nothing was decided, or records, bundle or policy state are not there any more.
pub async fn replay(
    home: &Home,
    what: &Replayed,
    progress: &mut dyn Progress,
) -> Result<ReplayReport, JobError> {
    let platform = home.platform().await?;
    let mut report = ReplayReport::default();
    let lodged = Lodged::read(&platform, what).await?;
    for run in again(home, &platform, what, progress).await? {
        for again in &run.again {
            let mut differences = Differences { stored: &again.stored, found: Vec::new() };
            run.compare(again, &lodged, &mut differences, &mut report)?;
            report.decisions += 1;
            report.identical += u64::from(differences.found.is_empty());
            report.differences.extend(differences.found);
        }
    }
    Ok(report)
}

/// Every p that was decided for the consignments of a replay, by root, with declaration, version and run.
struct Lodged(HashMap<String, Vec<(String, i64, i64, u64)>>);

impl Lodged {
    async fn read(platform: &Platform, what: &Replayed) -> Result<Self, JobError> {
        let sql = format!(
            "SELECT root_id, declaration_id, version_number, run_number, inclusion_probability FROM decision \
             WHERE root_id IN (SELECT root_id FROM decision WHERE {})",
            what.condition()
        );
        let answer = Answer::of(platform, "job replay", &sql).await?;
        let (roots, ids) = (answer.texts("root_id")?, answer.texts("declaration_id")?);
        let (versions, runs) = (answer.integers("version_number")?, answer.integers("run_number")?);
        let mut lodged: HashMap<String, Vec<_>> = HashMap::new();
        for (row, p) in answer.reals("inclusion_probability")?.into_iter().enumerate() {
            let one = (ids[row].clone(), versions[row], runs[row], p.to_bits());
            lodged.entry(roots[row].clone()).or_default().push(one);
        }
        Ok(Self(lodged))
    }

    /// Whether another lodgement of the consignment has the p of a decision.
    fn another_has(&self, stored: &StoredDecision) -> bool {
        let own = (&stored.declaration_id, stored.version, stored.run);
        let others = self.0.get(&stored.root).into_iter().flatten();
        others
            .filter(|(id, version, run, _)| (id, *version, *run) != own)
            .any(|o| o.3 == stored.probability.to_bits())
    }
}

/// Explains the stored decisions about one declaration: of those that kept no reasons, the reasons are computed again.
///
/// # Errors
/// As [`replay`].
pub async fn explain_decision(home: &Home, declaration_id: &str) -> Result<Vec<StoredDecision>, JobError> {
    let platform = home.platform().await?;
    let what = Replayed::Declaration(declaration_id.to_owned());
    let mut explained = Vec::new();
    for run in again(home, &platform, &what, &mut crate::Quiet).await? {
        for again in &run.again {
            let mut decision = again.stored.clone();
            if decision.reasons.is_empty() {
                decision.reasons = run.reasons(again)?;
            }
            explained.push(decision);
        }
    }
    explained.sort_by_key(|d| (d.version, d.run));
    Ok(explained)
}

/// A decision beside what the same record gives again.
struct Again {
    stored: StoredDecision,
    case: Case,
    proposal: Proposal,
}

/// Decisions of one run, with what they were decided with.
struct Run {
    bundle: Bundle,
    rows: RecordBatch,
    assessment: Assessment,
    keys: HashMap<String, PeriodKey>,
    packaging: Packaging,
    /// By day of the work list.
    losses: BTreeMap<NaiveDate, Losses>,
    again: Vec<Again>,
}

async fn again(
    home: &Home,
    platform: &Platform,
    what: &Replayed,
    progress: &mut dyn Progress,
) -> Result<Vec<Run>, JobError> {
    let stored = read_stored(platform, &what.condition()).await?;
    if stored.is_empty() {
        let message = match what {
            Replayed::Declaration(id) => {
                format!("no decision is stored for declaration {id}; run `tidegate decide`")
            }
            Replayed::Days(from, to) => {
                format!("no decision is stored from {from} to {to}; run `tidegate decide`")
            }
        };
        return Err(JobError::Missing(message));
    }
    progress.step("deciding again", stored.len() as u64, "decisions");
    let mut by_run: BTreeMap<i64, Vec<StoredDecision>> = BTreeMap::new();
    for decision in stored {
        by_run.entry(decision.run).or_default().push(decision);
    }
    let (mut runs, mut done) = (Vec::new(), 0);
    for decisions in by_run.into_values() {
        done += decisions.len() as u64;
        runs.push(run_again(home, platform, what, decisions).await?);
        progress.done(done);
    }
    Ok(runs)
}

async fn run_again(
    home: &Home,
    platform: &Platform,
    what: &Replayed,
    decisions: Vec<StoredDecision>,
) -> Result<Run, JobError> {
    let (bundle, _) = home.bundle(Some(&decisions[0].bundle)).await?;
    let state = stored_state(home, PolicyStateVersion(decisions[0].policy_state)).await?;
    let rows = rows(platform, &bundle, what, decisions[0].run).await?;
    // The grade of a replay is the stored one, so that none is looked up.
    let cases: HashMap<(String, i64), Case> = cases(&rows, &Grades::default(), &home.root_key().await?)?
        .into_iter()
        .map(|c| ((c.declaration_id.clone(), c.version), c))
        .collect();
    let assessment = bundle.assess(&rows)?;
    let keys = revealed(home, &decisions).await?;
    let run = decisions[0].run;
    let first = decisions.iter().filter_map(listed_on).min().unwrap_or_default();
    let packaging = packaging(platform, &bundle, what, (run, first)).await?;
    let mut losses = BTreeMap::new();
    for day in decisions.iter().filter(|d| d.selected).filter_map(listed_on) {
        losses.entry(day).or_insert_with(|| packaging.losses(run, day));
    }
    let mut again = Vec::new();
    for stored in decisions {
        let case = cases.get(&(stored.declaration_id.clone(), stored.version)).cloned();
        let case = case.ok_or_else(|| {
            let (id, version) = (&stored.declaration_id, stored.version);
            JobError::Missing(format!("version {version} of declaration {id} is not in the lake any more"))
        })?;
        let proposal = bundle.propose(&assessment, case.items.clone(), &state, &case.office, &stored.grade);
        again.push(Again { stored, case, proposal });
    }
    Ok(Run { bundle, rows, assessment, keys, packaging, losses, again })
}

/// The records of the decisions of a run, as they are in the lake.
async fn rows(
    platform: &Platform,
    bundle: &Bundle,
    what: &Replayed,
    run: i64,
) -> Result<RecordBatch, JobError> {
    let sql = format!(
        "{} JOIN (SELECT month, declaration_id, version_number FROM decision WHERE run_number = {run} AND {}) d \
         ON d.month = r.month AND d.declaration_id = r.declaration_id AND d.version_number = r.version_number \
         ORDER BY r.declaration_id, r.version_number, r.goods_item_seq",
        any_version(bundle),
        what.condition()
    );
    let plan = platform.plan_for(&Principal::LocalOwner, "job replay", &sql).await?;
    let schema = plan.schema();
    Ok(concat_batches(&schema, &plan.collect().await?)?)
}

/// Special packaging as a run knew it.
async fn packaging(
    platform: &Platform,
    bundle: &Bundle,
    what: &Replayed,
    (run, first): (i64, NaiveDate),
) -> Result<Packaging, JobError> {
    let decided = format!(
        "r.declaration_id IN (SELECT declaration_id FROM decision WHERE run_number = {run} AND {})",
        what.condition()
    );
    Packaging::read(platform, "job replay", &bundle.selection, (run, first), &decided).await
}

/// Day of the work list of a decision.
fn listed_on(stored: &StoredDecision) -> Option<NaiveDate> {
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

struct Differences<'a> {
    stored: &'a StoredDecision,
    found: Vec<Difference>,
}

impl Differences<'_> {
    #[expect(clippy::needless_pass_by_value, reason = "both sides are made for the comparison")]
    fn check<T: std::fmt::Debug + PartialEq>(&mut self, part: &'static str, stored: T, again: T) {
        if stored != again {
            self.found.push(Difference {
                declaration_id: self.stored.declaration_id.clone(),
                version: self.stored.version,
                part,
                stored: format!("{stored:?}"),
                again: format!("{again:?}"),
            });
        }
    }
}

impl Run {
    fn compare(
        &self,
        again: &Again,
        lodged: &Lodged,
        differences: &mut Differences<'_>,
        report: &mut ReplayReport,
    ) -> Result<(), JobError> {
        let Again { stored, case, proposal } = again;
        if stored.semantics == SEMANTICS_VERSION {
            self.compare_features(again, differences);
        } else {
            report.other_semantics += 1;
        }
        self.compare_margins(stored, differences)?;
        differences.check("root", stored.root.as_str(), case.root.as_str());
        let ids = |rules: &[usize]| {
            rules.iter().map(|r| self.bundle.rules.rules[*r].id.clone()).collect::<Vec<_>>()
        };
        differences.check("rules", stored.rules.clone(), ids(&proposal.rules));
        differences.check("score", stored.score.to_bits(), proposal.score.to_bits());
        differences.check("priority", stored.priority.to_bits(), proposal.priority.to_bits());
        let parts = proposal.parts;
        let stored_parts =
            [stored.guaranteed, stored.floor, stored.multiplier, stored.exploration, stored.ramp];
        let again_parts = [parts.guaranteed, parts.floor, parts.multiplier, parts.exploration, parts.ramp];
        differences.check("p", stored_parts, again_parts);
        // p is the greatest over the lodgements of the consignment: its own, or that of another one.
        let own = parts.probability();
        let known = stored.probability.to_bits() == own.to_bits() || lodged.another_has(stored);
        differences.check("p", (true, true), (stored.probability >= own, known));
        differences.check(
            "p",
            true,
            stored.protected >= parts.protected() && stored.weight >= parts.weight(),
        );
        let draw = match self.keys.get(&stored.period) {
            None => Draw::stored(stored.draw),
            Some(key) => {
                report.draws_recomputed += 1;
                Some(Draw::new(key.expose(), &stored.period, &stored.root))
            }
        };
        differences.check("draw", Some(stored.draw.to_bits()), draw.map(|d| d.value().to_bits()));
        let Some(draw) = draw else { return Ok(()) };
        let (probability, weight, protected) = (stored.probability, stored.weight, stored.protected);
        let contender = Contender { probability, weight, protected, draw };
        let settled = settle(&self.bundle.selection, proposal, contender, stored.tau);
        let stored_outcome = (
            stored.component.as_str(),
            stored.in_floor,
            stored.candidate,
            stored.suppressed,
            stored.selected,
            stored.lane.as_str(),
            stored.held,
        );
        let again_outcome = (
            settled.component.code(),
            settled.in_floor,
            settled.candidate,
            settled.suppressed,
            settled.selected,
            settled.lane.code(),
            proposal.held,
        );
        differences.check("decision", stored_outcome, again_outcome);
        differences.check(
            "decision",
            stored.realised_probability.to_bits(),
            settled.realised_probability.to_bits(),
        );
        differences.check("treatment", stored.opening.clone(), self.opening(again, &settled));
        let reasons = self.bundle.decision_reasons(&self.assessment, case.items.clone(), proposal)?;
        // The stored treatment, so that another one is not told twice.
        let treatment = stored.opening.as_ref().and_then(Opening::treatment);
        let directive = self.bundle.directive(proposal, &settled, &reasons, treatment);
        differences.check("decision", stored.directive.clone(), directive);
        Ok(())
    }

    /// Where the consignment is opened, from filings, goods and losses as the run knew them.
    fn opening(&self, again: &Again, settled: &Settled) -> Option<Opening> {
        let Again { stored, case, proposal } = again;
        let day = listed_on(stored)?;
        let none = Losses::default();
        let losses = self.losses.get(&day).unwrap_or(&none);
        // The grade of a replay is the stored one.
        let case = Case { grade: stored.grade.clone(), ..case.clone() };
        self.packaging.opening(&self.bundle.selection, &case, proposal, settled, day, losses)
    }

    /// Inputs to features, bit by bit.
    fn compare_features(&self, again: &Again, differences: &mut Differences<'_>) {
        let bits = |features: &[f32]| features.iter().map(|f| f.to_bits()).collect::<Vec<_>>();
        let recomputed =
            again.case.items.clone().map(|row| self.assessment.features.row(row).unwrap_or_default());
        let recomputed: Vec<Vec<u32>> = recomputed.map(|f| bits(&f)).collect();
        let stored: Vec<Vec<u32>> = again.stored.items.iter().map(|i| bits(&i.features)).collect();
        differences.check("features", stored, recomputed);
    }

    /// Stored features to margins and probabilities.
    fn compare_margins(
        &self,
        stored: &StoredDecision,
        differences: &mut Differences<'_>,
    ) -> Result<(), JobError> {
        let names = self.bundle.forest.features().clone();
        let width = names.as_slice().len();
        let columns = (0..width)
            .map(|c| stored.items.iter().map(|i| i.features.get(c).copied().unwrap_or(f32::NAN)).collect());
        let matrix =
            FeatureMatrix::new(names, columns.collect()).map_err(tidegate_risk::assess::AssessError::from)?;
        let margins =
            self.bundle.forest.margins(&matrix).map_err(tidegate_risk::assess::AssessError::from)?;
        let bits = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(f64::to_bits).collect::<Vec<_>>();
        differences.check(
            "margin",
            bits(&mut stored.items.iter().map(|i| i.margin)),
            bits(&mut margins.iter().copied()),
        );
        differences.check(
            "margin",
            bits(&mut stored.items.iter().map(|i| i.probability)),
            bits(&mut margins.iter().map(|m| self.bundle.calibration.probability(*m))),
        );
        Ok(())
    }

    fn reasons(&self, again: &Again) -> Result<Vec<KeptReason>, JobError> {
        let numbers = crate::history::column(&self.rows, "goods_item_seq")?;
        let numbers = numbers.as_primitive::<Int64Type>();
        let reasons =
            self.bundle.decision_reasons(&self.assessment, again.case.items.clone(), &again.proposal)?;
        let keep = |reason: DecisionReason| KeptReason {
            goods_item: reason.row.map(|row| numbers.value(row)),
            kind: reason.kind.to_owned(),
            name: reason.name,
            contribution: reason.contribution,
            sentence: reason.sentence,
        };
        Ok(reasons.into_iter().map(keep).collect())
    }
}
