//! Retention and erasure: what is due goes with every byte of it, what is held stays, and replays say so.

use crate::decide::{day, decided, learnt};
use crate::place::Place;
use crate::source::{file, rows};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::FutureExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeSet;
use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use tidegate_jobs::datasets::{RefreshOptions, refresh, restore, retire};
use tidegate_jobs::grades::detect;
use tidegate_jobs::maintenance::maintain;
use tidegate_jobs::retention::{Due, Erase, due, erase, hold, holds, lift, rows_held};
use tidegate_jobs::{Progress, Quiet, Replayed, explain_decision, query, replay, replay_in_sql};
use tidegate_ledger::{AuditEvent, AuditFilter, Held};
use tidegate_query::dataset::Definition;
use tidegate_records::category::Category;
use tidegate_records::table::Grade;

async fn loaded() -> Place {
    let place = Place::new().await;
    place.ingest(&place.write("year.csv", &file(&rows(1, 2025, 240, 7_000_001))), true).await.unwrap();
    place
}

/// A party whose number is the least, so that statistics of files tell it, and within no other one.
pub const PARTY: &str = "A-PARTY-TO-ERASE";

pub const IMPORTERS: &str = "-- title = \"Importers\"\n-- description = \"Declarations of each.\"\n-- owner = \"tests\"\n\
    -- refresh = \"daily\"\n-- unique = [\"importer_id\"]\n-- [columns.importer_id]\n-- description = \"Importer\"\n\
    -- [columns.declarations]\n-- description = \"Declarations\"\n\
    SELECT importer_id, count(*) AS declarations FROM declaration GROUP BY importer_id\n";

/// A year with that party, and datasets of all importers, of the party alone, and of nobody.
pub async fn with_party() -> Place {
    let place = Place::new().await;
    let year = rows(1, 2025, 240, 7_000_001);
    let year: Vec<String> = year.iter().map(|row| row.replace(",I7,", &format!(",{PARTY},"))).collect();
    place.ingest(&place.write("year.csv", &file(&year)), true).await.unwrap();
    let like = |start: &str| {
        let condition = format!("FROM declaration WHERE importer_id LIKE '{start}%' GROUP");
        IMPORTERS.replace("FROM declaration GROUP", &condition)
    };
    let definitions = [
        Definition::parse("enterprise", "importers", IMPORTERS).unwrap(),
        Definition::parse("enterprise", "parties", &like("A-")).unwrap(),
        Definition::parse("enterprise", "nobody", &like("NOBODY")).unwrap(),
    ];
    refresh(&place.home, &definitions, RefreshOptions::default(), &mut Quiet).await.unwrap();
    place
}

/// The files below a folder.
fn files_below(folder: PathBuf) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let found = if path.is_dir() { &mut folders } else { &mut files };
            found.push(path);
        }
    }
    files
}

/// Whether a file of the home's lake has a text in it as it is.
pub fn lake_holds(place: &Place, text: &str) -> bool {
    let holds =
        |path: &PathBuf| std::fs::read(path).unwrap().windows(text.len()).any(|part| part == text.as_bytes());
    files_below(place.home.root().join("lake")).iter().any(holds)
}

/// Whether a value of any Parquet file of the home has a text in it, read as the file is compressed.
pub fn parquet_holds(place: &Place, text: &str) -> bool {
    let files = files_below(place.home.root().to_owned());
    let options = FormatOptions::default();
    files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).any(|path| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        reader.build().unwrap().any(|batch| {
            let batch = batch.unwrap();
            batch.columns().iter().any(|column| {
                let shown = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
                (0..batch.num_rows()).any(|row| shown.value(row).to_string().contains(text))
            })
        })
    })
}

/// Files of the table of records set aside that hold rows, whether or not a version names them.
fn quarantine_files(place: &Place) -> BTreeSet<PathBuf> {
    let folder = place.home.root().join("lake/quarantine");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).collect()
}

