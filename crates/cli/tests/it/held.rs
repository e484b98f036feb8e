//! A client that holds one connection to a running server, as notebooks and pools do: what changes while it is open.

use crate::clients::{PACKAGES, Told, told};
use crate::doors::Server;
use crate::python::python;
use crate::succeed;
use std::io::{BufRead, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/held.py");
const BECAUSE: [&str; 2] = ["--reason", "a test"];

/// A client that asks over its connection when it is told to, and goes when dropped.
pub struct Held {
    client: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Held {
    /// Connects a client, psycopg, asyncpg or adbc, as somebody with a token, for a purpose.
    pub fn connect(server: &Server, client: &str, [name, token, purpose]: [&str; 3]) -> Self {
        let python = python("clients", &PACKAGES.lines().collect::<Vec<_>>());
        let port = if client == "adbc" { server.flight } else { server.postgres };
        let mut client_process =
            Command::new(python).arg(PROGRAM).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let questions = client_process.stdin.take().unwrap();
        let answers = BufReader::new(client_process.stdout.take().unwrap()).lines();
        let mut held = Self { client: client_process, questions, answers };
        held.tell(&serde_json::json!({
            "client": client, "port": port, "name": name, "token": token, "purpose": purpose,
        }));
        held
    }

    fn tell(&mut self, what: &serde_json::Value) {
        writeln!(self.questions, "{what}").unwrap();
        self.questions.flush().unwrap();
    }

    /// What a statement is answered with, sent as it is.
    pub fn ask(&mut self, statement: &str) -> Told {
        self.asked(statement, false)
    }

    /// What a statement is answered with that is prepared and bound, where the client can.
    pub fn bind(&mut self, statement: &str) -> Told {
        self.asked(statement, true)
    }

    fn asked(&mut self, statement: &str, is_bound: bool) -> Told {
        self.tell(&serde_json::json!({"statement": statement, "is_bound": is_bound}));
        self.answer()
    }

    fn answer(&mut self) -> Told {
        told(&serde_json::from_str(&self.answers.next().unwrap().unwrap()).unwrap())
    }

    /// The first rows of an answer, so many, of which the others are left: over Flight SQL, or as psycopg streams what it prepares.
    pub fn first_rows(&mut self, statement: &str, rows: usize) -> Told {
        self.tell(&serde_json::json!({"statement": statement, "is_bound": false, "rows": rows}));
        self.answer()
    }

    /// Begins a statement over Flight SQL that is to be cancelled.
    pub fn begin(&mut self, statement: &str) {
        self.tell(&serde_json::json!({"statement": statement, "is_bound": false, "is_cancelled": true}));
    }

    /// Cancels what was begun, and gives what the client is told of it.
    pub fn cancel(&mut self) -> Told {
        self.tell(&serde_json::json!({}));
        self.answer()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.client.kill());
        drop(self.client.wait());
    }
}

fn one(value: &str) -> Vec<Vec<Option<String>>> {
    vec![vec![Some(value.to_owned())]]
}

fn tell(server: &Server, arguments: &[&str]) -> String {
    succeed(server.folder(), "home", &[arguments, &BECAUSE].concat())
}

#[test]
fn a_connection_that_is_held_has_the_rights_of_the_moment() {
    let server = Server::start();
    let all = "SELECT count(*) AS n FROM declaration";
    let csv = |sql: &str| {
        let text = succeed(server.folder(), "home", &["sql", sql, "--format", "csv"]);
        text.lines().nth(1).unwrap().to_owned()
    };
    let office = csv("SELECT min(office_id) FROM declaration");
    let own = csv(&format!("SELECT count(*) FROM declaration WHERE office_id = '{office}'"));
    let standing = ["--role", "officer", "--office", &office, "--clearance", "general-3"];
    let [ou, sun, kim] =
        ["Ou", "Sun", "Kim"].map(|name| server.person(&[&[name], standing.as_slice()].concat()));
    let psycopg = |name, token| Held::connect(&server, "psycopg", [name, token, "inspection"]);
    let (mut of_ou, mut of_sun) = (psycopg("Ou", &ou), psycopg("Sun", &sun));
    let mut of_kim = Held::connect(&server, "adbc", ["Kim", &kim, "inspection"]);
    for held in [&mut of_ou, &mut of_sun, &mut of_kim] {
        assert_eq!(held.ask(all), Ok(one(&own)));
        assert_eq!(held.bind(all), Ok(one(&own)));
    }

    // Another office: other rows at the next statement.
    for name in ["Ou", "Sun", "Kim"] {
        tell(&server, &["people", "change", name, "--office", "nowhere"]);
    }
    for held in [&mut of_ou, &mut of_sun, &mut of_kim] {
        assert_eq!(held.ask(all), Ok(one("0")));
        assert_eq!(held.bind(all), Ok(one("0")));
    }

    // Who is disabled, and a token that is revoked, end the connection.
    tell(&server, &["people", "disable", "Ou"]);
    let refused = of_ou.ask("SELECT 1").unwrap_err();
    assert!(refused.contains("`Ou` is not admitted any more"), "{refused}");
    let tokens = succeed(server.folder(), "home", &["tokens", "list", "--json"]);
    let tokens: serde_json::Value = serde_json::from_str(&tokens).unwrap();
    for name in ["Sun", "Kim"] {
        let token = tokens.as_array().unwrap().iter().find(|token| token["principal"] == name).unwrap();
        tell(&server, &["tokens", "revoke", &token["number"].to_string()]);
    }
    assert!(of_sun.bind("SELECT 1").is_err());
    let refused = of_kim.ask("SELECT 1").unwrap_err();
    assert!(refused.contains("revoked"), "{refused}");
    for held in [&mut of_ou, &mut of_sun, &mut of_kim] {
        assert!(held.ask("SELECT 1").is_err());
        assert!(held.bind("SELECT 1").is_err());
    }
    let log = succeed(server.folder(), "home", &["audit", "log", "--event", "denied", "--json"]);
    let log: Vec<serde_json::Value> = serde_json::from_str(&log).unwrap();
    for (door, name) in [("postgres", "Ou"), ("postgres", "Sun"), ("flight", "(none)")] {
        let told = log.iter().any(|entry| {
            entry["door"] == door
                && entry["principal"] == name
                && entry["detail"].as_str().unwrap().contains("revoked, or its principal disabled")
        });
        assert!(told, "{name} at {door}: {log:?}");
    }
}

#[test]
fn a_policy_holds_at_every_door_with_the_next_statement() {
    let server = Server::start();
    let tokens =
        ["Ana", "Bo"].map(|name| server.person(&[name, "--role", "analyst", "--clearance", "general-3"]));
    let (amounts, purpose) = ("SELECT max(invoice_amount) AS m FROM declaration", "risk-analysis");
    let mut held =
        ["psycopg", "adbc"].map(|client| Held::connect(&server, client, ["Ana", &tokens[0], purpose]));
    assert_eq!(server.curl(&tokens[0], purpose, amounts, "text/csv").0, 200);
    for held in &mut held {
        assert!(held.ask(amounts).is_ok() && held.bind(amounts).is_ok());
    }

    succeed(server.folder(), "home", &["policies", "write", "draft"]);
    let file = server.folder().join("draft/access.cedar");
    let cedar = std::fs::read_to_string(&file).unwrap();
    let narrower = "@id(\"no-amounts\")\nforbid (principal, action == Action::\"read\", \
        resource == Column::\"declaration.invoice_amount\");\n";
    std::fs::write(&file, format!("{cedar}\n{narrower}")).unwrap();
    tell(&server, &["policies", "propose", "draft", "--by", "Ana"]);
    assert!(held[0].ask(amounts).is_ok(), "a proposal is not in force");
    tell(&server, &["policies", "approve", "1", "--by", "Bo"]);

    let gone = "no column `invoice_amount`";
    let (status, body) = server.curl(&tokens[0], purpose, amounts, "text/csv");
    assert!(status == 400 && body.contains(gone), "{body}");
    for held in &mut held {
        for told in [held.ask(amounts), held.bind(amounts)] {
            assert!(told.as_ref().is_err_and(|refused| refused.contains(gone)), "{told:?}");
        }
    }
    for held in &mut held {
        assert_eq!(
            held.ask("SELECT 1 AS n"),
            Ok(one("1")),
            "what is refused leaves the connection as it was"
        );
    }
}

#[test]
fn what_drivers_are_refused_when_they_prepare_is_in_the_audit_log() {
    let server = Server::start();
    let token = server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    let probe = "SELECT draw FROM decision WHERE declaration_id = '9131SECRET'";
    for client in ["psycopg", "adbc"] {
        let refused = Held::connect(&server, client, ["Ou", &token, "inspection"]).bind(probe).unwrap_err();
        assert!(refused.contains("no column `draw`"), "{refused}");
    }
    // What cannot be read at all, too.
    assert!(Held::connect(&server, "psycopg", ["Ou", &token, "inspection"]).ask("TELL ME ALL").is_err());
    let log = succeed(server.folder(), "home", &["audit", "log", "--json"]);
    assert!(!log.contains("9131SECRET"), "{log}");
    let log: Vec<serde_json::Value> = serde_json::from_str(&log).unwrap();
    let of = |door: &str| -> Vec<&serde_json::Value> {
        log.iter().filter(|entry| entry["door"] == door && entry["principal"] == "Ou").collect()
    };
    let (postgres, flight) = (of("postgres"), of("flight"));
    assert!(postgres.len() == 2 && !flight.is_empty(), "{log:?}");
    for entry in postgres.iter().chain(&flight) {
        assert_eq!((&entry["event"], &entry["purpose"]), (&"denied".into(), &"inspection".into()));
        assert!(entry["fingerprint"].is_string() && entry["snapshot"].is_u64(), "{entry}");
    }
    assert_eq!(postgres[0]["statement"], "(no SQL)", "the newest come first");
    for entry in [postgres[1], flight[0]] {
        assert!(entry["detail"].as_str().unwrap().contains("no column `draw`"), "{entry}");
        assert!(entry["statement"].as_str().unwrap().contains("decision"), "{entry}");
    }
}

#[test]
fn a_connection_that_is_held_sees_what_is_loaded_and_erased() {
    let server = Server::start();
    let token = server.person(&["Sung", "--role", "supervisor", "--clearance", "important"]);
    let run = |arguments: &[&str]| succeed(server.folder(), "home", arguments);
    let one_version = "SELECT min(declaration_id) FROM (SELECT declaration_id FROM declaration \
                       GROUP BY declaration_id HAVING count(*) = 1) AS q";
    let known = run(&["sql", one_version, "--format", "csv"]).lines().nth(1).unwrap().to_owned();
    let all = "SELECT count(*) AS n FROM declaration";
    let before: u64 = run(&["sql", all, "--format", "csv"]).lines().nth(1).unwrap().parse().unwrap();
    let mut held =
        ["psycopg", "adbc"].map(|client| Held::connect(&server, client, ["Sung", &token, "supervision"]));
    let mut there_are = |declarations: u64| {
        for held in &mut held {
            for told in [held.ask(all), held.bind(all)] {
                assert_eq!(told, Ok(one(&declarations.to_string())));
            }
        }
    };
    there_are(before);

    // The same declaration under another name.
    let of_it = format!("declaration_id = '{known}'");
    run(&["export", "--format", "ndjson", "--out", "one.ndjson", "--where", &of_it]);
    let text = std::fs::read_to_string(server.folder().join("one.ndjson")).unwrap();
    std::fs::write(server.folder().join("new.ndjson"), text.replace(&known, "LATER")).unwrap();
    run(&["ingest", "--strict", "new.ndjson"]);
    there_are(before + 1);
    tell(&server, &["retention", "erase", "--declaration", "LATER"]);
    there_are(before);
}
