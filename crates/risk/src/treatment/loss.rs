//! Loss of the treatment: what was recorded about treated consignments before a day, and who is suspended by it.

use super::environment::{Environment, Measured};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A consignment that was decided to be opened at its destination.
#[derive(Debug, Clone, PartialEq)]
pub struct Treated {
    /// Enterprise.
    pub enterprise: String,
    /// Declaration.
    pub declaration: String,
    /// Last day on which it may arrive.
    pub deadline: NaiveDate,
    /// Environment that it is to be opened in.
    pub environment: Environment,
    /// Officers who are to open it together.
    pub officers: u32,
}

/// How goods were opened.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Opened {
    /// What was measured of the air.
    pub measured: Measured,
    /// Officers who were there; none when nobody is named, which says nothing.
    pub officers: Option<u32>,
}

/// Something recorded about a declaration: the code of a treatment event, or `discrepancy` of an inspection.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Declaration.
    pub declaration: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Code.
    pub code: String,
    /// How the goods were opened; empty unless they were.
    pub opened: Opened,
}

/// Why the treatment is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossCause {
    /// The seal was broken on the way.
    SealBroken,
    /// The consignment left its way.
    Deviated,
    /// It was opened in another environment, or by fewer officers, than the decision asked: a deviation, too.
    OpenedOtherwise,
    /// The goods were not those declared.
    Mismatch,
    /// An inspection recorded a discrepancy.
    Discrepancy,
    /// No arrival was recorded by the deadline.
    Late,
}

impl LossCause {
    /// Causes that are recorded, by the code of the record.
    const RECORDED: [Self; 4] = [Self::SealBroken, Self::Deviated, Self::Mismatch, Self::Discrepancy];

    /// Code of the record, or `late`; `deviated` of an opening that was not as asked, too.
    pub fn code(self) -> &'static str {
        match self {
            Self::SealBroken => "seal-broken",
            Self::Deviated | Self::OpenedOtherwise => "deviated",
            Self::Mismatch => "mismatch",
            Self::Discrepancy => "discrepancy",
            Self::Late => "late",
        }
    }

    /// What happened, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SealBroken => "the seal was broken on the way",
            Self::Deviated => "it left its way",
            Self::OpenedOtherwise => {
                "it was opened in another environment, or by fewer officers, than the decision asked"
            }
            Self::Mismatch => "the goods were not those declared",
            Self::Discrepancy => "the inspection found a discrepancy",
            Self::Late => "no arrival was recorded by the deadline",
        }
    }
}

/// Codes that say where the consignment is: after one of them it cannot be late.
const ARRIVED: [&str; 3] = ["arrived", OPENED, "released"];
const OPENED: &str = "opened";

/// A consignment for which an enterprise lost the treatment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Enterprise.
    pub enterprise: String,
    /// Declaration.
    pub declaration: String,
    /// Why.
    pub cause: LossCause,
    /// When it was recorded; for lateness, when the deadline had passed.
    pub recorded_at: DateTime<Utc>,
}

/// Losses by enterprise, as known when a day began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses(BTreeMap<String, Vec<Loss>>);

impl Treated {
    /// Whether it was opened as the decision asked, as far as is recorded.
    fn is_opened_as_asked(&self, opened: &Opened) -> bool {
        self.environment.admits(&opened.measured)
            && opened.officers.is_none_or(|officers| officers >= self.officers)
    }
}

