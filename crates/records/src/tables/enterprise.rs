//! The table of enterprises with their credit grades, one row from each day a grade took effect.

use super::{LOAD_ID, LOADED_AT, OTHER, SOURCE_ROW, column};
use crate::class::Defined;
use crate::model::Enterprise;
use crate::table::Grade::{General1, General2, General3};
use crate::table::Source::Leaf;
use crate::table::{Column, Domain, Table};

/// One row for each enterprise and day from which its grade holds.
pub static ENTERPRISE: Table = Table {
    name: "enterprise",
    domain: Domain::Enterprise,
    owner: "enterprise-management",
    description: "Enterprises and their credit grades, effective-dated.",
    class: Enterprise::DEFINITION,
    columns: COLUMNS,
    elsewhere: &[],
    statistics: &["enterprise_id"],
};

const COLUMNS: &[Column] = &[
    column("enterprise_id", Leaf("ID"), General2),
    column("name", Leaf("Name"), General3),
    column("role_code", Leaf("RoleCode"), General1),
    column("grade_code", Leaf("GradeCode"), General2),
    column("grade_effective_at", Leaf("GradeEffectiveDateTime"), General2),
    column("registered_at", Leaf("RegistrationDateTime"), General2),
    column("country_code", Leaf("Address/CountryCode"), General1),
    OTHER,
    LOAD_ID,
    SOURCE_ROW,
    LOADED_AT,
];
