//! Each kind of row as it is written and read back, and what its calls refuse.

use std::collections::BTreeSet;
use std::slice;

use tidegate_ledger::{
    Act, Activation, AuditEvent, AuditFilter, DecisionRunId, Door, Hash256, Ledger, LedgerError, LoadId,
    LoadOutcome, LoadStart, NewPrincipal, NewProposal, PolicyStateVersion, PrincipalId, PrincipalKind,
    ProposalId, RunOutcome, RunStart, Verdict,
};

use crate::support::{BUNDLE, Place, act, at, bundle, newcomer, now, period, policy_state};

#[tokio::test]
async fn principals_are_added_disabled_and_never_doubled() {
    let place = Place::new();
    let ledger = place.open().await;
    let roles = BTreeSet::from(["officer".to_owned(), "analyst".to_owned()]);
    let new = NewPrincipal { roles: roles.clone(), ..newcomer("Ana", PrincipalKind::Person) };
    let id = ledger.add_principal(&new, &act()).await.unwrap();
    let error = ledger.add_principal(&new, &act()).await.unwrap_err();
    assert_eq!(error.to_string(), "the ledger already holds the principal Ana");
    let second_owner = NewPrincipal { name: "Bo", kind: PrincipalKind::LocalOwner, ..new.clone() };
    let error = ledger.add_principal(&second_owner, &act()).await.unwrap_err();
    assert_eq!(error.to_string(), "the ledger already holds the principal local owner");
    let blank = NewPrincipal { name: " ", ..new };
    assert!(matches!(ledger.add_principal(&blank, &act()).await, Err(LedgerError::Invalid { .. })));

    ledger.disable_principal(id, &Act { at: at("2026-12-01T00:00:00Z"), ..act() }).await.unwrap();
    let ana = ledger.principal(id).await.unwrap();
    assert_eq!((ana.kind, ana.roles, ana.created_at), (PrincipalKind::Person, roles, now()));
    assert_eq!(ana.disabled_at, Some(at("2026-12-01T00:00:00Z")));
    assert!(matches!(ledger.disable_principal(id, &act()).await, Err(LedgerError::Already { .. })));
    let owner = ledger.local_owner().await.unwrap().id;
    assert!(matches!(ledger.disable_principal(owner, &act()).await, Err(LedgerError::Invalid { .. })));
    let nobody = ledger.disable_principal(PrincipalId(99), &act()).await.unwrap_err();
    assert_eq!(nobody.to_string(), "the ledger holds no principal 99");
}

#[tokio::test]
async fn a_load_is_finished_once_and_loses_no_row() {
    let place = Place::new();
    let ledger = place.open().await;
    let owner = ledger.local_owner().await.unwrap().id;
    let start = LoadStart {
        source_file_name: "train.csv".to_owned(),
        mapping_name: "kcs-import".to_owned(),
        principal: owner,
        started_at: now(),
    };
    let outcome = LoadOutcome {
        bytes_sha256: Hash256::of(b"rows"),
        rows_read: 10,
        rows_accepted: 8,
        rows_quarantined: 2,
        finished_at: at("2026-11-24T16:01:00Z"),
    };
    let id = ledger.start_load(&start).await.unwrap();
    assert_eq!(ledger.load(id).await.unwrap().outcome, None);
    assert_eq!(ledger.load_of(outcome.bytes_sha256, "kcs-import").await.unwrap(), None);
    let lost = LoadOutcome { rows_quarantined: 1, ..outcome.clone() };
    assert!(matches!(ledger.finish_load(id, &lost).await, Err(LedgerError::Invalid { .. })));

    ledger.finish_load(id, &outcome).await.unwrap();
    let load = ledger.load(id).await.unwrap();
    assert_eq!((&load.start, load.outcome.as_ref()), (&start, Some(&outcome)));
    assert!(matches!(ledger.finish_load(id, &outcome).await, Err(LedgerError::Already { .. })));
    assert!(matches!(ledger.finish_load(LoadId(99), &outcome).await, Err(LedgerError::Unknown { .. })));
    assert_eq!(ledger.load_of(outcome.bytes_sha256, "kcs-import").await.unwrap(), Some(load.clone()));
    assert_eq!(ledger.load_of(outcome.bytes_sha256, "other").await.unwrap(), None);
    assert_eq!(ledger.loads().await.unwrap(), [load]);

    let stranger = LoadStart { principal: PrincipalId(99), ..start };
    let error = ledger.start_load(&stranger).await.unwrap_err();
    assert_eq!(error.to_string(), "a load names a row the ledger does not hold; first record its principal");
}

