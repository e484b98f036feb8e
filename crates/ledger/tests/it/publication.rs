//! What is published: honest files hold, and everything altered in them is found.

use proptest::prelude::*;
use proptest::sample::Index;
use tidegate_ledger::publication::{
    ClosingRules, Component, Drawn, Fault, Kept, Publication, PublishedPeriod, RowFault, read_rows,
    recompute, verify, write_rows,
};
use tidegate_ledger::{Custody, HistoryFault, LedgerError, NewCommitment, PolicyStateVersion, SigningKey};

use crate::forgeries::FORGERIES;
use crate::support::{Place, commitments, period, reveal, signing_key};
use crate::synthetic::{ONE, TWO};

fn kept() -> Kept {
    Kept { public_key: Some(signing_key().public_key()), checkpoints: Vec::new() }
}

#[test]
fn honest_periods_hold() {
    let one = verify(&ONE, &kept()).unwrap();
    assert_eq!((one.work_lists, one.split_days, one.checkpoints), (18, 3, 7));
    assert_eq!((one.waiting, one.continued, one.abandoned), (0, 0, 0));
    assert_eq!(one.of_one_person, []);
    let two = verify(&TWO, &Kept::default()).unwrap();
    assert_eq!(two.rows, TWO.iter().map(|publication| publication.rows.len() as u64).sum::<u64>());
    assert!(two.selected > 10);
}

/// What the synthetic period must show, so that what is verified of it is worth something.
#[test]
fn the_synthetic_period_has_every_kind_of_row() {
    let rows = &ONE[0].rows;
    let outcomes = || rows.iter().map(|row| row.outcome);
    for component in ["mandatory", "statutory", "floor", "exploration", "model", "none"] {
        let component: Component = component.parse().unwrap();
        assert!(outcomes().any(|outcome| outcome.component == component), "{component}");
    }
    for lane in ["green", "blue", "yellow", "orange", "red"] {
        assert!(outcomes().any(|outcome| outcome.lane == lane.parse().unwrap()), "{lane}");
    }
    assert!(outcomes().any(|outcome| outcome.is_queued));
    assert!(rows.iter().any(|row| row.content.waiting > 0) && rows.iter().any(|row| row.content.close == 6));
    assert!(outcomes().any(|outcome| outcome.is_candidate && !outcome.is_selected), "overflow");
    assert!(outcomes().any(|outcome| outcome.tau < 1.0) && !outcomes().all(|outcome| outcome.tau < 1.0));
    let raised = |row: &&tidegate_ledger::publication::PublishedRow| {
        row.content.parts.probability > row.content.parts.own_probability()
    };
    assert!(rows.iter().filter(raised).count() > 3);
}

#[test]
fn files_read_back() {
    for publication in TWO.iter() {
        let file = write_rows(&publication.rows).unwrap();
        assert_eq!(read_rows(&file).unwrap(), publication.rows);
        let json = publication.period.to_json().unwrap();
        assert_eq!(PublishedPeriod::from_json(&json).unwrap(), publication.period);
    }
}

#[test]
fn every_forgery_is_found_in_its_own_words() {
    for forgery in FORGERIES {
        let mut forged = ONE[0].clone();
        (forgery.forge)(&mut forged);
        let fault = verify(&[forged], &kept()).expect_err(forgery.name).to_string();
        assert!(fault.contains(forgery.found), "{}: {fault}", forgery.name);
    }
}

/// Somebody who holds the signing key writes the whole period again: the files hold in themselves, and what others
/// have kept shows it.
#[test]
fn a_period_invented_by_the_signer_is_found_by_what_others_kept() {
    let honest = &ONE[0].period.checkpoints;
    let stranger = SigningKey::new(&[1; 32]);
    let resign = |key: &SigningKey, change: fn(&mut Publication)| {
        let mut forged = ONE[0].clone();
        change(&mut forged);
        for signed in &mut forged.period.checkpoints {
            *signed = signed.checkpoint.clone().sign(key);
        }
        forged.period.public_key = key.public_key();
        forged
    };
    let other_signer = resign(&stranger, |_| {});
    assert!(verify(std::slice::from_ref(&other_signer), &Kept::default()).is_ok());
    let fault = verify(&[other_signer], &kept()).unwrap_err().to_string();
    assert!(fault.contains("its public key is"), "{fault}");

    let cut = resign(&signing_key(), |p| {
        let end = p.period.checkpoints[3].checkpoint.clone();
        p.period.checkpoints.truncate(4);
        p.rows.truncate(end.count as usize);
        (p.period.commitments, p.period.head, p.period.merkle_root) = (end.count, end.head, end.merkle_root);
        p.period.policy_states.truncate(1);
        p.period.bundles.truncate(1);
    });
    assert!(verify(std::slice::from_ref(&cut), &Kept::default()).is_ok());
    let kept = Kept { public_key: None, checkpoints: honest[5..6].to_vec() };
    let fault = verify(&[cut], &kept).unwrap_err();
    let Fault::Period { fault, .. } = fault else { panic!("{fault}") };
    let (signed, found) = (honest[5].checkpoint.count, honest[3].checkpoint.count);
    assert_eq!(fault, HistoryFault::Truncated { signed, found }.into());
}

