//! What happens to a consignment that is sealed at the port and opened at its destination: a function of the country and
//! the consignment, so that a decision of somebody else's can be played out.

use crate::error::SimulationError;
use crate::generator::Generator;
use crate::identity;
use crate::random::{Purpose, Stream};
use crate::record::text;
use arrow::array::RecordBatch;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::model::{TreatmentEvent, TreatmentOfficer};
use tidegate_records::tables::TREATMENT_EVENT;
use tidegate_records::value::Decimal;

/// A consignment that was decided to be opened at its destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreatedConsignment {
    /// Declaration, as [`crate::Chunk::declarations`] name it.
    pub declaration_id: String,
    /// Site where it is to be opened.
    pub site_id: String,
    /// When the seal is put on.
    pub sealed_at: DateTime<Utc>,
    /// Last day on which it may arrive.
    pub deadline: NaiveDate,
}

/// Chances of what goes wrong on the way.
struct Mishaps {
    seal_broken: f64,
    deviated: f64,
    late: f64,
}

const HONEST: Mishaps = Mishaps { seal_broken: 0.004, deviated: 0.006, late: 0.01 };
/// Of traders who know by then that the port does not open what they pack.
const ABUSIVE: Mishaps = Mishaps { seal_broken: 0.05, deviated: 0.04, late: 0.06 };

impl Generator {
    /// Events of treated consignments as rows of `records::tables::TREATMENT_EVENT`.
    ///
    /// # Errors
    /// When a record does not fit its table, which would be a mistake of this crate.
    pub fn treatment_event_rows(
        &self,
        treated: &[TreatedConsignment],
    ) -> Result<RecordBatch, SimulationError> {
        let mut rows = TableBuilder::new(&TREATMENT_EVENT)?;
        let (load_id, mut source_row) = (self.world.load_id(), 0);
        for one in treated {
            let serial = identity::serial(&one.declaration_id).unwrap_or_default();
            let month = self.world.calendar.accepted_at(serial).format("%Y-%m").to_string();
            for event in self.treatment_events(one) {
                source_row += 1;
                let key = RowKey {
                    month: &month,
                    declaration_id: &one.declaration_id,
                    version_number: 1,
                    load_id: &load_id,
                    source_row,
                };
                rows.push(key, &event)?;
            }
        }
        Ok(rows.finish()?)
    }

    /// Events of a treated consignment, in their order. A broken seal or a deviation ends its way: it is opened at once,
    /// where it is. Whether goods match is for whoever examines them; no event says so here. Nothing for a declaration
    /// that the country does not have.
    pub fn treatment_events(&self, treated: &TreatedConsignment) -> Vec<TreatmentEvent> {
        let world = &self.world;
        let Some(serial) = identity::serial(&treated.declaration_id) else { return Vec::new() };
        if serial >= world.configuration.declarations {
            return Vec::new();
        }
        let shipment = world.shipment(serial, serial);
        let abuses = world.learns_loophole(&shipment.trader).is_some_and(|day| day <= shipment.day);
        let office = &world.offices[shipment.office];
        let mut stream = Stream::new(world.seed(), Purpose::Journey, serial);
        let first = stream.below(office.officers.max(1));
        let officers = [first, (first + 1) % office.officers.max(2)]
            .map(|number| TreatmentOfficer { id: text(identity::officer_id(&office.code, number)) });
        let journey = Journey::draw(treated, if abuses { &ABUSIVE } else { &HONEST }, &mut stream);
        let event = |(code, at): (&str, DateTime<Utc>)| {
            let opened = code == "opened";
            // Tenths from the lowest upwards: what suits every kind of handling that is filed, alone and together.
            let measured = |lowest: i64, stream: &mut Stream| {
                opened.then(|| Decimal::new(lowest + stream.below(11) as i64, 1))
            };
            let at_site = matches!(code, "arrived" | "released") || (opened && !journey.is_broken_off);
            TreatmentEvent {
                declaration_id: text(&treated.declaration_id),
                recorded_date_time: Some(at),
                type_code: text(code),
                site_id: if at_site { text(&treated.site_id) } else { None },
                seal_id: text(format!("E{serial:09}")),
                temperature_numeric: measured(210, &mut stream),
                humidity_numeric: measured(495, &mut stream),
                cleanliness_class_numeric: opened.then_some(6),
                officer: if opened { officers.to_vec() } else { officers[..1].to_vec() },
            }
        };
        journey.events.iter().copied().map(event).collect()
    }
}