#[tokio::test]
async fn a_bundle_is_registered_once() {
    let place = Place::new();
    let ledger = place.open().await;
    let first = bundle(BUNDLE, "first", &ledger).await;
    assert!(ledger.register_bundle(&first).await.unwrap());
    assert!(!ledger.register_bundle(&bundle(BUNDLE, "again", &ledger).await).await.unwrap());
    assert_eq!(ledger.bundle(BUNDLE).await.unwrap(), first);
    assert_eq!(ledger.bundles().await.unwrap().as_slice(), slice::from_ref(&first));
    let unreadable = tidegate_ledger::Bundle { summary: "{".to_owned(), ..first };
    assert!(matches!(ledger.register_bundle(&unreadable).await, Err(LedgerError::Invalid { .. })));
    assert!(matches!(ledger.bundle(Hash256::of(b"")).await, Err(LedgerError::Unknown { .. })));
}

async fn activate(ledger: &Ledger, alias: &str, bundle: Hash256, from: &str) -> Result<(), LedgerError> {
    let activation = Activation {
        alias: alias.to_owned(),
        bundle,
        effective_from: at(from),
        activated_by: ledger.local_owner().await.unwrap().id,
        recorded_at: now(),
        proposal: None,
    };
    ledger.activate_bundle(&activation).await
}

#[tokio::test]
async fn an_activation_holds_from_its_time_until_the_next() {
    let place = Place::new();
    let ledger = place.open().await;
    let [a, b, c] = [b"a", b"b", b"c"].map(|content| Hash256::of(content));
    for hash in [a, b, c] {
        ledger.register_bundle(&bundle(hash, "bundle", &ledger).await).await.unwrap();
    }
    // Recorded out of order, and the third takes the place of the second at the same instant.
    activate(&ledger, "default", b, "2026-03-01T00:00:00Z").await.unwrap();
    activate(&ledger, "default", a, "2026-01-01T00:00:00Z").await.unwrap();
    activate(&ledger, "default", c, "2026-03-01T00:00:00Z").await.unwrap();
    activate(&ledger, "trial", b, "2026-02-01T00:00:00Z").await.unwrap();

    let cases = [
        ("default", "2025-12-31T23:59:59.999999Z", None),
        ("default", "2026-01-01T00:00:00Z", Some(a)),
        ("default", "2026-02-28T23:59:59.999999Z", Some(a)),
        ("default", "2026-03-01T00:00:00Z", Some(c)),
        ("default", "2030-01-01T00:00:00Z", Some(c)),
        ("trial", "2026-01-31T00:00:00Z", None),
        ("trial", "2030-01-01T00:00:00Z", Some(b)),
        ("unknown", "2030-01-01T00:00:00Z", None),
    ];
    for (alias, time, expected) in cases {
        let active = ledger.active_bundle(alias, at(time)).await.unwrap();
        assert_eq!(active.map(|activation| activation.bundle), expected, "{alias} at {time}");
    }
    let order: Vec<Hash256> =
        ledger.activations().await.unwrap().into_iter().map(|activation| activation.bundle).collect();
    assert_eq!(order, [b, a, c, b]);
    let unregistered = activate(&ledger, "default", BUNDLE, "2026-01-01T00:00:00Z").await;
    assert!(matches!(unregistered, Err(LedgerError::UnknownReference { .. })));
}

