//! One day's decisions: proposals, commitments, and the close of every office's work list.

use super::Decided;
use super::cases::{Case, Cases};
use super::rows::{Rows, StoredReason, Value};
use super::work_list::WorkListEntry;
use crate::JobError;
use crate::history::{column, wrong_type};
use crate::home::random_bytes;
use arrow::array::{AsArray, PrimitiveArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};
use tidegate_ledger::{Hash256, NewCommitment, Period, PeriodKey, PolicyStateVersion};
use tidegate_records::tables::{DECISION, DECISION_ITEM};
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::decision::{DecisionReason, Proposal, Settled, settle};
use tidegate_risk::features::day_number;
use tidegate_risk::selection::{Contender, Draw, PolicyState, close};

/// What an earlier version of a consignment was decided as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Earlier {
    pub probability: f64,
    pub selected: bool,
    /// Cut of the work list it was on, or was left out of.
    pub tau: f64,
}

/// Keeps the greatest p of a consignment, and the cut of the work list that it is on.
pub(super) fn remember(all: &mut HashMap<String, Earlier>, root: &str, new: Earlier) {
    match all.get_mut(root) {
        None => {
            all.insert(root.to_owned(), new);
        }
        Some(kept) => {
            kept.probability = kept.probability.max(new.probability);
            if new.selected && !kept.selected {
                (kept.selected, kept.tau) = (true, new.tau);
            }
        }
    }
}

/// What the days of a run share.
pub(super) struct Day<'a> {
    pub bundle: &'a Bundle,
    pub hash: Hash256,
    pub state: PolicyState,
    pub state_version: PolicyStateVersion,
    pub run: i64,
    pub now: DateTime<Utc>,
    pub earlier: HashMap<String, Earlier>,
}

/// Proposals of a day's cases, before any draw.
pub(super) struct Proposed {
    assessment: Assessment,
    proposals: Vec<Proposal>,
    /// p of each consignment: greatest over its versions.
    probabilities: BTreeMap<String, f64>,
}

/// Rows of a day.
pub(super) struct DayBatches {
    pub decisions: RecordBatch,
    pub items: RecordBatch,
}

/// Outcome of a consignment at the close.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    draw: Draw,
    tau: f64,
    queued: bool,
}

impl Day<'_> {
    pub(super) fn propose(&self, read: &Cases) -> Result<Proposed, JobError> {
        let assessment = self.bundle.assess(&read.rows)?;
        let mut probabilities = BTreeMap::new();
        let mut proposals = Vec::with_capacity(read.cases.len());
        for case in &read.cases {
            let proposal =
                self.bundle.propose(&assessment, case.items.clone(), &self.state, &case.office, &case.grade);
            let before = self.earlier.get(&case.root).map_or(0.0, |e| e.probability);
            let p = probabilities.entry(case.root.clone()).or_insert(before);
            *p = p.max(proposal.parts.probability());
            proposals.push(proposal);
        }
        Ok(Proposed { assessment, proposals, probabilities })
    }

    /// Commitments by period, in the order of the cases.
    pub(super) fn commitments(
        &self,
        read: &Cases,
        proposed: &Proposed,
    ) -> Result<BTreeMap<Period, Vec<NewCommitment>>, JobError> {
        let mut commitments: BTreeMap<Period, Vec<NewCommitment>> = BTreeMap::new();
        for (case, proposal) in read.cases.iter().zip(&proposed.proposals) {
            commitments.entry(period(case)?).or_default().push(NewCommitment {
                root: case.root.clone(),
                p_parts: proposal.parts.to_bytes(proposed.probabilities[&case.root]),
                policy_state: self.state_version,
                bundle: self.hash,
                salt: random_bytes()?,
            });
        }
        Ok(commitments)
    }

    /// Takes the draws, closes the work list of each office, and gives the rows of the day.
    pub(super) fn close(
        &mut self,
        read: &Cases,
        proposed: &Proposed,
        keys: &HashMap<String, PeriodKey>,
        decided: &mut Decided,
    ) -> Result<DayBatches, JobError> {
        let outcomes = self.outcomes(read, proposed, keys)?;
        let mut decisions = Rows::new(&DECISION);
        let mut items = Rows::new(&DECISION_ITEM);
        let numbers = column(&read.rows, "goods_item_seq")?;
        let numbers = numbers.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong_type("goods_item_seq"))?;
        for (case, proposal) in read.cases.iter().zip(&proposed.proposals) {
            let (probability, outcome) = (proposed.probabilities[&case.root], outcomes[&case.root]);
            let settled = settle(&self.bundle.selection, proposal, probability, outcome.draw, outcome.tau);
            let reasons = if settled.selected || !proposal.rules.is_empty() {
                self.bundle.decision_reasons(&proposed.assessment, case.items.clone(), proposal)?
            } else {
                Vec::new()
            };
            let directive = self.bundle.directive(proposal, &settled, &reasons);
            count(decided, &settled, outcome.queued);
            if settled.selected {
                decided.work_list.push(WorkListEntry::new(
                    case,
                    proposal,
                    &settled,
                    outcome.queued,
                    directive.as_deref(),
                ));
            }
            let one = Decision {
                case,
                period: period(case)?,
                proposal,
                probability,
                outcome,
                settled,
                reasons: &reasons,
                directive: directive.as_deref(),
            };
            decisions.push(self.decision_row(&one, &proposed.assessment, numbers))?;
            for row in case.items.clone() {
                let features = proposed.assessment.features.row(row).unwrap_or_default();
                items.push(self.item_row(case, row, &proposed.assessment, numbers, &features))?;
            }
            let earlier = Earlier { probability, selected: settled.selected, tau: outcome.tau };
            remember(&mut self.earlier, &case.root, earlier);
        }
        for (rule, nulls) in self.bundle.rules.rules.iter().zip(&proposed.assessment.conditions.null_counts) {
            *decided.null_conditions.entry(rule.id.clone()).or_default() += *nulls as u64;
        }
        Ok(DayBatches { decisions: decisions.finish()?, items: items.finish()? })
    }

    /// Draw and cut of each consignment; one already on a work list keeps the cut of that list and takes no slot.
    fn outcomes(
        &self,
        read: &Cases,
        proposed: &Proposed,
        keys: &HashMap<String, PeriodKey>,
    ) -> Result<HashMap<String, Outcome>, JobError> {
        let mut outcomes = HashMap::new();
        let mut offices: BTreeMap<&str, BTreeMap<&str, Contender>> = BTreeMap::new();
        for (case, proposal) in read.cases.iter().zip(&proposed.proposals) {
            let period = period(case)?.to_string();
            let key =
                keys.get(&period).ok_or_else(|| JobError::Missing(format!("no key for period {period}")))?;
            let draw = Draw::new(key.expose(), &period, &case.root);
            if let Some(earlier) = self.earlier.get(&case.root).filter(|e| e.selected) {
                outcomes.insert(case.root.clone(), Outcome { draw, tau: earlier.tau, queued: false });
                continue;
            }
            let probability = proposed.probabilities[&case.root];
            let new = Contender { probability, draw, mandatory: proposal.parts.mandatory };
            let contender = offices.entry(&case.office).or_default().entry(&case.root).or_insert(new);
            contender.mandatory |= new.mandatory;
        }
        for (office, contenders) in offices {
            let slots = self.state.office(office).slots as usize;
            let reserved = self.bundle.selection.reserved_slots as usize;
            let all: Vec<Contender> = contenders.values().copied().collect();
            let closed = close(&all, slots, reserved);
            for ((root, contender), queued) in contenders.iter().zip(closed.queued) {
                outcomes
                    .insert((*root).to_owned(), Outcome { draw: contender.draw, tau: closed.tau, queued });
            }
        }
        Ok(outcomes)
    }

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
}

