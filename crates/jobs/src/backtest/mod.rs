//! Back-tests: what a draft of rules, policy or model would have done with what was lodged, beside the active bundle.
//!
//! Both are run over the same days with the same throw-away keys and capacity. What they would have found is known only
//! where somebody looked; the rest is bounds, and, where decisions were drawn, an estimate with its interval.

mod cases;
pub(crate) mod evidence;
pub(crate) mod outcome;

pub use outcome::{Backtested, OfficeLoad, RuleEffect, Side, Valued};

use crate::JobError;
use crate::content::{rule_set, selection_policy};
use crate::decide::Capacity;
use crate::home::{Home, random_bytes};
use crate::progress::Progress;
use cases::Rated;
use chrono::NaiveDate;
use evidence::Evidence;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::course::{Course, Run};

/// What to test.
#[derive(Debug, Clone, Default)]
pub struct BacktestOptions {
    /// Rules in place of those of the bundle.
    pub rules: Option<String>,
    /// Selection policy in place of that of the bundle.
    pub selection: Option<String>,
    /// Bundle by hash or the beginning of its hash; the active one when left out.
    pub bundle: Option<String>,
    /// First day; the first with enough days before it when left out.
    pub from: Option<NaiveDate>,
    /// Last day; the last with declarations when left out.
    pub to: Option<NaiveDate>,
    /// Inspections a day at each office.
    pub capacity: Capacity,
}

/// Runs a draft and the active bundle over days of the past.
///
/// # Errors
/// When there is no bundle, a draft is refused, nothing was lodged on the days, or the lake fails.
pub async fn backtest(
    home: &Home,
    options: &BacktestOptions,
    progress: &mut dyn Progress,
) -> Result<Backtested, JobError> {
    Box::pin(run(home, options, progress)).await
}

async fn run(
    home: &Home,
    options: &BacktestOptions,
    progress: &mut dyn Progress,
) -> Result<Backtested, JobError> {
    let (active, active_hash) = home.bundle(None).await?;
    let (mut draft, _) = home.bundle(options.bundle.as_deref()).await?;
    if let Some(rules) = &options.rules {
        draft.rules = rule_set(rules, &draft.set)?;
    }
    if let Some(selection) = &options.selection {
        draft.selection = selection_policy(selection)?;
    }
    let platform = home.platform().await?;
    let (from, to) = cases::days(&platform, options, draft.selection.threshold_days).await?;
    let keys =
        (0..home.configuration.backtest.keys).map(|_| random_bytes()).collect::<Result<Vec<_>, _>>()?;
    let runner = Runner { capacity: options.capacity, keys: &keys, from };
    let rated = cases::read(home, &platform, [&draft, &active], from, to, progress).await?;
    let [drafted, standing] = rated;
    let evidence = Evidence::read(home, &platform, &drafted, from, to).await?;
    let (draft_run, active_run) = (runner.run(&draft, &drafted, None), runner.run(&active, &standing, None));
    progress.step("leaving out rules one by one", draft.rules.rules.len() as u64, "rules");
    let mut rules = Vec::new();
    for position in 0..draft.rules.rules.len() {
        let without = runner.run(&draft, &drafted, Some(position));
        rules.push(evidence.rule_effect(&draft, position, &drafted, &draft_run, &without));
        progress.done(position as u64 + 1);
    }
    Ok(Backtested {
        from,
        to,
        active_bundle: active_hash.to_string(),
        declarations: draft_run.fates.len() as u64,
        decided: evidence.decided(),
        young: evidence.young(),
        inspected: evidence.inspected(),
        draft: evidence.side(&draft, &drafted, &draft_run),
        active: evidence.side(&active, &standing, &active_run),
        common_share: common_share(&draft_run, &active_run),
        rules,
    })
}

/// Share of the draft's expected inspections that both would do: the sum of the lesser probabilities.
fn common_share(draft: &Run, active: &Run) -> f64 {
    let common: f64 = draft.fates.iter().zip(&active.fates).map(|(d, a)| d.inclusion.min(a.inclusion)).sum();
    common / draft.fates.iter().map(|f| f.inclusion).sum::<f64>()
}

struct Runner<'a> {
    capacity: Capacity,
    keys: &'a [[u8; 32]],
    from: NaiveDate,
}

impl Runner<'_> {
    /// A course with all keys; as if a rule were not there, when it is muted.
    fn run(&self, bundle: &Bundle, rated: &[Rated], muted: Option<usize>) -> Run {
        let slots = |a_day: f64| self.capacity.slots(a_day);
        let course = Course { policy: &bundle.selection, slots: &slots, keys: self.keys };
        let lodged: Vec<_> = rated.iter().map(|r| r.lodged(muted)).collect();
        course.run(&lodged, self.from)
    }
}
