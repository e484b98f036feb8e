//! Why a statement is not answered, as every door tells it: a reason that each protocol has a code for, and words that
//! tell nothing of files and storage.

use tidegate_jobs::JobError;
use tidegate_query::QueryError;

/// The kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The statement names a column that is not there.
    Column,
    /// The statement is none, or names something else that is not there.
    Statement,
    /// The statement does something else than reading.
    Change,
    /// It is not permitted for the purpose.
    NotPermitted,
    /// It takes more than one reader may use.
    TooMuch,
    /// Something of ours failed; the log has it.
    Inside,
}

/// Why a statement is not answered.
#[derive(Debug)]
pub(crate) struct Unanswered {
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

impl From<&JobError> for Unanswered {
    fn from(error: &JobError) -> Self {
        match error {
            JobError::Query(error) => Self::from(error),
            other => inside(other),
        }
    }
}

impl From<&QueryError> for Unanswered {
    fn from(error: &QueryError) -> Self {
        let reason = match error {
            QueryError::Column { .. } => Reason::Column,
            QueryError::Engine(_) | QueryError::Condition | QueryError::Assess(_) | QueryError::NoPurpose => {
                Reason::Statement
            }
            QueryError::Statement { .. } => Reason::Change,
            QueryError::NotPermitted { .. }
            | QueryError::NoPolicy { .. }
            | QueryError::Ended(_)
            | QueryError::Policy(_)
            | QueryError::Ungoverned { .. } => Reason::NotPermitted,
            QueryError::TooMuch { .. } => Reason::TooMuch,
            QueryError::Inside { .. } => Reason::Inside,
            QueryError::Lake(_) | QueryError::Dataset(_) => return inside(error),
        };
        Self { reason, message: error.to_string() }
    }
}

fn inside(error: &dyn std::error::Error) -> Unanswered {
    tracing::error!(%error, "a statement failed");
    let message = "the statement failed inside the platform; the platform's log has the cause".to_owned();
    Unanswered { reason: Reason::Inside, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_inside_is_not_told() {
        let told = Unanswered::from(&JobError::Missing("lake/declaration/month=2025-03".to_owned()));
        assert_eq!(told.reason, Reason::Inside);
        assert!(!told.message.contains("2025-03"), "{}", told.message);
    }
}
