//! HTTP: the API, and what the portal will stand on.

mod address;
mod answer;
mod error;
mod front;
mod gate;
mod governance;
mod health;
mod identity;
mod me;
mod openapi;
mod policy;
mod router;
mod serve;
mod session;
mod setup;
mod sign_on;
mod spare;
mod sql;

pub use router::router;
pub use serve::serve;
pub use setup::Setup;
pub use sign_on::{SignOn, SignOnError};

use crate::admission::Admission;
use std::sync::Arc;
use tidegate_jobs::desk::Desk;

/// What every request has at hand.
#[derive(Clone)]
pub struct Door {
    /// Where people read.
    pub desk: Arc<Desk>,
    admission: Arc<Admission>,
    setup: Arc<setup::Waiting>,
    sign_on: Option<Arc<SignOn>>,
}

impl Door {
    /// A door to the desk that somebody is let in to.
    pub fn new(admission: Arc<Admission>) -> Self {
        let desk = Arc::clone(admission.desk());
        Self { admission, setup: Arc::default(), sign_on: None, desk }
    }

    /// The same door, with a set-up that waits for who has its link.
    #[must_use]
    pub fn with_setup(self, setup: Option<Setup>) -> Self {
        Self { setup: Arc::new(setup.into()), ..self }
    }

    /// The same door, with single sign-on where it is set up.
    #[must_use]
    pub fn with_sign_on(self, sign_on: Option<SignOn>) -> Self {
        Self { sign_on: sign_on.map(Arc::new), ..self }
    }
}
