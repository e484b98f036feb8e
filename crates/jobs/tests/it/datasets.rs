//! Datasets: made anew where something changed, checked, and kept back when a check fails.

use crate::place::Place;
use crate::source;
use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tidegate_jobs::datasets::{
    Outcome, RefreshOptions, Refreshed, refresh, restore, retire, retired, shipped, versions,
};
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_jobs::maintenance::{Maintained, maintain};
use tidegate_jobs::{Configuration, Home, Quiet, query};
use tidegate_lake::TableSpec;
use tidegate_ledger::Door;
use tidegate_query::dataset::Definition;

const COUNTS: &str = "SELECT d.month, d.office_id, count(*) AS items, sum(g.net_mass_kg) AS mass_kg FROM declaration d \
    JOIN goods_item g ON g.month = d.month AND g.declaration_id = d.declaration_id AND g.version_number = \
    d.version_number GROUP BY d.month, d.office_id";

fn counts(sql: &str, most_items: u32) -> Definition {
    let text = format!(
        "-- title = \"Counts\"\n-- description = \"Items.\"\n-- owner = \"tests\"\n-- refresh = \"daily\"\n\
         -- increment = \"month\"\n-- unique = [\"month\", \"office_id\"]\n-- [fresh]\n-- column = \"month\"\n\
         -- days = 30\n-- [columns.month]\n-- description = \"Month\"\n-- is_required = true\n-- [columns.office_id]\n\
         -- description = \"Office\"\n-- reference = \"declaration.office_id\"\n-- [columns.items]\n\
         -- description = \"Items\"\n-- range = [1, {most_items}]\n-- [columns.mass_kg]\n-- description = \"Mass\"\n\
         -- unit = \"kg\"\n{sql}\n"
    );
    Definition::parse("declaration", "counts", &text).unwrap()
}

pub async fn made(place: &Place, definition: &Definition, options: RefreshOptions) -> Refreshed {
    let all = refresh(&place.home, std::slice::from_ref(definition), options, &mut Quiet).await;
    all.unwrap().pop().unwrap()
}

/// Every row of the dataset as one text, in order.
async fn rows(place: &Place) -> Vec<String> {
    let row = "concat(month, ' ', office_id, ' ', items, ' ', mass_kg)";
    place.texts(&format!("SELECT {row} FROM counts ORDER BY month, office_id")).await
}

pub async fn load(place: &Place, name: &str, rows: &[String]) {
    place.ingest(&place.write(name, &source::file(rows)), true).await.unwrap();
}

#[tokio::test]
async fn what_changed_is_made_anew_and_gives_what_making_everything_gives() {
    let place = Place::new().await;
    let year = source::rows(1, 2025, 120, 0);
    load(&place, "first.csv", &year[..100]).await;
    let definition = counts(COUNTS, 1_000);
    let first = made(&place, &definition, RefreshOptions::default()).await;
    assert_eq!((first.outcome, first.version, first.months), (Outcome::Published, Some(1), None));
    assert_eq!(first.rows, rows(&place).await.len() as u64);
    let again = made(&place, &definition, RefreshOptions::default()).await;
    assert_eq!((again.outcome, again.version), (Outcome::Unchanged, None));

    load(&place, "second.csv", &year[100..]).await;
    let second = made(&place, &definition, RefreshOptions::default()).await;
    let months = ["2025-11", "2025-12"].map(str::to_owned).to_vec();
    assert_eq!((second.outcome, second.months), (Outcome::Published, Some(months)));
    let by_months = rows(&place).await;
    assert_eq!(by_months.len(), 12);
    let whole = made(&place, &definition, RefreshOptions { whole: true, ..RefreshOptions::default() }).await;
    assert_eq!((whole.version, whole.months), (Some(3), None));
    assert_eq!(rows(&place).await, by_months);

    let early = RefreshOptions { whole: true, only_due: true, ..RefreshOptions::default() };
    assert_eq!(made(&place, &definition, early).await.outcome, Outcome::Unchanged, "not due before tomorrow");
    let told: Vec<u64> = versions(&place.home, "counts")
        .await
        .unwrap()
        .iter()
        .map(|version| version.recorded.version)
        .collect();
    assert_eq!(told, [3, 2, 1]);
}

