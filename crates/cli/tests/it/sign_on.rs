//! Single sign-on through a provider of another make, as a browser walks it.

use crate::doors::Server;
use crate::python::python;
use crate::{run, succeed};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const PACKAGES: &str = include_str!("../provider.txt");
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/provider.py");
const REASON: [&str; 2] = ["--reason", "a test"];

/// What was answered to a request.
struct Answer {
    status: u16,
    /// By name in small letters.
    headers: BTreeMap<String, String>,
    body: String,
}

fn curl(arguments: &[&str]) -> Answer {
    let all = [&["--silent", "--show-error", "--include", "--max-time", "60"], arguments].concat();
    let output = Command::new("curl").args(all).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}

/// A value in the query of an address.
fn value<'a>(address: &'a str, name: &str) -> &'a str {
    let query = address.split_once('?').unwrap().1;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap()
}

/// A provider, and a server that people sign on to through it.
struct Place {
    provider: Child,
    issuer: String,
    secret: String,
    server: Server,
    browsers: TempDir,
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.provider.kill());
        drop(self.provider.wait());
    }
}

impl Place {
    fn start() -> Self {
        let python = python("provider", &PACKAGES.lines().collect::<Vec<_>>());
        let mut provider =
            Command::new(python).arg(PROGRAM).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(provider.stdout.as_mut().unwrap()).read_line(&mut port).unwrap();
        let issuer = format!("http://127.0.0.1:{}", port.trim());
        // The provider is told where the server is before there is one: a port that was free a moment ago.
        let http = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let redirects = serde_json::json!({"redirect_uris": [format!("http://{http}/sign-on/callback")]});
        let json = "Content-Type: application/json";
        let client =
            curl(&["-H", json, "--data", &redirects.to_string(), &format!("{issuer}/oauth2/clients")]);
        let client: serde_json::Value = serde_json::from_str(&client.body).unwrap();
        let [id, secret] = ["client_id", "client_secret"].map(|name| client[name].as_str().unwrap());
        let browsers = TempDir::new().unwrap();
        let file = browsers.path().join("client-secret");
        std::fs::write(&file, format!("{secret}\n")).unwrap();
        let configuration = format!(
            "[serve]\nfailures_a_minute = 1000\n[single_sign_on]\nissuer = \"{issuer}\"\nclient_id = \"{id}\"\n\
             client_secret_file = \"{}\"\npublic_url = \"http://{http}\"\n",
            file.display()
        );
        let server = Server::configured(&http, &configuration);
        Self { provider, issuer, secret: secret.to_owned(), server, browsers }
    }

    fn tell(&self, arguments: &[&str]) -> String {
        succeed(self.server.folder(), "home", arguments)
    }

    fn link(&self, verb: &str, name: &str, subject: &str) {
        self.tell(&[&["people", verb, name, "--subject", subject], REASON.as_slice()].concat());
    }

    /// Asks as a browser that keeps its cookies.
    fn ask(&self, browser: &str, arguments: &[&str]) -> Answer {
        let jar = self.browsers.path().join(browser);
        let jar = jar.to_str().unwrap();
        curl(&[&["--cookie", jar, "--cookie-jar", jar], arguments].concat())
    }

    /// Goes to the provider: its address, as the server wants it asked.
    fn begin(&self, browser: &str) -> String {
        let answer = self.ask(browser, &[&format!("{}/sign-on", self.server.http)]);
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.headers["location"].clone()
    }

    /// Signs on at the provider: the address that the browser comes back to.
    fn at_provider(&self, browser: &str, address: &str, filled: &str) -> String {
        let answer = self.ask(browser, &["--data", filled, address]);
        assert_eq!(answer.status, 302, "{}", answer.body);
        answer.headers["location"].clone()
    }

    /// The whole way of a subject, up to the address that the browser comes back to.
    fn way(&self, browser: &str, subject: &str) -> String {
        let address = self.begin(browser);
        self.at_provider(browser, &address, &format!("sub={subject}"))
    }

    fn sign_on(&self, subject: &str) -> Answer {
        self.ask("browser", &[&self.way("browser", subject)])
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.server.folder().join("log")).unwrap()
    }
}

/// The token on a page.
fn token(page: &str) -> &str {
    let at = page.find("tg_").unwrap();
    page[at..].split('<').next().unwrap()
}

