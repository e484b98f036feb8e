//! A statement that somebody asks for a purpose. It is looked at and read once, whatever is done with it then.

use crate::assess::Bundles;
use crate::governed::{Described, Door};
use crate::plan::Plan;
use crate::{QueryError, StatementText};
use datafusion::common::ParamValues;
use datafusion::sql::parser::Statement;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A statement that somebody asks for a purpose, or why it is none, which is told where it is described or planned.
pub struct Question {
    door: Arc<Door>,
    statement: Result<Statement, QueryError>,
    text: StatementText,
}

impl Question {
    /// A text that is asked at a door.
    pub(crate) async fn at(door: Arc<Door>, sql: &str) -> Self {
        let statement = door.read(sql).await;
        let text = match &statement {
            Ok(statement) => StatementText::of(statement),
            Err(_) => StatementText::unreadable(sql),
        };
        Self { door, statement, text }
    }

    /// The statement without its values, as logs know it, also one that is refused or no SQL.
    pub fn text(&self) -> &StatementText {
        &self.text
    }

    /// Names of the bundles that it assesses with; none where the reader may not assess, so that no bundle is looked for before the
    /// statement is refused.
    pub fn bundle_names(&mut self) -> BTreeSet<String> {
        match &mut self.statement {
            Ok(statement) => self.door.bundle_names(statement),
            Err(_) => BTreeSet::new(),
        }
    }

    /// What it answers with, and the parameters it wants; nothing is read.
    ///
    /// # Errors
    /// When it is no SQL, reads what is not there for the reader, or does something else than reading; when it names another bundle.
    pub async fn describe(self, bundles: &Bundles) -> Result<Described, QueryError> {
        let Self { door, statement, text } = self;
        match statement {
            Ok(statement) => door.describe(statement, &text, bundles).await,
            Err(error) => door.told(Err(error), text.fingerprint),
        }
    }

    pub(crate) async fn plan(
        self,
        bundles: &Bundles,
        parameters: Option<ParamValues>,
    ) -> Result<Plan, QueryError> {
        let Self { door, statement, text } = self;
        match statement {
            Ok(statement) => door.plan(statement, text, bundles, parameters).await,
            Err(error) => door.told(Err(error), text.fingerprint),
        }
    }

    /// Whether the local owner asks, whom no policy hinders.
    pub(crate) fn is_owners(&self) -> bool {
        !self.door.is_limited()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::platform::tests::{platform, reader};

    #[tokio::test]
    async fn a_statement_is_planned_as_it_was_read_and_told() {
        let platform = platform(Limits::default());
        let sql = "SELECT count(*) AS n FROM declaration WHERE importer_id = '9131SECRET'";
        let question = async || platform.question(&reader(0), "risk-analysis", sql).await.unwrap();
        let asked = question().await;
        let text = asked.text().clone();
        assert!(text.text.contains("importer_id = ?"), "{}", text.text);
        let plan = platform.plan(asked, &Bundles::new(), None).await.unwrap();
        assert_eq!(plan.reading().statement, text);
        let described = question().await.describe(&Bundles::new()).await.unwrap();
        assert_eq!(described.schema.field(0).name(), "n");
    }

    #[tokio::test]
    async fn a_text_that_is_refused_is_not_read_and_says_why_where_it_is_planned_or_described() {
        let platform = platform(Limits::default());
        let endless = format!("SELECT {}assess('9131SECRET', 1)", "1+".repeat(50_000));
        for (sql, words) in [(endless.as_str(), "is the most"), ("TELL ME ALL", "TELL")] {
            let question = async || platform.question(&reader(0), "risk-analysis", sql).await.unwrap();
            let mut asked = question().await;
            assert_eq!(asked.text().text, "(no SQL)");
            assert!(asked.bundle_names().is_empty());
            let planned = platform.plan(asked, &Bundles::new(), None).await.err().unwrap().to_string();
            let described = question().await.describe(&Bundles::new()).await.err().unwrap().to_string();
            assert!(planned.contains(words) && described == planned, "{planned}; {described}");
        }
    }
}
