//! Grades of columns, confirmed by persons at the desk.

use super::Governor;
use crate::desk::person_of;
use crate::grades::{self, Checked, Confirm, Confirmed};
use crate::{JobError, catalog};
use tidegate_query::policy::Right;
use tidegate_query::{Catalog, Classification, QueryError};

impl Governor {
    /// What was confirmed, by column; who may confirm sees it.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; when the ledger fails.
    pub async fn grades(&self) -> Result<Vec<Confirmed>, JobError> {
        self.with(&[Right::Classify], grades::confirmed(self.home())).await
    }

    /// Confirms grade and category of a column, as [`grades::confirm`] does; gives what holds. Policies decide by both, so nobody
    /// confirms what shows more to themselves; one classification after the other is tried and confirmed.
    ///
    /// # Errors
    /// [`JobError::NoRight`]; [`JobError::ShowsMore`]; as [`grades::confirm`].
    pub async fn confirm_grade(&self, new: &Confirm, reason: &str) -> Result<Classification, JobError> {
        let (governor, new, reason) = (self.clone(), new.clone(), reason.to_owned());
        let confirmed = async move {
            // It may have waited for its turn.
            governor.has_one_of(&[Right::Classify]).await?;
            let checked = grades::checked(governor.home(), &new).await?;
            governor.require_no_gain(&checked).await?;
            grades::confirm_checked(governor.home(), checked, &governor.act(&reason)).await
        };
        self.with(&[Right::Classify], self.desk.in_turn(&self.desk.confirmations, confirmed)).await
    }

    /// Refuses what would show the table of a column wider, for any purpose, to who confirms it.
    async fn require_no_gain(&self, checked: &Checked) -> Result<(), JobError> {
        let Checked { table, column, classification } = checked;
        let ledger = &self.home().ledger;
        let before = catalog::with_retired(ledger).await?;
        let after = catalog::if_classified(ledger, (table.clone(), column.clone()), *classification).await?;
        let (policy, person) = (self.desk.policy().await?.policy, person_of(&self.account));
        for purpose in policy.purposes() {
            let access = |catalog: &Catalog| {
                policy.table_access(&person, &purpose.name, catalog, table).map_err(QueryError::from)
            };
            let (before, after) = (access(&before)?, access(&after)?);
            if after.is_some_and(|after| after.shows_more_than(before.as_ref())) {
                return Err(JobError::ShowsMore { name: person.name, column: checked.name() });
            }
        }
        Ok(())
    }
}
