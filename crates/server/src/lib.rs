//! The doors through which people and programs read: all of them let in by one [`Admission`] and lead to one desk
//! ([`tidegate_jobs::desk`]).

mod admission;
mod descriptors;
pub mod flight;
pub mod http;
mod limits;
mod listening;
mod place;
mod places;
pub mod postgres;
mod seated;
mod strangers;
mod unanswered;

pub use admission::Admission;
pub use descriptors::{TooFewDescriptors, take_descriptors};
pub use listening::{Listening, ServeError, Tls};
pub use places::Places;
