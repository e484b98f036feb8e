//! HTTP: the API, and what the portal will stand on.

mod answer;
mod error;
mod identity;
mod limits;
mod openapi;
mod router;
mod serve;
mod session;
mod setup;
mod sql;

pub use router::router;
pub use serve::serve;
pub use setup::Setup;

use limits::RateLimits;
use std::sync::Arc;
use tidegate_jobs::desk::Desk;

/// What every request has at hand.
#[derive(Clone)]
pub struct Door {
    /// Where people read.
    pub desk: Arc<Desk>,
    limits: Arc<RateLimits>,
    setup: Arc<setup::Waiting>,
}

impl Door {
    /// A door to a desk, with the limits of the desk's configuration.
    pub fn new(desk: Arc<Desk>) -> Self {
        let serve = desk.home().configuration.serve;
        let limits = Arc::new(RateLimits::new(serve.requests_a_minute, serve.failures_a_minute));
        Self { limits, setup: Arc::default(), desk }
    }

    /// The same door, with a set-up that waits for who has its link.
    #[must_use]
    pub fn with_setup(self, setup: Option<Setup>) -> Self {
        Self { setup: Arc::new(setup.into()), ..self }
    }
}
