//! What `tidegate serve` holds at every door: so many connections at once, and time for running queries when it stops.

use crate::admission::said;
use crate::clients::{Asked, by_driver, check};
use crate::doors::Server;
use crate::entrance::curl;
use crate::succeed;
use serde_json::json;
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn places_for_connections_are_those_of_all_doors_together() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nconnections = 3\nlog_in_seconds = 60\n");
    let token = server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    let status = |path: &str| curl(&[&format!("{}{path}", server.http)]).0;
    let psql = || server.psql("Ou", &token, "inspection", &["-c", "SELECT 1"]).is_ok();
    assert!(status("/") == 200 && psql());
    let doors = server.doors();
    let mut held: Vec<TcpStream> = doors.iter().map(|door| TcpStream::connect(door).unwrap()).collect();
    // They are let in one after the other.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(status("/"), 503, "each of the three doors has let one in");
    assert_eq!(status("/health"), 200, "which is always answered");
    for _ in 0..held.len() {
        held.remove(0);
        std::thread::sleep(Duration::from_millis(500));
        assert!(status("/") == 200 && psql(), "a place is free again");
        // So that what is held next has it, and no spare one.
        std::thread::sleep(Duration::from_millis(500));
        held.push(TcpStream::connect(&doors[0]).unwrap());
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(status("/"), 503, "and taken again");
    }
}

#[test]
fn health_is_told_though_all_places_are_taken() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nconnections = 1\nlog_in_seconds = 60\n");
    let [http, ..] = server.doors();
    let health = || curl(&[&format!("{}/health", server.http)]);
    let held = TcpStream::connect(&http).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(health(), (200, "ok\n".to_owned()));
    }
    let words = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let ended = said(&http, words);
    assert!(ended.starts_with("HTTP/1.1 200") && ended.ends_with("ok\n"), "its place is for others: {ended}");
    assert!(began.elapsed() < Duration::from_secs(20), "at once, and not when the time to log in is over");
    // More of them than there are spare places, and none says anything.
    let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&http).unwrap()).collect();
    assert_eq!(health().0, 200);
    assert!(began.elapsed() < Duration::from_secs(40), "{} are not waited for", silent.len());
    // Who asks for something else has the place as soon as it is free.
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| curl(&[&server.http]).0);
        std::thread::sleep(Duration::from_millis(200));
        drop(held);
        assert_eq!(asked.join().unwrap(), 200);
    });
}

#[test]
fn a_statement_that_nobody_could_read_ends_nothing_but_itself() {
    let server = Server::configured("127.0.0.1:0", "");
    let token = server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    let long = format!("SELECT {}1", "1+".repeat(50_000));
    let deep = format!("SELECT {}1{}", "abs(".repeat(40), ")".repeat(40));
    let doubled: Vec<String> =
        (1..40).map(|i| format!("t{i} AS (SELECT a.x FROM t{j} a, t{j} b)", j = i - 1)).collect();
    let named = format!("WITH t0 AS (SELECT 1 AS x), {} SELECT count(*) FROM t39", doubled.join(", "));
    for statement in [long, deep, named] {
        let refused = server.psql("Ou", &token, "inspection", &["-c", &statement]).unwrap_err();
        assert!(refused.contains("is the most"), "{refused}");
        let (status, body) = server.curl(&token, "inspection", &statement, "text/csv");
        assert!(status == 422 && body.contains("is the most"), "{status}: {body}");
    }
    assert_eq!(server.psql("Ou", &token, "inspection", &["-c", "SELECT 1"]).as_deref(), Ok("1"));
}

#[test]
fn what_runs_at_any_door_when_the_server_stops_comes_to_its_end() {
    let mut server = Server::configured("127.0.0.1:0", "[serve]\nstop_seconds = 300\n");
    let names = ["Sung", "Kato", "Weiss"];
    let tokens = names.map(|name| server.person(&[name, "--role", "supervisor", "--clearance", "important"]));
    let [sung, kato, weiss] = tokens.each_ref().map(String::as_str);
    let long = "SELECT count(*) FROM declaration a, declaration b, declaration c, \
                (SELECT goods_item_count FROM declaration LIMIT 30) d WHERE \
                a.goods_item_count + b.goods_item_count + c.goods_item_count + d.goods_item_count > 100000";
    let over_flight = Asked {
        kind: "stop",
        name: "Weiss",
        token: weiss,
        purpose: "supervision",
        statement: long.to_owned(),
        expected: Ok(vec![vec!["0"]]),
    };
    // What the driver needs is there before anybody asks.
    by_driver(&server, "adbc", &[]);
    std::thread::scope(|scope| {
        let psql = scope.spawn(|| server.psql("Sung", sung, "supervision", &["-c", long]));
        let curl = scope.spawn(|| server.curl(kato, "supervision", long, "text/csv"));
        let adbc = scope.spawn(|| by_driver(&server, "adbc", std::slice::from_ref(&over_flight)));
        // A read is written down before it begins.
        let begun = || {
            let read = succeed(server.folder(), "home", &["audit", "log", "--event", "read"]);
            names.iter().all(|name| read.contains(name))
        };
        while !begun() {
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(!psql.is_finished() && !curl.is_finished() && !adbc.is_finished(), "the queries run");
        assert!(!server.folder().join("home/lake/_audit").exists(), "the log is to be signed in an hour");
        server.stop();
        assert_eq!(psql.join().unwrap().as_deref(), Ok("0"));
        let (status, body) = curl.join().unwrap();
        assert_eq!((status, body.lines().nth(1)), (200, Some("0")), "{body}");
        check(&over_flight, "adbc", &adbc.join().unwrap()[0]);
    });
    let refused = server.psql("Sung", sung, "supervision", &["-c", "SELECT 1"]);
    assert!(refused.is_err(), "nobody else is let in");
    // The last thing that it does is to sign the log, with the ends of all reads.
    server.has_stopped();
    let verified = succeed(server.folder(), "home", &["audit", "verify", "--json"]);
    let verified: serde_json::Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(
        (&verified["faults"], &verified["checkpoints"], &verified["copies"]),
        (&json!([]), &1.into(), &1.into())
    );
    assert_eq!(verified["signed"], verified["entries"]);
}
