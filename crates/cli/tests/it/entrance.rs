//! The entrance of the HTTP door: headers for browsers, the front page, the set-up and the first account.

use crate::doors::Server;
use crate::{run, succeed};
use std::process::Command;

#[test]
fn answers_carry_the_headers_that_browsers_need() {
    let server = Server::start();
    for path in ["health", "api/v1/me", "no/such/path"] {
        let (_, answer) = curl(&["--include", &format!("{}/{path}", server.http)]);
        let answer = answer.to_lowercase();
        for header in [
            "cache-control: no-store",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
        ] {
            assert!(answer.lines().any(|line| line == header), "{header}: {answer}");
        }
        assert!(!answer.contains("strict-transport-security"), "this door has no TLS: {answer}");
    }
    let plain = run(server.folder(), "home", &["serve", "--http", "0.0.0.0:0"]);
    assert!(String::from_utf8_lossy(&plain.stderr).contains("--tls-certificate"));
}

/// Status and what else curl prints.
pub fn curl(arguments: &[&str]) -> (u16, String) {
    let all = [&["--silent", "--max-time", "30", "--write-out", "\n%{http_code}"], arguments].concat();
    let output = Command::new("curl").args(all).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

#[test]
fn the_front_page_says_where_to_go_on() {
    let server = Server::start();
    let secret = server.setup.as_ref().unwrap().split_once("?secret=").unwrap().1.to_owned();
    let (status, page) = curl(&["--include", &server.http]);
    assert_eq!(status, 200, "{page}");
    for words in [
        "content-type: text/html",
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "Nobody has an account yet",
        "curl $SERVER/api/v1/session",
        "psql -h HOST",
        "adbc_driver_flightsql.dbapi.connect",
        "href=\"/api/v1/openapi.json\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for hidden in [secret.as_str(), "<script", "/sign-on", "{first}", "{sign_on}"] {
        assert!(!page.contains(hidden), "{hidden}: {page}");
    }
    server.person(&["Ou", "--role", "officer", "--office", "X", "--clearance", "general-3"]);
    let (status, page) = curl(&[&server.http]);
    assert!(status == 200 && !page.contains("Nobody has an account yet"), "{page}");

    let (status, told) = curl(&[&format!("{}/no/such/path", server.http)]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &told["code"]), (404, &serde_json::json!("not-found")));
    assert!(told["message"].as_str().unwrap().contains("/api/v1/openapi.json"), "{told}");
    let (_, headers) = curl(&["--include", &format!("{}/no/such/path", server.http)]);
    assert!(headers.contains("x-content-type-options: nosniff"), "{headers}");
}

#[test]
fn a_browser_is_shown_the_form_of_the_set_up_again_with_the_reason() {
    let server = Server::start();
    let link = server.setup.clone().unwrap();
    let (at, secret) = link.split_once("?secret=").unwrap();
    let fill = |accept: &str, secret: &str, name: &str, password: &str| {
        let fields = [("secret", secret), ("name", name), ("password", password)];
        let [secret, name, password] = fields.map(|(field, value)| format!("{field}={value}"));
        let accept = format!("Accept: {accept}");
        let each = "--data-urlencode";
        curl(&["-H", &accept, each, &secret, each, &name, each, &password, at])
    };
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    let (status, form) = fill(browser, secret, "Su \"><b>{secret}", "too short");
    assert_eq!(status, 400, "{form}");
    for words in [
        "<form method=\"post\"",
        "the password is 9 characters long",
        "name=\"name\" value=\"Su &quot;&gt;&lt;b&gt;{secret}\"",
    ] {
        assert!(form.contains(words), "{words}: {form}");
    }
    assert_eq!(form.matches(secret).count(), 1, "{form}");
    assert!(!form.contains("too short"), "{form}");
    let (status, form) = fill(browser, secret, " ", "correct horse battery");
    assert!(status == 400 && form.contains("the name of a principal"), "{form}");
    for accept in ["application/json", "*/*"] {
        let (status, told) = fill(accept, secret, "Su", "too short");
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!((status, &told["code"]), (400, &serde_json::json!("request")));
    }
    let (status, page) = fill(browser, "another", "Su", "correct horse battery");
    assert!(status == 401 && page.contains("<p>this link is not good") && !page.contains("<form"), "{page}");
    let (status, page) = fill(browser, secret, "Su Pervisor", "correct horse battery");
    assert!(status == 200 && page.contains("The account is made"), "{page}");
}

#[test]
fn the_first_account_is_made_by_a_link_and_logs_in_with_a_password() {
    let server = Server::start();
    let link = server.setup.clone().unwrap();
    let (status, page) = curl(&[&link]);
    assert!(status == 200 && page.contains("<form method=\"post\""), "{page}");
    let (at, secret) = link.split_once("?secret=").unwrap();
    let (status, _) = curl(&[&format!("{at}?secret={}", "0".repeat(64))]);
    assert_eq!(status, 401, "another secret");
    let secret = format!("secret={secret}");
    let fill = |password: &str| {
        let password = format!("password={password}");
        curl(&[
            "--data-urlencode",
            &secret,
            "--data-urlencode",
            "name=Su Pervisor",
            "--data-urlencode",
            &password,
            at,
        ])
    };
    let (status, told) = fill("too short");
    assert!(status == 400 && told.contains("at least 15 characters"), "{told}");
    let password = "correct horse battery";
    assert_eq!(fill(password).0, 200);
    assert_eq!(fill(password).0, 401, "once");
    assert_eq!(curl(&[&link]).0, 401, "once");

    let session = format!("{}/api/v1/session", server.http);
    let log_in = |password: &str| {
        let body = serde_json::json!({"name": "Su Pervisor", "password": password}).to_string();
        curl(&["--header", "Content-Type: application/json", "--data", &body, &session])
    };
    let (status, told) = log_in("wrong wrong wrong wrong");
    assert!(status == 401 && told.contains("do not fit"), "{told}");
    let (status, told) = log_in(password);
    assert_eq!(status, 200, "{told}");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let token = told["token"].as_str().unwrap();
    let (status, rows) =
        server.curl(token, "supervision", "SELECT count(*) AS n FROM declaration", "application/json");
    assert!(status == 200 && rows.contains("\"n\":"), "{rows}");
    let denied = succeed(server.folder(), "home", &["audit", "log", "--event", "denied"]);
    assert!(denied.contains("Su Pervisor") && denied.contains("do not fit"), "{denied}");
    assert!(!denied.contains("wrong wrong"), "no password is written down");
    for _ in 0..20 {
        log_in("wrong wrong wrong wrong");
    }
    assert_eq!(log_in(password).0, 429, "a right guess after many wrong ones is not told");
}
