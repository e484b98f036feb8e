//! Queries whose reader cancels them or goes away end, their place is free again, and their end is written down. Rows of an answer
//! go out while it is made, and it breaks off where it fails.

use crate::doors::Server;
use crate::held::Held;
use crate::succeed;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Combinations of rows that take minutes to count.
pub const LONG: &str = "SELECT count(*) FROM declaration a, declaration b, declaration c, \
    (SELECT goods_item_count FROM declaration LIMIT 200) d WHERE \
    a.goods_item_count + b.goods_item_count + c.goods_item_count + d.goods_item_count > 100000";

/// Some 64,000,000 rows, more than anything between server and client holds; the first come at once.
pub const ROWS: &str = "SELECT a.declaration_id FROM declaration a, declaration b, declaration c";

/// Everybody has one place, so that a query that goes on would be noticed.
const ONE_PLACE: &str = "[reading]\nqueries = 1\nanswer_rows = 1000000000\n";

/// Looks again and again until it is so.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_mins(2);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether a read of somebody has come to an event, with these words.
pub fn is_written(server: &Server, name: &str, event: &str, words: &str) -> bool {
    succeed(server.folder(), "home", &["audit", "log", "--by", name, "--event", event]).contains(words)
}

fn has_begun(server: &Server, name: &str) {
    until("a read is written down before it begins", || is_written(server, name, "read", name));
}

/// The end of a read is written down, and whoever read may read again.
fn has_ended(server: &Server, name: &str, token: &str) {
    let left = "the reader left before the end";
    until("the end of a read is written down", || is_written(server, name, "failed", left));
    let again = server.curl(token, "supervision", "SELECT 1 AS n", "text/csv");
    assert_eq!(again, (200, "n\n1\n".to_owned()), "{name}");
}

fn person(server: &Server, name: &str) -> String {
    server.person(&[name, "--role", "supervisor", "--clearance", "important"])
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

fn curl(server: &Server, token: &str, statement: &str) -> Command {
    let body = serde_json::json!({"purpose": "supervision", "statement": statement}).to_string();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--no-buffer", "--data", &body, "-H", "Content-Type: application/json"]).args([
        "-H",
        &format!("Authorization: Bearer {token}"),
        &format!("{}/api/v1/sql", server.http),
    ]);
    curl
}

#[test]
fn what_is_cancelled_or_left_ends_and_is_written_down() {
    let server = Server::configured("127.0.0.1:0", ONE_PLACE);

    // Ctrl-C in psql.
    let token = person(&server, "Sung");
    let asking = psql(&server, "Sung", &token).spawn().unwrap();
    has_begun(&server, "Sung");
    let told = Command::new("kill").args(["-INT", &asking.id().to_string()]).status();
    assert!(told.unwrap().success());
    let told = asking.wait_with_output().unwrap();
    let told = String::from_utf8(told.stderr).unwrap();
    assert!(told.contains("canceling statement due to user request"), "{told}");
    has_ended(&server, "Sung", &token);

    // A psql that is gone.
    let token = person(&server, "Kato");
    let mut asking = psql(&server, "Kato", &token).spawn().unwrap();
    has_begun(&server, "Kato");
    asking.kill().unwrap();
    asking.wait().unwrap();
    has_ended(&server, "Kato", &token);

    // A curl that is gone.
    let token = person(&server, "Weiss");
    let mut asking = curl(&server, &token, LONG).stdout(Stdio::null()).spawn().unwrap();
    has_begun(&server, "Weiss");
    asking.kill().unwrap();
    asking.wait().unwrap();
    has_ended(&server, "Weiss", &token);

    // A program over Flight SQL that cancels, one that leaves the rest of an answer, and one that is gone.
    let token = person(&server, "Maro");
    let mut held = Held::connect(&server, "adbc", ["Maro", &token, "supervision"]);
    held.begin(LONG);
    has_begun(&server, "Maro");
    let told = held.cancel().unwrap_err();
    assert!(told.to_lowercase().contains("cancel"), "{told}");
    has_ended(&server, "Maro", &token);
    assert!(held.ask("SELECT 1 AS n").is_ok(), "the connection is as it was");
    let token = person(&server, "Lena");
    let mut held = Held::connect(&server, "adbc", ["Lena", &token, "supervision"]);
    assert_eq!(held.first_rows(ROWS, 3).map(|rows| rows.len()), Ok(3));
    has_ended(&server, "Lena", &token);
    assert!(held.ask("SELECT 1 AS n").is_ok(), "the connection is as it was");
    let token = person(&server, "Abe");
    let mut held = Held::connect(&server, "adbc", ["Abe", &token, "supervision"]);
    held.begin(LONG);
    has_begun(&server, "Abe");
    drop(held);
    has_ended(&server, "Abe", &token);
}

#[test]
fn rows_of_a_prepared_statement_go_out_before_the_end_and_it_ends_when_it_is_cancelled() {
    let server = Server::configured("127.0.0.1:0", ONE_PLACE);
    let token = person(&server, "Mika");
    let mut held = Held::connect(&server, "psycopg", ["Mika", &token, "supervision"]);
    assert_eq!(held.first_rows(ROWS, 3).map(|rows| rows.len()), Ok(3));
    has_ended(&server, "Mika", &token);
    assert!(held.ask("SELECT 1 AS n").is_ok(), "the connection is as it was");
}

#[test]
fn rows_go_out_over_http_before_the_end_and_a_failure_breaks_them_off() {
    let server = Server::configured("127.0.0.1:0", ONE_PLACE);
    let token = person(&server, "Lin");
    let mut asking = curl(&server, &token, ROWS).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = asking.stdout.take().unwrap();
    let mut body = vec![0; 1_000];
    output.read_exact(&mut body).unwrap();
    let begins = String::from_utf8_lossy(&body).into_owned();
    assert!(begins.starts_with("{\"columns\":[{\"name\":\"declaration_id\""), "{begins}");
    assert!(begins.contains("\"rows\":[{\"declaration_id\":"), "{begins}");
    assert_eq!(asking.try_wait().unwrap(), None, "there is more to come");
    assert!(!is_written(&server, "Lin", "finished", "Lin"), "the query runs");
    let (status, told) = server.curl(&token, "supervision", "SELECT 1", "*/*");
    assert!(status == 422 && told.contains("queries at once: 1 is the most"), "{status}: {told}");

    // With the account the answer ends: no part of it can be taken for the whole.
    succeed(server.folder(), "home", &["people", "disable", "Lin", "--reason", "leaves"]);
    output.read_to_end(&mut body).unwrap();
    assert_eq!(asking.wait().unwrap().code(), Some(18), "curl says that a part is missing");
    assert!(serde_json::from_slice::<serde_json::Value>(&body).is_err());
    until("why it broke off is written down", || {
        is_written(&server, "Lin", "failed", "the answer breaks off: ")
    });
}
