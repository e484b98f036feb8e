//! What a decision is: features, rules, model, explanation, selection and the bundle that names them all.
//!
//! Everything here is a pure function of its arguments: no clock, no storage, no randomness of its own.

pub mod evaluation;
pub mod expr;
pub mod features;
pub mod model;
