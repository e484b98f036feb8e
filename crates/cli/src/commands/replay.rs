//! `tidegate replay`.

use crate::arguments::{Arguments, Replay};
use tidegate_jobs::JobError;

pub async fn run(_: &Arguments, _: &Replay) -> Result<(), JobError> {
    Err(JobError::Missing("under way".to_owned()))
}