#[test]
fn a_work_list_of_two_periods_is_closed_with_both() {
    assert_eq!(verify(&TWO, &kept()).unwrap().waiting, 0);
    for alone in TWO.chunks(1) {
        assert!(verify(alone, &kept()).unwrap().waiting > 0);
    }
    let mut twice = TWO.clone();
    twice.push(TWO[0].clone());
    assert!(verify(&twice, &kept()).unwrap_err().to_string().contains("given twice"));

    // The place of a row on a list that both periods share: December days are later than November's.
    let of_november = &TWO[0].rows;
    let shared = of_november.iter().position(|row| row.content.day > "2026-11-30".parse().unwrap()).unwrap();
    let forged = |change: fn(&mut tidegate_ledger::publication::Outcome)| {
        let mut forged = TWO.clone();
        change(&mut forged[0].rows[shared].outcome);
        forged
    };
    let tau = forged(|outcome| outcome.tau = 0.25);
    assert!(verify(&tau, &kept()).is_err(), "with both, the cut is computed");
    let alone = forged(|outcome| outcome.draw = 0.25);
    assert!(verify(&alone[..1], &kept()).is_err(), "with one, all but the cut is");
}

#[test]
fn a_row_that_joins_a_list_afterwards_is_found() {
    let rules = ClosingRules::parse(&ONE[0].period.policy_states[0].content).unwrap();
    let mut contents: Vec<_> = ONE[0].rows[..30].iter().map(|row| row.content.clone()).collect();
    let mut late = contents[0].clone();
    late.root = "friend".to_owned();
    contents.insert(1, late);
    let drawn = Drawn {
        period: period(),
        key: tidegate_ledger::PeriodKey::new([0; 32]),
        rules: [(PolicyStateVersion(1), rules)].into(),
        contents: contents.iter().collect(),
        said: Some(vec![ONE[0].rows[0].outcome; 31]),
    };
    let fault = recompute(&[drawn]).unwrap_err().to_string();
    assert!(fault.contains("rows were omitted or added"), "{fault}");
}

/// Parts of p that do not give p are found although the log was written with them.
#[tokio::test]
async fn what_was_committed_wrongly_is_found() {
    let place = Place::new();
    let ledger = place.filled().await;
    ledger
        .append_checkpoint(period(), crate::support::LOG, &signing_key(), crate::support::now())
        .await
        .unwrap();
    ledger.append_commitments(period(), &commitments(3, "a")).await.unwrap();
    let refused = ledger.published_period(period()).await;
    assert!(matches!(refused, Err(LedgerError::NotYet { .. })), "p is published after the reveal only");
    reveal(&ledger).await;
    let published = ledger.published_period(period()).await.unwrap();
    assert_eq!(published.custody, Custody::OnePerson);
    let outcome = ONE[0].rows[0].outcome;
    let drawn = ledger.commitments(period(), 0, 10).await.unwrap();
    let rows = drawn.iter().map(|c| tidegate_ledger::publication::PublishedRow::new(c, outcome)).collect();
    let fault = verify(&[Publication { period: published, rows }], &kept()).unwrap_err().to_string();
    assert!(fault.contains("policy state 1 does not say how work lists are closed"), "{fault}");
}

