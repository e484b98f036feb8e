//! Queries whose reader cancels them or goes away end, and their end is written down.

use crate::doors::Server;
use crate::succeed;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Combinations of rows that take minutes to count.
pub const LONG: &str = "SELECT count(*) FROM declaration a, declaration b, declaration c, \
    (SELECT goods_item_count FROM declaration LIMIT 200) d WHERE \
    a.goods_item_count + b.goods_item_count + c.goods_item_count + d.goods_item_count > 100000";

/// Looks again and again until it is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_mins(2);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether a read of somebody has come to an event, with these words.
fn is_written(server: &Server, name: &str, event: &str, words: &str) -> bool {
    succeed(server.folder(), "home", &["audit", "log", "--by", name, "--event", event]).contains(words)
}

fn has_begun(server: &Server, name: &str) {
    until("a read is written down before it begins", || is_written(server, name, "read", name));
}

fn has_ended(server: &Server, name: &str) {
    let left = "the reader left before the end";
    until("the end of a read is written down", || is_written(server, name, "failed", left));
}

fn psql(server: &Server, name: &str, token: &str) -> Command {
    let mut psql = Command::new("psql");
    psql.args(["-h", "127.0.0.1", "-p", &server.postgres.to_string(), "-U", name, "-d", "supervision"])
        .args(["--no-psqlrc", "--no-password", "-c", LONG])
        .env("PGPASSWORD", token)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    psql
}

#[test]
fn what_is_cancelled_or_left_ends_and_is_written_down() {
    let server = Server::start();
    let person = |name| server.person(&[name, "--role", "supervisor", "--clearance", "important"]);

    // Ctrl-C in psql.
    let token = person("Sung");
    let asking = psql(&server, "Sung", &token).spawn().unwrap();
    has_begun(&server, "Sung");
    let told = Command::new("kill").args(["-INT", &asking.id().to_string()]).status();
    assert!(told.unwrap().success());
    let told = asking.wait_with_output().unwrap();
    let told = String::from_utf8(told.stderr).unwrap();
    assert!(told.contains("canceling statement due to user request"), "{told}");
    has_ended(&server, "Sung");

    // A psql that is gone.
    let token = person("Kato");
    let mut asking = psql(&server, "Kato", &token).spawn().unwrap();
    has_begun(&server, "Kato");
    asking.kill().unwrap();
    asking.wait().unwrap();
    has_ended(&server, "Kato");

    // A curl that is gone.
    let token = person("Weiss");
    let body = serde_json::json!({"purpose": "supervision", "statement": LONG}).to_string();
    let mut asking = Command::new("curl")
        .args(["--silent", "--data", &body, "-H", "Content-Type: application/json"])
        .args(["-H", &format!("Authorization: Bearer {token}"), &format!("{}/api/v1/sql", server.http)])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    has_begun(&server, "Weiss");
    asking.kill().unwrap();
    asking.wait().unwrap();
    has_ended(&server, "Weiss");

    // The server goes on.
    assert_eq!(server.curl(&token, "supervision", "SELECT 1 AS n", "text/csv"), (200, "n\n1\n".to_owned()));
}