fn counts(all: &[Due], table: &str) -> (u64, u64) {
    all.iter().find(|due| due.table == table).map(|due| (due.rows, due.held)).unwrap()
}

#[tokio::test]
async fn what_is_due_is_erased_and_what_is_held_stays() {
    let mut place = loaded().await;
    assert!(due(&place.home).await.unwrap().is_empty(), "by default everything is kept");
    // It is 24 November 2026: of months before 2025-05, all days ended more than 540 days ago.
    place.home.configuration.retention.declaration_days = 540;
    place.home.configuration.retention.goods_item_days = 540;
    let held = Held::Days(day("2025-02-10"), day("2025-02-12"));
    hold(&place.home, "declaration", &held, "case 1").await.unwrap();
    let name =
        place.texts("SELECT declaration_id FROM declaration WHERE month = '2025-03' LIMIT 1").await.remove(0);
    hold(&place.home, "declaration", &Held::Key(name.clone()), "case 2").await.unwrap();
    let all = due(&place.home).await.unwrap();
    assert_eq!(all[0].before, "2025-06");
    assert_eq!(counts(&all, "declaration"), (100, 21), "all of February, and one");
    assert_eq!(counts(&all, "goods_item"), (100, 1), "days are held in their table, a declaration in all");
    for (key, rows) in [(name.as_str(), 3), ("nobody", 0)] {
        let key = Held::Key(key.to_owned());
        assert_eq!(rows_held(&place.home, "declaration", &key).await.unwrap(), rows, "{key:?}");
    }
    assert_eq!(rows_held(&place.home, "declaration", &held).await.unwrap(), 20);
    let unknown = hold(&place.home, "declarations", &held, "case").await.unwrap_err().to_string();
    assert!(unknown.contains("there is no stored table `declarations`; there are declaration"), "{unknown}");
    let built_in = hold(&place.home, "code", &held, "case").await.unwrap_err().to_string();
    assert!(built_in.contains("there is no stored table `code`"), "{built_in}");

    let certificates = erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap();
    let told: Vec<(&str, u64)> =
        certificates.iter().map(|one| (one.erased.table.as_str(), one.erased.rows)).collect();
    assert_eq!(told, [("declaration", 79), ("goods_item", 99)]);
    assert!(certificates.iter().all(|one| one.erased.files > 0 && one.erased.bytes > 0));
    assert_eq!(place.count("SELECT count(*) FROM declaration WHERE month < '2025-06'").await, 21);
    let kept = place.texts("SELECT declaration_id FROM declaration WHERE month = '2025-03'").await;
    assert_eq!(kept, [name]);
    assert!(erase(&place.home, &Erase::Due, "again", &mut Quiet).await.unwrap().is_empty());

    for hold in holds(&place.home).await.unwrap() {
        lift(&place.home, hold.id.0, "the case is over").await.unwrap();
    }
    assert_eq!(counts(&due(&place.home).await.unwrap(), "declaration"), (21, 0));
}