#[tokio::test]
async fn rows_that_fail_a_strict_check_are_kept_from_readers() {
    let place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    made(&place, &counts(COUNTS, 1_000), RefreshOptions::default()).await;
    let before = rows(&place).await;

    load(&place, "second.csv", &source::rows(2, 2025, 60, 1_000)).await;
    let refused = made(&place, &counts(COUNTS, 5), RefreshOptions::default()).await;
    assert_eq!((refused.outcome, refused.version), (Outcome::KeptBack, Some(2)));
    let failed: Vec<String> = refused
        .checks
        .iter()
        .filter(|check| !check.is_passed)
        .map(|check| format!("{}: {} ({})", check.name, check.found, check.is_strict))
        .collect();
    assert_eq!(failed, ["range items: 12 rows (true)", "fresh month: 2025-12 (false)"]);
    assert_eq!(rows(&place).await, before, "readers see the version before");

    let fixed = made(&place, &counts(COUNTS, 1_000), RefreshOptions::default()).await;
    assert_eq!((fixed.outcome, fixed.version), (Outcome::Published, Some(3)));
    assert_eq!(fixed.months, None, "nothing of what was kept back stays");
    assert_ne!(rows(&place).await, before);
    let twice = COUNTS
        .replace("GROUP BY d.month, d.office_id", "GROUP BY d.month, d.office_id, g.origin_country_code");
    let twice = made(&place, &counts(&twice, 1_000), RefreshOptions::default()).await;
    assert_eq!(twice.outcome, Outcome::KeptBack);
    assert!(twice.checks.iter().any(|check| check.name == "unique month, office_id" && !check.is_passed));
}

/// Offices by month, one that is missing or not the declarations' own, and a mean that may differ by a tenth.
fn offices(office: &str) -> Definition {
    let text = format!(
        "-- title = \"Offices\"\n-- description = \"Items.\"\n-- owner = \"tests\"\n-- refresh = \"daily\"\n\
         -- unique = [\"month\"]\n-- [columns.month]\n-- description = \"Month\"\n-- [columns.office_id]\n\
         -- description = \"Office\"\n-- is_required = true\n-- reference = \"declaration.office_id\"\n\
         -- [columns.items]\n-- description = \"Items\"\n-- drift = 0.1\n\
         SELECT month, {office} AS office_id, count(*) AS items FROM declaration GROUP BY month\n"
    );
    Definition::parse("declaration", "offices", &text).unwrap()
}

#[tokio::test]
async fn a_missing_value_a_stranger_and_a_mean_that_moves_are_found() {
    let place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    let found = async |office: &str| {
        let refreshed = made(&place, &offices(office), RefreshOptions::default()).await;
        let failed = refreshed.checks.iter().filter(|check| !check.is_passed);
        let failed = failed.map(|check| format!("{}: {} ({})", check.name, check.found, check.is_strict));
        (refreshed.outcome, failed.collect::<Vec<_>>().join(", "))
    };
    let told = |outcome: Outcome, failed: &str| (outcome, failed.to_owned());
    assert_eq!(found("max(office_id)").await, told(Outcome::Published, ""));
    let missing = found("CASE WHEN month > '2025-02' THEN max(office_id) END").await;
    assert_eq!(missing, told(Outcome::KeptBack, "required office_id: 2 rows (true)"));
    let stranger = found("CASE WHEN month > '2025-02' THEN max(office_id) ELSE '21' END").await;
    assert_eq!(stranger, told(Outcome::KeptBack, "reference office_id: 1 rows (true)"));
    load(&place, "second.csv", &source::rows(2, 2025, 60, 1_000)).await;
    let moved = found("max(office_id)").await;
    assert_eq!(moved, told(Outcome::Published, "drift items: 10 (false)"), "five a month before");
}

#[tokio::test]
async fn rows_that_were_kept_back_never_come_to_stand_beside_others() {
    let place = Place::new().await;
    let year = source::rows(1, 2025, 120, 0);
    load(&place, "first.csv", &year[..100]).await;
    let definition = counts(COUNTS, 100_000);
    made(&place, &definition, RefreshOptions::default()).await;
    // Of every month, with the same columns.
    let other = counts(&COUNTS.replace("count(*)", "count(*) + 1000"), 5);
    assert_eq!(made(&place, &other, RefreshOptions::default()).await.outcome, Outcome::KeptBack);
    let told = versions(&place.home, "counts").await.unwrap();
    assert_eq!(told[0].recorded.made.lake_table, told[1].recorded.made.lake_table);

    load(&place, "second.csv", &year[100..]).await;
    let again = made(&place, &definition, RefreshOptions::default()).await;
    assert_eq!((again.outcome, again.months), (Outcome::Published, None), "everything is made anew");
    let shown = rows(&place).await;
    let whole = made(&place, &definition, RefreshOptions { whole: true, ..RefreshOptions::default() }).await;
    assert_eq!((whole.version, rows(&place).await), (Some(4), shown));
}

