//! Validation: what is wrong with a record that could be read. It returns findings and never changes the record.
//!
//! An *error* makes a record unusable (it has no name, no day, or a number that cannot be kept exactly);
//! everything else that looks wrong is a *warning*, because the officer decides, not the parser.

mod catalogue;
mod codes;
mod format;
mod kind;
mod semantics;

pub use catalogue::{CATALOGUE, CatalogueEntry};
pub use kind::validate_kind;

use crate::class::Defined;
use crate::finding::{Finding, Severity};
use crate::model::Declaration;
use crate::path::Pointer;

/// Checks a declaration against the formats of the model, the code lists of its day and the rules between fields.
pub fn validate(declaration: &Declaration) -> Vec<Finding> {
    let mut findings = Findings::default();
    let root = Pointer::root(Declaration::DEFINITION);
    format::check(declaration, &|| root.clone(), &mut findings);
    semantics::check(declaration, &root, &mut findings);
    codes::check(declaration, &root, &mut findings);
    findings.0
}

/// Findings under way; severities come from the catalogue.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn push(&mut self, code: &'static str, pointer: Pointer, message: String) {
        let severity = catalogue::severity(code);
        self.0.push(Finding { code, severity, pointer, line: None, message });
    }
}

/// Severity that the catalogue gives a code.
pub fn severity_of(code: &str) -> Severity {
    catalogue::severity(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GovernmentAgencyGoodsItem, Origin};
    use crate::value::{Amount, Measure, parse_decimal, parse_time};

    fn sound() -> Declaration {
        let mut declaration = Declaration {
            id: Some("26CN0000000000001".into()),
            acceptance_date_time: Some(parse_time("2026-03-02", None).unwrap()),
            ..Declaration::default()
        };
        let mut item = GovernmentAgencyGoodsItem { sequence_numeric: Some(1), ..Default::default() };
        item.commodity.classification.push(crate::model::Classification {
            id: Some("62082200".into()),
            identification_type_code: Some("HS".into()),
        });
        item.origin.push(Origin { country_code: Some("VN".into()), ..Origin::default() });
        item.commodity.goods_measure.net_net_weight_measure =
            Some(Measure { value: parse_decimal("20.7").unwrap(), unit: Some("KGM".into()) });
        declaration.goods_shipment.government_agency_goods_item.push(item);
        declaration
    }

    fn codes(declaration: &Declaration) -> Vec<(&'static str, String)> {
        validate(declaration).into_iter().map(|f| (f.code, f.pointer.as_str().to_owned())).collect()
    }

    #[test]
    fn a_sound_declaration_has_no_finding() {
        assert_eq!(codes(&sound()), []);
    }

    #[test]
    fn a_declaration_without_name_day_or_items_cannot_be_used() {
        let findings = codes(&Declaration::default());
        let expected =
            [("key.missing", "42A/D014"), ("acceptance.missing", "42A/023"), ("item.missing", "42A/67A/68A")];
        assert_eq!(findings, expected.map(|(c, p)| (c, p.to_owned())));
    }

    #[test]
    fn numbers_that_cannot_be_kept_exactly_are_errors() {
        let mut declaration = sound();
        let item = &mut declaration.goods_shipment.government_agency_goods_item[0];
        item.commodity.invoice_line.item_charge_amount =
            Some(Amount { value: parse_decimal("1.2345").unwrap(), currency: None });
        item.commodity.goods_measure.net_net_weight_measure =
            Some(Measure { value: parse_decimal("-2").unwrap(), unit: Some("LBR".into()) });
        let found = codes(&declaration);
        for (code, pointer) in [
            ("format.digits", "42A/67A/68A[1]/23A/79A/112"),
            ("value.negative", "42A/67A/68A[1]/23A/65A/128"),
            ("unit.not-kilograms", "42A/67A/68A[1]/23A/65A/128"),
        ] {
            assert!(found.contains(&(code, pointer.to_owned())), "{code} in {found:?}");
        }
        assert!(crate::finding::has_error(&validate(&declaration)));
    }

    #[test]
    fn unknown_and_lapsed_codes_are_warnings_with_what_would_be_right() {
        let mut declaration = sound();
        declaration.goods_shipment.export_country.id = Some("cn".into());
        declaration.goods_shipment.government_agency_goods_item[0].origin[0].country_code = Some("AN".into());
        let findings = validate(&declaration);
        let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(findings.len(), 2, "{text:?}");
        assert!(text[0].contains("`CN`") && text[0].contains("42A/67A/95B/062"), "{text:?}");
        assert!(text[1].contains("code.lapsed") && text[1].contains("2010"), "{text:?}");
        assert!(!crate::finding::has_error(&findings));
    }

    #[test]
    fn every_finding_that_validation_gives_is_in_the_catalogue() {
        let mut seen = std::collections::HashSet::new();
        for entry in CATALOGUE {
            assert!(seen.insert(entry.code), "{} twice", entry.code);
            assert!(!entry.description.is_empty());
        }
    }
}
