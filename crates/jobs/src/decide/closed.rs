//! A closed day on its way into the rows of the tables: reasons, directives and columns, which need no other day.

use super::ahead::AssessedDay;
use super::cases::{Case, Cases};
use super::packaging::{Opening, opening_values};
use super::rows::{Rows, StoredReason, Value};
use super::work_list::WorkListEntry;
use crate::JobError;
use crate::columns::integers;
use arrow::array::{Int64Array, RecordBatch};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_ledger::{Hash256, Period, PolicyStateVersion};
use tidegate_records::tables::{DECISION, DECISION_ITEM};
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::decision::{DecisionReason, Proposal, Settled};
use tidegate_risk::features::day_number;
use tidegate_risk::selection::{Chance, Draw};

/// What decides, and when.
#[derive(Clone)]
pub(super) struct DecidedBy {
    pub bundle: Arc<Bundle>,
    pub hash: Hash256,
    pub state_version: PolicyStateVersion,
    pub run: i64,
    pub now: DateTime<Utc>,
}

/// Outcome of a consignment at the close.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub draw: Draw,
    pub tau: f64,
    pub queued: bool,
}

/// What became of a case.
pub(super) struct Settlement {
    pub chance: Chance,
    pub outcome: Outcome,
    pub settled: Settled,
    pub opening: Option<Opening>,
}

/// A day whose work lists are closed; what is a list here has one entry for each case, in their order.
pub(super) struct Closed {
    pub by: DecidedBy,
    pub assessed: AssessedDay,
    pub proposals: Vec<Proposal>,
    pub periods: Vec<Period>,
    /// Commitments.
    pub sequences: Vec<u64>,
    pub settlements: Vec<Settlement>,
    pub lists: RecordBatch,
}

/// Rows of a day.
pub(super) struct DayRows {
    pub decisions: RecordBatch,
    pub items: RecordBatch,
    pub lists: RecordBatch,
    pub work_list: Vec<WorkListEntry>,
}

/// What many rows of a day say alike.
struct Texts {
    day: String,
    bundle: String,
    periods: BTreeMap<Period, String>,
}

/// A decision on its way into its row.
struct Decision<'a> {
    case: &'a Case,
    texts: &'a Texts,
    period: Period,
    sequence: u64,
    proposal: &'a Proposal,
    settlement: &'a Settlement,
    reasons: &'a [DecisionReason],
    directive: Option<&'a str>,
}

impl Closed {
    /// The rows of the day.
    pub(super) fn rows(self) -> Result<DayRows, JobError> {
        let AssessedDay { day, cases: Cases { rows, cases }, assessment } = &self.assessed;
        let bundle = &self.by.bundle;
        let mut decisions = Rows::new(&DECISION);
        let mut items = Rows::new(&DECISION_ITEM);
        let mut work_list = Vec::new();
        let numbers = &integers(rows, "goods_item_seq")?;
        let mut texts =
            Texts { day: day.to_string(), bundle: self.by.hash.to_string(), periods: BTreeMap::new() };
        for period in &self.periods {
            texts.periods.entry(*period).or_insert_with(|| period.to_string());
        }
        let mut reasons_of_selected = self.reasons_of_selected()?.into_iter();
        for (place, (case, proposal)) in cases.iter().zip(&self.proposals).enumerate() {
            let settlement = &self.settlements[place];
            let Settlement { outcome, settled, opening, .. } = settlement;
            let reasons = settled.selected.then(|| reasons_of_selected.next()).flatten().unwrap_or_default();
            let treatment = opening.as_ref().and_then(Opening::treatment);
            let directive = bundle.directive(proposal, settled, &reasons, treatment);
            let directive = directive.as_deref();
            if settled.selected {
                let queued = outcome.queued;
                work_list.push(WorkListEntry::new(case, proposal, settled, queued, directive, treatment));
            }
            let one = Decision {
                case,
                texts: &texts,
                period: self.periods[place],
                sequence: self.sequences[place],
                proposal,
                settlement,
                reasons: &reasons,
                directive,
            };
            decisions.push(self.by.decision_row(&one, assessment, numbers))?;
            for row in case.items.clone() {
                let features = assessment.features.row(row).unwrap_or_default();
                items.push(self.by.item_row(case, row, assessment, numbers, &features))?;
            }
        }
        Ok(DayRows { decisions: decisions.finish()?, items: items.finish()?, lists: self.lists, work_list })
    }

    /// Reasons of what is selected, in its order. Of the others the rules are kept; `explain` works out the rest when somebody
    /// asks.
    fn reasons_of_selected(&self) -> Result<Vec<Vec<DecisionReason>>, JobError> {
        let AssessedDay { cases: Cases { cases, .. }, assessment, .. } = &self.assessed;
        let all = cases.iter().zip(&self.proposals).zip(&self.settlements);
        let selected: Vec<_> = all
            .filter(|(_, settlement)| settlement.settled.selected)
            .map(|((case, proposal), _)| (case.items.clone(), proposal))
            .collect();
        Ok(self.by.bundle.decision_reasons(assessment, &selected)?)
    }
}