/// A list that says that more wait before it than do, or that earlier lists of its day took other slots than they did, so
/// that fewer slots are left for chance, holds in itself.
#[test]
fn who_waits_and_what_is_taken_must_follow_from_the_lists_before() {
    let drawn = |is: fn(&&NewCommitment) -> bool, change: fn(&mut NewCommitment)| {
        let mut contents: Vec<_> = ONE[0].rows.iter().map(|row| row.content.clone()).collect();
        let list = contents.iter().find(is).unwrap().clone();
        let same =
            |content: &&mut NewCommitment| (content.close, &content.office) == (list.close, &list.office);
        contents.iter_mut().filter(same).for_each(change);
        contents
    };
    let again = |contents: &[NewCommitment]| {
        let states = ONE[0].period.policy_states.iter();
        recompute(&[Drawn {
            period: period(),
            key: tidegate_ledger::PeriodKey::new(*ONE[0].period.key.as_bytes()),
            rules: states
                .map(|state| {
                    (PolicyStateVersion(state.version), ClosingRules::parse(&state.content).unwrap())
                })
                .collect(),
            contents: contents.iter().collect(),
            said: None,
        }])
    };
    let (waits, is_late) = (|of: &&NewCommitment| of.waiting > 0, |of: &&NewCommitment| of.slots_taken > 0);
    assert_eq!(again(&drawn(waits, |_| {})).unwrap().continued, 0);
    let fault = |is: fn(&&NewCommitment) -> bool, change: fn(&mut NewCommitment)| {
        again(&drawn(is, change)).unwrap_err().to_string()
    };
    for (found, words) in [
        (fault(waits, |content| content.waiting += 1), "waiting before it, but must be number"),
        (fault(waits, |content| content.list_number -= 1), "but must be above"),
        (fault(is_late, |content| content.slots_taken -= 1), "slots of the office, but must have taken"),
        (fault(waits, |content| content.slots_taken += 1), "slots of the office, but must have taken"),
    ] {
        assert!(found.contains(words), "{found}");
    }
    let of_other = again(&drawn(waits, |content| content.day = "2026-11-30".parse().unwrap())).unwrap_err();
    assert!(of_other.to_string().contains("another day"), "{of_other}");
}

#[test]
fn p_must_follow_from_the_versions_so_far() {
    let rules: std::collections::BTreeMap<_, _> = ONE[0]
        .period
        .policy_states
        .iter()
        .map(|state| (PolicyStateVersion(state.version), ClosingRules::parse(&state.content).unwrap()))
        .collect();
    let mut contents: Vec<_> = ONE[0].rows.iter().map(|row| row.content.clone()).collect();
    contents[30].parts.probability = 0.25;
    let drawn = Drawn {
        period: period(),
        key: tidegate_ledger::PeriodKey::new([0; 32]),
        rules,
        contents: contents.iter().collect(),
        said: None,
    };
    let fault = recompute(&[drawn]).unwrap_err();
    assert!(matches!(fault, Fault::Row { row: 31, fault: RowFault::Probability { .. }, .. }), "{fault}");
}

proptest! {
    /// Each field of each row, replaced by that of another row, by something near, or by something else of its kind.
    #[test]
    fn any_single_field_altered_in_any_row_is_found(row: Index, column: Index, other: Index, kind in 0..4_u8) {
        let file = write_rows(&ONE[0].rows).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
        let mut table: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let (row, other) = (1 + row.index(table.len() - 1), 1 + other.index(table.len() - 1));
        let column = column.index(table[0].len());
        let honest = table[row][column].clone();
        let altered = altered(&honest, &table[other][column], kind);
        prop_assume!(means_other(&honest, &altered));
        table[row][column].clone_from(&altered);
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in &table {
            writer.write_record(record).unwrap();
        }
        let file = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        if let Ok(rows) = read_rows(&file) {
            let forged = Publication { period: ONE[0].period.clone(), rows };
            let name = &table[0][column];
            prop_assert!(verify(&[forged], &Kept::default()).is_err(), "{name} of row {row}: {honest} to {altered}");
        }
    }
}

/// `1.0` and `1` are one number.
fn means_other(honest: &str, altered: &str) -> bool {
    match (honest.parse::<f64>(), altered.parse::<f64>()) {
        (Ok(honest), Ok(altered)) => honest.to_bits() != altered.to_bits(),
        _ => honest != altered,
    }
}

fn altered(honest: &str, of_another_row: &str, kind: u8) -> String {
    match (kind, honest.parse::<f64>()) {
        (0, _) => of_another_row.to_owned(),
        (1, Ok(number)) => number.next_up().to_string(),
        (2, Ok(number)) => (number + 1.0).to_string(),
        (1, Err(_)) => honest.replacen(['0', 'a', 'e'], "1", 1),
        (2, Err(_)) => format!("{honest}0"),
        _ => "1".to_owned(),
    }
}
