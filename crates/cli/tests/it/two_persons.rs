//! What is in force takes two persons with two credentials: policies and bundles are proposed and decided over HTTP.

use crate::doors::Server;
use crate::succeed;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

const PASSWORD: &str = "correct horse battery";
const AMOUNTS: &str = "SELECT max(invoice_amount) AS m FROM declaration";

/// Somebody who asks over HTTP with a token.
pub struct Caller<'a> {
    server: &'a Server,
    token: String,
}

impl<'a> Caller<'a> {
    /// Adds a person with roles, who logs in with a password.
    pub fn log_in(server: &'a Server, name: &str, roles: &[&str]) -> Self {
        let roles = roles.iter().flat_map(|role| ["--role", *role]);
        let rest = ["--clearance", "general-3", "--reason", "a test"];
        let add: Vec<&str> = ["people", "add", name].into_iter().chain(roles).chain(rest).collect();
        succeed(server.folder(), "home", &add);
        let mut child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .current_dir(server.folder())
            .args(["--home", "home", "people", "password", name, "--reason", "a test"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        assert!(child.wait().unwrap().success());
        Self::again(server, name)
    }

    /// Logs in somebody who has a password.
    fn again(server: &'a Server, name: &str) -> Self {
        let nobody = Self { server, token: String::new() };
        let (status, told) = nobody.post("session", &json!({"name": name, "password": PASSWORD}));
        assert_eq!(status, 200, "{told}");
        Self { server, token: told["token"].as_str().unwrap().to_owned() }
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask("POST", path, Some(body))
    }

    /// Status and body of an answer; nothing where there is no body.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "60", "--write-out", "\n%{http_code}"]);
        curl.args(["-X", method, "-H", &format!("Authorization: Bearer {}", self.token)]);
        if let Some(body) = body {
            curl.args(["-H", "Content-Type: application/json", "--data", &body.to_string()]);
        }
        let output = curl.arg(format!("{}/api/v1/{path}", self.server.http)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() };
        (status.parse().unwrap(), body)
    }
}

fn decision(approved: bool) -> Value {
    json!({"approved": approved, "reason": "seen what it does"})
}

/// Checks that an answer is a refusal of this status with these words.
pub fn refused((status, told): (u16, Value), wanted: u16, words: &str) {
    assert!(status == wanted && told["message"].as_str().unwrap().contains(words), "{status} {told}");
}

/// Entries of an event, the oldest first.
pub fn log(server: &Server, event: &str) -> Vec<Value> {
    let log =
        succeed(server.folder(), "home", &["audit", "log", "--event", event, "--limit", "1000", "--json"]);
    let mut log: Vec<Value> = serde_json::from_str(&log).unwrap();
    log.reverse();
    log
}

/// Who did what is of an event, all of them over HTTP.
fn actors(server: &Server, event: &str) -> Vec<String> {
    let entry = |entry: Value| {
        assert_eq!(entry["door"], "http", "{entry}");
        entry["principal"].as_str().unwrap().to_owned()
    };
    log(server, event).into_iter().map(entry).collect()
}

/// Whether it is written down that somebody was refused, with these words.
pub fn is_denied(server: &Server, name: &str, words: &str) -> bool {
    log(server, "denied").iter().any(|entry| {
        (&entry["door"], &entry["principal"], &entry["purpose"])
            == (&"http".into(), &name.into(), &"governance".into())
            && entry["detail"].as_str().unwrap().contains(words)
    })
}

/// The files of the shipped policy.
fn shipped(server: &Server) -> BTreeMap<String, String> {
    succeed(server.folder(), "home", &["policies", "write", "draft"]);
    let files = std::fs::read_dir(server.folder().join("draft")).unwrap();
    let file = |entry: std::fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap())
    };
    files.map(|entry| file(entry.unwrap())).collect()
}

