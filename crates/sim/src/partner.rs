//! Trade partners: where goods come from, in which currency they are invoiced, under which agreement.

use crate::embedded::{number, rows};
use crate::error::SimulationError;

const FILE: &str = "data/partners.csv";

/// One country that goods come from.
#[derive(Debug)]
pub(crate) struct Partner {
    pub(crate) code: &'static str,
    pub(crate) weight: f64,
    pub(crate) currency: &'static str,
    /// Logarithm of the factor on the price level.
    pub(crate) price: f64,
    /// Tariff treatment that lowers the duty.
    pub(crate) agreement: Option<&'static str>,
    /// Share carried by road or rail.
    pub(crate) land: f64,
    /// Whether goods of other origins leave from here.
    pub(crate) hub: bool,
}

/// All partners of an importing country.
pub(crate) fn partners(country: &str) -> Result<Vec<Partner>, SimulationError> {
    let mut partners = Vec::new();
    for row in rows(FILE, include_str!("../data/partners.csv"), 7)? {
        if row[0] == country {
            continue;
        }
        partners.push(Partner {
            code: row[0],
            weight: number(FILE, row[1])?,
            currency: row[2],
            price: libm::log(number(FILE, row[3])?),
            agreement: (!row[4].is_empty()).then_some(row[4]),
            land: number(FILE, row[5])?,
            hub: row[6] == "1",
        });
    }
    Ok(partners)
}
