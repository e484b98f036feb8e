//! API tokens: shown once, bound to doors and purposes, ended, revoked.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use tidegate_ledger::{
    Act, AuditFilter, Door, Ledger, LedgerError, NewToken, PrincipalId, PrincipalKind, TokenHash,
    TokenScopes, TokenSecret,
};

use crate::support::{Place, act, newcomer, now};

const LONGEST: TimeDelta = TimeDelta::days(90);

fn token(principal: PrincipalId) -> NewToken {
    NewToken {
        principal,
        label: "nightly export".to_owned(),
        scopes: TokenScopes {
            doors: BTreeSet::from([Door::Flight, Door::Http]),
            purposes: Some(BTreeSet::from(["statistics".to_owned()])),
        },
        expires_at: now() + TimeDelta::days(30),
        idle: None,
    }
}

async fn place_with_service() -> (Place, Ledger, PrincipalId) {
    let place = Place::new();
    let ledger = place.open().await;
    let robot = ledger.add_principal(&newcomer("robot", PrincipalKind::Service), &act()).await.unwrap();
    (place, ledger, robot)
}

#[tokio::test]
async fn a_token_admits_within_its_scopes_until_its_end() {
    let (place, ledger, robot) = place_with_service().await;
    let secret = TokenSecret::new([0xa5; 32]);
    let text = secret.expose();
    assert_eq!(*text, format!("tg_{}", "a5".repeat(32)));
    let id = ledger.create_token(&token(robot), &secret, LONGEST, &act()).await.unwrap();
    let (principal, known) = ledger.authenticate_token(&text, now()).await.unwrap();
    let scopes = known.token.scopes;
    assert_eq!((principal.id, &scopes), (robot, &token(robot).scopes));
    assert!(scopes.allow(Door::Http, "statistics"));
    assert!(!scopes.allow(Door::Cli, "statistics") && !scopes.allow(Door::Http, "curiosity"));
    let any = TokenScopes { purposes: None, ..scopes };
    assert!(any.allow(Door::Http, "curiosity"));

    // The last use is kept to a minute.
    for (seconds, used) in [(59, 0), (60, 60)] {
        ledger.authenticate_token(&text, now() + TimeDelta::seconds(seconds)).await.unwrap();
        let known = ledger.tokens().await.unwrap();
        assert_eq!(known[0].last_used_at, Some(now() + TimeDelta::seconds(used)));
        assert_eq!((known[0].id, &known[0].token), (id, &token(robot)));
    }
    let end = token(robot).expires_at;
    ledger.authenticate_token(&text, end - TimeDelta::microseconds(1)).await.unwrap();
    let expired = ledger.authenticate_token(&text, end).await.unwrap_err().to_string();
    assert!(expired.contains("expired"), "{expired}");

    // Neither the file nor anything that is shown holds the secret.
    let digits = "a5".repeat(8);
    let log = format!("{:?}", ledger.audit_log(&AuditFilter::default(), 10).await.unwrap());
    assert!(log.contains("nightly export") && !log.contains(&digits), "{log}");
    assert!(!format!("{secret:?} {:?}", ledger.tokens().await.unwrap()).contains(&digits));
    ledger.close().await;
    let file = std::fs::read(place.file()).unwrap();
    assert!(!file.windows(16).any(|bytes| bytes == digits.as_bytes() || bytes == [0xa5; 16]));
}