#[tokio::test]
async fn a_bundle_is_put_in_force_by_two_persons() {
    let place = Place::new();
    let ledger = place.open().await;
    let [old, new] = [b"old", b"new"].map(|content| Hash256::of(content));
    for hash in [old, new] {
        ledger.register_bundle(&bundle(hash, "bundle", &ledger).await).await.unwrap();
    }
    // One who works alone puts a bundle in force alone; once there is another person, it takes two.
    assert!(ledger.activates_alone().await.unwrap());
    activate(&ledger, "default", old, "2026-01-01T00:00:00Z").await.unwrap();
    let person = |name| newcomer(name, PrincipalKind::Person);
    let ana = ledger.add_principal(&person("Ana"), &act()).await.unwrap();
    let bo = ledger.add_principal(&person("Bo"), &act()).await.unwrap();
    let alone = activate(&ledger, "default", new, "2026-12-01T00:00:00Z").await;
    assert!(matches!(alone, Err(LedgerError::NeedsProposal)));

    let proposal = NewProposal {
        alias: "default".to_owned(),
        bundle: new,
        effective_from: Some(at("2026-12-01T00:00:00Z")),
        reason: "finds more".to_owned(),
        proposed_by: ana,
        proposed_at: now(),
    };
    let verdict = |by, approved| Verdict {
        approved,
        reason: "seen the back-test".to_owned(),
        decided_by: by,
        decided_at: now(),
    };
    let id = ledger.propose_bundle(&proposal, Door::Http).await.unwrap();
    let own = ledger.decide_proposal(id, &verdict(ana, true), Door::Http).await;
    assert!(matches!(own, Err(LedgerError::SamePrincipal { key, .. }) if key == id.to_string()));
    let late = Verdict { decided_at: at("2026-12-02T00:00:00Z"), ..verdict(bo, true) };
    assert!(matches!(ledger.decide_proposal(id, &late, Door::Http).await, Err(LedgerError::Invalid { .. })));
    assert_eq!(ledger.proposals().await.unwrap()[0].verdict, None, "what is refused leaves nothing behind");
    ledger.decide_proposal(id, &verdict(bo, true), Door::Http).await.unwrap();
    let again = ledger.decide_proposal(id, &verdict(bo, false), Door::Http).await;
    assert!(matches!(again, Err(LedgerError::Already { state: "approved", .. })));

    for (time, expected) in [("2026-11-30T23:59:59Z", old), ("2026-12-01T00:00:00Z", new)] {
        let active = ledger.active_bundle("default", at(time)).await.unwrap().unwrap();
        assert_eq!((active.bundle, active.proposal), (expected, (expected == new).then_some(id)), "{time}");
    }
    // Who made a proposal may withdraw it, and nothing is put in force.
    let withdrawn =
        ledger.propose_bundle(&NewProposal { bundle: old, ..proposal.clone() }, Door::Cli).await.unwrap();
    ledger.decide_proposal(withdrawn, &verdict(ana, false), Door::Cli).await.unwrap();
    assert_eq!(ledger.activations().await.unwrap().len(), 2);
    let known = ledger.proposal(withdrawn).await.unwrap().unwrap();
    assert!(known.verdict.is_some_and(|verdict| !verdict.approved));
    assert_eq!(ledger.proposal(ProposalId(99)).await.unwrap(), None);
    // What was proposed and decided is in the audit chain, what was refused is for the door to write down.
    let filter = AuditFilter { event: Some(AuditEvent::Bundle), ..AuditFilter::default() };
    let told = ledger.audit_log(&filter, 10).await.unwrap();
    let told: Vec<_> = told.iter().map(|told| (told.entry.actor.name.as_str(), told.entry.door)).collect();
    let [by_cli, by_http] = [Door::Cli, Door::Http];
    assert_eq!(told, [("Ana", by_cli), ("Ana", by_cli), ("Bo", by_http), ("Ana", by_http)]);
    // The past is decided, and who may not act changes nothing.
    let past = NewProposal { effective_from: Some(at("2026-01-01T00:00:00Z")), ..proposal.clone() };
    assert!(matches!(ledger.propose_bundle(&past, Door::Cli).await, Err(LedgerError::Invalid { .. })));
    ledger.disable_principal(ana, &act()).await.unwrap();
    assert!(matches!(ledger.propose_bundle(&proposal, Door::Cli).await, Err(LedgerError::Invalid { .. })));
    let nothing = ledger.decide_proposal(ProposalId(99), &verdict(bo, true), Door::Cli).await;
    assert!(matches!(nothing, Err(LedgerError::Unknown { .. })));
}

