//! A thousand edits by a hand that drops the triggers, writes what it likes and makes the triggers again.

use std::fs;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tidegate_ledger::{AuditFault, Hash256, Ledger, LedgerLimits, SignedAuditCheckpoint};

use super::{fill, sign};
use crate::support::{Place, now, signing_key};

const EDITS: u64 = 1_000;
const ENTRIES: u64 = 24;
/// Entries of the first checkpoint; the second signs all.
const FIRST: u64 = 9;

/// Splitmix64 (Steele, Lea, Flood 2014): the same edits in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 1 to `most`.
    fn upto(&mut self, most: u64) -> i64 {
        (self.roll() % most) as i64 + 1
    }

    fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.roll() as usize % choices.len()]
    }

    /// Other bytes: one altered, inserted or left out.
    fn spoil(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut spoilt = bytes.to_vec();
        let at = self.roll() as usize % spoilt.len();
        match self.roll() % 4 {
            0 => drop(spoilt.remove(at)),
            1 => spoilt.insert(at, self.roll() as u8),
            _ => spoilt[at] ^= self.upto(255) as u8,
        }
        spoilt
    }
}

/// Where the first fault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    /// An entry, or a sequence that has none.
    Entry(i64),
    /// Behind so many entries, where more were signed.
    End(u64),
    /// The first checkpoint that signs another chain.
    Rewritten(u64),
    /// A checkpoint that was altered or is gone.
    Checkpoint(i64),
    /// A table of which the last rows are gone.
    Counter(&'static str),
    /// What guards the chain.
    Guard,
}

impl Spot {
    fn of(fault: &AuditFault) -> Self {
        match fault {
            AuditFault::Missing { expected: sequence, .. }
            | AuditFault::Altered { sequence }
            | AuditFault::Malformed { sequence, .. } => Self::Entry(*sequence as i64),
            AuditFault::Subjects { sequence } => Self::Entry(*sequence),
            AuditFault::Truncated { found, .. } => Self::End(*found),
            AuditFault::Rewritten { number, .. } => Self::Rewritten(*number),
            AuditFault::Checkpoint { number, .. } => Self::Checkpoint(*number),
            AuditFault::CheckpointMissing { number } => Self::Checkpoint(*number as i64),
            AuditFault::Shortened { table, .. } => Self::Counter(table),
            AuditFault::Schema { .. } | AuditFault::File { .. } => Self::Guard,
        }
    }
}

/// An edit: of which kind, and where its first fault is to be found.
type Edit = (&'static str, Spot);

/// Opens the file and takes down everything that guards it; gives the statements that put it up again.
async fn disarm(file: &Path) -> (SqliteConnection, Vec<String>) {
    let mut raw = SqliteConnectOptions::new().filename(file).foreign_keys(false).connect().await.unwrap();
    let guards: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT type, name, sql FROM sqlite_schema
        WHERE type IN ('trigger', 'index') AND tbl_name LIKE 'audit%' AND sql IS NOT NULL",
    )
    .fetch_all(&mut raw)
    .await
    .unwrap();
    let mut script = "PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF;".to_owned();
    for (kind, name, _) in &guards {
        script += &["DROP", kind, name, ";"].join(" ");
    }
    run(&mut raw, &script).await;
    (raw, guards.into_iter().map(|(_, _, sql)| sql).collect())
}

async fn run(raw: &mut SqliteConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(raw).await.expect(sql);
}

/// Reads one value as bytes, spoils it, and writes it back as the type of its column.
async fn spoil(raw: &mut SqliteConnection, dice: &mut Dice, [table, key, column, kind]: [&str; 4], row: i64) {
    let read = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {key} = ?");
    let value: Vec<u8> =
        sqlx::query_scalar(AssertSqlSafe(read)).bind(row).fetch_one(&mut *raw).await.unwrap();
    let write = format!("UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE {key} = ?");
    loop {
        let query = sqlx::query(AssertSqlSafe(write.clone())).bind(dice.spoil(&value)).bind(row);
        match query.execute(&mut *raw).await {
            Ok(_) => return,
            // The file computes columns of a content and takes none that is no JSON.
            Err(error) => assert!(error.to_string().contains("malformed JSON"), "{error}"),
        }
    }
}

