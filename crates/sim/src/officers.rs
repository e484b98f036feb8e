//! Officers who inspect what somebody else decided: orders in, results out, and what a whole inspection would come to.

use crate::chunk::CHUNK_DECLARATIONS;
use crate::error::SimulationError;
use crate::examination::Examination;
use crate::flaw::{Declared, Flaw};
use crate::generator::Generator;
use crate::identity;
use crate::selection::Lane;
use crate::world::World;
use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::table::Table;
use tidegate_records::tables;

/// A declaration to inspect, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionOrder {
    /// Declaration.
    pub declaration_id: String,
    /// Lane.
    pub lane: Lane,
}

/// What an inspection would find, and what is true.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// When the result is recorded.
    pub recorded_at: DateTime<Utc>,
    /// By goods item, in order: whether a discrepancy is reported.
    pub items: Vec<bool>,
    /// By goods item: duty and tax recovered, in the currency of the configuration.
    pub recovered: Vec<f64>,
    /// Duty and tax evaded, whether it is found or not.
    pub evaded: f64,
    /// Whether the declaration is fraudulent.
    pub is_fraud: bool,
    /// Number of the scheme that it belongs to, which began in the year; none for other fraud and for sound goods.
    pub scheme: Option<u64>,
}

impl Generator {
    /// Results of inspections as rows of `records::tables::INSPECTION`. The officer and what is found depend on the
    /// declaration and the lane alone, so that two policies that inspect the same find the same.
    ///
    /// # Errors
    /// When an order names a declaration that this country has not.
    pub fn inspect(&self, orders: &[InspectionOrder]) -> Result<RecordBatch, SimulationError> {
        let lanes = orders.iter().map(|order| (order.declaration_id.as_str(), order.lane)).collect();
        self.results(&tables::INSPECTION, lanes, |declared, lane| self.world.examine(declared, lane))
    }

    /// Results of a reference team that inspects once more what others inspected and knows nothing of what they found, as
    /// rows of `records::tables::REINSPECTION`.
    ///
    /// # Errors
    /// When a declaration is not of this country.
    pub fn reinspect(&self, declarations: &[String]) -> Result<RecordBatch, SimulationError> {
        let lanes = declarations.iter().map(|id| (id.as_str(), Lane::Red)).collect();
        self.results(&tables::REINSPECTION, lanes, |declared, _| self.world.examine_again(declared))
    }

    /// Rows of a table of inspections: what examining each declaration in its lane gives.
    fn results(
        &self,
        table: &'static Table,
        mut lanes: HashMap<&str, Lane>,
        examine: impl Fn(&Declared, Lane) -> Examination,
    ) -> Result<RecordBatch, SimulationError> {
        let chunks: BTreeSet<u64> = lanes.keys().map(|id| self.chunk_of(id)).collect::<Result<_, _>>()?;
        let mut inspections = TableBuilder::new(table)?;
        let (load_id, mut row) = (self.world.load_id(), 0);
        for chunk in chunks {
            for declared in self.world.declared(chunk) {
                let declaration_id = self.world.declaration_id(&declared.shipment);
                let Some(lane) = lanes.remove(declaration_id.as_str()) else { continue };
                let month = self.world.declaration(&declared.shipment, None).month().unwrap_or_default();
                let examination = examine(&declared, lane);
                for inspection in self.world.inspections(&declared, &examination) {
                    row += 1;
                    let key = RowKey {
                        month: &month,
                        declaration_id: &declaration_id,
                        version_number: 1,
                        load_id: &load_id,
                        source_row: row,
                    };
                    inspections.push(key, &inspection)?;
                }
            }
        }
        match lanes.keys().next() {
            Some(unknown) => Err(SimulationError::UnknownDeclaration((*unknown).to_owned())),
            None => Ok(inspections.finish()?),
        }
    }

    /// What an inspection in a lane would find of each declaration of a chunk, in order.
    pub fn findings(&self, chunk: u64, lane: Lane) -> Vec<(String, Found)> {
        let found = |declared: Declared| {
            let id = self.world.declaration_id(&declared.shipment);
            (id, self.world.found(&declared, lane))
        };
        self.world.declared(chunk).map(found).collect()
    }

    fn chunk_of(&self, declaration_id: &str) -> Result<u64, SimulationError> {
        let known = identity::serial(declaration_id).filter(|s| *s < self.configuration().declarations);
        let serial = known.ok_or_else(|| SimulationError::UnknownDeclaration(declaration_id.to_owned()))?;
        Ok(serial / CHUNK_DECLARATIONS)
    }
}

