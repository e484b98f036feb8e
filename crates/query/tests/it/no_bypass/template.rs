//! Queries with marks in them, for what stands there differently when a reader asks and when copies are asked: `⟪$1⟫` is a
//! parameter, and `⟪/x⟫` a number that something is divided by.

/// As a reader writes it.
pub fn with_parameters(template: &str) -> String {
    written(template, |mark| mark.trim_start_matches('/').to_owned())
}

/// With texts in place of parameters.
pub fn literal(template: &str, texts: &[String]) -> String {
    written(template, |mark| value(mark, texts))
}

/// With nothing in place of what cannot be computed. A query that need not compute it has the same answer.
pub fn tolerant(template: &str, texts: &[String]) -> String {
    let divisor = |mark: &str| match mark.strip_prefix('/') {
        Some(number) => format!("(CASE WHEN {number} <> 0 THEN {number} END)"),
        None => value(mark, texts),
    };
    written(template, divisor).replace("CAST(", "TRY_CAST(")
}

/// The mark of a parameter.
pub fn parameter(number: usize) -> String {
    format!("⟪${number}⟫")
}

/// The mark of a divisor.
pub fn divisor(number: &str) -> String {
    format!("⟪/{number}⟫")
}

fn value(mark: &str, texts: &[String]) -> String {
    match mark.strip_prefix('$') {
        Some(number) => texts[number.parse::<usize>().unwrap() - 1].clone(),
        None => mark.trim_start_matches('/').to_owned(),
    }
}

fn written(template: &str, of: impl Fn(&str) -> String) -> String {
    let mut parts = template.split('⟪');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (mark, rest) = part.split_once('⟫').unwrap();
        text += &of(mark);
        text += rest;
    }
    text
}
