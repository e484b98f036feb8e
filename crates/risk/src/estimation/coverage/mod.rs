//! The coverage study: simulated logs of which the truth is known, to see how often intervals hold it.
//!
//! Consignments with planted fraud, decided by a logged policy with work lists of limited slots, evaluated for policies
//! that were named before any result was seen. Chances and closes are those of decisions: floors and mandatory inspections
//! are never shed, two slots are reserved for others, and ranks are taken by weights that go on rising above p. The truth is the finding that an inspection would have recorded, officers'
//! errors included. Logs have several items to a root, traders' grades, revenue with a heavy tail, results that come late
//! or never, and inspections that officers added.

mod log;
mod policies;
mod population;
mod study;

pub use log::{Arrival, Evaluated, SimulatedLog, age};
pub use policies::{EVALUATED, LOGGED, ROOM, SimulatedPolicy};
pub use population::{Consignment, DAYS, Grade, LIST_SIZE, Noise, OFFICES, SimulatedItem, population};
pub use study::{ESTIMATORS, Row, Study, coverage_study};