#[tokio::test]
async fn a_declaration_is_erased_from_every_table() {
    let place = loaded().await;
    // The least name of its files, so that their statistics tell it.
    let id = place.texts("SELECT min(declaration_id) FROM declaration").await.remove(0);
    let importer =
        place.texts(&format!("SELECT importer_id FROM declaration WHERE declaration_id = '{id}'")).await;
    assert!(lake_holds(&place, &id));
    let number = hold(&place.home, "inspection", &Held::Key(importer[0].clone()), "case 3").await.unwrap();
    let one = Erase::Declaration(id.clone());
    let refused = erase(&place.home, &one, "a request", &mut Quiet).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("{id} is under a legal hold;")), "{refused}");
    lift(&place.home, number.0, "over").await.unwrap();

    let certificates = erase(&place.home, &one, "a request", &mut Quiet).await.unwrap();
    let tables: Vec<&str> = certificates.iter().map(|one| one.erased.table.as_str()).collect();
    assert_eq!(tables, ["declaration", "goods_item", "inspection"]);
    assert!(!lake_holds(&place, &id), "no byte of it is left in the lake");
    let certificate = format!("{:?}", certificates[0]);
    assert!(!certificate.contains(&id), "the certificate does not tell whom it is about: {certificate}");
    let nobody =
        erase(&place.home, &Erase::Party("nobody".to_owned()), "a request", &mut Quiet).await.unwrap_err();
    assert!(
        nobody.to_string().contains("no declaration, register or record that was set aside names nobody"),
        "{nobody}"
    );

    let registered = |id: &str| {
        format!(
            r#"{{"id":"{id}","grade_code":"conventional","grade_effective_date_time":"2025-01-01T00:00:00Z"}}"#
        )
    };
    let register = [registered(&importer[0]), registered("another")];
    place.ingest_as("enterprise", "register.ndjson", &register, true).await.unwrap();
    let days = Held::Days("2025-01-01".parse().unwrap(), "2025-01-31".parse().unwrap());
    let refused = hold(&place.home, "enterprise", &days, "case 4").await.unwrap_err().to_string();
    assert!(refused.contains("rows of enterprise are of no day"), "{refused}");
    let party = Erase::Party(importer[0].clone());
    let number = hold(&place.home, "enterprise", &Held::Key(importer[0].clone()), "case 5").await.unwrap();
    let refused = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap_err().to_string();
    assert!(refused.contains("is under a legal hold;"), "{refused}");
    lift(&place.home, number.0, "over").await.unwrap();
    let certificates = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap();
    assert_eq!(place.texts("SELECT enterprise_id FROM enterprise").await, ["another"]);
    let of = format!("SELECT count(*) FROM declaration WHERE importer_id = '{}'", importer[0]);
    assert_eq!(place.count(&of).await, 0);
    let rows: u64 =
        certificates.iter().filter(|one| one.erased.table == "declaration").map(|one| one.erased.rows).sum();
    assert_eq!(place.count("SELECT count(*) FROM declaration").await as u64, 239 - rows);
    let filter = AuditFilter { event: Some(AuditEvent::Erasure), ..AuditFilter::default() };
    let told = place.home.ledger.audit_log(&filter, 1_000).await.unwrap().len();
    assert_eq!(told, 3 + certificates.len());
}

#[tokio::test]
async fn rows_of_held_days_are_not_erased_by_an_order_either() {
    let place = loaded().await;
    let id =
        place.texts("SELECT min(declaration_id) FROM declaration WHERE month = '2025-02'").await.remove(0);
    let importer = place
        .texts(&format!("SELECT importer_id FROM declaration WHERE declaration_id = '{id}'"))
        .await
        .remove(0);
    let days = Held::Days(day("2025-02-27"), day("2025-02-27"));
    let number = hold(&place.home, "goods_item", &days, "case 4").await.unwrap();
    let before = place.count("SELECT count(*) FROM declaration").await;
    let one = Erase::Declaration(id.clone());
    let refused = erase(&place.home, &one, "a request", &mut Quiet).await.unwrap_err().to_string();
    let told = format!(
        "{id} has rows of 2025-02 in goods_item, which are under a legal hold; `tidegate retention holds`"
    );
    assert!(refused.contains(&told), "{refused}");
    let refused =
        erase(&place.home, &Erase::Party(importer), "a request", &mut Quiet).await.unwrap_err().to_string();
    assert!(refused.contains("has rows of 2025-02 in goods_item"), "{refused}");
    assert_eq!(place.count("SELECT count(*) FROM declaration").await, before, "no table lost a row");

    let free =
        place.texts("SELECT min(declaration_id) FROM declaration WHERE month = '2025-03'").await.remove(0);
    assert_eq!(
        erase(&place.home, &Erase::Declaration(free), "a request", &mut Quiet).await.unwrap().len(),
        3
    );
    lift(&place.home, number.0, "over").await.unwrap();
    assert_eq!(erase(&place.home, &one, "a request", &mut Quiet).await.unwrap().len(), 3);
}

