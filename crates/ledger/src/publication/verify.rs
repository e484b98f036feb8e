//! The verification of published periods: key, log, signatures, and every draw, cut and selection again.

use std::collections::{BTreeMap, BTreeSet};

use super::draw::Outcome;
use super::fault::{Fault, PeriodFault, RowFault};
use super::lists::{Drawn, recompute};
use super::rules::ClosingRules;
use super::{FORMAT, Publication, PublishedPeriod, PublishedRow};
use crate::history::{LogWalk, check_checkpoints};
use crate::{
    ChainHead, Custody, Hash256, HistoryFault, Period, PeriodKey, PolicyStateVersion, PublicKey,
    SignedCheckpoint,
};

/// What a verifier knows from elsewhere. A keeper of both ledger and signing key can publish an invented period that
/// holds in itself; only what others have kept shows it.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The public key of the log.
    pub public_key: Option<PublicKey>,
    /// Checkpoints kept while the periods were open.
    pub checkpoints: Vec<SignedCheckpoint>,
}

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// Rows.
    pub rows: u64,
    /// Rows on a work list.
    pub selected: u64,
    /// Work lists closed again.
    pub work_lists: u64,
    /// Work lists whose cut could not be computed, since they have rows in periods that are not given. Rows of a list
    /// are of the month of its day or earlier; a list that waits with all of those at hand is worth a question.
    pub waiting: u64,
    /// Work lists that follow lists which are not given: how many wait for a slot from those was taken as said.
    pub continued: u64,
    /// Closes whose run was interrupted, so that nothing came of what was committed: worth a question.
    pub abandoned: u64,
    /// Days of an office that were closed more than once, within the slots of the day: worth a question when frequent.
    pub split_days: u64,
    /// Checkpoints checked, kept ones among them.
    pub checkpoints: u64,
    /// Periods whose shares one person held, who could have tried shares until the draws pleased: worth a question.
    pub of_one_person: Vec<Period>,
}

/// Verifies published periods, together: a work list may have rows of several periods.
///
/// # Errors
/// The first fault, with its period and row.
pub fn verify(publications: &[Publication], kept: &Kept) -> Result<Verified, Fault> {
    let (mut drawn, mut checkpoints) = (Vec::new(), 0);
    let mut states: BTreeMap<PolicyStateVersion, Hash256> = BTreeMap::new();
    for publication in publications {
        let period = publication.period.period;
        let fault = |fault| Fault::Period { period, fault };
        if publications.iter().filter(|other| other.period.period == period).count() > 1 {
            return Err(fault(PeriodFault::Twice));
        }
        let (key, start) = check_period(&publication.period, kept).map_err(fault)?;
        for state in &publication.period.policy_states {
            let version = PolicyStateVersion(state.version);
            if *states.entry(version).or_insert(state.sha256) != state.sha256 {
                return Err(fault(PeriodFault::State(version)));
            }
        }
        checkpoints += check_log(publication, start, kept)?;
        drawn.push(of_publication(publication, key).map_err(fault)?);
    }
    let again = recompute(&drawn)?;
    let mut verified = Verified {
        rows: 0,
        selected: 0,
        work_lists: again.work_lists,
        waiting: again.waiting,
        continued: again.continued,
        abandoned: again.abandoned,
        split_days: again.split_days,
        checkpoints,
        of_one_person: Vec::new(),
    };
    for (publication, outcomes) in publications.iter().zip(&again.outcomes) {
        for (row, expected) in publication.rows.iter().zip(outcomes) {
            compare(&row.outcome, expected).map_err(|fault| Fault::Row {
                period: publication.period.period,
                row: row.sequence,
                fault,
            })?;
            verified.selected += u64::from(expected.is_selected);
        }
        verified.rows += publication.rows.len() as u64;
        if publication.period.custody == Custody::OnePerson {
            verified.of_one_person.push(publication.period.period);
        }
    }
    Ok(verified)
}

/// Checks the file of the period but for its log.
fn check_period(period: &PublishedPeriod, kept: &Kept) -> Result<(PeriodKey, ChainHead), PeriodFault> {
    if period.format != FORMAT {
        return Err(PeriodFault::Format(period.format));
    }
    if let Some(expected) = kept.public_key.filter(|expected| *expected != period.public_key) {
        return Err(PeriodFault::PublicKey { found: period.public_key, expected });
    }
    for state in &period.policy_states {
        if Hash256::of(state.content.as_bytes()) != state.sha256 {
            return Err(PeriodFault::State(PolicyStateVersion(state.version)));
        }
    }
    period.check_key()
}

