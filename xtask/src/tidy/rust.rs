//! Rust source seen through: its code without comments and literals, and which lines are tests.

/// The source with comments and the insides of literals turned to blanks; lines and columns stay.
pub fn code(source: &str) -> String {
    let mut blanker = Blanker { rest: source.chars().collect(), at: 0, code: String::new() };
    blanker.run();
    blanker.code
}

struct Blanker {
    rest: Vec<char>,
    at: usize,
    code: String,
}

impl Blanker {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    fn keep(&mut self) {
        self.code.extend(self.peek(0));
        self.at += 1;
    }

    fn blank(&mut self) {
        self.code.extend(self.peek(0).map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.at += 1;
    }

    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('/')) => self.line_comment(),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.literal('"'),
                ('\'', Some('\\')) => self.literal('\''),
                ('\'', Some(_)) if self.peek(2) == Some('\'') => self.literal('\''),
                _ if is_name(c) => self.name(),
                _ => self.keep(),
            }
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.blank();
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    self.blank();
                    continue;
                }
            }
            self.blank();
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    fn literal(&mut self, quote: char) {
        self.keep();
        while let Some(c) = self.peek(0).filter(|c| *c != quote) {
            if c == '\\' {
                self.blank();
            }
            self.blank();
        }
        self.keep();
    }

    /// A name, keyword or number; `r`, `br` and `cr` may begin a raw string.
    fn name(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(is_name) {
            self.keep();
        }
        let prefix: String = self.rest[start..self.at].iter().collect();
        if matches!(prefix.as_str(), "r" | "br" | "cr") {
            let hashes = self.rest[self.at..].iter().take_while(|c| **c == '#').count();
            if self.peek(hashes) == Some('"') {
                self.raw_string(hashes);
            }
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        for _ in 0..=hashes {
            self.keep();
        }
        while let Some(c) = self.peek(0) {
            if c == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                break;
            }
            self.blank();
        }
        for _ in 0..=hashes {
            self.keep();
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The names in a piece of code.
pub fn names(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c| !is_name(c)).filter(|name| !name.is_empty())
}

/// For each line of code, whether it belongs to an item under `#[cfg(test)]`.
pub fn lines_of_tests(code: &str) -> Vec<bool> {
    let mut in_test = vec![false; code.lines().count()];
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let start = from + found;
        let end = end_of_item(code, start);
        let first = code[..start].matches('\n').count();
        let last = first + code[start..end].matches('\n').count();
        in_test.iter_mut().take(last + 1).skip(first).for_each(|line| *line = true);
        from = end;
    }
    in_test
}

/// Where the item that starts at `start` ends: at the brace that closes it, or at a semicolon before any brace.
fn end_of_item(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, c) in code[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return start + offset + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return start + offset + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that every `x` of the source is blanked and no `k`.
    fn check(source: &str) {
        let code = code(source);
        assert_eq!(code.chars().count(), source.chars().count(), "{source:?} gives {code:?}");
        assert!(!code.contains('x'), "{source:?} gives {code:?}");
        assert_eq!(code.matches('k').count(), source.matches('k').count(), "{source:?} gives {code:?}");
        assert_eq!(code.matches('\n').count(), source.matches('\n').count(), "{source:?} gives {code:?}");
    }

    #[test]
    fn comments_are_blanked() {
        check("k // x \"x\nk");
        check("k /* x /* x */ x\n */ k");
        check("k /* x");
        check("//! x");
    }

    #[test]
    fn literals_are_blanked_inside() {
        check(r#"k("x \" x // x") k"#);
        check("k(\"x\\\\\") k // x");
        check("k(r\"x \\\") k // x");
        check("k(br##\"x \"# x\n x\"##) k");
        check(r"k('x', '\'', b'x', '/') k // x");
        check("k(\"x");
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        check("fn k<'k>(k: &'k str, r#k: k) -> k { k }");
        check("'k: loop { break 'k; } // x");
    }

    #[test]
    fn test_items_end_where_their_brace_or_semicolon_is() {
        let lines = |source: &str| lines_of_tests(&code(source));
        assert_eq!(lines("#[cfg(test)]\nmod tests;\nfn a() {}"), [true, true, false]);
        assert_eq!(lines("fn a() {}\n#[cfg(test)]\nuse b;\nfn c() {}"), [false, true, true, false]);
        assert_eq!(
            lines("#[cfg(test)]\nfn a() {\n  if b { c(\"}\") }\n}\nfn d() {}"),
            [true, true, true, true, false]
        );
        assert_eq!(lines("#[cfg(test)]\nmod a {\n"), [true, true]);
        assert_eq!(lines("#[cfg(unix)]\nmod a;"), [false, false]);
    }
}
