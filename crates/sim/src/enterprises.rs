//! The enterprises as rows of their table: one from each day on which a grade took effect.

use crate::error::SimulationError;
use crate::grade::Grade;
use crate::identity;
use crate::random::{Purpose, Stream};
use crate::record::text;
use crate::world::{Importer, World, standing};
use arrow::array::RecordBatch;
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::model::{Address, Enterprise};
use tidegate_records::tables;

/// Enterprises of one batch.
const BATCH: u64 = 8_192;
/// Brokers that are certified.
const CERTIFIED_BROKERS: f64 = 0.06;

/// An enterprise and the grades it has had, with the day of each counted from the first of January.
struct Registered {
    id: String,
    role: &'static str,
    broker: bool,
    /// Day of registration.
    since: i64,
    grades: Vec<(i64, Grade)>,
}

impl World {
    /// Batches of the enterprises: traders, importers that took over, brokers.
    pub(crate) fn enterprises(&self) -> impl Iterator<Item = Result<RecordBatch, SimulationError>> + '_ {
        let count = self.enterprise_of_broker(self.configuration.brokers);
        (0..count.div_ceil(BATCH)).map(move |batch| {
            let mut builder = TableBuilder::new(&tables::ENTERPRISE)?;
            let load_id = self.load_id();
            for enterprise in batch * BATCH..((batch + 1) * BATCH).min(count) {
                let registered = self.registered(enterprise);
                for (position, (day, grade)) in registered.grades.iter().enumerate() {
                    let key = RowKey {
                        load_id: &load_id,
                        source_row: enterprise as i64 * 2 + position as i64 + 1,
                        ..RowKey::default()
                    };
                    builder.push(key, &self.row(enterprise, &registered, *day, *grade))?;
                }
            }
            Ok(builder.finish()?)
        })
    }

    fn row(&self, enterprise: u64, registered: &Registered, day: i64, grade: Grade) -> Enterprise {
        Enterprise {
            id: text(&registered.id),
            name: text(identity::enterprise_name(self.seed(), enterprise, registered.broker)),
            role_code: text(registered.role),
            grade_code: text(grade.code()),
            grade_effective_date_time: Some(self.calendar.midnight(day)),
            registration_date_time: Some(self.calendar.midnight(registered.since)),
            address: Address { country_code: text(&self.configuration.country), ..Address::default() },
        }
    }

    fn registered(&self, enterprise: u64) -> Registered {
        let (traders, successors) = (self.configuration.traders, self.successions.len() as u64);
        if enterprise >= traders + successors {
            return self.registered_broker(enterprise - traders - successors);
        }
        let (importer, trader) = if enterprise < traders {
            (Importer::Trader(enterprise), enterprise)
        } else {
            let index = (enterprise - traders) as usize;
            (Importer::Successor(index), self.successions[index].trader)
        };
        let office = &self.offices[self.trader(trader).offices[0]].code;
        let mut stream = Stream::pair(self.seed(), Purpose::Grade, 1 << 62, enterprise);
        let (registered, grades) = match importer {
            Importer::Trader(trader) => {
                let registered = i64::from(standing(self.seed(), trader, traders).registered);
                let first = self.first_grade(trader);
                // A grade other than the one at registration took effect some time since.
                let part = if first == Grade::Conventional { 1.0 } else { stream.between(0.05, 0.7) };
                let mut grades = vec![((registered as f64 * part) as i64, first)];
                grades.extend(self.grade_change(trader).map(|c| (c.day as i64, c.grade)));
                (registered, grades)
            }
            Importer::Successor(index) => {
                let registered = self.successions[index].day as i64 - 1 - stream.below(20) as i64;
                (registered, vec![(registered, Grade::Conventional)])
            }
        };
        let id = identity::enterprise_id(self.seed(), enterprise, office, false);
        Registered { id, role: "trader", broker: false, since: registered, grades }
    }

    fn registered_broker(&self, broker: u64) -> Registered {
        let mut stream = Stream::pair(self.seed(), Purpose::Broker, 2, broker);
        let registered = -400 - stream.below(6_000) as i64;
        let sound = self.broker_temperament(broker)[1] < 0.5;
        let grade =
            if stream.coin(CERTIFIED_BROKERS) && sound { Grade::Certified } else { Grade::Conventional };
        Registered {
            id: self.broker_id(broker),
            role: "broker",
            broker: true,
            since: registered,
            grades: vec![(registered, grade)],
        }
    }
}