#[tokio::test]
async fn rows_of_a_run_that_broke_off_are_shown_to_nobody() {
    let place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    let text = "-- title = \"Months\"\n-- description = \"Months.\"\n-- owner = \"tests\"\n-- refresh = \"daily\"\n\
        -- increment = \"month\"\n-- unique = [\"month\"]\n-- [columns.month]\n-- description = \"Month\"\n\
        -- [columns.declarations]\n-- description = \"Number\"\n\
        SELECT month, count(*) AS declarations FROM declaration GROUP BY month\n";
    let definition = Definition::parse("declaration", "months", text).unwrap();
    made(&place, &definition, RefreshOptions::default()).await;
    let shown = async || place.texts("SELECT concat(month, ' ', declarations) FROM months ORDER BY 1").await;
    let before = shown().await;
    let table = versions(&place.home, "months").await.unwrap().remove(0).recorded.made.lake_table;
    let columns =
        vec![Field::new("month", DataType::Utf8, false), Field::new("declarations", DataType::Int64, true)];
    let schema = Arc::new(Schema::new(columns));
    let spec = TableSpec::try_new(&table, &schema, Some("month"), &[]).unwrap();
    let (month, number) = (StringArray::from(vec!["2025-03"]), Int64Array::from(vec![7]));
    let row = RecordBatch::try_new(schema, vec![Arc::new(month), Arc::new(number)]).unwrap();
    place.home.lake.append(&spec, [row], None).await.unwrap();

    // The month has two small files now.
    let upkeep = maintain(&place.home, false, &mut Quiet).await.unwrap();
    assert_eq!(upkeep.iter().find(|one| one.table == table).unwrap().joined, 0);
    assert_eq!(shown().await, before);
    let again = made(&place, &definition, RefreshOptions::default()).await;
    assert_eq!((again.outcome, again.months), (Outcome::Published, None), "everything is made anew");
    assert_eq!(shown().await, before);
    let later = made(&place, &definition, RefreshOptions::default()).await;
    assert_eq!(later.outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn a_column_without_any_value_left_has_drifted() {
    let place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    let drifting = |sql: &str| {
        let unit = "-- unit = \"kg\"\n";
        let text = counts(sql, 1_000).text.replace(unit, &format!("{unit}-- drift = 0.5\n"));
        Definition::parse("declaration", "counts", &text).unwrap()
    };
    made(&place, &drifting(COUNTS), RefreshOptions::default()).await;
    let mass = "sum(g.net_mass_kg)";
    let nothing = COUNTS.replace(mass, &format!("CASE WHEN {mass} < 0 THEN {mass} END"));
    let refreshed = made(&place, &drifting(&nothing), RefreshOptions::default()).await;
    let check = refreshed.checks.iter().find(|check| check.name == "drift mass_kg").unwrap();
    assert_eq!((check.is_passed, check.found.as_str()), (false, "no value in any row"), "{check:?}");
    assert_eq!(refreshed.outcome, Outcome::Published, "it is told and keeps nothing back");
}

#[tokio::test]
async fn a_definition_with_other_columns_takes_the_place_of_the_one_before() {
    let place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    made(&place, &counts(COUNTS, 1_000), RefreshOptions::default()).await;
    let as_real = counts(&COUNTS.replace("sum(g.net_mass_kg)", "CAST(sum(g.net_mass_kg) AS DOUBLE)"), 1_000);
    let changed = made(&place, &as_real, RefreshOptions::default()).await;
    assert_eq!((changed.outcome, changed.version, changed.months), (Outcome::Published, Some(2), None));
    assert!(rows(&place).await[0].ends_with(".5") || rows(&place).await[0].ends_with(".0"));
}

#[tokio::test]
async fn a_dataset_that_is_retired_is_read_and_made_no_more_until_it_is_restored() {
    let mut place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    let definition = counts(COUNTS, 1_000);
    let stranger = retire(&place.home, "counts", "nobody needs it").await.unwrap_err().to_string();
    assert!(stranger.contains("there is no dataset `counts`"), "{stranger}");
    made(&place, &definition, RefreshOptions::default()).await;
    let before = rows(&place).await;
    let told = "SELECT count(*) FROM information_schema.datasets WHERE dataset_name = 'counts'";
    assert_eq!(place.count(told).await, 1);

    retire(&place.home, "counts", "its file was taken away").await.unwrap();
    let retired: Vec<String> = retired(&place.home)
        .await
        .unwrap()
        .into_iter()
        .map(|one| format!("{}: {}", one.dataset, one.reason))
        .collect();
    assert_eq!(retired, ["counts: its file was taken away"]);
    let refused = query(&place.home, "test", "SELECT * FROM counts").await.unwrap_err().to_string();
    assert!(refused.contains("counts"), "{refused}");
    assert_eq!(place.count(told).await, 0);
    load(&place, "second.csv", &source::rows(2, 2025, 60, 1_000)).await;
    let left = made(&place, &definition, RefreshOptions { whole: true, ..RefreshOptions::default() }).await;
    assert_eq!((left.outcome, left.version, left.rows), (Outcome::Retired, None, before.len() as u64));
    assert_eq!(versions(&place.home, "counts").await.unwrap().len(), 1);
    // Upkeep keeps what can be restored.
    place.home.now = "2100-01-01T00:00:00Z".parse().unwrap();
    let upkeep = maintain(&place.home, false, &mut Quiet).await.unwrap();
    assert!(upkeep.iter().all(|one| !one.is_dropped), "{upkeep:?}");

    restore(&place.home, "counts", "it is needed").await.unwrap();
    assert_eq!(rows(&place).await, before, "readers see the version of before");
    let made = made(&place, &definition, RefreshOptions::default()).await;
    assert_eq!((made.outcome, made.version), (Outcome::Published, Some(2)));
    assert_ne!(rows(&place).await, before);
}

#[tokio::test]
async fn an_open_desk_knows_what_is_retired_and_restored_with_the_next_statement() {
    let place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    made(&place, &counts(COUNTS, 1_000), RefreshOptions::default()).await;
    let (now, root) = (place.home.now, place.home.root());
    let home = Home::open(root, Configuration::default(), now).await.unwrap();
    let account = home.ledger.local_owner().await.unwrap();
    let desk = Desk::new(home, Arc::new(move || -> DateTime<Utc> { now }));
    let visit = Visit { account, token: None, door: Door::Http, purpose: "test".to_owned() };
    let is_read = async || match desk.ask(&visit, "SELECT * FROM counts", None).await {
        Ok(answer) => answer.collect().await.is_ok(),
        Err(_) => false,
    };
    assert!(is_read().await);
    retire(&place.home, "counts", "nobody needs it").await.unwrap();
    assert!(!is_read().await);
    restore(&place.home, "counts", "it is needed").await.unwrap();
    assert!(is_read().await);
    desk.close().await;
}

/// Folders of the lake with a file, but for those of the lake itself.
fn tables(place: &Place) -> Vec<String> {
    let folders = std::fs::read_dir(place.home.root().join("lake")).unwrap().map(Result::unwrap);
    let is_table =
        |folder: &std::fs::DirEntry| folder.path().join("_delta_log/00000000000000000000.json").is_file();
    let mut names: Vec<String> =
        folders.filter(is_table).map(|folder| folder.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn upkeep_drops_the_table_of_columns_that_a_dataset_has_no_longer() {
    let mut place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    made(&place, &counts(COUNTS, 1_000), RefreshOptions::default()).await;
    let first = versions(&place.home, "counts").await.unwrap().remove(0).recorded.made.lake_table;
    let as_real = counts(&COUNTS.replace("sum(g.net_mass_kg)", "CAST(sum(g.net_mass_kg) AS DOUBLE)"), 1_000);
    made(&place, &as_real, RefreshOptions::default()).await;
    let second = versions(&place.home, "counts").await.unwrap().remove(0).recorded.made.lake_table;
    // Of a dataset that this ledger never heard of.
    let lake = place.home.root().join("lake");
    let stranger = "dataset_counts_00000000";
    std::fs::create_dir_all(lake.join(stranger).join("_delta_log")).unwrap();
    std::fs::copy(
        lake.join(&first).join("_delta_log/00000000000000000000.json"),
        lake.join(stranger).join("_delta_log/00000000000000000000.json"),
    )
    .unwrap();
    let all = tables(&place);
    assert!(all.contains(&first) && all.contains(&second) && all.len() == 8, "{all:?}");
    let dropped = |all: Vec<Maintained>| {
        all.into_iter().filter(|one| one.is_dropped).map(|one| one.table).collect::<Vec<_>>()
    };
    let young = maintain(&place.home, false, &mut Quiet).await.unwrap();
    assert!(dropped(young).is_empty() && tables(&place) == all, "it may be about to become current again");

    // Long after every file, whose times are the machine's own.
    place.home.now = "2100-01-01T00:00:00Z".parse().unwrap();
    let dry = maintain(&place.home, true, &mut Quiet).await.unwrap();
    assert_eq!((dropped(dry), tables(&place)), (vec![first.clone()], all.clone()));
    let before = rows(&place).await;
    let done = maintain(&place.home, false, &mut Quiet).await.unwrap();
    assert!(done.iter().any(|one| one.table == first && one.removed > 1), "{done:?}");
    assert_eq!(dropped(done), std::slice::from_ref(&first));
    let left: Vec<String> = all.into_iter().filter(|table| *table != first).collect();
    assert_eq!(tables(&place), left);
    assert_eq!(rows(&place).await, before);
    assert!(dropped(maintain(&place.home, false, &mut Quiet).await.unwrap()).is_empty());

    let again = made(&place, &counts(COUNTS, 1_000), RefreshOptions::default()).await;
    assert_eq!((again.outcome, again.version), (Outcome::Published, Some(3)), "columns may come back");
}

#[tokio::test]
async fn a_dataset_grows_old_while_nothing_is_loaded() {
    let mut place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    let of_table = |table: &str| {
        let fresh = format!("-- table = \"{table}\"\n-- days = 3\n");
        let text = counts(COUNTS, 1_000).text.replace("-- column = \"month\"\n-- days = 30\n", &fresh);
        Definition::parse("declaration", "counts", &text).unwrap()
    };
    let (definition, options) = (of_table("goods_item"), RefreshOptions::default());
    let age = |refreshed: &Refreshed| {
        let check = refreshed.checks.iter().find(|check| check.name == "fresh goods_item").unwrap();
        (refreshed.outcome, check.is_passed, check.found.get(..10).map(str::to_owned))
    };
    let loaded = |day: &str| Some(day.to_owned());
    let first = made(&place, &definition, options).await;
    assert_eq!(age(&first), (Outcome::Published, true, loaded("2026-11-24")));
    place.home.now = "2026-11-27T23:00:00Z".parse().unwrap();
    let third_day = made(&place, &definition, options).await;
    assert_eq!(age(&third_day), (Outcome::Unchanged, true, loaded("2026-11-24")));
    place.home.now = "2026-11-28T01:00:00Z".parse().unwrap();
    let fourth_day = made(&place, &definition, options).await;
    assert_eq!(age(&fourth_day), (Outcome::Unchanged, false, loaded("2026-11-24")), "nothing came since");
    load(&place, "second.csv", &source::rows(2, 2025, 60, 1_000)).await;
    let again = made(&place, &definition, options).await;
    assert_eq!(age(&again), (Outcome::Published, true, loaded("2026-11-28")));

    let other = [of_table("inspection")];
    let refused = refresh(&place.home, &other, options, &mut Quiet).await.unwrap_err().to_string();
    assert!(
        refused.contains("[fresh] names `inspection`, and it is made of declaration, goods_item"),
        "{refused}"
    );
}

#[tokio::test]
async fn stored_tables_tell_who_answers_for_them_and_when_rows_came() {
    let mut place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 60, 0)).await;
    let told = async |place: &Place| {
        let line =
            "concat(table_name, ' ', owner, ' ', coalesce(left(CAST(made_at AS VARCHAR), 10), 'never'))";
        let of = "'declaration', 'declaration_item', 'decision'";
        let from = format!("information_schema.tables WHERE table_name IN ({of})");
        place.texts(&format!("SELECT arrow_cast({line}, 'Utf8') FROM {from} ORDER BY 1")).await
    };
    let on = |day: &str| {
        let never = "decision risk-management never".to_owned();
        vec![never, format!("declaration clearance {day}"), format!("declaration_item clearance {day}")]
    };
    assert_eq!(told(&place).await, on("2026-11-24"));
    place.home.now = "2026-11-27T08:00:00Z".parse().unwrap();
    maintain(&place.home, false, &mut Quiet).await.unwrap();
    assert_eq!(told(&place).await, on("2026-11-24"), "upkeep brings no rows");
    load(&place, "second.csv", &source::rows(2, 2025, 60, 1_000)).await;
    assert_eq!(told(&place).await, on("2026-11-27"));
}

#[tokio::test]
async fn every_shipped_dataset_can_be_made() {
    let place = Place::new().await;
    load(&place, "first.csv", &source::rows(1, 2025, 200, 0)).await;
    let shipped = shipped().unwrap();
    let all = refresh(&place.home, &shipped, RefreshOptions::default(), &mut Quiet).await.unwrap();
    for one in &all {
        assert_eq!(one.outcome, Outcome::Published, "{one:?}");
        for check in one.checks.iter().filter(|check| !check.is_passed) {
            // Nothing is decided here.
            assert!(["fresh decision", "fresh work_list"].contains(&check.name.as_str()), "{one:?}");
        }
    }
    assert!(shipped.len() >= 12, "{} datasets", shipped.len());
}
