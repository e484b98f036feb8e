//! Provable draws from end to end: decided, revealed, published, verified by the program and by that of the document.

use crate::decide::{decided, decided_until, learnt, learnt_and_decided};
use crate::lodged_again::ingest_carried;
use crate::place::Place;
use crate::source::result;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};
use tidegate_jobs::draws::{OpenDraws, Period, VerifyOptions, open, publish, reveal, status, verify};

const DOCUMENT: &str = include_str!("../../../../docs/verifying-draws.md");

/// As jobs ask for results that something was found out by.
const HAS_RESULT: &str = "result_code IN ('conform', 'discrepancy')";

fn november() -> Period {
    "2025-11".parse().unwrap()
}

fn options(folders: &[&Path]) -> VerifyOptions {
    VerifyOptions { folders: folders.iter().map(|f| (*f).to_owned()).collect(), ..VerifyOptions::default() }
}

/// The programs of the document in their order.
#[derive(Clone, Copy)]
enum Program {
    Core = 1,
    Complete = 2,
}

/// What a program of the document says; nothing where there is no Python. Where the environment says CI, it has to be.
fn python(program: Program, place: &Place, folders: &[&Path]) -> Option<(bool, String)> {
    let script = place.folder.path().join("verify.py");
    let text = DOCUMENT.split("```python\n").nth(program as usize).unwrap().split("```\n").next().unwrap();
    std::fs::write(&script, text).unwrap();
    let output = match Command::new("python3").arg(&script).args(folders).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            assert!(env::var_os("CI").is_none(), "python3 is not installed");
            return None;
        }
        output => output.unwrap(),
    };
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8(said).unwrap()))
}

const CARRIED: usize = 20;

/// Loads consignments that are lodged on a day.
async fn carried(place: &Place, first_id: usize, day: &str, name: &str, of: [&str; 3]) {
    let named: Vec<(String, String)> =
        (0..CARRIED).map(|i| ((first_id + i).to_string(), format!("{name}{i}"))).collect();
    let lodged: Vec<_> = named.iter().map(|(id, document)| (id.as_str(), day, document.as_str())).collect();
    ingest_carried(place, &lodged, of).await;
}

/// Leaves behind what a run leaves that stops between its commitments and its decisions.
async fn interrupted(place: &Place, period: &str) {
    let (ledger, period) = (&place.home.ledger, period.parse().unwrap());
    let mut left = ledger.commitments(period, 0, 3).await.unwrap();
    let close = ledger.last_close().await.unwrap() + 1;
    for commitment in &mut left {
        commitment.content.close = close;
    }
    let left: Vec<_> = left.into_iter().map(|commitment| commitment.content).collect();
    ledger.append_commitments(period, &left).await.unwrap();
    place.home.sign(period).await.unwrap();
}

/// Decides with so little room that protected ones wait.
async fn until(place: &Place, to: &str) {
    decided_until(place, 1, to).await;
}

async fn published(place: &Place) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for period in ["2025-11", "2025-12"] {
        let folder = place.folder.path().join("published").join(period);
        reveal(&place.home, period.parse().unwrap()).await.unwrap();
        publish(&place.home, period.parse().unwrap(), &folder).await.unwrap();
        folders.push(folder);
    }
    folders
}

