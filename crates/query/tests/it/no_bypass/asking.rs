//! Statements of one reader, asked of the platform and held against the copies.

use super::compare::difference;
use super::copy::{Copies, Engine};
use super::queries::Query;
use super::reader::{Case, PURPOSE, RowsShown};
use super::statements::{ABSENT, Statement};
use crate::country::lines;
use crate::plans::{counts_in, tells_of_what_is_below};
use datafusion::arrow::array::RecordBatch;
use std::collections::BTreeSet;
use tidegate_query::{Bundles, DECLARATION_ITEM, ParamValues, Platform, Principal, QueryError};

/// What came of a statement that told nothing more than it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The same rows as over the copies.
    WithRows,
    /// No rows, as over the copies.
    WithoutRows,
    /// An error, which the copies can raise too.
    FailedInBoth,
    /// Refused, as it should be.
    Refused,
    /// A plan that may be shown and shows nothing that is hidden.
    Shown,
}

/// One reader before the platform, with copies of what should be shown.
pub struct Asking<'a> {
    pub case: &'a Case,
    pub platform: &'a Platform,
    pub copies: &'a Copies,
    pub principal: Principal,
    /// Whether rows come in other batches than those of the copies.
    pub is_in_files: bool,
}

impl Asking<'_> {
    /// Asks a statement.
    ///
    /// # Errors
    /// With what is told, or differs.
    pub async fn ask(&self, statement: &Statement) -> Result<Outcome, String> {
        match statement {
            Statement::Query(query) => self.query(query).await,
            Statement::Catalog(sql) => self.catalog(sql).await,
            Statement::Plan { how, query } => self.plan(how, query).await,
            Statement::Refused(sql) => self.refusal(sql).await.map(|_| Outcome::Refused),
            Statement::Names { hidden: (sql, name), absent } => self.names(sql, name, absent).await,
        }
    }

    async fn answer(&self, sql: &str, values: Option<ParamValues>) -> Result<Vec<RecordBatch>, QueryError> {
        let plan = self.platform.plan_with(&self.principal, PURPOSE, sql, &Bundles::new(), values).await?;
        plan.collect().await
    }

    async fn query(&self, query: &Query) -> Result<Outcome, String> {
        let values = (!query.parameters.is_empty()).then(|| ParamValues::from(query.parameters.clone()));
        match self.answer(&query.sql, values).await {
            Ok(answer) => self.same(query, &answer).await,
            Err(error) => self.failed(query, &error).await,
        }
    }

    /// That an answer is that over the copies. The engine answers some outer joins with a table that it knows to be empty
    /// wrongly; it knows nothing of the plain copies. Where the copies fail on what the platform need not compute, nothing
    /// stands in its place.
    async fn same(&self, query: &Query, answer: &[RecordBatch]) -> Result<Outcome, String> {
        let copies = self.copies;
        let mut different = String::new();
        for (sql, engine) in [
            (&query.literal, Engine::Informed),
            (&query.literal, Engine::Plain),
            (&query.tolerant, Engine::Informed),
            (&query.tolerant, Engine::Plain),
            (&query.tolerant, Engine::Unchecked),
        ] {
            match copies.ask_of(engine, sql).await.map(|expected| difference(answer, &expected)) {
                Ok(None) => return Ok(with(answer)),
                Ok(Some(difference)) => different = difference,
                Err(error) => different = format!("answer: {:?}\ncopies fail: {error}", lines(answer)),
            }
        }
        Err(different)
    }

    /// That an error is one that the copies can raise, and tells nothing.
    async fn failed(&self, query: &Query, error: &QueryError) -> Result<Outcome, String> {
        self.tells_nothing(&error.to_string(), &query.literal)?;
        let copies = self.copies;
        let is_loose =
            self.is_in_files || query.tables.contains(DECLARATION_ITEM) || self.joins_by_size(query);
        if copies.ask(&query.literal).await.is_err()
            || copies.can_fail(query).await
            || (is_loose && copies.can_fail_in_part(query).await)
        {
            return Ok(Outcome::FailedInBoth);
        }
        Err(format!("it fails, and copies do not: {error}"))
    }

    /// Whether a query joins a table whose size is known with others. Which side of a join is computed first, or not at all where the
    /// other one is empty, depends on the sizes that are known, and of copies others are.
    fn joins_by_size(&self, query: &Query) -> bool {
        let is_known =
            |table: &&str| self.case.tables.get(*table).is_some_and(|shown| shown.rows == RowsShown::All);
        query.tables.len() > 1 && query.tables.iter().any(is_known)
    }

    async fn catalog(&self, sql: &str) -> Result<Outcome, String> {
        let answer = self.answer(sql, None).await.map_err(|error| error.to_string())?;
        let expected = self.copies.ask(sql).await.map_err(|error| error.to_string())?;
        difference(&answer, &expected).map_or_else(|| Ok(with(&answer)), Err)
    }

    async fn plan(&self, how: &str, query: &Query) -> Result<Outcome, String> {
        let sql = format!("{how} {}", query.literal);
        if !self.case.may_explain {
            return self.refusal(&sql).await.map(|_| Outcome::Refused);
        }
        let plan = match self.answer(&sql, None).await {
            Ok(plan) => lines(&plan).join("\n"),
            Err(error) => return self.failed(query, &error).await,
        };
        let of_view: &[&str] = &["declaration", "goods_item"];
        let read: BTreeSet<&str> = query
            .tables
            .iter()
            .flat_map(|table| if *table == DECLARATION_ITEM { of_view } else { std::slice::from_ref(table) })
            .copied()
            .collect();
        let is_restricted = read.iter().all(|table| !self.case.tables[*table].is_clear());
        let hidden = &self.copies.hidden;
        let told = if is_restricted {
            tells_of_what_is_below(&plan).or_else(|| hidden.told_with_files(&plan, &sql))
        } else {
            hidden.told_in(&plan, &sql)
        };
        if let Some(told) = told {
            return Err(format!("the plan tells of `{told}`:\n{plan}"));
        }
        // Above a scan of one table there are no more rows than it has.
        let most = query.tables.first().and_then(|table| self.copies.rows(table));
        if let (true, "plain" | "whole rows", Some(most)) = (is_restricted, query.shape, most)
            && let Some(count) = counts_in(&plan).into_iter().find(|count| *count > most.max(1))
        {
            return Err(format!("the plan tells of {count} rows where {most} are shown:\n{plan}"));
        }
        Ok(Outcome::Shown)
    }

    /// The refusal of what is always refused.
    async fn refusal(&self, sql: &str) -> Result<String, String> {
        match self.answer(sql, None).await {
            Ok(answer) => Err(format!("it is answered: {:?}", lines(&answer))),
            Err(error) => {
                let refusal = error.to_string();
                self.tells_nothing(&refusal, sql)?;
                Ok(refusal)
            }
        }
    }

    /// That a hidden name is refused like one that nothing has.
    async fn names(&self, sql: &str, name: &str, absent: &str) -> Result<Outcome, String> {
        let of_hidden = neutral(&self.refusal(sql).await?, name);
        // Of a statement that names the hidden one somewhere else too, either may be told.
        let of_absent = neutral(&self.refusal(absent).await?.replace(ABSENT, name), name);
        if of_hidden != of_absent {
            return Err(format!("hidden: {of_hidden}\nabsent: {of_absent}"));
        }
        Ok(Outcome::Refused)
    }

    fn tells_nothing(&self, message: &str, statement: &str) -> Result<(), String> {
        match self.copies.hidden.told_with_files(message, statement) {
            Some(told) => Err(format!("the message tells of `{told}`: {message}")),
            None => Ok(()),
        }
    }
}

fn with(answer: &[RecordBatch]) -> Outcome {
    if answer.iter().any(|batch| batch.num_rows() > 0) { Outcome::WithRows } else { Outcome::WithoutRows }
}

/// A refusal without the name that was asked for, the names near it that are there, and the fingerprint.
fn neutral(refusal: &str, name: &str) -> String {
    let hints = ["; `", ". Did you mean", ". Valid fields", " under "];
    let ends = hints.iter().filter_map(|hint| refusal.find(hint)).min();
    refusal[..ends.unwrap_or(refusal.len())].replace(name, "…")
}