impl Losses {
    /// What is lost by what was recorded strictly before the day; nothing that is recorded on it or later counts.
    pub fn known<'a>(
        treated: impl IntoIterator<Item = &'a Treated>,
        seen: &BTreeMap<String, Vec<Seen>>,
        day: NaiveDate,
    ) -> Self {
        let began = start(day);
        let (mut losses, mut done) = (Self::default(), BTreeSet::new());
        for treated in treated {
            if !done.insert(&treated.declaration) {
                continue;
            }
            let records = seen.get(&treated.declaration).map_or(&[][..], Vec::as_slice);
            let before = || records.iter().filter(|s| s.recorded_at < began);
            let due = treated.deadline.succ_opt().map_or(DateTime::<Utc>::MAX_UTC, start);
            let by_deadline = || before().filter(|s| s.recorded_at < due);
            let lost = |cause, recorded_at| Loss {
                enterprise: treated.enterprise.clone(),
                declaration: treated.declaration.clone(),
                cause,
                recorded_at,
            };
            let mut found: Vec<Loss> = LossCause::RECORDED
                .into_iter()
                .flat_map(|cause| {
                    before().filter(move |s| s.code == cause.code()).map(move |s| (cause, s.recorded_at))
                })
                .map(|(cause, recorded_at)| lost(cause, recorded_at))
                .collect();
            let settled = by_deadline().any(|s| ARRIVED.contains(&s.code.as_str()))
                || found.iter().any(|loss| loss.recorded_at < due);
            if due <= began && !settled {
                found.push(lost(LossCause::Late, due));
            }
            // What was lost before is opened at once, wherever it is.
            let first = found.iter().map(|loss| loss.recorded_at).min();
            let otherwise = before().filter(|s| s.code == OPENED && !treated.is_opened_as_asked(&s.opened));
            let otherwise = otherwise.filter(|s| first.is_none_or(|first| s.recorded_at <= first));
            let otherwise: Vec<Loss> =
                otherwise.map(|s| lost(LossCause::OpenedOtherwise, s.recorded_at)).collect();
            found.extend(otherwise);
            if !found.is_empty() {
                losses.0.entry(treated.enterprise.clone()).or_default().extend(found);
            }
        }
        losses
    }

    /// The loss that suspends an enterprise longest, if one does: for so many days from the day it was recorded.
    pub fn suspending(&self, enterprise: &str, day: NaiveDate, days: u32) -> Option<&Loss> {
        let until = |loss: &Loss| loss.recorded_at.date_naive().checked_add_days(Days::new(u64::from(days)));
        let of_enterprise = self.0.get(enterprise).into_iter().flatten();
        of_enterprise
            .filter(|loss| until(loss).is_none_or(|until| day <= until))
            .max_by(|a, b| a.recorded_at.cmp(&b.recorded_at).then(b.cause.cmp(&a.cause)))
    }

    /// Every loss, by enterprise.
    pub fn iter(&self) -> impl Iterator<Item = &Loss> {
        self.0.values().flatten()
    }
}

