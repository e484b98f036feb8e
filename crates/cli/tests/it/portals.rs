//! Portals at the door of PostgreSQL that a client executes piece by piece, as the driver of JDBC does with `setFetchSize`; here
//! asyncpg: what becomes of the rows that are left.

use crate::conversation::{message, said, start_up};
use crate::cursors::{DECLARATIONS, Office, say};
use std::time::Duration;

/// Tells asyncpg to bind a portal over the declarations.
fn bind(portal: &str) -> String {
    format!("bind {portal} {DECLARATIONS}")
}

#[test]
fn what_was_executed_of_a_portal_went_out_and_nothing_else() {
    // Pieces and batches begin and end at different rows.
    let office = Office::open("[engine]\nbatch_rows = 4\n");
    let mut held = office.hold("asyncpg");
    say(&mut held, &["BEGIN", &bind("p")]);
    assert_eq!(held.ask("fetch p 3"), Ok(office.rows(0..3)));
    say(&mut held, &["SELECT 'between'"]);
    assert_eq!(held.ask("fetch p 4"), Ok(office.rows(3..7)));
    say(&mut held, &["close p"]);
    office.has_ended("finished", 7, "its reader closed it");

    // With the transaction, in the pieces of another portal too.
    say(&mut held, &[bind("p").as_str(), &bind("q")]);
    assert_eq!(held.ask("fetch p 1"), Ok(office.rows(0..1)));
    assert_eq!(held.ask("fetch q 2"), Ok(office.rows(0..2)));
    assert_eq!(held.ask("fetch p 5"), Ok(office.rows(1..6)));
    say(&mut held, &["COMMIT"]);
    office.has_ended("finished", 6, "its reader closed it");
    office.has_ended("finished", 2, "its reader closed it");

    // Without one, the first row of a portal that has no name.
    assert_eq!(held.bind(DECLARATIONS), Ok(office.rows(0..1)));
    office.has_ended("finished", 1, "its reader closed it");

    // To the end, the last piece being empty.
    say(&mut held, &["BEGIN", &format!("{} LIMIT 9", bind("p"))]);
    assert_eq!(held.ask("fetch p 9"), Ok(office.rows(0..9)));
    say(&mut held, &["fetch p 1"]);
    office.has_ended("finished", 9, "");
    say(&mut held, &["ROLLBACK", "BEGIN", &bind("p")]);
    assert_eq!(held.ask("fetch p 5"), Ok(office.rows(0..5)));
    drop(held);
    office.has_ended("failed", 5, "the reader left before the end");
}

#[test]
fn a_fetch_of_a_cursor_goes_out_piece_by_piece_too() {
    let office = Office::open("");
    let mut held = office.hold("asyncpg");
    say(&mut held, &["BEGIN", &format!("DECLARE c CURSOR FOR {DECLARATIONS}"), "bind f FETCH 5 FROM c"]);
    assert_eq!(held.ask("fetch f 2"), Ok(office.rows(0..2)));
    assert_eq!(held.ask("fetch f 4"), Ok(office.rows(2..5)));
    say(&mut held, &["MOVE 1 FROM c", "bind g FETCH 4 FROM c"]);
    assert_eq!(held.ask("fetch g 3"), Ok(office.rows(6..9)));
    let refused = held.ask("MOVE 1 FROM c").unwrap_err();
    assert!(refused.contains("has a FETCH before it that has not gone out yet"), "{refused}");
    say(&mut held, &["ROLLBACK"]);
    office.has_ended("finished", 8, "its reader closed it");
}

