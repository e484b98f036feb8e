//! The generator as the world outside: it lodges, and its officers inspect.

use crate::commands::generate::{bounds, refused};
use arrow::array::RecordBatch;
use std::collections::HashMap;
use tidegate_jobs::JobError;
use tidegate_jobs::learning::{Country, Foreknown, KnownYear, LaneResult, Lodged, Order, Reported};
use tidegate_risk::campaign::Truth;
use tidegate_risk::selection::Lane;
use tidegate_sim::{Configuration, Generator, InspectionOrder, Lane as ExaminationLane, TreatedConsignment};

/// When consignments are sealed.
const NOON: chrono::NaiveTime = match chrono::NaiveTime::from_hms_opt(12, 0, 0) {
    Some(noon) => noon,
    None => chrono::NaiveTime::MIN,
};

/// The generator as the world outside.
pub struct SimulatedCountry {
    generator: Generator,
    next: u64,
}

impl SimulatedCountry {
    /// A country within the bounds that are configured.
    pub fn new(
        limits: &tidegate_jobs::Configuration,
        configuration: &Configuration,
    ) -> Result<Self, JobError> {
        let limits = bounds(limits.generate);
        let generator = Generator::new(Configuration { limits, ..configuration.clone() }).map_err(refused)?;
        Ok(Self { generator, next: 0 })
    }

    /// Everything that it will lodge, and what inspections would find.
    pub fn foreknown(mut self) -> Result<KnownYear, JobError> {
        let (enterprises, mut lodged, mut foreknown) = (self.enterprises()?, Vec::new(), HashMap::new());
        while let Some(chunk) = self.next()? {
            lodged.push(chunk);
            let number = self.next - 1;
            let opened = self.generator.findings(number, ExaminationLane::Red);
            let scanned = self.generator.findings(number, ExaminationLane::Orange);
            for ((id, opened), (_, scanned)) in opened.into_iter().zip(scanned) {
                let truth =
                    Truth { is_fraud: opened.is_fraud, revenue: opened.evaded, new_kind: opened.scheme };
                let by_lane = [opened, scanned].map(|found| LaneResult {
                    recorded_on: found.recorded_at.date_naive(),
                    items: found.items,
                    revenue: found.recovered,
                });
                foreknown.insert(id, Foreknown { truth, by_lane });
            }
        }
        Ok(KnownYear { enterprises, lodged, foreknown })
    }
}

impl Country for SimulatedCountry {
    fn enterprises(&mut self) -> Result<Vec<RecordBatch>, JobError> {
        self.generator.enterprises().map(|batch| batch.map_err(refused)).collect()
    }

    fn next(&mut self) -> Result<Option<Lodged>, JobError> {
        if self.next == self.generator.chunk_count() {
            return Ok(None);
        }
        let chunk = self.generator.chunk(self.next).map_err(refused)?;
        self.next += 1;
        Ok(Some(Lodged {
            declarations: chunk.declarations,
            goods_items: chunk.goods_items,
            inspections: chunk.inspections,
        }))
    }

    fn filings(&mut self) -> Result<Vec<RecordBatch>, JobError> {
        self.generator.filings().map_err(refused)
    }

    fn inspect(&mut self, orders: &[Order]) -> Result<Reported, JobError> {
        let order = |order: &Order| InspectionOrder {
            declaration_id: order.declaration_id.clone(),
            lane: match order.lane {
                Lane::Red => ExaminationLane::Red,
                Lane::Orange => ExaminationLane::Orange,
                Lane::Green | Lane::Blue | Lane::Yellow => ExaminationLane::Yellow,
            },
        };
        let treated = |order: &Order| {
            let destination = order.destination.as_ref()?;
            Some(TreatedConsignment {
                declaration_id: order.declaration_id.clone(),
                site_id: destination.site_id.clone(),
                sealed_at: destination.sealed_on.and_time(NOON).and_utc(),
                deadline: destination.deadline,
            })
        };
        let (inspected, treated): (Vec<_>, Vec<_>) =
            (orders.iter().map(order).collect(), orders.iter().filter_map(treated).collect());
        let again: Vec<String> =
            orders.iter().filter(|o| o.reinspected).map(|o| o.declaration_id.clone()).collect();
        Ok(Reported {
            inspections: self.generator.inspect(&inspected).map_err(refused)?,
            reinspections: self.generator.reinspect(&again).map_err(refused)?,
            treatment_events: self.generator.treatment_event_rows(&treated).map_err(refused)?,
        })
    }
}
