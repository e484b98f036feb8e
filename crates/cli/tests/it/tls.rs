//! Every door over TLS, with a certificate of an authority of our own: who trusts it comes in, and nobody without TLS.

use crate::answers::{PROGRAM, headers};
use crate::clients::by_program;
use crate::conversation::{message, said, start_up};
use crate::succeed;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const STATEMENT: &str = "SELECT count(*) AS n FROM declaration";

/// Sends words in the clear, makes the handshake of TLS, and prints what comes then.
const SMUGGLE: &str = "\
import socket, ssl, sys
plain = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
plain.sendall(open('words', 'rb').read())
assert plain.recv(1) == b'S'
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
print(context.wrap_socket(plain).recv(1000))
";

/// Runs openssl in a folder.
fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().unwrap();
    assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, another one, and a certificate of the first for this machine with its key.
fn make_certificates(folder: &Path) {
    for name in ["ca", "other"] {
        openssl(
            folder,
            &format!(
                "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tidegate-{name} -keyout {name}.key -out {name}.pem"
            ),
        );
    }
    openssl(folder, "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out request.pem");
    let extensions = "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n";
    std::fs::write(folder.join("extensions"), extensions).unwrap();
    openssl(
        folder,
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out cert.pem",
    );
}

/// A running server whose doors have TLS, stopped when dropped.
struct Secured {
    process: Child,
    folder: TempDir,
    token: String,
    http: String,
    postgres: String,
    flight: String,
}

impl Secured {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let at = folder.path();
        make_certificates(at);
        succeed(at, "home", &["generate", "--declarations", "100", "--seed", "5", "--truth", "truth"]);
        let person = ["people", "add", "Ana", "--role", "supervisor", "--clearance", "important"];
        succeed(at, "home", &[person.as_slice(), &["--reason", "a test"]].concat());
        let token = ["tokens", "create", "Ana", "--label", "a test", "--reason", "a test", "--json"];
        let token: serde_json::Value = serde_json::from_str(&succeed(at, "home", &token)).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .current_dir(at)
            .args(["--home", "home", "serve", "--http", "127.0.0.1:0", "--postgres", "127.0.0.1:0"])
            .args(["--flight", "127.0.0.1:0", "--tls-certificate", "cert.pem", "--tls-key", "key.pem"])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(at.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut ports = [None, None, None];
        // The doors open in any order.
        while ports.iter().any(Option::is_none) {
            let line = lines.next().unwrap().unwrap();
            for (port, door) in ports.iter_mut().zip(["HTTP: https:", "PostgreSQL: ", "Flight SQL: "]) {
                let address = line.strip_prefix(door).and_then(|rest| rest.split(';').next());
                let found = address.and_then(|address| address.rsplit(':').next()).map(str::to_owned);
                *port = port.take().or(found);
            }
        }
        // What else it says is not asked for; the pipe stays open.
        std::thread::spawn(move || lines.for_each(drop));
        let [http, postgres, flight] = ports.map(Option::unwrap);
        Self { process, folder, token: token["token"].as_str().unwrap().to_owned(), http, postgres, flight }
    }

    /// The answer over HTTP, with further arguments of curl.
    fn curl(&self, scheme: &str, arguments: &[&str]) -> Option<String> {
        let body = json!({"purpose": "supervision", "statement": STATEMENT}).to_string();
        let done = Command::new("curl")
            .current_dir(self.folder.path())
            .args(["--silent", "--fail", "--max-time", "60", "--noproxy", "*", "--data", &body])
            .args(["-H", "Content-Type: application/json", "-H", "Accept: text/csv"])
            .args(["-H", &format!("Authorization: Bearer {}", self.token)])
            .args(arguments)
            .arg(format!("{scheme}://localhost:{}/api/v1/sql", self.http))
            .output()
            .unwrap();
        done.status.success().then(|| String::from_utf8(done.stdout).unwrap())
    }

