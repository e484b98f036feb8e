//! The numbers by which rows are named, one type for each kind of row.

use std::fmt;

macro_rules! row_number {
    ($(#[$doc:meta] $name:ident;)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

row_number! {
    /// Names a principal.
    PrincipalId;
    /// Names a proposal to put a bundle in force.
    ProposalId;
    /// Names a load.
    LoadId;
    /// Names a decision run.
    DecisionRunId;
    /// Version of the policy state: 1, 2, 3 and so on without a gap.
    PolicyStateVersion;
    /// Version of the policy that says who may read what: 1, 2, 3 and so on without a gap.
    PolicyVersion;
    /// Names an API token.
    TokenId;
    /// Names a legal hold.
    HoldId;
    /// Names an erasure.
    ErasureId;
    /// Names an order to erase.
    ErasureOrderId;
}
