//! Provable draws: keys from shares, signed logs, the reveal of a key, published files and their verification.
//!
//! `decide` commits and signs before it draws. When a period is over and everything drawn in it is closed, [`reveal`]
//! makes its key public, [`publish`] writes what anybody needs to draw again, and [`verify`] does so.

mod custody;
mod open;
mod publish;
mod reveal;
mod roots;
mod status;
mod verify;

pub use open::{OpenDraws, Opened, open};
pub use publish::{Published, publish};
pub use reveal::{Revealed, reveal};
pub use status::{PeriodStatus, status};
pub use tidegate_ledger::Period;
pub use tidegate_ledger::publication::Verified;
pub use verify::{VerifyOptions, verify};
