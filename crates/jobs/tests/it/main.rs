//! The main job, from a file to explained scores.

mod kcs_samples;
mod main_job;
mod source;
