//! Cursors at the door of PostgreSQL: psql that reads by the piece, drivers and pandas, and what becomes of what is not fetched.

use crate::clients::by_program;
use crate::doors::Server;
use crate::held::Held;
use crate::succeed;
use serde_json::{Value, json};
use std::ops::Range;
use std::time::{Duration, Instant};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cursors.py");
pub const DECLARATIONS: &str = "SELECT declaration_id FROM declaration ORDER BY declaration_id";

/// A server, and an officer who reads what is of one office.
pub struct Office {
    pub server: Server,
    pub token: String,
    pub id: String,
    pub declarations: Vec<String>,
}

impl Office {
    pub fn open(configuration: &str) -> Self {
        let server = Server::configured("127.0.0.1:0", configuration);
        let busiest =
            "SELECT office_id FROM declaration GROUP BY office_id ORDER BY count(*) DESC, office_id LIMIT 1";
        let told = succeed(server.folder(), "home", &["sql", busiest, "--format", "csv"]);
        let id = told.lines().nth(1).unwrap().to_owned();
        let token = server.person(&["Ou", "--role", "officer", "--office", &id, "--clearance", "general-3"]);
        let mut office = Self { server, token, id, declarations: Vec::new() };
        office.declarations = office.psql(&["-c", DECLARATIONS]).unwrap();
        let all = succeed(office.server.folder(), "home", &["sql", DECLARATIONS, "--format", "csv"]);
        assert!((10..all.lines().count() - 1).contains(&office.declarations.len()), "some of all");
        office
    }

    /// Lines that psql prints.
    pub fn psql(&self, arguments: &[&str]) -> Result<Vec<String>, String> {
        let printed = self.server.psql("Ou", &self.token, "inspection", arguments)?;
        Ok(printed.lines().map(str::to_owned).collect())
    }

    pub fn hold(&self, client: &str) -> Held {
        Held::connect(&self.server, client, ["Ou", &self.token, "inspection"])
    }

    /// Declarations of the office as a client is told of them.
    pub fn rows(&self, which: Range<usize>) -> Vec<Vec<Option<String>>> {
        self.declarations[which].iter().map(|id| vec![Some(id.clone())]).collect()
    }