/// Checks every row against its hash, and the log that they make against what was signed; gives the number of
/// checkpoints.
fn check_log(publication: &Publication, start: ChainHead, kept: &Kept) -> Result<u64, Fault> {
    let Publication { period: of, rows } = publication;
    let period = of.period;
    let fault = |fault| Fault::Period { period, fault };
    let mut checkpoints = of.checkpoints.clone();
    checkpoints.extend(kept.checkpoints.iter().filter(|signed| signed.checkpoint.period == period).cloned());
    check_checkpoints(&of.public_key, &checkpoints).map_err(|history| fault(history.into()))?;
    if let Some(other) = of.checkpoints.iter().find(|signed| signed.checkpoint.period != period) {
        return Err(fault(HistoryFault::OtherLog { count: other.checkpoint.count }.into()));
    }
    let mut walk = LogWalk::new(start.hash, &checkpoints);
    let mut head = start;
    for (place, row) in (1..).zip(rows) {
        head = check_row(of, head, row).map_err(|fault| Fault::Row { period, row: place, fault })?;
        walk.step(head.hash);
    }
    let (found, head, merkle_root) = walk.end();
    let signed = checkpoints.iter().map(|signed| signed.checkpoint.count);
    let (first, last) = (signed.clone().min(), signed.max().unwrap_or(0));
    let ends = [
        (of.commitments != found).then_some(PeriodFault::Count { said: of.commitments, found }),
        walk.check(of.key_commitment, &checkpoints).err().map(PeriodFault::History),
        (of.head != head).then_some(PeriodFault::End("head")),
        (of.merkle_root != merkle_root).then_some(PeriodFault::End("merkle_root")),
        (first != Some(0)).then_some(PeriodFault::NotSignedBefore),
        (last != found).then_some(PeriodFault::NotSignedToTheEnd { signed: last, found }),
        unused(of, rows).map(PeriodFault::Unused),
    ];
    ends.into_iter().flatten().next().map_or(Ok(checkpoints.len() as u64), |first| Err(fault(first)))
}

/// The end of the chain after a row, if its fields give its hash.
fn check_row(of: &PublishedPeriod, head: ChainHead, row: &PublishedRow) -> Result<ChainHead, RowFault> {
    let content = &row.content;
    if row.sequence != head.count + 1 {
        return Err(RowFault::Sequence { found: row.sequence });
    }
    let unlisted = |what: String| RowFault::Unlisted(what);
    let state = of.state(content.policy_state);
    let state = state.ok_or_else(|| unlisted(format!("policy state {}", content.policy_state)))?;
    if !of.bundles.contains(&content.bundle) {
        return Err(unlisted(format!("bundle {}", content.bundle)));
    }
    if !content.parts.is_sound() || content.parts.mandatory != content.least_lane.is_inspection() {
        return Err(RowFault::Parts);
    }
    let next = head.followed_by(of.period, content, state.sha256);
    if next.hash == row.hash { Ok(next) } else { Err(RowFault::Hash) }
}

/// A state or bundle that no row names, or that is listed twice.
fn unused(of: &PublishedPeriod, rows: &[PublishedRow]) -> Option<String> {
    let mut states: BTreeSet<i64> = rows.iter().map(|row| row.content.policy_state.0).collect();
    let mut bundles: BTreeSet<Hash256> = rows.iter().map(|row| row.content.bundle).collect();
    let state = of.policy_states.iter().find(|state| !states.remove(&state.version));
    let bundle = of.bundles.iter().find(|bundle| !bundles.remove(bundle));
    let state = state.map(|state| format!("policy state {}", state.version));
    state.or_else(|| bundle.map(|bundle| format!("bundle {bundle}")))
}

fn of_publication(publication: &Publication, key: PeriodKey) -> Result<Drawn<'_>, PeriodFault> {
    let rules = publication.period.policy_states.iter().map(|state| {
        let version = PolicyStateVersion(state.version);
        let rules = ClosingRules::parse(&state.content);
        rules.map(|rules| (version, rules)).map_err(|what| PeriodFault::StateContent { version, what })
    });
    Ok(Drawn {
        period: publication.period.period,
        key,
        rules: rules.collect::<Result<_, _>>()?,
        contents: publication.rows.iter().map(|row| &row.content).collect(),
        said: Some(publication.rows.iter().map(|row| row.outcome).collect()),
    })
}

fn compare(found: &Outcome, expected: &Outcome) -> Result<(), RowFault> {
    let shown = |outcome: &Outcome| {
        [
            ("u", format!("{:?}", outcome.draw)),
            ("tau", format!("{:?}", outcome.tau)),
            ("pi", format!("{:?}", outcome.realised_probability)),
            ("component", outcome.component.to_string()),
            ("is_candidate", outcome.is_candidate.to_string()),
            ("is_selected", outcome.is_selected.to_string()),
            ("is_queued", outcome.is_queued.to_string()),
            ("lane", outcome.lane.to_string()),
            ("is_abandoned", outcome.is_abandoned.to_string()),
        ]
    };
    for ((what, found), (_, expected)) in shown(found).into_iter().zip(shown(expected)) {
        if found != expected {
            return Err(RowFault::Outcome { what, found, expected });
        }
    }
    Ok(())
}