#[tokio::test]
async fn what_was_decided_is_revealed_published_and_verified() {
    let place = learnt().await;
    // Consignments that are lodged at two offices on a day, at one of them so heavy that a rule makes them mandatory, and
    // again in the next month; late ones of a closed day. The second run goes on in the epoch of the first.
    carried(&place, 700_000, "2025-11-03", "A", ["20", "12.5", "0"]).await;
    carried(&place, 701_000, "2025-11-03", "A", ["21", "40.5", "0"]).await;
    until(&place, "2025-11-12").await;
    carried(&place, 702_000, "2025-12-10", "A", ["20", "12.5", "0"]).await;
    carried(&place, 703_000, "2025-11-09", "B", ["20", "40.5", "0"]).await;
    until(&place, "2025-12-31").await;
    let early = publish(&place.home, november(), place.folder.path()).await.unwrap_err();
    assert!(early.to_string().contains("its key must be revealed first"), "{early}");
    let folders = published(&place).await;
    let both: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let verified = verify(&options(&both)).unwrap();
    let of_lake = place.count("SELECT count(*) FROM decision").await;
    assert_eq!(verified.rows, of_lake as u64);
    let selected = place.count("SELECT count(*) FROM decision WHERE is_selected").await;
    assert_eq!(verified.selected, selected as u64);
    assert_eq!((verified.waiting, verified.continued, verified.of_one_person.len()), (0, 0, 2));
    if let Some((held, said)) = python(Program::Complete, &place, &both) {
        assert!(held && said.starts_with(&format!("{of_lake} draws hold; 0 work lists wait")), "{said}");
    }
    if let Some((held, said)) = python(Program::Core, &place, &both) {
        assert!(held && said.lines().count() == 2 && said.contains(" draws of 2025-11 hold"), "{said}");
    }
    let twice = "SELECT count(*) FROM (SELECT root_id FROM decision WHERE listed_on = '2025-11-03' \
        GROUP BY root_id HAVING count(DISTINCT office_id) = 2 AND count(DISTINCT draw) = 1)";
    assert_eq!(place.count(twice).await, CARRIED as i64);
    assert!(verified.split_days > 0, "late ones are closed with slots of their own");
    let waited = place.count("SELECT count(*) FROM work_list WHERE waiting_before > 0").await;
    assert!(waited > 0, "somebody waits, so that queues are verified");
    let all = status(&place.home).await.unwrap();
    let of_november = all.iter().find(|status| status.period == november()).unwrap();
    assert!(of_november.revealed_at.is_some() && of_november.open == 0);
    let kept = serde_json::to_string(&[of_november.checkpoint.clone().unwrap()]).unwrap();
    let kept_file = place.write("kept.json", &kept);
    let key_file = place.write("log.pub", &place.home.signing_key().unwrap().public_key().to_string());
    let known = VerifyOptions { public_key: Some(key_file), kept: Some(kept_file), ..options(&both) };
    assert_eq!(verify(&known).unwrap().checkpoints, verified.checkpoints + 1);
    let other = place.write("other.pub", &"ab".repeat(32));
    let stranger = VerifyOptions { public_key: Some(other), ..options(&both) };
    assert!(verify(&stranger).unwrap_err().to_string().contains("its public key is"));
}

