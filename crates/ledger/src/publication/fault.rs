//! What is wrong with a publication, told so that a stranger can look at the place.

use crate::{HistoryFault, Period, PolicyStateVersion, PublicKey};

/// The first thing found wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// With a period as a whole.
    #[error("period {period}: {fault}")]
    Period {
        /// The period.
        period: Period,
        /// What.
        fault: PeriodFault,
    },
    /// With a row.
    #[error("row {row} of period {period}: {fault}")]
    Row {
        /// The period.
        period: Period,
        /// Its place in the file, from 1, which should be its sequence.
        row: u64,
        /// What.
        fault: RowFault,
    },
}

/// What is wrong with a period as a whole.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PeriodFault {
    /// A later format.
    #[error("its format is {0}, and this program knows 1; use a newer tidegate")]
    Format(u32),
    /// The same period twice.
    #[error("it is given twice")]
    Twice,
    /// A share does not give its hash.
    #[error("share {0} does not give the hash that was logged when it was handed in")]
    Share(u8),
    /// The key does not follow from the shares.
    #[error("the revealed key does not follow from the shares and the public value")]
    Key,
    /// The key is not the committed one.
    #[error("the revealed key is not the one that was committed to")]
    KeyCommitment,
    /// A source without value, or a value without source.
    #[error("it has a source of a public value but no value, or a value but no source")]
    PublicValue,
    /// The content of a state does not give its hash.
    #[error("the content of policy state {0} does not give its hash")]
    State(PolicyStateVersion),
    /// A state does not say what a close needs.
    #[error("policy state {version} does not say how work lists are closed: {what}")]
    StateContent {
        /// Its version.
        version: PolicyStateVersion,
        /// What is missing.
        what: String,
    },
    /// Listed, but in no row; or listed twice.
    #[error("{0} is listed, but no row names it, or it is listed twice")]
    Unused(String),
    /// The number of rows is not the one that is said.
    #[error(
        "it has {said} commitments by its own account, and {found} rows: some were omitted, cut off or added"
    )]
    Count {
        /// By its own account.
        said: u64,
        /// In the file.
        found: u64,
    },
    /// The end of the chain or the root is not the one that is said.
    #[error("the rows do not give its {0}")]
    End(&'static str),
    /// Signed by nobody who matters.
    #[error("its public key is {found}, and the one expected is {expected}")]
    PublicKey {
        /// In the file.
        found: PublicKey,
        /// Known from elsewhere.
        expected: PublicKey,
    },
    /// The key was not bound before the first draw.
    #[error("no checkpoint was signed before its first commitment, so its key may be chosen afterwards")]
    NotSignedBefore,
    /// The end is not signed.
    #[error("only {signed} of its {found} commitments are signed")]
    NotSignedToTheEnd {
        /// Commitments in the last checkpoint.
        signed: u64,
        /// Rows.
        found: u64,
    },
    /// A checkpoint proves it wrong.
    #[error("{0}")]
    History(#[from] HistoryFault),
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RowFault {
    /// Another row stands in its place.
    #[error("row {found} stands in its place: a row was omitted, added or moved")]
    Sequence {
        /// Its sequence.
        found: u64,
    },
    /// Not among the states or bundles of the period.
    #[error("{0} is not among those of the period")]
    Unlisted(String),
    /// Outside its range.
    #[error("its parts of p are not all in their ranges, or `mandatory` does not fit its least lane")]
    Parts,
    /// Something committed was altered.
    #[error(
        "what was committed was altered: root, version, work list, lane, parts of p, policy state, bundle and salt do \
         not give its hash behind the row before"
    )]
    Hash,
    /// An earlier close.
    #[error("its work list was closed before that of the row before: it was added when draws were known")]
    Order,
    /// Another day or policy state than the rest of the close.
    #[error("its close has another day or policy state in other rows")]
    Close,
    /// The list's number, or who waits before it, is not that of the other rows, or does not follow the list before.
    #[error(
        "its work list is number {number} of the office with {waiting} waiting before it, but must be {expected}"
    )]
    Waiting {
        /// In the row.
        number: u64,
        /// In the row.
        waiting: u32,
        /// Computed.
        expected: String,
    },
    /// The slots that earlier lists of the day took are not that many.
    #[error(
        "earlier lists of its day are said to have taken {found} slots of the office, but must have taken {expected}"
    )]
    SlotsTaken {
        /// In the row.
        found: u32,
        /// Computed.
        expected: String,
    },
    /// p does not follow from the parts.
    #[error("p is {found}, but the parts of this and earlier versions give {expected}")]
    Probability {
        /// In the row.
        found: f64,
        /// Computed.
        expected: f64,
    },
    /// The work list has other rows.
    #[error(
        "its work list was committed to with {said} rows, and {found} are here: rows were omitted or added"
    )]
    ListRows {
        /// In the row.
        said: u32,
        /// Found.
        found: u32,
    },
    /// Something follows otherwise.
    #[error("{what} is {found}, but must be {expected}")]
    Outcome {
        /// The column.
        what: &'static str,
        /// In the row.
        found: String,
        /// Computed.
        expected: String,
    },
}

/// Why a file of rows cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowsError {
    /// Not the columns of this format.
    #[error("the columns are {found}; they must be {right}")]
    Columns {
        /// In the file.
        found: String,
        /// Of the format.
        right: String,
    },
    /// A value is of another kind.
    #[error("row {row}, column `{column}`: {found:?} is not what belongs there")]
    Value {
        /// The row, from 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// What stands there.
        found: String,
    },
    /// Not CSV.
    #[error("the file is not CSV: {0}")]
    Syntax(String),
}
