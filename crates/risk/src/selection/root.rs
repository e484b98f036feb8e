//! Roots: what a draw is about. One draw for each physically inspectable consignment, whatever is lodged about it.

use super::draw::keyed_hash;
use crate::hex::hex;

/// Bytes of a root that are kept: enough that no two consignments of a century share one.
const KEPT: usize = 16;

/// What makes lodgements one consignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consignment<'a> {
    /// The house transport document, for a consignee.
    Carried {
        /// Consignee.
        consignee: &'a str,
        /// Transport document.
        document: &'a str,
    },
    /// Without one of these, the first lodgement: a load and a row of it, which no trader can choose.
    Lodged {
        /// Load.
        load: &'a str,
        /// Row, from 1.
        row: i64,
    },
}

impl Consignment<'_> {
    /// Its root: a pseudonym under a secret key, 32 hexadecimal digits. Amendments, splits and resubmissions keep it.
    /// Whoever sees it learns nobody's name, and without the key nobody can look for a document whose draw is favourable.
    pub fn root(&self, key: &[u8; 32]) -> String {
        let hash = match self {
            Self::Carried { consignee, document } => {
                keyed_hash(key, &["root/v1", "carried", consignee, document])
            }
            Self::Lodged { load, row } => keyed_hash(key, &["root/v1", "lodged", load, &row.to_string()]),
        };
        hex(&hash[..KEPT])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_the_consignment_under_a_key() {
        let carried = |consignee, document| Consignment::Carried { consignee, document }.root(&[1; 32]);
        assert_eq!(carried("C", "H1"), carried("C", "H1"));
        assert_ne!(carried("C", "H1"), carried("C", "H2"));
        assert_ne!(carried("C", "H1"), carried("CH", "1"), "parts do not run together");
        assert_ne!(
            carried("C", "H1"),
            Consignment::Carried { consignee: "C", document: "H1" }.root(&[2; 32])
        );
        assert_ne!(carried("L", "1"), Consignment::Lodged { load: "L", row: 1 }.root(&[1; 32]));
        assert_eq!(carried("C", "H1").len(), 2 * KEPT);
    }
}
