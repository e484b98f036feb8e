//! What the keys of holds stand for: declarations, parties, and the declarations that name them. Of a party there may be more than
//! memory should hold: a condition stands for them where one can, elsewhere they are gone through some at a time.

use super::parties::rows_of_parties;
use super::pieces::Row;
use super::set_aside::{self, Sought};
use super::statements::{DECLARATION_ID, ENTERPRISE_ID, PURPOSE, among, count, is_register, row_name};
use super::subjects::Subjects;
use crate::columns;
use crate::{Home, JobError};
use futures::TryStreamExt;
use std::collections::BTreeSet;
use tidegate_query::{Answer, Platform, Principal, literal};
use tidegate_records::table::Table;
use tidegate_records::tables::QUARANTINE;

/// Keys of which nobody said whether they are those of declarations or of parties.
pub(super) struct Keys {
    given: BTreeSet<String>,
    /// Where the names of the declarations are selected from; one may stand there more than once.
    declarations: String,
    /// Names that are held in memory, and in one condition, at once.
    pub(super) at_once: usize,
}

impl Keys {
    /// Keys in a state of the tables.
    pub(super) async fn read(
        home: &Home,
        platform: &Platform,
        keys: BTreeSet<String>,
    ) -> Result<Self, JobError> {
        let at_once = home.configuration.retention.held_at_once;
        let of_parties = rows_of_parties(&keys).into_iter().map(|rows| format!("FROM {rows}"));
        let parts: Vec<String> =
            of_parties.chain([given(&keys)]).map(|from| format!("SELECT {DECLARATION_ID} {from}")).collect();
        let declarations = format!("FROM ({}) AS held", parts.join(" UNION ALL "));
        let mut read = Self { given: keys, declarations, at_once };
        // Few are looked for once, many with each statement.
        if let Some(few) = read.few(platform).await? {
            read.declarations = given(&few);
        }
        Ok(read)
    }

    /// The names of the declarations, unless they are too many or there are no keys.
    async fn few(&self, platform: &Platform) -> Result<Option<BTreeSet<String>>, JobError> {
        if self.given.is_empty() {
            return Ok(None);
        }
        let (mut few, mut batches) = (BTreeSet::new(), self.names(platform).await?);
        while let Some(batch) = batches.try_next().await? {
            few.extend(columns::text(&batch, DECLARATION_ID)?.iter().flatten().map(str::to_owned));
            if few.len() > self.at_once {
                return Ok(None);
            }
        }
        Ok(Some(few))
    }

    /// The condition on rows of a table that belong to them; none where no row does. Whose records are that were set aside, no
    /// condition tells, but [`Keys::set_aside`].
    pub(super) fn rows(&self, table: &Table) -> Option<String> {
        if self.given.is_empty() || table.name == QUARANTINE.name {
            return None;
        }
        if is_register(table) {
            return Some(among(ENTERPRISE_ID, &self.given));
        }
        let of_declarations =
            || format!("{DECLARATION_ID} IN (SELECT {DECLARATION_ID} {})", self.declarations);
        table.column(DECLARATION_ID).is_some().then(of_declarations)
    }

    /// The names of the declarations, each once.
    async fn names(&self, platform: &Platform) -> Result<Answer, JobError> {
        let sql = format!("SELECT DISTINCT {DECLARATION_ID} {}", self.declarations);
        Ok(platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.stream()?)
    }

    /// The first of some declarations and parties that is among them, if one is.
    pub(super) async fn first_of(
        &self,
        platform: &Platform,
        subjects: &Subjects,
    ) -> Result<Option<String>, JobError> {
        if self.given.is_empty() {
            return Ok(None);
        }
        let mut first: Option<String> = None;
        let mut batches = self.names(platform).await?;
        while let Some(batch) = batches.try_next().await? {
            let names = columns::text(&batch, DECLARATION_ID)?;
            let known = names.iter().flatten().filter(|name| subjects.has(name));
            let known = known.filter(|name| first.as_ref().is_none_or(|first| *name < first.as_str())).min();
            first = known.map(str::to_owned).or(first);
        }
        Ok(first)
    }

    /// Records set aside that meet a condition, and are of one of the declarations or name a key; those whose declaration is not
    /// known, also when they name a declaration.
    pub(super) async fn set_aside(
        &self,
        platform: &Platform,
        condition: &str,
    ) -> Result<BTreeSet<Row>, JobError> {
        if self.given.is_empty() {
            return Ok(BTreeSet::new());
        }
        let of_declarations =
            format!("{condition} AND {DECLARATION_ID} IN (SELECT {DECLARATION_ID} {})", self.declarations);
        let mut found = rows_set_aside(platform, &of_declarations).await?;
        add_naming(platform, condition, &self.given, &mut found).await?;
        let unknown = format!("{condition} AND {DECLARATION_ID} IS NULL");
        if count(platform, &QUARANTINE, &unknown).await? == 0 {
            return Ok(found);
        }
        let (mut batches, mut names) = (self.names(platform).await?, BTreeSet::new());
        while let Some(batch) = batches.try_next().await? {
            for name in columns::text(&batch, DECLARATION_ID)?.iter().flatten() {
                names.insert(name.to_owned());
                if names.len() >= self.at_once {
                    add_naming(platform, &unknown, &std::mem::take(&mut names), &mut found).await?;
                }
            }
        }
        add_naming(platform, &unknown, &names, &mut found).await?;
        Ok(found)
    }
}

/// Names as rows to select from.
fn given(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("({})", literal(name))).collect();
    format!("FROM (VALUES {}) AS given ({DECLARATION_ID})", names.join(", "))
}

/// Records set aside that meet a condition. Their texts are not read, which may be long.
async fn rows_set_aside(platform: &Platform, condition: &str) -> Result<BTreeSet<Row>, JobError> {
    let (name, table) = (row_name(&QUARANTINE), QUARANTINE.name);
    let sql = format!("SELECT {name} AS name, month FROM {table} WHERE {condition}");
    let mut batches = platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.stream()?;
    let mut found = BTreeSet::new();
    while let Some(batch) = batches.try_next().await? {
        found.extend(Row::read(&batch)?);
    }
    Ok(found)
}

/// Adds records set aside that meet a condition and whose texts have one of some names.
async fn add_naming(
    platform: &Platform,
    condition: &str,
    names: &BTreeSet<String>,
    found: &mut BTreeSet<Row>,
) -> Result<(), JobError> {
    if names.is_empty() {
        return Ok(());
    }
    let sought = Sought::new(names);
    let add = |record: set_aside::SetAside<'_>| {
        if sought.named_in(record.text).is_some() {
            found.insert(Row::of(&record));
        }
    };
    set_aside::for_each(platform, condition, add).await
}