#[test]
fn who_signs_on_is_let_in_when_somebody_has_linked_the_identity() {
    let place = Place::start();
    let address = place.begin("browser");
    assert!(address.starts_with(&format!("{}/oauth2/authorize?", place.issuer)), "{address}");
    assert_eq!((value(&address, "scope"), value(&address, "code_challenge_method")), ("openid", "S256"));
    let cookie = place.ask("other", &[&format!("{}/sign-on", place.server.http)]);
    let cookie = &cookie.headers["set-cookie"];
    assert!(
        cookie.starts_with("tidegate-sign-on=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );

    // Nobody knows the identity: refused, and told with what it takes to link it.
    let refused = place.sign_on("5f3c%3Cb%3E");
    assert!(
        refused.status == 403
            && refused.body.contains("5f3c&lt;b&gt;")
            && refused.body.contains(&place.issuer),
        "{}",
        refused.body
    );
    let denied = place.tell(&["audit", "log", "--event", "denied"]);
    assert!(
        denied.contains("5f3c<b>") && denied.contains(&place.issuer) && denied.contains("linked to nobody"),
        "{denied}"
    );
    assert!(!place.tell(&["people", "list"]).contains("5f3c"), "nobody is made");

    place.tell(&[&["people", "add", "Ana", "--role", "supervisor"], REASON.as_slice()].concat());
    place.link("link", "Ana", "5f3c<b>");
    let way = place.way("browser", "5f3c%3Cb%3E");
    let admitted = place.ask("browser", &[&way]);
    assert_eq!(admitted.status, 200, "{}", admitted.body);
    assert_eq!(admitted.headers["cache-control"], "no-store");
    assert!(
        admitted.headers["content-security-policy"].starts_with("default-src 'none'; form-action 'none'")
    );
    let session = token(&admitted.body);
    let bearer = format!("Authorization: Bearer {session}");
    let me = curl(&["-H", &bearer, &format!("{}/api/v1/me", place.server.http)]);
    assert!(me.status == 200 && me.body.contains("\"name\":\"Ana\""), "{}", me.body);
    assert_eq!(place.ask("browser", &[&way]).status, 401, "a code comes back once");
    assert!(place.tell(&["people", "show", "Ana"]).contains(&format!("\"5f3c<b>\" at {}", place.issuer)));
    assert!(place.tell(&["tokens", "list"]).contains("log-in by single sign-on"));

    // Programs are told in JSON.
    let way = place.way("browser", "5f3c%3Cb%3E");
    let told = place.ask("browser", &["-H", "Accept: application/json", &way]);
    let told: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert!(told["token"].as_str().unwrap().starts_with("tg_") && told["expires_at"].is_string(), "{told}");

    // The provider gets another key, as it may at any time.
    assert_eq!(curl(&["-X", "POST", &format!("{}/rotate", place.issuer)]).status, 204);
    assert_eq!(place.sign_on("5f3c%3Cb%3E").status, 200);

    place.link("unlink", "Ana", "5f3c<b>");
    assert_eq!(place.sign_on("5f3c%3Cb%3E").status, 403, "unlinked");
    place.link("link", "Ana", "5f3c<b>");
    assert_eq!(place.sign_on("5f3c%3Cb%3E").status, 200);
    place.tell(&[&["people", "disable", "Ana"], REASON.as_slice()].concat());
    assert_eq!(place.sign_on("5f3c%3Cb%3E").status, 403, "disabled");
    assert!(place.tell(&["audit", "log", "--event", "denied"]).contains("the person is disabled"));

    let log = place.log();
    let [code, state] = ["code", "state"].map(|name| value(&way, name));
    let nonce = value(&address, "nonce");
    for hidden in [code, state, nonce, session, &session[8..], &place.secret, told["token"].as_str().unwrap()]
    {
        assert!(!log.contains(hidden), "{hidden} is in the log");
    }
}

#[test]
fn what_does_not_prove_who_somebody_is_is_refused() {
    let place = Place::start();
    place.tell(&[&["people", "add", "Ana", "--role", "supervisor"], REASON.as_slice()].concat());
    place.link("link", "Ana", "sound");
    let refused = |browser: &str, address: &str, words: &str| {
        let answer = place.ask(browser, &[address]);
        assert!(
            answer.status == 401 && answer.body.contains(words),
            "{address}: {} {}",
            answer.status,
            answer.body
        );
        assert!(!answer.body.contains("tg_"));
    };

    // Sign-ons that are not one of this browser.
    let another = "not begun in this browser";
    let way = place.way("browser", "sound");
    let state = value(&way, "state").to_owned();
    refused("browser", &way.replace(&state, &"A".repeat(state.len())), another);
    refused("browser", way.split("&state=").next().unwrap(), another);
    refused("no-cookie", &way, another);
    place.begin("thief");
    refused("thief", &way, another);
    refused("browser", &format!("{way}&iss=https://another.example.org"), "another provider");
    refused("browser", &way, another);
    let way = place.way("browser", "sound");
    let code = value(&way, "code").to_owned();
    refused("browser", &way.replace(&code, "no-code-of-the-provider"), "does not prove");
    // A code that was stolen from another sign-on: the provider wants the verifier of that one.
    let stolen = value(&place.way("thief", "sound"), "code").to_owned();
    let way = place.way("browser", "sound");
    refused("browser", &way.replace(value(&way, "code"), &stolen), "does not prove");

    // ID tokens with a fault, of subjects who would be let in.
    for subject in [
        "wrong-nonce",
        "no-nonce",
        "wrong-audience",
        "second-audience",
        "wrong-issuer",
        "expired",
        "wrong-key",
        "unsigned",
    ] {
        place.link("link", "Ana", subject);
        refused("browser", &place.way("browser", subject), "does not prove");
    }
    assert_eq!(place.sign_on("sound").status, 200, "what is refused above is refused for its fault");
    let log = place.log();
    for cause in [
        "nonce mismatch",
        "missing nonce",
        "Invalid audiences",
        "Invalid issuer",
        "Expired",
        "Signature verification failed",
        "invalid_grant",
    ] {
        assert!(log.contains(cause), "{cause}: {log}");
    }

    // The provider broke it off.
    let denied = place.at_provider("browser", &place.begin("browser"), "action=deny");
    refused("browser", &denied, "access_denied");
    let back = format!("{}/sign-on/callback?error=", place.server.http);
    refused("browser", &format!("{back}%3Cscript%3E"), "broke the sign-on off\n");
    refused("browser", &format!("{back}server_error"), "broke the sign-on off: server_error");
    let told = place.ask("browser", &["-H", "Accept: application/json", &format!("{back}access_denied")]);
    let told: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(told["code"], "unauthorized");
}

#[test]
fn a_provider_that_is_not_there_stops_nobody_else() {
    let configuration = "[serve]\nfailures_a_minute = 1\n[single_sign_on]\nissuer = \"http://127.0.0.1:1\"\n\
                         client_id = \"tidegate\"\npublic_url = \"http://127.0.0.1:2\"\n";
    let server = Server::configured("127.0.0.1:0", configuration);
    let at = format!("{}/sign-on", server.http);
    let answer = curl(&[&at]);
    assert!(answer.status == 503 && answer.body.contains("cannot be asked"), "{}", answer.body);
    let front = curl(&[&server.http]);
    assert!(front.status == 200 && front.body.contains("href=\"/sign-on\""), "{}", front.body);
    let log = std::fs::read_to_string(server.folder().join("log")).unwrap();
    assert!(
        log.contains("the provider of single sign-on cannot be asked: ") && log.contains("refused"),
        "{log}"
    );
    // A page of somebody else has the browser ask for it as for an image.
    for _ in 0..20 {
        assert_eq!(curl(&["-H", "Sec-Fetch-Dest: image", &at]).status, 403);
    }
    let status = || curl(&["-H", "Sec-Fetch-Dest: document", &at]).status;
    let statuses: Vec<u16> = (0..20).map(|_| status()).collect();
    assert_eq!(statuses[..5], [503; 5], "six sign-ons may begin for each log-in that may fail");
    assert!(statuses.contains(&429), "{statuses:?}");
    let callback = format!("{at}/callback?state=x&code=y");
    assert_eq!([(); 3].map(|()| curl(&[&callback]).status), [401; 3], "without a cookie it is no guess");
    let body = "{\"name\": \"Ana\", \"password\": \"none that she has\"}";
    let session = format!("{}/api/v1/session", server.http);
    let log_in = || curl(&["-H", "Content-Type: application/json", "--data", body, &session]).status;
    assert_eq!([log_in(), log_in()], [401, 429], "none of these was a failed log-in");

    let with_secret = format!("{configuration}client_secret_file = \"nowhere\"\n");
    std::fs::write(server.folder().join("secret.toml"), with_secret).unwrap();
    let refused =
        run(server.folder(), "home", &["--config", "secret.toml", "serve", "--http", "127.0.0.1:0"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("home/nowhere"), "{told}");

    let without = Server::start();
    let answer = curl(&[&format!("{}/sign-on", without.http)]);
    assert!(answer.status == 404 && answer.body.contains("[single_sign_on]"), "{}", answer.body);
}
