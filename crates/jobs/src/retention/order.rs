//! Erasing so that what broke off is gone on with: first the ledger records what goes, then rows go out of the newest version of
//! every table, then one snapshot shows all tables without them, then files go, and datasets are made anew.
//!
//! Until the rows are out of all tables, going on needs the name of the declaration or party, which the ledger does not keep.
//! From then on it needs nothing but the order.

use super::holds::Holds;
use super::pieces::{DuePieces, Piece};
use crate::JobError;
use crate::home::Home;
use crate::progress::Progress;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tidegate_lake::{ErasedFrom, LakeError};
use tidegate_ledger::{Act, Door, ErasedRows, ErasureOrder, ErasureOrderId, Hash256};
use tidegate_query::Platform;
use tidegate_records::table::Table;

/// Which rows of a table are to go.
pub(super) enum Which {
    /// Those that meet a condition.
    Meeting(String),
    /// Those before a month that nothing keeps, of a version of the table.
    Due { before: String, version: u64 },
}

/// Rows of a table that are to go.
pub(super) struct Found {
    pub table: &'static Table,
    pub which: Which,
    /// Whose they are, and how many.
    pub parts: Vec<(ErasedRows, u64)>,
}

/// What goes, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// Whom or what the order is about.
    of: ErasedRows,
    /// Rows that go, by table: whose, and how many.
    tables: BTreeMap<String, Vec<(ErasedRows, u64)>>,
    /// Rows of what is due that went so far, by table.
    #[serde(default)]
    gone: BTreeMap<String, u64>,
    /// Up to which version of a table they are counted: the log tells what went by the order since.
    #[serde(default)]
    counted: BTreeMap<String, u64>,
    /// Tables that rows of declarations or parties began to go out of: what a try found in them may be out, and is found no more.
    #[serde(default)]
    begun: BTreeSet<String>,
    /// Versions without the rows, of the tables that are so far.
    versions: BTreeMap<String, u64>,
    /// Whether the rows are out of all tables.
    is_out: bool,
}

impl Plan {
    /// Adds what is found when an order is repeated. Of tables that no try came to, nothing but that counts.
    fn add(&mut self, found: &[Found]) {
        let is_of_due = matches!(self.of, ErasedRows::Before(_));
        for (table, parts) in &mut self.tables {
            if self.versions.contains_key(table) {
                if is_of_due {
                    // Earlier versions of the program did not count what went.
                    let most = parts.iter().map(|(_, rows)| *rows).max();
                    self.gone.entry(table.clone()).or_insert(most.unwrap_or_default());
                }
            } else if !self.gone.contains_key(table) && !self.begun.contains(table) {
                parts.clear();
            }
        }
        for Found { table, parts, .. } in found {
            let known = self.tables.entry(table.name.to_owned()).or_default();
            let mut rows: BTreeMap<ErasedRows, u64> = std::mem::take(known).into_iter().collect();
            for (of, count) in parts {
                let most = rows.entry(of.clone()).or_default();
                *most = (*most).max(*count);
            }
            known.extend(rows);
        }
    }

    /// Rows of a table that go: whose, and how many. Of what is due, those that went, before the last month that a try named.
    fn rows_of(&self, table: &str) -> Vec<(ErasedRows, u64)> {
        let parts = self.tables.get(table).map(Vec::as_slice).unwrap_or_default();
        match self.gone.get(table) {
            None => parts.to_vec(),
            Some(0) => Vec::new(),
            Some(gone) => parts.iter().max().map(|(of, _)| (of.clone(), *gone)).into_iter().collect(),
        }
    }
}

/// An order to erase that is not finished.
pub(super) struct Order {
    id: ErasureOrderId,
    subject: Option<Hash256>,
    reason: String,
    plan: Plan,
}

impl Order {
    fn read(order: ErasureOrder) -> Result<Self, JobError> {
        let ErasureOrder { id, subject, plan, reason, .. } = order;
        let plan = serde_json::from_str(&plan).map_err(|error| {
            JobError::Missing(format!("the plan of the order to erase {id} cannot be read: {error}"))
        })?;
        Ok(Self { id, subject, reason, plan })
    }

