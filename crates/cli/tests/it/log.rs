//! The log on standard error: it has the causes that readers are not told, and nothing of what people say to come in or ask for.

use crate::doors::Server;
use std::process::Command;

#[test]
fn the_log_tells_the_cause_and_no_secret() {
    let server = Server::start();
    let token = server.person(&["Ana", "--role", "supervisor", "--clearance", "important"]);
    let everything = "SELECT count(*) FROM declaration WHERE importer_id = '9131SECRET'";
    assert_eq!(server.curl(&token, "supervision", everything, "*/*").0, 200);
    server.psql("Ana", &token, "supervision", &["-c", everything]).unwrap();
    let password = "a password nobody guesses";
    let session = format!("{}/api/v1/session", server.http);
    let body = serde_json::json!({"name": "Ana", "password": password}).to_string();
    let json = "Content-Type: application/json";
    assert!(
        Command::new("curl")
            .args(["--silent", "-H", json, "--data", &body, &session])
            .status()
            .unwrap()
            .success()
    );

    // A file of the lake goes: the query fails inside.
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
    let sums = "SELECT sum(goods_item_count) FROM declaration WHERE goods_item_count + 9131555 > 0";
    let (status, told) = server.curl(&token, "supervision", sums, "*/*");
    assert!(
        status == 500 && told.contains("log has the cause under") && !told.contains(".parquet"),
        "{told}"
    );
    let refused = server.psql("Ana", &token, "supervision", &["-c", sums]).unwrap_err();
    assert!(refused.contains("the platform's log has the cause under"), "{refused}");
    let fingerprint = refused.split("under ").nth(1).unwrap().split_whitespace().next().unwrap();
    let log = std::fs::read_to_string(server.folder().join("log")).unwrap();
    assert!(log.contains(fingerprint), "the cause is found by the fingerprint: {log}");
    let setup = server.setup.clone().unwrap();
    let secret = setup.split_once("?secret=").unwrap().1;
    for hidden in [token.as_str(), &token[8..], password, secret, "9131SECRET", "9131555"] {
        assert!(!log.contains(hidden), "{hidden} is in the log");
    }
}
