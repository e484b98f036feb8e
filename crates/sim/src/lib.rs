//! A synthetic national customs year: seeded, with planted fraud, and the ground truth kept apart.
//!
//! ```
//! use tidegate_sim::{Configuration, Generator};
//! let generator = Generator::new(Configuration::new(7, 2026, 500))?;
//! let rows: usize = generator.chunks().map(|chunk| chunk.map(|c| c.goods_items.num_rows())).sum::<Result<_, _>>()?;
//! assert!(rows > 500);
//! # Ok::<(), tidegate_sim::SimulationError>(())
//! ```
pub use chunk::{CHUNK_DECLARATIONS, Chunk};
pub use configuration::{Configuration, Limits};
pub use error::SimulationError;
pub use generator::{Generator, generate};
pub use truth::truth_schema;
pub use write_csv::csv_mapping;
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
mod generator;
mod goods_record;
mod grade;
mod identity;
mod office;
mod partner;
mod random;
mod record;
mod revenue;
mod scheme;
mod selection;
mod shipment;
mod trader;
mod truth;
mod volume;
mod world;
mod write_csv;
mod write_parquet;
mod written;
