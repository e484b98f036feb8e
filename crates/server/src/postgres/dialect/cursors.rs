//! Statements about cursors, as clients write them: `DECLARE`, `FETCH`, `MOVE` and `CLOSE`. The library does not know `MOVE`, and
//! wants words that PostgreSQL lets one leave out.

use super::folded;
use sqlparser::ast::Statement;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// A statement of a text.
#[derive(Debug, PartialEq)]
pub(in super::super) enum Asked {
    /// It is about no cursor.
    Plain(Box<Statement>),
    /// It opens a cursor.
    Declare(Declare),
    /// It goes on with one.
    Fetch(Fetch),
    /// It closes one, or all.
    Close(Option<String>),
}

impl Asked {
    /// Name of the cursor that it is about, where it is about one.
    pub(in super::super) fn cursor(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::Declare(declare) => Some(&declare.name),
            Self::Fetch(fetch) => Some(&fetch.name),
            Self::Close(name) => name.as_deref(),
        }
    }
}

/// A cursor that is to be opened.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Declare {
    pub(in super::super) name: String,
    pub(in super::super) query: Box<Statement>,
    /// Whether values are wanted as they are in memory, where a client does not say it.
    pub(in super::super) is_binary: bool,
    /// Whether it outlives its transaction.
    pub(in super::super) is_held: bool,
    /// Whether it is to go back as well.
    pub(in super::super) scrolls: bool,
}

/// Rows that are wanted of a cursor, or passed by.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Fetch {
    pub(in super::super) name: String,
    pub(in super::super) rows: Ahead,
    /// Whether they are passed by.
    pub(in super::super) is_move: bool,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Ahead {
    /// All that are left.
    All,
    /// So many of the next, one or more.
    Next(usize),
    /// Others than the next.
    Elsewhere,
}

/// Words between the name of a cursor and its query, in any order.
const OPTIONS: &[Keyword] = &[
    Keyword::ASENSITIVE,
    Keyword::BINARY,
    Keyword::CURSOR,
    Keyword::INSENSITIVE,
    Keyword::NO,
    Keyword::SCROLL,
];

/// Where rows are, in words; without one they are the next.
const DIRECTIONS: &[Keyword] = &[
    Keyword::ABSOLUTE,
    Keyword::BACKWARD,
    Keyword::FIRST,
    Keyword::FORWARD,
    Keyword::LAST,
    Keyword::PRIOR,
    Keyword::RELATIVE,
];

/// The statements of a text, if one of them is about a cursor and all can be read.
pub(super) fn read(sql: &str) -> Option<Vec<Asked>> {
    let lower = sql.to_ascii_lowercase();
    if !["declare", "fetch", "move", "close"].iter().any(|word| lower.contains(word)) {
        return None;
    }
    let all = statements(sql).ok()?;
    all.iter().any(|asked| !matches!(asked, Asked::Plain(_))).then_some(all)
}

fn statements(sql: &str) -> Result<Vec<Asked>, ParserError> {
    let dialect = PostgreSqlDialect {};
    let mut parser = Parser::new(&dialect).try_with_sql(sql)?;
    let mut all = Vec::new();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        if parser.peek_token_ref().token == Token::EOF {
            return Ok(all);
        }
        all.push(statement(&mut parser)?);
        let next = parser.peek_token_ref();
        if !matches!(next.token, Token::SemiColon | Token::EOF) {
            return parser.expected_ref("end of statement", next);
        }
    }
}

fn statement(parser: &mut Parser<'_>) -> Result<Asked, ParserError> {
    match parser.parse_one_of_keywords(&[Keyword::DECLARE, Keyword::FETCH, Keyword::CLOSE]) {
        Some(Keyword::DECLARE) => declare(parser),
        Some(Keyword::FETCH) => fetch(parser, false),
        Some(_) => close(parser),
        None if is_move(parser) => {
            parser.advance_token();
            fetch(parser, true)
        }
        None => Ok(Asked::Plain(Box::new(parser.parse_statement()?))),
    }
}

/// `MOVE` is no keyword of the library.
fn is_move(parser: &Parser<'_>) -> bool {
    matches!(
        &parser.peek_token_ref().token,
        Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("move")
    )
}

