//! The functions expressions may call: a closed list, each giving one value for each row and never failing.
//!
//! They are our own rather than `DataFusion`'s, since these must hold for each: no row ends in an error (`DataFusion`'s
//! `substr` refuses a negative length, its dates overflow), the bits are the same on every machine (`libm` for
//! transcendental functions), and an upgrade of the engine changes no decision. A NULL argument gives NULL unless a
//! function says otherwise, and so does every result that is not a finite number.

mod cast;
mod choice;
mod dates;
mod numbers;
mod text;

use std::fmt;
use std::hash::{Hash, Hasher};

use arrow::array::ArrayRef;
use arrow::error::ArrowError;

use super::kind::Kind;

pub(super) use cast::{cast, decimal_text};
pub(super) use dates::{parse_day, parse_instant};
pub(super) use numbers::canonical_floats;

/// The version of [`FUNCTIONS`] and of what they mean; part of every expression's canonical text. Raise it when
/// a function is removed or gives another result; adding one needs no new version.
pub const FUNCTION_LIST_VERSION: u32 = 1;

/// Computes a function over whole columns, all of one length.
type Kernel = fn(&[ArrayRef]) -> Result<ArrayRef, ArrowError>;

/// A function of the list.
pub struct Function {
    /// Its name in SQL, lower case.
    pub name: &'static str,
    /// How it is called, as documentation shows it.
    pub usage: &'static str,
    /// What it gives, in one sentence.
    pub summary: &'static str,
    pub(super) signature: Signature,
    pub(super) kernel: Kernel,
}

/// What a function takes and gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signature {
    /// One value for each parameter, of which the first `required` must be given. NULL in, NULL out.
    Fixed { parameters: &'static [Parameter], required: usize, result: Kind },
    /// Any number of texts, some of which may be NULL.
    Texts,
    /// Between `least` and `most` values of one kind, which is also the result's.
    Alike { least: usize, most: usize },
}

/// What one parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    /// A number, brought to a float.
    Number,
    /// A number, brought to an integer towards zero.
    Count,
    /// Text.
    Text,
    /// A date or a timestamp, brought to its day.
    Day,
    /// A date or a timestamp, brought to an instant.
    Instant,
}

impl Parameter {
    /// The kind the kernel is given.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Number => Kind::Float,
            Self::Count => Kind::Integer,
            Self::Text => Kind::Text,
            Self::Day => Kind::Date,
            Self::Instant => Kind::Timestamp,
        }
    }
}

/// A function with a signature.
const fn function(
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    signature: Signature,
    kernel: Kernel,
) -> Function {
    Function { name, usage, summary, signature, kernel }
}

/// A function that takes a value for each of its parameters.
const fn fixed(
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    (parameters, result): (&'static [Parameter], Kind),
    kernel: Kernel,
) -> Function {
    let signature = Signature::Fixed { parameters, required: parameters.len(), result };
    function(name, usage, summary, signature, kernel)
}

impl Function {
    /// Whether this many arguments may be given.
    pub(super) fn takes(&self, arguments: usize) -> bool {
        match self.signature {
            Signature::Fixed { parameters, required, .. } => {
                (required..=parameters.len()).contains(&arguments)
            }
            Signature::Texts => arguments > 0,
            Signature::Alike { least, most } => (least..=most).contains(&arguments),
        }
    }

    /// Whether a NULL argument always gives NULL.
    pub(super) fn is_strict(&self) -> bool {
        matches!(self.signature, Signature::Fixed { .. })
    }
}

// A function is its name: the list has each name once.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.usage)
    }
}

/// The functions that can be called by name, in alphabetical order within each group.
pub static FUNCTIONS: [&[Function]; 4] =
    [&numbers::FUNCTIONS, &text::FUNCTIONS, &dates::FUNCTIONS, &choice::FUNCTIONS];

/// Other names the same functions go by in SQL dialects.
const ALIASES: [(&str, &str); 11] = [
    ("btrim", "trim"),
    ("ceiling", "ceil"),
    ("char_length", "length"),
    ("character_length", "length"),
    ("day", "day_of_month"),
    ("dow", "day_of_week"),
    ("doy", "day_of_year"),
    ("pow", "power"),
    ("position", "strpos"),
    ("substring", "substr"),
    ("week", "iso_week"),
];

/// The function of this name, or of this other name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| *name);
    FUNCTIONS.iter().copied().flatten().find(|function| function.name == name)
}

/// The function behind an arithmetic sign or `||`, which no call can name.
pub(super) fn operator(sign: &str) -> Option<&'static Function> {
    numbers::OPERATORS.iter().chain([&text::CONCATENATE]).find(|function| function.name == sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_alias_is_there_once() {
        let mut names: Vec<_> = FUNCTIONS.iter().copied().flatten().map(|function| function.name).collect();
        names.extend(ALIASES.iter().map(|(alias, _)| *alias));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for (alias, name) in ALIASES {
            assert_eq!(find(alias).unwrap().name, name);
        }
    }

    #[test]
    fn usage_starts_with_the_name() {
        for function in FUNCTIONS.iter().copied().flatten() {
            assert!(function.usage.starts_with(&format!("{}(", function.name)), "{}", function.usage);
            assert!(!function.summary.is_empty());
        }
    }
}
