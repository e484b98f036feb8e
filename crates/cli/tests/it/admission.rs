//! Who is not let in, at every door: that it is written down, how often one may try, and how long one may take.

use crate::clients::{Asked, by_driver};
use crate::doors::Server;
use crate::held::Held;
use crate::{run, succeed};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

const ONE: &str = "SELECT 1 AS n";
const NO_TOKEN: &str = "tg_0000000000000000000000000000000000000000000000000000000000000000";
const OFFICER: [&str; 6] = ["--role", "officer", "--office", "X", "--clearance", "general-3"];

fn officer(server: &Server, name: &str) -> String {
    server.person(&[&[name], OFFICER.as_slice()].concat())
}

/// What a driver of Flight is told.
fn adbc(server: &Server, name: &str, token: &str) -> Result<(), String> {
    let (kind, purpose, statement) = ("admission", "inspection", ONE.to_owned());
    let asked = Asked { kind, name, token, purpose, statement, expected: Ok(Vec::new()) };
    by_driver(server, "adbc", &[asked]).remove(0).map(drop)
}

/// Refusals in the audit log, the newest first: door, name, purpose, why.
fn denied(server: &Server) -> Vec<[String; 4]> {
    let log =
        succeed(server.folder(), "home", &["audit", "log", "--event", "denied", "--limit", "1000", "--json"]);
    let log: Vec<serde_json::Value> = serde_json::from_str(&log).unwrap();
    let text = |entry: &serde_json::Value, name: &str| entry[name].as_str().unwrap().to_owned();
    log.iter().map(|entry| ["door", "principal", "purpose", "detail"].map(|name| text(entry, name))).collect()
}

#[test]
fn who_is_not_let_in_is_in_the_audit_log() {
    let server = Server::start();
    let token = officer(&server, "Ou");
    let narrow = succeed(
        server.folder(),
        "home",
        &[
            ["tokens", "create", "Ou", "--label", "narrow", "--door", "http", "--purpose", "inspection"]
                .as_slice(),
            &["--reason", "a test", "--json"],
        ]
        .concat(),
    );
    let narrow: serde_json::Value = serde_json::from_str(&narrow).unwrap();
    let narrow = narrow["token"].as_str().unwrap();

    let (status, body) = server.curl(&token, "curiosity", ONE, "*/*");
    assert!(status == 403 && body.contains("is no purpose of reading"), "{body}");
    let (status, body) = server.curl(narrow, "supervision", ONE, "*/*");
    assert!(status == 403 && body.contains("not good for reading over http for supervision"), "{body}");
    assert_eq!(server.curl(narrow, "inspection", ONE, "*/*").0, 200);
    assert_eq!(server.curl(NO_TOKEN, "inspection", ONE, "*/*").0, 401);
    let psql = |user, token, purpose| server.psql(user, token, purpose, &["-c", ONE]).unwrap_err();
    assert!(psql("Ou", narrow, "inspection").contains("not good for reading over postgres"));
    assert!(psql("Ou", &token, "curiosity").contains("is no purpose of reading"));
    assert!(psql("Sun", &token, "inspection").contains("belongs to somebody else"));
    assert!(psql("Sun", NO_TOKEN, "inspection").contains("no token of this ledger"));
    assert!(adbc(&server, "Ou", narrow).unwrap_err().contains("not good for reading over flight"));
    assert!(adbc(&server, "Ou", NO_TOKEN).unwrap_err().contains("no token of this ledger"));

    let told = denied(&server);
    for (door, name, purpose, why) in [
        ("http", "Ou", "curiosity", "`curiosity` is no purpose"),
        ("http", "Ou", "supervision", "not good for reading over http for supervision"),
        ("http", "(none)", "log-in", "this is no token of this ledger"),
        ("postgres", "Ou", "inspection", "not good for reading over postgres"),
        ("postgres", "Ou", "curiosity", "`curiosity` is no purpose"),
        ("postgres", "Ou", "log-in", "belongs to somebody else than \"Sun\""),
        ("postgres", "Sun", "log-in", "this is no token of this ledger"),
        ("flight", "Ou", "inspection", "not good for reading over flight"),
        ("flight", "(none)", "log-in", "this is no token of this ledger"),
    ] {
        let is_told = |entry: &&[String; 4]| entry[..3] == [door, name, purpose] && entry[3].contains(why);
        assert!(told.iter().any(|entry| is_told(&entry)), "{door} {name} {purpose} {why}: {told:?}");
    }
    assert!(succeed(server.folder(), "home", &["audit", "verify"]).contains("The audit chain holds"));
}

