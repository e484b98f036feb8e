//! Verification of chains that were cut, written again, or forgotten in part.

use tidegate_ledger::{AuditFault, Hash256, Ledger, LedgerError, SignedAuditCheckpoint, SigningKey};

use super::{AUDIT_LOG, entry, fill, sign};
use crate::support::{Place, at, signing_key};

/// Ten entries in three parts, with checkpoints of 0, 4 and 7 of them.
async fn signed_chain() -> (Place, Ledger, [SignedAuditCheckpoint; 3]) {
    let place = Place::new();
    let ledger = place.open().await;
    let none = sign(&ledger, "2026-11-25T00:00:00Z").await;
    fill(&ledger, 4).await;
    let four = sign(&ledger, "2026-11-25T01:00:00.000000999Z").await;
    fill(&ledger, 3).await;
    let seven = sign(&ledger, "2026-11-25T02:00:00Z").await;
    fill(&ledger, 3).await;
    (place, ledger, [none, four, seven])
}

async fn faults(ledger: &Ledger, kept: &[SignedAuditCheckpoint]) -> Vec<AuditFault> {
    ledger.verify_audit(&signing_key().public_key(), kept).await.unwrap().faults
}

#[tokio::test]
async fn an_honest_chain_holds_and_says_how_far_it_is_signed() {
    let (_place, ledger, signed) = signed_chain().await;
    assert_eq!(ledger.audit_checkpoints().await.unwrap(), signed);
    let verified = ledger.verify_audit(&signing_key().public_key(), &signed).await.unwrap();
    assert_eq!(verified.faults, []);
    assert_eq!((verified.entries, verified.checkpoints, verified.signed), (10, 3, 7));
    let text = signed[1].to_json().unwrap();
    assert_eq!(serde_json::from_str::<SignedAuditCheckpoint>(&text).unwrap(), signed[1]);
}

#[tokio::test]
async fn a_chain_cut_behind_its_checkpoint_is_found() {
    let (place, ledger, signed) = signed_chain().await;
    let cut = "DELETE FROM audit_subject WHERE sequence > 5; DELETE FROM audit WHERE sequence > 5;
        UPDATE sqlite_sequence SET seq = 5 WHERE name = 'audit'";
    place.tamper(cut).await;
    let truncated = AuditFault::Truncated { signed: 7, found: 5 };
    assert_eq!(faults(&ledger, &[]).await, std::slice::from_ref(&truncated));
    let refused = ledger.append_audit_checkpoint(AUDIT_LOG, &signing_key(), at("2026-11-26T00:00:00Z")).await;
    assert!(matches!(&refused, Err(LedgerError::Audit(fault)) if *fault == truncated), "{refused:?}");

    // With the checkpoint gone too, only a copy that was kept elsewhere can tell.
    let forget = "DELETE FROM audit_checkpoints WHERE number = 3;
        UPDATE sqlite_sequence SET seq = 2 WHERE name = 'audit_checkpoints'";
    place.tamper(forget).await;
    assert_eq!(faults(&ledger, &[]).await, []);
    let found = faults(&ledger, &signed[2..]).await;
    assert_eq!(found, [truncated, AuditFault::CheckpointMissing { number: 3 }]);
}

#[tokio::test]
async fn an_end_cut_off_without_care_is_found_also_where_nothing_was_signed() {
    let (place, ledger, _) = signed_chain().await;
    place.tamper("DELETE FROM audit_subject WHERE sequence > 8; DELETE FROM audit WHERE sequence > 8").await;
    let shortened = AuditFault::Shortened { table: "audit", reached: 10, found: 8 };
    assert_eq!(faults(&ledger, &[]).await, [shortened]);
}

#[tokio::test]
async fn a_chain_written_again_is_found_and_not_signed() {
    let (place, ledger, signed) = signed_chain().await;
    place.tamper("DELETE FROM audit_subject WHERE sequence > 2; DELETE FROM audit WHERE sequence > 2").await;
    ledger.append_audit(&(20..28).map(entry).collect::<Vec<_>>()).await.unwrap();
    let rewritten = AuditFault::Rewritten { number: 2, count: 4 };
    assert_eq!(faults(&ledger, &[]).await, std::slice::from_ref(&rewritten));
    let time = at("2026-11-26T00:00:00Z");
    let refused = ledger.append_audit_checkpoint(AUDIT_LOG, &signing_key(), time).await;
    let newest = AuditFault::Rewritten { number: 3, count: 7 };
    assert!(matches!(&refused, Err(LedgerError::Audit(fault)) if *fault == newest), "{refused:?}");

    // Signed anew from the beginning, it meets the checkpoints that others have kept.
    place
        .tamper("DELETE FROM audit_checkpoints; DELETE FROM sqlite_sequence WHERE name = 'audit_checkpoints'")
        .await;
    sign(&ledger, "2026-11-26T00:00:00Z").await;
    assert_eq!(faults(&ledger, &[]).await, []);
    let found = faults(&ledger, &signed).await;
    assert_eq!(found[0], rewritten);
}

