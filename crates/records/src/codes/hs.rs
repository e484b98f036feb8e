//! The Harmonized System as a tree: chapters of two digits, headings of four, subheadings of six.
//!
//! The list holds the editions 2012, 2017 and 2022, so that a record is judged by the edition of its day.
//! Chapters 98 and 99 are left to each country: any code in them stands for its chapter.

use super::{Code, CodeList};

/// Digits of a subheading, the longest code that is the same in every country.
pub const SUBHEADING_DIGITS: usize = 6;

/// The chapter that a code of two or more digits belongs to.
pub fn chapter(code: &str) -> Option<&'static Code> {
    ancestor(code, 2)
}

/// The heading that a code of four or more digits belongs to.
pub fn heading(code: &str) -> Option<&'static Code> {
    ancestor(code, 4)
}

/// The heading of a subheading, the chapter of a heading; a chapter has none.
pub fn parent(code: &str) -> Option<&'static Code> {
    match code.len() {
        4 => chapter(code),
        6 => heading(code),
        _ => None,
    }
}

fn ancestor(code: &str, digits: usize) -> Option<&'static Code> {
    CodeList::Commodity.lookup(code.get(..digits)?)
}

/// The code under which the list has `code`: itself, or its chapter where the digits below are a country's own.
pub(super) fn listed(code: &str) -> &str {
    let is_code = matches!(code.len(), 2 | 4 | 6) && code.bytes().all(|byte| byte.is_ascii_digit());
    let is_national = code.starts_with("98") || code.starts_with("99");
    if is_code && is_national { &code[..2] } else { code }
}

/// A code as it would be written in the list: digits only, the zero back that a spreadsheet dropped from the
/// front, no more than six. Nothing if there is anything but digits, dots and spaces.
pub(super) fn tidy(written: &str) -> Option<String> {
    let mut digits: String = written.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if !digits.len().is_multiple_of(2) {
        digits.insert(0, '0');
    }
    digits.truncate(SUBHEADING_DIGITS);
    Some(digits)
}
