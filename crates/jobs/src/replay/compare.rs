//! Stored decisions beside what comes out again, part by part and bit by bit.

use super::again::{Again, Run, listed_on};
use super::which::Piece;
use super::{Difference, ReplayReport};
use crate::JobError;
use crate::answer::Answer;
use crate::decide::{Case, Opening, StoredDecision};
use std::collections::HashMap;
use tidegate_query::Platform;
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::decision::{Proposal, Settled, settle};
use tidegate_risk::model::FeatureMatrix;
use tidegate_risk::selection::{Chance, Draw};
use tidegate_risk::treatment::Losses;

/// Every p that was decided for the consignments of a replay, by root, with declaration, version and run.
pub(super) struct Lodged(HashMap<String, Vec<(String, i64, i64, u64)>>);

impl Lodged {
    pub async fn read(platform: &Platform, piece: &Piece) -> Result<Self, JobError> {
        let sql = format!(
            "SELECT root_id, declaration_id, version_number, run_number, inclusion_probability FROM decision \
             WHERE root_id IN (SELECT root_id FROM decision WHERE {})",
            piece.condition
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

pub(super) struct Differences<'a> {
    pub stored: &'a StoredDecision,
    pub found: Vec<Difference>,
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
    pub(super) fn compare(
        &self,
        again: &Again,
        lodged: &Lodged,
        differences: &mut Differences<'_>,
        report: &mut ReplayReport,
    ) -> Result<(), JobError> {
        let Again { stored, case, proposal, reasons } = again;
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
        let contender = Chance { probability, weight, protected }.contender(draw);
        let settled = settle(&self.bundle.selection, proposal, contender, stored.tau);
        compare_outcome(stored, proposal, &settled, differences);
        differences.check("treatment", stored.opening.clone(), self.opening(again, &settled));
        differences.check("reasons", stored.reasons.clone(), self.kept(reasons)?);
        // The stored treatment, so that another one is not told twice.
        let treatment = stored.opening.as_ref().and_then(Opening::treatment);
        let directive = self.bundle.directive(proposal, &settled, reasons, treatment);
        differences.check("decision", stored.directive.clone(), directive);
        Ok(())
    }

    /// Where the consignment is opened, from filings, goods and losses as the run knew them.
    fn opening(&self, again: &Again, settled: &Settled) -> Option<Opening> {
        let Again { stored, case, proposal, .. } = again;
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
}

/// What came of the draw.
fn compare_outcome(
    stored: &StoredDecision,
    proposal: &Proposal,
    settled: &Settled,
    differences: &mut Differences<'_>,
) {
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
    differences.check(
        "decision",
        (stored.reinspected, stored.reinspection_probability.to_bits()),
        (settled.reinspected, settled.reinspection_probability.to_bits()),
    );
}
