//! Every kind of policy at every door, with the client that people use there: the command line, curl, psql, psycopg, ADBC.

use crate::doors::Server;
use crate::python::python;
use crate::succeed;
use std::io::Write as _;
use std::process::{Command, Stdio};

const PACKAGES: &str = include_str!("../clients.txt");
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients.py");

/// Rows in order, each value a text; or that it was refused.
pub type Told = Result<Vec<Vec<Option<String>>>, String>;

pub struct Asked<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    pub token: &'a str,
    pub purpose: &'a str,
    pub statement: String,
    /// Rows that the policy shows, or a word of the refusal.
    pub expected: Result<Vec<Vec<&'a str>>, &'a str>,
}

fn told(value: &serde_json::Value) -> Told {
    if let Some(refused) = value.get("refused") {
        return Err(refused.as_str().unwrap().to_owned());
    }
    Ok(serde_json::from_value(value.clone()).unwrap())
}

/// What a driver is told of each, by a program in Python.
pub fn by_driver(server: &Server, client: &str, asked: &[Asked<'_>]) -> Vec<Told> {
    let python = python("clients", &PACKAGES.lines().collect::<Vec<_>>());
    let questions: Vec<serde_json::Value> = asked
        .iter()
        .map(|one| {
            serde_json::json!({
                "name": one.name, "token": one.token, "purpose": one.purpose, "statement": one.statement,
            })
        })
        .collect();
    let doors = serde_json::json!({
        "postgres": server.postgres, "flight": server.flight, "client": client, "asked": questions,
    });
    let mut child =
        Command::new(python).arg(PROGRAM).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(doors.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let all: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    all.iter().map(told).collect()
}

fn lines(text: &str, separator: char) -> Vec<Vec<Option<String>>> {
    let cell = |cell: &str| (!cell.is_empty()).then(|| cell.to_owned());
    let mut rows: Vec<Vec<Option<String>>> =
        text.lines().map(|line| line.split(separator).map(cell).collect()).collect();
    rows.sort();
    rows
}

fn by_tools(server: &Server, one: &Asked<'_>) -> [(&'static str, Told); 3] {
    let sql = ["sql", &one.statement, "--as", one.name, "--purpose", one.purpose, "--format", "csv"];
    let cli = crate::run(server.folder(), "home", &sql);
    let csv = |text: &str| lines(text.split_once('\n').map_or("", |(_, rows)| rows), ',');
    let cli = if cli.status.success() {
        Ok(csv(&String::from_utf8(cli.stdout).unwrap()))
    } else {
        Err(String::from_utf8(cli.stderr).unwrap())
    };
    let (status, body) = server.curl(one.token, one.purpose, &one.statement, "text/csv");
    let curl = if status == 200 { Ok(csv(&body)) } else { Err(body) };
    let psql = server.psql(one.name, one.token, one.purpose, &["-c", &one.statement]);
    [("cli", cli), ("curl", curl), ("psql", psql.map(|text| lines(&text, '|')))]
}

/// Name, token and purpose of a reader.
type Reader<'a> = (&'a str, &'a str, &'a str);

/// One question for each kind of policy. The officer's office has so many declarations and goods items.
fn questions<'a>([ou, sun, zoll]: [Reader<'a>; 3], [of_office, items]: [&'a str; 2]) -> Vec<Asked<'a>> {
    let asked = |kind, (name, token, purpose): Reader<'a>, statement: &str, expected| Asked {
        kind,
        name,
        token,
        purpose,
        statement: statement.to_owned(),
        expected,
    };
    let elsewhere = "SELECT count(*) AS n FROM declaration WHERE export_country_code <> 'DE'";
    let covered =
        |shown: &str| format!("SELECT DISTINCT {shown} AS p FROM declaration WHERE importer_id IS NOT NULL");
    let rounded = "SELECT count(*) AS n FROM goods_item WHERE customs_value_amount > 0 AND customs_value_amount <> \
                   power(10, round(log10(CAST(customs_value_amount AS DOUBLE))))";
    vec![
        asked("row filter", ou, "SELECT count(*) AS n FROM declaration", Ok(vec![vec![of_office]])),
        asked(
            "row filter through another table",
            ou,
            "SELECT count(*) AS n FROM goods_item",
            Ok(vec![vec![items]]),
        ),
        asked("row filter by organisation", zoll, elsewhere, Ok(vec![vec!["0"]])),
        asked("pseudonym", sun, &covered("left(importer_id, 2)"), Ok(vec![vec!["p_"]])),
        asked("partial mask", zoll, &covered("right(importer_id, 3)"), Ok(vec![vec!["***"]])),
        asked("general mask", zoll, rounded, Ok(vec![vec!["0"]])),
        asked("column that is not there", ou, "SELECT inclusion_probability FROM decision", Err("no column")),
        asked("table that is not there", ou, "SELECT count(*) AS n FROM quarantine", Err("quarantine")),
        asked("change", ou, "DELETE FROM declaration", Err("refused")),
    ]
}

/// Whether a client is told what it should be.
pub fn check(asked: &Asked<'_>, client: &str, told: &Told) {
    let place = format!("{} over {client}: {told:?}", asked.kind);
    match &asked.expected {
        Ok(rows) => {
            let rows: Vec<Vec<Option<String>>> =
                rows.iter().map(|row| row.iter().map(|cell| Some((*cell).to_owned())).collect()).collect();
            assert_eq!(told.as_ref().ok(), Some(&rows), "{place}");
        }
        // psycopg puts the change into a query of its own, where it is no SQL.
        Err(_) if asked.kind == "change" && client == "psycopg" => assert!(told.is_err(), "{place}"),
        Err(word) => assert!(told.as_ref().is_err_and(|refusal| refusal.contains(word)), "{place}"),
    }
}

#[test]
fn every_kind_of_policy_holds_at_every_door() {
    let server = Server::start();
    let one = |sql: &str| {
        let text = succeed(server.folder(), "home", &["sql", sql, "--format", "csv"]);
        text.lines().nth(1).unwrap().to_owned()
    };
    let office = one("SELECT min(office_id) FROM declaration");
    let of_office = one(&format!("SELECT count(*) FROM declaration WHERE office_id = '{office}'"));
    let items = one(&format!(
        "SELECT count(*) FROM goods_item g JOIN declaration d USING (month, declaration_id, version_number) \
         WHERE office_id = '{office}'"
    ));
    let [officer, scientist, partner] = [
        ["Ou", "officer", "--office", office.as_str()],
        ["Sun", "scientist", "--organisation", "GACC"],
        ["Zoll", "partner", "--organisation", "DE"],
    ]
    .map(|[name, role, key, value]| {
        server.person(&[name, "--role", role, key, value, "--clearance", "general-3"])
    });
    let readers = [
        ("Ou", officer.as_str(), "inspection"),
        ("Sun", scientist.as_str(), "research"),
        ("Zoll", partner.as_str(), "cooperation"),
    ];
    let all = questions(readers, [&of_office, &items]);
    for asked in &all {
        for (client, told) in by_tools(&server, asked) {
            check(asked, client, &told);
        }
    }
    for client in ["psycopg", "adbc"] {
        for (asked, told) in all.iter().zip(by_driver(&server, client, &all)) {
            check(asked, client, &told);
        }
    }
}
