//! Two open ledgers on one file, as two processes would have it, writing at once.

use tidegate_ledger::{ChainVerdict, Ledger, LedgerError};

use crate::support::{Place, commitments, period, policy_state};

const BATCHES: usize = 20;
const ROWS: usize = 50;

async fn append_all(ledger: Ledger, writer: &'static str) -> Vec<u64> {
    let mut starts = Vec::new();
    for batch in commitments(BATCHES * ROWS, writer).chunks(ROWS) {
        starts.push(ledger.append_commitments(period(), batch).await.unwrap().first_sequence);
    }
    starts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_handles_make_one_chain() {
    let place = Place::new();
    let (one, other) = (place.filled().await, place.open().await);
    let (a, b) =
        tokio::join!(tokio::spawn(append_all(one.clone(), "a")), tokio::spawn(append_all(other, "b")));
    let mut starts = [a.unwrap(), b.unwrap()].concat();
    starts.sort_unstable();
    let expected: Vec<u64> = (0..2 * BATCHES).map(|batch| (batch * ROWS + 1) as u64).collect();
    assert_eq!(starts, expected);
    let ChainVerdict::Intact(head) = one.verify_commitments(period(), None).await.unwrap() else {
        panic!("the chain is broken");
    };
    assert_eq!(head.count, (2 * BATCHES * ROWS) as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_controllers_one_must_look_again() {
    let place = Place::new();
    let (one, other) = (place.filled().await, place.open().await);
    let newest = one.newest_policy_state().await.unwrap().map(|state| state.version);
    let (first, second) = (policy_state("{\"by\":1}", newest), policy_state("{\"by\":2}", newest));
    let (a, b) = tokio::join!(one.append_policy_state(&first), other.append_policy_state(&second));
    let stale = [a, b].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(matches!(stale.as_slice(), [LedgerError::StalePolicyState { .. }]), "{stale:?}");
    assert_eq!(one.newest_policy_state().await.unwrap().unwrap().version.0, 2);
}