    /// Begins to erase what was found, or goes on with an order about the same that broke off before all rows were out. None when
    /// there is nothing to erase.
    pub(super) async fn begin(
        home: &Home,
        subject: Option<Hash256>,
        of: ErasedRows,
        found: &[Found],
        reason: &str,
    ) -> Result<Option<Self>, JobError> {
        let mut orders = open(home).await?.into_iter();
        if let Some(mut order) = orders.find(|order| order.subject == subject && !order.is_out()) {
            order.recount(home).await?;
            if !found.is_empty() {
                order.plan.of = of;
            }
            order.plan.add(found);
            order.keep(home).await?;
            return Ok(Some(order));
        }
        if found.is_empty() {
            return Ok(None);
        }
        let mut plan = Plan {
            of,
            tables: BTreeMap::new(),
            gone: BTreeMap::new(),
            counted: BTreeMap::new(),
            begun: BTreeSet::new(),
            versions: BTreeMap::new(),
            is_out: false,
        };
        plan.add(found);
        let act = home.act(Door::Job, reason).await?;
        let id = home.ledger.begin_erasure(subject, &json(&plan)?, &act).await?;
        Ok(Some(Self { id, subject, reason: reason.to_owned(), plan }))
    }

    /// Counts the rows that went by the order and that the ledger was not told of, since the program ended in between.
    async fn recount(&mut self, home: &Home) -> Result<(), JobError> {
        let Plan { gone, counted, .. } = &mut self.plan;
        for (table, version) in counted {
            let (rows, newest) = home.lake.erased_by(table, self.id.0, *version).await?;
            *gone.entry(table.clone()).or_default() += rows;
            *version = newest;
        }
        Ok(())
    }

