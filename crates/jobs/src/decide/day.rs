//! One day's decisions: proposals, commitments, and the close of every office's work list.

use super::Decided;
use super::cases::{Case, Cases};
use super::earlier::{Earlier, Roots};
use super::lists::{List, ListRows, Waiting};
use super::rows::{Rows, StoredReason, Value};
use super::work_list::WorkListEntry;
use crate::JobError;
use crate::history::{column, wrong_type};
use crate::home::random_bytes;
use arrow::array::{AsArray, PrimitiveArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_ledger::{Hash256, NewCommitment, Period, PeriodKey, PolicyStateVersion};
use tidegate_records::tables::{DECISION, DECISION_ITEM};
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::decision::{DecisionReason, Proposal, Settled, settle};
use tidegate_risk::features::day_number;
use tidegate_risk::selection::{Contender, Draw, PolicyState};

/// What the days of a run share.
pub(super) struct Day<'a> {
    pub bundle: &'a Bundle,
    pub hash: Hash256,
    pub state: PolicyState,
    pub state_version: PolicyStateVersion,
    pub run: i64,
    pub now: DateTime<Utc>,
    pub earlier: Roots,
    pub waiting: Waiting,
}

/// Proposals of a day's cases, before any draw.
pub(super) struct Proposed {
    assessment: Assessment,
    proposals: Vec<Proposal>,
    chances: BTreeMap<String, Chance>,
}

/// Greatest p of a consignment over its versions, and the greatest part of it that is never shed.
#[derive(Debug, Clone, Copy, Default)]
struct Chance {
    probability: f64,
    protected: f64,
}

impl Chance {
    fn raise(&mut self, probability: f64, protected: f64) {
        self.probability = self.probability.max(probability);
        self.protected = self.protected.max(protected);
    }

    fn contender(self, draw: Draw) -> Contender {
        Contender { probability: self.probability, protected: self.protected, draw }
    }
}

