//! Opening: twice gives the same ledger; a newer, changed or foreign file is refused and left alone.

use std::fs;

use tidegate_ledger::{Ledger, LedgerError, LedgerLimits, PrincipalKind};

use crate::support::{Place, at, now, signing_key};

#[tokio::test]
async fn opening_again_changes_nothing() {
    let place = Place::new();
    let ledger = place.open().await;
    let owner = ledger.local_owner().await.unwrap();
    assert_eq!((owner.kind, owner.created_at, owner.disabled_at), (PrincipalKind::LocalOwner, now(), None));
    ledger.close().await;

    let later =
        Ledger::open(&place.file(), LedgerLimits::default(), at("2027-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(later.principals().await.unwrap(), [owner]);
    let applied: Vec<i64> = sqlx::query_scalar("SELECT applied_at FROM schema_migrations ORDER BY version")
        .fetch_all(&mut place.raw().await)
        .await
        .unwrap();
    assert!(!applied.is_empty() && applied.iter().all(|at| *at == now().timestamp_micros()), "{applied:?}");
}

#[tokio::test]
async fn first_openings_at_once_make_one_ledger() {
    for _ in 0..10 {
        let place = Place::new();
        let (one, two, three, four) = tokio::join!(place.open(), place.open(), place.open(), place.open());
        let owner = one.principals().await.unwrap();
        assert_eq!(owner.len(), 1);
        for other in [two, three, four] {
            assert_eq!(other.principals().await.unwrap(), owner);
        }
    }
}

#[tokio::test]
async fn the_file_is_durable_and_private() {
    let place = Place::new();
    let ledger = place.filled().await;
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut place.raw().await).await.unwrap();
    assert_eq!(mode, "wal");
    #[cfg(unix)]
    for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = fs::metadata(place.file().with_file_name(name)).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600, "{name}");
    }
    drop(ledger);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let place = Place::new();
    place.open().await.close().await;
    place.tamper("INSERT INTO schema_migrations VALUES (99, '0099_later', x'00', 0)").await;
    let error = Ledger::open(&place.file(), LedgerLimits::default(), now()).await.unwrap_err();
    assert!(matches!(error, LedgerError::NewerSchema { found: 99, .. }), "{error}");
    assert!(error.to_string().ends_with("use a newer tidegate"), "{error}");
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let place = Place::new();
    place.open().await.close().await;
    place.tamper("UPDATE schema_migrations SET sha256 = zeroblob(32) WHERE version = 1").await;
    let error = Ledger::open(&place.file(), LedgerLimits::default(), now()).await.unwrap_err();
    assert!(matches!(error, LedgerError::MigrationChanged { version: 1, .. }), "{error}");
    assert!(error.to_string().contains(&"0".repeat(64)), "{error}");
}

#[tokio::test]
async fn a_schema_that_somebody_changed_is_refused_until_it_is_as_before() {
    let place = Place::new();
    place.open().await.close().await;
    let trigger = "CREATE TRIGGER x BEFORE INSERT ON AUDIT BEGIN SELECT RAISE(IGNORE); END";
    let index = "CREATE INDEX loads_by_content ON loads (bytes_sha256, mapping_name)";
    let changes = [
        (trigger, "trigger x", "not ours", "DROP TRIGGER x"),
        ("CREATE VIEW mine AS SELECT 1", "view mine", "not ours", "DROP VIEW mine"),
        ("DROP INDEX loads_by_content", "index loads_by_content", "missing", index),
        (
            "DROP INDEX loads_by_content; CREATE INDEX loads_by_content ON loads (mapping_name)",
            "index loads_by_content",
            "another",
            "DROP INDEX loads_by_content; CREATE INDEX loads_by_content ON loads (bytes_sha256, mapping_name)",
        ),
    ];
    for (change, object, what, undo) in changes {
        sqlx::raw_sql(change).execute(&mut place.raw().await).await.unwrap();
        let error = Ledger::open(&place.file(), LedgerLimits::default(), now()).await.unwrap_err();
        assert!(matches!(error, LedgerError::SchemaChanged { .. }), "{error}");
        assert!(error.to_string().contains(&format!("the {object} is {what}; ")), "{error}");
        sqlx::raw_sql(undo).execute(&mut place.raw().await).await.unwrap();
        place.open().await.close().await;
    }
}

#[tokio::test]
async fn tables_that_somebody_keeps_beside_ours_are_told_and_hinder_nobody() {
    let place = Place::new();
    place.open().await.close().await;
    let beside = "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY); CREATE INDEX mine ON Audit (at)";
    sqlx::raw_sql(beside).execute(&mut place.raw().await).await.unwrap();
    let ledger = place.open().await;
    let found = ledger.verify_audit(&signing_key().public_key(), &[]).await.unwrap().faults;
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|fault| fault.contains("_litestream_seq")), "{told:?}");
    assert!(told.iter().any(|fault| fault.contains("index mine")), "{told:?}");
}

#[tokio::test]
async fn a_foreign_file_is_refused_and_left_alone() {
    let place = Place::new();
    let text = "declaration_id,score\n".repeat(100);
    fs::write(place.file(), &text).unwrap();
    let error = Ledger::open(&place.file(), LedgerLimits::default(), now()).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotALedger { .. }), "{error}");
    assert_eq!(fs::read_to_string(place.file()).unwrap(), text);

    fs::remove_file(place.file()).unwrap();
    let foreign = sqlx::sqlite::SqliteConnectOptions::new().filename(place.file()).create_if_missing(true);
    let mut foreign = sqlx::ConnectOptions::connect(&foreign).await.unwrap();
    sqlx::raw_sql("CREATE TABLE mine (x)").execute(&mut foreign).await.unwrap();
    let error = Ledger::open(&place.file(), LedgerLimits::default(), now()).await.unwrap_err();
    assert!(matches!(error, LedgerError::NotALedger { .. }), "{error}");
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema").fetch_all(&mut foreign).await.unwrap();
    assert_eq!(tables, ["mine"]);
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let place = Place::new();
    let file = place.file().join("below").join("ledger.sqlite");
    let error = Ledger::open(&file, LedgerLimits::default(), now()).await.unwrap_err();
    assert!(matches!(error, LedgerError::Open { .. }), "{error}");
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}
