//! Refusals as the protocol tells them: with a code of PostgreSQL (Appendix A).

use crate::unanswered::{Reason, Unanswered};
use pgwire::error::{ErrorInfo, PgWireError};

/// An error of a severity that ends the statement.
pub(super) fn refusal(code: &str, message: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("ERROR".to_owned(), code.to_owned(), message.into())))
}

/// An error that ends the connection.
pub(super) fn fatal(code: &str, message: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("FATAL".to_owned(), code.to_owned(), message.into())))
}

/// What a client is told when a statement is not answered.
pub(super) fn unanswered(why: impl Into<Unanswered>) -> PgWireError {
    let Unanswered { reason, message } = why.into();
    let code = match reason {
        Reason::Column => "42703",
        Reason::Statement => "42601",
        Reason::Change => "25006",
        Reason::NotPermitted => "42501",
        Reason::TooMuch => "54000",
        Reason::Inside => "XX000",
    };
    refusal(code, message)
}
