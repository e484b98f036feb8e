//! Tables about the data itself: records set aside, and findings on records that were accepted.

use super::{DECLARATION_ID, LOAD_ID, MONTH, SOURCE_ROW, column};
use crate::class::Defined;
use crate::model::{DataFinding, QuarantinedRecord};
use crate::table::Grade::{General2, General3};
use crate::table::Source::{Leaf, List};
use crate::table::{Domain, Table};

/// One row for each record set aside; nothing of it is lost or changed.
pub static QUARANTINE: Table = Table {
    name: "quarantine",
    domain: Domain::Quality,
    owner: "data-management",
    description: "Records set aside because they cannot be used as they are, whole, with their findings.",
    class: QuarantinedRecord::DEFINITION,
    columns: &[
        LOAD_ID,
        SOURCE_ROW,
        column("source_name", Leaf("SourceName"), General2),
        column("line_number", Leaf("LineNumeric"), General2),
        column("raw", Leaf("Raw"), General3),
        column("findings", List("Finding"), General2),
        column("declaration_id", Leaf("DeclarationID"), General2),
        column("month", Leaf("Month"), General2),
    ],
    elsewhere: &[],
    statistics: &["load_id"],
};

/// One row for each finding on an accepted record.
pub static DATA_FINDING: Table = Table {
    name: "data_finding",
    domain: Domain::Quality,
    owner: "data-management",
    description: "Warnings and remarks on accepted records.",
    class: DataFinding::DEFINITION,
    columns: &[
        MONTH,
        DECLARATION_ID,
        column("code", Leaf("Code"), General2),
        column("severity_code", Leaf("SeverityCode"), General2),
        column("pointer", Leaf("Pointer"), General2),
        column("message", Leaf("Message"), General3),
        column("line_number", Leaf("LineNumeric"), General2),
        LOAD_ID,
        SOURCE_ROW,
    ],
    elsewhere: &[],
    statistics: &["code"],
};