fn declare(parser: &mut Parser<'_>) -> Result<Asked, ParserError> {
    let name = name(parser)?;
    let (mut is_binary, mut scrolls) = (false, false);
    loop {
        match parser.parse_one_of_keywords(OPTIONS) {
            Some(Keyword::CURSOR) => break,
            Some(Keyword::BINARY) => is_binary = true,
            Some(Keyword::SCROLL) => scrolls = true,
            Some(Keyword::NO) => parser.expect_keyword_is(Keyword::SCROLL)?,
            // Every cursor is insensitive: its rows are of one state of the tables.
            Some(_) => {}
            None => parser.expect_keyword_is(Keyword::CURSOR)?,
        }
    }
    let is_held = match parser.parse_one_of_keywords(&[Keyword::WITH, Keyword::WITHOUT]) {
        Some(word) => {
            parser.expect_keyword_is(Keyword::HOLD)?;
            word == Keyword::WITH
        }
        None => false,
    };
    parser.expect_keyword_is(Keyword::FOR)?;
    let query = Box::new(Statement::Query(parser.parse_query()?));
    Ok(Asked::Declare(Declare { name, query, is_binary, is_held, scrolls }))
}

fn fetch(parser: &mut Parser<'_>, is_move: bool) -> Result<Asked, ParserError> {
    let rows = rows(parser)?;
    let _ = parser.parse_one_of_keywords(&[Keyword::FROM, Keyword::IN]);
    Ok(Asked::Fetch(Fetch { name: name(parser)?, rows, is_move }))
}

fn close(parser: &mut Parser<'_>) -> Result<Asked, ParserError> {
    let name = if parser.parse_keyword(Keyword::ALL) { None } else { Some(name(parser)?) };
    Ok(Asked::Close(name))
}

fn name(parser: &mut Parser<'_>) -> Result<String, ParserError> {
    Ok(folded(&parser.parse_identifier()?))
}

fn rows(parser: &mut Parser<'_>) -> Result<Ahead, ParserError> {
    if parser.parse_keyword(Keyword::NEXT) {
        return Ok(Ahead::Next(1));
    }
    let direction = parser.parse_one_of_keywords(DIRECTIONS);
    let rows = if parser.parse_keyword(Keyword::ALL) { Ahead::All } else { count(parser)? };
    Ok(match direction {
        None | Some(Keyword::FORWARD) => rows,
        Some(_) => Ahead::Elsewhere,
    })
}

