//! Decisions: from an assessment to p, from p and the draw to a lane, from the lane to what an officer is told.
//!
//! [`Bundle::propose`] is everything before the draw, [`settle`] everything after the cut of the work list; a replay
//! calls the same two on what was stored.

use crate::assess::{AssessError, Assessment};
use crate::bundle::Bundle;
use crate::model::Contributions;
use crate::rules::{Effect, Level, Rule, raised};
use crate::selection::{
    Chance, Component, Contender, Lane, LaneShare, Parts, PolicyState, Seen, SelectionPolicy,
};
use crate::template;
use crate::treatment::Treatment;
use chrono::NaiveDate;
use std::ops::Range;

/// Reasons of the model that a decision keeps.
const MODEL_REASONS: usize = 3;
/// What is looked at in every consignment, said where the model has no reason of its own.
const LOOKED_AT_ALWAYS: &str = "kind, quantity, value and origin of the goods";

/// What scores and rules say of a declaration, whatever the policy state.
#[derive(Debug, Clone, PartialEq)]
pub struct Rated {
    /// Greatest score of the items, raised by the weights of the rules of the declaration.
    pub score: f64,
    /// Score raised by what is expected, or at stake ([`crate::features::FeatureSet::priority`]).
    pub priority: f64,
    /// Row of the item with the greatest score.
    pub worst_row: usize,
    /// Positions of the rules that hit.
    pub rules: Vec<usize>,
    /// Least intrusive lane that the rules allow.
    pub least_lane: Lane,
    /// Whether a rule holds the goods.
    pub held: bool,
}

/// What is known of a declaration before its draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Greatest score of the items, raised by the weights of the rules of the declaration.
    pub score: f64,
    /// Score raised by what is at stake ([`crate::features::FeatureSet::priority`]).
    pub priority: f64,
    /// Row of the item with the greatest score.
    pub worst_row: usize,
    /// Parts of p.
    pub parts: Parts,
    /// Positions of the rules that hit.
    pub rules: Vec<usize>,
    /// Least intrusive lane that the rules allow.
    pub least_lane: Lane,
    /// Whether a rule holds the goods.
    pub held: bool,
}

/// A settled decision.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "columns of the decision, each a fact of its own")]
pub struct Settled {
    /// Part of p that the draw fell into.
    pub component: Component,
    /// Whether the draw fell below the floor.
    pub in_floor: bool,
    /// Whether the draw fell below p.
    pub candidate: bool,
    /// On the work list.
    pub selected: bool,
    /// Whether only the multiplier of the grade of the trader kept it off the work list: as no candidate, or by its rank.
    pub suppressed: bool,
    /// pi.
    pub realised_probability: f64,
    /// Whether a reference team inspects it once more.
    pub reinspected: bool,
    /// Probability, given that it is selected, of its lane and of a second inspection together.
    pub reinspection_probability: f64,
    /// What is done.
    pub lane: Lane,
}

/// One reason of a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionReason {
    /// Row of the goods item; none for the whole declaration.
    pub row: Option<usize>,
    /// `rule`, `revenue` or `model`.
    pub kind: &'static str,
    /// Id of the rule, `expected_revenue`, or names of the features.
    pub name: String,
    /// What it moved the log-odds by; none but for the model.
    pub contribution: Option<f64>,
    /// The sentence.
    pub sentence: String,
}

impl Bundle {
    /// What scores and rules say of a declaration whose items are the rows `items`; as if one rule were not there, when it
    /// is muted.
    pub fn rate(&self, assessment: &Assessment, items: Range<usize>, muted: Option<usize>) -> Rated {
        let conditions = &assessment.conditions;
        let mut rules = conditions.of_declaration(&self.rules, items.clone());
        rules.retain(|r| Some(*r) != muted);
        let item_score = |row: usize| match muted {
            None => assessment.scores[row],
            Some(_) => conditions.item_score(&self.rules, row, assessment.probabilities[row], muted),
        };
        let (worst_row, worst_score) = worst(item_score, items.clone());
        let hit = || rules.iter().map(|r| &self.rules.rules[*r]);
        let of_declaration = hit().filter(|r| r.level == Level::Declaration);
        let score = of_declaration.fold(worst_score, |score, rule| raised(score, rule.weight()));
        let least_lane = hit().filter_map(Rule::least_lane).max().unwrap_or(Lane::Green);
        let held = hit().any(|r| r.effect == Effect::Hold);
        let priority = match &assessment.revenue {
            Some(revenue) => self.set.priority_of_revenue(score, revenue[items].iter().sum()),
            None => {
                self.set.priority(score, items.map(|row| assessment.prepared.revenue[row].max(0.0)).sum())
            }
        };
        Rated { score, priority, worst_row, rules, least_lane, held }
    }

    /// What is known before the draw of a declaration whose items are the rows `items`, at an office, of a trader with a
    /// grade.
    pub fn propose(
        &self,
        assessment: &Assessment,
        items: Range<usize>,
        state: &PolicyState,
        office: &str,
        grade: &str,
    ) -> Proposal {
        // Rows always have a day; the first regime stands in for a day that no calendar has.
        let day = NaiveDate::from_epoch_days(assessment.prepared.days[items.start]).unwrap_or_default();
        let Rated { score, priority, worst_row, rules, least_lane, held } =
            self.rate(assessment, items, None);
        let (policy, seen) = (&self.selection, Seen { priority, mandatory: least_lane.is_inspection() });
        let parts = state.office(office).parts(policy, policy.regime(day), grade, seen);
        Proposal { score, priority, worst_row, parts, rules, least_lane, held }
    }