#[test]
fn a_policy_is_proposed_by_one_and_approved_by_another_and_holds_at_another_door() {
    let server = Server::start();
    let reader = server.person(&["Ana", "--role", "analyst", "--clearance", "general-3"]);
    let stew = Caller::log_in(&server, "Stew", &["steward"]);
    let sue = Caller::log_in(&server, "Sue", &["supervisor"]);
    let both = Caller::log_in(&server, "Bo", &["steward", "supervisor"]);
    let propose = |who: &Caller<'_>, files: &BTreeMap<String, String>| {
        who.post("policies", &json!({"files": files, "reason": "amounts are not needed"}))
    };
    let read = || server.psql("Ana", &reader, "risk-analysis", &["-c", AMOUNTS]);

    // What is no policy is told with its file and line, and is no version.
    let mut files = shipped(&server);
    let broken =
        "// One.\n@id(\"a\")\npermit (principal, action, resource) when { context.purpose = \"x\" };\n";
    let whole = files.insert("access.cedar".to_owned(), broken.to_owned()).unwrap();
    refused(propose(&stew, &files), 400, "access.cedar: line 3: ");
    assert_eq!(sue.get("policies"), (200, json!([])));

    let narrower = "@id(\"no-amounts\")\nforbid (principal, action == Action::\"read\", \
        resource == Column::\"declaration.invoice_amount\");\n";
    files.insert("access.cedar".to_owned(), format!("{whole}\n{narrower}"));
    assert_eq!(propose(&stew, &files), (201, json!({"version": 1})));
    assert!(read().is_ok(), "a proposal is not in force");

    // Nobody approves what they proposed, and who proposed may take it back.
    refused(stew.post("policies/1/verdict", &decision(true)), 403, "has no right to approve-policy");
    assert_eq!(propose(&both, &files).0, 201);
    refused(both.post("policies/2/verdict", &decision(true)), 403, "another person than who proposed it");
    refused(stew.post("policies/2/verdict", &decision(false)), 403, "has no right to approve-policy");
    assert_eq!(both.post("policies/2/verdict", &decision(false)), (204, Value::Null));
    refused(sue.post("policies/2/verdict", &decision(true)), 409, "already rejected");
    refused(sue.post("policies/9/verdict", &decision(true)), 404, "no policy version 9");
    refused(sue.post("policies/1/verdict", &json!({"approved": true})), 400, "reason");
    refused(sue.get("policies/first"), 400, "first");
    assert!(read().is_ok());

    assert_eq!(sue.post("policies/1/verdict", &decision(true)), (204, Value::Null));
    let gone = read().unwrap_err();
    assert!(gone.contains("no column `invoice_amount`"), "{gone}");
    let (_, known) = stew.get("policies");
    let first = &known[0];
    assert_eq!((&first["proposed_by"], &first["is_in_force"]), (&"Stew".into(), &true.into()));
    assert_eq!(first["verdict"]["decided_by"], "Sue");
    assert_eq!((&known[1]["verdict"]["approved"], &known[1]["is_in_force"]), (&false.into(), &false.into()));
    let (_, whole) = stew.get("policies/1");
    assert_eq!(whole["policy"], *first);
    assert_eq!(whole["files"], json!(files));

    assert_eq!(actors(&server, "policy"), ["Stew", "Bo", "Bo", "Sue"]);
    assert!(is_denied(&server, "Stew", "access.cedar: line 3"));
    assert!(is_denied(&server, "Stew", "has no right to approve-policy"));
    assert!(is_denied(&server, "Bo", "another person than who proposed it"));
    assert!(succeed(server.folder(), "home", &["audit", "verify"]).contains("The audit chain holds"));
}

#[test]
fn who_has_no_right_or_did_not_log_in_changes_nothing_and_is_written_down() {
    let server = Server::start();
    let token = server.person(&["Sue", "--role", "supervisor", "--clearance", "important"]);
    let program = Caller { server: &server, token };
    let officer = Caller::log_in(&server, "Ou", &["officer"]);
    let policy = json!({"files": shipped(&server), "reason": "mine"});
    let bundle = json!({"bundle": "3fa1", "reason": "mine"});
    let grade = json!({"table": "declaration", "column": "lrn", "grade": "general-4", "reason": "mine"});
    let question = json!({"key": "E1"});
    let deeds = [
        ("GET", "policies", None),
        ("GET", "policies/1", None),
        ("POST", "policies", Some(&policy)),
        ("POST", "policies/1/verdict", Some(&decision(true))),
        ("GET", "bundles/proposals", None),
        ("POST", "bundles/proposals", Some(&bundle)),
        ("POST", "bundles/proposals/1/verdict", Some(&decision(true))),
        ("GET", "grades", None),
        ("POST", "grades", Some(&grade)),
        ("POST", "audit/who-saw", Some(&question)),
    ]
    .map(|(method, path, body)| (method, path, body.cloned()));
    for (method, path, body) in &deeds {
        refused(program.ask(method, path, body.as_ref()), 403, "an API token is not enough");
        refused(officer.ask(method, path, body.as_ref()), 403, "`Ou` has no right to ");
    }
    let nobody = Caller { server: &server, token: String::new() };
    refused(nobody.post("policies", &policy), 401, "token");

    for (name, words) in [("Sue", "an API token is not enough"), ("Ou", "has no right to ")] {
        let told = log(&server, "denied")
            .into_iter()
            .filter(|entry| entry["principal"] == name && entry["detail"].as_str().unwrap().contains(words));
        assert_eq!(told.count(), deeds.len(), "{name}");
        assert!(is_denied(&server, name, words));
    }
    assert!(log(&server, "policy").is_empty() && log(&server, "bundle").is_empty());
}

