//! What a record of a kind must have: the values that every one has, codes of its lists, ranges the right way round.

use super::{Findings, format};
use crate::class::{Class, FieldDefinition, FieldRef, LeafRef};
use crate::finding::Finding;
use crate::path::Pointer;
use crate::tables::RecordKind;

/// Checks a record of a kind that is loaded into a table of its own.
pub fn validate_kind(kind: &RecordKind, record: &dyn Class) -> Vec<Finding> {
    let mut findings = Findings::default();
    let root = Pointer::root(kind.table.class);
    format::check(record, &|| root.clone(), &mut findings);
    for element in kind.required {
        if let Some((field, leaf)) = leaf(record, element)
            && leaf.is_empty()
        {
            let message = format!("`{}` is missing; every {} has one", field.name, kind.table.name);
            findings.push("value.missing", root.leaf(field.id), message);
        }
    }
    for (element, codes) in kind.codes {
        if let Some((field, LeafRef::Text(Some(code)))) = leaf(record, element)
            && !codes.contains(&code)
        {
            let message = format!("`{code}` is not one of: {}", codes.join(", "));
            findings.push("code.not-allowed", root.leaf(field.id), message);
        }
    }
    for (low, high) in kind.ordered {
        let (Some((field, low)), Some((_, high))) = (leaf(record, low), leaf(record, high)) else { continue };
        if let Some((low, high)) = reversed(low, high) {
            let message = format!("the range runs from {low} to {high}; exchange them");
            findings.push("range.reversed", root.leaf(field.id), message);
        }
    }
    findings.0
}

/// A leaf of the class itself by its element.
fn leaf<'a>(record: &'a dyn Class, element: &str) -> Option<(&'static FieldDefinition, LeafRef<'a>)> {
    let fields = record.definition().fields;
    let index = fields.iter().position(|f| f.element == element)?;
    match record.field(index) {
        FieldRef::Leaf(leaf) => Some((&fields[index], leaf)),
        _ => None,
    }
}

/// Both ends in words when the first is above the second.
fn reversed(low: LeafRef<'_>, high: LeafRef<'_>) -> Option<(String, String)> {
    match (low, high) {
        (LeafRef::Decimal(Some(low)), LeafRef::Decimal(Some(high))) => {
            (low > high).then(|| (low.to_string(), high.to_string()))
        }
        (LeafRef::Time(Some(low)), LeafRef::Time(Some(high))) => {
            (low > high).then(|| (low.to_rfc3339(), high.to_rfc3339()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SpecialFiling;
    use crate::value::{parse_decimal, parse_time};

    fn sound() -> SpecialFiling {
        let day = |text| Some(parse_time(text, None).unwrap());
        SpecialFiling {
            id: Some("F1".into()),
            enterprise_id: Some("91320000MA1".into()),
            recorded_date_time: day("2025-01-02"),
            commodity_prefix_id: Some("8542".into()),
            handling_code: Some("vacuum".into()),
            site_id: Some("S1".into()),
            site_certified_until_date_time: day("2026-01-02"),
            temperature_low_numeric: Some(parse_decimal("-20").unwrap()),
            temperature_high_numeric: Some(parse_decimal("4.5").unwrap()),
            valid_from_date_time: day("2025-01-03"),
            valid_until_date_time: day("2025-12-31"),
            ..SpecialFiling::default()
        }
    }

    fn codes(filing: &SpecialFiling) -> Vec<&'static str> {
        let kind = RecordKind::named("special_filing").unwrap();
        validate_kind(kind, filing).into_iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_sound_record_has_no_finding_even_below_freezing() {
        assert_eq!(codes(&sound()), [""; 0]);
    }

    #[test]
    fn what_is_missing_unknown_or_reversed_is_an_error() {
        let wrong = SpecialFiling {
            site_id: None,
            handling_code: Some("vaccum".into()),
            temperature_low_numeric: Some(parse_decimal("5").unwrap()),
            ..sound()
        };
        assert_eq!(codes(&wrong), ["value.missing", "code.not-allowed", "range.reversed"]);
        let negative = SpecialFiling { humidity_low_numeric: Some(parse_decimal("-1").unwrap()), ..sound() };
        assert_eq!(codes(&negative), ["value.negative"]);
    }
}
