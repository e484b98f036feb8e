//! Checkpoints: signed, kept outside, and every way in which a log can deny its past.

use tidegate_ledger::{
    Hash256, HistoryFault, InclusionProof, Ledger, LedgerError, SignedCheckpoint, SigningKey,
    check_checkpoints, merkle,
};

use crate::support::{LOG, Place, at, commitments, now, period, signing_key};

async fn sign(ledger: &Ledger, time: &str) -> SignedCheckpoint {
    ledger.append_checkpoint(period(), LOG, &signing_key(), at(time)).await.unwrap()
}

async fn fault(ledger: &Ledger, kept: &[SignedCheckpoint]) -> Option<HistoryFault> {
    match ledger.verify_checkpoints(period(), &signing_key().public_key(), kept).await {
        Ok(()) => None,
        Err(LedgerError::History(fault)) => Some(fault),
        Err(other) => panic!("{other}"),
    }
}

/// A log of three commitments, signed, of two more, signed.
async fn signed_log() -> (Place, Ledger, [SignedCheckpoint; 3]) {
    let place = Place::new();
    let ledger = place.filled().await;
    let empty = sign(&ledger, "2026-11-24T17:00:00Z").await;
    ledger.append_commitments(period(), &commitments(3, "a")).await.unwrap();
    let three = sign(&ledger, "2026-11-25T17:00:00.000000999Z").await;
    ledger.append_commitments(period(), &commitments(2, "b")).await.unwrap();
    let five = sign(&ledger, "2026-11-26T17:00:00Z").await;
    (place, ledger, [empty, three, five])
}

#[tokio::test]
async fn checkpoints_read_back_and_hold_of_the_log() {
    let (_place, ledger, signed) = signed_log().await;
    assert_eq!(ledger.checkpoints(period()).await.unwrap(), signed);
    assert_eq!(signed.each_ref().map(|s| s.checkpoint.count), [0, 3, 5]);
    assert_eq!(fault(&ledger, &signed).await, None);
    let leaves: Vec<Hash256> = ledger
        .commitments(period(), 0, 10)
        .await
        .unwrap()
        .iter()
        .map(|commitment| merkle::leaf(commitment.hash.as_bytes()))
        .collect();
    assert_eq!(signed[2].checkpoint.merkle_root, merkle::root(&leaves));
    let text = serde_json::to_string(&signed[1]).unwrap();
    assert_eq!(serde_json::from_str::<SignedCheckpoint>(&text).unwrap(), signed[1]);
}

#[tokio::test]
async fn inclusion_and_growth_are_proven_from_checkpoints_alone() {
    let (_place, ledger, [_, three, five]) = signed_log().await;
    let roots = [&three, &five].map(|signed| signed.checkpoint.merkle_root);
    for (count, root) in [(3, roots[0]), (5, roots[1])] {
        for sequence in 1..=count {
            let proof = ledger.prove_inclusion(period(), sequence, count).await.unwrap();
            assert!(proof.holds(root) && !proof.holds(Hash256::of(b"")));
            let moved = InclusionProof { sequence: sequence - 1, ..proof };
            assert!(!moved.holds(root));
        }
        let beyond = ledger.prove_inclusion(period(), count + 1, count).await;
        assert!(matches!(beyond, Err(LedgerError::Unknown { .. })));
    }
    let growth = ledger.prove_growth(period(), 3, 5).await.unwrap();
    assert!(merkle::verify_consistency((3, roots[0]), (5, roots[1]), &growth));
    assert!(!merkle::verify_consistency((3, roots[1]), (5, roots[0]), &growth));
    assert!(matches!(ledger.prove_growth(period(), 3, 6).await, Err(LedgerError::Unknown { .. })));
    assert!(matches!(ledger.prove_growth(period(), 0, 5).await, Err(LedgerError::Invalid { .. })));
}