#[test]
fn a_portal_has_the_rights_of_the_moment() {
    let office = Office::open("");
    let mut held = office.hold("asyncpg");
    say(&mut held, &["BEGIN", &bind("p")]);
    assert_eq!(held.ask("fetch p 2"), Ok(office.rows(0..2)));
    office.change(&["people", "change", "Ou", "--office", "nowhere"]);
    std::thread::sleep(Duration::from_millis(1_100));
    let refused = held.ask("fetch p 2").unwrap_err();
    assert!(refused.contains("what it may be was changed"), "{refused}");
    office.has_ended("failed", 2, "what it may be was changed");
    let refused = held.ask("fetch p 2").unwrap_err();
    assert!(refused.contains("was broken off"), "{refused}");

    office.change(&["people", "change", "Ou", "--office", &office.id]);
    say(&mut held, &["ROLLBACK", "BEGIN", &bind("p")]);
    assert_eq!(held.ask("fetch p 3"), Ok(office.rows(0..3)));
    office.change(&["people", "disable", "Ou"]);
    let refused = held.ask("fetch p 1").unwrap_err();
    assert!(refused.contains("`Ou` is not admitted any more"), "{refused}");
    office.has_ended("failed", 3, "the reader left before the end");
}

#[test]
fn a_portal_takes_a_place_among_the_readers_queries_as_long_as_a_query_may_run() {
    let office = Office::open("[reading]\nqueries = 2\nseconds = 20\n");
    let mut held = office.hold("asyncpg");
    let is_free = || office.psql(&["-c", "SELECT 1"]);
    let taken = || is_free().is_err_and(|refused| refused.contains("queries at once: 2 is the most"));
    say(&mut held, &["BEGIN", &bind("a"), &bind("b")]);
    assert_eq!(held.ask("fetch a 1"), Ok(office.rows(0..1)));
    assert_eq!(held.ask("fetch b 1"), Ok(office.rows(0..1)));
    assert!(taken());
    say(&mut held, &["close a"]);
    assert_eq!(is_free().unwrap(), ["1"]);
    let all = office.declarations.len();
    assert_eq!(held.ask(&format!("fetch b {}", all + 1)), Ok(office.rows(1..all)));
    say(&mut held, &["ROLLBACK", "BEGIN", &bind("a"), &bind("b")]);
    assert_eq!(held.ask("fetch a 2"), Ok(office.rows(0..2)));
    assert_eq!(held.ask("fetch b 3"), Ok(office.rows(0..3)));
    assert!(taken());
    // Nobody comes for the rest.
    office.has_ended("failed", 2, "the cursor was open too long: 20 seconds is the most");
    office.has_ended("failed", 3, "the cursor was open too long: 20 seconds is the most");
    assert_eq!(is_free().unwrap(), ["1"]);
    for _ in 0..2 {
        let refused = held.ask("fetch a 2").unwrap_err();
        assert!(refused.contains("the cursor was open too long"), "{refused}");
    }
}

/// What the door says behind a log-in to words of a transaction that has a cursor, `x`, and a prepared statement over the declarations.
/// No driver binds a portal under the name of a cursor or of another portal, so that the messages are written here.
fn told(office: &Office, then: &[Vec<u8>]) -> Vec<(char, String)> {
    let words = [
        start_up("Ou", "inspection"),
        message("p", &format!("{}\0", office.token)),
        message("Q", "BEGIN; DECLARE x CURSOR FOR SELECT 1 AS of_x\0"),
        message("P", &format!("\0{DECLARATIONS}\0\0\0")),
        then.concat(),
        message("S", ""),
        message("X", ""),
    ];
    said(office.server.postgres, &words.concat())
}

fn bound(portal: &str) -> Vec<u8> {
    message("B", &format!("{portal}\0\0\0\0\0\0\0\0"))
}

/// Binds, by the names of a portal and a statement, so many forms of values, values and forms of columns.
fn bound_with(names: &str, [forms, values, columns]: [u8; 3]) -> Vec<u8> {
    let some = |count: u8, each: &str| format!("\0{}{}", char::from(count), each.repeat(count.into()));
    let (forms, values, columns) = (some(forms, "\0\0"), some(values, "\0\0\0\x01a"), some(columns, "\0\0"));
    message("B", &format!("{names}{forms}{values}{columns}"))
}

fn executed(portal: &str, most: u8) -> Vec<u8> {
    message("E", &format!("{portal}\0\0\0\0{}", char::from(most)))
}

fn text(sql: &str) -> Vec<u8> {
    message("Q", &format!("{sql}\0"))
}