/// A decision on its way into its row.
struct Decision<'a> {
    case: &'a Case,
    period: Period,
    proposal: &'a Proposal,
    probability: f64,
    outcome: Outcome,
    settled: Settled,
    reasons: &'a [DecisionReason],
    directive: Option<&'a str>,
}

impl Day<'_> {
    fn decision_row<'v>(
        &'v self,
        decision: &'v Decision<'_>,
        assessment: &Assessment,
        numbers: &PrimitiveArray<Int64Type>,
    ) -> Vec<(&'static str, Value<'v>)> {
        let Decision { case, proposal, outcome, settled, .. } = decision;
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
            ("office_id", Value::Text(&case.office)),
            ("importer_id", optional(case.importer.as_deref())),
            ("grade_code", Value::Text(&case.grade)),
            ("root_id", Value::Text(&case.root)),
            ("period", Value::Owned(decision.period.to_string())),
            ("bundle_hash", Value::Owned(self.hash.to_string())),
            ("policy_state_version", Value::Integer(self.state_version.0)),
            ("semantics_version", Value::Integer(SEMANTICS_VERSION)),
            ("score", Value::Real(proposal.score)),
            ("floor_probability", Value::Real(parts.floor)),
            ("multiplier", Value::Real(parts.multiplier)),
            ("exploration", Value::Real(parts.exploration)),
            ("ramp", Value::Real(parts.ramp)),
            ("inclusion_probability", Value::Real(decision.probability)),
            ("draw", Value::Real(outcome.draw.value())),
            ("tau", Value::Real(outcome.tau)),
            ("realised_probability", Value::Real(settled.realised_probability)),
            ("component_code", Value::Text(settled.component.code())),
            ("is_in_floor", Value::Flag(settled.in_floor)),
            ("is_candidate", Value::Flag(settled.candidate)),
            ("is_selected", Value::Flag(settled.selected)),
            ("is_queued", Value::Flag(outcome.queued)),
            ("lane_code", Value::Text(settled.lane.code())),
            ("is_held", Value::Flag(proposal.held)),
            ("is_in_sample", Value::Flag(in_sample)),
            ("revenue_at_stake", Value::Real(revenue)),
            ("directive", optional(decision.directive)),
            ("rules", self.rule_ids(proposal.rules.iter().copied())),
            ("reasons", Value::Reasons(decision.reasons.iter().map(reason).collect())),
        ]);
        row
    }

    fn item_row<'v>(
        &'v self,
        case: &'v Case,
        row: usize,
        assessment: &Assessment,
        numbers: &PrimitiveArray<Int64Type>,
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

/// Period of a draw: the month of first acceptance.
fn period(case: &Case) -> Result<Period, JobError> {
    Period::containing(case.accepted_at).map_err(|e| JobError::Missing(e.to_string()))
}

fn count(decided: &mut Decided, settled: &Settled, queued: bool) {
    decided.decided += 1;
    decided.selected += u64::from(settled.selected);
    decided.queued += u64::from(queued);
    decided.shed += u64::from(settled.candidate && !settled.selected);
    *decided.lanes.entry(settled.lane.code()).or_default() += 1;
    if settled.selected {
        *decided.components.entry(settled.component.code()).or_default() += 1;
    }
}