#[tokio::test]
async fn records_set_aside_go_with_whom_they_name() {
    let place = loaded().await;
    let id = place.texts("SELECT min(declaration_id) FROM declaration").await.remove(0);
    let again = rows(1, 2025, 240, 7_000_001).remove(0);
    assert!(again.starts_with(&id), "the first row is of the first declaration: {again}");
    let mut later = rows(2, 2025, 30, 8_000_001);
    // One was loaded before, one cannot be read, one is of a party that no declaration that was loaded names.
    later[3] = again;
    later[7] = format!("a scan of {id}");
    later[9] = later[9].replace("2025-", "25/").replace(",I", ",I9999");
    let counts = place.ingest(&place.write("later.csv", &file(&later)), false).await.unwrap().counts;
    assert_eq!(counts.quarantined, 3);
    let of = place.texts("SELECT coalesce(declaration_id, '') FROM quarantine ORDER BY source_row").await;
    assert_eq!((of[0].as_str(), of.len()), (id.as_str(), 3));
    let party = later[9].split(',').find(|field| field.starts_with("I9999")).unwrap().to_owned();
    // Upkeep leaves files from before, which go as well.
    maintain(&place.home, false, &mut Quiet).await.unwrap();
    assert!(lake_holds(&place, &id));
    // Texts are compressed in their files, so that it is the files that must be gone.
    let before = quarantine_files(&place);
    assert!(!before.is_empty());

    let erased = |of: Erase| {
        let home = &place.home;
        async move {
            let certificates = erase(home, &of, "a request", &mut Quiet).await?;
            let told = |one: &tidegate_ledger::Erasure| (one.erased.table.clone(), one.erased.rows);
            Ok::<_, tidegate_jobs::JobError>(certificates.iter().map(told).collect::<Vec<_>>())
        }
    };
    let number = hold(&place.home, "quarantine", &Held::Key(party.clone()), "case 5").await.unwrap();
    let refused = erased(Erase::Party(party.clone())).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("{party} is under a legal hold;")), "{refused}");
    let told = erased(Erase::Declaration(id.clone())).await.unwrap();
    let tables = ["declaration", "goods_item", "inspection", "quarantine"];
    assert_eq!(told.iter().map(|(table, _)| table.as_str()).collect::<Vec<_>>(), tables);
    assert_eq!(told[3].1, 2, "the one that was loaded before, and the one that cannot be read");
    assert!(!lake_holds(&place, &id), "no byte of it is left in the lake");
    let between = quarantine_files(&place);
    assert!(between.is_disjoint(&before) && !between.is_empty(), "{before:?} {between:?}");
    lift(&place.home, number.0, "over").await.unwrap();
    assert_eq!(erased(Erase::Party(party.clone())).await.unwrap(), [("quarantine".to_owned(), 1)]);
    assert!(!lake_holds(&place, &party) && quarantine_files(&place).is_disjoint(&between));
    assert_eq!(place.count("SELECT count(*) FROM quarantine").await, 0);
}

#[tokio::test]
async fn records_set_aside_are_kept_as_long_as_the_configuration_says() {
    let mut place = Place::new().await;
    let mut year = rows(1, 2025, 30, 1);
    year[4] = format!("{},I777", year[4].replace("2025-", "25/"));
    year[5] = year[5].replace("2025-", "25/");
    place.ingest(&place.write("year.csv", &file(&year)), false).await.unwrap();
    assert_eq!(place.texts("SELECT month FROM quarantine").await, ["2026-11", "2026-11"]);
    place.home.configuration.retention.quarantine_days = 30;
    assert_eq!(counts(&due(&place.home).await.unwrap(), "quarantine"), (0, 0));
    place.home.now = "2027-01-31T12:00:00Z".parse().unwrap();
    hold(&place.home, "quarantine", &Held::Key("I777".to_owned()), "case 6").await.unwrap();
    assert_eq!(counts(&due(&place.home).await.unwrap(), "quarantine"), (2, 1));
    let certificates = erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap();
    assert_eq!((certificates.len(), certificates[0].erased.rows), (1, 1));
    let left = place.texts("SELECT raw FROM quarantine").await;
    assert!(left.len() == 1 && left[0].ends_with(",I777"), "{left:?}");
}

