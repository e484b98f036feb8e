//! Commitments: appended in order, refused after the reveal, and every kind of tampering found.

use tidegate_ledger::{
    ChainBreak, ChainHead, ChainVerdict, Hash256, Lane, Ledger, LedgerError, NewCommitment,
    PolicyStateVersion,
};

use crate::support::{Place, commitments, period, policy_state, reveal};

async fn verdict(ledger: &Ledger, published: Option<ChainHead>) -> ChainVerdict {
    ledger.verify_commitments(period(), published).await.unwrap()
}

/// Five commitments, then `sql` behind the ledger's back; gives what verification says, told the published head.
async fn after_tampering(sql: &str) -> ChainVerdict {
    let place = Place::new();
    let ledger = place.filled().await;
    let head = ledger.append_commitments(period(), &commitments(5, "a")).await.unwrap().head;
    place.tamper(sql).await;
    verdict(&ledger, Some(head)).await
}

#[tokio::test]
async fn commitments_follow_one_another_across_batches() {
    let place = Place::new();
    let ledger = place.filled().await;
    let empty = ledger.commitment_head(period()).await.unwrap();
    assert_eq!(empty.count, 0);
    assert_eq!(verdict(&ledger, Some(empty)).await, ChainVerdict::Intact(empty));

    let (first, second) = (commitments(300, "a"), commitments(4_000, "b"));
    let one = ledger.append_commitments(period(), &first).await.unwrap();
    let two = ledger.append_commitments(period(), &second).await.unwrap();
    assert_eq!((one.first_sequence, one.head.count), (1, 300));
    assert_eq!((two.first_sequence, two.head.count), (301, 4_300));
    assert_eq!(ledger.commitment_head(period()).await.unwrap(), two.head);
    for published in [None, Some(empty), Some(one.head), Some(two.head)] {
        assert_eq!(verdict(&ledger, published).await, ChainVerdict::Intact(two.head));
    }

    let stored = ledger.commitments(period(), 0, 10_000).await.unwrap();
    let contents: Vec<NewCommitment> = stored.iter().map(|stored| stored.content.clone()).collect();
    assert_eq!(contents, [first, second].concat());
    assert_eq!(ledger.commitments(period(), 299, 2).await.unwrap(), stored[299..301]);
}

