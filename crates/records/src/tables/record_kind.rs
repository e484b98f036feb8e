//! Records that are loaded one object a line into one table: beside the table, what such a record must have.

use super::{ENTERPRISE, INSPECTION, REINSPECTION, SPECIAL_FILING, TREATMENT_EVENT};
use crate::class::Class;
use crate::model::{Enterprise, Inspection, SpecialFiling, TreatmentEvent};
use crate::table::{Key, Source, Table};

/// Handling that goods may need: the codes of `HandlingRequirement` and of filings.
pub const HANDLING: &[&str] =
    &["vacuum", "light-proof", "constant-temperature", "shock-sensitive", "static-sensitive"];

/// Kinds of event of a consignment that is opened at its destination.
const EVENTS: &[&str] =
    &["sealed", "departed", "arrived", "opened", "seal-broken", "deviated", "mismatch", "released"];

/// Results of inspections. A consignment that was withdrawn, destroyed or sent back before it was inspected has none that could
/// be learnt from; it is closed all the same.
const RESULTS: &[&str] = &["conform", "discrepancy", "withdrawn"];

/// Credit grades of enterprises.
const GRADES: &[&str] =
    &["advanced-certified", "certified", "conventional", "dishonest", "seriously-dishonest"];

/// A kind of record that is loaded into a table of its own. The elements are fields of the table's class itself.
#[derive(Debug)]
pub struct RecordKind {
    /// Table; its name is the name of the kind.
    pub table: &'static Table,
    /// Gives a record without a value.
    pub empty: fn() -> Box<dyn Class>,
    /// Elements that every record has.
    pub required: &'static [&'static str],
    /// Elements with the codes that they may have.
    pub codes: &'static [(&'static str, &'static [&'static str])],
    /// Pairs of elements of which the first may not be above the second.
    pub ordered: &'static [(&'static str, &'static str)],
}

impl RecordKind {
    /// Whether a record belongs to a declaration, in whose month it is kept.
    pub fn is_of_declaration(&self) -> bool {
        self.table.columns.iter().any(|c| c.source == Source::Key(Key::DeclarationId))
    }

    /// Kind of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        RECORD_KINDS.iter().find(|kind| kind.table.name == name)
    }
}

/// All kinds of record that are loaded into tables of their own.
pub static RECORD_KINDS: &[RecordKind] = &[
    RecordKind {
        table: &ENTERPRISE,
        empty: || Box::<Enterprise>::default(),
        required: &["ID", "GradeCode"],
        codes: &[("GradeCode", GRADES)],
        ordered: &[],
    },
    RecordKind {
        table: &INSPECTION,
        empty: || Box::<Inspection>::default(),
        required: &["DeclarationID", "RecordedDateTime", "ResultCode"],
        codes: &[("ResultCode", RESULTS)],
        ordered: &[],
    },
    RecordKind {
        table: &REINSPECTION,
        empty: || Box::<Inspection>::default(),
        required: &["DeclarationID", "RecordedDateTime", "ResultCode"],
        codes: &[("ResultCode", RESULTS)],
        ordered: &[],
    },
    RecordKind {
        table: &SPECIAL_FILING,
        empty: || Box::<SpecialFiling>::default(),
        required: &[
            "ID",
            "EnterpriseID",
            "RecordedDateTime",
            "CommodityPrefixID",
            "HandlingCode",
            "SiteID",
            "SiteCertifiedUntilDateTime",
            "ValidFromDateTime",
            "ValidUntilDateTime",
        ],
        codes: &[("HandlingCode", HANDLING)],
        ordered: &[
            ("TemperatureLowNumeric", "TemperatureHighNumeric"),
            ("HumidityLowNumeric", "HumidityHighNumeric"),
            ("ValidFromDateTime", "ValidUntilDateTime"),
        ],
    },
    RecordKind {
        table: &TREATMENT_EVENT,
        empty: || Box::<TreatmentEvent>::default(),
        required: &["DeclarationID", "RecordedDateTime", "TypeCode"],
        codes: &[("TypeCode", EVENTS)],
        ordered: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_named_is_a_field_of_the_class_of_the_table() {
        for kind in RECORD_KINDS {
            assert_eq!((kind.empty)().definition().id, kind.table.class.id);
            let named = kind
                .required
                .iter()
                .chain(kind.codes.iter().map(|(element, _)| element))
                .chain(kind.ordered.iter().flat_map(|(low, high)| [low, high]));
            for element in named {
                assert!(kind.table.class.fields.iter().any(|f| f.element == *element), "{element}");
            }
            assert!(std::ptr::eq(RecordKind::named(kind.table.name).unwrap(), kind));
        }
        assert!(RecordKind::named("declaration").is_none(), "declarations have formats of their own");
    }
}