    /// Takes the rows out of the newest version of every table. Readers see them until a snapshot names those versions.
    pub(super) async fn take_out(
        &mut self,
        home: &Home,
        platform: &Platform,
        holds: &Holds,
        found: &[Found],
        progress: &mut dyn Progress,
    ) -> Result<(), JobError> {
        progress.step("erasing", found.len() as u64, "tables");
        // Declarations go last: as long as they are there, they are found when the order is repeated.
        for (done, Found { table, which, .. }) in (1..).zip(found.iter().rev()) {
            let version = match which {
                Which::Meeting(condition) => {
                    self.plan.begun.insert(table.name.to_owned());
                    self.keep(home).await?;
                    Box::pin(take_meeting(home, table, holds, condition)).await?
                }
                Which::Due { before, version } => {
                    let pieces = Box::pin(holds.due_pieces(platform, table, before)).await?;
                    Box::pin(self.take_due(home, table, holds, pieces, *version)).await?
                }
            };
            self.plan.versions.insert(table.name.to_owned(), version);
            self.keep(home).await?;
            progress.done(done);
        }
        let Plan { tables, versions, is_out, .. } = &mut self.plan;
        // An earlier try broke off in these, and nothing is found in them any more: what it took out is out of the newest version,
        // whatever readers see.
        for table in tables.keys() {
            if versions.contains_key(table) {
                continue;
            }
            match home.lake.table_version(table).await {
                Ok(newest) => {
                    versions.insert(table.clone(), newest);
                }
                Err(LakeError::NoTable { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        *is_out = true;
        self.keep(home).await
    }

    /// Takes rows of a version of a table out of its newest version, and records how many with every month of a piece. What was
    /// loaded after that version stays: nobody looked whether it is held. Returns the version without the rows.
    async fn take_due(
        &mut self,
        home: &Home,
        table: &Table,
        holds: &Holds,
        mut pieces: DuePieces,
        mut version: u64,
    ) -> Result<u64, JobError> {
        let seen = Some(version);
        self.plan.gone.entry(table.name.to_owned()).or_default();
        self.plan.counted.entry(table.name.to_owned()).or_insert(version);
        self.keep(home).await?;
        while let Some(Piece { condition, months }) = pieces.next_piece().await? {
            let from = ErasedFrom { version: seen, months: Some(months), order: Some(self.id.0) };
            let mut erasing = home.lake.erasing(table.name, &condition, &from).await?;
            version = erasing.version();
            while let Some(month) = erasing.next_month().await? {
                let erased = holds.let_go(home, month).await?;
                version = erased.version;
                *self.plan.gone.entry(erased.table.clone()).or_default() += erased.rows;
                self.plan.counted.insert(erased.table, version);
                self.keep(home).await?;
            }
        }
        Ok(version)
    }

    pub(super) fn id(&self) -> ErasureOrderId {
        self.id
    }

    /// The declaration or party that it is about; none when it is about what is due.
    pub(super) fn subject(&self) -> Option<Hash256> {
        self.subject
    }

    /// Whether the rows are out of all tables.
    pub(super) fn is_out(&self) -> bool {
        self.plan.is_out
    }

    /// The version of a table without the rows, if it is so far.
    pub(super) fn version_without(&self, table: &str) -> Option<u64> {
        self.plan.versions.get(table).copied()
    }

    /// Rows of a table that go: whose, and how many.
    pub(super) fn rows_of(&self, table: &str) -> Vec<(ErasedRows, u64)> {
        self.plan.rows_of(table)
    }

    /// Whom or what it is about.
    pub(super) fn of(&self) -> &ErasedRows {
        &self.plan.of
    }

    /// The tables of which rows are erased.
    pub(super) fn tables(&self) -> BTreeSet<String> {
        self.plan.versions.keys().cloned().collect()
    }

    /// What certificates of this order say already, by table or dataset.
    pub(super) async fn certified(
        &self,
        home: &Home,
    ) -> Result<BTreeMap<String, BTreeSet<ErasedRows>>, JobError> {
        let mut certified: BTreeMap<String, BTreeSet<ErasedRows>> = BTreeMap::new();
        for erasure in home.ledger.erasures().await? {
            if erasure.erased.order == Some(self.id) {
                certified.entry(erasure.erased.table).or_default().insert(erasure.erased.of);
            }
        }
        Ok(certified)
    }

    /// Who certifies it, and why: for the reason of the order, whoever goes on with it.
    pub(super) async fn act(&self, home: &Home) -> Result<Act, JobError> {
        home.act(Door::Job, &self.reason).await
    }

    /// Records how far it is.
    async fn keep(&self, home: &Home) -> Result<(), JobError> {
        Ok(home.ledger.plan_erasure(self.id, &json(&self.plan)?).await?)
    }
}

/// Takes the rows that meet a condition out of the newest version of a table. Returns the version without them.
async fn take_meeting(home: &Home, table: &Table, holds: &Holds, condition: &str) -> Result<u64, JobError> {
    let mut erasing = home.lake.erasing(table.name, condition, &ErasedFrom::default()).await?;
    let mut version = erasing.version();
    while let Some(month) = erasing.next_month().await? {
        version = holds.let_go(home, month).await?.version;
    }
    Ok(version)
}

/// Whose rows go by an order about a subject that broke off, by their keyed hashes.
pub(super) async fn begun(home: &Home, subject: Option<Hash256>) -> Result<BTreeSet<Hash256>, JobError> {
    let orders = open(home).await?.into_iter().filter(|order| order.subject == subject);
    let parts = orders.flat_map(|order| order.plan.tables.into_values().flatten());
    let hash = |(of, _): (ErasedRows, u64)| match of {
        ErasedRows::Subject(hash) => Some(hash),
        ErasedRows::Before(_) => None,
    };
    Ok(parts.filter_map(hash).collect())
}

/// The orders that are not finished.
pub(super) async fn open(home: &Home) -> Result<Vec<Order>, JobError> {
    home.ledger.open_erasures().await?.into_iter().map(Order::read).collect()
}

fn json(plan: &Plan) -> Result<String, JobError> {
    serde_json::to_string(plan)
        .map_err(|error| JobError::Missing(format!("an order to erase cannot be written down: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_records::tables::GOODS_ITEM;

    #[test]
    fn an_order_that_did_not_count_what_went_goes_on() {
        let stored = r#"{"of": {"before": "2025-06"}, "versions": {"goods_item": 7}, "is_out": false, "tables":
            {"declaration": [[{"before": "2025-06"}, 100]], "goods_item": [[{"before": "2025-06"}, 80]]}}"#;
        let mut plan: Plan = serde_json::from_str(stored).unwrap();
        let rows = |month: &str, rows: u64| (ErasedRows::Before(month.to_owned()), rows);
        assert_eq!(plan.rows_of("goods_item"), [rows("2025-06", 80)], "it may be that certificates are left");
        let which = Which::Due { before: "2025-07".to_owned(), version: 9 };
        plan.add(&[Found { table: &GOODS_ITEM, which, parts: vec![rows("2025-07", 5)] }]);
        assert!(plan.rows_of("declaration").is_empty(), "no try came to it");
        *plan.gone.entry("goods_item".to_owned()).or_default() += 5;
        assert_eq!(plan.rows_of("goods_item"), [rows("2025-07", 85)]);
        plan.gone.insert("goods_item".to_owned(), 0);
        assert!(plan.rows_of("goods_item").is_empty());
    }
}
