//! The doors of `tidegate serve`, each with the client that people use: curl and psql.

use crate::endings::until;
use crate::{run, succeed};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running server over a small country, stopped when dropped.
pub struct Server {
    process: Child,
    pub http: String,
    /// Link for the first account.
    pub setup: Option<String>,
    pub postgres: u16,
    pub flight: u16,
    folder: TempDir,
}

impl Server {
    pub fn start() -> Self {
        Self::configured("127.0.0.1:0", "")
    }

    /// A server with a configuration, whose HTTP door is at an address.
    pub fn configured(http: &str, configuration: &str) -> Self {
        Self::over("400", http, configuration)
    }

    /// The same over a country with so many declarations.
    pub fn over(declarations: &str, http: &str, configuration: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let at = folder.path();
        succeed(at, "home", &["generate", "--declarations", declarations, "--seed", "5", "--truth", "truth"]);
        std::fs::write(at.join("home/tidegate.toml"), configuration).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .current_dir(at)
            .args(["--home", "home", "serve", "--http", http, "--postgres", "127.0.0.1:0"])
            .args(["--flight", "127.0.0.1:0"])
            .env("TIDEGATE_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(at.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (mut http, mut postgres, mut flight, mut setup) = (None, None, None, None);
        // The doors open in any order.
        while http.is_none() || postgres.is_none() || flight.is_none() || setup.is_none() {
            let line = lines.next().unwrap().unwrap();
            http = http.or(line.strip_prefix("HTTP: ").map(str::to_owned));
            setup = setup.or(line.strip_prefix("First account, within an hour: ").map(str::to_owned));
            let port = |door: &str| {
                let port = line.strip_prefix(door).and_then(|rest| rest.split(';').next());
                port.map(|port| port.parse().unwrap())
            };
            postgres = postgres.or(port("PostgreSQL: 127.0.0.1:"));
            flight = flight.or(port("Flight SQL: 127.0.0.1:"));
        }
        // What else it says is not asked for; the pipe stays open.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            http: http.unwrap(),
            setup,
            postgres: postgres.unwrap(),
            flight: flight.unwrap(),
            folder,
        }
    }

    /// Addresses of the doors: HTTP, PostgreSQL and Flight SQL.
    pub fn doors(&self) -> [String; 3] {
        let http = self.http.strip_prefix("http://").unwrap().to_owned();
        [http, format!("127.0.0.1:{}", self.postgres), format!("127.0.0.1:{}", self.flight)]
    }

    /// Number of the server's process.
    pub fn number(&self) -> u32 {
        self.process.id()
    }

    /// Tells the server to stop.
    pub fn stop(&self) {
        let told = Command::new("kill").arg(self.process.id().to_string()).status();
        assert!(told.unwrap().success());
    }

