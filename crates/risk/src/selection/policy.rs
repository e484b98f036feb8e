//! The selection policy: ramp, lanes, and the regimes of traders' grades, read from a TOML file; a component of a bundle.

use super::epoch::Epoch;
use super::error::CheckPolicyError;
use super::lane::{Lane, LaneShare};
use super::regime::{self, FileRegime, Regime};
use crate::treatment::{self, FileTreatment, TreatmentPolicy};
use chrono::NaiveDate;
use serde::Deserialize;

/// How consignments are chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionPolicy {
    /// Name in the file.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The file as it was read; its bytes are a component of a bundle.
    pub text: String,
    /// e, in [0, 1].
    pub exploration: f64,
    /// Half-width of the ramp as a share of the threshold, in [0, 1].
    pub ramp_width: f64,
    /// Slots of each work list that mandatory inspections leave to others.
    pub reserved_slots: u32,
    /// Candidates beyond the slots of a day that thresholds are set for, in standard deviations of their number.
    pub spare_candidates: f64,
    /// Days before an epoch whose scores set its state.
    pub threshold_days: u32,
    /// Threshold of offices that had no records before.
    pub initial_threshold: f64,
    /// Share of the inspections that a reference team does once more, knowing nothing of the first result.
    pub reinspected_share: f64,
    /// Lanes of the selected, nested from the smallest ranks upwards; shares sum to 1.
    pub lanes: Vec<LaneShare>,
    /// Grades as the law has them, by day of beginning.
    pub regimes: Vec<Regime>,
    /// Treatment of special packaging, by day of beginning.
    pub treatments: Vec<TreatmentPolicy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePolicy {
    name: String,
    description: String,
    exploration: f64,
    ramp_width: f64,
    reserved_slots: u32,
    spare_candidates: f64,
    threshold_days: u32,
    initial_threshold: f64,
    #[serde(default)]
    reinspected_share: f64,
    lane: Vec<LaneShare>,
    #[serde(default)]
    regime: Vec<FileRegime>,
    #[serde(default)]
    treatment: Vec<FileTreatment>,
}

