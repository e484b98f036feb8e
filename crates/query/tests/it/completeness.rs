//! Shipped datasets on how complete columns are: what follows from their plans, and that stewards read them.

use crate::country::{batch, person, tables};
use std::collections::BTreeSet;
use tidegate_query::dataset::{Dataset, Definition, Derived};
use tidegate_query::policy::{Access, Policy, Shown, TableAccess};
use tidegate_query::{Catalog, Platform};
use tidegate_records::table::Grade;

/// A shipped dataset by its name and file.
type Shipped = (&'static str, &'static str);

const COLUMNS: Shipped =
    ("column_completeness", include_str!("../../../../datasets/quality/column_completeness.sql"));
const REGISTERS: Shipped =
    ("register_completeness", include_str!("../../../../datasets/quality/register_completeness.sql"));

async fn derived((name, text): Shipped) -> (Dataset, Derived) {
    let rows = tables().into_iter().map(|(name, (table, rows))| (name, batch(table, &rows))).collect();
    let definition = Definition::parse("quality", name, text).unwrap();
    let derived = Platform::in_memory(rows, None).unwrap().derive(&definition).await.unwrap();
    let dataset = Dataset {
        name: definition.name,
        domain: definition.domain,
        lake_table: format!("dataset_{name}"),
        title: definition.header.title,
        description: definition.header.description,
        owner: definition.header.owner,
        columns: derived.columns.clone(),
        made: None,
    };
    (dataset, derived)
}

/// What a steward of a clearance is shown for a purpose.
fn access(datasets: &[&Dataset], clearance: Grade) -> Access {
    let datasets = datasets.iter().map(|dataset| (*dataset).clone()).collect();
    let catalog = Catalog { datasets, ..Catalog::default() };
    let steward = person("St", "steward", clearance);
    Policy::parse(&Policy::shipped_files()).unwrap().access(&steward, "data-quality", &catalog).unwrap()
}

#[tokio::test]
async fn a_month_of_columns_is_made_of_stored_rows_of_that_month_alone() {
    let (_, columns) = derived(COLUMNS).await;
    let (_, registers) = derived(REGISTERS).await;
    let of_months = ["declaration", "goods_item", "inspection", "reinspection", "treatment_event"];
    assert_eq!(columns.tables, of_months.map(str::to_owned).into());
    assert_eq!(columns.read_whole, Some(BTreeSet::new()));
    assert_eq!(registers.tables, ["enterprise", "special_filing"].map(str::to_owned).into());
    assert_eq!(registers.read_whole, None, "registers have no months");
}

#[tokio::test]
async fn stewards_read_how_complete_columns_are_that_they_see_masked_at_least() {
    let (columns, _) = derived(COLUMNS).await;
    let (registers, _) = derived(REGISTERS).await;
    let cleared = access(&[&columns, &registers], Grade::General3);
    let junior = access(&[&columns, &registers], Grade::General2);
    let mut masked = 0;
    for dataset in [&columns, &registers] {
        let graded = dataset.columns.iter().map(|column| column.grade);
        assert!(graded.clone().all(|grade| grade == Grade::General3), "{:?}", graded.collect::<Vec<_>>());
        let shown = &cleared.tables[&dataset.name];
        assert!(shown.is_clear() && shown.columns.len() == dataset.columns.len(), "{shown:?}");
        assert!(!junior.tables.get(&dataset.name).is_some_and(TableAccess::is_clear), "{junior:?}");
        for origin in dataset.columns.iter().flat_map(|column| &column.origins) {
            let (table, column) = origin.split_once('.').unwrap();
            let stored = cleared.tables[table].columns.get(column);
            assert!(stored.is_some(), "whether {origin} is there is told of nothing else");
            masked += usize::from(stored != Some(&Shown::Clear));
        }
    }
    assert!(masked > 0, "numbers and names of parties are counted, and masked where they stand");
}
