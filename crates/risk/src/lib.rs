//! What a decision is: features, model, explanation and the bundle that names them all.
//!
//! Everything here is a pure function of its arguments: no clock, no storage, no randomness of its own.

pub mod assess;
pub mod bundle;
pub mod evaluation;
pub mod explain;
pub mod expr;
pub mod features;
pub mod learn;
pub mod model;
