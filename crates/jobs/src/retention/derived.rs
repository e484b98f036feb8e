//! Datasets that were made of erased rows: made anew at once, and the files of before removed.

use super::order::Order;
use crate::JobError;
use crate::alone::Alone;
use crate::datasets::{RefreshOptions, definition_of, is_overwritten, refresh_alone, unseen_tables};
use crate::home::Home;
use crate::progress::Progress;
use std::collections::BTreeSet;
use tidegate_lake::{Erased, LakeError};
use tidegate_ledger::{DatasetVersion, NewErasure};
use tidegate_query::Platform;

/// Makes every dataset anew whose files may hold erased rows, retired ones too, whose rows wait to be restored, and removes those files,
/// and every table of datasets that readers do not see. The certificate of a dataset says how many rows it has since. What the order has
/// a certificate of is done.
///
/// # Errors
/// When lake or ledger fail.
pub(super) async fn remake(
    home: &Home,
    order: &Order,
    alone: &Alone,
    progress: &mut dyn Progress,
) -> Result<(), JobError> {
    let certified = order.certified(home).await?;
    let mut datasets = made_of(home, &order.tables()).await?;
    datasets.retain(|version| !certified.contains_key(&version.made.name));
    let options = RefreshOptions { after_erasure: true, ..RefreshOptions::default() };
    // One that cannot be made keeps no others from being made, whose files hold what was erased.
    let (mut made, mut stuck) = (BTreeSet::new(), None);
    for version in datasets {
        let name = version.made.name.clone();
        let refreshed = match definition_of(version) {
            Ok(definition) => refresh_alone(home, &[definition], options, alone, progress).await,
            Err(unreadable) => Err(unreadable),
        };
        if let Err(error) = refreshed {
            let mend = "restore it if it is retired, publish it mended (`datasets refresh --from`) or wait until its rows allow \
                it, then give the order again";
            let told = format!("the dataset {name} holds what is to be erased: {error}; {mend}");
            stuck.get_or_insert(JobError::Missing(told));
        } else {
            made.insert(name);
        }
    }
    purge(home, order, &made).await?;
    drop_unseen(home, order).await?;
    stuck.map_or(Ok(()), Err)
}

/// Removes the files that held rows of datasets before they were made anew, and certifies it. One with nothing to make anew was made when
/// the order had broken off: its files of before are there all the same.
async fn purge(home: &Home, order: &Order, made: &BTreeSet<String>) -> Result<(), JobError> {
    let act = order.act(home).await?;
    for DatasetVersion { made: version, .. } in home.ledger.published_datasets().await? {
        if !made.contains(&version.name) {
            continue;
        }
        let (table, lake_version) = (version.lake_table, version.lake_version);
        // Upkeep that joined files after the version may have broken off before readers were shown them: the rows are the same, and
        // purging forgets every state that names a version before the newest.
        let newest = home.lake.table_version(&table).await?;
        if newest != lake_version {
            home.lake.record_snapshot(home.now, [(table.clone(), newest)]).await?;
        }
        let without = Erased { table, version: newest, rows: 0, files: Vec::new() };
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
    Ok(())
}

/// Drops the tables of datasets that readers do not see, with the states of the lake that name them, and certifies it.
async fn drop_unseen(home: &Home, order: &Order) -> Result<(), JobError> {
    let unseen = unseen_tables(home).await?;
    let shown = home.snapshot().await?.map(|snapshot| snapshot.tables).unwrap_or_default();
    if shown.keys().any(|table| unseen.contains(table)) {
        home.lake.record_snapshot_without(home.now, &unseen).await?;
    }
    let act = order.act(home).await?;
    for table in unseen {
        home.lake.forget_snapshots_of(&table).await?;
        let dropped = match home.lake.drop_table(&table).await {
            Ok(dropped) => dropped,
            // It was dropped before, and its empty folder is left.
            Err(LakeError::NoTable { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        // A certificate is of rows.
        if dropped.rows == 0 {
            continue;
        }
        let new = NewErasure {
            table,
            of: order.of().clone(),
            rows: dropped.rows,
            files: dropped.files as u64,
            bytes: dropped.bytes,
            lake_version: dropped.version + 1,
            is_made_anew: false,
            order: Some(order.id()),
        };
        home.ledger.record_erasure(&new, &act).await?;
    }
    Ok(())
}

/// Datasets that were published, be they retired since, and whose files may hold rows of the tables. One whose definition cannot be
/// read may hold rows of any.
async fn made_of(home: &Home, tables: &BTreeSet<String>) -> Result<Vec<DatasetVersion>, JobError> {
    let platform = home.platform().await?;
    let mut datasets = Vec::new();
    for version in home.ledger.published_datasets().await? {
        if may_hold(home, &platform, &version.made.name, tables).await? {
            datasets.push(version);
        }
    }
    Ok(datasets)
}

/// Whether files of the table that readers see of a dataset may hold rows of other tables: those of a version that any definition made
/// there, kept back or not, or rows of which the ledger does not know what they are made of.
async fn may_hold(
    home: &Home,
    platform: &Platform,
    dataset: &str,
    tables: &BTreeSet<String>,
) -> Result<bool, JobError> {
    let mut versions = home.ledger.dataset_versions(dataset, u32::MAX).await?;
    let seen = versions.iter().find(|version| version.made.is_published);
    let seen = seen.map(|version| version.made.lake_table.clone());
    versions.retain(|version| Some(&version.made.lake_table) == seen.as_ref());
    if let Some(newest) = versions.first()
        && is_overwritten(home, newest).await?
    {
        return Ok(true);
    }
    let mut planned = BTreeSet::new();
    for version in versions {
        if !planned.insert(version.sha256) {
            continue;
        }
        // What cannot be read or planned any more may have read anything.
        let Ok(definition) = definition_of(version) else { return Ok(true) };
        let derived = platform.derive(&definition).await;
        if !derived.is_ok_and(|derived| derived.tables.is_disjoint(tables)) {
            return Ok(true);
        }
    }
    Ok(false)
}
