//! The tables of special packaging: what is filed, and what happened on the way to the destination.

use super::{DECLARATION_ID, LOAD_ID, MONTH, OTHER, SOURCE_ROW, column, measured};
use crate::class::Defined;
use crate::model::{SpecialFiling, TreatmentEvent};
use crate::table::Grade::{General1, General2, General3, General4};
use crate::table::Source::{Leaf, List};
use crate::table::{Column, Domain, Table};

/// One row for each record of a filing; the one recorded last stands for the filing.
pub static SPECIAL_FILING: Table = Table {
    name: "special_filing",
    domain: Domain::Enterprise,
    owner: "enterprise-management",
    description: "Goods of enterprises whose special packaging is filed, and the sites and environments where they may be opened.",
    class: SpecialFiling::DEFINITION,
    columns: FILING_COLUMNS,
    elsewhere: &[],
    statistics: &["enterprise_id"],
};

/// One row for each event of a consignment that is opened at its destination.
pub static TREATMENT_EVENT: Table = Table {
    name: "treatment_event",
    domain: Domain::Inspection,
    owner: "clearance",
    description: "What happened to consignments on their way to the site where they are opened.",
    class: TreatmentEvent::DEFINITION,
    columns: EVENT_COLUMNS,
    elsewhere: &[],
    statistics: &["recorded_at"],
};

const FILING_COLUMNS: &[Column] = &[
    column("filing_id", Leaf("ID"), General2),
    column("enterprise_id", Leaf("EnterpriseID"), General2),
    column("recorded_at", Leaf("RecordedDateTime"), General2),
    column("commodity_prefix", Leaf("CommodityPrefixID"), General1),
    column("handling_code", Leaf("HandlingCode"), General1),
    column("site_id", Leaf("SiteID"), General3),
    column("site_certified_until", Leaf("SiteCertifiedUntilDateTime"), General2),
    measured("temperature_low_c", Leaf("TemperatureLowNumeric"), "°C", General2),
    measured("temperature_high_c", Leaf("TemperatureHighNumeric"), "°C", General2),
    measured("humidity_low_percent", Leaf("HumidityLowNumeric"), "%", General2),
    measured("humidity_high_percent", Leaf("HumidityHighNumeric"), "%", General2),
    column("cleanliness_class", Leaf("CleanlinessClassNumeric"), General2),
    column("valid_from", Leaf("ValidFromDateTime"), General2),
    column("valid_until", Leaf("ValidUntilDateTime"), General2),
    OTHER,
    LOAD_ID,
    SOURCE_ROW,
];

const EVENT_COLUMNS: &[Column] = &[
    MONTH,
    DECLARATION_ID,
    column("recorded_at", Leaf("RecordedDateTime"), General2),
    column("event_code", Leaf("TypeCode"), General2),
    column("site_id", Leaf("SiteID"), General3),
    column("seal_id", Leaf("SealID"), General3),
    measured("temperature_c", Leaf("TemperatureNumeric"), "°C", General2),
    measured("humidity_percent", Leaf("HumidityNumeric"), "%", General2),
    column("cleanliness_class", Leaf("CleanlinessClassNumeric"), General2),
    column("officers", List("Officer"), General4),
    OTHER,
    LOAD_ID,
    SOURCE_ROW,
];
