//! What goes in comes out, in one chain whoever writes.

use std::collections::BTreeSet;

use tidegate_ledger::{AuditEvent, AuditFilter, Door, Ledger, LedgerError, NewAuditEntry, TableRead};

use super::{actor, entry, fill, sign};
use crate::support::{Place, now, signing_key};

#[tokio::test]
async fn entries_read_back_the_newest_first() {
    let place = Place::new();
    let ledger = place.open().await;
    let before = ledger.audit_log(&AuditFilter::default(), 10).await.unwrap();
    assert!(before.is_empty());
    fill(&ledger, 20).await;
    let all = ledger.audit_log(&AuditFilter::default(), 100).await.unwrap();
    let sequences: Vec<u64> = all.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, (1..=20).rev().collect::<Vec<u64>>());
    for found in &all {
        assert_eq!(found.entry, entry(found.sequence));
    }
    let second = AuditFilter { before: Some(all[4].sequence), ..AuditFilter::default() };
    assert_eq!(ledger.audit_log(&second, 5).await.unwrap(), all[5..10]);
    let window = AuditFilter {
        since: Some(entry(3).at),
        until: Some(entry(5).at),
        event: Some(AuditEvent::Read),
        ..AuditFilter::default()
    };
    assert_eq!(ledger.audit_log(&window, 100).await.unwrap(), all[16..18]);
    let nobody = AuditFilter { event: Some(AuditEvent::Denied), ..AuditFilter::default() };
    assert!(ledger.audit_log(&nobody, 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_saw_the_data_of_a_company_is_one_question() {
    let place = Place::new();
    let ledger = place.open().await;
    fill(&ledger, 10).await;
    let about = AuditFilter { subject: Some("E3".to_owned()), ..AuditFilter::default() };
    let found = ledger.audit_log(&about, 100).await.unwrap();
    assert_eq!(found.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [8, 3]);
    assert_eq!(ledger.audit_count(&about).await.unwrap(), 2);
    assert_eq!(possible(&ledger, &about).await, [0_u64; 0]);

    // A read whose end is not known may have shown anybody; when it ends with all whom it showed, it has not.
    let mut start = NewAuditEntry::new(now(), actor(), Door::Postgres, "case", AuditEvent::Read);
    start.tables.insert("goods_item".to_owned(), TableRead::default());
    let read = ledger.append_audit(std::slice::from_ref(&start)).await.unwrap()[0];
    assert_eq!(possible(&ledger, &about).await, [read]);
    let before = AuditFilter { until: Some(now()), ..about.clone() };
    assert_eq!(possible(&ledger, &before).await, [0_u64; 0]);
    let after = AuditFilter { since: Some(now()), ..about.clone() };
    assert_eq!(possible(&ledger, &after).await, [read]);
    let mut end = NewAuditEntry { event: AuditEvent::Finished, read: Some(read), ..start };
    ledger.append_audit(std::slice::from_ref(&end)).await.unwrap();
    assert_eq!(possible(&ledger, &about).await, [read], "a read and its end are one");
    (end.subjects, end.subjects_complete) = (BTreeSet::from(["E3".to_owned()]), true);
    ledger.append_audit(&[end]).await.unwrap();
    assert_eq!(possible(&ledger, &about).await, [0_u64; 0], "it names the company");
    let other = AuditFilter { subject: Some("E9".to_owned()), ..AuditFilter::default() };
    assert_eq!(possible(&ledger, &other).await, [read], "the first end still says so");
    assert_eq!(ledger.audit_log(&about, 1).await.unwrap()[0].sequence, 13);
}

/// Sequences of the reads that may be about whom a filter names; they are all that there are.
async fn possible(ledger: &Ledger, filter: &AuditFilter) -> Vec<u64> {
    let nobodys = ["work_list".to_owned(), "information_schema.*".to_owned()];
    let (entries, all) = ledger.audit_possible_reads(filter, &nobodys, 100).await.unwrap();
    assert_eq!(all, entries.len() as u64);
    entries.iter().map(|entry| entry.sequence).collect()
}

#[tokio::test]
async fn reads_of_tables_without_anybody_are_not_possible() {
    let place = Place::new();
    let ledger = place.open().await;
    let about = AuditFilter { subject: Some("E3".to_owned()), ..AuditFilter::default() };
    let read = async |door: Door, tables: &[&str]| {
        let mut read = NewAuditEntry::new(now(), actor(), door, "case", AuditEvent::Read);
        read.tables = tables.iter().map(|table| ((*table).to_owned(), TableRead::default())).collect();
        ledger.append_audit(&[read]).await.unwrap()[0]
    };
    let end = async |of: u64, tables: &[&str]| {
        let mut end = NewAuditEntry::new(now(), actor(), Door::Job, "case", AuditEvent::Finished);
        end.read = Some(of);
        end.tables = tables.iter().map(|table| ((*table).to_owned(), TableRead::default())).collect();
        ledger.append_audit(&[end]).await.unwrap();
    };
    read(Door::Http, &[]).await;
    read(Door::Http, &["work_list", "information_schema.tables"]).await;
    let mixed = read(Door::Http, &["work_list", "declaration"]).await;
    assert_eq!(possible(&ledger, &about).await, [mixed]);

    let job = read(Door::Job, &[]).await;
    assert_eq!(possible(&ledger, &about).await, [job, mixed], "what a job reads is known at its end");
    end(job, &["work_list"]).await;
    assert_eq!(possible(&ledger, &about).await, [mixed]);
    let other = read(Door::Job, &[]).await;
    end(other, &["inspection"]).await;
    assert_eq!(possible(&ledger, &about).await, [other, mixed]);
    let (newest, all) = ledger.audit_possible_reads(&about, &["work_list".to_owned()], 1).await.unwrap();
    assert_eq!((newest[0].sequence, newest.len()), (other, 1));
    assert_eq!(all, 3, "what describes tables counts when nobody says that it does not");
    let behind = AuditFilter { before: Some(other), ..about };
    assert_eq!(possible(&ledger, &behind).await, [mixed]);
}

#[tokio::test]
async fn what_is_beyond_a_limit_is_refused_and_spoils_nothing() {
    let place = Place::new();
    let ledger = place.open().await;
    let mut cases = vec![];
    let mut broken = |change: fn(&mut NewAuditEntry)| {
        let mut bad = entry(1);
        change(&mut bad);
        cases.push(bad);
    };
    broken(|bad| bad.purpose = " ".to_owned());
    broken(|bad| bad.actor.name = String::new());
    broken(|bad| bad.statement = Some("x".repeat(tidegate_ledger::MAX_STATEMENT_BYTES + 1)));
    broken(|bad| bad.detail = "x".repeat(tidegate_ledger::MAX_DETAIL_BYTES + 1));
    broken(|bad| bad.rows = Some(1 << 53));
    broken(|bad| bad.read = Some(1));
    broken(|bad| bad.event = AuditEvent::Finished);
    broken(|bad| bad.subjects.extend(["a\0b".to_owned()]));
    broken(|bad| bad.subjects.extend((0..=tidegate_ledger::MAX_SUBJECTS).map(|n| n.to_string())));
    broken(|bad| drop(bad.tables.insert(String::new(), TableRead::default())));
    for bad in cases {
        let refused = ledger.append_audit(&[entry(1), bad.clone()]).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{bad:?}: {refused:?}");
    }
    let mut end = NewAuditEntry::new(now(), actor(), Door::Cli, "case", AuditEvent::Finished);
    end.read = Some(7);
    let refused = ledger.append_audit(&[end]).await;
    assert!(matches!(refused, Err(LedgerError::Unknown { .. })), "{refused:?}");
    assert_eq!(ledger.append_audit(&[]).await.unwrap(), [0_u64; 0]);
    assert!(ledger.audit_log(&AuditFilter::default(), 1).await.unwrap().is_empty());
}

/// Appends one at a time from several tasks; some of them wrongly, which must not touch the others.
async fn append_all(ledger: Ledger, from: u64) -> Vec<u64> {
    let mut sequences = Vec::new();
    for number in from..from + 20 {
        let mut wrong = NewAuditEntry::new(now(), actor(), Door::Cli, "case", AuditEvent::Failed);
        wrong.read = Some(1_000_000);
        let wrong = [wrong];
        let right = [entry(number), entry(number + 1)];
        let (done, refused) = tokio::join!(ledger.append_audit(&right), ledger.append_audit(&wrong));
        assert!(matches!(refused, Err(LedgerError::Unknown { .. })), "{refused:?}");
        let done = done.unwrap();
        assert_eq!(done[1], done[0] + 1, "entries of a call stand together");
        sequences.extend(done);
    }
    sequences
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_make_one_chain() {
    let place = Place::new();
    let (one, other) = (place.open().await, place.open().await);
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            tokio::spawn(append_all(if task % 2 == 0 { one.clone() } else { other.clone() }, task * 100))
        })
        .collect();
    let mut sequences = Vec::new();
    for task in tasks {
        sequences.extend(task.await.unwrap());
    }
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=320).collect::<Vec<u64>>());
    sign(&one, "2026-11-25T00:00:00Z").await;
    let verified = one.verify_audit(&signing_key().public_key(), &[]).await.unwrap();
    assert_eq!((verified.entries, verified.faults), (320, vec![]));
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_others_their_answers() {
    let place = Place::new();
    let ledger = place.open().await;
    for number in 0..50 {
        let entries = [entry(number)];
        let gone = ledger.append_audit(&entries);
        drop(tokio::time::timeout(std::time::Duration::from_micros(number * 20), gone).await);
    }
    ledger.append_audit(&[entry(50)]).await.unwrap();
    sign(&ledger, "2026-11-25T00:00:00Z").await;
    let verified = ledger.verify_audit(&signing_key().public_key(), &[]).await.unwrap();
    assert_eq!(verified.faults, []);
    assert_eq!(verified.entries, ledger.audit_log(&AuditFilter::default(), 100).await.unwrap().len() as u64);
}

