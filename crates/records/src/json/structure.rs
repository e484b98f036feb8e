//! Where a JSON object or list ends, told byte by byte without looking at its values.

/// What a byte does to the value it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The value goes on.
    Inside,
    /// The byte is its last.
    Closed,
    /// The byte cannot stand here.
    Broken,
}

/// The brackets, strings and separators of a value so far. What stands between them is left to the parser: a value
/// that is wrong inside still ends where its brackets say.
#[derive(Debug)]
pub(super) struct Structure {
    /// Last bytes of the objects and lists that are open.
    open: Vec<u8>,
    /// Most that may be open.
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Last separator or bracket, or the `"` of a string, none when it was something else.
    last: u8,
}

impl Structure {
    /// Nothing was seen yet; `depth` bounds the memory.
    pub(super) fn new(depth: usize) -> Self {
        Self { open: Vec::new(), depth, in_string: false, escaped: false, last: b':' }
    }

    /// Takes a byte; the first must open an object or a list.
    pub(super) fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            return self.step_in_string(byte);
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return Step::Inside,
            b'{' | b'[' if !self.may_open() => return Step::Broken,
            b'{' => self.open.push(b'}'),
            b'[' => self.open.push(b']'),
            b'}' | b']' if self.open.pop() != Some(byte) => return Step::Broken,
            b'}' | b']' if self.open.is_empty() => return Step::Closed,
            b'"' => self.in_string = true,
            _ => {}
        }
        self.last = byte;
        Step::Inside
    }

    fn step_in_string(&mut self, byte: u8) -> Step {
        match byte {
            _ if std::mem::take(&mut self.escaped) => {}
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            // No string goes beyond its line: its end is missing.
            b'\n' => return Step::Broken,
            _ => {}
        }
        Step::Inside
    }

    /// Whether a nested value may start: after a key, or in a list after its start or a comma.
    fn may_open(&self) -> bool {
        let is_place = match self.open.last() {
            Some(b']') => matches!(self.last, b'[' | b','),
            _ => self.last == b':',
        };
        is_place && self.open.len() < self.depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes up to the end of the value, and how it ends.
    fn end(text: &str) -> (usize, Step) {
        let mut structure = Structure::new(4);
        let steps = text.bytes().map(|b| structure.step(b)).enumerate();
        steps.into_iter().find(|(_, step)| *step != Step::Inside).unwrap_or((text.len(), Step::Inside))
    }

    #[test]
    fn a_value_ends_with_its_bracket() {
        for text in ["{}", r#"{"a":[{},{"b":"}\"]"}]}"#, "[1,[2],{\"a\":oops x}]", "{\n\"a\" :\n[ ]\n}"] {
            assert_eq!(end(&format!("{text} {{")), (text.len() - 1, Step::Closed), "{text}");
        }
    }

    #[test]
    fn brackets_that_cannot_stand_where_they_are() {
        for broken in ["{\"a\":1\n{", "{\"a\":1,{", "{\"a\":[1}", "[{}\n{", "{\"a\":\"b\n", "{\"a\":[[[["] {
            assert_eq!(end(broken), (broken.len() - 1, Step::Broken), "{broken}");
        }
        assert_eq!(end("{\"a\":").1, Step::Inside);
    }
}