#[test]
fn failed_log_ins_are_counted_over_all_doors_and_no_flood_of_them_is_written_down() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nfailures_a_minute = 1\n");
    let token = officer(&server, "Ou");
    // What the driver needs is there before anybody asks.
    by_driver(&server, "adbc", &[]);
    let curl = |token: &str| server.curl(token, "inspection", ONE, "*/*").0;
    assert_eq!(curl(NO_TOKEN), 401);
    assert_eq!([(); 5].map(|()| curl(NO_TOKEN)), [429; 5]);
    let refused = server.psql("Ou", NO_TOKEN, "inspection", &["-c", ONE]).unwrap_err();
    assert!(refused.contains("too many failed log-ins from this address"), "{refused}");
    let refused = adbc(&server, "Ou", NO_TOKEN).unwrap_err();
    assert!(refused.contains("too many failed log-ins from this address"), "{refused}");
    assert_eq!(curl(&token), 200, "who has a token is let in all the same");
    assert_eq!(denied(&server).len(), 1, "{:?}", denied(&server));
}

#[test]
fn what_guesses_nothing_is_no_failed_log_in() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nfailures_a_minute = 1\n");
    officer(&server, "Ou");
    let status = |arguments: &[&str]| {
        let all = [&["--silent", "--max-time", "30", "--write-out", "\n%{http_code}"], arguments].concat();
        let output = Command::new("curl").args(all).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.rsplit_once('\n').unwrap().1.to_owned()
    };
    // As a page of somebody else makes the browser of an officer ask.
    let [me, setup] = ["api/v1/me", "setup"].map(|path| format!("{}/{path}", server.http));
    for _ in 0..5 {
        assert_eq!(status(&[&me]), "401");
        assert_eq!(status(&["-H", "Authorization: Basic T3U6eA==", &me]), "401");
        assert_eq!(status(&[&setup]), "401");
    }
    let session = format!("{}/api/v1/session", server.http);
    let log_in = || {
        let body = "{\"name\": \"Ou\", \"password\": \"none that she has\"}";
        status(&["-H", "Content-Type: application/json", "--data", body, &session])
    };
    assert_eq!(log_in(), "401", "the first failure is this one");
    assert_eq!([log_in(), log_in()], ["429", "429"]);
}

