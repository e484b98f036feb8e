//! Every entry that was acknowledged is there after the process was killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tidegate_ledger::{Ledger, LedgerLimits};

use super::{entry, sign};
use crate::support::{Place, now, signing_key};

/// Where the child finds its ledger.
const LEDGER: &str = "TIDEGATE_TEST_AUDIT_LEDGER";

/// Kills of one run.
const ROUNDS: u64 = 8;

/// The child: appends from four tasks for as long as it lives, and prints each sequence that was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_appends_until_it_is_killed() {
    let Some(path) = std::env::var_os(LEDGER) else { return };
    let ledger = Ledger::open(path.as_ref(), LedgerLimits::default(), now()).await.unwrap();
    let append = |task: u64, ledger: Ledger| async move {
        for number in 0_u64.. {
            let sequences = ledger.append_audit(&[entry(number), entry(task)]).await.unwrap();
            let mut out = std::io::stdout().lock();
            for sequence in sequences {
                writeln!(out, "acknowledged {sequence}").unwrap();
            }
            out.flush().unwrap();
        }
    };
    let tasks: Vec<_> = (0..4).map(|task| tokio::spawn(append(task, ledger.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let place = Place::new();
    place.open().await.close().await;
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "audit::killed::child_appends_until_it_is_killed", "--nocapture"])
            .env(LEDGER, place.file())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The harness speaks first.
        let first = lines.find(|line| line.as_ref().unwrap().starts_with("acknowledged")).unwrap().unwrap();
        // A moment that differs from round to round and never falls together with a period of the writer.
        sleep(Duration::from_micros(1_000 + round * 37_717 % 150_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let sequence = |line: &str| line.strip_prefix("acknowledged ").and_then(|n| n.parse::<u64>().ok());
        let mut said: Vec<u64> = vec![sequence(&first).unwrap()];
        // The last line may be torn: it is shorter than what was acknowledged, or no line at all.
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        said.extend(rest.iter().filter_map(|line| sequence(line)));
        let ledger = place.open().await;
        let verified = ledger.verify_audit(&signing_key().public_key(), &[]).await.unwrap();
        assert_eq!(verified.faults, []);
        let newest = said.iter().max().unwrap();
        assert!(verified.entries >= *newest, "{newest} was acknowledged, {} are there", verified.entries);
        acknowledged += said.len();
        sign(&ledger, &format!("2026-12-01T00:00:0{round}Z")).await;
        ledger.close().await;
    }
    assert!(acknowledged as u64 > ROUNDS, "{acknowledged}");
}