impl World {
    fn found(&self, declared: &Declared, lane: Lane) -> Found {
        let examination = self.examine(declared, lane);
        let mut items = vec![false; declared.shipment.items.len()];
        let mut recovered = vec![0.0; items.len()];
        for discrepancy in &examination.discrepancies {
            items[discrepancy.item] = true;
            recovered[discrepancy.item] += discrepancy.recovered;
        }
        Found {
            recorded_at: examination.recorded_at,
            items,
            recovered,
            evaded: (0..declared.shipment.items.len())
                .filter(|item| declared.is_flawed(*item))
                .map(|item| self.evaded(&declared.shipment, item))
                .sum(),
            is_fraud: matches!(declared.flaw, Some(Flaw::Fraud(_))),
            scheme: self.scheme_of(declared),
        }
    }

    /// The scheme that began in the year and made a fraud likelier, the strongest of several.
    fn scheme_of(&self, declared: &Declared) -> Option<u64> {
        let Some(Flaw::Fraud(kind)) = declared.flaw else { return None };
        let shipment = &declared.shipment;
        let goods = &shipment.items[shipment.lead].actual;
        let heading = self.catalogue.commodities[goods.commodity].heading();
        let factor =
            |scheme: &crate::scheme::Scheme| scheme.factor(self.seed(), shipment.trader.number, shipment.day);
        let taking_part = self.schemes.iter().filter(|scheme| {
            scheme.kind == kind && scheme.heading == heading && scheme.began_in_year() && factor(scheme) > 1.0
        });
        taking_part.max_by(|a, b| factor(a).total_cmp(&factor(b))).map(|scheme| scheme.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;
    use arrow::array::AsArray;

    #[test]
    fn officers_find_what_the_old_rules_would_have_found_and_know_their_country() {
        let year = Configuration::new(5, 2026, 6_000);
        let old = Generator::new(year.clone()).unwrap();
        let last = "2026-02-28".parse().unwrap();
        let new = Generator::new(Configuration { inspected_until: Some(last), ..year }).unwrap();
        // The same declarations, with inspections only in the first two months.
        let text = |batch: &RecordBatch, name: &str| -> Vec<String> {
            let column = batch.column_by_name(name).unwrap().as_string::<i32>().clone();
            column.iter().map(|v| v.unwrap_or_default().to_owned()).collect()
        };
        let (mut orders, mut expected, mut early) = (Vec::new(), Vec::new(), 0);
        for (old, new) in old.chunks().zip(new.chunks()) {
            let (old, new) = (old.unwrap(), new.unwrap());
            let months = text(&new.inspections, "month");
            assert!(months.iter().all(|m| m.as_str() <= "2026-02"), "{months:?}");
            early += months.len();
            let ids = text(&old.inspections, "declaration_id");
            let (lanes, results) =
                (text(&old.inspections, "lane_code"), text(&old.inspections, "result_code"));
            for ((id, lane), result) in ids.into_iter().zip(lanes).zip(results) {
                let lane = match lane.as_str() {
                    "red" => Lane::Red,
                    "orange" => Lane::Orange,
                    _ => Lane::Yellow,
                };
                expected.push((id.clone(), result));
                orders.push(InspectionOrder { declaration_id: id, lane });
            }
        }
        assert!(early > 50 && expected.len() > 3 * early, "{early} of {}", expected.len());
        let results = new.inspect(&orders).unwrap();
        let found: Vec<(String, String)> =
            text(&results, "declaration_id").into_iter().zip(text(&results, "result_code")).collect();
        assert_eq!(found, expected);
        for unknown in ["", "x", "9999202610000099999"] {
            let order = InspectionOrder { declaration_id: unknown.to_owned(), lane: Lane::Red };
            let error = new.inspect(&[order]).unwrap_err().to_string();
            assert!(error.contains(&format!("`{unknown}`")), "{error}");
        }
    }

    #[test]
    fn what_an_inspection_would_find_is_what_it_reports() {
        let country = Generator::new(Configuration::new(5, 2026, 4_000)).unwrap();
        let findings = country.findings(0, Lane::Red);
        let reported: Vec<_> = findings.iter().filter(|(_, f)| f.items.contains(&true)).collect();
        let orders: Vec<_> = reported
            .iter()
            .map(|(id, _)| InspectionOrder { declaration_id: id.clone(), lane: Lane::Red })
            .collect();
        let rows = country.inspect(&orders).unwrap();
        let found = rows.column_by_name("result_code").unwrap().as_string::<i32>().clone();
        let discrepancies = found.iter().filter(|r| *r == Some("discrepancy")).count();
        let items = reported.iter().flat_map(|(_, f)| &f.items);
        assert_eq!(discrepancies, items.filter(|item| **item).count());
        assert!(findings.iter().any(|(_, f)| f.is_fraud && !f.items.contains(&true)), "officers miss some");
        let of_schemes =
            |chunk| country.findings(chunk, Lane::Red).iter().filter(|(_, f)| f.scheme.is_some()).count();
        assert!(of_schemes(1) > 0);
        assert!(findings.iter().all(|(_, f)| f.scheme.is_none() || f.is_fraud));
    }
}
