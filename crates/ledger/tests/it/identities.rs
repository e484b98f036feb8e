//! Identities at providers of single sign-on: linked by somebody, to one person, and told.

use tidegate_ledger::{
    Act, AuditEvent, AuditFilter, Identity, LedgerError, LinkedIdentity, PrincipalId, PrincipalKind,
};

use crate::support::{Place, act, newcomer, now};

fn identity(subject: &str) -> Identity {
    Identity { issuer: "https://id.example.org".to_owned(), subject: subject.to_owned() }
}

#[tokio::test]
async fn an_identity_is_one_persons_until_it_is_unlinked() {
    let place = Place::new();
    let ledger = place.open().await;
    let ana = ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    let bo = ledger.add_principal(&newcomer("Bo", PrincipalKind::Person), &act()).await.unwrap();
    let unknown = ledger.authenticate_identity(&identity("5f3c")).await.unwrap_err().to_string();
    assert_eq!(unknown, "not admitted: the identity is linked to nobody");

    ledger.link_identity(ana, &identity("5f3c"), &act()).await.unwrap();
    ledger.link_identity(ana, &identity("7a00"), &act()).await.unwrap();
    assert_eq!(ledger.authenticate_identity(&identity("5f3c")).await.unwrap().id, ana);
    let elsewhere = Identity { issuer: "https://id.example.com".to_owned(), ..identity("5f3c") };
    assert!(ledger.authenticate_identity(&elsewhere).await.is_err(), "a subject is of its issuer");
    for person in [ana, bo] {
        let taken = ledger.link_identity(person, &identity("5f3c"), &act()).await;
        assert!(matches!(taken, Err(LedgerError::Exists { .. })), "{taken:?}");
    }
    let of_ana = ledger.unlink_identity(bo, &identity("5f3c"), &act()).await;
    assert!(matches!(of_ana, Err(LedgerError::Unknown { .. })), "{of_ana:?}");

    ledger.unlink_identity(ana, &identity("5f3c"), &act()).await.unwrap();
    assert!(ledger.authenticate_identity(&identity("5f3c")).await.is_err());
    ledger.link_identity(bo, &identity("5f3c"), &act()).await.unwrap();
    assert_eq!(ledger.authenticate_identity(&identity("5f3c")).await.unwrap().id, bo);
    let linked = |subject, principal| LinkedIdentity {
        identity: identity(subject),
        principal,
        linked_by: PrincipalId(1),
        linked_at: now(),
    };
    assert_eq!(ledger.identities().await.unwrap(), [linked("7a00", ana), linked("5f3c", bo)]);

    ledger.disable_principal(bo, &act()).await.unwrap();
    let disabled = ledger.authenticate_identity(&identity("5f3c")).await.unwrap_err().to_string();
    assert_eq!(disabled, "not admitted: the person is disabled");
    let filter = AuditFilter { event: Some(AuditEvent::Grant), ..AuditFilter::default() };
    let told = ledger.audit_log(&filter, 4).await.unwrap();
    let told: Vec<&str> = told.iter().map(|entry| entry.entry.detail.as_str()).collect();
    assert_eq!(
        told,
        [
            "person \"Bo\" disabled",
            "identity \"5f3c\" at https://id.example.org linked to \"Bo\"",
            "identity \"5f3c\" at https://id.example.org unlinked from \"Ana\"",
            "identity \"7a00\" at https://id.example.org linked to \"Ana\"",
        ]
    );
}

#[tokio::test]
async fn only_a_person_gets_an_identity_and_nobody_its_own() {
    let place = Place::new();
    let ledger = place.open().await;
    let ana = ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    let robot = ledger.add_principal(&newcomer("robot", PrincipalKind::Service), &act()).await.unwrap();
    let gone = ledger.add_principal(&newcomer("Cy", PrincipalKind::Person), &act()).await.unwrap();
    ledger.disable_principal(gone, &act()).await.unwrap();
    let long = "x".repeat(513);
    let by_ana = Act { by: ana, ..act() };
    let act = act();
    let refusals = [
        (ana, "5f3c", &by_ana),
        (PrincipalId(1), "5f3c", &act),
        (robot, "5f3c", &act),
        (gone, "5f3c", &act),
        (ana, " ", &act),
        (ana, &long, &act),
    ];
    for (id, subject, act) in refusals {
        let refused = ledger.link_identity(id, &identity(subject), act).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{id} {subject}: {refused:?}");
    }
    assert_eq!(ledger.identities().await.unwrap(), []);
}

#[tokio::test]
async fn the_file_keeps_what_was_linked() {
    let place = Place::new();
    let ledger = place.open().await;
    let ana = ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    ledger.link_identity(ana, &identity("5f3c"), &act()).await.unwrap();
    ledger.link_identity(ana, &identity("7a00"), &act()).await.unwrap();
    ledger.unlink_identity(ana, &identity("7a00"), &act()).await.unwrap();
    ledger.close().await;
    let refusals = [
        ("UPDATE identities SET principal_id = 1", "unlinked once"),
        ("UPDATE identities SET unlinked_by = NULL, unlinked_at = NULL", "unlinked once"),
        ("DELETE FROM identities", "never deleted"),
        ("INSERT OR REPLACE INTO identities SELECT * FROM identities", "never replaced"),
        (
            "INSERT OR REPLACE INTO identities (principal_id, issuer, subject, linked_by, linked_at)
             SELECT 1, issuer, subject, 1, 1 FROM identities WHERE unlinked_at IS NULL",
            "never replaced",
        ),
    ];
    for (sql, refusal) in refusals {
        let result = sqlx::raw_sql(sql).execute(&mut place.raw().await).await;
        let error = result.expect_err(sql).to_string();
        assert!(error.contains(refusal), "{sql}: {error}");
    }
}