    /// Waits until the end of a read is written down, with so many rows that went out, and these words.
    pub fn has_ended(&self, event: &str, rows: usize, words: &str) {
        let until = Instant::now() + Duration::from_mins(2);
        loop {
            let log = ["audit", "log", "--by", "Ou", "--event", event, "--json"];
            let log: Vec<Value> = serde_json::from_str(&succeed(self.server.folder(), "home", &log)).unwrap();
            let is_it = |entry: &Value| {
                entry["rows"] == rows && entry["detail"].as_str().unwrap_or_default().contains(words)
            };
            if log.iter().any(is_it) {
                return;
            }
            assert!(Instant::now() < until, "{event}, {rows} rows, {words}: {log:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn change(&self, arguments: &[&str]) {
        succeed(self.server.folder(), "home", &[arguments, &["--reason", "a test"]].concat());
    }
}

/// Statements that bring no rows.
pub fn say(held: &mut Held, statements: &[&str]) {
    for statement in statements {
        assert_eq!(held.ask(statement), Ok(Vec::new()), "{statement}");
    }
}

fn declare(name: &str) -> String {
    format!("DECLARE {name} NO SCROLL CURSOR FOR {DECLARATIONS}")
}

#[test]
fn psql_prints_the_same_by_the_piece() {
    let office = Office::open("");
    let all = &office.declarations;
    let whole = all.len().to_string();
    for sql in [
        DECLARATIONS.to_owned(),
        format!("{DECLARATIONS} LIMIT 8"),
        format!("{DECLARATIONS} LIMIT 0"),
        "SELECT count(*), min(declaration_id) FROM declaration".to_owned(),
    ] {
        let at_once = office.psql(&["-c", &sql]);
        assert!(at_once.is_ok(), "{at_once:?}");
        for count in ["1", "4", &whole, "100000"] {
            let piece = format!("FETCH_COUNT={count}");
            assert_eq!(office.psql(&["-v", &piece, "-c", &sql]), at_once, "{piece}: {sql}");
        }
    }
    office.has_ended("finished", all.len(), "");
    let refused = office.psql(&["-v", "FETCH_COUNT=7", "-c", "SELECT inclusion_probability FROM decision"]);
    assert!(refused.unwrap_err().contains("no column"));
}

#[test]
fn psql_is_told_what_became_of_each_statement() {
    let office = Office::open("");
    let all = &office.declarations;
    let open = declare("c");
    let one_by_one = [
        ["-c", "BEGIN"],
        ["-c", &open],
        ["-c", "FETCH 2 FROM c"],
        ["-c", "MOVE 3 IN c"],
        ["-c", "FETCH c"],
        ["-c", "MOVE ALL FROM c"],
        ["-c", "FETCH NEXT FROM c"],
        ["-c", "CLOSE c"],
        ["-c", "CLOSE ALL"],
        ["-c", "COMMIT"],
    ];
    let left = format!("MOVE {}", all.len() - 6);
    let expected = [
        "BEGIN",
        "DECLARE CURSOR",
        &all[0],
        &all[1],
        "MOVE 3",
        &all[5],
        &left,
        "CLOSE CURSOR",
        "CLOSE CURSOR ALL",
        "COMMIT",
    ];
    assert_eq!(office.psql(one_by_one.as_flattened()).unwrap(), expected);

    // In one text, as the driver of ODBC begins, and without a transaction of its own.
    let odbc =
        format!("BEGIN;declare \"SQL_CUR1\" cursor with hold for {DECLARATIONS};fetch 3 in \"SQL_CUR1\"");
    let printed = office.psql(&[
        "-q",
        "-c",
        &odbc,
        "-c",
        "COMMIT",
        "-c",
        "fetch 2 in \"SQL_CUR1\"",
        "-c",
        "close \"SQL_CUR1\"",
    ]);
    assert_eq!(printed.unwrap(), all[..5]);
    let text = format!("{open}; FETCH 2 FROM c; SELECT 'between' AS b; FETCH c; CLOSE c");
    assert_eq!(office.psql(&["-q", "-c", &text]).unwrap(), [all[0].as_str(), &all[1], "between", &all[2]]);
    let text = format!("{open}; FETCH c; MOVE 2 FROM c");
    assert!(office.psql(&["-q", "-c", &text]).unwrap_err().contains("send MOVE on its own"));
}

#[test]
fn drivers_and_pandas_read_through_cursors() {
    let office = Office::open("");
    let door = json!({
        "postgres": office.server.postgres, "name": "Ou", "token": office.token, "purpose": "inspection",
        "office": office.id,
    });
    let told = by_program(PROGRAM, &door);
    let all = &office.declarations;
    let some = [&all[..3], &all[5..]].concat();
    for driver in ["psycopg", "psycopg2"] {
        let read = &told[driver];
        assert_eq!(read["columns"], json!(["declaration_id"]), "{driver}");
        assert_eq!(read["some"], json!(some), "{driver}");
        assert_eq!(read["nothing"], json!([]), "{driver}");
        assert_eq!(read["pages"], json!(all), "{driver}");
        let pandas = &told["pandas"][driver];
        assert_eq!(pandas["pieces"], json!(all.chunks(20).collect::<Vec<_>>()), "{driver}");
        assert_eq!(pandas["partitions"], json!(all.chunks(5).collect::<Vec<_>>()), "{driver}");
    }
    let psycopg = &told["psycopg"];
    assert_eq!(psycopg["count"], json!(all.len()), "rows of other offices are not there");
    assert_eq!(psycopg["held"], json!(all));
    assert_eq!(psycopg["prepared"], json!([all[..2], all[2..4]]));
    assert_eq!(psycopg["streamed"], json!(all));
    let pairs = all.len() * all.len();
    assert_eq!(psycopg["pairs"], json!([pairs, pairs]));
    for (what, code, words) in [
        ("outside a transaction", "25P01", "can only be used in transaction blocks"),
        ("unknown", "34000", "cursor \"c\" does not exist"),
        ("unknown to close", "34000", "cursor \"c\" does not exist"),
        ("twice", "42P03", "cursor \"c\" already exists"),
        ("scroll", "0A000", "leave SCROLL out"),
        ("back", "55000", "cursor can only scan forward"),
        ("first", "55000", "cursor can only scan forward"),
        ("committed", "34000", "does not exist"),
        ("rolled back", "34000", "does not exist"),
        ("taken back", "34000", "does not exist"),
        ("hidden", "42703", "no column"),
        ("change", "25006", "refused"),
        ("nameless", "42601", "zero-length delimited identifier"),
        ("long name", "42622", "64 bytes long: 63 is the most"),
    ] {
        let refused = &told["refused"][what];
        assert_eq!(refused[0], code, "{what}: {refused}");
        assert!(refused[1].as_str().unwrap().contains(words), "{what}: {refused}");
    }
}

#[test]
fn what_went_out_of_a_cursor_is_written_down_when_it_ends() {
    let office = Office::open("");
    let mut held = office.hold("psycopg");
    say(&mut held, &["BEGIN", &declare("c")]);
    assert_eq!(held.ask("FETCH 3 FROM c"), Ok(office.rows(0..3)));
    say(&mut held, &["MOVE 2 FROM c"]);
    assert_eq!(held.ask("FETCH c"), Ok(office.rows(5..6)));
    say(&mut held, &["CLOSE c"]);
    office.has_ended("finished", 4, "its reader closed it");

    say(&mut held, &[declare("c").as_str()]);
    assert_eq!(held.ask("FETCH 2 FROM c"), Ok(office.rows(0..2)));
    say(&mut held, &["COMMIT"]);
    office.has_ended("finished", 2, "its reader closed it");

    let all = office.declarations.len();
    say(&mut held, &["BEGIN", &declare("c")]);
    assert_eq!(held.ask("FETCH ALL FROM c"), Ok(office.rows(0..all)));
    office.has_ended("finished", all, "");
    say(&mut held, &["FETCH c", "ROLLBACK", "BEGIN", &declare("c")]);
    assert_eq!(held.ask("FETCH c"), Ok(office.rows(0..1)));
    drop(held);
    office.has_ended("failed", 1, "the reader left before the end");
}

#[test]
fn a_cursor_has_the_rights_of_the_moment() {
    let office = Office::open("");
    let mut held = office.hold("psycopg");
    say(&mut held, &["BEGIN", &declare("c")]);
    assert_eq!(held.ask("FETCH 2 FROM c"), Ok(office.rows(0..2)));
    office.change(&["people", "change", "Ou", "--office", "nowhere"]);
    std::thread::sleep(Duration::from_millis(1_100));
    let refused = held.ask("FETCH 2 FROM c").unwrap_err();
    assert!(refused.contains("what it may be was changed"), "{refused}");
    office.has_ended("failed", 2, "what it may be was changed");
    let refused = held.ask("FETCH 2 FROM c").unwrap_err();
    assert!(refused.contains("was broken off"), "{refused}");
    say(&mut held, &["ROLLBACK", "BEGIN", &declare("c"), "FETCH ALL FROM c"]);
    office.change(&["people", "disable", "Ou"]);
    let refused = held.ask("FETCH c").unwrap_err();
    assert!(refused.contains("`Ou` is not admitted any more"), "{refused}");
}

#[test]
fn a_cursor_takes_a_place_among_the_readers_queries_as_long_as_a_query_may_run() {
    let office = Office::open("[reading]\nqueries = 2\nseconds = 20\n");
    let mut held = office.hold("psycopg");
    let is_free = || office.psql(&["-c", "SELECT 1"]);
    let taken = || is_free().is_err_and(|refused| refused.contains("queries at once: 2 is the most"));
    say(&mut held, &["BEGIN", &declare("a"), &declare("b")]);
    assert!(taken());
    say(&mut held, &["CLOSE a"]);
    assert_eq!(is_free().unwrap(), ["1"]);
    let all = office.declarations.len();
    assert_eq!(held.ask("FETCH ALL FROM b"), Ok(office.rows(0..all)));
    say(&mut held, &[declare("a").as_str(), &declare("c")]);
    assert!(taken(), "b has no rows left and takes none");
    assert_eq!(held.ask("FETCH 2 FROM a"), Ok(office.rows(0..2)));
    // Nobody comes for the rest.
    office.has_ended("failed", 2, "the cursor was open too long: 20 seconds is the most");
    office.has_ended("failed", 0, "the cursor was open too long: 20 seconds is the most");
    assert_eq!(is_free().unwrap(), ["1"]);
    let refused = held.ask("FETCH 2 FROM a").unwrap_err();
    assert!(refused.contains("the cursor was open too long"), "{refused}");
}
