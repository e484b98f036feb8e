//! What a decision is: features, rules, model, explanation, selection and the bundle that names them all.
//!
//! Everything here is a pure function of its arguments: no clock, no storage, no randomness of its own.

pub mod assess;
pub mod bundle;
pub mod campaign;
pub mod course;
pub mod decision;
pub mod drift;
pub mod estimation;
pub mod evaluation;
pub mod explain;
pub mod expr;
pub mod features;
pub mod hex;
pub mod learn;
pub mod model;
pub mod origin;
mod revenue;
pub mod rules;
pub mod selection;
mod template;
pub mod treatment;

/// Version of the meaning of features, rules and selection: raised when a golden decision changes, as when a dependency
/// computes otherwise. Features are promised to be recomputed alike within one version.
pub const SEMANTICS_VERSION: i64 = 6;