#[tokio::test]
async fn the_file_itself_refuses_changes() {
    let place = Place::new();
    let ledger = place.open().await;
    fill(&ledger, 3).await;
    sign(&ledger, "2026-11-25T00:00:00Z").await;
    ledger.close().await;
    let statements = [
        "UPDATE audit SET hash = zeroblob(32)",
        "DELETE FROM audit WHERE sequence = 3",
        "INSERT OR REPLACE INTO audit (sequence, content, hash) SELECT sequence, content, hash FROM audit",
        "INSERT INTO audit (sequence, content, hash) SELECT 5, content, hash FROM audit WHERE sequence = 3",
        "UPDATE audit_subject SET key = 'x'",
        "DELETE FROM audit_subject",
        "INSERT INTO audit_subject VALUES ('x', 1)",
        "INSERT OR REPLACE INTO audit_subject SELECT * FROM audit_subject",
        "UPDATE audit_checkpoints SET count = 2",
        "DELETE FROM audit_checkpoints",
        "INSERT OR REPLACE INTO audit_checkpoints SELECT * FROM audit_checkpoints",
    ];
    for sql in statements {
        let error = sqlx::raw_sql(sql).execute(&mut place.raw().await).await.expect_err(sql).to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nothing_from_being_signed() {
    let place = Place::new();
    let ledger = place.open().await;
    fill(&ledger, 3).await;
    let wrong = sign(&ledger, "2036-11-25T00:00:00Z").await.checkpoint;
    fill(&ledger, 2).await;
    let right = sign(&ledger, "2026-11-25T00:00:00Z").await.checkpoint;
    assert_eq!((right.number, right.signed_at), (2, wrong.signed_at));
    assert!(right.count > wrong.count);
    let verified = ledger.verify_audit(&signing_key().public_key(), &[]).await.unwrap();
    assert_eq!((verified.faults, verified.signed), (vec![], right.count));
}