#[tokio::test]
async fn another_key_or_log_is_refused_and_a_stranger_s_signature_found() {
    let (place, ledger, signed) = signed_chain().await;
    let (other, late) = (SigningKey::new(&[1; 32]), at("2026-11-27T00:00:00Z"));
    for (log, key) in [("other", &signing_key()), (AUDIT_LOG, &other)] {
        let refused = ledger.append_audit_checkpoint(log, key, late).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
    }
    let found = ledger.verify_audit(&other.public_key(), &[]).await.unwrap();
    assert_eq!(found.faults.len(), 3, "{:?}", found.faults);
    assert_eq!((found.entries, found.signed), (10, 0));
    let mut forged = signed[2].clone();
    forged.checkpoint.head = Hash256::of(b"");
    assert!(matches!(faults(&ledger, &[forged]).await[..], [AuditFault::Checkpoint { number: 3, .. }]));
    place.tamper("DELETE FROM audit_checkpoints WHERE number = 2").await;
    assert_eq!(faults(&ledger, &[]).await, [AuditFault::CheckpointMissing { number: 2 }]);
}

#[tokio::test]
async fn guards_that_are_gone_changed_or_added_are_found() {
    let changes = [
        ("DROP TRIGGER audit_no_update", "missing"),
        ("DROP INDEX audit_by_time", "missing"),
        (
            "DROP TRIGGER audit_no_delete; CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
            WHEN OLD.sequence > 5 BEGIN SELECT RAISE(ABORT, 'no'); END",
            "another",
        ),
        (
            "CREATE TRIGGER helpful AFTER INSERT ON audit BEGIN DELETE FROM audit WHERE sequence = 1; END",
            "not ours",
        ),
        ("CREATE TRIGGER x AFTER INSERT ON AUDIT BEGIN SELECT 1; END", "not ours"),
        ("CREATE TRIGGER x AFTER INSERT ON loads BEGIN DELETE FROM audit; END", "not ours"),
        ("CREATE VIEW x AS SELECT 1", "not ours"),
        ("DROP TRIGGER principals_no_delete", "missing"),
    ];
    for (sql, expected) in changes {
        let (place, ledger, _) = signed_chain().await;
        sqlx::raw_sql(sql).execute(&mut place.raw().await).await.unwrap();
        let found = faults(&ledger, &[]).await;
        assert!(matches!(&found[..], [AuditFault::Schema { what, .. }] if *what == expected), "{found:?}");
    }
}

/// What somebody writes into the file once, so that what they read has no entry.
const KEEPS_OUT: &str = "CREATE TRIGGER x BEFORE INSERT ON AUDIT WHEN NEW.content LIKE '%Mallory%'
    BEGIN SELECT RAISE(IGNORE); END";
const TAKES_OUT: &str = "DROP TRIGGER audit_no_delete;
    CREATE TRIGGER x AFTER INSERT ON AUDIT WHEN NEW.content LIKE '%Mallory%'
    BEGIN DELETE FROM audit WHERE sequence = NEW.sequence; END";

#[tokio::test]
async fn what_the_file_keeps_out_of_the_chain_is_an_error_and_is_found() {
    for (sql, differing) in [(KEEPS_OUT, 1), (TAKES_OUT, 2)] {
        let (place, ledger, signed) = signed_chain().await;
        sqlx::raw_sql(sql).execute(&mut place.raw().await).await.unwrap();
        let mut by_mallory = entry(11);
        by_mallory.actor.name = "Mallory".to_owned();
        by_mallory.subjects.clear();
        let refused = ledger.append_audit(std::slice::from_ref(&by_mallory)).await;
        assert!(matches!(refused, Err(LedgerError::AuditKeptOut { sequence: 11 })), "{refused:?}");
        let refused = ledger.append_audit(&[entry(11), by_mallory]).await;
        assert!(matches!(refused, Err(LedgerError::AuditKeptOut { sequence: 12 })), "{refused:?}");
        assert_eq!(ledger.append_audit(&[entry(11)]).await.unwrap(), [11], "all or none");
        let found = faults(&ledger, &signed).await;
        let not_ours = AuditFault::Schema { object: "trigger x".to_owned(), what: "not ours" };
        assert!(found.len() == differing && found.contains(&not_ours), "{found:?}");
    }
}
