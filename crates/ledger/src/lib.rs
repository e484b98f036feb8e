//! The ledger: what is in flight and who did what, in one `SQLite` file that commits before anybody is answered.
//!
//! Start at [`Ledger::open`]; each file adds the calls for the one kind of row it names. Append-only rows
//! (bundles, activations, policy states, commitments) are defended twice: triggers refuse careless changes, and
//! the hash chain of the commitments makes a careful change visible to [`Ledger::verify_commitments`].
//!
//! Time and randomness are arguments everywhere; the ledger reads neither a clock nor a random source.

mod bundle;
mod chain;
mod column;
mod commitment;
mod decision_run;
mod error;
mod hash;
mod id;
mod ledger;
mod load;
mod migrate;
mod period;
mod period_key;
mod policy_state;
mod principal;
mod root_key;
mod verify;

pub use bundle::{Activation, Bundle};
pub use chain::ChainHead;
pub use commitment::{AppendedCommitments, Commitment, NewCommitment, SALT_BYTES};
pub use decision_run::{DecisionRun, RunOutcome, RunStart};
pub use error::LedgerError;
pub use hash::{Hash256, ParseHash256Error};
pub use id::{DecisionRunId, LoadId, PolicyStateVersion, PrincipalId};
pub use ledger::{Ledger, LedgerLimits};
pub use load::{Load, LoadOutcome, LoadStart};
pub use period::{Period, PeriodError};
pub use period_key::{PeriodKey, StoredPeriodKey};
pub use policy_state::{NewPolicyState, PolicyState};
pub use principal::{NewPrincipal, Principal, PrincipalKind};
pub use root_key::RootKey;
pub use verify::{ChainBreak, ChainVerdict};
