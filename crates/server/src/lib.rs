//! The doors through which people and programs read: all of them lead to one desk ([`tidegate_jobs::desk`]).

mod admission;
pub mod flight;
pub mod http;
mod listening;
mod places;
pub mod postgres;
mod unanswered;

pub use listening::{Listening, ServeError, Tls};
pub use places::Places;
