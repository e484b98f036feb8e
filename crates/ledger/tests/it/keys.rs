//! Keys of periods: two custodians, a public value that neither chose, and the gate before the reveal.

use std::collections::HashSet;

use tidegate_ledger::{
    Custody, KeyShare, Ledger, LedgerError, NewReveal, NewShare, PeriodKey, PeriodOpening, PrincipalId,
    PrincipalKind, SharePosition, StoredPeriodKey,
};

use crate::support::{
    LOG, Place, act, at, commitments, later, newcomer, now, period, reveal, shares, signing_key,
};

async fn person(ledger: &Ledger, name: &str, kind: PrincipalKind) -> PrincipalId {
    ledger.add_principal(&newcomer(name, kind), &act()).await.unwrap()
}

async fn open(ledger: &Ledger, source: Option<&str>) {
    let opened_by = ledger.local_owner().await.unwrap().id;
    let public_source = source.map(str::to_owned);
    let new = PeriodOpening { period: period(), public_source, opened_by, opened_at: now() };
    ledger.open_period(&new).await.unwrap();
    assert!(matches!(ledger.open_period(&new).await, Err(LedgerError::Exists { .. })));
}

fn share(custodian: PrincipalId, bytes: u8) -> NewShare {
    NewShare { period: period(), custodian, share: KeyShare::new([bytes; 32]), at: now() }
}

#[tokio::test]
async fn a_key_is_made_of_two_custodians_and_a_public_value() {
    let place = Place::new();
    let ledger = place.open().await;
    let (ana, bo) = (
        person(&ledger, "Ana", PrincipalKind::Person).await,
        person(&ledger, "Bo", PrincipalKind::Person).await,
    );
    assert!(matches!(ledger.hand_in_share(&share(ana, 1)).await, Err(LedgerError::Unknown { .. })));
    open(&ledger, Some("lottery of 1 November")).await;
    let first = ledger.hand_in_share(&share(ana, 1)).await.unwrap();
    assert_eq!(first.commitment, KeyShare::new([1; 32]).commitment(period(), SharePosition::First));
    let early = ledger.derive_period_key(period(), Some(b"17 4 23"), now()).await.unwrap_err();
    let expected =
        "deriving the key of period 2026-11 must wait: both custodians must hand in their shares first";
    assert_eq!(early.to_string(), expected);
    assert!(matches!(ledger.hand_in_share(&share(ana, 2)).await, Err(LedgerError::SameCustodian(_))));
    let second = ledger.hand_in_share(&share(bo, 2)).await.unwrap();
    assert!(matches!(ledger.hand_in_share(&share(ana, 3)).await, Err(LedgerError::Already { .. })));
    assert_eq!(ledger.opened_period(period()).await.unwrap().shares, [first.clone(), second.clone()]);

    let before = ledger.derive_period_key(period(), Some(b"17 4 23"), at("2026-11-01T00:00:00Z")).await;
    assert!(matches!(before, Err(LedgerError::Invalid { what: "the time of a share or key", .. })));
    for value in [None, Some(b"".as_slice()), Some(&[0; 1025])] {
        let refused = ledger.derive_period_key(period(), value, now()).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })));
    }
    let stored = ledger.derive_period_key(period(), Some(b"17 4 23"), now()).await.unwrap();
    let parts = [&KeyShare::new([1; 32]), &KeyShare::new([2; 32])];
    let expected = PeriodKey::derive(period(), parts, Some(b"17 4 23"));
    assert_eq!(stored.key.expose(), expected.expose());
    assert_eq!(stored.origin.custody, Custody::TwoPersons);
    assert_eq!(stored.origin.share_commitments, [first.commitment, second.commitment]);
    let again = ledger.derive_period_key(period(), Some(b"1 2 3"), now()).await;
    assert!(matches!(again, Err(LedgerError::Exists { .. })));
    assert_eq!(ledger.period_key(period()).await.unwrap().key.expose(), expected.expose());
}

#[tokio::test]
async fn only_a_ledger_of_one_person_takes_both_shares_from_one() {
    let place = Place::new();
    let ledger = place.open().await;
    person(&ledger, "nightly job", PrincipalKind::Service).await;
    let stored = ledger.set_up_period_alone(period(), shares(), now()).await.unwrap();
    assert_eq!(stored.origin.custody, Custody::OnePerson);
    assert!(matches!(
        ledger.set_up_period_alone(period(), shares(), now()).await,
        Err(LedgerError::Exists { .. })
    ));

    let ana = person(&ledger, "Ana", PrincipalKind::Person).await;
    ledger.disable_principal(ana, &act()).await.unwrap();
    let next = "2026-12".parse().unwrap();
    let error = ledger.set_up_period_alone(next, shares(), now()).await.unwrap_err();
    assert!(matches!(error, LedgerError::SameCustodian(_)), "{error}");
    assert!(
        matches!(ledger.opened_period(next).await, Err(LedgerError::Unknown { .. })),
        "nothing is left behind"
    );
}

