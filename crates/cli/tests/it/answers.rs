//! Answers as programs read them: Arrow over HTTP, parameters over Flight SQL, and what is told when an answer is too much.

use crate::clients::by_program;
use crate::doors::Server;
use crate::endings::LONG;
use crate::succeed;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

/// Compares answers, and asks over Flight SQL.
pub const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/answers.py");

/// What the driver of Flight SQL sends with each call.
pub fn headers(token: &str, purpose: &str) -> Value {
    json!({
        "adbc.flight.sql.authorization_header": format!("Bearer {token}"),
        "adbc.flight.sql.rpc.call_header.x-tidegate-purpose": purpose,
    })
}

#[test]
fn an_answer_in_arrow_has_the_rows_of_the_answer_in_json() {
    let server = Server::start();
    let token = server.person(&["Sun", "--role", "scientist", "--clearance", "general-3"]);
    let statement = "SELECT declaration_id, version_number, accepted_at, importer_id, agent_id, invoice_amount, \
                     gross_mass_total FROM declaration ORDER BY declaration_id, version_number";
    let body = json!({"purpose": "research", "statement": statement}).to_string();
    let kept = |name: &str, accept: &str| -> PathBuf {
        let path = server.folder().join(name);
        let told = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--data", &body])
            .args(["-H", "Content-Type: application/json", "-H", &format!("Accept: {accept}")])
            .args(["-H", &format!("Authorization: Bearer {token}"), &format!("{}/api/v1/sql", server.http)])
            .arg("--output")
            .arg(&path)
            .status();
        assert!(told.unwrap().success());
        path
    };
    let arrow = kept("answer.arrow", "application/vnd.apache.arrow.stream");
    let json = kept("answer.json", "application/json");
    let found = by_program(PROGRAM, &json!({"arrow": arrow, "json": json}));
    assert!(found["rows"].as_u64().unwrap() >= 400, "{found}");
    assert_eq!(found["differ"], json!([]));
}

#[test]
fn parameters_are_bound_over_flight() {
    let server = Server::start();
    let token = server.person(&["Sung", "--role", "supervisor", "--clearance", "important"]);
    let one = |sql: &str| {
        let text = succeed(server.folder(), "home", &["sql", sql, "--format", "csv"]);
        text.lines().nth(1).unwrap().to_owned()
    };
    let [first, last] =
        ["min", "max"].map(|which| one(&format!("SELECT {which}(office_id) FROM declaration")));
    assert_ne!(first, last);
    let of = |office: &str| {
        one(&format!("SELECT count(*) FROM declaration WHERE office_id = '{office}' AND version_number >= 1"))
    };
    let statement = "SELECT count(*) AS n FROM declaration WHERE office_id = $1 AND version_number >= $2";
    let decimal = "SELECT count(*) AS n FROM declaration WHERE invoice_amount > $1";
    let of_text = "SELECT count(*) AS n FROM declaration WHERE office_id = $1";
    let asked = json!([
        [statement, [&first, 1]],
        // The same prepared statement with other values.
        [statement, [&last, 1]],
        [statement, ["' OR '1' = '1", 1]],
        [statement, [null, 1]],
        [decimal, [1000.5]],
        [of_text, [&first, &last]],
        ["SELECT count(*) AS n FROM declaration WHERE office_id > $1", null],
    ]);
    let uri = format!("grpc://127.0.0.1:{}", server.flight);
    let told =
        by_program(PROGRAM, &json!({"uri": uri, "options": headers(&token, "supervision"), "asked": asked}));
    let above = one("SELECT count(*) FROM declaration WHERE invoice_amount > 1000.5");
    let counts = [of(&first), of(&last), "0".to_owned(), "0".to_owned(), above];
    for (told, expected) in told.as_array().unwrap().iter().zip(&counts) {
        assert_eq!(*told, json!([[expected]]));
    }
    let refused = |i: usize| told[i]["refused"].as_str().unwrap_or_default();
    assert!(refused(5).contains("the statement has 1 parameters"), "{told}");
    assert!(!refused(6).is_empty(), "{told}");
    // What was bound is written down as a read like any other.
    let read = succeed(server.folder(), "home", &["audit", "log", "--event", "read", "--by", "Sung"]);
    assert!(read.contains("flight"), "{read}");
}

/// A statement is refused at every door, in these words.
fn refused(server: &Server, token: &str, statement: &str, words: &str) {
    let (status, told) = server.curl(token, "supervision", statement, "application/json");
    assert!(status == 422 && told.contains("too-much") && told.contains(words), "{status}: {told}");
    let told = server.psql("Sung", token, "supervision", &["-c", statement]).unwrap_err();
    assert!(told.contains(words), "{told}");
    let uri = format!("grpc://127.0.0.1:{}", server.flight);
    let asked = json!({"uri": uri, "options": headers(token, "supervision"), "asked": [[statement, null]]});
    let told = by_program(PROGRAM, &asked);
    let told = told[0]["refused"].as_str().unwrap();
    assert!(told.contains("ResourceExhausted") && told.contains(words), "{told}");
}

#[test]
fn what_takes_too_long_is_refused_with_the_limit() {
    let server = Server::configured("127.0.0.1:0", "[reading]\nseconds = 2\n");
    let token = server.person(&["Sung", "--role", "supervisor", "--clearance", "important"]);
    refused(&server, &token, LONG, "the query takes too long: 2 seconds is the most; narrow it");
    let failed = succeed(server.folder(), "home", &["audit", "log", "--event", "failed"]);
    assert!(failed.contains("the query takes too long"), "{failed}");
}

#[test]
fn what_takes_too_much_memory_or_is_too_large_is_refused_with_the_limit() {
    let least = "[reading]\nmemory_bytes = 16777216\nanswer_bytes = 1048576\n";
    let server = Server::configured("127.0.0.1:0", least);
    let token = server.person(&["Sung", "--role", "supervisor", "--clearance", "important"]);
    // Some 160,000 keys of 400 letters and more on each side of a join.
    let pairs = "(SELECT concat(a.declaration_id, repeat('x', 400), b.declaration_id) AS k \
                 FROM declaration a, declaration b)";
    let join = format!("SELECT count(*) AS n FROM {pairs} x JOIN {pairs} y ON x.k = y.k");
    refused(&server, &token, &join, "the query needs more memory than one reader has");
    let large = "SELECT repeat('x', 2000000) AS x";
    refused(&server, &token, large, "the answer is too large: 1 MB is the most; group the rows");
    assert_eq!(server.psql("Sung", &token, "supervision", &["-c", "SELECT 1"]).as_deref(), Ok("1"));
}
