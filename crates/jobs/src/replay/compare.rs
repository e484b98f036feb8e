//! Stored decisions beside what comes out again, part by part and bit by bit.

use super::again::{Again, Run, listed_on};
use super::lists::Outcome;
use super::{Difference, ReplayReport};
use crate::JobError;
use crate::columns::{days, integers};
use crate::decide::{Opening, StoredDecision};
use chrono::NaiveDate;
use tidegate_ledger::PolicyStateVersion;
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::decision::{Proposal, Settled, settle};
use tidegate_risk::features::day_number;
use tidegate_risk::model::FeatureMatrix;
use tidegate_risk::selection::Draw;
use tidegate_risk::treatment::Losses;

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
        outcome: &Outcome,
        differences: &mut Differences<'_>,
        report: &mut ReplayReport,
    ) -> Result<(), JobError> {
        let Again { stored, case, proposal, reasons } = again;
        self.compare_inputs(again, differences)?;
        if stored.semantics == SEMANTICS_VERSION {
            self.compare_features(again, differences);
        } else {
            report.other_semantics += 1;
        }
        self.compare_margins(stored, differences)?;
        self.compare_items(again, differences)?;
        differences.check("root", stored.root.as_str(), case.root.as_str());
        differences.check("rules", stored.rules.clone(), self.ids(proposal.rules.iter().copied()));
        differences.check("score", stored.score.to_bits(), proposal.score.to_bits());
        differences.check("priority", stored.priority.to_bits(), proposal.priority.to_bits());
        compare_chance(stored, proposal, outcome, differences);
        let draw = match self.keys.get(&stored.period) {
            None => Draw::stored(stored.draw),
            Some(key) => {
                report.draws_recomputed += 1;
                Some(Draw::new(key.expose(), &stored.period, &stored.root))
            }
        };
        differences.check("draw", Some(stored.draw.to_bits()), draw.map(|d| d.value().to_bits()));
        if let Some(right) = &outcome.wrong_period {
            differences.check("draw", stored.period.as_str(), right.as_str());
        }
        differences.check("close", (stored.tau, stored.queued), (outcome.tau, outcome.queued));
        let Some(draw) = draw else { return Ok(()) };
        let settled = settle(&self.bundle.selection, proposal, outcome.chance.contender(draw), outcome.tau);
        compare_outcome(stored, proposal, &settled, differences);
        differences.check("treatment", stored.opening.clone(), self.opening(again, &settled));
        differences.check("reasons", stored.reasons.clone(), self.kept(reasons)?);
        // The stored treatment, so that another one is not told twice.
        let treatment = stored.opening.as_ref().and_then(Opening::treatment);
        let directive = self.bundle.directive(proposal, &settled, reasons, treatment);
        differences.check("decision", stored.directive.clone(), directive);
        Ok(())
    }

    fn ids(&self, rules: impl Iterator<Item = usize>) -> Vec<String> {
        rules.map(|rule| self.bundle.rules.rules[rule].id.clone()).collect()
    }

    /// What it was decided with, and about.
    fn compare_inputs(&self, again: &Again, differences: &mut Differences<'_>) -> Result<(), JobError> {
        let Again { stored, case, .. } = again;
        let named = (stored.bundle.as_str(), PolicyStateVersion(stored.policy_state), stored.decided_at);
        let bundle = self.start.bundle.to_string();
        differences.check("run", named, (bundle.as_str(), self.start.policy_state, self.start.started_at));
        let lodged_on = NaiveDate::from_epoch_days(days(&self.rows, "lodged_on")?.value(case.items.start));
        differences.check(
            "record",
            (stored.office.as_str(), stored.importer.as_ref(), stored.accepted_at, listed_on(stored)),
            (case.office.as_str(), case.importer.as_ref(), case.accepted_at, lodged_on),
        );
        let in_sample = day_number(case.accepted_at.date_naive()) <= self.bundle.profiles.last_day();
        differences.check("record", stored.in_sample, in_sample);
        differences.check("grade", stored.grade.as_str(), case.grade.as_str());
        Ok(())
    }

    /// Scores of the items and the rules that are true of them.
    fn compare_items(&self, again: &Again, differences: &mut Differences<'_>) -> Result<(), JobError> {
        let numbers = integers(&self.rows, "goods_item_seq")?;
        let Again { stored, case, .. } = again;
        let item = |row: usize| {
            let rules = self.ids(self.assessment.conditions.of_row(row));
            (numbers.value(row), self.assessment.scores[row].to_bits(), rules)
        };
        let stored: Vec<_> =
            stored.items.iter().map(|i| (i.goods_item, i.score.to_bits(), i.rules.clone())).collect();
        differences.check("score", stored, case.items.clone().map(item).collect());
        Ok(())
    }

    /// Where the consignment is opened, from filings, goods and losses as the run knew them.
    fn opening(&self, again: &Again, settled: &Settled) -> Option<Opening> {
        let Again { stored, case, proposal, .. } = again;
        let day = listed_on(stored)?;
        let none = Losses::default();
        let losses = self.losses.get(&day).unwrap_or(&none);
        self.packaging.opening(&self.bundle.selection, case, proposal, settled, day, losses)
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

/// The parts of p, and what the consignment contends with: the greatest of its lodgements up to the list.
fn compare_chance(
    stored: &StoredDecision,
    proposal: &Proposal,
    outcome: &Outcome,
    differences: &mut Differences<'_>,
) {
    let parts = proposal.parts;
    differences.check(
        "p",
        [stored.guaranteed, stored.floor, stored.multiplier, stored.exploration, stored.ramp],
        [parts.guaranteed, parts.floor, parts.multiplier, parts.exploration, parts.ramp],
    );
    let chance = outcome.chance;
    differences.check(
        "p",
        [stored.probability, stored.weight, stored.protected],
        [chance.probability, chance.weight, chance.protected],
    );
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
