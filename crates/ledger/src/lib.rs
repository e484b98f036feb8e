//! The ledger: what is in flight and who did what, in one `SQLite` file that commits before anybody is answered.
//!
//! Start at [`Ledger::open`]; each file adds the calls for the one kind of row it names. Append-only rows
//! (bundles, activations, policy states, commitments) are defended twice: triggers refuse careless changes, and
//! the hash chain of the commitments makes a careful change visible to [`Ledger::verify_commitments`].
//!
//! The life of a period: [`Ledger::open_period`], two times [`Ledger::hand_in_share`], [`Ledger::derive_period_key`];
//! [`Ledger::append_commitments`] before each draw, [`Ledger::append_checkpoint`] after; at last
//! [`Ledger::reveal_period_key`] and [`Ledger::published_period`], which [`publication::verify`] checks.
//!
//! Time and randomness are arguments everywhere; the ledger reads neither a clock nor a random source.

mod accounts;
mod act;
mod audit;
mod bundle;
mod chain;
mod checkpoint;
mod checkpoint_log;
mod classification;
mod column;
mod commitment;
mod commitment_log;
mod dataset;
mod decision_run;
mod draw_parts;
mod erasure;
mod erasure_order;
mod error;
mod hash;
mod hashing;
mod hex;
mod history;
mod hold;
mod id;
mod identity;
mod key_share;
mod lane;
mod ledger;
mod load;
pub mod merkle;
mod migrate;
mod opening;
mod password;
mod period;
mod period_key;
mod policy;
mod policy_state;
mod principal;
mod proofs;
mod proposal;
pub mod publication;
mod retirement;
mod reveal;
mod root_key;
mod signature;
mod standing;
mod stored_key;
mod text_serde;
mod token;
mod verify;
mod words;

pub use act::Act;
pub use audit::{
    Actor, AuditCheckpoint, AuditEntry, AuditEvent, AuditFault, AuditFilter, AuditVerified, Door,
    MAX_DETAIL_BYTES, MAX_STATEMENT_BYTES, MAX_SUBJECTS, NewAuditEntry, PolicyName, SignedAuditCheckpoint,
    TableRead,
};
pub use bundle::{Activation, Bundle};
pub use chain::ChainHead;
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use classification::{ColumnClassification, NewClassification};
pub use commitment::{Commitment, NewCommitment, SALT_BYTES};
pub use commitment_log::AppendedCommitments;
pub use dataset::{DatasetVersion, NewDatasetVersion};
pub use decision_run::{DecisionRun, RunOutcome, RunStart};
pub use draw_parts::{DRAW_PARTS_BYTES, DrawParts};
pub use erasure::{ErasedRows, Erasure, NewErasure};
pub use erasure_order::ErasureOrder;
pub use error::LedgerError;
pub use hash::{Hash256, ParseHash256Error};
pub use history::{HistoryFault, check_checkpoints};
pub use hold::{Held, Hold};
pub use id::{
    DecisionRunId, ErasureId, ErasureOrderId, HoldId, LoadId, PolicyStateVersion, PolicyVersion, PrincipalId,
    ProposalId, TokenId,
};
pub use identity::{Identity, LinkedIdentity};
pub use key_share::{Custody, HandedIn, KeyOrigin, KeyShare, SharePosition};
pub use lane::{Lane, ParseLaneError};
pub use ledger::{Ledger, LedgerLimits};
pub use load::{Load, LoadOutcome, LoadStart};
pub use opening::{NewShare, OpenedPeriod, PeriodOpening};
pub use password::Password;
pub use period::{Period, PeriodError};
pub use period_key::PeriodKey;
pub use policy::{MAX_POLICY_BYTES, MAX_POLICY_FILES, Policy};
pub use policy_state::{NewPolicyState, PolicyState};
pub use principal::{NewPrincipal, Principal, PrincipalKind};
pub use proofs::InclusionProof;
pub use proposal::{NewProposal, Proposal, Verdict};
pub use retirement::Retirement;
pub use reveal::NewReveal;
pub use root_key::RootKey;
pub use signature::{
    ParsePublicKeyError, ParseSignatureError, PublicKey, Signature, SigningKey, SigningKeyError,
};
pub use standing::{Clearance, Standing};
pub use stored_key::{Reveal, StoredPeriodKey};
pub use token::{NewToken, Token, TokenHash, TokenScopes, TokenSecret};
pub use verify::{ChainBreak, ChainVerdict};
pub use words::ParseWordError;
