//! One day's decisions: proposals, commitments, and the close of every office's work list.

use super::Decided;
use super::cases::{Case, Cases};
use super::earlier::{Earlier, Roots};
use super::lists::{List, ListRows, Waiting};
use super::packaging::{Opening, Packaging, opening_values};
use super::rows::{Rows, StoredReason, Value};
use super::work_list::WorkListEntry;
use crate::JobError;
use crate::history::{column, wrong_type};
use crate::home::random_bytes;
use arrow::array::{AsArray, PrimitiveArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_ledger::{
    DrawParts, Hash256, NewCommitment, ParseLaneError, Period, PeriodKey, PolicyStateVersion,
};
use tidegate_records::tables::{DECISION, DECISION_ITEM};
use tidegate_risk::SEMANTICS_VERSION;
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::decision::{DecisionReason, Proposal, Settled, settle};
use tidegate_risk::features::day_number;
use tidegate_risk::selection::{Chance, Contender, Draw, Parts, PolicyState};

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
    pub packaging: Packaging,
    /// First day whose decisions are remembered.
    pub since: NaiveDate,
    /// Periods whose keys are public, so that nothing more is drawn with them.
    pub revealed: BTreeSet<Period>,
    /// Decided days so far, over all runs.
    pub closes: u64,
}

/// Commitments of a period, and the cases that they are about.
#[derive(Default)]
pub(super) struct Committed {
    pub cases: Vec<usize>,
    pub new: Vec<NewCommitment>,
}

/// Proposals of a day's cases, before any draw.
pub(super) struct Proposed {
    assessment: Assessment,
    proposals: Vec<Proposal>,
    chances: BTreeMap<String, Chance>,
    /// Periods of the draws of the cases, in their order.
    pub periods: Vec<Period>,
    /// Cases by office.
    list_rows: BTreeMap<String, u32>,
}

/// Rows of a day.
pub(super) struct DayBatches {
    pub decisions: RecordBatch,
    pub items: RecordBatch,
    pub lists: RecordBatch,
}

/// What a close draws with.
pub(super) struct Drawing<'a> {
    /// Keys of the periods of the cases.
    pub keys: &'a HashMap<Period, PeriodKey>,
    /// Commitments of the cases, in their order.
    pub sequences: &'a [u64],
}

/// Outcomes by office and root: a consignment may be lodged at two offices on a day.
type Outcomes = HashMap<String, HashMap<String, Outcome>>;

/// Outcome of a consignment at the close.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    draw: Draw,
    tau: f64,
    queued: bool,
}

