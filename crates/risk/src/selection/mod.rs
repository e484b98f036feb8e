//! Selection: from scores to work lists that fit the capacity, every choice a recorded coin flip.
//!
//! Keyed-hash Poisson sampling with permanent random numbers (Ohlsson 1998, Journal of Official Statistics 14(2)),
//! overload shed by rank with the true inclusion probability kept (priority sampling: Duffield, Lund, Thorup 2007,
//! Journal of the ACM 54(6)). The way of a consignment: [`Parts::new`] from its score, stratum and mandatory rules;
//! [`Draw::new`] from its root; [`close`] for all consignments of an office's work list.

mod close;
mod draw;
mod inclusion;
mod policy;
mod state;

pub use close::{Closed, Contender, close};
pub use draw::{DRAW_BITS, Draw};
pub use inclusion::{Component, Parts, ramp};
pub use policy::{CheckPolicyError, GradePolicy, Lane, LaneShare, SelectionPolicy};
pub use state::{OfficeState, PolicyState, threshold};
