//! Features: what is known about a goods item when it is accepted, as one row of `f32`.
//!
//! A [`FeatureSet`] is read from a TOML file: computed columns, profiles and features. A *profile* remembers, for
//! each key and day, what inspections had found or what values were usual; every look-up is as of the record's
//! day and sees earlier days only, in training, in back-tests and in decisions alike, so that no label leaks back
//! in time. [`FeatureSet::prepare`] computes columns and keys of a batch, [`Profiles`] answers the look-ups,
//! [`FeatureSet::features`] gives the matrix.

mod day;
mod definition;
mod encoding;
mod history;
mod key;
mod keys;
mod lookup;
mod prepare;
mod profiles;
mod set;
#[cfg(test)]
mod tests;

pub use day::{day_number, day_of};
pub use definition::{CheckFeaturesError, FeatureSource, ForestChoice, Statistic, TrainingSettings};
pub use history::{History, Outcome};
pub use key::{PROFILE_SECRET_BYTES, ProfileKey, ProfileSecret};
pub use lookup::Looked;
pub use prepare::{PrepareError, Prepared};
pub use profiles::{Profiles, QUANTILE_UNIT, Standing};
pub(crate) use set::location;
pub use set::{Feature, FeatureSet, Profile};
