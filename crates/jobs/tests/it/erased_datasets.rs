//! Erasures reach what datasets left behind: versions that were kept back, other columns, rows of runs that broke off.

use crate::place::Place;
use crate::retention::{IMPORTERS, PARTY, lake_holds, parquet_holds, with_party};
use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use std::fs::File;
use std::sync::Arc;
use tidegate_jobs::Quiet;
use tidegate_jobs::datasets::{Outcome, RefreshOptions, known, refresh, versions};
use tidegate_jobs::maintenance::maintain;
use tidegate_jobs::retention::{Erase, erase};
use tidegate_lake::TableSpec;
use tidegate_ledger::{Door, Erasure, NewErasure};
use tidegate_query::dataset::Definition;

async fn made(place: &Place, name: &str, text: &str) -> Outcome {
    let definition = [Definition::parse("enterprise", name, text).unwrap()];
    refresh(&place.home, &definition, RefreshOptions::default(), &mut Quiet).await.unwrap()[0].outcome
}

/// Writes the party to a table with one column of texts and shows it to nobody, as a run does that breaks off.
async fn left_behind(place: &Place, table: &str, column: &str) {
    let schema = Arc::new(Schema::new(vec![Field::new(column, DataType::Utf8, true)]));
    let spec = TableSpec::try_new(table, &schema, None, &[]).unwrap();
    let row = RecordBatch::try_new(schema, vec![Arc::new(StringArray::from(vec![PARTY]))]).unwrap();
    place.home.lake.append(&spec, [row], None).await.unwrap();
}

async fn erased(place: &Place) -> Vec<NewErasure> {
    let party = Erase::Party(PARTY.to_owned());
    let certificates = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap();
    certificates.into_iter().map(|Erasure { erased, .. }| erased).collect()
}

#[tokio::test]
async fn tables_of_datasets_that_nobody_sees_go_as_well() {
    let place = with_party().await;
    let column = "-- description = \"Declarations\"\n";
    let strict = IMPORTERS.replace(column, &format!("{column}-- range = [0, 0]\n"));
    assert_eq!(made(&place, "never_shown", &strict).await, Outcome::KeptBack);
    let as_real = IMPORTERS.replace("count(*)", "CAST(count(*) AS DOUBLE)");
    assert_eq!(made(&place, "importers", &as_real).await, Outcome::Published);
    left_behind(&place, "dataset_unheard_of_0123abcd", "importer_id").await;
    let before = place.count("SELECT count(*) FROM importers").await;

    let certificates = erased(&place).await;
    assert!(!parquet_holds(&place, PARTY) && !lake_holds(&place, PARTY), "no byte of it is left in the lake");
    let dropped: Vec<&NewErasure> =
        certificates.iter().filter(|one| one.table.starts_with("dataset_")).collect();
    let names: Vec<&str> = dropped.iter().filter_map(|one| Some(one.table.rsplit_once('_')?.0)).collect();
    assert_eq!(names, ["dataset_importers", "dataset_never_shown", "dataset_unheard_of"]);
    for one in dropped {
        assert!(one.rows > 0 && one.files > 1 && one.bytes > 0 && !one.is_made_anew, "{one:?}");
    }
    assert_eq!(place.count("SELECT count(*) FROM importers").await, before - 1);
    maintain(&place.home, false, &mut Quiet).await.unwrap();
    assert_eq!(made(&place, "never_shown", IMPORTERS).await, Outcome::Published, "it may be made anew");
}