#[tokio::test]
async fn a_replay_says_that_its_input_is_erased() {
    let mut place = learnt().await;
    let decided = decided(&place).await;
    let id = place.texts("SELECT min(declaration_id) FROM decision WHERE month = '2025-11'").await.remove(0);
    erase(&place.home, &Erase::Declaration(id.clone()), "a request", &mut Quiet).await.unwrap();
    for told in [
        explain_decision(&place.home, &id).await.unwrap_err().to_string(),
        replay(&place.home, &Replayed::Declaration(id), &mut Quiet).await.unwrap_err().to_string(),
    ] {
        assert!(told.contains("input erased") && told.contains("certificate 1 of 2026-11-24"), "{told}");
    }
    // Records go before decisions.
    place.home.configuration.retention.goods_item_days = 355;
    erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap();
    let days = Replayed::Days(day("2025-11-01"), day("2025-12-31"));
    let report = replay(&place.home, &days, &mut Quiet).await.unwrap();
    assert!(report.erased > 0 && report.decisions > 0, "{report:?}");
    assert_eq!(report.identical, report.decisions, "{:?}", report.differences);
    assert_eq!(report.decisions + report.erased, decided.decided - 1);
    let in_sql = replay_in_sql(&place.home, &days, &mut Quiet).await.unwrap();
    assert!(in_sql.erased_items > 0 && in_sql.identical_items == in_sql.items, "{in_sql:?}");
}

#[tokio::test]
async fn what_was_made_of_erased_rows_goes_with_them() {
    let place = with_party().await;
    let of_events = "-- title = \"Days\"\n-- description = \"Loads.\"\n-- owner = \"tests\"\n-- refresh = \"daily\"\n\
         -- unique = [\"results\"]\n-- [columns.results]\n-- description = \"Results\"\nSELECT count(*) AS results FROM treatment_event\n";
    let definitions = [Definition::parse("inspection", "treated", of_events).unwrap()];
    refresh(&place.home, &definitions, RefreshOptions::default(), &mut Quiet).await.unwrap();
    let rows = place.count("SELECT count(*) FROM importers").await;
    let of_party = format!("SELECT count(*) FROM importers WHERE importer_id = '{PARTY}'");
    assert_eq!(place.count(&of_party).await, 1);
    assert!(lake_holds(&place, PARTY), "statistics of files tell the least value");

    let party = Erase::Party(PARTY.to_owned());
    let certificates = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap();
    let made = &certificates.iter().find(|one| one.erased.table == "importers").unwrap().erased;
    assert_eq!((made.rows, made.is_made_anew), (rows as u64 - 1, true));
    assert!(made.files > 0 && !certificates.iter().any(|one| one.erased.table == "treated"));
    assert_eq!(place.count(&of_party).await, 0);
    assert!(!lake_holds(&place, PARTY), "no byte of it is left in the lake");
}

#[tokio::test]
async fn what_is_retired_is_made_anew_without_erased_rows_too() {
    let place = with_party().await;
    let of_party = format!("SELECT count(*) FROM importers WHERE importer_id = '{PARTY}'");
    assert_eq!(place.count(&of_party).await, 1);
    retire(&place.home, "importers", "nobody needs it").await.unwrap();
    assert!(lake_holds(&place, PARTY), "its rows stay");
    let party = Erase::Party(PARTY.to_owned());
    let certificates = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap();
    let made = &certificates.iter().find(|one| one.erased.table == "importers").unwrap().erased;
    assert!(made.is_made_anew && made.files > 0);
    assert!(!lake_holds(&place, PARTY) && !parquet_holds(&place, PARTY), "no byte of it is left");
    assert!(query(&place.home, "test", &of_party).await.is_err(), "it is retired still");
    restore(&place.home, "importers", "it is needed").await.unwrap();
    assert_eq!(place.count(&of_party).await, 0);
    assert!(place.count("SELECT count(*) FROM importers").await > 0);
}

