//! The log on standard error: it has the causes that readers are not told, and nothing of what people say to come in or ask for.

use crate::answers::{PROGRAM, headers};
use crate::clients::by_program;
use crate::doors::Server;
use crate::endings::until;
use crate::entrance::curl;
use crate::{succeed, tools};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";
const WRONG: &str = "a password nobody guesses";
const REFUSED: &str = "9131short";

/// Makes the first account by the link, at the second attempt, and gives the token of its log-in, at the second attempt too.
fn comes_in(server: &Server) -> String {
    let (form, secret) = server.setup.as_ref().unwrap().split_once("?secret=").unwrap();
    let fill = |password: &str| {
        let fields = [("secret", secret), ("name", "Ana"), ("password", password)];
        let [secret, name, password] = fields.map(|(field, value)| format!("{field}={value}"));
        let each = "--data-urlencode";
        curl(&[each, &secret, each, &name, each, &password, form]).0
    };
    assert_eq!([REFUSED, PASSWORD].map(fill), [400, 200]);
    let session = format!("{}/api/v1/session", server.http);
    let log_in = |password: &str| {
        let body = json!({"name": "Ana", "password": password}).to_string();
        curl(&["--header", "Content-Type: application/json", "--data", &body, &session])
    };
    assert_eq!(log_in(WRONG).0, 401);
    let (status, told) = log_in(PASSWORD);
    assert_eq!(status, 200, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    told["token"].as_str().unwrap().to_owned()
}

/// What a statement with values is answered with over Flight SQL and over the protocol of PostgreSQL.
fn bound(server: &Server, token: &str, statement: &str, values: &Value) -> [Value; 2] {
    let uri = format!("grpc://127.0.0.1:{}", server.flight);
    let flight =
        json!({"uri": uri, "options": headers(token, "supervision"), "asked": [[statement, values]]});
    let postgres = json!({
        "postgres": server.postgres, "name": "Ana", "token": token, "purpose": "supervision", "tool": "statements",
        "statements": [{"sql": statement, "values": values}],
    });
    [by_program(PROGRAM, &flight), by_program(tools::PROGRAM, &postgres)].map(|told| told[0].clone())
}

/// Empties the files of declarations, so that queries fail inside.
fn empty_files(server: &Server) {
    let mut folders = vec![server.folder().join("home/lake/declaration")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "parquet") {
                std::fs::write(path, "").unwrap();
            }
        }
    }
}

#[test]
fn the_log_tells_the_cause_and_no_secret() {
    let server = Server::start();
    let session = comes_in(&server);
    let made = ["tokens", "create", "Ana", "--label", "a test", "--json", "--reason", "a test"];
    let made: Value = serde_json::from_str(&succeed(server.folder(), "home", &made)).unwrap();
    let token = made["token"].as_str().unwrap();
    let everything = "SELECT count(*) FROM declaration WHERE importer_id = '9131SECRET'";
    assert_eq!(server.curl(&session, "supervision", everything, "*/*").0, 200);
    server.psql("Ana", &session, "supervision", &["-c", everything]).unwrap();
    let named = "SELECT count(*) AS n FROM declaration WHERE importer_id = $1 AND goods_item_count < $2";
    for told in bound(&server, token, named, &json!(["9131BOUND", 9_131_777])) {
        assert_eq!(told, json!([["0"]]));
    }

    empty_files(&server);
    let sums = "SELECT sum(goods_item_count) FROM declaration WHERE goods_item_count + 9131555 > 0";
    let (status, told) = server.curl(&session, "supervision", sums, "*/*");
    assert!(
        status == 500 && told.contains("log has the cause under") && !told.contains(".parquet"),
        "{told}"
    );
    let refused = server.psql("Ana", &session, "supervision", &["-c", sums]).unwrap_err();
    assert!(refused.contains("the platform's log has the cause under"), "{refused}");
    let summed = "SELECT sum(goods_item_count) AS n FROM declaration WHERE goods_item_count < $1";
    for told in bound(&server, token, summed, &json!([9_131_777])) {
        let refused = told["refused"].as_str().unwrap();
        assert!(refused.contains("the platform's log has the cause under"), "{refused}");
    }

    // The cause is found by the fingerprint, in the log and in the audit log.
    let fingerprint = refused.split("under ").nth(1).unwrap().split_whitespace().next().unwrap();
    let log = std::fs::read_to_string(server.folder().join("log")).unwrap();
    let line = log.lines().find(|line| line.contains(fingerprint)).unwrap();
    let (_, cause) = line.split_once("error=").unwrap();
    assert!(!cause.is_empty() && !refused.contains(cause), "{refused}");
    until("the cause is in the audit log", || {
        let audit = succeed(server.folder(), "home", &["audit", "log", "--by", "Ana", "--json"]);
        let audit: Vec<Value> = serde_json::from_str(&audit).unwrap();
        let mut details = audit.iter().map(|entry| entry["detail"].as_str().unwrap());
        details.any(|detail| detail.contains(fingerprint) && detail.contains(cause))
    });
    let (_, secret) = server.setup.as_ref().unwrap().split_once("?secret=").unwrap();
    let tokens = [session.as_str(), &session[8..], token, &token[8..], secret];
    let said = [PASSWORD, WRONG, REFUSED, "9131SECRET", "9131555", "9131BOUND", "9131777"];
    for hidden in tokens.into_iter().chain(said) {
        assert!(!log.contains(hidden), "{hidden} is in the log");
    }
}