#[tokio::test]
async fn policy_states_are_derived_from_the_newest() {
    let place = Place::new();
    let ledger = place.open().await;
    let mut first = policy_state("{ \"floor\": 0.01 }", None);
    first.effective_from = at("2026-01-01T00:00:00Z");
    let one = ledger.append_policy_state(&first).await.unwrap();
    let mut second = policy_state("{\"floor\":0.02}", Some(one));
    second.effective_from = at("2026-02-01T00:00:00Z");
    let two = ledger.append_policy_state(&second).await.unwrap();
    assert_eq!((one, two), (PolicyStateVersion(1), PolicyStateVersion(2)));

    let error = ledger.append_policy_state(&policy_state("{}", Some(one))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "a policy state was derived from version 1, but the newest is version 2; derive it again"
    );
    assert!(matches!(
        ledger.append_policy_state(&policy_state("{} {}", Some(two))).await,
        Err(LedgerError::Invalid { .. })
    ));

    let stored = ledger.policy_state(one).await.unwrap();
    assert_eq!((stored.sha256, stored.state), (Hash256::of(b"{ \"floor\": 0.01 }"), first));
    let in_force = |time| {
        let ledger = ledger.clone();
        async move { ledger.policy_state_at(at(time)).await.unwrap().map(|state| state.version) }
    };
    assert_eq!(in_force("2025-12-31T00:00:00Z").await, None);
    assert_eq!(in_force("2026-01-31T00:00:00Z").await, Some(one));
    assert_eq!(in_force("2026-02-01T00:00:00Z").await, Some(two));
    assert_eq!(ledger.newest_policy_state().await.unwrap().unwrap().version, two);

    place.tamper("UPDATE policy_states SET content = '{}' WHERE version = 1").await;
    let error = ledger.policy_state(one).await.unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { table: "policy_states", .. }), "{error}");
}

#[tokio::test]
async fn a_decision_run_names_what_it_decided_with() {
    let place = Place::new();
    let ledger = place.filled().await;
    let start = RunStart {
        bundle: BUNDLE,
        policy_state: PolicyStateVersion(1),
        period: period(),
        snapshot_number: 12,
        started_at: now(),
    };
    let outcome = RunOutcome { rows: 54_000, finished_at: at("2026-11-24T17:00:00Z") };
    let id = ledger.start_decision_run(&start).await.unwrap();
    assert_eq!(ledger.decision_run(id).await.unwrap().outcome, None);
    ledger.finish_decision_run(id, &outcome).await.unwrap();
    let run = ledger.decision_run(id).await.unwrap();
    assert_eq!((&run.start, run.outcome.as_ref()), (&start, Some(&outcome)));
    assert_eq!(ledger.decision_runs().await.unwrap(), [run]);
    assert!(matches!(ledger.finish_decision_run(id, &outcome).await, Err(LedgerError::Already { .. })));
    let missing = ledger.finish_decision_run(DecisionRunId(99), &outcome).await;
    assert!(matches!(missing, Err(LedgerError::Unknown { .. })));
    let stranger = RunStart { policy_state: PolicyStateVersion(9), ..start };
    let error = ledger.start_decision_run(&stranger).await;
    assert!(matches!(error, Err(LedgerError::UnknownReference { .. })));
}