fn prepared(name: &str, sql: &str) -> Vec<u8> {
    message("P", &format!("{name}\0{sql}\0\0\0"))
}

fn sync() -> Vec<u8> {
    message("S", "")
}

fn refusals(said: &[(char, String)]) -> Vec<&str> {
    said.iter().filter(|(kind, _)| *kind == 'E').map(|(_, told)| told.as_str()).collect()
}

#[test]
fn each_piece_of_a_portal_ends_with_what_is_so() {
    let office = Office::open("");
    let said =
        told(&office, &[bound("p"), executed("p", 2), executed("p", 3), executed("p", 0), executed("p", 1)]);
    let begins = said.iter().position(|(kind, _)| *kind == '2').unwrap();
    let kinds: String = said[begins..].iter().map(|(kind, _)| *kind).collect();
    let left = office.declarations.len() - 5;
    assert_eq!(kinds, format!("2DDsDDDs{}CCZ", "D".repeat(left)), "{said:?}");
    let ends = said[begins..].iter().filter(|(kind, _)| *kind == 'C').map(|(_, end)| end.as_str());
    assert_eq!(ends.collect::<Vec<_>>(), [format!("SELECT {left}\0").as_str(), "SELECT 0\0"]);
}

#[test]
fn cursors_and_portals_have_their_names_together() {
    let office = Office::open("");
    for (then, code, words) in [
        ([bound("x"), sync(), sync()], "42P03", "cursor \"x\" already exists"),
        ([bound("p"), bound("p"), sync()], "42P03", "cursor \"p\" already exists"),
        ([bound("p"), sync(), text("DECLARE p CURSOR FOR SELECT 1")], "42P03", "cursor \"p\" already exists"),
        ([bound("p"), sync(), text("FETCH 2 FROM p")], "0A000", "\"p\" is a portal"),
        ([bound("p"), executed("p", 1), text("MOVE p")], "0A000", "\"p\" is a portal"),
        ([bound("p"), sync(), text("CLOSE p")], "0A000", "\"p\" is a portal"),
    ] {
        let said = told(&office, &then);
        let refused = refusals(&said);
        assert_eq!(refused.len(), 1, "{said:?}");
        assert!(refused[0].contains(code) && refused[0].contains(words), "{refused:?}");
    }
    // A name is free when its portal is closed, and one without a name takes the place of another.
    let close = message("C", "Pp\0");
    let described = ["Px\0", "Pp\0"].map(|portal| message("D", portal)).concat();
    let said = told(&office, &[bound("p"), close, bound("p"), bound(""), bound(""), described]);
    assert!(said.iter().all(|(kind, _)| *kind != 'E'), "{said:?}");
    let columns: Vec<&str> =
        said.iter().filter(|(kind, _)| *kind == 'T').map(|(_, columns)| columns.as_str()).collect();
    assert!(columns.len() == 2 && columns[0].contains("of_x"), "{columns:?}");
    assert!(columns[1].contains("declaration_id"), "{columns:?}");
}

#[test]
fn each_value_and_each_column_that_is_bound_has_a_form() {
    let office = Office::open("");
    // Of a cursor that is there when it is bound, and of one that is declared before it is fetched.
    let fetch = |cursor: &str| prepared("f", &format!("FETCH 1 FROM {cursor}"));
    let later = [sync(), text("DECLARE y CURSOR FOR SELECT 1 AS a"), executed("f", 0)];
    for (then, words) in [
        (vec![bound_with("\0\0", [2, 0, 0])], "bind message has 2 parameter formats but 0 parameters"),
        (vec![bound_with("\0\0", [0, 0, 2])], "bind message has 2 result formats but query has 1 columns"),
        (vec![fetch("x"), bound_with("f\0f\0", [0, 0, 2])], "has 2 result formats but query has 1 columns"),
        (
            [vec![fetch("y"), bound_with("f\0f\0", [0, 0, 2])], later.to_vec()].concat(),
            "has 2 result formats but query has 1 columns",
        ),
    ] {
        let said = told(&office, &then);
        let refused = refusals(&said);
        assert!(refused.len() == 1 && refused[0].contains("08P01"), "{said:?}");
        assert!(refused[0].contains(words), "{refused:?}");
        assert_eq!(said.last().map(|(kind, _)| *kind), Some('Z'), "the connection goes on: {said:?}");
    }
    let said = told(&office, &[bound_with("\0\0", [0, 1, 0])]);
    let words = "bind message supplies 1 parameters, but prepared statement \"\" requires 0";
    assert!(refusals(&said).iter().any(|told| told.contains("08P01") && told.contains(words)), "{said:?}");
    let said = told(&office, &[bound_with("p\0\0", [1, 0, 1]), executed("p", 2)]);
    assert!(refusals(&said).is_empty(), "a form of all: {said:?}");
}

