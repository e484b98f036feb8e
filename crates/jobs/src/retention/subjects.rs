//! Whose rows are erased: declarations, and parties that records name.

use super::parties;
use super::set_aside::{self, Sought};
use super::statements::{DECLARATION_ID, PURPOSE, among, is_of_subjects, is_register, row_name};
use crate::JobError;
use crate::answer::Answer;
use crate::columns;
use futures::TryStreamExt;
use std::collections::{BTreeMap, BTreeSet};
use tidegate_query::{Platform, Principal};
use tidegate_records::table::Table;
use tidegate_records::tables::{DECLARATION, QUARANTINE};

/// Declarations and parties.
pub(super) struct Subjects {
    pub declarations: BTreeSet<String>,
    pub parties: BTreeSet<String>,
}

/// Rows of a table by what names them there ([`row_name`]), each with the subject that it names and how many they are.
pub(super) type Rows = BTreeMap<String, (String, u64)>;

impl Subjects {
    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.declarations.iter().chain(&self.parties)
    }

    /// Whether a name is one of them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.declarations.contains(name) || self.parties.contains(name)
    }

    /// One declaration.
    pub(super) fn declaration(id: &str) -> Self {
        Self { declarations: [id.to_owned()].into(), parties: BTreeSet::new() }
    }

    /// Parties, and the declarations that name one of them.
    pub(super) async fn parties(platform: &Platform, keys: BTreeSet<String>) -> Result<Self, JobError> {
        Ok(Self { declarations: parties::declarations(platform, &keys).await?, parties: keys })
    }

    /// Adds the declarations of the lake whose names fit.
    pub(super) async fn add_declarations(
        &mut self,
        platform: &Platform,
        fits: impl Fn(&str) -> bool,
    ) -> Result<(), JobError> {
        let sql = format!("SELECT declaration_id FROM {}", DECLARATION.name);
        let mut batches = platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.stream()?;
        while let Some(batch) = batches.try_next().await? {
            let ids = columns::text(&batch, DECLARATION_ID)?;
            self.declarations.extend(ids.iter().flatten().filter(|id| fits(id)).map(str::to_owned));
        }
        Ok(())
    }

    /// The rows of a table that name one of them.
    pub(super) async fn rows(&self, platform: &Platform, table: &Table) -> Result<Rows, JobError> {
        if self.names().next().is_none() || !is_of_subjects(table) {
            return Ok(Rows::new());
        }
        if table.name == QUARANTINE.name {
            return self.set_aside(platform).await;
        }
        let named = if is_register(table) { &self.parties } else { &self.declarations };
        if named.is_empty() {
            return Ok(Rows::new());
        }
        let name = row_name(table);
        let sql = format!(
            "SELECT {name} AS name, count(*) AS rows FROM {} WHERE {} GROUP BY 1",
            table.name,
            among(name, named)
        );
        let answer = Answer::of(platform, PURPOSE, &sql).await?;
        let (ids, counts) = (answer.texts("name")?, answer.counts("rows")?);
        Ok(ids.into_iter().zip(counts).map(|(id, rows)| (id.clone(), (id, rows))).collect())
    }

    /// Records set aside that are of one of the declarations, or name a party; those whose declaration is not known, also
    /// when they name a declaration.
    async fn set_aside(&self, platform: &Platform) -> Result<Rows, JobError> {
        let parties = Sought::new(&self.parties);
        let everybody = Sought::new(self.names());
        let mut rows = Rows::new();
        set_aside::for_each(platform, "true", |record| {
            let subject = match record.declaration {
                Some(id) => self.declarations.get(id).or_else(|| parties.named_in(record.text)),
                None => everybody.named_in(record.text),
            };
            if let Some(subject) = subject {
                rows.insert(record.name.to_owned(), (subject.clone(), 1));
            }
        })
        .await?;
        Ok(rows)
    }
}