impl Day<'_> {
    pub(super) fn propose(&self, day: NaiveDate, read: &Cases) -> Result<Proposed, JobError> {
        let assessment = self.bundle.assess(&read.rows)?;
        let mut chances: BTreeMap<String, Chance> = BTreeMap::new();
        let mut proposals = Vec::with_capacity(read.cases.len());
        let mut list_rows: BTreeMap<String, u32> = BTreeMap::new();
        for case in &read.cases {
            let proposal =
                self.bundle.propose(&assessment, case.items.clone(), &self.state, &case.office, &case.grade);
            let chance = chances.entry(case.root.clone()).or_default();
            *chance = chance.max(proposal.parts.chance());
            if let Some(earlier) = self.earlier(&case.root) {
                *chance = chance.max(earlier.chance);
            }
            proposals.push(proposal);
            *list_rows.entry(case.office.clone()).or_default() += 1;
        }
        let periods = read.cases.iter().map(|case| self.period(day, case)).collect::<Result<_, _>>()?;
        Ok(Proposed { assessment, proposals, chances, periods, list_rows })
    }

    /// What is known of a consignment whose draw is still secret.
    fn earlier(&self, root: &str) -> Option<&Earlier> {
        self.earlier.get(root).filter(|earlier| !self.revealed.contains(&earlier.period))
    }

    /// Period of a draw: the month of first acceptance of the consignment. When its key is public, or what was drawn
    /// then is not remembered, the consignment is drawn anew in the month of the day.
    fn period(&self, day: NaiveDate, case: &Case) -> Result<Period, JobError> {
        if let Some(earlier) = self.earlier(&case.root) {
            return Ok(earlier.period);
        }
        let of_day = |day: NaiveDate| {
            let period = Period::containing(day.and_time(NaiveTime::MIN).and_utc());
            period.map_err(|error| JobError::Missing(error.to_string()))
        };
        let accepted = case.accepted_at.date_naive();
        let period = of_day(accepted)?;
        if accepted < self.since || self.revealed.contains(&period) { of_day(day) } else { Ok(period) }
    }

    /// Commitments by period, in the order of the cases.
    pub(super) fn commitments(
        &self,
        day: NaiveDate,
        read: &Cases,
        proposed: &Proposed,
    ) -> Result<BTreeMap<Period, Committed>, JobError> {
        let mut commitments: BTreeMap<Period, Committed> = BTreeMap::new();
        for (place, (case, proposal)) in read.cases.iter().zip(&proposed.proposals).enumerate() {
            let Parts { mandatory, guaranteed, floor, multiplier, exploration, ramp } = proposal.parts;
            let probability = proposed.chances[&case.root].probability;
            let queue = self.waiting.of(&case.office);
            let lane = proposal.least_lane.code().parse();
            let of_period = commitments.entry(proposed.periods[place]).or_default();
            of_period.cases.push(place);
            of_period.new.push(NewCommitment {
                root: case.root.clone(),
                version: case.version,
                office: case.office.clone(),
                day,
                close: self.closes + 1,
                list_number: queue.lists + 1,
                list_rows: proposed.list_rows[&case.office],
                waiting: queue.waiting as u32,
                least_lane: lane.map_err(|e: ParseLaneError| JobError::Missing(e.to_string()))?,
                parts: DrawParts { mandatory, guaranteed, floor, multiplier, exploration, ramp, probability },
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
        drawing: &Drawing<'_>,
        decided: &mut Decided,
    ) -> Result<DayBatches, JobError> {
        let mut lists = ListRows::new();
        let outcomes = self.outcomes(day, read, proposed, drawing.keys, &mut lists)?;
        self.closes += 1;
        let mut decisions = Rows::new(&DECISION);
        let mut items = Rows::new(&DECISION_ITEM);
        let numbers = column(&read.rows, "goods_item_seq")?;
        let numbers = numbers.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong_type("goods_item_seq"))?;
        let losses = self.packaging.losses(self.run, day);
        let mut openings = Vec::new();
        for (place, (case, proposal)) in read.cases.iter().zip(&proposed.proposals).enumerate() {
            let (chance, outcome) = (proposed.chances[&case.root], outcomes[&case.office][&case.root]);
            let settled =
                settle(&self.bundle.selection, proposal, chance.contender(outcome.draw), outcome.tau);
            let reasons = if settled.keeps_reasons(proposal) {
                self.bundle.decision_reasons(&proposed.assessment, case.items.clone(), proposal)?
            } else {
                Vec::new()
            };
            let opening =
                self.packaging.opening(&self.bundle.selection, case, proposal, &settled, day, &losses);
            let treatment = opening.as_ref().and_then(Opening::treatment);
            let directive = self.bundle.directive(proposal, &settled, &reasons, treatment);
            count(decided, &settled, outcome.queued);
            decided.to_destination += u64::from(treatment.is_some());
            if settled.selected {
                decided.work_list.push(WorkListEntry::new(
                    case,
                    proposal,
                    &settled,
                    outcome.queued,
                    directive.as_deref(),
                    treatment,
                ));
            }
            let one = Decision {
                case,
                day,
                period: proposed.periods[place],
                sequence: drawing.sequences[place],
                proposal,
                chance,
                outcome,
                settled,
                reasons: &reasons,
                directive: directive.as_deref(),
                opening: opening.as_ref(),
            };
            decisions.push(self.decision_row(&one, &proposed.assessment, numbers))?;
            for row in case.items.clone() {
                let features = proposed.assessment.features.row(row).unwrap_or_default();
                items.push(self.item_row(case, row, &proposed.assessment, numbers, &features))?;
            }
            openings.push(opening);
        }
        self.remember(read, proposed, &outcomes);
        self.packaging.remember(self.run, day, &read.cases, &openings);
        for (rule, nulls) in self.bundle.rules.rules.iter().zip(&proposed.assessment.conditions.null_counts) {
            *decided.null_conditions.entry(rule.id.clone()).or_default() += *nulls as u64;
        }
        Ok(DayBatches { decisions: decisions.finish()?, items: items.finish()?, lists: lists.finish()? })
    }

    /// Keeps what became of the consignments of a day for those that are lodged again.
    fn remember(&mut self, read: &Cases, proposed: &Proposed, outcomes: &Outcomes) {
        for (case, period) in read.cases.iter().zip(&proposed.periods) {
            let (chance, outcome) = (proposed.chances[&case.root], outcomes[&case.office][&case.root]);
            let earlier = Earlier {
                period: *period,
                chance,
                selected: chance.contender(outcome.draw).is_selected(outcome.tau),
                tau: outcome.tau,
            };
            self.earlier.remember(&case.root, earlier);
        }
    }

    /// Draw and cut of each consignment; one already on a work list keeps the cut of that list and takes no slot.
    fn outcomes(
        &mut self,
        day: NaiveDate,
        read: &Cases,
        proposed: &Proposed,
        keys: &HashMap<Period, PeriodKey>,
        lists: &mut ListRows,
    ) -> Result<Outcomes, JobError> {
        let mut outcomes = Outcomes::new();
        let mut offices: BTreeMap<String, BTreeMap<&str, Contender>> =
            self.waiting.offices().map(|office| (office.clone(), BTreeMap::new())).collect();
        for (case, period) in read.cases.iter().zip(&proposed.periods) {
            let key =
                keys.get(period).ok_or_else(|| JobError::Missing(format!("no key for period {period}")))?;
            let draw = Draw::new(key.expose(), &period.to_string(), &case.root);
            let contenders = offices.entry(case.office.clone()).or_default();
            if let Some(earlier) = self.earlier(&case.root).filter(|e| e.selected) {
                let outcome = Outcome { draw, tau: earlier.tau, queued: false };
                outcomes.entry(case.office.clone()).or_default().insert(case.root.clone(), outcome);
                continue;
            }
            contenders.insert(&case.root, proposed.chances[&case.root].contender(draw));
        }
        for (office, contenders) in offices {
            let all: Vec<Contender> = contenders.values().copied().collect();
            let slots = (self.state.office(&office).slots, self.bundle.selection.reserved_slots);
            let declarations = proposed.list_rows.get(&office).map_or(0, |rows| *rows as usize);
            let (room, closed) = self.waiting.close(&office, &all, declarations, slots);
            let (run, contending) = (self.run, all.as_slice());
            lists.push(&List {
                run,
                day,
                office: &office,
                room,
                closed: &closed,
                contenders: contending,
                declarations,
            })?;
            let of_office = outcomes.entry(office).or_default();
            for ((root, contender), queued) in contenders.iter().zip(closed.queued) {
                of_office
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
    sequence: u64,
    proposal: &'a Proposal,
    chance: Chance,
    outcome: Outcome,
    settled: Settled,
    reasons: &'a [DecisionReason],
    directive: Option<&'a str>,
    opening: Option<&'a Opening>,
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
            ("commitment_sequence", Value::Integer(decision.sequence as i64)),
            ("bundle_hash", Value::Owned(self.hash.to_string())),
            ("policy_state_version", Value::Integer(self.state_version.0)),
            ("semantics_version", Value::Integer(SEMANTICS_VERSION)),
            ("score", Value::Real(proposal.score)),
            ("priority", Value::Real(proposal.priority)),
            ("guaranteed_probability", Value::Real(parts.guaranteed)),
            ("floor_probability", Value::Real(parts.floor)),
            ("multiplier", Value::Real(parts.multiplier)),
            ("exploration", Value::Real(parts.exploration)),
            ("ramp", Value::Real(parts.ramp)),
            ("inclusion_probability", Value::Real(decision.chance.probability)),
            ("weight", Value::Real(decision.chance.weight)),
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
            ("is_reinspected", Value::Flag(settled.reinspected)),
            ("reinspection_probability", Value::Real(settled.reinspection_probability)),
            ("is_held", Value::Flag(proposal.held)),
            ("is_in_sample", Value::Flag(in_sample)),
            ("revenue_at_stake", Value::Real(revenue)),
            ("directive", optional(decision.directive)),
            ("rules", self.rule_ids(proposal.rules.iter().copied())),
            ("reasons", Value::Reasons(decision.reasons.iter().map(reason).collect())),
        ]);
        row.extend(opening_values(decision.opening));
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
