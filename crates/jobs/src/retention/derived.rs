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

/// Makes every dataset anew that is made of a table of which rows were erased, and removes what held its rows before; retired ones too,
/// whose rows wait to be restored. The certificate of a dataset says how many rows it has since. What the order has a certificate of is
/// done.
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
    let options = RefreshOptions { after_erasure: true, ..RefreshOptions::default() };
    // One that cannot be made keeps no others from being made, whose files hold what was erased.
    let (mut made, mut stuck) = (BTreeSet::new(), None);
    for definition in definitions {
        match refresh(home, std::slice::from_ref(&definition), options, progress).await {
            Ok(_) => {
                made.insert(definition.name);
            }
            Err(error) => {
                let mend = "publish it mended (`datasets refresh --from`) or wait until its rows allow it, then give the order again";
                let told =
                    format!("the dataset {} holds what is to be erased: {error}; {mend}", definition.name);
                stuck.get_or_insert(JobError::Missing(told));
            }
        }
    }
    // One with nothing to make anew was made when the order had broken off: its files of before are there all the same.
    let act = order.act(home).await?;
    for version in home.ledger.published_datasets().await? {
        let version = version.made;
        if made.contains(&version.name) {
            let (table, lake_version) = (version.lake_table, version.lake_version);
            let without = Erased { table, version: lake_version, rows: 0, files: Vec::new() };
            let purged = home.lake.purge(&without).await?;
            let new = NewErasure {
                table: version.name,
                of: order.of().clone(),
                rows: version.rows,
                files: purged.files as u64,
                bytes: purged.bytes,
                lake_version,
                is_made_anew: true,
                order: Some(order.id()),
            };
            home.ledger.record_erasure(&new, &act).await?;
        }
    }
    stuck.map_or(Ok(()), Err)
}

/// Datasets that were published, be they retired since, and that read one of the tables.
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