#[tokio::test]
async fn the_size_of_the_batches_changes_no_hash() {
    let mut heads = Vec::new();
    for size in [1, 7, 200] {
        let place = Place::new();
        let ledger = place.filled().await;
        for batch in commitments(200, "a").chunks(size) {
            ledger.append_commitments(period(), batch).await.unwrap();
        }
        heads.push(ledger.commitment_head(period()).await.unwrap());
    }
    assert_eq!(heads, [heads[0]; 3]);
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_behind() {
    let place = Place::new();
    let ledger = place.filled().await;
    let good = commitments(200, "a");
    let last = |change: fn(&mut NewCommitment)| {
        let mut batch = good.clone();
        batch.last_mut().map(change).unwrap();
        batch
    };
    let cases = [
        last(|new| new.bundle = Hash256::of(b"unknown")),
        last(|new| new.policy_state = PolicyStateVersion(9)),
        last(|new| new.root.clear()),
        last(|new| new.root = "x".repeat(513)),
        last(|new| new.office = "x".repeat(513)),
        last(|new| new.list_rows = 0),
        last(|new| new.list_number = 0),
        last(|new| new.close = 0),
        last(|new| new.parts.probability = f64::NAN),
        last(|new| new.parts.floor = 1.5),
        last(|new| new.parts.mandatory = true),
        last(|new| new.least_lane = Lane::Red),
    ];
    for batch in cases {
        assert!(ledger.append_commitments(period(), &batch).await.is_err());
        assert_eq!(ledger.commitment_head(period()).await.unwrap().count, 0);
    }
    let other_period = "2026-12".parse().unwrap();
    let error = ledger.append_commitments(other_period, &good).await.unwrap_err();
    assert_eq!(error.to_string(), "the ledger holds no key for period 2026-12");
}

#[tokio::test]
async fn no_commitment_follows_the_reveal() {
    let place = Place::new();
    let ledger = place.filled().await;
    let head = ledger.append_commitments(period(), &commitments(2, "a")).await.unwrap().head;
    reveal(&ledger).await;
    let late = ledger.append_commitments(period(), &commitments(1, "b")).await;
    assert!(matches!(late, Err(LedgerError::PeriodRevealed(_))));
    assert_eq!(verdict(&ledger, Some(head)).await, ChainVerdict::Intact(head));
}

#[tokio::test]
async fn an_edited_field_is_found_where_it_is() {
    let edits = [
        "root = 'somebody else'",
        "version = 2",
        "office = 'KR-021'",
        "day = '2026-11-25'",
        "close = 2",
        "list_number = 2",
        "list_rows = 4",
        "waiting = 2",
        "slots_taken = 2",
        "least_lane = 'yellow'",
        "p_parts = zeroblob(49)",
        "salt = zeroblob(32)",
        "bundle_hash = zeroblob(32)",
        "hash = zeroblob(32)",
    ];
    for edit in edits {
        let verdict = after_tampering(&format!("UPDATE commitments SET {edit} WHERE sequence = 3")).await;
        assert_eq!(verdict, ChainVerdict::Broken(ChainBreak::Altered { sequence: 3 }), "{edit}");
    }
    let verdict = after_tampering("UPDATE commitments SET previous = zeroblob(32) WHERE sequence = 3").await;
    assert_eq!(verdict, ChainVerdict::Broken(ChainBreak::Unlinked { sequence: 3 }));
}

#[tokio::test]
async fn a_deleted_commitment_is_found_also_after_renumbering() {
    let verdict = after_tampering("DELETE FROM commitments WHERE sequence = 1").await;
    assert_eq!(verdict, ChainVerdict::Broken(ChainBreak::Gap { expected: 1, found: 2 }));
    let verdict = after_tampering("DELETE FROM commitments WHERE sequence = 3").await;
    assert_eq!(verdict, ChainVerdict::Broken(ChainBreak::Gap { expected: 3, found: 4 }));
    let verdict = after_tampering(
        "DELETE FROM commitments WHERE sequence = 3;
         UPDATE commitments SET sequence = 3 WHERE sequence = 4;
         UPDATE commitments SET sequence = 4 WHERE sequence = 5;",
    )
    .await;
    assert_eq!(verdict, ChainVerdict::Broken(ChainBreak::Unlinked { sequence: 3 }));
}

#[tokio::test]
async fn exchanged_commitments_are_found() {
    let verdict = after_tampering(
        "UPDATE commitments SET sequence = 99 WHERE sequence = 2;
         UPDATE commitments SET sequence = 2 WHERE sequence = 4;
         UPDATE commitments SET sequence = 4 WHERE sequence = 99;",
    )
    .await;
    assert_eq!(verdict, ChainVerdict::Broken(ChainBreak::Unlinked { sequence: 2 }));
}

#[tokio::test]
async fn a_cut_end_is_found_with_the_published_head_only() {
    let place = Place::new();
    let ledger = place.filled().await;
    let early = ledger.append_commitments(period(), &commitments(3, "a")).await.unwrap().head;
    let head = ledger.append_commitments(period(), &commitments(2, "b")).await.unwrap().head;
    place.tamper("DELETE FROM commitments WHERE sequence > 3").await;
    assert_eq!(verdict(&ledger, None).await, ChainVerdict::Intact(early));
    assert_eq!(verdict(&ledger, Some(early)).await, ChainVerdict::Intact(early));
    let truncated = ChainBreak::Truncated { published: head.count, found: 3 };
    assert_eq!(verdict(&ledger, Some(head)).await, ChainVerdict::Broken(truncated));
}

#[tokio::test]
async fn a_chain_written_again_is_found_with_the_published_head_only() {
    let place = Place::new();
    let ledger = place.filled().await;
    let published = ledger.append_commitments(period(), &commitments(3, "a")).await.unwrap().head;
    place.tamper("DELETE FROM commitments").await;
    let forged = ledger.append_commitments(period(), &commitments(4, "b")).await.unwrap().head;
    assert_eq!(verdict(&ledger, None).await, ChainVerdict::Intact(forged));
    let rewritten = ChainVerdict::Broken(ChainBreak::Rewritten { count: 3 });
    assert_eq!(verdict(&ledger, Some(published)).await, rewritten);
}

#[tokio::test]
async fn a_swapped_policy_state_is_found() {
    let content = "{\"floor\":0.5}";
    let hash = Hash256::of(content.as_bytes());
    let swap = format!("UPDATE policy_states SET content = '{content}', sha256 = x'{hash}'");
    assert_eq!(after_tampering(&swap).await, ChainVerdict::Broken(ChainBreak::Altered { sequence: 1 }));

    let place = Place::new();
    let ledger = place.filled().await;
    ledger.append_policy_state(&policy_state(content, Some(PolicyStateVersion(1)))).await.unwrap();
    ledger.append_commitments(period(), &commitments(2, "a")).await.unwrap();
    place.tamper("UPDATE commitments SET policy_state_version = 2 WHERE sequence = 2").await;
    let altered = ChainVerdict::Broken(ChainBreak::Altered { sequence: 2 });
    assert_eq!(ledger.verify_commitments(period(), None).await.unwrap(), altered);
}