impl SelectionPolicy {
    /// Reads and checks a file; `file` is its name for errors.
    ///
    /// # Errors
    /// When the file is not a selection policy, or a value is out of range.
    pub fn parse(file: &str, text: &str) -> Result<Self, CheckPolicyError> {
        let parsed: FilePolicy = toml::from_str(text)
            .map_err(|e| CheckPolicyError::Syntax { file: file.to_owned(), cause: e.to_string() })?;
        let FilePolicy { exploration, ramp_width, initial_threshold, reinspected_share, lane: lanes, .. } =
            parsed;
        let wrong = |key: &str, found: String, right: &'static str| {
            Err(CheckPolicyError::Value { file: file.to_owned(), key: key.to_owned(), found, right })
        };
        for (key, value) in [
            ("exploration", exploration),
            ("ramp_width", ramp_width),
            ("initial_threshold", initial_threshold),
            ("reinspected_share", reinspected_share),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return wrong(key, value.to_string(), "between 0 and 1");
            }
        }
        if !(0.0..=3.0).contains(&parsed.spare_candidates) {
            return wrong("spare_candidates", parsed.spare_candidates.to_string(), "between 0 and 3");
        }
        if parsed.threshold_days == 0 {
            return wrong("threshold_days", "0".to_owned(), "at least 1");
        }
        let total: f64 = lanes.iter().map(|l| l.share).sum();
        let positive = lanes.iter().all(|l| l.share > 0.0 && l.lane.is_inspection());
        if !positive || (total - 1.0).abs() > 1e-9 {
            let found = lanes.iter().map(|l| format!("{} {}", l.lane.code(), l.share));
            let found = found.collect::<Vec<_>>().join(", ");
            return wrong("lane", found, "orange and red with shares that are above 0 and sum to 1");
        }
        Ok(Self {
            name: parsed.name,
            description: parsed.description,
            text: text.to_owned(),
            exploration,
            ramp_width,
            reserved_slots: parsed.reserved_slots,
            spare_candidates: parsed.spare_candidates,
            threshold_days: parsed.threshold_days,
            initial_threshold,
            reinspected_share,
            lanes,
            regimes: regime::check(file, parsed.regime)?,
            treatments: treatment::check(file, parsed.treatment)?,
        })
    }

    /// Candidates of a list that thresholds are set for. Their number is a sum of independent coins, at most Poisson: its
    /// standard deviation is at most the root of its mean, so that with one of them to spare fewer than a sixth of the lists
    /// leave a slot empty. What is too much is shed by rank, and its pi says so.
    /// At most half of the consignments that find no slot are wanted: on a short list everybody would be a candidate
    /// otherwise, and the ramp would tell none of them apart.
    pub fn wanted_candidates(&self, slots: f64, consignments: f64) -> f64 {
        let spare = self.spare_candidates * slots.sqrt();
        slots + spare.min(0.5 * (consignments - slots).max(0.0))
    }

    /// The regime in force on a day; the first one before it began.
    pub fn regime(&self, day: NaiveDate) -> &Regime {
        self.regimes.iter().rev().find(|r| r.from <= day).unwrap_or(&self.regimes[0])
    }

    /// The epoch of a day, cut where a regime begins: a state knows one law.
    pub fn epoch(&self, day: NaiveDate) -> Epoch {
        let Epoch { mut first, mut last } = Epoch::of(day);
        // The first regime cuts nothing: the days before it are its own.
        for from in self.regimes.iter().skip(1).map(|regime| regime.from) {
            if from <= day {
                first = first.max(from);
            } else {
                last = last.min(from.pred_opt().unwrap_or(day));
            }
        }
        Epoch { first, last }
    }

    /// First day of the regime that began the promise that a grade has on a day: where a later one leaves it as it is, it goes
    /// on, and where its terms change it begins anew. None where the grade has no promise on the day.
    pub fn promised_since(&self, grade: &str, day: NaiveDate) -> Option<NaiveDate> {
        let regime = self.regime(day);
        let standing = regime.grade(grade).promise?;
        let back = self.regimes.iter().rev().skip_while(|r| r.from > regime.from);
        back.take_while(|r| r.grade(grade).promise == Some(standing)).last().map(|r| r.from)
    }

    /// Lane of a selected consignment from u / pi, which is uniform in [0, 1) given that it is selected: nested intervals,
    /// so that the lane is part of the same draw and its probability is pi times the share.
    pub fn lane(&self, position: f64) -> Lane {
        let mut upper = 0.0;
        for LaneShare { lane, share } in &self.lanes {
            upper += share;
            if position < upper {
                return *lane;
            }
        }
        self.lanes.last().map_or(Lane::Red, |l| l.lane)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../../selection/default.toml");

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_shipped_policy_is_sound_and_knows_both_regimes() {
        let policy = SelectionPolicy::parse("default.toml", FILE).unwrap();
        let before = policy.regime(day("2026-03-31"));
        let after = policy.regime(day("2026-04-01"));
        assert_eq!(policy.regime(day("1999-01-01")), before);
        assert!(before.is_ordinary("certified") && !after.is_ordinary("certified"));
        for regime in [before, after] {
            assert_eq!(regime.promises().map(|(code, ..)| code).collect::<Vec<_>>(), ["advanced-certified"]);
            assert_eq!(regime.grade("no such grade"), regime.ordinary);
            assert!(regime.grade("dishonest").guaranteed >= 0.8);
        }
        assert_eq!(policy.lane(0.0), policy.lanes[0].lane);
        assert_eq!(policy.lane(0.999_999), policy.lanes[policy.lanes.len() - 1].lane);
    }

    #[test]
    fn an_epoch_is_cut_where_a_regime_begins() {
        let policy =
            SelectionPolicy::parse("p.toml", &FILE.replace("from = 2026-04-01", "from = 2026-04-03"))
                .unwrap();
        let epoch = |text| {
            let Epoch { first, last } = policy.epoch(day(text));
            (first, last)
        };
        for inside in ["2026-04-01", "2026-04-02"] {
            assert_eq!(epoch(inside), (day("2026-04-01"), day("2026-04-02")));
        }
        for inside in ["2026-04-03", "2026-04-07"] {
            assert_eq!(epoch(inside), (day("2026-04-03"), day("2026-04-07")));
        }
        for whole in ["2026-03-31", "2026-04-08", "2021-11-03", "1999-01-01"] {
            assert_eq!(policy.epoch(day(whole)), Epoch::of(day(whole)), "{whole}");
        }
    }

    #[test]
    fn a_promise_goes_on_until_its_terms_change() {
        let (first, second) = ("2021-11-01", "2026-04-01");
        let since = |policy: &SelectionPolicy, grade, on| policy.promised_since(grade, day(on));
        let policy = SelectionPolicy::parse("p.toml", FILE).unwrap();
        for on in ["1999-01-01", "2026-03-31", "2026-04-01", "2027-01-01"] {
            assert_eq!(since(&policy, "advanced-certified", on), Some(day(first)), "{on}");
            assert_eq!(since(&policy, "certified", on), None, "{on}");
        }
        let (before, after) = FILE.split_once("from = 2026-04-01").unwrap();
        let terms = after.replacen("bound = 0.2,", "bound = 0.3,", 1);
        let changed = SelectionPolicy::parse("p.toml", &format!("{before}from = 2026-04-01{terms}")).unwrap();
        assert_eq!(since(&changed, "advanced-certified", "2026-03-31"), Some(day(first)));
        assert_eq!(since(&changed, "advanced-certified", "2026-04-01"), Some(day(second)));
    }

    #[test]
    fn a_few_more_candidates_are_wanted_than_there_are_slots_and_never_everybody() {
        let policy = SelectionPolicy::parse("default.toml", FILE).unwrap();
        assert!(
            (policy.wanted_candidates(100.0, 2_000.0) - 100.0 - 10.0 * policy.spare_candidates).abs() < 1e-9
        );
        assert!((policy.wanted_candidates(3.0, 5.0) - 4.0).abs() < 1e-9, "half of those without a slot");
        assert!((policy.wanted_candidates(3.0, 2.0) - 3.0).abs() < 1e-9, "all fit");
    }

    #[test]
    fn mistakes_are_named() {
        let refused = |from: &str, to: &str| {
            let text = FILE.replacen(from, to, 1);
            assert_ne!(text, FILE, "{from}");
            SelectionPolicy::parse("p.toml", &text).unwrap_err().to_string()
        };
        assert!(refused("exploration = ", "exploration = 7 #").contains("`exploration` is 7"));
        assert!(
            refused("reinspected_share = 0.02", "reinspected_share = 2").contains("`reinspected_share` is 2")
        );
        assert!(refused("share = 0.7", "share = 0.01").contains("sum to 1"));
        assert!(refused("ramp_width", "rampwidth").contains("line"));
        assert!(
            refused("spare_candidates = ", "spare_candidates = -1 #").contains("`spare_candidates` is -1")
        );
        assert!(refused("target = 0.15", "target = 0.3").contains("promise.target"));
        assert!(refused("from = 2026-04-01", "from = 2001-04-01").contains("after the day"));
        assert!(refused("guaranteed = 0.8", "guaranteed = 8").contains("guaranteed"));
    }
}
