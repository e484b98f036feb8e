//! What persons with a right do at the desk besides reading, when several come at once or somebody leaves.

use crate::place::Place;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tidegate_jobs::audit::Wanted;
use tidegate_jobs::desk::Desk;
use tidegate_jobs::governing::Governor;
use tidegate_jobs::grades::Confirm;
use tidegate_jobs::people::{self, Change};
use tidegate_jobs::{Configuration, Home, JobError};
use tidegate_ledger::{AuditEvent, AuditFilter, Clearance, Door};

/// Somebody with a role at a desk that knows its policy.
async fn governor(place: &Place, name: &str, role: &str) -> Governor {
    let clearance = Some(Clearance::General3);
    let wanted = Change { roles: Some([role.to_owned()].into()), clearance, ..Change::default() };
    people::add(&place.home, name, false, &wanted, "joins").await.unwrap();
    let now = place.home.now;
    let home = Home::open(place.home.root(), Configuration::default(), now).await.unwrap();
    let account = people::account(&home, name).await.unwrap();
    let desk = Arc::new(Desk::new(home, Arc::new(move || -> DateTime<Utc> { now })));
    desk.policy().await.unwrap();
    Governor { desk, account, door: Door::Http }
}

#[tokio::test]
async fn what_is_confirmed_at_once_is_tried_one_after_the_other() {
    let place = Place::new().await;
    let column = "declaration.lrn";
    place.confirm(column, Some("general-4"), Some("person"), "holds names").await.unwrap();
    let stew = governor(&place, "Stew", "steward").await;
    // Stewards see neither what is above their clearance nor persons: either alone shows nothing, both show the column.
    let confirm = |grade: Option<&str>, category: Option<&str>| Confirm {
        column: column.to_owned(),
        grade: grade.map(str::to_owned),
        category: category.map(str::to_owned),
    };
    let (lower, other) = (confirm(Some("general-3"), None), confirm(None, Some("consignment")));
    // Both are tried before either could be written, if one does not wait for the other.
    let writer = place.write_in_ledger();
    let stops = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        writer.stop();
    };
    let (lowered, changed, ()) =
        tokio::join!(stew.confirm_grade(&lower, "a slip"), stew.confirm_grade(&other, "a slip"), stops);
    let refused: Vec<JobError> = [lowered, changed].into_iter().filter_map(Result::err).collect();
    assert!(matches!(refused.as_slice(), [JobError::ShowsMore { .. }]), "{refused:?}");
    let confirmed = stew.grades().await.unwrap();
    let holds: Vec<_> = confirmed.iter().map(|one| (one.grade, one.category.as_str())).collect();
    assert!(
        matches!(holds.as_slice(), [("general-3", "person") | ("general-4", "consignment")]),
        "{holds:?}"
    );
    stew.desk.close().await;
}

#[tokio::test]
async fn a_question_comes_to_its_end_before_the_next_though_who_asked_it_left() {
    let place = Place::new().await;
    let aud = governor(&place, "Aud", "auditor").await;
    let wanted = Wanted { limit: 10, ..Wanted::default() };
    let writer = place.write_in_ledger();
    let left = tokio::time::timeout(Duration::from_millis(500), aud.who_saw("9131SECRET", &wanted)).await;
    assert!(left.is_err(), "its entry waits for the ledger");
    let stops = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        writer.stop();
    };
    let (next, ()) = tokio::join!(aud.who_saw("9131SECRET", &wanted), stops);
    assert_eq!(next.unwrap().entries.len(), 2, "the question before, and its end");
    aud.desk.close().await;
    let log = aud.desk.home().ledger.audit_log(&AuditFilter::default(), 4).await.unwrap();
    let [end, next, end_of_left, left] = log.as_slice() else { panic!("{log:?}") };
    for (question, end) in [(left, end_of_left), (next, end)] {
        assert_eq!((question.entry.event, end.entry.event), (AuditEvent::Read, AuditEvent::Finished));
        assert_eq!(end.entry.read, Some(question.sequence));
    }
}
