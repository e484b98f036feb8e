//! How consignments with special packaging are treated, from a day on: part of the selection policy.

use crate::selection::{CheckPolicyError, Lane};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toml::value::Datetime;

/// Longest deadline and suspension that a policy may have, in days: longer ones are no deadline.
const MOST_DAYS: u32 = 3_650;
/// Most officers that an opening may ask for.
const MOST_OFFICERS: u32 = 20;

/// What is done at the port in place of opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortCheck {
    /// Packages, marks and numbers are checked from outside.
    Exterior,
    /// The consignment is scanned where it fits the scanner, otherwise checked from outside.
    Scan,
}

impl PortCheck {
    /// Code in the tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Exterior => "exterior",
            Self::Scan => "scan",
        }
    }

    /// The check of a code in the tables.
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Exterior, Self::Scan].into_iter().find(|check| check.code() == code)
    }

    /// What the officer at the port does.
    pub fn instruction(self) -> &'static str {
        match self {
            Self::Exterior => "check packages, marks and numbers from outside",
            Self::Scan => {
                "scan it when it fits the scanner, otherwise check packages, marks and numbers from outside"
            }
        }
    }
}

/// Treatment of special packaging from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct TreatmentPolicy {
    /// What it follows.
    pub law: String,
    /// First day.
    pub from: NaiveDate,
    /// Days from the day of the work list to the last on which the goods may arrive.
    pub deadline_days: u32,
    /// Officers who open together.
    pub officers: u32,
    /// Days for which an enterprise loses the treatment.
    pub suspension_days: u32,
    /// Check at the port for each lane of the selected.
    port: BTreeMap<Lane, PortCheck>,
}

impl TreatmentPolicy {
    /// The policy in force on a day, if one is.
    pub fn on(policies: &[Self], day: NaiveDate) -> Option<&Self> {
        policies.iter().rev().find(|policy| policy.from <= day)
    }

    /// Check at the port of consignments of a lane.
    pub fn port_check(&self, lane: Lane) -> PortCheck {
        self.port.get(&lane).copied().unwrap_or(PortCheck::Exterior)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileTreatment {
    law: String,
    from: Datetime,
    deadline_days: u32,
    officers: u32,
    suspension_days: u32,
    port: BTreeMap<Lane, PortCheck>,
}

/// Policies of a file, checked, by day of beginning.
pub(crate) fn check(
    file: &str,
    parsed: Vec<FileTreatment>,
) -> Result<Vec<TreatmentPolicy>, CheckPolicyError> {
    let mut policies: Vec<TreatmentPolicy> = Vec::new();
    for FileTreatment { law, from, deadline_days, officers, suspension_days, port } in parsed {
        let wrong = |key: &str, found: String, right| {
            let key = format!("treatment `{law}`: {key}");
            Err(CheckPolicyError::Value { file: file.to_owned(), key, found, right })
        };
        let Ok(day) = from.to_string().parse::<NaiveDate>() else {
            return wrong("from", from.to_string(), "a day such as 2026-04-01");
        };
        if policies.last().is_some_and(|before| before.from >= day) {
            return wrong("from", day.to_string(), "after the day of the treatment before it");
        }
        for (key, days) in [("deadline_days", deadline_days), ("suspension_days", suspension_days)] {
            if !(1..=MOST_DAYS).contains(&days) {
                return wrong(key, days.to_string(), "1 to 3650 days");
            }
        }
        if !(2..=MOST_OFFICERS).contains(&officers) {
            return wrong("officers", officers.to_string(), "2 to 20, so that none opens alone");
        }
        if let Some((lane, _)) = port.iter().find(|(lane, _)| !lane.is_inspection()) {
            return wrong("port", lane.code().to_owned(), "about orange and red, the lanes of the selected");
        }
        policies.push(TreatmentPolicy { law, from: day, deadline_days, officers, suspension_days, port });
    }
    Ok(policies)
}

#[cfg(test)]
pub(super) fn shipped() -> Vec<TreatmentPolicy> {
    let text = include_str!("../../../../selection/default.toml");
    crate::selection::SelectionPolicy::parse("default.toml", text).unwrap().treatments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::SelectionPolicy;

    const FILE: &str = include_str!("../../../../selection/default.toml");

    #[test]
    fn the_shipped_policy_has_a_treatment_from_its_day_on() {
        let policies = shipped();
        let first = policies[0].from;
        assert_eq!(TreatmentPolicy::on(&policies, first), Some(&policies[0]));
        assert_eq!(TreatmentPolicy::on(&policies, first.pred_opt().unwrap()), None);
        assert_eq!(policies[0].port_check(Lane::Red), PortCheck::Exterior);
        assert_eq!(policies[0].port_check(Lane::Orange), PortCheck::Scan);
    }

    #[test]
    fn mistakes_are_named() {
        let refused = |from: &str, to: &str| {
            let text = FILE.replacen(from, to, 1);
            assert_ne!(text, FILE, "{from}");
            SelectionPolicy::parse("p.toml", &text).unwrap_err().to_string()
        };
        assert!(refused("deadline_days = ", "deadline_days = 0 #").contains("deadline_days` is 0"));
        assert!(refused("officers = ", "officers = 1 #").contains("none opens alone"));
        assert!(refused("suspension_days = ", "suspension_days = 99999 #").contains("1 to 3650"));
        assert!(refused("port = { red", "port = { green").contains("lanes of the selected"));
        assert!(refused("\"exterior\"", "\"outside\"").contains("line"));
        assert!(refused("suspension_days", "suspended_days").contains("line"));
        let twice = FILE.to_owned() + &FILE[FILE.find("[[treatment]]").unwrap()..];
        let message = SelectionPolicy::parse("p.toml", &twice).unwrap_err().to_string();
        assert!(message.contains("after the day of the treatment before it"), "{message}");
    }

    #[test]
    fn a_policy_without_treatments_is_sound() {
        let text = &FILE[..FILE.find("# Special packaging").unwrap()];
        assert_eq!(SelectionPolicy::parse("p.toml", text).unwrap().treatments, []);
    }
}