/// Breaks off, as a process does that is killed, when so much of a step is done.
pub struct BreaksOff {
    pub step: &'static str,
    pub done: u64,
    pub is_there: bool,
}

impl Progress for BreaksOff {
    fn step(&mut self, what: &str, _: u64, _: &'static str) {
        self.is_there = what == self.step;
        self.done(0);
    }

    fn done(&mut self, done: u64) {
        assert!(!(self.is_there && done == self.done), "broken off");
    }
}

#[tokio::test]
async fn an_erasure_that_broke_off_goes_on() {
    for (step, done) in [("erasing", 2), ("removing files", 0), ("removing files", 2), ("datasets", 1)] {
        let place = with_party().await;
        let party = Erase::Party(PARTY.to_owned());
        let mut breaks = BreaksOff { step, done, is_there: false };
        let broken = AssertUnwindSafe(erase(&place.home, &party, "a request", &mut breaks)).catch_unwind();
        assert!(broken.await.is_err(), "{step}");
        assert!(parquet_holds(&place, PARTY), "{step}");
        let goes_on = if step == "erasing" {
            // What somebody else records meanwhile shows a table without the rows.
            let version = place.home.lake.table_version("goods_item").await.unwrap();
            let newest = [("goods_item".to_owned(), version)];
            place.home.lake.record_snapshot(place.home.now, newest).await.unwrap();
            party.clone()
        } else if step == "datasets" {
            Erase::Due
        } else {
            party.clone()
        };
        erase(&place.home, &goes_on, "another reason", &mut Quiet).await.unwrap();
        assert!(!parquet_holds(&place, PARTY) && !lake_holds(&place, PARTY), "{step}");
        assert!(place.home.ledger.open_erasures().await.unwrap().is_empty());
        let all = place.home.ledger.erasures().await.unwrap();
        let told: BTreeSet<_> = all.iter().map(|one| (&one.erased.table, &one.erased.of)).collect();
        assert_eq!(told.len(), all.len(), "{step}: nothing is certified twice");
        assert!(all.iter().all(|one| one.reason == "a request"));
        let tables: BTreeSet<&str> = all.iter().map(|one| one.erased.table.as_str()).collect();
        let expected = ["declaration", "goods_item", "importers", "inspection", "nobody", "parties"];
        assert_eq!(tables.into_iter().collect::<Vec<_>>(), expected, "{step}");
        let nobody = erase(&place.home, &party, "again", &mut Quiet).await.unwrap_err().to_string();
        assert!(nobody.contains("nothing of A-PARTY-TO-ERASE is left: it was erased"), "{nobody}");
    }
}

#[tokio::test]
async fn datasets_that_have_no_row_are_certified_too() {
    let mut place = with_party().await;
    assert!(parquet_holds(&place, PARTY));
    let other = format!("SELECT min(declaration_id) FROM declaration WHERE importer_id <> '{PARTY}'");
    let other = place.texts(&other).await.remove(0);
    place.home.configuration.retention.declaration_days = 540;
    let unknown = Erase::Declaration("nosuch".to_owned());
    let refused = erase(&place.home, &unknown, "a request", &mut Quiet).await.unwrap_err().to_string();
    assert!(refused.contains("there is no declaration nosuch"), "{refused}");
    for (what, parties) in
        [(Erase::Declaration(other), 1), (Erase::Party(PARTY.to_owned()), 0), (Erase::Due, 0)]
    {
        let certificates = erase(&place.home, &what, "a request", &mut Quiet).await.unwrap();
        let of = |name: &str| {
            let mut of = certificates.iter().filter(|one| one.erased.table == name);
            of.next().map(|one| (one.erased.rows, one.erased.is_made_anew))
        };
        assert_eq!((of("nobody"), of("parties")), (Some((0, true)), Some((parties, true))), "{what:?}");
        assert!(of("declaration").is_some_and(|(rows, is_made_anew)| rows > 0 && !is_made_anew));
    }
    assert!(!parquet_holds(&place, PARTY) && !lake_holds(&place, PARTY));
}

