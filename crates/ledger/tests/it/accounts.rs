//! Accounts: rights given and taken, each time with an entry of the audit chain, and passwords.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use tidegate_ledger::{
    Act, AuditEvent, AuditFilter, Clearance, Door, Identity, Ledger, LedgerError, NewPrincipal, NewToken,
    Password, PrincipalId, PrincipalKind, Standing, TokenScopes, TokenSecret,
};

use crate::support::{Place, act, at, newcomer, now, signing_key};

/// What the audit chain says, the newest first.
async fn told(ledger: &Ledger) -> Vec<String> {
    let log = ledger.audit_log(&AuditFilter::default(), 100).await.unwrap();
    assert!(log.iter().all(|entry| matches!(entry.entry.event, AuditEvent::Grant | AuditEvent::Policy)));
    log.into_iter().map(|entry| entry.entry.detail).collect()
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

#[tokio::test]
async fn rights_are_changed_at_once_and_told() {
    let place = Place::new();
    let ledger = place.open().await;
    let owner = ledger.local_owner().await.unwrap();
    assert_eq!(owner.standing.clearance, Clearance::Core);
    let standing = Standing {
        office: Some("KR-020".to_owned()),
        organisation: None,
        enterprise_id: None,
        clearance: Clearance::General3,
    };
    let roles = BTreeSet::from(["officer".to_owned()]);
    let new = NewPrincipal { roles: roles.clone(), standing, ..newcomer("Ana", PrincipalKind::Person) };
    let ana = ledger.add_principal(&new, &act()).await.unwrap();
    assert_eq!(ledger.principal(ana).await.unwrap().standing, new.standing);
    let other = Standing {
        office: None,
        organisation: Some("Audit office".to_owned()),
        enterprise_id: Some("E1".to_owned()),
        clearance: Clearance::Important,
    };
    ledger.change_principal(ana, &BTreeSet::new(), &other, &act()).await.unwrap();
    let changed = ledger.principal(ana).await.unwrap();
    assert_eq!((changed.roles, changed.standing), (BTreeSet::new(), other.clone()));
    ledger.disable_principal(ana, &act()).await.unwrap();
    let told = told(&ledger).await;
    assert_eq!(
        told,
        [
            "person \"Ana\" disabled",
            "person \"Ana\" has roles none; organisation Audit office, enterprise E1, clearance important; had roles \
             officer; office KR-020, clearance general-3",
            "person \"Ana\" added: roles officer; office KR-020, clearance general-3",
        ]
    );
    let verified = ledger.verify_audit(&signing_key().public_key(), &[]).await.unwrap();
    assert_eq!(verified.faults, []);

    let by_ana = Act { by: ana, ..act() };
    let refused = ledger.add_principal(&newcomer("Bo", PrincipalKind::Person), &by_ana).await;
    assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "a disabled one acts no more");
    assert_eq!(ledger.principals().await.unwrap().len(), 2, "what is not told is not done");
}

#[tokio::test]
async fn two_changes_at_once_keep_what_the_other_changed() {
    let place = Place::new();
    let (ledger, other) = (place.open().await, place.open().await);
    let standing = Standing { clearance: Clearance::Important, ..Standing::default() };
    let new = NewPrincipal { standing, ..newcomer("Ana", PrincipalKind::Person) };
    let ana = ledger.add_principal(&new, &act()).await.unwrap();
    let act = act();
    let (lowered, moved) = tokio::join!(
        ledger.change_rights(ana, |_, standing| standing.clearance = Clearance::General1, &act),
        other.change_rights(ana, |_, standing| standing.office = Some("KR-020".to_owned()), &act)
    );
    lowered.unwrap();
    moved.unwrap();
    let found = ledger.principal(ana).await.unwrap().standing;
    assert_eq!((found.clearance, found.office.as_deref()), (Clearance::General1, Some("KR-020")));
}