/// A number with its sign, where there is one; without one it is one row.
fn count(parser: &mut Parser<'_>) -> Result<Ahead, ParserError> {
    let is_back = parser.consume_token(&Token::Minus);
    let is_signed = is_back || parser.consume_token(&Token::Plus);
    if !is_signed && !matches!(parser.peek_token_ref().token, Token::Number(..)) {
        return Ok(Ahead::Next(1));
    }
    let rows = usize::try_from(parser.parse_literal_uint()?).unwrap_or(usize::MAX);
    // None at all is the row on which the cursor stands.
    Ok(if is_back || rows == 0 { Ahead::Elsewhere } else { Ahead::Next(rows) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The only statement of a text, which is about a cursor.
    fn only(sql: &str) -> Asked {
        let mut all = read(sql).unwrap_or_else(|| panic!("{sql} is about no cursor"));
        assert_eq!(all.len(), 1, "{sql}");
        all.remove(0)
    }

    #[test]
    fn cursors_are_declared_as_clients_do() {
        // Name, query, and whether it is binary, held, and scrolls.
        for (sql, name, query, is) in [
            ("DECLARE _psql_cursor NO SCROLL CURSOR FOR\nSELECT 1", "_psql_cursor", "SELECT 1", [false; 3]),
            ("DECLARE \"C 1\" CURSOR FOR SELECT $1;", "C 1", "SELECT $1", [false; 3]),
            ("DECLARE \"c\" CURSOR WITHOUT HOLD FOR VALUES (1)", "c", "VALUES (1)", [false; 3]),
            (
                "declare \"SQL_CUR1\" cursor with hold for select 'it''s'",
                "SQL_CUR1",
                "SELECT 'it''s'",
                [false, true, false],
            ),
            (
                "DECLARE C BINARY CURSOR FOR WITH a AS (SELECT 1) SELECT * FROM a",
                "c",
                "WITH a AS (SELECT 1) SELECT * FROM a",
                [true, false, false],
            ),
            ("DECLARE c INSENSITIVE SCROLL CURSOR FOR SELECT 1", "c", "SELECT 1", [false, false, true]),
            ("DECLARE c SCROLL BINARY ASENSITIVE CURSOR FOR SELECT 1", "c", "SELECT 1", [true, false, true]),
        ] {
            let Asked::Declare(declare) = only(sql) else { panic!("{sql}") };
            assert_eq!((declare.name.as_str(), declare.query.to_string().as_str()), (name, query));
            assert_eq!([declare.is_binary, declare.is_held, declare.scrolls], is, "{sql}");
        }
    }

    #[test]
    fn rows_are_fetched_and_passed_by_with_and_without_words() {
        for (sql, rows, is_move) in [
            ("FETCH c", Ahead::Next(1), false),
            ("FETCH FROM c", Ahead::Next(1), false),
            ("FETCH NEXT IN c", Ahead::Next(1), false),
            ("fetch 100 in \"c\"", Ahead::Next(100), false),
            ("FETCH +5 c", Ahead::Next(5), false),
            ("FETCH FORWARD c", Ahead::Next(1), false),
            ("FETCH FORWARD 1000 FROM C", Ahead::Next(1000), false),
            ("FETCH FORWARD ALL FROM \"c\"", Ahead::All, false),
            ("FETCH ALL c;", Ahead::All, false),
            ("MOVE 10 FROM c", Ahead::Next(10), true),
            ("move forward all in c", Ahead::All, true),
            ("FETCH -1 FROM c", Ahead::Elsewhere, false),
            ("FETCH 0 FROM c", Ahead::Elsewhere, false),
            ("FETCH PRIOR FROM c", Ahead::Elsewhere, false),
            ("FETCH FIRST c", Ahead::Elsewhere, false),
            ("FETCH LAST IN c", Ahead::Elsewhere, false),
            ("FETCH RELATIVE 2 FROM c", Ahead::Elsewhere, false),
            ("FETCH BACKWARD ALL FROM c", Ahead::Elsewhere, false),
            ("MOVE ABSOLUTE 0 FROM c", Ahead::Elsewhere, true),
        ] {
            assert_eq!(only(sql), Asked::Fetch(Fetch { name: "c".to_owned(), rows, is_move }), "{sql}");
        }
    }

    #[test]
    fn one_cursor_is_closed_or_all() {
        assert_eq!(only("CLOSE \"C\""), Asked::Close(Some("C".to_owned())));
        assert_eq!(only("close all"), Asked::Close(None));
    }

    #[test]
    fn statements_stand_beside_each_other_in_a_text() {
        let sql = ";BEGIN; DECLARE c CURSOR FOR SELECT ';' ; ;FETCH 2 FROM c; SELECT 1; CLOSE c; COMMIT;";
        let all = read(sql).unwrap();
        let plain: Vec<bool> = all.iter().map(|asked| matches!(asked, Asked::Plain(_))).collect();
        assert_eq!(plain, [true, false, false, true, false, true]);
    }

    #[test]
    fn what_is_about_no_cursor_or_cannot_be_read_is_left_to_others() {
        for sql in [
            "SELECT fetched FROM declaration",
            "SELECT close, move FROM prices",
            "SELECT 1 FETCH FIRST 5 ROWS ONLY",
            "\"move\" 5 FROM c",
            "DECLARE c CURSOR",
            "DECLARE c NO CURSOR FOR SELECT 1",
            "DECLARE c CURSOR FOR",
            "FETCH 5 FROM c INTO t",
            "FETCH 1.5 FROM c",
            "FETCH ALL",
            "CLOSE",
            "MOVE",
        ] {
            assert_eq!(read(sql), None, "{sql}");
        }
    }
}