#[tokio::test]
async fn rows_that_nobody_sees_go_out_of_the_table_of_a_dataset_that_is_made_of_others() {
    let place = with_party().await;
    let of_events = "-- title = \"Results\"\n-- description = \"Loads.\"\n-- owner = \"tests\"\n-- refresh = \"daily\"\n\
         -- unique = [\"results\"]\n-- [columns.results]\n-- description = \"Results\"\n\
         SELECT CAST(count(*) AS VARCHAR) AS results FROM treatment_event\n";
    assert_eq!(made(&place, "treated", of_events).await, Outcome::Published);
    let table = versions(&place.home, "treated").await.unwrap().remove(0).recorded.made.lake_table;
    left_behind(&place, &table, "results").await;

    let certificates = erased(&place).await;
    assert!(!parquet_holds(&place, PARTY) && !lake_holds(&place, PARTY), "no byte of it is left in the lake");
    let treated = certificates.iter().find(|one| one.table == "treated").unwrap();
    assert!(treated.is_made_anew && treated.rows == 1 && treated.files > 0, "{treated:?}");
    assert_eq!(place.count("SELECT CAST(results AS BIGINT) FROM treated").await, 0);
}

#[tokio::test]
async fn a_dataset_whose_definition_cannot_be_read_is_told_and_goes_when_it_is_mended() {
    let place = with_party().await;
    let mut unreadable = versions(&place.home, "parties").await.unwrap().remove(0).recorded.made;
    unreadable.definition = "-- of another program\nSELECT 1\n".to_owned();
    let act = place.home.act_of(place.home.owner().await.unwrap(), Door::Job, "of another program");
    place.home.ledger.append_dataset_version(&unreadable, &act).await.unwrap();

    let known = known(&place.home).await.unwrap();
    assert!(known.definitions.iter().any(|one| one.name == "importers"), "the others are known");
    let told = known.unreadable["parties"].to_string();
    assert!(told.contains("the definition of the dataset parties cannot be read"), "{told}");

    let party = Erase::Party(PARTY.to_owned());
    let told = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap_err().to_string();
    for part in ["the dataset parties holds what is to be erased", "its header", "publish it mended"] {
        assert!(told.contains(part), "{told}");
    }
    let of_party = format!("SELECT count(*) FROM importers WHERE importer_id = '{PARTY}'");
    assert_eq!(place.count(&of_party).await, 0, "the others are made anew");
    assert!(parquet_holds(&place, PARTY));

    assert_eq!(made(&place, "parties", IMPORTERS).await, Outcome::Published);
    let certificates = erased(&place).await;
    assert!(certificates.iter().any(|one| one.table == "parties" && one.is_made_anew), "{certificates:?}");
    assert!(!parquet_holds(&place, PARTY) && !lake_holds(&place, PARTY), "no byte of it is left in the lake");
}

#[tokio::test]
async fn one_run_at_a_time_makes_datasets_anew_erases_or_does_upkeep() {
    let place = with_party().await;
    let running = File::create(place.home.root().join("datasets.lock")).unwrap();
    running.lock().unwrap();
    let party = Erase::Party(PARTY.to_owned());
    for refused in [
        refresh(&place.home, &[], RefreshOptions::default(), &mut Quiet).await.unwrap_err().to_string(),
        erase(&place.home, &party, "a request", &mut Quiet).await.unwrap_err().to_string(),
        maintain(&place.home, false, &mut Quiet).await.unwrap_err().to_string(),
    ] {
        assert!(refused.contains("another run makes datasets anew, erases or does upkeep"), "{refused}");
    }
    assert!(place.home.ledger.open_erasures().await.unwrap().is_empty(), "nothing was begun");
    maintain(&place.home, true, &mut Quiet).await.unwrap();
    drop(running);
    assert!(!erased(&place).await.is_empty());
}

/// What is decided while rows go would be written of declarations that are erased.
#[tokio::test]
async fn nothing_is_erased_while_another_run_decides() {
    let place = with_party().await;
    let deciding = File::create(place.home.root().join("decide.lock")).unwrap();
    deciding.lock().unwrap();
    let party = Erase::Party(PARTY.to_owned());
    let refused = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap_err().to_string();
    assert!(refused.contains("another run decides in this home, or erases; wait"), "{refused}");
    assert!(place.home.ledger.open_erasures().await.unwrap().is_empty(), "nothing was begun");
    drop(deciding);
    assert!(!erased(&place).await.is_empty());
}