/// Rows of a day.
pub(super) struct DayBatches {
    pub decisions: RecordBatch,
    pub items: RecordBatch,
    pub lists: RecordBatch,
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
        let mut chances: BTreeMap<String, Chance> = BTreeMap::new();
        let mut proposals = Vec::with_capacity(read.cases.len());
        for case in &read.cases {
            let proposal =
                self.bundle.propose(&assessment, case.items.clone(), &self.state, &case.office, &case.grade);
            let chance = chances.entry(case.root.clone()).or_default();
            chance.raise(proposal.parts.probability(), proposal.parts.protected());
            if let Some(earlier) = self.earlier.get(&case.root) {
                chance.raise(earlier.probability, earlier.protected);
            }
            proposals.push(proposal);
        }
        Ok(Proposed { assessment, proposals, chances })
    }

    /// Period of a draw: the month of first acceptance of the consignment.
    fn period(&self, case: &Case) -> Result<Period, JobError> {
        let refused = |e: tidegate_ledger::PeriodError| JobError::Missing(e.to_string());
        match self.earlier.get(&case.root) {
            Some(earlier) => earlier.period.parse().map_err(refused),
            None => Period::containing(case.accepted_at).map_err(refused),
        }
    }

    /// Periods of the cases, whose keys [`Day::close`] needs.
    pub(super) fn periods(&self, read: &Cases) -> Result<BTreeSet<Period>, JobError> {
        read.cases.iter().map(|case| self.period(case)).collect()
    }

    /// Commitments by period, in the order of the cases.
    pub(super) fn commitments(
        &self,
        read: &Cases,
        proposed: &Proposed,
    ) -> Result<BTreeMap<Period, Vec<NewCommitment>>, JobError> {
        let mut commitments: BTreeMap<Period, Vec<NewCommitment>> = BTreeMap::new();
        for (case, proposal) in read.cases.iter().zip(&proposed.proposals) {
            commitments.entry(self.period(case)?).or_default().push(NewCommitment {
                root: case.root.clone(),
                p_parts: proposal.parts.to_bytes(proposed.chances[&case.root].probability),
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
        day: NaiveDate,
        read: &Cases,
        proposed: &Proposed,
        keys: &HashMap<Period, PeriodKey>,
        decided: &mut Decided,
    ) -> Result<DayBatches, JobError> {
        let mut lists = ListRows::new();
        let outcomes = self.outcomes(day, read, proposed, keys, &mut lists)?;
        let mut decisions = Rows::new(&DECISION);
        let mut items = Rows::new(&DECISION_ITEM);
        let numbers = column(&read.rows, "goods_item_seq")?;
        let numbers = numbers.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong_type("goods_item_seq"))?;
        for (case, proposal) in read.cases.iter().zip(&proposed.proposals) {
            let (chance, outcome) = (proposed.chances[&case.root], outcomes[&case.root]);
            let settled =
                settle(&self.bundle.selection, proposal, chance.contender(outcome.draw), outcome.tau);
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
                day,
                period: self.period(case)?,
                proposal,
                chance,
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
        }
        for case in &read.cases {
            let (chance, outcome) = (proposed.chances[&case.root], outcomes[&case.root]);
            let earlier = Earlier {
                period: self.period(case)?.to_string(),
                probability: chance.probability,
                protected: chance.protected,
                selected: chance.contender(outcome.draw).is_selected(outcome.tau),
                tau: outcome.tau,
            };
            self.earlier.remember(&case.root, earlier);
        }
        for (rule, nulls) in self.bundle.rules.rules.iter().zip(&proposed.assessment.conditions.null_counts) {
            *decided.null_conditions.entry(rule.id.clone()).or_default() += *nulls as u64;
        }
        Ok(DayBatches { decisions: decisions.finish()?, items: items.finish()?, lists: lists.finish()? })
    }

    /// Draw and cut of each consignment; one already on a work list keeps the cut of that list and takes no slot.
    fn outcomes(
        &mut self,
        day: NaiveDate,
        read: &Cases,
        proposed: &Proposed,
        keys: &HashMap<Period, PeriodKey>,
        lists: &mut ListRows,
    ) -> Result<HashMap<String, Outcome>, JobError> {
        let mut outcomes = HashMap::new();
        let mut offices: BTreeMap<String, BTreeMap<&str, Contender>> =
            self.waiting.offices().map(|office| (office.clone(), BTreeMap::new())).collect();
        for case in &read.cases {
            let period = self.period(case)?;
            let key =
                keys.get(&period).ok_or_else(|| JobError::Missing(format!("no key for period {period}")))?;
            let draw = Draw::new(key.expose(), &period.to_string(), &case.root);
            if let Some(earlier) = self.earlier.get(&case.root).filter(|e| e.selected) {
                outcomes.insert(case.root.clone(), Outcome { draw, tau: earlier.tau, queued: false });
                continue;
            }
            let contender = proposed.chances[&case.root].contender(draw);
            offices.entry(case.office.clone()).or_default().insert(&case.root, contender);
        }
        for (office, contenders) in offices {
            let all: Vec<Contender> = contenders.values().copied().collect();
            let (slots, reserved) = (self.state.office(&office).slots, self.bundle.selection.reserved_slots);
            let (room, closed) = self.waiting.close(&office, &all, slots, reserved);
            let (run, contending) = (self.run, all.as_slice());
            lists.push(&List { run, day, office: &office, room, closed: &closed, contenders: contending })?;
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
    day: NaiveDate,
    period: Period,
    proposal: &'a Proposal,
    chance: Chance,
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
            ("listed_on", Value::Owned(decision.day.to_string())),
            ("office_id", Value::Text(&case.office)),
            ("importer_id", optional(case.importer.as_deref())),
            ("grade_code", Value::Text(&case.grade)),
            ("root_id", Value::Text(&case.root)),
            ("period", Value::Owned(decision.period.to_string())),
            ("bundle_hash", Value::Owned(self.hash.to_string())),
            ("policy_state_version", Value::Integer(self.state_version.0)),
            ("semantics_version", Value::Integer(SEMANTICS_VERSION)),
            ("score", Value::Real(proposal.score)),
            ("guaranteed_probability", Value::Real(parts.guaranteed)),
            ("floor_probability", Value::Real(parts.floor)),
            ("multiplier", Value::Real(parts.multiplier)),
            ("exploration", Value::Real(parts.exploration)),
            ("ramp", Value::Real(parts.ramp)),
            ("inclusion_probability", Value::Real(decision.chance.probability)),
            ("protected_probability", Value::Real(decision.chance.protected)),
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

fn count(decided: &mut Decided, settled: &Settled, queued: bool) {
    decided.decided += 1;
    decided.selected += u64::from(settled.selected);
    decided.queued += u64::from(queued);
    decided.shed += u64::from(settled.candidate && !settled.selected);
    decided.suppressed += u64::from(settled.suppressed);
    *decided.lanes.entry(settled.lane.code()).or_default() += 1;
    if settled.selected {
        *decided.components.entry(settled.component.code()).or_default() += 1;
    }
}
