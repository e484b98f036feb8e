//! Texts in statements.

/// A text as a literal of SQL.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_literal() {
        assert_eq!(literal("o'clock"), "'o''clock'");
        assert_eq!(literal("' OR true --"), "''' OR true --'");
        assert_eq!(literal(""), "''");
    }
}
