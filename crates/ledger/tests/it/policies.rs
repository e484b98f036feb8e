//! Policy versions by one and by two persons, and legal holds.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use tidegate_ledger::{
    Act, AuditEvent, AuditFilter, Hash256, Held, LedgerError, Policy, PolicyVersion, PrincipalKind,
};

use crate::support::{Place, act, newcomer};

fn files(text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("permits.cedar".to_owned(), text.to_owned())])
}

#[tokio::test]
async fn one_person_alone_decides_and_of_two_the_other() {
    let place = Place::new();
    let ledger = place.open().await;
    assert_eq!(ledger.policy_in_force().await.unwrap(), None);
    let first = ledger.propose_policy(&files("permit();"), &act()).await.unwrap();
    assert_eq!(ledger.policy_in_force().await.unwrap(), None, "it waits");
    ledger.decide_policy(first, true, &act()).await.unwrap();
    let in_force = ledger.policy_in_force().await.unwrap().unwrap();
    assert_eq!((in_force.version, &in_force.files), (PolicyVersion(1), &files("permit();")));
    assert_eq!(in_force.sha256, Hash256::of(br#"{"permits.cedar":"permit();"}"#));
    assert_eq!(Policy::hash_of(&in_force.files).unwrap(), in_force.sha256);
    assert!(matches!(ledger.decide_policy(first, true, &act()).await, Err(LedgerError::Already { .. })));

    let ana = ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    let robot = ledger.add_principal(&newcomer("robot", PrincipalKind::Service), &act()).await.unwrap();
    let by_ana = Act { by: ana, ..act() };
    let second = ledger.propose_policy(&files("forbid();"), &act()).await.unwrap();
    let third = ledger.propose_policy(&files(""), &by_ana).await.unwrap();
    let alone = ledger.decide_policy(second, true, &act()).await.unwrap_err().to_string();
    assert!(alone.contains("another person than who proposed it"), "{alone}");
    let service = ledger.decide_policy(second, true, &Act { by: robot, ..act() }).await;
    assert!(matches!(service, Err(LedgerError::Invalid { .. })), "{service:?}");
    ledger.decide_policy(third, true, &act()).await.unwrap();
    assert_eq!(ledger.policy_in_force().await.unwrap().unwrap().version, third);
    let stale = ledger.decide_policy(second, true, &by_ana).await.unwrap_err().to_string();
    assert!(stale.contains("propose it anew"), "{stale}");
    ledger.decide_policy(second, false, &by_ana).await.unwrap();
    let all = ledger.policies().await.unwrap();
    let verdicts: Vec<bool> = all.iter().map(|policy| policy.verdict.as_ref().unwrap().approved).collect();
    assert_eq!(verdicts, [true, false, true]);
    let filter = AuditFilter { event: Some(AuditEvent::Policy), ..AuditFilter::default() };
    assert_eq!(ledger.audit_log(&filter, 100).await.unwrap().len(), 6);

    for wrong in [BTreeMap::new(), files(&"x".repeat(1 << 20))] {
        let refused = ledger.propose_policy(&wrong, &act()).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
    }
    let unknown = ledger.decide_policy(PolicyVersion(9), true, &act()).await;
    assert!(matches!(unknown, Err(LedgerError::Unknown { .. })), "{unknown:?}");
}

#[tokio::test]
async fn the_file_keeps_policies_tokens_and_holds_as_they_are() {
    let place = Place::new();
    let ledger = place.open().await;
    ledger.propose_policy(&files("permit();"), &act()).await.unwrap();
    ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    ledger.place_hold("declaration", &Held::Key("D1".to_owned()), &act()).await.unwrap();
    ledger.close().await;
    let statements = [
        ("UPDATE policy_versions SET content = '{}'", "append-only"),
        ("DELETE FROM policy_versions", "append-only"),
        ("INSERT OR REPLACE INTO policy_versions SELECT * FROM policy_versions", "append-only"),
        ("INSERT INTO policy_verdicts VALUES (1, 1, 'because', 1, 2)", "another person"),
        ("UPDATE legal_holds SET reason = 'x'", "lifted once"),
        ("DELETE FROM legal_holds", "never deleted"),
        ("INSERT OR REPLACE INTO legal_holds SELECT * FROM legal_holds", "never replaced"),
    ];
    for (sql, refusal) in statements {
        let run = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut place.raw().await).await;
        let error = run.expect_err(sql).to_string();
        assert!(error.contains(refusal), "{sql}: {error}");
    }
    place.tamper("UPDATE policy_versions SET content = '{}'").await;
    let damaged = place.open().await.policies().await;
    assert!(matches!(damaged, Err(LedgerError::Damaged { .. })), "{damaged:?}");
}

#[tokio::test]
async fn holds_are_placed_found_and_lifted_once() {
    let place = Place::new();
    let ledger = place.open().await;
    let key = Held::Key("E17".to_owned());
    let days = Held::Days("2026-01-01".parse().unwrap(), "2026-03-31".parse().unwrap());
    let first = ledger.place_hold("declaration", &key, &act()).await.unwrap();
    let second = ledger.place_hold("declaration", &days, &act()).await.unwrap();
    let third = ledger.place_hold("inspection", &key, &act()).await.unwrap();
    let found = ledger.holds().await.unwrap();
    let held: Vec<_> = found.iter().map(|hold| (hold.id, hold.table.as_str(), &hold.held)).collect();
    let (one, other) = ("declaration", "inspection");
    assert_eq!(held, [(first, one, &key), (second, one, &days), (third, other, &key)]);
    ledger.lift_hold(first, &act()).await.unwrap();
    assert!(matches!(ledger.lift_hold(first, &act()).await, Err(LedgerError::Already { .. })));
    let left: Vec<_> = ledger.holds().await.unwrap().into_iter().map(|hold| hold.id).collect();
    assert_eq!(left, [second, third]);
    let back = Held::Days("2026-03-31".parse().unwrap(), "2026-01-01".parse().unwrap());
    for (table, held) in [("", &key), ("declaration", &back), ("declaration", &Held::Key(String::new()))] {
        let refused = ledger.place_hold(table, held, &act()).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
    }
    let told = ledger.audit_log(&AuditFilter::default(), 1).await.unwrap();
    assert_eq!(told[0].entry.detail, "legal hold 1 lifted");
}
