//! Limits on what one message may hold; each keeps the memory or the time of a reader bounded.

use crate::path::MAX_OCCURRENCE;

/// Limits on WCO XML. A message beyond one gets the finding `xml.limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Elements open at once, wrappers included; the deepest path of the model is 9.
    pub depth: usize,
    /// Bytes of one declaration or response, and of any markup outside; its original bytes are kept up to here.
    pub message_bytes: usize,
    /// Elements of one declaration or response.
    pub elements: usize,
    /// Bytes of the text of one element; the longest format of the model is `an..512`.
    pub text_bytes: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Bytes of the value of one attribute.
    pub attribute_bytes: usize,
    /// Occurrences of one repeating class in one place.
    pub occurrences: usize,
    /// Findings kept for one message.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 32,
            message_bytes: 16 << 20,
            elements: 100_000,
            text_bytes: 64 << 10,
            attributes: 64,
            attribute_bytes: 4 << 10,
            occurrences: MAX_OCCURRENCE,
            findings: 1_000,
        }
    }
}