/// The status of an answer to a log-in over a connection of its own.
fn logged_in(mut stream: TcpStream) -> String {
    let body = r#"{"name": "Ou", "password": "none that she has"}"#;
    let length = body.len();
    let request = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_flood_of_log_ins_is_told_to_come_again_and_fills_neither_memory_nor_the_audit_log() {
    let configuration =
        "[serve]\nfailures_a_minute = 10000\nlog_in_seconds = 60\nstrangers_an_address = 1000000\n";
    let server = Server::configured("127.0.0.1:0", configuration);
    officer(&server, "Ou");
    let http = server.http.strip_prefix("http://").unwrap();
    // Several times as many as are compared at once and wait.
    let cores = std::thread::available_parallelism().unwrap().get();
    let streams: Vec<TcpStream> = (0..4 * (cores + 64)).map(|_| TcpStream::connect(http).unwrap()).collect();
    let statuses: Vec<String> = std::thread::scope(|scope| {
        let asked: Vec<_> = streams.into_iter().map(|stream| scope.spawn(|| logged_in(stream))).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let of = |status: &str| statuses.iter().filter(|found| *found == status).count();
    let (compared, refused) = (of("401"), of("503"));
    assert_eq!(compared + refused, statuses.len(), "{statuses:?}");
    assert!(refused > 0 && compared >= 64, "{compared} compared, {refused} told to come again");
    assert_eq!(logged_in(TcpStream::connect(http).unwrap()), "401", "when the flood is over");
    assert_eq!(denied(&server).len(), compared + 1, "only what was compared is written down");
}

#[test]
fn a_token_for_another_door_tells_nothing_over_http() {
    let server = Server::start();
    officer(&server, "Ou");
    let made =
        ["tokens", "create", "Ou", "--label", "x", "--door", "postgres", "--reason", "a test", "--json"];
    let made: serde_json::Value = serde_json::from_str(&succeed(server.folder(), "home", &made)).unwrap();
    let bearer = format!("Authorization: Bearer {}", made["token"].as_str().unwrap());
    let me = format!("{}/api/v1/me", server.http);
    let output = Command::new("curl").args(["--silent", "-H", &bearer, &me]).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["code"], "not-permitted");
    assert_eq!(told["message"], "the token is not good for the door http");
    assert_eq!(told.get("name"), None);
    let [door, name, purpose, why] = denied(&server).remove(0);
    assert_eq!([door, name, purpose], ["http", "Ou", "account"]);
    assert!(why.contains("not good for the door http"), "{why}");
}

#[test]
fn requests_are_counted_for_each_person_over_all_doors() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nrequests_a_minute = 2\n");
    let [ou, sun] = ["Ou", "Sun"].map(|name| officer(&server, name));
    by_driver(&server, "adbc", &[]);
    // To come in is one, the first statement another.
    let refused = server.psql("Ou", &ou, "inspection", &["-c", "SELECT 1; SELECT 2"]).unwrap_err();
    assert!(refused.contains("too many requests"), "{refused}");
    assert_eq!(server.curl(&ou, "inspection", ONE, "*/*").0, 429);
    let refused = adbc(&server, "Ou", &ou).unwrap_err();
    assert!(refused.contains("too many requests"), "{refused}");
    assert_eq!(server.curl(&sun, "inspection", ONE, "*/*").0, 200);
}

#[test]
fn the_local_owner_comes_in_through_no_door() {
    let server = Server::start();
    officer(&server, "Ou");
    let made = ["tokens", "create", "local owner", "--label", "x", "--reason", "a test"];
    let refused = run(server.folder(), "home", &made);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains("a person or service"), "{message}");

    // A token of before: 32 bytes of zeros, until 2096.
    let insert = "import hashlib, sqlite3, sys\n\
        ledger = sqlite3.connect(sys.argv[1], timeout=30)\n\
        ledger.execute(\"INSERT INTO api_tokens (principal_id, label, sha256, doors, created_at, expires_at) \
        SELECT id, 'old', ?, '[\\\"http\\\",\\\"postgres\\\",\\\"flight\\\"]', 0, 4000000000000000 FROM principals \
        WHERE kind = 'local-owner'\", [hashlib.sha256(bytes(32)).digest()])\n\
        ledger.commit()\n";
    let ledger = server.folder().join("home/ledger.db");
    assert!(Command::new("python3").arg("-c").arg(insert).arg(ledger).status().unwrap().success());
    let (status, body) = server.curl(NO_TOKEN, "inspection", ONE, "*/*");
    assert!(status == 401 && body.contains("the local owner comes in through no door"), "{body}");
    let refused = server.psql("local owner", NO_TOKEN, "inspection", &["-c", ONE]).unwrap_err();
    assert!(refused.contains("the local owner comes in through no door"), "{refused}");
    assert!(adbc(&server, "local owner", NO_TOKEN).unwrap_err().contains("the local owner comes in"));
    let told = denied(&server);
    assert!(told.iter().filter(|entry| entry[1] == "local owner").count() >= 3, "{told:?}");
}

/// What a server says to somebody who says something and then waits, until it breaks off.
pub fn said(door: &str, words: &[u8]) -> String {
    let mut stream = TcpStream::connect(door).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.write_all(words).unwrap();
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{door}: {error}"),
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn who_does_not_come_in_in_time_gives_the_place_back() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nlog_in_seconds = 2\n");
    let token = officer(&server, "Ou");
    let mut held = Held::connect(&server, "psycopg", ["Ou", &token, "inspection"]);
    assert!(held.ask(ONE).is_ok());
    let [http, postgres, flight] = server.doors();
    let slow = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
        Content-Length: 100\r\n\r\n{";
    assert!(said(&http, slow).starts_with("HTTP/1.1 408"));
    said(&http, b"");
    said(&http, b"GET /health HTTP/1.1\r\nHost:");
    said(&postgres, b"");
    // Start-up of version 3.0 as `Ou`, and then no password.
    said(&postgres, b"\0\0\0\x11\0\x03\0\0user\0Ou\0\0");
    said(&flight, b"");
    // HTTP/2 begins, and then no call.
    said(&flight, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    assert!(held.ask(ONE).is_ok(), "who came in stays");
}

#[test]
fn who_is_refused_over_the_protocol_of_postgresql_does_not_keep_the_connection() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nlog_in_seconds = 60\n");
    let words = [b"\0\0\0\x11\0\x03\0\0user\0Ou\0\0".as_slice(), b"p\0\0\0\x07no\0"].concat();
    let began = std::time::Instant::now();
    let said = said(&format!("127.0.0.1:{}", server.postgres), &words);
    assert!(said.contains("28P01"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(30), "at once, and not when the time is over");
}