    /// Why declarations were decided as they were, each given by its items and its proposal: the rules that hit, what an
    /// inspection is expected to bring where that raised the priority, then what raised the score of its worst item most.
    ///
    /// # Errors
    /// When a row does not fit the forest.
    pub fn decision_reasons(
        &self,
        assessment: &Assessment,
        decisions: &[(Range<usize>, &Proposal)],
    ) -> Result<Vec<Vec<DecisionReason>>, AssessError> {
        let worst: Vec<usize> = decisions.iter().map(|(_, proposal)| proposal.worst_row).collect();
        let contributions = self.contributions(assessment, &worst)?;
        let explained = decisions.iter().zip(&contributions);
        Ok(explained.map(|(decision, of_row)| self.reasons_of(assessment, decision, of_row)).collect())
    }

    fn reasons_of(
        &self,
        assessment: &Assessment,
        (items, proposal): &(Range<usize>, &Proposal),
        contributions: &Contributions,
    ) -> Vec<DecisionReason> {
        let mut reasons = Vec::new();
        for position in &proposal.rules {
            let rule = &self.rules.rules[*position];
            let row = items.clone().find(|row| assessment.conditions.of_row(*row).any(|r| r == *position));
            reasons.push(DecisionReason {
                row: row.filter(|_| rule.level == Level::Item),
                kind: "rule",
                name: rule.id.clone(),
                contribution: None,
                sentence: template::fill(
                    &rule.reason,
                    &assessment.prepared.batch,
                    row.unwrap_or(items.start),
                ),
            });
        }
        if let (Some(revenue), true) = (&assessment.revenue, self.set.finding_worth.is_some()) {
            let expected: f64 = revenue[items.clone()].iter().sum();
            reasons.push(DecisionReason {
                row: None,
                kind: "revenue",
                name: "expected_revenue".to_owned(),
                contribution: None,
                sentence: format!("an inspection is expected to bring {expected:.0} in duty and tax"),
            });
        }
        let of_model = self.reasons(assessment, proposal.worst_row, contributions, usize::MAX);
        for reason in of_model.into_iter().filter(|r| r.contribution > 0.0).take(MODEL_REASONS) {
            reasons.push(DecisionReason {
                row: Some(proposal.worst_row),
                kind: "model",
                name: reason.features.join(", "),
                contribution: Some(reason.contribution),
                sentence: reason.sentence,
            });
        }
        reasons
    }

    /// What an officer is told: a function of the record and its lane, not of the draw. What speaks most for looking is said
    /// of every selected consignment, whichever part of p its draw fell into, and where nothing does, what is looked at
    /// always; so nobody recognises an inspection by chance, and all are equally thorough. A treatment says what is done
    /// in place of opening at the port.
    pub fn directive(
        &self,
        proposal: &Proposal,
        settled: &Settled,
        reasons: &[DecisionReason],
        treatment: Option<&Treatment>,
    ) -> Option<String> {
        if settled.lane == Lane::Green {
            return None;
        }
        let mut directive =
            treatment.map_or_else(|| settled.lane.instruction().to_owned(), Treatment::directive);
        let hit = proposal.rules.iter().map(|r| &self.rules.rules[*r]);
        for told in hit.filter_map(|rule| rule.directive.as_ref()) {
            directive.push(' ');
            directive.push_str(told);
        }
        if settled.selected {
            directive.push_str(" Look at: ");
            directive.push_str(&looks(reasons));
            directive.push('.');
        }
        Some(directive)
    }
}

/// What an officer looks at.
fn looks(reasons: &[DecisionReason]) -> String {
    let of_model: Vec<&str> =
        reasons.iter().filter(|r| r.kind == "model").map(|r| r.sentence.as_str()).collect();
    if of_model.is_empty() { LOOKED_AT_ALWAYS.to_owned() } else { of_model.join("; ") }
}

/// The first of the rows with the greatest score.
fn worst(score: impl Fn(usize) -> f64, items: Range<usize>) -> (usize, f64) {
    let mut worst = (items.start, f64::NEG_INFINITY);
    for row in items {
        let score = score(row);
        if score > worst.1 {
            worst = (row, score);
        }
    }
    worst
}

/// Purpose of the derived draw that says what is inspected once more.
const REINSPECTION: &str = "reinspect/v1";

/// The decision from what the consignment contends with and the cut of the work list.
pub fn settle(policy: &SelectionPolicy, proposal: &Proposal, contender: Contender, tau: f64) -> Settled {
    let parts = &proposal.parts;
    let Contender { chance: Chance { probability, .. }, draw } = contender;
    let selected = contender.is_selected(tau);
    let realised_probability = contender.realised_probability(tau);
    let chosen = selected && !parts.mandatory;
    let lane = if chosen { policy.lane(draw.value() / realised_probability) } else { Lane::Green };
    let lane = lane.max(proposal.least_lane);
    let lane_share = if parts.mandatory { 1.0 } else { LaneShare::of(&policy.lanes, lane) };
    Settled {
        component: parts.component(draw, probability),
        in_floor: draw.value() < parts.floor,
        candidate: contender.rank().is_some(),
        selected,
        suppressed: parts.is_suppressed(contender, tau),
        realised_probability,
        reinspected: selected && draw.derived(REINSPECTION).value() < policy.reinspected_share,
        reinspection_probability: lane_share * policy.reinspected_share,
        lane,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_is_what_the_model_has_against_it_and_otherwise_the_same_for_all() {
        let reason = |kind, sentence: &str| DecisionReason {
            row: None,
            kind,
            name: String::new(),
            contribution: None,
            sentence: sentence.to_owned(),
        };
        let model = [reason("rule", "a rule"), reason("model", "mass"), reason("model", "price")];
        assert_eq!(looks(&model), "mass; price");
        assert_eq!(looks(&model[..1]), LOOKED_AT_ALWAYS);
        assert_eq!(looks(&[]), LOOKED_AT_ALWAYS);
    }
}
