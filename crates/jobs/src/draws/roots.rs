//! Which consignments drawn in a period are closed.

use crate::JobError;
use crate::answer::Answer;
use std::collections::HashSet;
use tidegate_ledger::Period;
use tidegate_query::Platform;

/// Roots of a period.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Those that nothing is open about: not selected, or inspected with a result.
    pub closed: HashSet<String>,
    /// A selected declaration of each of the others.
    pub open: Vec<String>,
}

impl Roots {
    pub(super) async fn of(platform: &Platform, period: Period) -> Result<Self, JobError> {
        let sql = format!(
            "SELECT k.root_id, CAST(bool_or(k.is_selected) AND NOT bool_or(i.declaration_id IS NOT NULL) AS BIGINT) \
             AS open, min(CASE WHEN k.is_selected THEN k.declaration_id END) AS declaration FROM decision k \
             LEFT JOIN (SELECT DISTINCT declaration_id FROM inspection WHERE result_code IS NOT NULL) i \
             ON i.declaration_id = k.declaration_id WHERE k.period = '{period}' GROUP BY k.root_id ORDER BY 3, 1"
        );
        let answer = Answer::of(platform, "job draws", &sql).await?;
        let (names, open) = (answer.texts("root_id")?, answer.integers("open")?);
        let mut roots = Self::default();
        for ((root, open), declaration) in names.into_iter().zip(open).zip(answer.texts("declaration")?) {
            if open == 0 {
                roots.closed.insert(root);
            } else {
                roots.open.push(declaration);
            }
        }
        Ok(roots)
    }
}
