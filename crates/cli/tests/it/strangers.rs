//! Strangers at every door: how long they stay whatever they say, how many of them one address has, and what they do not use up.

use crate::admission::said;
use crate::doors::Server;
use crate::held::Held;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

const OFFICER: [&str; 7] = ["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"];
const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
const LONG: &str = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
/// How HTTP/2 begins, without settings.
pub const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// A request for `/health`, as HTTP/2 has it.
const HEALTH_2: &[u8] = b"\0\0\x0e\x01\x05\0\0\0\x01\x82\x86\x41\x01x\x44\x07/health";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0whatever";

/// Asks who a token belongs to.
pub fn me(token: &str) -> String {
    format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n")
}

/// Asks over a connection that stays open; whether it is answered.
fn is_answered(stream: &mut TcpStream, request: &str) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).is_ok() && matches!(stream.read(&mut [0; 10_000]), Ok(1..))
}

/// Whether a connection over which the same is asked time and again is answered all the time.
pub fn is_answered_for(time: Duration, door: &str, request: &str) -> bool {
    let (mut stream, began) = (TcpStream::connect(door).unwrap(), Instant::now());
    while began.elapsed() < time {
        if !is_answered(&mut stream, request) {
            return false;
        }
        sleep(Duration::from_millis(500));
    }
    true
}

/// Says something and then the same again and again, and reads nothing, until the door breaks off.
fn talks_and_does_not_listen(door: &str, first: &[u8], words: &[u8]) {
    let mut stream = TcpStream::connect(door).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(first).unwrap();
    let many = words.repeat(1_000);
    let broken = loop {
        if let Err(error) = stream.write_all(&many) {
            break error;
        }
    };
    assert!(matches!(broken.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{door}: {broken}");
}

#[test]
fn who_is_not_known_stays_no_longer_whatever_is_said() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nlog_in_seconds = 5\n");
    let token = server.person(&OFFICER);
    let [http, _, flight] = server.doors();
    let longer = Duration::from_secs(12);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(!is_answered_for(longer, &http, HEALTH), "what takes no token, over HTTP/1"));
        scope.spawn(|| assert!(said(&http, &[HTTP_2, HEALTH_2].concat()).contains("ok\n"), "over HTTP/2"));
        scope.spawn(|| talks_and_does_not_listen(&http, b"", LONG.as_bytes()));
        scope.spawn(|| talks_and_does_not_listen(&http, HTTP_2, PING));
        scope.spawn(|| talks_and_does_not_listen(&flight, HTTP_2, PING));
        scope.spawn(|| assert!(is_answered_for(longer, &http, &me(&token)), "who is known"));
    });
}

#[test]
fn one_address_has_so_many_strangers_over_all_doors_together() {
    let configuration = "[serve]\nstrangers_an_address = 2\nlog_in_seconds = 60\n";
    let server = Server::configured("127.0.0.1:0", configuration);
    let token = server.person(&OFFICER);
    let doors = server.doors();
    let health = || {
        let address = format!("{}/health", server.http);
        Command::new("curl").args(["--silent", "--max-time", "20", &address]).status().unwrap().success()
    };
    // Who was let in is no stranger.
    let mut held = ["psycopg", "adbc"].map(|client| {
        let mut held = Held::connect(&server, client, ["Ou", &token, "inspection"]);
        assert!(held.ask("SELECT 1 AS n").is_ok(), "{client}");
        held
    });
    let mut known = [(); 3].map(|()| {
        let mut stream = TcpStream::connect(&doors[0]).unwrap();
        assert!(is_answered(&mut stream, &me(&token)));
        stream
    });
    assert!(health());

    let strangers = [&doors[0], &doors[2]].map(|door| TcpStream::connect(door).unwrap());
    sleep(Duration::from_millis(500));
    let began = Instant::now();
    for door in &doors {
        assert_eq!(said(door, b""), "", "{door}");
    }
    assert!(began.elapsed() < Duration::from_secs(30), "at once, and not when the time is over");
    assert!(!health());
    for held in &mut held {
        assert!(held.ask("SELECT 1 AS n").is_ok());
    }
    for known in &mut known {
        assert!(is_answered(known, HEALTH));
    }
    let log = std::fs::read_to_string(server.folder().join("log")).unwrap();
    assert_eq!(log.matches("strangers_an_address").count(), 1, "{log}");

    drop(strangers);
    sleep(Duration::from_millis(500));
    assert!(health(), "they are gone");
}

#[test]
fn a_connection_has_so_many_calls_at_once() {
    let server = Server::configured("127.0.0.1:0", "");
    let [http, _, flight] = server.doors();
    for door in [http, flight] {
        let mut stream = TcpStream::connect(&door).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(HTTP_2).unwrap();
        // The first frame of a server has its settings, each a number of two bytes and a value of four.
        let mut header = [0; 9];
        stream.read_exact(&mut header).unwrap();
        let [_, _, length, kind, ..] = header;
        assert_eq!(kind, 4, "{door}: {header:?}");
        let mut settings = vec![0; usize::from(length)];
        stream.read_exact(&mut settings).unwrap();
        let most_calls = settings.chunks(6).find(|setting| setting[..2] == [0, 3]);
        assert_eq!(most_calls.unwrap()[2..], 200_u32.to_be_bytes(), "{door}: {settings:?}");
    }
}

