//! A synthetic national customs year: seeded, with planted fraud, and the ground truth kept apart.
//!
//! ```
//! use tidegate_sim::{Configuration, Generator};
//! let generator = Generator::new(Configuration::new(7, 2026, 500))?;
//! let mut items = 0;
//! for chunk in generator.chunks() {
//!     items += chunk?.goods_items.num_rows();
//! }
//! assert!(items > 500);
//! # Ok::<(), tidegate_sim::SimulationError>(())
//! ```
//!
//! # Determinism
//! Every draw comes from a stream keyed by seed, purpose and index. A chunk is a function of the
//! configuration and its number: repeated behaviour, schemes and successions are functions of the immutable world,
//! never of what was generated before. Threads and chunk order therefore cannot change a byte.
//!
//! # Structural equations
//! With `z` standard normal, `t` the part of the year gone by, `k` a kind of fraud:
//!
//! - Volume of the trader of rank `r` among `n`: `w(r) ~ (r + q)^-1.6`, `q = max(0.004 n, 3)`.
//! - Unit price: `ln p = level(hs6) + level(origin) + 0.25 z(hs6, origin) + 0.18 z(trader, hs6) + make + season(t) + 0.16 z`;
//!   net mass is log-normal around the chapter's, the size of the trader and the mode of transport.
//! - Fraud: intensity `lambda_k = s base_k gain_k wave_k(t) scheme_k preference_k(trader) exp(T)` with
//!   `T = 0.85 z(trader) + 0.5 z(trader, quarter) + 0.35 z(broker) + 0.45 z(hs6) + grade + succession`;
//!   `P(fraud) = min(0.7, 1 - exp(-sum lambda_k))`, the kind in proportion to `lambda_k`. `gain` is what the kind would
//!   save on these goods; `wave` and `scheme` are the drift; `s` is solved so that the share of the configuration comes out.
//! - Loophole: a quarter of the traders that filed special packaging learn, between the second month and the middle of the
//!   year, that the port does not open it; from then on `lambda` of consignments packed so is 12 times as large.
//! - Deceit: undervaluation multiplies the value by a habit of trader and goods in 0.4..0.8; quantity multiplies
//!   mass and value, while the gross mass follows only in part; misclassification takes a near subheading with a duty at
//!   least three points lower; false origin takes one with lower charges, often with a departure that fits; splitting
//!   makes parts below the limit for small values; concealment is any of them by the new importer that declares
//!   a downgraded trader's goods.
//! - Selection: `p = 1 - (1 - floor) (1 - min(0.75, c exp(score) factor(grade)))`, the score from declared data and what was
//!   known when the year began; 0.82 for the dishonest. `c` is solved for the share of the configuration.
//! - Examination: `P(found) = logistic(skill(officer) + ease(kind) + thoroughness(lane, kind) + size)`; sound goods are
//!   reported at a rate of the officer's, around one in eighty; results are recorded hours to weeks later.

pub use chunk::{CHUNK_DECLARATIONS, Chunk};
pub use configuration::{Configuration, Limits};
pub use error::SimulationError;
pub use generator::{Generator, generate};
pub use officers::{Found, InspectionOrder};
pub use selection::Lane;
pub use treated::TreatedConsignment;
pub use truth::truth_schema;
pub use write_csv::{csv_mapping, filings_beside};
pub use written::Written;

mod amendment;
mod calendar;
mod calibration;
mod catalogue;
mod chunk;
mod configuration;
mod currency;
mod embedded;
mod enterprises;
mod error;
mod examination;
mod flaw;
mod fraud;
mod fraud_kind;
mod generator;
mod goods_record;
mod grade;
mod identity;
mod office;
mod officers;
mod packaging;
mod partner;
mod random;
mod record;
mod revenue;
mod scheme;
mod selection;
mod shipment;
mod trader;
mod treated;
mod truth;
mod volume;
mod world;
mod write_csv;
mod write_parquet;
mod written;
