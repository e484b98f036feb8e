//! Whether a text can be read as SQL: the parser makes a level of its tree of every operator, however many there are, and tries
//! what stands in brackets after a word in several ways, each of which tries what is in it in several ways.

use super::more_than;
use crate::QueryError;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// Most operators, the parser's recursion not counted: what takes trees apart and copies them goes down a level for each.
const MOST_OPERATORS: usize = 2_000;

/// Most words and signs, each counted as often as the parser may look at it: some seconds of work.
const MOST_LOOKS: usize = 1_000_000;

/// How often the parser tries what is in brackets after a name, and after one that has a form of its own.
const TRIES_OF_NAMES: usize = 2;
const TRIES_OF_FORMS: usize = 4;

/// Makes sure that a text can be read as SQL in a moment.
///
/// # Errors
/// [`QueryError::TooMuch`] when it has too many operators, or functions too deep in functions.
pub fn check_text(sql: &str) -> Result<(), QueryError> {
    // What is no SQL is told by who reads it.
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location() else {
        return Ok(());
    };
    let mut tokens = Parser::new(&PostgreSqlDialect {}).with_tokens_with_locations(tokens);
    let mut operators = 0;
    let mut looks = Looks::default();
    loop {
        operators += usize::from(is_operator(&tokens));
        let token = tokens.next_token().token;
        if token == Token::EOF {
            return Ok(());
        }
        looks.at(&token);
        if operators > MOST_OPERATORS {
            return Err(more_than("operators of a statement", MOST_OPERATORS, "compare with a list (`IN`)"));
        }
        if looks.all > MOST_LOOKS {
            return Err(more_than(
                "words of a statement, twice for each function and four times for each cast that they stand in",
                MOST_LOOKS,
                "name what is computed in subqueries",
            ));
        }
    }
}

/// Whether the next of the tokens makes what was before it a part of something larger.
fn is_operator(tokens: &Parser<'_>) -> bool {
    match &tokens.peek_token_ref().token {
        Token::Period => false,
        Token::Word(word)
            if matches!(word.keyword, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT) =>
        {
            true
        }
        _ => tokens.get_next_precedence().is_ok_and(|precedence| precedence > 0),
    }
}

/// How often the parser may look at the tokens so far.
struct Looks {
    all: usize,
    /// For each bracket that is open, how often at what is in it.
    within: Vec<usize>,
    /// How often at the content of a bracket that may come next.
    tries: usize,
}

impl Default for Looks {
    fn default() -> Self {
        Self { all: 0, within: vec![1], tries: 1 }
    }
}

impl Looks {
    fn at(&mut self, token: &Token) {
        let here = self.within.last().copied().unwrap_or(1);
        self.all = self.all.saturating_add(here);
        let tries = std::mem::replace(&mut self.tries, 1);
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => self.within.push(here.saturating_mul(tries)),
            Token::RParen | Token::RBracket | Token::RBrace => self.leave(),
            Token::Word(word) => match word.keyword {
                Keyword::CASE => self.within.push(here.saturating_mul(TRIES_OF_NAMES)),
                Keyword::END => self.leave(),
                // What these stand before is tried once.
                Keyword::AND
                | Keyword::AS
                | Keyword::BY
                | Keyword::ELSE
                | Keyword::EXISTS
                | Keyword::FROM
                | Keyword::HAVING
                | Keyword::IN
                | Keyword::JOIN
                | Keyword::NOT
                | Keyword::ON
                | Keyword::OR
                | Keyword::OVER
                | Keyword::SELECT
                | Keyword::THEN
                | Keyword::USING
                | Keyword::WHEN
                | Keyword::WHERE => {}
                Keyword::CAST
                | Keyword::CEIL
                | Keyword::CONVERT
                | Keyword::EXTRACT
                | Keyword::FLOOR
                | Keyword::OVERLAY
                | Keyword::POSITION
                | Keyword::SAFE_CAST
                | Keyword::STRUCT
                | Keyword::SUBSTR
                | Keyword::SUBSTRING
                | Keyword::TRIM
                | Keyword::TRY_CAST => self.tries = TRIES_OF_FORMS,
                _ => self.tries = TRIES_OF_NAMES,
            },
            _ => {}
        }
    }

    fn leave(&mut self) {
        if self.within.len() > 1 {
            self.within.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(open: &str, inner: &str, close: &str, levels: usize) -> String {
        format!("SELECT {}{inner}{}", open.repeat(levels), close.repeat(levels))
    }

    #[test]
    fn what_people_write_is_read() {
        let list = vec!["'9131000000000000'"; 30_000].join(", ");
        let either = vec!["office_id = '1101' AND month = '2025-03'"; 400].join(" OR ");
        let kinds = "CASE WHEN score > 0.5 THEN 'high' ELSE ".repeat(12) + "'low'" + &" END".repeat(12);
        for sql in [
            format!("SELECT count(*) FROM declaration WHERE importer_id IN ({list})"),
            format!("SELECT count(*) FROM declaration WHERE {either}"),
            format!("SELECT {kinds} FROM decision"),
            nested(
                "round(CAST(coalesce(nullif(trim(replace(",
                "x",
                ", 'a', '')), ''), '0') AS DOUBLE), 2)",
                1,
            ),
            nested("(SELECT max(x) FROM ", "t", ")", 15),
            nested("replace(", "x", ", 'a', 'b')", 13),
            nested("(CASE WHEN (x > 1) THEN 'x' ELSE ", "'y'", " END)", 12),
            nested("CAST(", "x", " AS DOUBLE)", 7),
            "not 'SQL".to_owned(),
        ] {
            check_text(&sql).unwrap();
        }
    }

    #[test]
    fn what_nobody_could_read_is_refused() {
        for sql in [
            nested("1 + ", "1", "", 500_000),
            nested("1 :: INT ", "", "", 100_000),
            nested("1 UNION SELECT ", "1", "", 100_000),
            nested("CAST(1 AS ARRAY<", "INT", ">)", 5_000),
            nested("abs(", "1", ")", 20),
            nested("CAST(", "1 !!", " AS INT)", 12),
            nested("POSITION(", "1 !!", " IN 'x')", 12),
            nested("CASE WHEN 1 THEN ", "1 !!", " END", 22),
        ] {
            let refused = check_text(&sql).unwrap_err().to_string();
            assert!(refused.contains("is the most"), "{refused}");
        }
    }
}