#[test]
fn who_is_not_known_says_no_more_than_a_request_may_have() {
    let server = Server::configured("127.0.0.1:0", "[serve]\nrequest_bytes = 2000\nlog_in_seconds = 60\n");
    let [http, ..] = server.doors();
    let body = |bytes: usize| {
        format!("{{\"name\": \"{}\", \"password\": \"none that she has\"}}", "x".repeat(bytes))
    };
    let log_in = |body: &str| {
        let length = body.len();
        let head =
            "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json";
        said(&http, format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes())
    };
    assert!(log_in(&body(10)).starts_with("HTTP/1.1 401"));
    let refused = log_in(&body(2_000));
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("length limit exceeded"), "{refused}");
    let many: Vec<String> = (0..200).map(|number| format!("x{number}: y\r\n")).collect();
    let refused = said(&http, format!("GET /health HTTP/1.1\r\nHost: x\r\n{}\r\n", many.concat()).as_bytes());
    assert!(refused.starts_with("HTTP/1.1 431"), "{refused}");
}

#[cfg(target_os = "linux")]
mod descriptors {
    use super::{Server, sleep};
    use std::fs::{self, File};
    use std::io::{BufRead, BufReader};
    use std::net::TcpStream;
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;
    use tempfile::TempDir;

    /// A server over an empty home with a limit of descriptors, stopped when dropped.
    struct Limited {
        process: Child,
        folder: TempDir,
        flight: String,
    }

    impl Limited {
        /// The limit is as `ulimit` takes it.
        fn start(limit: &str, configuration: &str) -> Self {
            let folder = TempDir::new().unwrap();
            let at = folder.path();
            fs::create_dir(at.join("home")).unwrap();
            fs::write(at.join("home/tidegate.toml"), configuration).unwrap();
            let limited = format!("ulimit {limit} && exec \"$0\" \"$@\"");
            let mut process = Command::new("sh")
                .current_dir(at)
                .args(["-c", &limited, env!("CARGO_BIN_EXE_tidegate"), "--home", "home", "serve"])
                .args(["--http", "127.0.0.1:0", "--flight", "127.0.0.1:0"])
                .stdout(Stdio::piped())
                .stderr(File::create(at.join("log")).unwrap())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
            let flight = lines.by_ref().find_map(|line| {
                let line = line.unwrap();
                let address = line.strip_prefix("Flight SQL: ").and_then(|rest| rest.split(';').next());
                address.map(str::to_owned)
            });
            // What else it says is not asked for; the pipe stays open.
            std::thread::spawn(move || lines.for_each(drop));
            Self { process, folder, flight: flight.unwrap() }
        }

        /// A file that the system keeps of the process.
        fn kept(&self, name: &str) -> String {
            fs::read_to_string(format!("/proc/{}/{name}", self.process.id())).unwrap()
        }

        /// What it logged.
        fn log(&self) -> String {
            fs::read_to_string(self.folder.path().join("log")).unwrap()
        }

        /// Hundredths of a second that it has computed.
        fn computed(&self) -> u64 {
            let stat = self.kept("stat");
            // Behind the name in parentheses; times in its own code and in that of the system.
            let (_, numbers) = stat.rsplit_once(") ").unwrap();
            numbers.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
        }
    }

    impl Drop for Limited {
        fn drop(&mut self) {
            drop(self.process.kill());
            drop(self.process.wait());
        }
    }

    #[test]
    fn who_waits_for_a_place_takes_none() {
        let server = Server::configured("127.0.0.1:0", "[serve]\nconnections = 3\nlog_in_seconds = 60\n");
        let folder = format!("/proc/{}/fd", server.number());
        let taken = || fs::read_dir(&folder).unwrap().count();
        let before = taken();
        let doors = server.doors();
        let waiting: Vec<TcpStream> =
            (0..90).map(|number| TcpStream::connect(&doors[number % 3]).unwrap()).collect();
        sleep(Duration::from_secs(1));
        let after = taken();
        assert!(after < before + 30, "{} wait, and {} descriptors are taken", waiting.len(), after - before);
    }

    #[test]
    fn as_many_are_taken_as_there_are() {
        let server = Limited::start("-Sn 256", "");
        let limits = server.kept("limits");
        let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        let [soft, hard, _] = files.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{limits}") };
        assert!(soft == hard && soft != "256", "{limits}");
        let log = server.log();
        assert!(!log.contains("descriptors") || hard.parse::<u64>().unwrap() < 3_024, "{log}");
    }

    #[test]
    fn too_few_are_told_and_use_up_nothing_else() {
        let configuration = "[serve]\nlog_in_seconds = 60\nstrangers_an_address = 1000\n";
        let server = Limited::start("-n 128", configuration);
        let log = server.log();
        assert!(log.contains("128 descriptors") && log.contains("lower serve.connections"), "{log}");
        let waiting: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(&server.flight).unwrap()).collect();
        sleep(Duration::from_secs(1));
        let before = server.computed();
        sleep(Duration::from_secs(3));
        let computed = server.computed() - before;
        assert!(computed < 50, "{} wait, and the door computes: {computed}", waiting.len());
        assert!(server.log().contains("a connection was not accepted"), "{}", server.log());
    }
}