    /// Waits until the server has stopped.
    pub fn has_stopped(&mut self) {
        assert!(self.process.wait().unwrap().success());
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a person and gives a token.
    pub fn person(&self, arguments: &[&str]) -> String {
        let because = ["--reason", "a test"];
        succeed(self.folder(), "home", &[&["people", "add"], arguments, &because].concat());
        let made = succeed(
            self.folder(),
            "home",
            &[&["tokens", "create", arguments[0], "--label", "a test", "--json"], because.as_slice()]
                .concat(),
        );
        let made: Value = serde_json::from_str(&made).unwrap();
        made["token"].as_str().unwrap().to_owned()
    }

    /// Status and body of a statement over HTTP.
    pub fn curl(&self, token: &str, purpose: &str, sql: &str, accept: &str) -> (u16, String) {
        let body = serde_json::json!({"purpose": purpose, "statement": sql}).to_string();
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--write-out", "\n%{http_code}", "--data", &body])
            .args(["-H", "Content-Type: application/json", "-H", &format!("Accept: {accept}")])
            .args(["-H", &format!("Authorization: Bearer {token}"), &format!("{}/api/v1/sql", self.http)])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }

    /// What psql prints: rows without decoration, or its error.
    pub fn psql(&self, user: &str, token: &str, purpose: &str, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("psql")
            .args(["-h", "127.0.0.1", "-p", &self.postgres.to_string(), "-U", user, "-d", purpose])
            .args(["--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"])
            .args(arguments)
            .env("PGPASSWORD", token)
            .output()
            .unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
        } else {
            Err(String::from_utf8(output.stderr).unwrap())
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn every_door_shows_what_the_policy_shows() {
    let server = Server::start();
    let all = "SELECT count(*) FROM declaration";
    let owner = succeed(server.folder(), "home", &["sql", all, "--format", "csv"]);
    let office = succeed(
        server.folder(),
        "home",
        &["sql", "SELECT min(office_id) FROM declaration", "--format", "csv"],
    );
    let office = office.lines().nth(1).unwrap().to_owned();
    let own = format!("SELECT count(*) FROM declaration WHERE office_id = '{office}'");
    let own = succeed(server.folder(), "home", &["sql", &own, "--format", "csv"])
        .lines()
        .nth(1)
        .unwrap()
        .to_owned();
    assert_ne!(owner.lines().nth(1).unwrap(), own, "there are other offices");

    let officer =
        server.person(&["Ou", "--role", "officer", "--office", &office, "--clearance", "general-3"]);
    let scientist = server.person(&["Sun", "--role", "scientist", "--clearance", "general-3"]);

    // Rows: the same filter at each door.
    let cli = ["sql", all, "--as", "Ou", "--purpose", "inspection", "--format", "csv"];
    assert_eq!(succeed(server.folder(), "home", &cli).lines().nth(1).unwrap(), own);
    let (status, body) =
        server.curl(&officer, "inspection", "SELECT count(*) AS n FROM declaration", "text/csv");
    assert_eq!((status, body.as_str()), (200, format!("n\n{own}\n").as_str()));
    assert_eq!(server.psql("Ou", &officer, "inspection", &["-c", all]).unwrap(), own);

    // Columns: the same mask at each door.
    let names = "SELECT DISTINCT left(importer_id, 2) AS name FROM declaration WHERE importer_id IS NOT NULL";
    let cli = ["sql", names, "--as", "Sun", "--purpose", "research", "--format", "csv"];
    assert_eq!(succeed(server.folder(), "home", &cli), "name\np_\n");
    let (status, body) = server.curl(&scientist, "research", names, "application/json");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["rows"]), (200, &serde_json::json!([{"name": "p_"}])));
    assert_eq!(server.psql("Sun", &scientist, "research", &["-c", names]).unwrap(), "p_");

    // Columns that are not there are not there at any door.
    let hidden = "SELECT importer_id, score FROM decision";
    let cli = run(server.folder(), "home", &["sql", hidden, "--as", "Ou", "--purpose", "inspection"]);
    assert!(String::from_utf8_lossy(&cli.stderr).contains("there is no column"));
    assert_eq!(server.curl(&officer, "inspection", hidden, "*/*").0, 400);
    assert!(
        server
            .psql("Ou", &officer, "inspection", &["-c", hidden])
            .unwrap_err()
            .contains("there is no column")
    );
}

#[test]
fn nobody_comes_in_without_a_token_or_for_another_purpose() {
    let server = Server::start();
    let token = server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    let one = "SELECT 1";
    for wrong in ["", "tg_0000000000000000000000000000000000000000000000000000000000000000", &token[..10]] {
        assert_eq!(server.curl(wrong, "inspection", one, "*/*").0, 401, "{wrong}");
        assert!(server.psql("Ou", wrong, "inspection", &["-c", one]).is_err());
    }
    let (status, body) = server.curl(&token, "curiosity", one, "*/*");
    assert!(status == 403 && body.contains("curiosity"), "{body}");
    assert!(server.psql("Ou", &token, "curiosity", &["-c", one]).unwrap_err().contains("is no purpose"));
    assert!(server.psql("Sun", &token, "inspection", &["-c", one]).unwrap_err().contains("not admitted"));
    assert_eq!(server.curl(&token, "research", "SELECT count(*) FROM declaration", "*/*").0, 400);

    // A person who is disabled is out at once, at every door.
    assert_eq!(server.curl(&token, "inspection", one, "*/*").0, 200);
    succeed(server.folder(), "home", &["people", "disable", "Ou", "--reason", "has left"]);
    assert_eq!(server.curl(&token, "inspection", one, "*/*").0, 401);
    assert!(server.psql("Ou", &token, "inspection", &["-c", one]).is_err());
}

#[test]
fn queries_for_a_single_value_are_answered_over_the_protocol_of_postgresql() {
    let server = Server::start();
    let token = server.person(&["Ana", "--role", "analyst", "--clearance", "general-3"]);
    let ask = |what: &str| server.psql("Ana", &token, "risk-analysis", &["-c", what]);
    let all = ask("SELECT count(*) FROM code").unwrap();
    let related = "SELECT count(*) FROM (SELECT (SELECT count(*) FROM code b WHERE b.list = a.list) AS n FROM code a) x WHERE n > 0";
    assert_eq!(ask(related).unwrap(), all);
    assert_ne!(all.trim(), "0");
    let of_its_table = "SELECT (SELECT count(*) FROM code WHERE code.list = code.list)";
    assert_eq!(ask(of_its_table).unwrap(), all);
    assert!(ask("SELECT (SELECT name FROM code)").is_err(), "there are several");
}

#[test]
fn psql_lists_tables_and_describes_them() {
    let server = Server::start();
    let token = server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    let ask = |what: &str| server.psql("Ou", &token, "inspection", &["-c", what]).unwrap();
    let tables = ask("\\dt");
    assert!(tables.contains("declaration") && !tables.contains("quarantine"), "{tables}");
    let columns = ask("\\d decision");
    assert!(columns.contains("directive") && !columns.contains("inclusion_probability"), "{columns}");
    assert_eq!(ask("SHOW timezone"), "UTC");
    assert_eq!(ask("SET statement_timeout = 0"), "SET");
    assert_eq!(ask("SET TIME ZONE 'UTC'"), "SET");
    for (setting, words) in
        [("SET statement_timeout = 1000", "reading.seconds"), ("SET TIME ZONE 'Asia/Tokyo'", "times are UTC")]
    {
        let refused = server.psql("Ou", &token, "inspection", &["-c", setting]).unwrap_err();
        assert!(refused.contains(words), "{refused}");
    }
    let refused =
        server.psql("Ou", &token, "inspection", &["-c", "SET datafusion.explain.show_statistics = true"]);
    assert!(refused.unwrap_err().contains("cannot be set"));
    let refused = server.psql("Ou", &token, "inspection", &["-c", "COPY declaration TO STDOUT"]);
    assert!(refused.is_err());
}

/// Names in a list.
fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn every_read_is_in_the_audit_log_and_refusals_too() {
    let server = Server::configured("127.0.0.1:0", "[serve]\ncheckpoint_seconds = 1\n");
    let token = server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    server.person(&["Bo", "--role", "supervisor", "--clearance", "important"]);
    server.curl(
        &token,
        "inspection",
        "SELECT count(*) FROM declaration WHERE importer_id = '9131SECRET'",
        "*/*",
    );
    server.psql("Ou", &token, "inspection", &["-c", "SELECT office_id FROM declaration"]).unwrap();
    server.curl(&token, "inspection", "SELECT draw FROM decision", "*/*");
    // The ends of reads are written behind them.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let log = succeed(server.folder(), "home", &["audit", "log", "--json"]);
    assert!(!log.contains("WHERE importer_id = '9131SECRET'") && !log.contains(&token), "{log}");
    let log: Vec<Value> = serde_json::from_str(&log).unwrap();
    let entries = |door: &str| -> Vec<&Value> {
        // The newest come first.
        log.iter().rev().filter(|entry| entry["door"] == door && entry["principal"] == "Ou").collect()
    };
    let events = |entries: &[&Value]| -> Vec<String> {
        entries.iter().map(|entry| entry["event"].as_str().unwrap().to_owned()).collect()
    };
    let (http, postgres) = (entries("http"), entries("postgres"));
    assert_eq!(events(&http), ["read", "finished", "denied"]);
    assert_eq!(events(&postgres), ["read", "finished"]);
    let read = &http[0]["tables"]["declaration"];
    assert!(names(&read["used"]).contains(&"importer_id"), "{read}");
    assert!(!names(&read["shown"]).contains(&"importer_id"), "it only chose the rows: {read}");
    assert_eq!(postgres[0]["tables"]["declaration"]["shown"], json!(["office_id"]));
    let policy = &http[0]["policy_version"];
    assert!(policy.as_str().is_some_and(|name| name.starts_with("shipped:")), "{policy}");
    for entry in [http[2], postgres[0]] {
        assert_eq!(&entry["policy_version"], policy);
    }
    let who = succeed(server.folder(), "home", &["audit", "who", "9131SECRET"]);
    assert!(who.contains("Ou through http: inspection"), "{who}");
    assert!(who.contains("possible Ou through postgres: inspection"), "{who}");
    until("all of the log is signed while the server runs", || {
        let verified = succeed(server.folder(), "home", &["audit", "verify", "--json"]);
        let verified: Value = serde_json::from_str(&verified).unwrap();
        assert_eq!(verified["faults"], json!([]));
        verified["copies"].as_u64() > Some(0) && verified["signed"] == verified["entries"]
    });
    is_named_as_version(&server, &token, policy);
}

/// Puts the shipped files in force as a version: reads name its number from then on, and it has the hash that they were named by.
fn is_named_as_version(server: &Server, token: &str, shipped: &Value) {
    let told = succeed(server.folder(), "home", &["policies", "list"]);
    assert!(told.contains(shipped.as_str().unwrap()), "{told}");
    succeed(server.folder(), "home", &["policies", "write", "draft"]);
    let because = ["--reason", "a test", "--by"];
    let change = |arguments: &[&str], by: &str| {
        succeed(server.folder(), "home", &[&["policies"], arguments, because.as_slice(), &[by]].concat());
    };
    change(&["propose", "draft"], "Ou");
    change(&["approve", "1"], "Bo");
    server.psql("Ou", token, "inspection", &["-c", "SELECT office_id FROM declaration"]).unwrap();
    let newest = ["audit", "log", "--by", "Ou", "--event", "read", "--limit", "1", "--json"];
    let newest: Value = serde_json::from_str(&succeed(server.folder(), "home", &newest)).unwrap();
    assert_eq!(newest[0]["policy_version"], 1);
    let known = succeed(server.folder(), "home", &["policies", "list", "--json"]);
    let known: Value = serde_json::from_str(&known).unwrap();
    assert_eq!(*shipped, json!(format!("shipped:{}", known[0]["sha256"].as_str().unwrap())));
}
