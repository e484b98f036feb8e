//! The tables of the lake that hold rows of datasets, and what is in them beside what readers see.

use crate::{Home, JobError};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use tidegate_lake::LakeError;
use tidegate_ledger::DatasetVersion;
use tidegate_query::dataset::Derived;
use tidegate_risk::hex::hex;

/// Table of the lake for rows of these columns: other types, other grades or no months are another table, so that readers of the
/// version before keep it, and never see rows under the grades of another version.
pub(super) fn lake_table(name: &str, derived: &Derived) -> String {
    let mut hasher = Sha256::new();
    for (field, column) in derived.schema.fields().iter().zip(&derived.columns) {
        let (data_type, is_nullable) = (field.data_type(), field.is_nullable());
        let (grade, category) = (column.grade.as_str(), column.category.as_str());
        let name = field.name();
        hasher.update(format!("{name}\u{0}{data_type}\u{0}{is_nullable}\u{0}{grade}\u{0}{category}\u{0}"));
    }
    format!("dataset_{name}_{}", hex(&hasher.finalize()[..4]))
}

/// The dataset whose rows a table of the lake holds, by its name; none of a stored table.
pub(crate) fn dataset_of(table: &str) -> Option<&str> {
    let (dataset, hash) = table.strip_prefix("dataset_")?.rsplit_once('_')?;
    (hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit())).then_some(dataset)
}

/// Whether rows were written to the table of a version after it: those of a version that was kept back, or those that a run left which
/// broke off before the ledger knew of them.
pub(crate) async fn is_overwritten(home: &Home, version: &DatasetVersion) -> Result<bool, JobError> {
    match home.lake.is_changed_since(&version.made.lake_table, version.made.lake_version).await {
        Ok(is_changed) => Ok(is_changed),
        Err(LakeError::NoTable { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Tables with rows of datasets that no version which readers see names: rows that were kept back, those with columns that a dataset
/// has no longer, and those that a run left which broke off.
pub(crate) async fn unseen_tables(home: &Home) -> Result<BTreeSet<String>, JobError> {
    let published = home.ledger.published_datasets().await?;
    let seen: BTreeSet<String> = published.into_iter().map(|version| version.made.lake_table).collect();
    let mut tables = home.lake.tables().await?;
    tables.retain(|table| dataset_of(table).is_some() && !seen.contains(table));
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_datasets_are_known_by_their_names() {
        for (table, dataset) in [
            ("dataset_counts_0123abcd", Some("counts")),
            ("dataset_counts_of_00000000_0123abcd", Some("counts_of_00000000")),
            ("dataset_counts_0123abc", None),
            ("dataset_counts_0123abcg", None),
            ("dataset_0123abcd", None),
            ("declaration", None),
        ] {
            assert_eq!(dataset_of(table), dataset, "{table}");
        }
    }
}