#[tokio::test]
async fn a_token_is_revoked_once_and_falls_with_its_principal() {
    let (_place, ledger, robot) = place_with_service().await;
    let secrets = [TokenSecret::new([1; 32]), TokenSecret::new([2; 32])];
    let mut ids = Vec::new();
    for secret in &secrets {
        ids.push(ledger.create_token(&token(robot), secret, LONGEST, &act()).await.unwrap());
    }
    ledger.revoke_token(ids[0], &act()).await.unwrap();
    assert!(matches!(ledger.revoke_token(ids[0], &act()).await, Err(LedgerError::Already { .. })));
    assert!(ledger.authenticate_token(&secrets[0].expose(), now()).await.is_err());
    ledger.authenticate_token(&secrets[1].expose(), now()).await.unwrap();
    let hash = TokenHash::of(&secrets[1].expose()).unwrap();
    let (principal, known) = ledger.authenticate_token_hash(hash, now()).await.unwrap();
    assert_eq!((principal.id, known.id, &known.token), (robot, ids[1], &token(robot)));
    ledger.disable_principal(robot, &act()).await.unwrap();
    assert!(ledger.authenticate_token(&secrets[1].expose(), now()).await.is_err());
    assert!(ledger.authenticate_token_hash(hash, now()).await.is_err(), "asked again by its hash");
    for wrong in ["", "tg_", "tg_zz", &"a5".repeat(32), &format!("tg_{}", "a5".repeat(32))] {
        let refused = ledger.authenticate_token(wrong, now()).await.unwrap_err();
        assert!(matches!(refused, LedgerError::NotAuthenticated(_)), "{refused}");
        assert!(wrong.len() < 5 || !refused.to_string().contains(wrong));
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used() {
    let (place, ledger, robot) = place_with_service().await;
    let [program, session] = [TokenSecret::new([5; 32]), TokenSecret::new([6; 32])];
    let idle = TimeDelta::minutes(30);
    ledger.create_token(&token(robot), &program, LONGEST, &act()).await.unwrap();
    let new = NewToken { idle: Some(idle), ..token(robot) };
    ledger.create_token(&new, &session, LONGEST, &act()).await.unwrap();
    let known = ledger.tokens().await.unwrap();
    assert!(!known[0].is_session() && known[1].is_session());
    assert_eq!(known[1].token, new);

    // Whatever is used goes on, and what is not ends; a token of a program stays.
    let used = now() + TimeDelta::minutes(29);
    ledger.authenticate_token(&session.expose(), used).await.unwrap();
    let last = used + idle - TimeDelta::microseconds(1);
    assert!(!ledger.tokens().await.unwrap()[1].has_ended(last));
    let late = used + idle;
    let refused = ledger.authenticate_token(&session.expose(), late).await.unwrap_err().to_string();
    assert!(refused.contains("not used for too long; log in again"), "{refused}");
    assert!(ledger.tokens().await.unwrap()[1].has_ended(late));
    ledger.authenticate_token(&program.expose(), late).await.unwrap();
    ledger.close().await;

    let becomes = "UPDATE api_tokens SET idle_seconds = 60";
    let refused = sqlx::raw_sql(becomes).execute(&mut place.raw().await).await.unwrap_err().to_string();
    assert!(refused.contains("never becomes a session"), "{refused}");
}

#[tokio::test]
async fn a_token_without_end_door_or_label_is_refused() {
    let (_place, ledger, robot) = place_with_service().await;
    let changes: [fn(&mut NewToken); 7] = [
        |new| new.label = " ".to_owned(),
        |new| new.scopes.doors.clear(),
        |new| new.scopes.purposes = Some(BTreeSet::new()),
        |new| new.scopes.purposes = Some(BTreeSet::from([String::new()])),
        |new| new.expires_at = now(),
        |new| new.expires_at = now() + LONGEST + TimeDelta::microseconds(1),
        |new| new.idle = Some(TimeDelta::seconds(119)),
    ];
    for change in changes {
        let mut new = token(robot);
        change(&mut new);
        let refused = ledger.create_token(&new, &TokenSecret::new([3; 32]), LONGEST, &act()).await;
        assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{new:?}: {refused:?}");
    }
    let unknown = token(PrincipalId(77));
    let refused = ledger.create_token(&unknown, &TokenSecret::new([3; 32]), LONGEST, &act()).await;
    assert!(matches!(refused, Err(LedgerError::Unknown { .. })), "{refused:?}");
    ledger.disable_principal(robot, &act()).await.unwrap();
    let late = Act { reason: "late".to_owned(), ..act() };
    let refused = ledger.create_token(&token(robot), &TokenSecret::new([3; 32]), LONGEST, &late).await;
    assert!(matches!(refused, Err(LedgerError::Invalid { .. })), "{refused:?}");
}

#[tokio::test]
async fn the_local_owner_gets_no_token() {
    let (_place, ledger, _) = place_with_service().await;
    let owner = ledger.local_owner().await.unwrap().id;
    let refused = ledger.create_token(&token(owner), &TokenSecret::new([4; 32]), LONGEST, &act()).await;
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("local owner") && message.contains("a person or service"), "{message}");
    assert!(ledger.tokens().await.unwrap().is_empty());
}