/// Alters a byte of a content in the file itself, past everything that SQLite would refuse.
async fn spoil_file(file: &Path, sound: &[u8], dice: &mut Dice) -> Edit {
    let begin = b"{\"at_micros\":";
    let begins: Vec<usize> =
        (0..sound.len() - begin.len()).filter(|at| sound[*at..].starts_with(begin)).collect();
    assert!(begins.len() as u64 >= ENTRIES);
    let before = contents(file).await;
    // Pages keep what stood in them before they were split, and an edit of that is none.
    loop {
        let mut bytes = sound.to_vec();
        bytes[begins[dice.roll() as usize % begins.len()] + dice.roll() as usize % 300] ^=
            dice.upto(255) as u8;
        fs::write(file, bytes).unwrap();
        let after = contents(file).await;
        assert_eq!(after.len(), before.len());
        if let Some(first) = (0..before.len()).find(|i| after[*i] != before[*i]) {
            return ("byte of the file altered", Spot::Entry(first as i64 + 1));
        }
    }
}

async fn contents(file: &Path) -> Vec<Vec<u8>> {
    let mut raw = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let statement = "SELECT CAST(content AS BLOB) FROM audit ORDER BY sequence";
    let contents = sqlx::query_scalar(statement).fetch_all(&mut raw).await.unwrap();
    raw.close().await.unwrap();
    contents
}

/// Makes every hash from an entry on follow from the contents again.
async fn rehash(raw: &mut SqliteConnection) {
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT sequence, CAST(content AS BLOB) FROM audit ORDER BY sequence")
            .fetch_all(&mut *raw)
            .await
            .unwrap();
    let mut head = Hash256::of(b"tidegate/audit/v1");
    for (sequence, content) in rows {
        head = Hash256::of(&[head.as_bytes().as_slice(), &content].concat());
        let update = sqlx::query("UPDATE audit SET hash = ? WHERE sequence = ?");
        update.bind(head.as_bytes().as_slice()).bind(sequence).execute(&mut *raw).await.unwrap();
    }
}

/// Makes one edit, says which.
async fn edit(raw: &mut SqliteConnection, dice: &mut Dice) -> Edit {
    let row = dice.upto(ENTRIES);
    let (edit, sql) = match dice.roll() % 16 {
        0 | 1 => {
            spoil(raw, dice, ["audit", "sequence", "content", "TEXT"], row).await;
            return ("content altered", Spot::Entry(row));
        }
        2 => {
            spoil(raw, dice, ["audit", "sequence", "hash", "BLOB"], row).await;
            return ("hash altered", Spot::Entry(row));
        }
        3 => {
            let columns = [("log", "TEXT"), ("head", "BLOB"), ("public_key", "BLOB"), ("signature", "BLOB")];
            let (column, kind) = *dice.one_of(&columns);
            let row = dice.upto(2);
            spoil(raw, dice, ["audit_checkpoints", "number", column, kind], row).await;
            return ("checkpoint altered", Spot::Checkpoint(row));
        }
        4 | 5 => {
            let rows = format!("replace(content, '\"rows\":{row}', '\"rows\":0')");
            run(raw, &format!("UPDATE audit SET content = {rows} WHERE sequence = {row}")).await;
            rehash(raw).await;
            let signed_by = if row <= FIRST as i64 { 1 } else { 2 };
            return ("altered and hashed again", Spot::Rewritten(signed_by));
        }
        6..=11 => edit_of_entries(dice, row),
        _ => edit_beside(dice, row),
    };
    run(raw, &sql).await;
    edit
}

