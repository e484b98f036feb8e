//! Selection: from scores to work lists that fit the capacity, every choice a recorded coin flip.
//!
//! Keyed-hash Poisson sampling with permanent random numbers (Ohlsson 1998, Journal of Official Statistics 14(2)),
//! overload shed by rank with the true inclusion probability kept (priority sampling: Duffield, Lund, Thorup 2007,
//! Journal of the ACM 54(6)). The way of a consignment: [`Parts::new`] from its score, stratum and mandatory rules;
//! [`Draw::new`] from its root; [`close`] for all consignments of an office's work list. Between epochs,
//! [`Setting::state`] sets thresholds and multipliers from what closed before.

mod close;
mod controller;
mod draw;
mod epoch;
mod error;
mod inclusion;
mod lane;
mod policy;
mod rates;
mod regime;
mod root;
mod state;
mod threshold;

pub use close::{Chance, Closed, Contender, Cuts, Room, close};
pub use controller::{Account, Accounts, History, Setting};
pub use draw::{DRAW_BITS, Draw};
pub use epoch::Epoch;
pub use error::CheckPolicyError;
pub use inclusion::{Component, Parts, Stratum, ramp};
pub use lane::{Lane, LaneShare};
pub use policy::SelectionPolicy;
pub use rates::{Rate, Rates, expected_ratios};
pub use regime::{Counted, GradePolicy, Promise, PromiseSide, Regime};
pub use root::Consignment;
pub use state::{OfficeState, PolicyState, Seen, Steered};