#[tokio::test]
async fn values_tell_what_a_column_holds_and_a_steward_confirms_it() {
    let place = Place::new().await;
    let mut year = rows(1, 2025, 60, 1);
    for (i, row) in year.iter_mut().enumerate() {
        let phone = format!("+86138{:08}", 11_111_111 + i);
        let mut fields: Vec<String> = row.split(',').map(str::to_owned).collect();
        fields[8] = format!("{} Harbour Road", i + 1);
        fields[10] = phone;
        *row = fields.join(",");
    }
    place.ingest(&place.write("year.csv", &file(&year)), true).await.unwrap();
    let found = detect(&place.home, Some("declaration"), &mut Quiet).await.unwrap();
    let seller = found.iter().find(|found| found.column == "seller_id").unwrap();
    assert_eq!((seller.kind.as_str(), seller.proposed_grade), ("telephone number", Grade::General4));
    assert!(seller.evidence.starts_with("60 of 60 values"), "{}", seller.evidence);
    let declarant = found.iter().find(|found| found.column == "declarant_id").unwrap();
    assert_eq!((declarant.kind.as_str(), declarant.proposed_category), ("postal address", Category::Person));
    assert!(!found.iter().any(|found| found.column == "office_id"));

    let column = "declaration.seller_id";
    let lower = place.confirm(column, Some("general-1"), None, "no").await.unwrap_err().to_string();
    assert!(lower.contains("is defined as general-3; general-1 would be lower"), "{lower}");
    place.confirm(column, Some("general-4"), Some("person"), &seller.evidence).await.unwrap();
    let known = tidegate_jobs::catalog::read(&place.home.ledger)
        .await
        .unwrap()
        .of_stored("declaration", "seller_id")
        .unwrap();
    assert_eq!((known.grade, known.category), (Grade::General4, Category::Person));
    let graded = "SELECT grade FROM information_schema.columns WHERE table_name = 'declaration' AND column_name = 'seller_id'";
    assert_eq!(place.texts(graded).await, ["general-4"]);
    let again = detect(&place.home, Some("declaration"), &mut Quiet).await.unwrap();
    assert!(!again.iter().any(|found| found.column == "seller_id"), "what is confirmed is no news");
    let everywhere = detect(&place.home, None, &mut Quiet).await.unwrap();
    assert!(!everywhere.iter().any(|found| found.table == "code"), "what is compiled in holds nobody's data");
}

#[tokio::test]
async fn upkeep_joins_small_files_and_keeps_the_rows() {
    let mut place = Place::new().await;
    for (name, first) in [("a.csv", 1), ("b.csv", 1_000), ("c.csv", 2_000)] {
        place.ingest(&place.write(name, &file(&rows(1, 2025, 60, first))), true).await.unwrap();
    }
    let all = "SELECT count(*) FROM declaration_item";
    let before = place.count(all).await;
    let dry = maintain(&place.home, true, &mut Quiet).await.unwrap();
    assert!(dry.iter().all(|one| one.joined == 0 && one.removed == 0), "{dry:?}");
    let done = maintain(&place.home, false, &mut Quiet).await.unwrap();
    let declarations = done.iter().find(|one| one.table == "declaration").unwrap();
    assert_eq!((declarations.joined, declarations.joined_to), (36, 12));
    assert_eq!(place.count(all).await, before);
    // Long after every file, whose times are the machine's own, and with no state kept but the newest.
    place.home.now = "2100-01-01T00:00:00Z".parse().unwrap();
    let later = maintain(&place.home, false, &mut Quiet).await.unwrap();
    assert_eq!(later.iter().find(|one| one.table == "declaration").unwrap().removed, 36);
    assert_eq!(place.count(all).await, before);
}
