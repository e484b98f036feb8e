//! Every kind of policy at every door, with the client that people use there: the command line, curl, psql, psycopg, ADBC.

use crate::doors::Server;
use crate::python::python;
use crate::succeed;
use std::io::Write as _;
use std::process::{Command, Stdio};

pub const PACKAGES: &str = include_str!("../clients.txt");
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

/// What a program in Python writes of an answer.
pub fn told(value: &serde_json::Value) -> Told {
    if let Some(refused) = value.get("refused") {
        return Err(refused.as_str().unwrap().to_owned());
    }
    Ok(serde_json::from_value(value.clone()).unwrap())
}

/// What a program in Python with the clients prints, from JSON to JSON.
pub fn by_program(program: &str, input: &serde_json::Value) -> serde_json::Value {
    let python = python("clients", &PACKAGES.lines().collect::<Vec<_>>());
    let mut child =
        Command::new(python).arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a driver is told of each.
pub fn by_driver(server: &Server, client: &str, asked: &[Asked<'_>]) -> Vec<Told> {
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
    by_program(PROGRAM, &doors).as_array().unwrap().iter().map(told).collect()
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

/// What the shipped policy has no case of: a mask that leaves nothing, a column and a table that are forbidden.
const FURTHER_POLICIES: &str = r#"
@id("trader-officers")
@mask("empty")
permit (principal in Role::"trader", action == Action::"read", resource == Column::"inspection.officer_id")
when { context.purpose == "own-data" };

@id("no-invoices")
forbid (principal in Role::"scientist", action == Action::"read", resource == Column::"declaration.invoice_amount");

@id("no-inspections")
forbid (principal in Role::"scientist", action == Action::"rows", resource == Table::"inspection");
"#;

/// Name, token and purpose of a reader.
type Reader<'a> = (&'a str, &'a str, &'a str);

/// What is in the tables, as their owner sees it.
struct Facts {
    office: String,
    declarations_of_office: String,
    items_of_office: String,
    enterprise: String,
    declarations_of_enterprise: String,
    importers_joined: String,
}

const JOIN: &str =
    "SELECT count(*) AS n FROM declaration d JOIN enterprise e ON e.enterprise_id = d.importer_id";
const OFFICERS: &str = "SELECT coalesce(max(officer_id), 'nobody') AS o, \
    CASE WHEN count(*) > 0 THEN 'some' ELSE 'none' END AS n FROM inspection";

impl Facts {
    fn find(server: &Server) -> Self {
        let one = |sql: &str| {
            let text = succeed(server.folder(), "home", &["sql", sql, "--format", "csv"]);
            text.lines().nth(1).unwrap().to_owned()
        };
        let office = one("SELECT min(office_id) FROM declaration");
        let enterprise = one(
            "SELECT d.importer_id FROM inspection i JOIN declaration d USING (month, declaration_id) \
             WHERE i.officer_id IS NOT NULL AND d.importer_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        );
        let facts = Self {
            declarations_of_office: one(&format!(
                "SELECT count(*) FROM declaration WHERE office_id = '{office}'"
            )),
            items_of_office: one(&format!(
                "SELECT count(*) FROM goods_item g JOIN declaration d USING (month, declaration_id, version_number) \
                 WHERE office_id = '{office}'"
            )),
            declarations_of_enterprise: one(&format!(
                "SELECT count(*) FROM declaration WHERE '{enterprise}' IN (importer_id, declarant_id, agent_id, exporter_id)"
            )),
            importers_joined: one(JOIN),
            office,
            enterprise,
        };
        assert_ne!(facts.importers_joined, "0");
        assert!(!one(OFFICERS).contains("nobody"), "the mask has something to leave out");
        facts
    }
}

/// Puts the further policies in force, which take something away from Sun.
fn put_in_force(server: &Server, token: &str) {
    let statements =
        ["SELECT count(invoice_amount) AS n FROM declaration", "SELECT count(*) AS n FROM inspection"];
    for statement in statements {
        assert_eq!(server.curl(token, "research", statement, "text/csv").0, 200, "{statement}");
    }
    let run = |arguments: &[&str]| succeed(server.folder(), "home", arguments);
    run(&["policies", "write", "draft"]);
    let file = server.folder().join("draft/access.cedar");
    let shipped = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, shipped + FURTHER_POLICIES).unwrap();
    run(&["policies", "propose", "draft", "--by", "Ou", "--reason", "a test"]);
    let told = run(&["policies", "approve", "1", "--by", "Sun", "--reason", "a test"]);
    assert!(told.contains("in force"), "{told}");
}

/// One question for each kind of policy.
fn questions<'a>([ou, sun, zoll, han]: [Reader<'a>; 4], facts: &'a Facts) -> Vec<Asked<'a>> {
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
    let rounded = "SELECT CASE WHEN count(*) > 0 THEN 'some' ELSE 'none' END AS n, count(*) FILTER (WHERE customs_value_amount <> \
                   power(10, round(log10(CAST(customs_value_amount AS DOUBLE))))) AS o FROM goods_item WHERE customs_value_amount > 0";
    vec![
        asked(
            "row filter",
            ou,
            "SELECT count(*) AS n FROM declaration",
            Ok(vec![vec![facts.declarations_of_office.as_str()]]),
        ),
        asked(
            "row filter through another table",
            ou,
            "SELECT count(*) AS n FROM goods_item",
            Ok(vec![vec![facts.items_of_office.as_str()]]),
        ),
        asked("row filter by organisation", zoll, elsewhere, Ok(vec![vec!["0"]])),
        asked(
            "row filter by enterprise",
            han,
            "SELECT count(*) AS n FROM declaration",
            Ok(vec![vec![facts.declarations_of_enterprise.as_str()]]),
        ),
        asked("pseudonym", sun, &covered("left(importer_id, 2)"), Ok(vec![vec!["p_"]])),
        asked("pseudonyms that join", sun, JOIN, Ok(vec![vec![facts.importers_joined.as_str()]])),
        asked("partial mask", zoll, &covered("right(importer_id, 3)"), Ok(vec![vec!["***"]])),
        asked("general mask", zoll, rounded, Ok(vec![vec!["some", "0"]])),
        asked("mask that leaves nothing", han, OFFICERS, Ok(vec![vec!["nobody", "some"]])),
        asked("column that is not there", ou, "SELECT inclusion_probability FROM decision", Err("no column")),
        asked("table that is not there", ou, "SELECT count(*) AS n FROM quarantine", Err("quarantine")),
        asked("forbidden column", sun, "SELECT invoice_amount FROM declaration", Err("no column")),
        asked("forbidden table", sun, "SELECT count(*) AS n FROM inspection", Err("inspection")),
        asked(
            "row filter of a dataset",
            ou,
            "SELECT DISTINCT office_id AS o FROM declaration_counts",
            Ok(vec![vec![facts.office.as_str()]]),
        ),
        asked(
            "dataset that is not there",
            ou,
            "SELECT count(*) AS n FROM trade_statistics",
            Err("trade_statistics"),
        ),
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
        Err(word) => assert!(told.as_ref().is_err_and(|refusal| refusal.contains(word)), "{place}"),
    }
}

#[test]
fn every_kind_of_policy_holds_at_every_door() {
    let server = Server::start();
    succeed(server.folder(), "home", &["datasets", "refresh", "declaration_counts", "trade_statistics"]);
    let facts = Facts::find(&server);
    let [officer, scientist, partner, trader] = [
        ["Ou", "officer", "--office", facts.office.as_str()],
        ["Sun", "scientist", "--organisation", "GACC"],
        ["Zoll", "partner", "--organisation", "DE"],
        ["Han", "trader", "--enterprise", facts.enterprise.as_str()],
    ]
    .map(|[name, role, key, value]| {
        server.person(&[name, "--role", role, key, value, "--clearance", "general-3"])
    });
    put_in_force(&server, &scientist);
    let readers = [
        ("Ou", officer.as_str(), "inspection"),
        ("Sun", scientist.as_str(), "research"),
        ("Zoll", partner.as_str(), "cooperation"),
        ("Han", trader.as_str(), "own-data"),
    ];
    let all = questions(readers, &facts);
    for asked in &all {
        for (client, told) in by_tools(&server, asked) {
            check(asked, client, &told);
        }
    }
    for client in ["psycopg", "psycopg bound", "adbc", "adbc bound"] {
        for (asked, told) in all.iter().zip(by_driver(&server, client, &all)) {
            check(asked, client, &told);
        }
    }
}