#[tokio::test]
async fn one_log_name_and_one_key_sign_a_period_in_order() {
    let (_place, ledger, [_, _, five]) = signed_log().await;
    let other = SigningKey::new(&[1; 32]);
    let late = at("2026-11-27T00:00:00Z");
    for (log, key) in [("other", signing_key()), (LOG, other)] {
        let refused = ledger.append_checkpoint(period(), log, &key, late).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })));
    }
    // A clock was set back.
    let early = ledger.append_checkpoint(period(), LOG, &signing_key(), now()).await.unwrap();
    assert_eq!(early.checkpoint, five.checkpoint);
    assert_eq!(fault(&ledger, &[early, five]).await, None);
    let unknown = ledger.append_checkpoint("2026-12".parse().unwrap(), LOG, &signing_key(), late).await;
    assert!(matches!(unknown, Err(LedgerError::Unknown { .. })));
}

#[tokio::test]
async fn a_log_that_was_cut_is_found_also_without_its_own_checkpoints() {
    let (place, ledger, signed) = signed_log().await;
    place.tamper("DELETE FROM commitments WHERE sequence > 4").await;
    let cut = HistoryFault::Truncated { signed: 5, found: 4 };
    assert_eq!(fault(&ledger, &[]).await, Some(cut.clone()));
    place.tamper("DELETE FROM checkpoints WHERE count = 5").await;
    assert_eq!(fault(&ledger, &[]).await, None);
    assert_eq!(fault(&ledger, &signed[2..]).await, Some(cut));
}

#[tokio::test]
async fn a_log_written_again_is_found_and_not_signed() {
    let (place, ledger, signed) = signed_log().await;
    place.tamper("DELETE FROM commitments WHERE sequence > 2").await;
    ledger.append_commitments(period(), &commitments(3, "c")).await.unwrap();
    let forked = HistoryFault::Forked { count: 3 };
    assert_eq!(fault(&ledger, &[]).await, Some(forked.clone()));
    let refused = ledger
        .append_checkpoint(period(), LOG, &signing_key(), at("2026-11-27T00:00:00Z"))
        .await
        .unwrap_err();
    assert!(matches!(&refused, LedgerError::History(fault) if *fault == forked), "{refused}");

    // A keeper who also forgets the checkpoints and signs anew meets those that others have kept.
    place.tamper("DELETE FROM checkpoints").await;
    let anew = sign(&ledger, "2026-11-27T00:00:00Z").await;
    assert_eq!(fault(&ledger, &[]).await, None);
    let equivocation = HistoryFault::Forked { count: 5 };
    assert_eq!(fault(&ledger, &signed).await, Some(equivocation.clone()));
    let key = signing_key().public_key();
    assert_eq!(check_checkpoints(&key, &[anew, signed[2].clone()]), Err(equivocation));
}

#[tokio::test]
async fn checkpoints_alone_show_a_rollback_and_a_forgery() {
    let (place, ledger, signed) = signed_log().await;
    let key = signing_key().public_key();
    place.tamper("DELETE FROM commitments WHERE sequence > 3; DELETE FROM checkpoints WHERE count > 3").await;
    let back = sign(&ledger, "2026-11-27T00:00:00Z").await;
    let rolled_back = HistoryFault::RolledBack { before: 5, after: 3 };
    assert_eq!(check_checkpoints(&key, &[back, signed[2].clone()]), Err(rolled_back));

    let mut forged = signed[1].clone();
    forged.checkpoint.count = 2;
    assert_eq!(check_checkpoints(&key, &[forged]), Err(HistoryFault::Forged { count: 2, key }));
    let other = SigningKey::new(&[1; 32]);
    let stranger = signed[1].checkpoint.clone().sign(&other);
    assert_eq!(check_checkpoints(&key, &[stranger]), Err(HistoryFault::Forged { count: 3, key }));
    let mut elsewhere = signed[2].checkpoint.clone();
    elsewhere.log = "another".to_owned();
    let elsewhere = elsewhere.sign(&signing_key());
    let both = [signed[1].clone(), elsewhere];
    assert_eq!(check_checkpoints(&key, &both), Err(HistoryFault::OtherLog { count: 5 }));
}
