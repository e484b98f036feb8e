//! Who comes to the desk, and what tells the time there.

use chrono::{DateTime, Utc};
use std::sync::Arc;
use tidegate_ledger::{Door, Principal as Account, TokenId};

/// Gives the time; passed in, so that nothing below reads the clock.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Who comes, through which door and what for.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Who.
    pub account: Account,
    /// By which token; none who acts at the machine itself.
    pub token: Option<TokenId>,
    /// Through which door.
    pub door: Door,
    /// What for.
    pub purpose: String,
}
