//! Lists of texts as clients write them: `{a,"b, c",NULL}` (PostgreSQL, 8.15.6). The library parts them at their commas and keeps
//! their quotation marks: node-postgres and lib/pq, which put each element in quotes, found nothing.

use super::error::unanswered;
use arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringArray, StringBuilder};
use pgwire::api::Type;
use pgwire::api::portal::Portal;
use pgwire::error::PgWireResult;
use std::str::Chars;
use std::sync::Arc;
use tidegate_query::{ParamValues, QueryError, values_of};

/// Puts lists that are written out in the place of what the library took them for. What is in braces and no list is a text.
pub(super) fn put_right<S>(values: &mut ParamValues, portal: &Portal<S>, wire: &[Type]) -> PgWireResult<()> {
    let ParamValues::List(values) = values else { return Ok(()) };
    for (place, value) in values.iter_mut().enumerate() {
        let Some((known, written)) = written(portal, wire, place) else { continue };
        let instead: ArrayRef = match elements(written) {
            Some(elements) => list(elements),
            None if *known == Type::UNKNOWN => Arc::new(StringArray::from(vec![written])),
            None => continue,
        };
        let only = parameter(instead).map_err(|error| unanswered(&error))?;
        if let ParamValues::List(mut only) = only
            && let Some(instead) = only.pop()
        {
            *value = instead;
        }
    }
    Ok(())
}

/// The type and the text of a value in braces that may be a list of texts.
fn written<'a, S>(portal: &'a Portal<S>, wire: &'a [Type], place: usize) -> Option<(&'a Type, &'a str)> {
    let of_client = portal.statement.parameter_types.get(place).and_then(Option::as_ref);
    let known = of_client.or_else(|| wire.get(place))?;
    let may_be_list = [Type::UNKNOWN, Type::TEXT_ARRAY, Type::VARCHAR_ARRAY].contains(known);
    if !may_be_list || portal.parameter_format.is_binary(place) {
        return None;
    }
    let text = std::str::from_utf8(portal.parameters.get(place)?.as_ref()?).ok()?;
    (text.starts_with('{') && text.ends_with('}')).then_some((known, text))
}

/// A column with one list.
fn list(elements: Vec<Option<String>>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value(elements);
    Arc::new(lists.finish())
}

fn parameter(value: ArrayRef) -> Result<ParamValues, QueryError> {
    let row = RecordBatch::try_from_iter([("value", value)]);
    values_of(&row.map_err(|error| QueryError::Engine(error.into()))?)
}

/// Elements of a list in one dimension, absent ones as nothing; none at all where the text is no such list.
fn elements(written: &str) -> Option<Vec<Option<String>>> {
    let within = written.strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    if within.trim().is_empty() {
        return Some(elements);
    }
    let mut signs = within.chars();
    loop {
        signs = signs.as_str().trim_start().chars();
        let (element, is_last) =
            if signs.as_str().starts_with('"') { quoted(&mut signs)? } else { bare(&mut signs)? };
        elements.push(element);
        if is_last {
            return Some(elements);
        }
    }
}

/// An element in quotes, and whether it is the last one.
fn quoted(signs: &mut Chars<'_>) -> Option<(Option<String>, bool)> {
    signs.next();
    let mut text = String::new();
    loop {
        match signs.next()? {
            '"' => break,
            '\\' => text.push(signs.next()?),
            sign => text.push(sign),
        }
    }
    *signs = signs.as_str().trim_start().chars();
    match signs.next() {
        None => Some((Some(text), true)),
        Some(',') => Some((Some(text), false)),
        Some(_) => None,
    }
}

/// An element without quotes, and whether it is the last one.
fn bare(signs: &mut Chars<'_>) -> Option<(Option<String>, bool)> {
    let (mut text, mut escaped) = (String::new(), 0);
    let is_last = loop {
        match signs.next() {
            None => break true,
            Some(',') => break false,
            Some('"' | '{' | '}') => return None,
            Some('\\') => {
                text.push(signs.next()?);
                escaped = text.len();
            }
            Some(sign) => text.push(sign),
        }
    };
    text.truncate(text.trim_end().len().max(escaped));
    if text.is_empty() {
        return None;
    }
    let is_absent = escaped == 0 && text.eq_ignore_ascii_case("null");
    Some(((!is_absent).then_some(text), is_last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<Option<String>> {
        all.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn lists_are_read_as_postgresql_reads_them() {
        for (written, wanted) in [
            ("{}", texts(&[])),
            ("{ }", texts(&[])),
            ("{a,b}", texts(&["a", "b"])),
            ("{ a b , c }", texts(&["a b", "c"])),
            (r#"{"a","b"}"#, texts(&["a", "b"])),
            (r#"{"a, b" , "}\"\\"}"#, texts(&["a, b", r#"}"\"#])),
            (r#"{"","NULL",\null}"#, texts(&["", "NULL", "null"])),
            (r"{a\ }", texts(&["a "])),
            ("{1.5,-2}", texts(&["1.5", "-2"])),
            ("{a,NULL,null}", vec![Some("a".to_owned()), None, None]),
        ] {
            assert_eq!(elements(written), Some(wanted), "{written}");
        }
    }

    #[test]
    fn what_is_no_list_is_none() {
        for written in [
            "a",
            "{a",
            r#"{"a":1}"#,
            "{{a},{b}}",
            "{a,}",
            "{,a}",
            r"{a\}",
            r#"{"a}"#,
            r#"{a"b"}"#,
            "{\"a\"b}",
        ] {
            assert_eq!(elements(written), None, "{written}");
        }
    }
}
