//! The selection policy: floors, multipliers, ramp and lanes, read from a TOML file; a component of a bundle.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Why a selection policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckPolicyError {
    /// Not TOML, or a key that policies do not have.
    #[error("selection policy {file}: {cause}")]
    Syntax {
        /// File as the reader knows it.
        file: String,
        /// What the parser says, with the line.
        cause: String,
    },
    /// A value is out of range.
    #[error("selection policy {file}: `{key}` is {found}, but must be {right}")]
    Value {
        /// File as the reader knows it.
        file: String,
        /// Key of the value.
        key: String,
        /// What it is.
        found: String,
        /// What would be right.
        right: &'static str,
    },
}

/// What is done with a consignment, the least intrusive first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Released.
    Green,
    /// Released, audited afterwards.
    Blue,
    /// Documents are checked.
    Yellow,
    /// Scanned, not opened.
    Orange,
    /// Opened and examined.
    Red,
}

impl Lane {
    /// Code in the tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
            Self::Blue => "blue",
        }
    }

    /// Whether it takes a slot of an inspection work list.
    pub fn is_inspection(self) -> bool {
        self >= Self::Orange
    }

    /// What an officer of the lane does.
    pub fn instruction(self) -> &'static str {
        match self {
            Self::Green => "Release.",
            Self::Blue => "Release; audit the books afterwards.",
            Self::Yellow => "Check the documents.",
            Self::Orange => "Scan the consignment; open it when the image does not fit the declaration.",
            Self::Red => "Open and examine the goods.",
        }
    }
}

/// Floor and multiplier of a grade of traders.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradePolicy {
    /// f, in [0, 1].
    pub floor: f64,
    /// m, in [0, 1].
    pub multiplier: f64,
}

/// A lane of selected consignments and the share of draws it gets.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneShare {
    /// The lane.
    pub lane: Lane,
    /// Its share of the selected, in (0, 1].
    pub share: f64,
}

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
    /// Days before a decision whose scores set the thresholds.
    pub threshold_days: u32,
    /// Threshold of offices that had no records before.
    pub initial_threshold: f64,
    /// Lanes of the selected, nested from the smallest ranks upwards; shares sum to 1.
    pub lanes: Vec<LaneShare>,
    /// Floor and multiplier where `grades` says nothing.
    pub default: GradePolicy,
    /// Floor and multiplier by grade of the trader.
    pub grades: BTreeMap<String, GradePolicy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePolicy {
    name: String,
    description: String,
    exploration: f64,
    ramp_width: f64,
    reserved_slots: u32,
    threshold_days: u32,
    initial_threshold: f64,
    lane: Vec<LaneShare>,
    default: GradePolicy,
    #[serde(default)]
    grade: BTreeMap<String, GradePolicy>,
}

impl SelectionPolicy {
    /// Reads and checks a file; `file` is its name for errors.
    ///
    /// # Errors
    /// When the file is not a selection policy, or a value is out of range.
    pub fn parse(file: &str, text: &str) -> Result<Self, CheckPolicyError> {
        let parsed: FilePolicy = toml::from_str(text)
            .map_err(|e| CheckPolicyError::Syntax { file: file.to_owned(), cause: e.to_string() })?;
        let check = |key: String, value: f64| {
            if (0.0..=1.0).contains(&value) {
                return Ok(());
            }
            let (file, found) = (file.to_owned(), value.to_string());
            Err(CheckPolicyError::Value { file, key, found, right: "between 0 and 1" })
        };
        check("exploration".to_owned(), parsed.exploration)?;
        check("ramp_width".to_owned(), parsed.ramp_width)?;
        check("initial_threshold".to_owned(), parsed.initial_threshold)?;
        let default = [("default".to_owned(), &parsed.default)];
        for (name, grade) in
            default.into_iter().chain(parsed.grade.iter().map(|(n, g)| (format!("grade.{n}"), g)))
        {
            check(format!("{name}.floor"), grade.floor)?;
            check(format!("{name}.multiplier"), grade.multiplier)?;
        }
        let total: f64 = parsed.lane.iter().map(|l| l.share).sum();
        let positive = parsed.lane.iter().all(|l| l.share > 0.0 && l.lane.is_inspection());
        if !positive || (total - 1.0).abs() > 1e-9 {
            let found = parsed.lane.iter().map(|l| format!("{} {}", l.lane.code(), l.share));
            return Err(CheckPolicyError::Value {
                file: file.to_owned(),
                key: "lane".to_owned(),
                found: found.collect::<Vec<_>>().join(", "),
                right: "orange and red with shares that are above 0 and sum to 1",
            });
        }
        let FilePolicy { name, description, exploration, ramp_width, reserved_slots, threshold_days, .. } =
            parsed;
        Ok(Self {
            name,
            description,
            text: text.to_owned(),
            exploration,
            ramp_width,
            reserved_slots,
            threshold_days,
            initial_threshold: parsed.initial_threshold,
            lanes: parsed.lane,
            default: parsed.default,
            grades: parsed.grade,
        })
    }

    /// Floor and multiplier of a grade.
    pub fn grade(&self, code: &str) -> GradePolicy {
        self.grades.get(code).copied().unwrap_or(self.default)
    }

    /// Lane of a selected consignment from its rank among the kept, u / (p tau), which is uniform in [0, 1): nested
    /// intervals, so that the lane is part of the same draw and its probability is pi times the share.
    pub fn lane(&self, kept_rank: f64) -> Lane {
        let mut upper = 0.0;
        for LaneShare { lane, share } in &self.lanes {
            upper += share;
            if kept_rank < upper {
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

    #[test]
    fn the_shipped_policy_is_sound_and_favours_certified_traders() {
        let policy = SelectionPolicy::parse("default.toml", FILE).unwrap();
        assert!(policy.grade("advanced-certified").multiplier < 0.2);
        assert_eq!(policy.grade("no such grade"), policy.default);
        assert_eq!(policy.lane(0.0), policy.lanes[0].lane);
        assert_eq!(policy.lane(0.999_999), policy.lanes[policy.lanes.len() - 1].lane);
    }

    #[test]
    fn mistakes_are_named() {
        let refused = |from: &str, to: &str| {
            let text = FILE.replacen(from, to, 1);
            assert_ne!(text, FILE, "{from}");
            SelectionPolicy::parse("p.toml", &text).unwrap_err().to_string()
        };
        assert!(refused("exploration = ", "exploration = 7 #").contains("`exploration` is 7"));
        assert!(refused("share = ", "share = 0.01 #").contains("sum to 1"));
        assert!(refused("ramp_width", "rampwidth").contains("line"));
    }
}
