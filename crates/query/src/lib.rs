//! How anyone reads: one door to the tables of the lake. [`Platform::plan_for`] is the only way from SQL to rows; what is
//! there for a reader follows from who reads, for which purpose, and from the policy that holds ([`policy`]).

mod allowances;
mod assess;
mod catalog;
mod codes;
pub mod dataset;
mod engine;
mod error;
mod extent;
mod governed;
mod item_rows;
mod lineage;
mod literal;
mod parameters;
mod plan;
mod platform;
pub mod policy;
mod principal;
mod question;
mod reading;
mod running;
mod subjects;
mod whole_aggregate;

pub use allowances::Allowances;
pub use assess::{Bundles, assessment_fields};
pub use catalog::{Catalog, Classification, Stored};
pub use datafusion::common::ParamValues;
pub use engine::{Engine, Limits};
pub use error::QueryError;
pub use extent::{STACK_BYTES, check_text};
pub use governed::{Described, SCHEMA, SETTINGS, TABLE, WITHOUT_ROWS, catalog_table};
pub use item_rows::DECLARATION_ITEM;
pub use lineage::{Lineage, TableReading};
pub use literal::literal;
pub use parameters::values_of;
pub use plan::{Answer, Plan};
pub use platform::{Governance, Note, Platform};
pub use principal::{Person, Principal};
pub use question::Question;
pub use reading::{Fingerprint, Reading, StatementText};
pub use subjects::{Named, Subjects, tables_of_nobody};
pub use whole_aggregate::session_context;