/// An edit that deletes, moves, adds or cuts entries, with their subjects and the counter of the file.
fn edit_of_entries(dice: &mut Dice, row: i64) -> (Edit, String) {
    let other = row % ENTRIES as i64 + 1;
    // Behind the last entry nothing follows that could show that it is gone.
    let gone = if row == ENTRIES as i64 { Spot::End(ENTRIES - 1) } else { Spot::Entry(row) };
    let delete = format!(
        "DELETE FROM audit_subject WHERE sequence = {row}; DELETE FROM audit WHERE sequence = {row};"
    );
    match dice.roll() % 6 {
        0 => (("deleted", gone), delete),
        1 => (
            ("deleted and the gap closed", gone),
            format!(
                "{delete} UPDATE audit SET sequence = -sequence WHERE sequence > {row};
                UPDATE audit SET sequence = -sequence - 1 WHERE sequence < 0;
                UPDATE audit_subject SET sequence = sequence - 1 WHERE sequence > {row};
                UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'audit'"
            ),
        ),
        2 => (
            ("swapped", Spot::Entry(row.min(other))),
            format!(
                "UPDATE audit SET sequence = -1 WHERE sequence = {row};
                UPDATE audit SET sequence = {row} WHERE sequence = {other};
                UPDATE audit SET sequence = {other} WHERE sequence = -1;
                UPDATE audit_subject SET sequence = -sequence WHERE sequence IN ({row}, {other});
                UPDATE audit_subject SET sequence = {row} + {other} + sequence WHERE sequence < 0"
            ),
        ),
        3 => (
            ("inserted", Spot::Entry(row)),
            format!(
                "UPDATE audit SET sequence = -sequence WHERE sequence >= {row};
                UPDATE audit SET sequence = 1 - sequence WHERE sequence < 0;
                UPDATE audit_subject SET sequence = sequence + 1 WHERE sequence >= {row};
                INSERT INTO audit (sequence, content, hash)
                    SELECT {row}, content, hash FROM audit WHERE sequence > {row} LIMIT 1"
            ),
        ),
        4 => {
            let place = if row % 2 == 0 { -row } else { ENTRIES as i64 + row };
            let insert = format!(
                "INSERT INTO audit (sequence, content, hash)
                    SELECT {place}, content, hash FROM audit WHERE sequence = {ENTRIES};
                UPDATE sqlite_sequence SET seq = (SELECT max(sequence) FROM audit) WHERE name = 'audit'"
            );
            let first = if place < 1 { 1 } else { ENTRIES as i64 + 1 };
            (("inserted before or behind all", Spot::Entry(first)), insert)
        }
        _ => (
            ("cut", Spot::End(row as u64 - 1)),
            format!(
                "DELETE FROM audit_subject WHERE sequence >= {row}; DELETE FROM audit WHERE sequence >= {row};
                UPDATE sqlite_sequence SET seq = {row} - 1 WHERE name = 'audit'"
            ),
        ),
    }
}

/// An edit of what stands beside the entries: subjects and checkpoints.
fn edit_beside(dice: &mut Dice, row: i64) -> (Edit, String) {
    let (mine, wild) = (format!("WHERE sequence = {row}"), row * 7 - 40);
    match dice.roll() % 4 {
        0 => {
            let changes = [
                format!("UPDATE OR REPLACE audit_subject SET key = key || 'x' {mine}"),
                format!("UPDATE OR REPLACE audit_subject SET sequence = sequence + {ENTRIES} {mine}"),
                format!("UPDATE OR REPLACE audit_subject SET sequence = -sequence {mine}"),
                format!("UPDATE audit_subject SET key = CAST(x'ff' AS TEXT) {mine} AND key LIKE 'E%'"),
            ];
            (("subject altered", Spot::Entry(row)), dice.one_of(&changes).clone())
        }
        1 => {
            let changes = [
                (row, format!("DELETE FROM audit_subject {mine} AND key LIKE 'P%'")),
                (wild, format!("INSERT INTO audit_subject VALUES ('E9', {wild})")),
            ];
            let (sequence, change) = dice.one_of(&changes).clone();
            (("subject deleted or added", Spot::Entry(sequence)), change)
        }
        2 => {
            let (column, number) = (*dice.one_of(&["count", "signed_at"]), dice.upto(2));
            let by = dice.upto(1 << 40) * if row % 2 == 0 { 1 } else { -1 };
            let change =
                format!("UPDATE audit_checkpoints SET {column} = {column} + {by} WHERE number = {number}");
            (("number in a checkpoint altered", Spot::Checkpoint(number)), change)
        }
        _ => {
            let changes = [
                (1, "DELETE FROM audit_checkpoints WHERE number = 1"),
                (
                    2,
                    "DELETE FROM audit_checkpoints WHERE number = 2;
                    UPDATE sqlite_sequence SET seq = 1 WHERE name = 'audit_checkpoints'",
                ),
                // The newest is missed, since a copy of it was kept.
                (
                    2,
                    "DELETE FROM audit_checkpoints;
                    DELETE FROM sqlite_sequence WHERE name = 'audit_checkpoints'",
                ),
                (
                    1,
                    "UPDATE audit_checkpoints SET number = 3 WHERE number = 1;
                    UPDATE audit_checkpoints SET number = number - 1",
                ),
                (
                    3,
                    "INSERT INTO audit_checkpoints SELECT 3, log, count, head, signed_at, public_key, signature
                    FROM audit_checkpoints WHERE number = 2",
                ),
            ];
            let (number, change) = *dice.one_of(&changes);
            (("checkpoints deleted, moved or added", Spot::Checkpoint(number)), change.to_owned())
        }
    }
}