    /// The answer over the protocol of PostgreSQL, or what psql says.
    fn psql(&self, mode: &str, root: &str) -> Result<String, String> {
        let root = self.folder.path().join(root);
        let parameters = [
            "host=localhost dbname=supervision user=Ana".to_owned(),
            format!(
                "port={} password={} sslmode={mode} sslrootcert={}",
                self.postgres,
                self.token,
                root.display()
            ),
        ];
        let done = Command::new("psql")
            .args(["--no-psqlrc", "--no-password", "--tuples-only", "--no-align"])
            .args(["-c", STATEMENT, &parameters.join(" ")])
            .output()
            .unwrap();
        if done.status.success() {
            Ok(String::from_utf8(done.stdout).unwrap().trim().to_owned())
        } else {
            Err(String::from_utf8(done.stderr).unwrap())
        }
    }

    /// What is said over TLS to words that came in the clear, behind the request for TLS.
    fn smuggled(&self, words: &[u8]) -> String {
        let at = self.folder.path();
        let request = b"\0\0\0\x08\x04\xd2\x16\x2f".as_slice();
        std::fs::write(at.join("words"), [request, words].concat()).unwrap();
        let done = Command::new("python3").current_dir(at).args(["-c", SMUGGLE, &self.postgres]).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// The answer over Flight SQL as the driver tells it.
    fn adbc(&self, scheme: &str, root: Option<&str>) -> String {
        let mut options = headers(&self.token, "supervision");
        if let Some(root) = root {
            let root = std::fs::read_to_string(self.folder.path().join(root)).unwrap();
            options["adbc.flight.sql.client_option.tls_root_certs"] = root.into();
        }
        let uri = format!("{scheme}://localhost:{}", self.flight);
        by_program(PROGRAM, &json!({"uri": uri, "options": options, "asked": [[STATEMENT, null]]}))
            .to_string()
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn every_door_has_tls_and_lets_nobody_in_without() {
    let server = Secured::start();
    let shown = succeed(server.folder.path(), "home", &["sql", STATEMENT, "--format", "csv"]);
    let count = shown.lines().nth(1).unwrap().to_owned();

    let answer = server.curl("https", &["--cacert", "ca.pem", "--include"]).unwrap();
    assert!(answer.ends_with(&shown), "{answer}");
    assert!(
        answer.to_lowercase().contains("\r\nstrict-transport-security: max-age=31536000\r\n"),
        "{answer}"
    );
    assert_eq!(server.curl("https", &["--cacert", "other.pem"]), None);
    assert_eq!(server.curl("http", &[]), None);

    assert_eq!(server.psql("verify-full", "ca.pem"), Ok(count.clone()));
    let refused = server.psql("verify-full", "other.pem").unwrap_err();
    assert!(refused.contains("certificate verify failed"), "{refused}");
    let refused = server.psql("disable", "ca.pem").unwrap_err();
    assert!(refused.contains("over TLS alone"), "{refused}");
    // Nothing that comes in the clear is heard, with a token that holds or before TLS.
    let start_up = start_up("Ana", "supervision");
    let log_in = [start_up.clone(), message("p", &format!("{}\0", server.token))].concat();
    let words = [log_in, message("Q", &format!("{STATEMENT}\0"))].concat();
    let told = said(server.postgres.parse().unwrap(), &words);
    assert!(told.len() == 1 && told[0].0 == 'E' && told[0].1.contains("over TLS alone"), "{told:?}");
    let refused = server.smuggled(&start_up);
    assert!(refused.contains("08P01") && refused.contains("in the clear"), "{refused}");

    assert_eq!(server.adbc("grpc+tls", Some("ca.pem")), json!([[[count]]]).to_string());
    for (scheme, root) in [("grpc+tls", Some("other.pem")), ("grpc+tls", None), ("grpc", None)] {
        let refused = server.adbc(scheme, root);
        assert!(refused.contains("refused"), "{scheme} {root:?}: {refused}");
    }
    // Nobody but the three who trusted the certificate has read anything.
    let read =
        succeed(server.folder.path(), "home", &["audit", "log", "--by", "Ana", "--event", "read", "--json"]);
    let read: Vec<serde_json::Value> = serde_json::from_str(&read).unwrap();
    assert_eq!(read.len(), 3, "{read:?}");
}