#[tokio::test]
async fn every_forgery_of_the_files_is_found() {
    let place = learnt_and_decided().await;
    let folders = published(&place).await;
    let both: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let (period, rows) = (folders[0].join("period.json"), folders[0].join("decisions.csv"));
    let (honest_period, honest_rows) =
        (std::fs::read_to_string(&period).unwrap(), std::fs::read_to_string(&rows).unwrap());
    let lines: Vec<&str> = honest_rows.lines().collect();
    let column = lines[0].split(',').position(|name| name == "p").unwrap();
    let mut fields: Vec<&str> = lines[9].split(',').collect();
    fields[column] = "0.5";
    let altered = fields.join(",");
    let with = |place: usize, line: &str| {
        let mut lines = lines.clone();
        lines[place] = line;
        lines.join("\n") + "\n"
    };
    let mut omitted = lines.clone();
    omitted.remove(7);
    let mut moved = lines.clone();
    moved.swap(4, 5);
    let swapped = honest_period.replacen("\\\"slots\\\":3", "\\\"slots\\\":4", 1);
    assert_ne!(swapped, honest_period);
    for (name, forged_period, forged_rows, words) in [
        ("an omitted record", &honest_period, omitted.join("\n") + "\n", "row 7 of period 2025-11"),
        ("an altered p", &honest_period, with(9, &altered), "row 9 of period 2025-11"),
        ("a swapped state", &swapped, honest_rows.clone(), "policy state"),
        ("a changed order", &honest_period, moved.join("\n") + "\n", "row 4 of period 2025-11"),
    ] {
        std::fs::write(&period, forged_period).unwrap();
        std::fs::write(&rows, forged_rows).unwrap();
        let fault = verify(&options(&both)).expect_err(name).to_string();
        assert!(fault.contains(words), "{name}: {fault}");
        for program in [Program::Core, Program::Complete] {
            if let Some((held, said)) = python(program, &place, &both) {
                assert!(!held && said.starts_with("FORGED: "), "{name}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_stays_secret_while_a_selected_consignment_has_no_result() {
    let place = learnt().await;
    carried(&place, 700_000, "2025-11-03", "A", ["20", "12.5", ""]).await;
    decided(&place).await;
    let open_ones =
        "SELECT count(*) FROM decision WHERE is_selected AND CAST(declaration_id AS BIGINT) >= 700000";
    let open_ones = place.count(open_ones).await;
    let refused = reveal(&place.home, november()).await.unwrap_err().to_string();
    assert!(open_ones > 0 && refused.contains(&format!("{open_ones} selected consignments")), "{refused}");
    assert!(refused.contains("of declarations 7000"), "{refused}");
    assert_eq!(status(&place.home).await.unwrap()[1].open, open_ones as u64);
    let unknown = reveal(&place.home, "2026-11".parse().unwrap()).await.unwrap_err();
    assert!(unknown.to_string().contains("2026-11"), "{unknown}");
}

#[tokio::test]
async fn what_is_lodged_again_after_the_reveal_is_drawn_anew() {
    let place = learnt().await;
    carried(&place, 700_000, "2025-11-03", "A", ["20", "12.5", "0"]).await;
    until(&place, "2025-11-30").await;
    let revealed = reveal(&place.home, november()).await.unwrap();
    assert!(revealed.closed_roots > CARRIED as u64);
    let again = reveal(&place.home, november()).await.unwrap_err();
    assert!(again.to_string().contains("already revealed"), "{again}");
    carried(&place, 710_000, "2025-12-10", "A", ["20", "12.5", "0"]).await;
    until(&place, "2025-12-05").await;
    interrupted(&place, "2025-12").await;
    until(&place, "2025-12-31").await;
    let anew = "SELECT count(*) FROM (SELECT root_id FROM decision WHERE CAST(declaration_id AS BIGINT) >= 700000 \
        GROUP BY root_id HAVING count(DISTINCT period) = 2 AND count(DISTINCT draw) = 2)";
    assert_eq!(place.count(anew).await, CARRIED as i64);
    let folder = place.folder.path().join("2025-11");
    publish(&place.home, november(), &folder).await.unwrap();
    let december: Period = "2025-12".parse().unwrap();
    reveal(&place.home, december).await.unwrap();
    let other = place.folder.path().join("2025-12");
    publish(&place.home, december, &other).await.unwrap();
    let verified = verify(&options(&[&folder, &other])).unwrap();
    assert_eq!((verified.continued, verified.abandoned), (0, 1));
    if let Some((held, said)) = python(Program::Complete, &place, &[&folder, &other]) {
        assert!(held && said.ends_with("; 1 closes were abandoned\n"), "{said}");
    }
    if let Some((held, said)) = python(Program::Core, &place, &[&folder, &other]) {
        assert!(held, "{said}");
    }
}

#[tokio::test]
async fn two_custodians_open_a_period() {
    let place = Place::new().await;
    let step = |custodian: Option<&str>, public_value: Option<&str>| OpenDraws {
        period: november(),
        public_source: None,
        custodian: custodian.map(str::to_owned),
        share: None,
        public_value: public_value.map(str::to_owned),
    };
    let source = Some("lottery".to_owned());
    open(&place.home, &OpenDraws { public_source: source, ..step(None, None) }).await.unwrap();
    let waits = place.home.key_of(november()).await.unwrap_err().to_string();
    assert!(waits.contains("tidegate draws open 2025-11 --custodian"), "{waits}");
    open(&place.home, &step(Some("Ana"), None)).await.unwrap();
    let same = open(&place.home, &step(Some("Ana"), None)).await.unwrap_err().to_string();
    assert!(same.contains("another person"), "{same}");
    let second = open(&place.home, &step(Some("Bo"), None)).await.unwrap();
    assert_eq!((second.share_commitments.len(), second.key_commitment), (2, None));
    let derived = open(&place.home, &step(None, Some("3 17 22"))).await.unwrap();
    let stored = place.home.key_of(november()).await.unwrap();
    assert_eq!(derived.key_commitment, Some(stored.key.commitment(november()).to_string()));
    let status = status(&place.home).await.unwrap();
    assert_eq!(status[0].custody, Some("two-persons"));
    assert_eq!(status[0].checkpoint.as_ref().unwrap().checkpoint.count, 0);
    let next = place.home.key_of("2025-12".parse().unwrap()).await.unwrap_err().to_string();
    assert!(next.contains("tidegate draws open 2025-12"), "{next}");
}

#[tokio::test]
async fn what_was_withdrawn_before_its_inspection_is_closed_and_teaches_nothing() {
    let place = learnt_and_decided().await;
    let id = place
        .texts("SELECT min(declaration_id) FROM decision WHERE is_selected AND period = '2025-11'")
        .await
        .remove(0);
    let erased = place.home.lake.erase("inspection", &format!("declaration_id = '{id}'")).await.unwrap();
    place.home.lake.record_snapshot(place.home.now, [&erased]).await.unwrap();
    let open = reveal(&place.home, november()).await.unwrap_err().to_string();
    assert!(open.contains(&format!("of declarations {id}")) && open.contains("withdrawn"), "{open}");

    let before = place.count(&format!("SELECT count(*) FROM inspection WHERE {HAS_RESULT}")).await;
    let line = result(&id, "2025-12-01T10:00:00Z", "withdrawn");
    let loaded = place.ingest_as("inspection", "withdrawn.ndjson", &[line], true).await.unwrap();
    assert_eq!(loaded.counts.accepted, 1);
    reveal(&place.home, november()).await.unwrap();
    assert_eq!(place.count(&format!("SELECT count(*) FROM inspection WHERE {HAS_RESULT}")).await, before);
}