impl DecidedBy {
    fn key_values<'v>(&self, case: &'v Case) -> Vec<(&'static str, Value<'v>)> {
        vec![
            ("month", Value::Text(&case.month)),
            ("declaration_id", Value::Text(&case.declaration_id)),
            ("version_number", Value::Integer(case.version)),
            ("run_number", Value::Integer(self.run)),
        ]
    }

    fn rule_ids(&self, rules: impl Iterator<Item = usize>) -> Value<'_> {
        Value::Texts(rules.map(|r| self.bundle.rules.rules[r].id.as_str()).collect())
    }

    fn decision_row<'v>(
        &'v self,
        decision: &'v Decision<'_>,
        assessment: &Assessment,
        numbers: &Int64Array,
    ) -> Vec<(&'static str, Value<'v>)> {
        let Decision { case, proposal, settlement, .. } = decision;
        let Settlement { chance, outcome, settled, opening } = settlement;
        let parts = &proposal.parts;
        let optional = |text: Option<&'v str>| text.map_or(Value::Absent, Value::Text);
        let reason = |r: &'v DecisionReason| StoredReason {
            goods_item: r.row.map(|row| numbers.value(row)),
            kind: r.kind,
            name: &r.name,
            contribution: r.contribution,
            sentence: &r.sentence,
        };
        let revenue = case.items.clone().map(|row| assessment.prepared.revenue[row]).sum();
        let in_sample = day_number(case.accepted_at.date_naive()) <= self.bundle.profiles.last_day();
        let mut row = self.key_values(case);
        row.extend([
            ("decided_at", Value::Moment(self.now.timestamp_micros())),
            ("accepted_at", Value::Moment(case.accepted_at.timestamp_micros())),
            ("listed_on", Value::Text(&decision.texts.day)),
            ("office_id", Value::Text(&case.office)),
            ("importer_id", optional(case.importer.as_deref())),
            ("grade_code", Value::Text(&case.grade)),
            ("root_id", Value::Text(&case.root)),
            ("period", optional(decision.texts.periods.get(&decision.period).map(String::as_str))),
            ("commitment_sequence", Value::Integer(decision.sequence as i64)),
            ("bundle_hash", Value::Text(&decision.texts.bundle)),
            ("policy_state_version", Value::Integer(self.state_version.0)),
            ("semantics_version", Value::Integer(SEMANTICS_VERSION)),
            ("score", Value::Real(proposal.score)),
            ("priority", Value::Real(proposal.priority)),
            ("guaranteed_probability", Value::Real(parts.guaranteed)),
            ("floor_probability", Value::Real(parts.floor)),
            ("multiplier", Value::Real(parts.multiplier)),
            ("exploration", Value::Real(parts.exploration)),
            ("ramp", Value::Real(parts.ramp)),
            ("inclusion_probability", Value::Real(chance.probability)),
            ("weight", Value::Real(chance.weight)),
            ("protected_probability", Value::Real(chance.protected)),
            ("draw", Value::Real(outcome.draw.value())),
            ("tau", Value::Real(outcome.tau)),
            ("realised_probability", Value::Real(settled.realised_probability)),
            ("component_code", Value::Text(settled.component.code())),
            ("is_in_floor", Value::Flag(settled.in_floor)),
            ("is_candidate", Value::Flag(settled.candidate)),
            ("is_suppressed", Value::Flag(settled.suppressed)),
            ("is_selected", Value::Flag(settled.selected)),
            ("is_queued", Value::Flag(outcome.queued)),
            ("lane_code", Value::Text(settled.lane.code())),
            ("is_reinspected", Value::Flag(settled.reinspected)),
            ("reinspection_probability", Value::Real(settled.reinspection_probability)),
            ("is_held", Value::Flag(proposal.held)),
            ("is_in_sample", Value::Flag(in_sample)),
            ("revenue_at_stake", Value::Real(revenue)),
            ("directive", optional(decision.directive)),
            ("rules", self.rule_ids(proposal.rules.iter().copied())),
            ("reasons", Value::Reasons(decision.reasons.iter().map(reason).collect())),
        ]);
        row.extend(opening_values(opening.as_ref()));
        row
    }

    fn item_row<'v>(
        &'v self,
        case: &'v Case,
        row: usize,
        assessment: &Assessment,
        numbers: &Int64Array,
        features: &'v [f32],
    ) -> Vec<(&'static str, Value<'v>)> {
        let mut values = self.key_values(case);
        values.extend([
            ("goods_item_seq", Value::Integer(numbers.value(row))),
            ("margin", Value::Real(assessment.margins[row])),
            ("probability", Value::Real(assessment.probabilities[row])),
            ("score", Value::Real(assessment.scores[row])),
            ("features", Value::Features(features)),
            ("rules", self.rule_ids(assessment.conditions.of_row(row))),
        ]);
        values
    }
}
