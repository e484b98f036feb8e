//! The main job, from a file to explained scores.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod audit;
mod backtest;
mod datasets;
mod decide;
mod desk;
mod draws;
mod due;
mod epochs;
mod erased_datasets;
mod estimate;
mod figures;
mod formats;
mod governing;
mod grades;
mod held_parties;
mod interrupted;
mod kcs_samples;
mod lodged_again;
mod lowered;
mod main_job;
mod order;
mod packaging;
mod place;
mod prepared;
mod promises;
mod readers;
mod replay;
mod retention;
mod small_country;
mod source;
mod wco_samples;
