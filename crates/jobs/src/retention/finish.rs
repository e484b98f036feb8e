//! Finishing an order to erase: readers are shown the tables without the rows, every file that held them goes, certificates stay.

use super::derived;
use super::order::{self, Order};
use crate::JobError;
use crate::alone::Alone;
use crate::home::Home;
use crate::progress::Progress;
use std::collections::BTreeSet;
use tidegate_lake::Erased;
use tidegate_ledger::{ErasedRows, Hash256, NewErasure};
use tidegate_records::table::Table;
use tidegate_records::tables;

/// Shows readers the tables without the rows, removes every file that held them, certifies it, and does the same with datasets.
pub(super) async fn finish(
    home: &Home,
    order: &Order,
    alone: &Alone,
    progress: &mut dyn Progress,
) -> Result<(), JobError> {
    let without = |table: &Table| {
        let version = order.version_without(table.name)?;
        Some(Erased { table: table.name.to_owned(), version, rows: 0, files: Vec::new() })
    };
    let out: Vec<Erased> = tables::stored().filter_map(without).collect();
    home.lake.record_snapshot(home.now, &out).await?;
    let certified = order.certified(home).await?;
    progress.step("removing files", out.len() as u64, "tables");
    for (done, erased) in (1..).zip(&out) {
        remove(home, order, erased, certified.get(&erased.table)).await?;
        progress.done(done);
    }
    Box::pin(derived::remake(home, order, alone, progress)).await?;
    Ok(home.ledger.finish_erasure(order.id(), home.now).await?)
}

/// Removes the files of one table, and certifies what is not certified yet.
async fn remove(
    home: &Home,
    order: &Order,
    erased: &Erased,
    certified: Option<&BTreeSet<ErasedRows>>,
) -> Result<(), JobError> {
    let all = order.rows_of(&erased.table);
    let is_open = |(of, _): &&(ErasedRows, u64)| certified.is_none_or(|certified| !certified.contains(of));
    let parts: Vec<&(ErasedRows, u64)> = all.iter().filter(is_open).collect();
    if parts.is_empty() && !all.is_empty() {
        return Ok(());
    }
    let purged = home.lake.purge(erased).await?;
    let act = order.act(home).await?;
    for (of, rows) in parts {
        let new = NewErasure {
            table: erased.table.clone(),
            of: of.clone(),
            rows: *rows,
            files: purged.files as u64,
            bytes: purged.bytes,
            lake_version: erased.version,
            is_made_anew: false,
            order: Some(order.id()),
        };
        home.ledger.record_erasure(&new, &act).await?;
    }
    Ok(())
}

/// Finishes the orders that broke off when the rows were out of all tables. Returns whom they were about, and why one could not be
/// finished, which keeps no other from it.
pub(super) async fn go_on(
    home: &Home,
    alone: &Alone,
    progress: &mut dyn Progress,
) -> Result<(BTreeSet<Option<Hash256>>, Option<JobError>), JobError> {
    let (mut finished, mut stuck) = (BTreeSet::new(), None);
    for order in order::open(home).await?.into_iter().filter(Order::is_out) {
        match finish(home, &order, alone, progress).await {
            Ok(()) => {
                finished.insert(order.subject());
            }
            Err(error) => {
                stuck.get_or_insert(error);
            }
        }
    }
    Ok((finished, stuck))
}