#[tokio::test]
async fn services_and_disabled_persons_hold_no_share() {
    let place = Place::new();
    let ledger = place.open().await;
    open(&ledger, None).await;
    let service = person(&ledger, "nightly job", PrincipalKind::Service).await;
    let gone = person(&ledger, "Ana", PrincipalKind::Person).await;
    ledger.disable_principal(gone, &act()).await.unwrap();
    for custodian in [service, gone] {
        let refused = ledger.hand_in_share(&share(custodian, 1)).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })));
    }
    let value = ledger.derive_period_key(period(), Some(b"1"), now()).await;
    assert!(matches!(value, Err(LedgerError::NotYet { .. })));
}

#[tokio::test]
async fn a_swapped_share_public_value_or_commitment_is_found() {
    let swaps = [
        "UPDATE key_shares SET share = zeroblob(32) WHERE position = 2",
        "UPDATE key_shares SET commitment = zeroblob(32) WHERE position = 1",
        "UPDATE period_keys SET public_value = x'00'",
        "UPDATE period_keys SET commitment = zeroblob(32)",
        "DELETE FROM key_shares WHERE position = 2",
    ];
    for swap in swaps {
        let place = Place::new();
        let ledger = place.filled().await;
        place.tamper(swap).await;
        let error = ledger.period_key(period()).await.unwrap_err();
        assert!(matches!(error, LedgerError::Damaged { .. }), "{swap}: {error}");
    }
}

async fn try_reveal(ledger: &Ledger, closed: &[&str], when: &str) -> Result<StoredPeriodKey, LedgerError> {
    let closed: HashSet<String> = closed.iter().map(|root| (*root).to_owned()).collect();
    let by = ledger.local_owner().await.unwrap().id;
    let new = NewReveal { period: period(), closed: &closed, closed_as_of: 12, by, at: at(when) };
    ledger.reveal_period_key(&new).await
}

#[tokio::test]
async fn a_key_stays_secret_until_everything_drawn_with_it_is_closed() {
    let place = Place::new();
    let ledger = place.filled().await;
    ledger.append_commitments(period(), &commitments(3, "a")).await.unwrap();
    let all = ["a/house-0", "a/house-1", "a/house-2"];
    let over = "2026-12-01T00:00:00Z";
    let shown = |error: LedgerError| error.to_string();

    let error = shown(try_reveal(&ledger, &all, "2026-11-30T23:59:59Z").await.unwrap_err());
    assert!(error.contains("the period must be over"), "{error}");
    let error = shown(try_reveal(&ledger, &all, over).await.unwrap_err());
    assert!(error.contains("a checkpoint must be signed"), "{error}");
    ledger.append_checkpoint(period(), LOG, &signing_key(), now()).await.unwrap();
    ledger.append_commitments(period(), &commitments(1, "b")).await.unwrap();
    let error = shown(try_reveal(&ledger, &all, over).await.unwrap_err());
    assert!(error.contains("a checkpoint must be signed"), "{error}");
    ledger.append_checkpoint(period(), LOG, &signing_key(), now()).await.unwrap();

    let error = shown(try_reveal(&ledger, &[], over).await.unwrap_err());
    assert!(
        error.contains("4 of the roots drawn with it are not closed, the first that of commitment 1"),
        "{error}"
    );
    let error = shown(try_reveal(&ledger, &all, over).await.unwrap_err());
    assert!(
        error.contains("1 of the roots drawn with it are not closed, the first that of commitment 4"),
        "{error}"
    );
    assert_eq!(ledger.period_key(period()).await.unwrap().revealed, None);
}

#[tokio::test]
async fn a_key_is_revealed_once_by_somebody() {
    let place = Place::new();
    let ledger = place.filled().await;
    ledger.append_commitments(period(), &[commitments(3, "a"), commitments(2, "a")].concat()).await.unwrap();
    let revealed = reveal(&ledger).await.revealed.unwrap();
    assert_eq!(revealed.by, ledger.local_owner().await.unwrap().id);
    assert_eq!((revealed.at, revealed.closed_roots, revealed.closed_as_of), (later(), 3, 12));
    let again = try_reveal(&ledger, &["a/house-0", "a/house-1", "a/house-2"], "2027-03-01T00:00:00Z").await;
    assert!(matches!(again, Err(LedgerError::Already { .. })));
}
