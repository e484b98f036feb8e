//! The table of inspections: what officers found, and when it was recorded.

use super::{DECLARATION_ID, LOAD_ID, LOADED_AT, MONTH, OTHER, SOURCE_ROW, column};
use crate::class::Defined;
use crate::model::Inspection;
use crate::table::Grade::{General2, General4};
use crate::table::Source::{Leaf, List};
use crate::table::{Column, Domain, Table};

/// One row for each inspection result.
pub static INSPECTION: Table = Table {
    name: "inspection",
    domain: Domain::Inspection,
    owner: "clearance",
    description: "Inspections and their results; what the models learn from.",
    class: Inspection::DEFINITION,
    columns: COLUMNS,
    elsewhere: &[],
    statistics: &["recorded_at"],
};

/// One row for each result of the reference team that inspects a sample once more.
pub static REINSPECTION: Table = Table {
    name: "reinspection",
    domain: Domain::Inspection,
    owner: "risk-management",
    description: "Second inspections by a reference team that knows nothing of the first; what officers miss is measured by \
                  them, and no model learns from them.",
    class: Inspection::DEFINITION,
    columns: COLUMNS,
    elsewhere: &[],
    statistics: &["recorded_at"],
};

const COLUMNS: &[Column] = &[
    MONTH,
    DECLARATION_ID,
    column("goods_item_seq", Leaf("GoodsItemNumeric"), General2),
    column("recorded_at", Leaf("RecordedDateTime"), General2),
    column("lane_code", Leaf("LaneCode"), General2),
    column("officer_id", Leaf("OfficerID"), General4),
    column("result_code", Leaf("ResultCode"), General2),
    column("findings", List("Finding"), General4),
    OTHER,
    LOAD_ID,
    SOURCE_ROW,
    LOADED_AT,
];
