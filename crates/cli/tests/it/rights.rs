//! What persons with a right of their own do over HTTP as the local owner does at the command line: confirm grades, ask who saw.

use crate::doors::Server;
use crate::endings::until;
use crate::succeed;
use crate::two_persons::{Caller, is_denied, log, refused};
use serde_json::{Value, json};

/// What a command answers in JSON.
fn told(server: &Server, arguments: &[&str]) -> Value {
    serde_json::from_str(&succeed(server.folder(), "home", &[arguments, &["--json"]].concat())).unwrap()
}

/// A body with more in it, or other values.
fn with(body: &Value, more: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn a_steward_confirms_grades_as_the_local_owner_does() {
    let server = Server::start();
    let reader = server.person(&["Ana", "--role", "analyst", "--clearance", "general-3"]);
    let stew = Caller::log_in(&server, "Stew", &["steward"]);
    let sue = Caller::log_in(&server, "Sue", &["supervisor"]);
    let read = || server.psql("Ana", &reader, "risk-analysis", &["-c", "SELECT max(lrn) FROM declaration"]);
    let new = json!({"table": "declaration", "column": "lrn", "grade": "general-4", "reason": "holds names"});
    let confirm = |more: Value| stew.post("grades", &with(&new, &more));

    refused(sue.post("grades", &new), 403, "`Sue` has no right to classify");
    refused(sue.get("grades"), 403, "has no right to classify");
    let lower = "declaration.lrn is defined as general-3; general-2 would be lower";
    refused(confirm(json!({"grade": "general-2"})), 400, lower);
    refused(confirm(json!({"grade": "general-5"})), 400, "`general-5` is no grade; there are general-1, ");
    refused(confirm(json!({"category": "people"})), 400, "`people` is no category; there are party, ");
    refused(confirm(json!({"column": "nosuch"})), 404, "there is no column `declaration.nosuch`");
    refused(confirm(json!({"reason": " "})), 400, "the reason");
    refused(confirm(json!({"degree": 4})), 400, "degree");
    assert_eq!(stew.get("grades"), (200, json!([])));
    assert!(read().is_ok() && log(&server, "policy").is_empty(), "what is refused changes nothing");

    let holds =
        json!({"table": "declaration", "column": "lrn", "grade": "general-4", "category": "consignment"});
    assert_eq!(confirm(json!({})), (201, holds));
    let gone = read().unwrap_err();
    assert!(gone.contains("no column `lrn`"), "above the clearance from now on: {gone}");
    let (_, known) = stew.get("grades");
    assert_eq!((&known[0]["confirmed_by"], &known[0]["evidence"]), (&"Stew".into(), &"holds names".into()));
    assert_eq!(known, told(&server, &["grades", "list"]));

    // The same act at the command line has the same entry, but for who did it and where.
    let again = ["grades", "confirm", "declaration.lrn", "--grade", "general-4", "--reason", "holds names"];
    told(&server, &again);
    let acts = log(&server, "policy");
    let [of_stew, of_owner] = acts.as_slice() else { panic!("{acts:?}") };
    for same in ["detail", "purpose", "subjects", "subjects_complete", "tables"] {
        assert_eq!(of_stew[same], of_owner[same], "{same}");
    }
    let [by_stew, by_owner] = [of_stew, of_owner].map(|act| (act["principal"].clone(), act["door"].clone()));
    assert_eq!(by_stew, ("Stew".into(), "http".into()));
    assert_eq!(by_owner, ("local owner".into(), "cli".into()));

    assert!(is_denied(&server, "Sue", "has no right to classify"));
    assert!(is_denied(&server, "Stew", lower));
    assert!(succeed(server.folder(), "home", &["audit", "verify"]).contains("The audit chain holds"));
}

#[test]
fn nobody_confirms_what_would_show_more_to_themselves() {
    let server = Server::start();
    let stew = Caller::log_in(&server, "Stew", &["steward"]);
    let confirm = |column: &str, category: &str| {
        let reason = "looks so";
        stew.post(
            "grades",
            &json!({"table": "declaration", "column": column, "category": category, "reason": reason}),
        )
    };
    // Stewards see pseudonyms of parties, rounded values, and consignments as they are.
    for (column, category) in [
        ("importer_id", "consignment"),
        ("importer_id", "provenance"),
        ("invoice_amount", "consignment"),
        ("invoice_amount", "finding"),
    ] {
        let words = format!("`Stew` would be shown more by this classification of declaration.{column}");
        refused(confirm(column, category), 403, &words);
        assert!(is_denied(&server, "Stew", &words));
    }
    assert_eq!(stew.get("grades"), (200, json!([])));
    assert_eq!(confirm("importer_id", "person").0, 201, "which stewards are not shown at all");
    refused(confirm("importer_id", "party"), 403, "would be shown more");
    let back = ["grades", "confirm", "declaration.importer_id", "--category", "party", "--reason", "a slip"];
    assert_eq!(told(&server, &back)["category"], "party");
}

/// Checks that a part of what an auditor is told is what the local owner is told, as far as it goes.
fn is_told_alike(part: &str, found: &Value, known: &Value) {
    let [listed, all] = [&found[part], &known[part]].map(|list| list.as_array().unwrap());
    assert!(!listed.is_empty() && listed.len() <= 3, "{part}: {found}");
    for (one, of_owner) in listed.iter().zip(all) {
        for (name, value) in one.as_object().unwrap() {
            assert_eq!(*value, of_owner[name], "{part}: {name}");
        }
        assert!(["detail", "subjects", "statement"].iter().all(|name| one.get(name).is_none()), "{one}");
    }
    let unlisted = found[format!("{part}_unlisted")].as_u64().unwrap();
    assert_eq!(listed.len() as u64 + unlisted, all.len() as u64, "{part}");
}

#[test]
fn an_auditor_is_told_who_saw_what_the_local_owner_is_told() {
    let server = Server::configured("127.0.0.1:0", "[reading]\naudit_entries = 3\n");
    let token = server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    let named = "SELECT count(*) FROM declaration WHERE importer_id = '9131SECRET'";
    server.curl(&token, "inspection", named, "*/*");
    server.psql("Ou", &token, "inspection", &["-c", "SELECT office_id FROM declaration"]).unwrap();
    let aud = Caller::log_in(&server, "Aud", &["auditor"]);
    until("the ends of both reads are written down", || {
        log(&server, "finished").iter().filter(|entry| entry["principal"] == "Ou").count() == 2
    });
    let who = |more: Value| aud.post("audit/who-saw", &with(&json!({"key": "9131SECRET"}), &more));
    refused(aud.post("audit/who-saw", &json!({})), 400, "key");
    refused(who(json!({"key": ""})), 400, "1 to 512 bytes");
    refused(who(json!({"since": "yesterday"})), 400, "2026-11-24");
    refused(aud.get("grades"), 403, "`Aud` has no right to classify");

    let known = told(&server, &["audit", "who", "9131SECRET"]);
    let (status, found) = who(json!({}));
    assert_eq!(status, 200, "{found}");
    for part in ["entries", "possible"] {
        is_told_alike(part, &found, &known);
    }
    let first = &found["entries"][0];
    assert_eq!((&first["principal"], &first["purpose"]), (&"Ou".into(), &"inspection".into()));

    // The question is a read of the key, and its end has the rows that were listed.
    let of_aud = |event: &str| -> Vec<Value> {
        log(&server, event).into_iter().filter(|entry| entry["principal"] == "Aud").collect()
    };
    let (questions, ends) = (of_aud("read"), of_aud("finished"));
    assert_eq!((questions.len(), ends.len()), (1, 1), "{questions:?} {ends:?}");
    let question = &questions[0];
    assert_eq!((&question["door"], &question["purpose"]), (&"http".into(), &"governance".into()));
    assert_eq!(question["subjects"], json!(["9131SECRET"]));
    assert!(!question["detail"].as_str().unwrap().contains("9131SECRET"), "{question}");
    assert_eq!((&ends[0]["read"], &ends[0]["subjects"]), (&question["sequence"], &question["subjects"]));
    let listed = ["entries", "possible"].map(|part| found[part].as_array().unwrap().len());
    assert_eq!(ends[0]["rows"], json!(listed.iter().sum::<usize>()));

    // Who asked is told to who asks next, a piece at a time.
    let (_, newest) = who(json!({"limit": 1}));
    assert_eq!(newest["entries"].as_array().unwrap().len(), 1);
    assert_eq!((&newest["entries"][0]["principal"], &newest["entries_unlisted"]), (&"Aud".into(), &3.into()));
    let (_, behind) = who(json!({"before": question["sequence"]}));
    assert_eq!(behind["entries"], found["entries"], "what there was before the question");
    assert!(succeed(server.folder(), "home", &["audit", "who", "9131SECRET"]).contains("Aud through http"));
    assert!(is_denied(&server, "Aud", "1 to 512 bytes"));
    assert!(succeed(server.folder(), "home", &["audit", "verify"]).contains("The audit chain holds"));
}
