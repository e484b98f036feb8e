//! Datasets that were made of erased rows: made anew at once, and the files of before removed.

use super::order::Order;
use crate::JobError;
use crate::datasets::{RefreshOptions, published, refresh};
use crate::home::Home;
use crate::progress::Progress;
use std::collections::BTreeSet;
use tidegate_lake::Erased;
use tidegate_ledger::NewErasure;
use tidegate_query::dataset::Definition;

/// Makes every dataset anew that is made of a table of which rows were erased, and removes what held its rows before. The certificate
/// of a dataset says how many rows it has since. What the order has a certificate of is done.
///
/// # Errors
/// When lake or ledger fail.
pub(super) async fn remake(home: &Home, order: &Order, progress: &mut dyn Progress) -> Result<(), JobError> {
    let certified = order.certified(home).await?;
    let mut definitions = made_of(home, &order.tables()).await?;
    definitions.retain(|definition| !certified.contains_key(&definition.name));
    if definitions.is_empty() {
        return Ok(());
    }
    let options = RefreshOptions { whatever_checks_say: true, ..RefreshOptions::default() };
    refresh(home, &definitions, options, progress).await?;
    // One with nothing to make anew was made when the order had broken off: its files of before are there all the same.
    let names: BTreeSet<&str> = definitions.iter().map(|definition| definition.name.as_str()).collect();
    let act = order.act(home).await?;
    for version in home.ledger.published_datasets().await? {
        let made = version.made;
        if names.contains(made.name.as_str()) {
            let (table, lake_version) = (made.lake_table, made.lake_version);
            let without = Erased { table, version: lake_version, rows: 0, files: Vec::new() };
            let purged = home.lake.purge(&without).await?;
            let new = NewErasure {
                table: made.name,
                of: order.of().clone(),
                rows: made.rows,
                files: purged.files as u64,
                bytes: purged.bytes,
                lake_version,
                is_made_anew: true,
                order: Some(order.id()),
            };
            home.ledger.record_erasure(&new, &act).await?;
        }
    }
    Ok(())
}

/// Datasets that readers see and that read one of the tables.
async fn made_of(home: &Home, tables: &BTreeSet<String>) -> Result<Vec<Definition>, JobError> {
    let platform = home.platform().await?;
    let mut definitions = Vec::new();
    for definition in published(home).await? {
        if !platform.derive(&definition).await?.tables.is_disjoint(tables) {
            definitions.push(definition);
        }
    }
    Ok(definitions)
}
