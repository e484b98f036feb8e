//! Special packaging: selected goods that air, light, heat, shock or static would spoil are not opened at the port, but
//! at a filed destination.
//!
//! A treatment changes what is done with a consignment that was selected; nothing here is read by p, by the draw or by
//! the close. [`treat`] gives a [`Treatment`] or the first [`Refusal`]; [`Losses`] says who lost it, from what was
//! recorded before the day that is decided.

mod environment;
mod filing;
mod loss;
mod policy;
#[cfg(test)]
mod properties;
mod rule;

pub use environment::{Band, Environment, Measured};
pub use filing::{Filing, known};
pub use loss::{Loss, LossCause, Losses, Opened, Seen, Treated};
pub(crate) use policy::{FileTreatment, check};
pub use policy::{PortCheck, TreatmentPolicy};
pub use rule::{DeclaredItem, Refusal, Treatable, Treatment, treat};
