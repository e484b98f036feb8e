//! Refusals as the protocol tells them: with a code of PostgreSQL (Appendix A).

use pgwire::error::{ErrorInfo, PgWireError};
use tidegate_jobs::JobError;
use tidegate_query::QueryError;

/// An error of a severity that ends the statement.
pub(super) fn refusal(code: &str, message: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("ERROR".to_owned(), code.to_owned(), message.into())))
}

/// An error that ends the connection.
pub(super) fn fatal(code: &str, message: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("FATAL".to_owned(), code.to_owned(), message.into())))
}

pub(super) fn of_job(error: &JobError) -> PgWireError {
    match error {
        JobError::Query(error) => of_query(error),
        other => {
            tracing::error!(error = %other, "a statement failed");
            refusal("XX000", "the statement failed inside the platform; the platform's log has the cause")
        }
    }
}

pub(super) fn of_query(error: &QueryError) -> PgWireError {
    let code = match error {
        QueryError::Column { .. } => "42703",
        QueryError::Engine(_) | QueryError::Assess(_) | QueryError::NoPurpose => "42601",
        QueryError::NotPermitted { .. }
        | QueryError::NoPolicy { .. }
        | QueryError::Policy(_)
        | QueryError::Ungoverned { .. } => "42501",
        QueryError::Statement { .. } => "25006",
        QueryError::TooMuch { .. } => "54000",
        QueryError::Inside { .. } | QueryError::Lake(_) => "XX000",
    };
    refusal(code, error.to_string())
}