/// What happens when.
struct Journey {
    events: Vec<(&'static str, DateTime<Utc>)>,
    /// Whether it ended before the site.
    is_broken_off: bool,
}

impl Journey {
    fn draw(treated: &TreatedConsignment, mishaps: &Mishaps, stream: &mut Stream) -> Self {
        let after =
            |at: DateTime<Utc>, hours: f64| at + TimeDelta::seconds((hours * 3_600.0).max(60.0) as i64);
        let departed = after(treated.sealed_at, stream.between(1.0, 12.0));
        let due = treated.deadline.and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(1);
        let hours_left = ((due - departed).num_minutes() as f64 / 60.0).max(2.0);
        let transit = stream.log_normal(30.0, 0.7).min(0.9 * hours_left);
        let [seal_broken, deviated, late] =
            [mishaps.seal_broken, mishaps.deviated, mishaps.late].map(|probability| stream.coin(probability));
        let mut events = vec![("sealed", treated.sealed_at), ("departed", departed)];
        let is_broken_off = seal_broken || deviated;
        if is_broken_off {
            let noticed = after(departed, transit * stream.between(0.2, 0.9));
            events.push((if seal_broken { "seal-broken" } else { "deviated" }, noticed));
            events.push(("opened", after(noticed, stream.between(1.0, 8.0))));
        } else {
            let arrived = if late { after(due, stream.between(6.0, 96.0)) } else { after(departed, transit) };
            let opened = after(arrived, stream.between(2.0, 30.0));
            events.extend([
                ("arrived", arrived),
                ("opened", opened),
                ("released", after(opened, stream.between(1.0, 24.0))),
            ]);
        }
        Self { events, is_broken_off }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;

    fn generator() -> Generator {
        Generator::new(Configuration::new(4, 2026, 3_000)).unwrap()
    }

    fn treated(generator: &Generator, serial: u64) -> TreatedConsignment {
        let world = &generator.world;
        let sealed_at = world.calendar.accepted_at(serial) + TimeDelta::hours(5);
        TreatedConsignment {
            declaration_id: world.declaration_id(&world.shipment(serial, serial)),
            site_id: "site".to_owned(),
            sealed_at,
            deadline: sealed_at.date_naive() + chrono::Days::new(14),
        }
    }

    fn codes(events: &[TreatmentEvent]) -> Vec<&str> {
        events.iter().filter_map(|e| e.type_code.as_deref()).collect()
    }

    #[test]
    fn events_are_a_function_of_the_consignment_in_order_and_within_the_deadline_but_for_a_few() {
        let generator = generator();
        let (mut late, mut broken) = (0, 0);
        for serial in 0..1_000 {
            let treated = treated(&generator, serial);
            let events = generator.treatment_events(&treated);
            assert_eq!(events, generator.treatment_events(&treated));
            assert!(events.is_sorted_by_key(|e| e.recorded_date_time));
            let codes = codes(&events);
            assert_eq!(codes[..2], ["sealed", "departed"]);
            let opened = events.iter().find(|e| e.type_code.as_deref() == Some("opened")).unwrap();
            assert!(opened.officer.len() == 2 && opened.temperature_numeric.is_some());
            let arrived = events.iter().find(|e| e.type_code.as_deref() == Some("arrived"));
            match arrived.and_then(|e| e.recorded_date_time) {
                Some(at) => late += usize::from(at.date_naive() > treated.deadline),
                None => broken += 1,
            }
        }
        // Five standard errors of 1,000 coins of about 0.01.
        assert!((1..=26).contains(&late) && (1..=26).contains(&broken), "{late} {broken}");
    }

    /// Nobody loses the treatment by how the simulated country opens: neither alone, nor outside of what anybody filed.
    #[test]
    fn everything_is_opened_in_every_environment_that_is_filed() {
        let generator = Generator::new(Configuration::new(11, 2026, 24_000)).unwrap();
        let filings: Vec<_> = generator.world.filed().collect();
        assert!(filings.len() > 50, "{}", filings.len());
        let mut opened = 0;
        for serial in 0..1_000 {
            let events = generator.treatment_events(&treated(&generator, serial));
            for event in events.iter().filter(|e| e.type_code.as_deref() == Some("opened")) {
                opened += 1;
                assert_ne!(event.officer[0].id, event.officer[1].id);
                let (temperature, humidity) = (event.temperature_numeric, event.humidity_numeric);
                let class = event.cleanliness_class_numeric;
                for filing in &filings {
                    assert!(filing.temperature_low_numeric.is_none_or(|low| temperature >= Some(low)));
                    assert!(filing.temperature_high_numeric.is_none_or(|high| temperature <= Some(high)));
                    assert!(filing.humidity_low_numeric.is_none_or(|low| humidity >= Some(low)));
                    assert!(filing.humidity_high_numeric.is_none_or(|high| humidity <= Some(high)));
                    assert!(filing.cleanliness_class_numeric.is_none_or(|dirtiest| class <= Some(dirtiest)));
                }
                assert!(temperature.is_some() && humidity.is_some() && class.is_some());
            }
        }
        assert_eq!(opened, 1_000);
    }

    #[test]
    fn the_ways_of_abusers_go_wrong_more_often() {
        let mut wrong = [0, 0];
        for (side, mishaps) in [HONEST, ABUSIVE].iter().enumerate() {
            for index in 0..2_000 {
                let treated = TreatedConsignment {
                    declaration_id: String::new(),
                    site_id: String::new(),
                    sealed_at: "2026-03-01T08:00:00Z".parse().unwrap(),
                    deadline: "2026-03-15".parse().unwrap(),
                };
                let journey = Journey::draw(&treated, mishaps, &mut Stream::new(1, Purpose::Journey, index));
                let due = treated.deadline.and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(1);
                let is_late = journey.events.iter().any(|(code, at)| *code == "arrived" && *at >= due);
                wrong[side] += usize::from(journey.is_broken_off || is_late);
            }
        }
        assert!(wrong[0] < 80 && wrong[1] > 200, "{wrong:?}");
    }

    #[test]
    fn a_declaration_of_another_country_has_no_events() {
        let generator = generator();
        let mut unknown = treated(&generator, 1);
        for id in ["", "x", "224820261999999999"] {
            id.clone_into(&mut unknown.declaration_id);
            assert_eq!(generator.treatment_events(&unknown), []);
        }
    }
}