/// The moment at which a day of UTC begins.
fn start(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::super::environment::Band;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn treated() -> Treated {
        Treated {
            enterprise: "E".to_owned(),
            declaration: "D".to_owned(),
            deadline: day("2025-03-15"),
            environment: Environment {
                temperature_c: Band { low: Some(21.0), high: Some(24.0) },
                humidity_percent: Band { low: Some(40.0), high: Some(55.0) },
                cleanliness_class: Some(7),
            },
            officers: 2,
        }
    }

    fn seen(records: &[(&str, &str)]) -> BTreeMap<String, Vec<Seen>> {
        let records = records.iter().map(|(moment, code)| Seen {
            declaration: "D".to_owned(),
            recorded_at: moment.parse().unwrap(),
            code: (*code).to_owned(),
            opened: Opened::default(),
        });
        BTreeMap::from([("D".to_owned(), records.collect())])
    }

    /// An opening on a day in March, with what was measured and how many were there.
    fn opening(moment: &str, measured: Measured, officers: u32) -> Seen {
        Seen {
            declaration: "D".to_owned(),
            recorded_at: moment.parse().unwrap(),
            code: OPENED.to_owned(),
            opened: Opened { measured, officers: Some(officers) },
        }
    }

    fn with(mut others: BTreeMap<String, Vec<Seen>>, opening: Seen) -> Vec<LossCause> {
        others.entry("D".to_owned()).or_default().push(opening);
        Losses::known(&[treated()], &others, day("2025-04-01")).iter().map(|l| l.cause).collect()
    }

    fn causes(records: &[(&str, &str)], on: &str) -> Vec<LossCause> {
        Losses::known(&[treated()], &seen(records), day(on)).iter().map(|l| l.cause).collect()
    }

    #[test]
    fn a_record_counts_from_the_day_after_it() {
        let broken = [("2025-03-05T08:00:00Z", "seal-broken")];
        assert_eq!(causes(&broken, "2025-03-05"), []);
        assert_eq!(causes(&broken, "2025-03-06"), [LossCause::SealBroken]);
        assert_eq!(
            causes(
                &[("2025-03-20T08:00:00Z", "discrepancy"), ("2025-03-09T00:00:00Z", "arrived")],
                "2025-04-01"
            ),
            [LossCause::Discrepancy]
        );
    }

    #[test]
    fn who_has_not_arrived_by_the_deadline_is_late_from_the_day_after() {
        assert_eq!(causes(&[], "2025-03-15"), []);
        assert_eq!(causes(&[], "2025-03-16"), [LossCause::Late]);
        assert_eq!(causes(&[("2025-03-15T23:59:59Z", "arrived")], "2025-03-16"), []);
        assert_eq!(causes(&[("2025-03-16T00:00:00Z", "arrived")], "2025-03-17"), [LossCause::Late]);
        assert_eq!(causes(&[("2025-03-04T00:00:00Z", "deviated")], "2025-03-17"), [LossCause::Deviated]);
    }

    #[test]
    fn an_opening_otherwise_than_asked_is_a_deviation() {
        let room =
            Measured { temperature_c: Some(22.0), humidity_percent: Some(50.0), cleanliness_class: Some(6) };
        let opened =
            |measured, officers| with(BTreeMap::new(), opening("2025-03-10T09:00:00Z", measured, officers));
        assert_eq!(opened(room, 2), []);
        assert_eq!(opened(Measured::default(), 3), [], "what was not measured says nothing");
        let otherwise = [LossCause::OpenedOtherwise];
        assert_eq!(opened(room, 1), otherwise);
        assert_eq!(opened(Measured { temperature_c: Some(24.5), ..room }, 2), otherwise);
        assert_eq!(opened(Measured { humidity_percent: Some(39.0), ..room }, 2), otherwise);
        assert_eq!(opened(Measured { cleanliness_class: Some(8), ..room }, 2), otherwise);
        assert_eq!(LossCause::OpenedOtherwise.code(), LossCause::Deviated.code());
        let unnamed = Opened { measured: room, officers: None };
        assert!(treated().is_opened_as_asked(&unnamed), "who is not named may have been there");
        let arrived = seen(&[("2025-03-09T00:00:00Z", "arrived")]);
        assert_eq!(causes_on(&arrived, "2025-03-10", 1), [], "not on the day of the record");
        assert_eq!(causes_on(&arrived, "2025-03-11", 1), otherwise);
        assert_eq!(causes_on(&arrived, "2025-03-11", 2), []);
    }

    /// Causes known on a day when so many officers opened on 10 March.
    fn causes_on(others: &BTreeMap<String, Vec<Seen>>, on: &str, officers: u32) -> Vec<LossCause> {
        let mut seen = others.clone();
        let opening = opening("2025-03-10T09:00:00Z", Measured::default(), officers);
        seen.entry("D".to_owned()).or_default().push(opening);
        Losses::known(&[treated()], &seen, day(on)).iter().map(|l| l.cause).collect()
    }

    #[test]
    fn what_is_opened_at_once_since_it_was_lost_is_not_asked_for_its_environment() {
        let hot = Measured { temperature_c: Some(35.0), ..Measured::default() };
        let broken = seen(&[("2025-03-10T08:00:00Z", "seal-broken")]);
        assert_eq!(with(broken, opening("2025-03-10T12:00:00Z", hot, 1)), [LossCause::SealBroken]);
        let late = opening("2025-03-18T08:00:00Z", hot, 1);
        assert_eq!(with(BTreeMap::new(), late), [LossCause::Late]);
        // What is found in them after they were opened takes nothing back.
        let found = seen(&[("2025-03-11T08:00:00Z", "mismatch")]);
        assert_eq!(
            with(found, opening("2025-03-10T12:00:00Z", hot, 2)),
            [LossCause::Mismatch, LossCause::OpenedOtherwise]
        );
    }

    #[test]
    fn a_suspension_ends_after_its_days_and_the_last_loss_counts() {
        let two = [("2025-03-05T08:00:00Z", "seal-broken"), ("2025-03-10T09:00:00Z", "mismatch")];
        let losses = Losses::known(&[treated()], &seen(&two), day("2025-03-20"));
        assert_eq!(losses.suspending("E", day("2025-04-09"), 30).unwrap().cause, LossCause::Mismatch);
        assert_eq!(losses.suspending("E", day("2025-04-10"), 30), None);
        assert_eq!(losses.suspending("another", day("2025-03-20"), 30), None);
    }

    #[test]
    fn what_was_not_treated_suspends_nobody() {
        let broken = seen(&[("2025-03-05T08:00:00Z", "seal-broken")]);
        assert_eq!(Losses::known(&[], &broken, day("2025-03-20")), Losses::default());
    }
}