#[tokio::test]
async fn who_is_enabled_again_acts_and_has_none_of_the_tokens_of_before() {
    let place = Place::new();
    let ledger = place.open().await;
    let ana = ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    let secret = "correct horse battery";
    ledger.set_password(ana, &password(secret), [1; 16], &act()).await.unwrap();
    let identity = Identity { issuer: "https://id.example.org".to_owned(), subject: "5f3c0a9e".to_owned() };
    ledger.link_identity(ana, &identity, &act()).await.unwrap();
    let again = ledger.enable_principal(ana, &act()).await;
    assert!(matches!(again, Err(LedgerError::Already { state: "enabled", .. })), "{again:?}");
    let new = NewToken {
        principal: ana,
        label: "notebook".to_owned(),
        scopes: TokenScopes { doors: BTreeSet::from([Door::Http]), purposes: None },
        expires_at: now() + TimeDelta::days(30),
        idle: None,
    };
    let [before, after] = [TokenSecret::new([1; 32]), TokenSecret::new([2; 32])];
    let longest = TimeDelta::days(90);
    ledger.create_token(&new, &before, longest, &act()).await.unwrap();
    ledger.disable_principal(ana, &act()).await.unwrap();
    assert!(ledger.authenticate_identity(&identity).await.is_err());

    ledger.enable_principal(ana, &act()).await.unwrap();
    assert_eq!(ledger.principal(ana).await.unwrap().disabled_at, None);
    assert_eq!(told(&ledger).await[0], "person \"Ana\" enabled; tokens of before revoked: 1");
    assert_eq!(ledger.authenticate_identity(&identity).await.unwrap().id, ana);
    assert_eq!(ledger.authenticate_password("Ana", &password(secret)).await.unwrap().id, ana);
    assert!(ledger.authenticate_token(&before.expose(), now()).await.is_err(), "somebody may have it");
    ledger.create_token(&new, &after, longest, &act()).await.unwrap();
    ledger.authenticate_token(&after.expose(), now()).await.unwrap();
    let (by_ana, owner) = (Act { by: ana, ..act() }, ledger.local_owner().await.unwrap().id);
    for (id, act) in [(ana, &by_ana), (owner, &act())] {
        let refused = ledger.enable_principal(id, act).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_before_and_no_token_of_a_program() {
    let place = Place::new();
    let ledger = place.open().await;
    let ana = ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    let bo = ledger.add_principal(&newcomer("Bo", PrincipalKind::Person), &act()).await.unwrap();
    ledger.set_password(ana, &password("correct horse battery"), [1; 16], &act()).await.unwrap();
    let idle = Some(TimeDelta::minutes(30));
    let begun = async |principal: PrincipalId, idle: Option<TimeDelta>, number: u8| {
        let new = NewToken {
            principal,
            label: "a test".to_owned(),
            scopes: TokenScopes { doors: BTreeSet::from([Door::Http]), purposes: None },
            expires_at: now() + TimeDelta::hours(8),
            idle,
        };
        let secret = TokenSecret::new([number; 32]);
        ledger.create_token(&new, &secret, TimeDelta::days(90), &act()).await.unwrap();
        secret.expose()
    };
    let (stolen, own, program, other) = (
        begun(ana, idle, 1).await,
        begun(ana, idle, 2).await,
        begun(ana, None, 3).await,
        begun(bo, idle, 4).await,
    );
    ledger.set_password(ana, &password("another horse battery"), [2; 16], &act()).await.unwrap();
    assert_eq!(told(&ledger).await[0], "password of \"Ana\" set; sessions of before revoked: 2");
    for ended in [&stolen, &own] {
        let refused = ledger.authenticate_token(ended, now()).await;
        assert!(matches!(refused, Err(LedgerError::NotAuthenticated(_))), "{refused:?}");
    }
    for left in [&program, &other] {
        ledger.authenticate_token(left, now()).await.unwrap();
    }
    let after = begun(ana, idle, 5).await;
    ledger.authenticate_token(&after, now()).await.unwrap();
}

#[tokio::test]
async fn nobody_changes_its_own_rights_or_those_of_the_owner() {
    let place = Place::new();
    let ledger = place.open().await;
    let ana = ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    let by_ana = Act { by: ana, ..act() };
    let (roles, standing) = (BTreeSet::new(), Standing::default());
    for (id, act) in [(ana, &by_ana), (PrincipalId(1), &by_ana), (PrincipalId(1), &act())] {
        let refused = ledger.change_principal(id, &roles, &standing, act).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
        assert!(matches!(ledger.disable_principal(id, act).await, Err(LedgerError::Invalid { .. })));
    }
    let blank = Standing { office: Some(" ".to_owned()), ..standing.clone() };
    let refused = ledger.change_principal(ana, &roles, &blank, &act()).await;
    assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
    let without_reason = Act { reason: String::new(), ..act() };
    let refused = ledger.change_principal(ana, &roles, &standing, &without_reason).await;
    assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
    let unknown = ledger.change_principal(PrincipalId(9), &roles, &standing, &act()).await;
    assert!(matches!(unknown, Err(LedgerError::Unknown { .. })), "{unknown:?}");
    assert_eq!(
        "general-5".parse::<Clearance>().unwrap_err().to_string(),
        "\"general-5\" is no clearance; it must be one of general-1, general-2, general-3, general-4, important, core"
    );
    assert!(Clearance::General4 < Clearance::Important && Clearance::Important < Clearance::Core);
}

#[tokio::test]
async fn a_password_admits_its_person_and_nobody_else() {
    let place = Place::new();
    let ledger = place.open().await;
    let ana = ledger.add_principal(&newcomer("Ana", PrincipalKind::Person), &act()).await.unwrap();
    let robot = ledger.add_principal(&newcomer("robot", PrincipalKind::Service), &act()).await.unwrap();
    let secret = "correct horse battery";
    ledger.set_password(ana, &password(secret), [1; 16], &act()).await.unwrap();
    assert_eq!(ledger.authenticate_password("Ana", &password(secret)).await.unwrap().id, ana);
    let phc: String =
        sqlx::query_scalar("SELECT phc FROM passwords").fetch_one(&mut place.raw().await).await.unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !phc.contains("horse"), "{phc}");

    // A name that is not known, one without password, and a wrong password get one answer.
    let long = "x".repeat(2_000);
    for (name, text) in [("Bo", secret), ("robot", secret), ("Ana", "Correct horse battery"), ("Ana", &long)]
    {
        let refused = ledger.authenticate_password(name, &password(text)).await.unwrap_err().to_string();
        assert_eq!(refused, "not admitted: name and password do not fit");
    }
    for (id, text) in [(ana, "fourteen chars"), (ana, long.as_str()), (robot, secret)] {
        let refused = ledger.set_password(id, &password(text), [1; 16], &act()).await.unwrap_err();
        assert!(matches!(refused, LedgerError::Invalid { .. }), "{refused}");
        assert!(!refused.to_string().contains(text) && !format!("{refused:?}").contains(text));
    }
    ledger.set_password(ana, &password("another horse battery"), [2; 16], &act()).await.unwrap();
    assert!(ledger.authenticate_password("Ana", &password(secret)).await.is_err(), "the old one is gone");
    assert!(told(&ledger).await.iter().all(|told| !told.contains("horse")));
    ledger.disable_principal(ana, &Act { at: at("2026-12-01T00:00:00Z"), ..act() }).await.unwrap();
    assert!(ledger.authenticate_password("Ana", &password("another horse battery")).await.is_err());
    assert_eq!(format!("{:?}", password(secret)), "Password(secret)");
}

#[tokio::test]
async fn there_is_one_first_account_and_it_can_log_in() {
    let place = Place::new();
    let (ledger, other) = (place.open().await, place.open().await);
    let (ana, bo) = (newcomer("Ana", PrincipalKind::Person), newcomer("Bo", PrincipalKind::Person));
    let secret = password("correct horse battery");
    let short = ledger.add_first(&ana, &password("fourteen chars"), [1; 16], &act()).await;
    assert!(matches!(short, Err(LedgerError::Invalid { .. })), "{short:?}");
    let service = newcomer("robot", PrincipalKind::Service);
    assert!(ledger.add_first(&service, &secret, [1; 16], &act()).await.is_err());
    assert_eq!(ledger.principals().await.unwrap().len(), 1, "what is refused leaves nobody behind");

    // Two programs with a link each, at once.
    let act = act();
    let (one, two) = tokio::join!(
        ledger.add_first(&ana, &secret, [1; 16], &act),
        other.add_first(&bo, &secret, [2; 16], &act)
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    assert!([&one, &two].into_iter().any(|done| matches!(done, Err(LedgerError::SetUp))), "{one:?} {two:?}");
    let all = ledger.principals().await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(ledger.authenticate_password(&all[1].name, &secret).await.unwrap().id, all[1].id);
    let told = told(&ledger).await;
    assert!(
        told[0].starts_with("password of") && told[1].starts_with("person") && told.len() == 2,
        "{told:?}"
    );
}