#[test]
fn a_connection_has_so_many_portals_and_prepared_statements() {
    let office = Office::open("");
    let many = |message: &dyn Fn(&str) -> Vec<u8>, most: usize| -> Vec<u8> {
        (0..=most).flat_map(|number| message(&format!("n{number}"))).collect()
    };
    let count =
        |said: &[(char, String)], wanted: char| said.iter().filter(|(kind, _)| *kind == wanted).count();
    let said = told(&office, &[many(&bound, 100)]);
    let refused = refusals(&said);
    assert!(refused.len() == 1 && refused[0].contains("54000"), "{refused:?}");
    assert!(refused[0].contains("100 portals are open"), "{refused:?}");
    assert_eq!(count(&said, '2'), 100);

    let empty = |name: &str| prepared(name, "");
    let bind_what_is_gone = bound_with("\0n7\0", [0, 0, 0]);
    let then = [sync(), text("DEALLOCATE n7"), empty("again"), bind_what_is_gone];
    let said = told(&office, &[vec![many(&empty, 2_000)], then.to_vec()].concat());
    let refused = refusals(&said);
    assert!(refused.len() == 2 && refused[0].contains("54000"), "{refused:?}");
    assert!(refused[0].contains("2000 statements are prepared"), "{refused:?}");
    assert!(refused[1].contains("26000"), "{refused:?}");
    assert_eq!(count(&said, '1'), 2_002, "with that which is always there, and one in the place of another");
}

#[test]
fn a_portal_without_rows_acts_once() {
    let office = Office::open("");
    let declare = format!("DECLARE c CURSOR FOR {DECLARATIONS}");
    let moving = [prepared("m", "MOVE 2 FROM c"), bound_with("m\0m\0", [0, 0, 0])].concat();
    let said = told(&office, &[text(&declare), moving, executed("m", 0), executed("m", 0)]);
    let moved = said.iter().filter(|(kind, told)| *kind == 'C' && told.starts_with("MOVE"));
    assert_eq!(moved.map(|(_, told)| told.as_str()).collect::<Vec<_>>(), ["MOVE 2\0"], "{said:?}");
    let refused = refusals(&said);
    assert!(refused.len() == 1 && refused[0].contains("55000"), "{refused:?}");
    assert!(refused[0].contains("portal \"m\" cannot be run"), "{refused:?}");
}

#[test]
fn a_portal_ends_when_the_savepoint_before_it_is_rolled_back_to() {
    let office = Office::open("");
    let back = "ROLLBACK TO s";
    let executed_back =
        [prepared("r", back), bound_with("\0r\0", [0, 0, 0]), executed("", 0), sync()].concat();
    let begun = || [bound("a"), text("SAVEPOINT s"), bound("b"), executed("b", 2), sync()].concat();
    for back in [executed_back, text(back)] {
        let said = told(&office, &[begun(), back.clone(), bound("b"), executed("a", 1), executed("b", 1)]);
        assert!(refusals(&said).is_empty(), "its name is free: {said:?}");
        let said = told(&office, &[begun(), back, executed("b", 1)]);
        let refused = refusals(&said);
        assert!(refused.len() == 1 && refused[0].contains("Portal not found"), "{refused:?}");
    }
    office.has_ended("finished", 2, "its reader closed it");
}