#[test]
fn a_bundle_is_proposed_by_one_and_approved_by_another() {
    let server = Server::over("6000", "127.0.0.1:0", "");
    let ana = Caller::log_in(&server, "Ana", &["analyst"]);
    let sue = Caller::log_in(&server, "Sue", &["supervisor"]);
    let both = Caller::log_in(&server, "Bo", &["analyst", "supervisor"]);
    let tell = |arguments: &[&str]| succeed(server.folder(), "home", arguments);
    assert!(tell(&["learn", "--features", "national"]).contains("candidate"));
    let known: Value = serde_json::from_str(&tell(&["bundles", "list", "--json"])).unwrap();
    let hash = known["bundles"][0]["bundle"].as_str().unwrap();
    let propose = |who: &Caller<'_>, more: Value| {
        let mut body = json!({"bundle": &hash[..12], "reason": "finds more"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        who.post("bundles/proposals", &body)
    };
    let decide = |who: &Caller<'_>, number: u32, approved| {
        who.post(&format!("bundles/proposals/{number}/verdict"), &decision(approved))
    };

    refused(propose(&ana, json!({"bundle": "no-hash"})), 400, "no bundle's hash begins with `no-hash`");
    refused(propose(&ana, json!({"alias": "other"})), 400, "`default`, under which bundles decide");
    let past = json!({"effective_from": "2020-01-01T00:00:00Z"});
    refused(propose(&ana, past), 400, "not before the proposal");
    refused(propose(&ana, json!({"effective_from": "tomorrow"})), 400, "effective_from");
    refused(propose(&sue, json!({})), 403, "has no right to propose-bundle");

    assert_eq!(propose(&both, json!({})), (201, json!({"number": 1})));
    refused(decide(&both, 1, true), 403, "another person than who proposed it");
    refused(decide(&ana, 1, true), 403, "has no right to approve-bundle");
    assert!(!tell(&["bundles", "list"]).contains("active"));
    assert_eq!(decide(&sue, 1, true), (204, Value::Null));
    assert!(tell(&["bundles", "list"]).contains("active"));
    refused(decide(&sue, 1, false), 409, "already approved");
    refused(decide(&sue, 9, true), 404, "no bundle proposal 9");
    assert_eq!(propose(&ana, json!({"alias": "default"})), (201, json!({"number": 2})));
    assert_eq!(decide(&ana, 2, false), (204, Value::Null), "taken back");

    let (_, told) = ana.get("bundles/proposals");
    assert_eq!((&told[0]["bundle"], &told[0]["proposed_by"]), (&hash.into(), &"Bo".into()));
    assert_eq!((&told[0]["verdict"]["decided_by"], &told[0]["alias"]), (&"Sue".into(), &"default".into()));
    assert_eq!(told[1]["verdict"]["approved"], false);
    assert_eq!(actors(&server, "bundle"), ["Bo", "Sue", "Ana", "Ana"]);
    assert!(is_denied(&server, "Bo", "another person than who proposed it"));
    assert!(is_denied(&server, "Sue", "has no right to propose-bundle"));
}

#[test]
fn a_session_ends_when_somebody_logs_out_and_when_it_is_not_used() {
    let server = Server::start();
    let sue = Caller::log_in(&server, "Sue", &["supervisor"]);
    let over_psql = |who: &Caller<'_>| server.psql("Sue", &who.token, "supervision", &["-c", "SELECT 1"]);
    assert_eq!(over_psql(&sue).unwrap(), "1");
    let another = Caller::again(&server, "Sue");
    assert_eq!(sue.ask("DELETE", "session", None), (204, Value::Null));
    refused(sue.get("me"), 401, "revoked");
    refused(sue.ask("DELETE", "session", None), 401, "revoked");
    assert!(over_psql(&sue).unwrap_err().contains("revoked"));
    assert_eq!(another.get("me").0, 200, "another session goes on");
    let ended = log(&server, "grant").into_iter().any(|entry| {
        (&entry["door"], &entry["principal"], &entry["purpose"])
            == (&"http".into(), &"Sue".into(), &"log-out".into())
    });
    assert!(ended);

    // Nobody waits for an hour here: the last use is set back.
    let set_back = "import sqlite3, sys\n\
        ledger = sqlite3.connect(sys.argv[1], timeout=30)\n\
        ledger.execute(\"UPDATE api_tokens SET last_used_at = 0\")\n\
        ledger.commit()\n";
    let token = server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    let ledger = server.folder().join("home/ledger.db");
    assert!(Command::new("python3").arg("-c").arg(set_back).arg(ledger).status().unwrap().success());
    refused(another.get("me"), 401, "not used for too long; log in again");
    assert!(over_psql(&another).unwrap_err().contains("not used for too long"));
    let program = Caller { server: &server, token };
    assert_eq!(program.get("me").0, 200, "a token for a program does not end so");
    refused(program.ask("DELETE", "session", None), 403, "an API token is not enough");
    let tokens: Value =
        serde_json::from_str(&succeed(server.folder(), "home", &["tokens", "list", "--json"])).unwrap();
    let states: Vec<(&Value, &Value)> =
        tokens.as_array().unwrap().iter().map(|one| (&one["state"], &one["is_session"])).collect();
    let [yes, no] = [true, false].map(Value::from);
    let [revoked, expired, valid] = ["revoked", "expired", "valid"].map(Value::from);
    assert_eq!(states, [(&revoked, &yes), (&expired, &yes), (&valid, &no)]);
}
