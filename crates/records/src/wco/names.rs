//! Element names: qualified names, namespaces in scope, and prefixes that lost their colon.

use super::problem::Problem;
use crate::finding::Severity;
use crate::value::{Text, shorten};

/// Namespace of the header around a message.
pub(super) const METADATA: &str = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2";
/// Namespace of declarations.
pub(super) const DECLARATION: &str = "urn:wco:datamodel:WCO:DEC-DMS:2";
/// Namespace of the values inside declarations.
pub(super) const DECLARATION_VALUES: &str = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2";
/// Namespace of responses.
pub(super) const RESPONSE: &str = "urn:wco:datamodel:WCO:RES-DMS:2";
/// Namespace of the values inside responses.
pub(super) const RESPONSE_VALUES: &str = "urn:wco:datamodel:WCO:Response_DS:DMS:2";
/// Namespace of the fields that are ours.
pub(super) const OURS: &str = "urn:tidegate:record:1";

/// Part of a qualified name after the colon.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn prefix(name: &str) -> &str {
    name.rsplit_once(':').map_or("", |(prefix, _)| prefix)
}

/// Whether a text can be the name of an element; XML allows more letters than this keeps out.
pub(super) fn is_name(name: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '·');
    // Nearly all names are ASCII, and bytes are quicker to look at.
    let is_ascii = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':');
    name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && (name.bytes().all(is_ascii) || name.chars().all(inside))
}

/// The candidate a name ends with after two or three letters that look like a prefix without its colon, with
/// the name as it was meant: `mdMetaData` gives `MetaData` and `md:MetaData`.
pub(super) fn lost_prefix<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<(&'a str, String)> {
    const LONGEST: usize = 3;
    let looks_like_prefix =
        |p: &str| p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    candidates
        .filter_map(|c| name.strip_suffix(c).map(|p| (p, c)))
        .find(|(p, _)| (1..=LONGEST).contains(&p.len()) && looks_like_prefix(p))
        .map(|(p, c)| (c, format!("{p}:{c}")))
}

/// Namespace declarations in scope, innermost last.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    declared: Vec<Declared>,
    /// What was already remarked on in this message.
    remarked: Vec<Text>,
}

#[derive(Debug)]
struct Declared {
    depth: usize,
    prefix: Text,
    uri: Text,
}

impl Namespaces {
    pub(super) fn declare(&mut self, depth: usize, prefix: &str, uri: &str) {
        self.declared.push(Declared { depth, prefix: prefix.into(), uri: uri.into() });
    }

    /// Forgets what elements deeper than `depth` declared.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.declared.last().is_some_and(|d| d.depth > depth) {
            self.declared.pop();
        }
    }

    /// A message starts: remarks may be made again.
    pub(super) fn begin_message(&mut self) {
        self.remarked.clear();
    }

    /// A remark on the namespace of an element of a message, once for each namespace.
    pub(super) fn remark(&mut self, name: &str, line: u64) -> Option<Problem> {
        let prefix = prefix(name);
        let uri = self.declared.iter().rev().find(|d| d.prefix == prefix).map_or("", |d| d.uri.as_str());
        if uri.starts_with("urn:wco:datamodel:") || uri == OURS {
            return None;
        }
        let subject = if uri.is_empty() { prefix } else { uri };
        if self.remarked.iter().any(|r| r == subject) {
            return None;
        }
        self.remarked.push(subject.into());
        Some(match (uri, prefix) {
            ("", "") => Problem {
                code: "xml.namespace",
                severity: Severity::Info,
                line,
                message: format!("`{name}` has no namespace; it is read by its names"),
            },
            ("", prefix) => Problem {
                code: "xml.undeclared-prefix",
                severity: Severity::Warning,
                line,
                message: format!("prefix `{prefix}` is declared nowhere; add xmlns:{prefix}=\"…\""),
            },
            (uri, _) => Problem {
                code: "xml.namespace",
                severity: Severity::Info,
                line,
                message: format!(
                    "namespace {} of `{name}` is not known; it is read by its names",
                    shorten(uri)
                ),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_prefix_is_told_from_another_name() {
        let known = ["MetaData", "DateTimeString"];
        let lost = |name| lost_prefix(name, known.into_iter()).map(|(_, meant)| meant);
        assert_eq!(lost("mdMetaData").unwrap(), "md:MetaData");
        assert_eq!(lost("_2MetaData").unwrap(), "_2:MetaData");
        assert_eq!(lost("pDateTimeString").unwrap(), "p:DateTimeString");
        for name in ["MetaData", "TheMetaData", "othersMetaData", "Other"] {
            assert!(lost(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_namespace_holds_for_the_elements_inside_and_is_remarked_on_once() {
        let mut names = Namespaces::default();
        names.declare(1, "", DECLARATION);
        names.declare(2, "", "urn:other");
        assert!(names.remark("ID", 1).unwrap().message.contains("urn:other"));
        assert!(names.remark("ID", 2).is_none());
        names.leave(1);
        assert!(names.remark("Name", 3).is_none());
        assert_eq!(names.remark("p:Name", 3).unwrap().code, "xml.undeclared-prefix");
        names.leave(0);
        names.begin_message();
        assert_eq!(names.remark("Name", 4).unwrap().severity, Severity::Info);
    }

    #[test]
    fn names_that_xml_refuses() {
        for good in ["a", "md:MetaData", "_2", "Größe"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "2a", "a<b", "a b", "-a"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