/// Edits behind the back of the guards, and puts them up again.
async fn edit_and_guard(file: &Path, dice: &mut Dice) -> Edit {
    let (mut raw, guards) = disarm(file).await;
    let edit = edit(&mut raw, dice).await;
    for guard in guards {
        run(&mut raw, &guard).await;
    }
    raw.close().await.unwrap();
    edit
}

/// The faults after an edit that show in the chain and its checkpoints, without those of the file itself.
async fn faults_after(file: &Path, kept: &[SignedAuditCheckpoint]) -> Vec<AuditFault> {
    let ledger = Ledger::open(file, LedgerLimits::default(), now()).await.unwrap();
    let verified = ledger.verify_audit(&signing_key().public_key(), kept).await.unwrap();
    ledger.close().await;
    let of_content =
        |fault: &AuditFault| !matches!(fault, AuditFault::Schema { .. } | AuditFault::File { .. });
    verified.faults.into_iter().filter(of_content).collect()
}

#[tokio::test]
async fn every_one_of_a_thousand_edits_is_found_where_it_is() {
    let place = Place::new();
    let ledger = place.open().await;
    fill(&ledger, FIRST).await;
    sign(&ledger, "2026-11-25T00:00:00Z").await;
    fill_rest(&ledger).await;
    let newest = sign(&ledger, "2026-11-25T01:00:00Z").await;
    ledger.close().await;
    let sound = fs::read(place.file()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(20_261_128);
    let mut kinds = std::collections::BTreeMap::new();
    for number in 0..EDITS {
        let file = folder.path().join(format!("{number}.sqlite"));
        fs::write(&file, &sound).unwrap();
        let (kind, spot) = match number % 10 {
            0 => spoil_file(&file, &sound, &mut dice).await,
            _ => edit_and_guard(&file, &mut dice).await,
        };
        let faults = faults_after(&file, std::slice::from_ref(&newest)).await;
        let found = faults.first().map(Spot::of);
        assert_eq!(found, Some(spot), "edit {number}, {kind}: {faults:?}");
        *kinds.entry(kind).or_insert(0) += 1;
        fs::remove_file(&file).unwrap();
    }
    assert_eq!(kinds.values().sum::<u64>(), EDITS);
    assert_eq!(kinds.len(), 15, "{kinds:?}");
    assert_eq!(untouched(&place, &newest).await, []);
}

/// The file that nobody touched has no fault, not even of its guards.
async fn untouched(place: &Place, newest: &SignedAuditCheckpoint) -> Vec<AuditFault> {
    let ledger = place.open().await;
    let kept = std::slice::from_ref(newest);
    ledger.verify_audit(&signing_key().public_key(), kept).await.unwrap().faults
}

async fn fill_rest(ledger: &Ledger) {
    let rest: Vec<_> = (FIRST + 1..=ENTRIES).map(super::entry).collect();
    ledger.append_audit(&rest).await.unwrap();
}
