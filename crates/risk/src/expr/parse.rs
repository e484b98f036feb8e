//! Text to syntax tree, within the limits, with every error placed.

use sqlparser::ast::Expr;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{self, Token, Tokenizer};

use super::error::{ExpressionError, Location, Problem};
use super::limits::{MAX_NESTING, MAX_TEXT_BYTES, MAX_TOKENS};

/// Reads one SQL expression that takes up the whole of `sql`.
pub(super) fn parse(sql: &str, at: &Location) -> Result<Expr, ExpressionError> {
    let fail = |at, problem| Err(ExpressionError { at, problem });
    if sql.len() > MAX_TEXT_BYTES {
        return fail(at.clone(), Problem::TooLarge { what: "bytes of text", limit: MAX_TEXT_BYTES });
    }
    let dialect = GenericDialect {};
    let tokens = match Tokenizer::new(&dialect, sql).tokenize_with_location() {
        Ok(tokens) => tokens,
        Err(error) => return fail(place(at, error.location), Problem::Syntax(error.message)),
    };
    let words = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if words == 0 {
        return fail(at.clone(), Problem::Syntax("the text is empty".to_owned()));
    }
    if words > MAX_TOKENS {
        return fail(at.clone(), Problem::TooLarge { what: "words and signs", limit: MAX_TOKENS });
    }
    let mut parser =
        Parser::new(&dialect).with_recursion_limit(MAX_NESTING).with_tokens_with_locations(tokens);
    let expr = match parser.parse_expr() {
        Ok(expr) => expr,
        Err(error) => return Err(placed(error, at)),
    };
    let next = parser.peek_token();
    if next.token == Token::EOF {
        return Ok(expr);
    }
    let message = format!("unexpected {} after its end", next.token);
    fail(place(at, next.span.start), Problem::Syntax(message))
}

fn place(at: &Location, inside: tokenizer::Location) -> Location {
    at.within(inside.line, inside.column)
}

/// The parser's error, its place taken out of the message, which is where sqlparser keeps it.
fn placed(error: ParserError, at: &Location) -> ExpressionError {
    let message = match error {
        ParserError::RecursionLimitExceeded => {
            let problem = Problem::TooLarge { what: "levels of nesting", limit: MAX_NESTING };
            return ExpressionError { at: at.clone(), problem };
        }
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let split = message.rsplit_once(" at Line: ").and_then(|(text, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((text, line.parse().ok()?, column.parse().ok()?))
    });
    match split {
        Some((text, line, column)) => {
            ExpressionError { at: at.within(line, column), problem: Problem::Syntax(lower_first(text)) }
        }
        None => ExpressionError { at: at.clone(), problem: Problem::Syntax(lower_first(&message)) },
    }
}

fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
