//! Connections over which somebody was let in: how long they may do nothing, at every door.

use crate::admission::said;
use crate::conversation::{message, said as told, say, start_up};
use crate::doors::Server;
use crate::endings::{LONG, ROWS, is_written, until};
use crate::strangers::{HTTP_2, is_answered_for, me};
use std::process::Command;
use std::time::{Duration, Instant};

/// A query may be silent for twice its time, so over HTTP and Flight SQL these are some seconds.
const SHORT: &str = "[serve]\nidle_seconds = 1\nlog_in_seconds = 60\n[reading]\nseconds = 1\n";

fn server(configuration: &str) -> (Server, String) {
    let server = Server::configured("127.0.0.1:0", configuration);
    let token = server.person(&["Sung", "--role", "supervisor", "--clearance", "important"]);
    (server, token)
}

/// A request as HTTP/2 has it, its method by the number that RFC 7541 gives it (appendix A).
fn request(method: u8, path: &str, authorization: &str) -> Vec<u8> {
    let field = |name: u8, value: &str| {
        [[name, u8::try_from(value.len()).unwrap()].as_slice(), value.as_bytes()].concat()
    };
    let named = [field(0x41, "x"), field(0x44, path), field(0x57, authorization)].concat();
    let fields = [[0x80 | method, 0x86].as_slice(), &named].concat();
    let length = u8::try_from(fields.len()).unwrap();
    [[0, 0, length, 1, 5, 0, 0, 0, 1].as_slice(), &fields].concat()
}

/// Name and token as a handshake of Flight SQL has them.
fn basic(name: &str, token: &str) -> String {
    let encode = ["-c", "printf %s \"$0\" | openssl base64 -A", &format!("{name}:{token}")];
    let encoded = Command::new("sh").args(encode).output().unwrap();
    format!("Basic {}", String::from_utf8(encoded.stdout).unwrap())
}

#[test]
fn who_is_known_and_silent_gives_the_place_back() {
    let (server, token) = server(SHORT);
    let [http, _, flight] = server.doors();
    let over_http_2 = [HTTP_2, &request(2, "/api/v1/me", &format!("Bearer {token}"))].concat();
    let handshake = "/arrow.flight.protocol.FlightService/Handshake";
    let over_flight = [HTTP_2, &request(3, handshake, &basic("Sung", &token))].concat();
    let is_shown_out = |door: &str, words: &[u8]| {
        let began = Instant::now();
        said(door, words);
        let after = began.elapsed();
        assert!(
            (1..30).contains(&after.as_secs()),
            "{door}: {after:?}, and not when the time to log in is over"
        );
    };
    std::thread::scope(|scope| {
        scope.spawn(|| is_shown_out(&http, me(&token).as_bytes()));
        scope.spawn(|| is_shown_out(&http, &over_http_2));
        scope.spawn(|| is_shown_out(&flight, &over_flight));
        scope
            .spawn(|| assert!(is_answered_for(Duration::from_secs(8), &http, &me(&token)), "who asks stays"));
    });
}

#[test]
fn who_is_silent_over_the_protocol_of_postgresql_is_told_why_it_ends() {
    let (server, token) = server("[serve]\nidle_seconds = 1\n[reading]\nseconds = 3\n");
    let log_in = [start_up("Sung", "supervision"), message("p", &format!("{token}\0"))].concat();
    let refusals = |words: &[u8]| -> Vec<String> {
        let told = told(server.postgres, &[log_in.as_slice(), words].concat());
        told.into_iter().filter(|(kind, _)| *kind == 'E').map(|(_, refusal)| refusal).collect()
    };
    let query = message("Q", &format!("{LONG}\0"));
    for words in [b"".as_slice(), &query[..9]] {
        let refused = refusals(words);
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].contains("57P05") && refused[0].contains("serve.idle_seconds"), "{refused:?}");
    }
    let refused = refusals(&query);
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[0].contains("54000"), "a query that runs is not silent: {refused:?}");
    assert!(refused[1].contains("57P05"), "{refused:?}");
}

#[test]
fn who_does_not_read_an_answer_over_the_protocol_of_postgresql_gives_the_place_back() {
    let (server, token) = server("[serve]\nidle_seconds = 1\n[reading]\nanswer_rows = 1000000000\n");
    let words = [
        start_up("Sung", "supervision"),
        message("p", &format!("{token}\0")),
        message("Q", &format!("{ROWS}\0")),
    ];
    let unread = say(server.postgres, &words.concat());
    until("the answer ends though its client stays", || {
        is_written(&server, "Sung", "failed", "the reader left before the end")
    });
    drop(unread);
}
