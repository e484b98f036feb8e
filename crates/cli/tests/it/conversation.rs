//! What is said over the protocol of PostgreSQL, message by message: who is refused is heard no further, and nothing too long is heard.

use crate::doors::Server;
use crate::succeed;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const OFFICER: [&str; 7] = ["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"];

/// A message of a client; the first has no type.
pub fn message(kind: &str, content: &str) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
    [kind.as_bytes(), length.as_slice(), content.as_bytes()].concat()
}

/// The message that a client begins with.
pub fn start_up(user: &str, purpose: &str) -> Vec<u8> {
    message("", &format!("\0\x03\0\0user\0{user}\0database\0{purpose}\0\0"))
}

/// Connects to a door and says something. An answer is waited for half as long as a log-in may take at most.
pub fn say(port: u16, words: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(words).unwrap();
    stream
}

/// What a door says to some words until it ends the connection: messages, with their types.
pub fn said(port: u16, words: &[u8]) -> Vec<(char, String)> {
    let mut bytes = Vec::new();
    say(port, words).read_to_end(&mut bytes).unwrap();
    let (mut rest, mut said) = (bytes.as_slice(), Vec::new());
    while let Some((kind, after)) = rest.split_first() {
        let length = after.first_chunk::<4>().unwrap();
        let (message, others) = after.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap());
        said.push((char::from(*kind), String::from_utf8_lossy(&message[4..]).into_owned()));
        rest = others;
    }
    said
}

/// The types of messages, without those that say how the server is set.
fn kinds(said: &[(char, String)]) -> String {
    said.iter().map(|(kind, _)| *kind).filter(|kind| !"SK".contains(*kind)).collect()
}

fn log_ins_take_a_minute() -> Server {
    Server::configured("127.0.0.1:0", "[serve]\nlog_in_seconds = 60\n")
}

#[test]
fn who_is_refused_is_heard_no_further() {
    let server = log_ins_take_a_minute();
    let start_up = || start_up("Ou", "inspection");
    let password = || message("p", "no\0");
    let text = || message("Q", "SELECT count(*) FROM declaration WHERE importer_id = '9131SECRET'\0");
    let prepared = || message("P", "\0SELECT '9131SECRET'\0\0\0");
    for (words, code) in [
        ([start_up(), password(), text(), prepared(), message("S", "")].concat(), "28P01"),
        ([start_up(), text(), password()].concat(), "08P01"),
        ([start_up(), prepared(), message("S", ""), password()].concat(), "08P01"),
    ] {
        let said = said(server.postgres, &words);
        assert_eq!(kinds(&said), "RE", "{said:?}");
        assert!(said[1].1.contains(code), "{said:?}");
    }
    let log = std::fs::read_to_string(server.folder().join("log")).unwrap();
    assert!(!log.contains("9131SECRET"), "{log}");
    let log = succeed(server.folder(), "home", &["audit", "log", "--json"]);
    let log: Vec<serde_json::Value> = serde_json::from_str(&log).unwrap();
    let entries: Vec<_> = log.iter().filter(|entry| entry["door"] == "postgres").collect();
    assert!(entries.len() == 1 && entries[0]["purpose"] == "log-in", "{entries:?}");
}

#[test]
fn who_announces_a_gigabyte_before_the_log_in_is_not_waited_for() {
    let server = log_ins_take_a_minute();
    let gigabyte = (1_u32 << 30).to_be_bytes();
    let start_up = start_up("Ou", "inspection");
    for (words, told) in [
        ([gigabyte.as_slice(), b"\0\x03\0\0user\0"].concat(), "E"),
        ([start_up.as_slice(), b"p", &gigabyte].concat(), "RE"),
        ([start_up.as_slice(), b"Q", &gigabyte, b"SELECT"].concat(), "RE"),
    ] {
        let said = said(server.postgres, &words);
        assert_eq!(kinds(&said), told, "{said:?}");
        assert!(said.last().unwrap().1.contains("08P01"), "{said:?}");
    }
}

#[test]
fn a_message_longer_than_a_request_may_be_is_refused_and_the_connection_goes_on() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nrequest_bytes = 2000\n");
    let token = server.person(&OFFICER);
    let statement = |letters: usize| format!("SELECT '{}' AS n\0", "x".repeat(letters));
    // With its type and length, the text has as many bytes as it may, and then one more.
    let [longest, too_long] = [1_980, 1_981].map(|letters| message("Q", &statement(letters)));
    assert_eq!((longest.len(), too_long.len()), (2_000, 2_001));
    let parse = |statement: &str| message("P", &format!("\0{statement}\0\0"));
    let bind = |values: &str| message("B", &format!("\0\0\0\0{values}\0\0"));
    let rest = || [message("E", "\0\0\0\0\0"), message("S", "")].concat();
    let value = format!("\0\x01\0\0\x09\0{}", "x".repeat(0x900));
    let words = [
        [start_up("Ou", "inspection"), message("p", &format!("{token}\0"))].concat(),
        [too_long, longest.clone()].concat(),
        [parse(&statement(2_000)), bind(&value), rest(), longest].concat(),
        [parse("SELECT $1::text AS n\0"), bind(&value), rest()].concat(),
        message("X", ""),
    ];
    let said = said(server.postgres, &words.concat());
    assert_eq!(kinds(&said), "RRZ EZ TDCZ EZ TDCZ 1EZ".replace(' ', ""), "{said:?}");
    for (_, refusal) in said.iter().filter(|(kind, _)| *kind == 'E') {
        assert!(refusal.contains("54000") && refusal.contains("serve.request_bytes"), "{refusal}");
    }
}

#[test]
fn a_message_that_is_too_long_is_a_request_all_the_same() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nrequest_bytes = 2000\nrequests_a_minute = 3\n");
    let token = server.person(&OFFICER);
    let too_long = || message("Q", &format!("SELECT '{}' AS n\0", "x".repeat(2_000)));
    let parse = message("P", &format!("\0SELECT '{}' AS n\0\0\0", "x".repeat(2_000)));
    let words = [
        [start_up("Ou", "inspection"), message("p", &format!("{token}\0"))].concat(),
        [too_long(), parse, message("S", "")].concat(),
        [too_long(), message("Q", "SELECT 1 AS n\0"), message("X", "")].concat(),
    ];
    // The log-in is one of the three too.
    let said = said(server.postgres, &words.concat());
    assert_eq!(kinds(&said), "RRZ EZ EZ EZ EZ".replace(' ', ""), "{said:?}");
    let refused: Vec<&String> =
        said.iter().filter(|(kind, _)| *kind == 'E').map(|(_, refusal)| refusal).collect();
    for (refusal, code) in refused.into_iter().zip(["54000", "54000", "53400", "53400"]) {
        assert!(refusal.contains(code), "{code}: {refusal}");
    }
}

#[test]
fn who_is_silent_when_the_server_stops_is_not_waited_for() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nlog_in_seconds = 60\nstop_seconds = 300\n");
    let token = server.person(&OFFICER);
    let start_up = start_up("Ou", "inspection");
    let logged_in = [start_up.clone(), message("p", &format!("{token}\0"))].concat();
    let silent = [logged_in, start_up, Vec::new()].map(|words| say(server.postgres, &words));
    // They are let in one after the other.
    std::thread::sleep(Duration::from_millis(500));
    server.stop();
    let told = silent.map(|mut stream| {
        let mut told = Vec::new();
        stream.read_to_end(&mut told).unwrap();
        told.first().copied()
    });
    assert_eq!(told, [Some(b'R'), Some(b'R'), None]);
}
