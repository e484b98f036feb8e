//! Codes against their lists, as in force on the day of acceptance.

use super::Findings;
use crate::codes::{CodeList, PackageKind, Status, package_kind};
use crate::model::Declaration;
use crate::path::Pointer;
use chrono::NaiveDate;

pub(super) fn check(declaration: &Declaration, at: &Pointer, findings: &mut Findings) {
    let Some(accepted) = declaration.acceptance_date_time else { return };
    let mut codes = Codes { on: accepted.date_naive(), findings };
    let shipment = &declaration.goods_shipment;
    let in_shipment = at.class("67A", None);
    let means = &declaration.border_transport_means;
    codes.check(CodeList::TransportMode, means.mode_code.as_deref(), || at.class("15A", None).leaf("T022"));
    codes.check(CodeList::Country, means.registration_nationality_code.as_deref(), || {
        at.class("15A", None).leaf("T014")
    });
    codes.check(CodeList::Country, shipment.export_country.id.as_deref(), || {
        in_shipment.class("95B", None).leaf("062")
    });
    codes.check(CodeList::Country, shipment.destination.country_code.as_deref(), || {
        in_shipment.class("99B", None).leaf("465")
    });
    codes.check(CodeList::Incoterm, shipment.trade_terms.condition_code.as_deref(), || {
        in_shipment.class("22B", None).leaf("090")
    });
    let currency = declaration.invoice_amount.as_ref().and_then(|a| a.currency.as_deref());
    codes.check(CodeList::Currency, currency, || at.leaf("109"));
    for (index, item) in shipment.government_agency_goods_item.iter().enumerate() {
        let in_item = || in_shipment.class("68A", Some(index));
        let in_commodity = || in_item().class("23A", None);
        let commodity = item.commodity.classification.first().and_then(|c| c.id.as_deref());
        let hs6 = commodity.and_then(|c| c.get(..6)).filter(|c| c.bytes().all(|b| b.is_ascii_digit()));
        codes.check(CodeList::Commodity, hs6, || in_commodity().class("21A", Some(0)).leaf("145"));
        for (occurrence, origin) in item.origin.iter().enumerate() {
            codes.check(CodeList::Country, origin.country_code.as_deref(), || {
                in_item().class("92A", Some(occurrence)).leaf("063")
            });
        }
        let price = item.commodity.invoice_line.item_charge_amount.as_ref();
        codes.check(CodeList::Currency, price.and_then(|a| a.currency.as_deref()), || {
            in_commodity().class("79A", None).leaf("112")
        });
        for (occurrence, packaging) in item.packaging.iter().enumerate() {
            let at_package = || in_item().class("93A", Some(occurrence));
            let kind = packaging.type_code.as_deref();
            codes.check(CodeList::PackageType, kind, || at_package().leaf("141"));
            let bulk = kind.and_then(package_kind) == Some(PackageKind::Bulk);
            if bulk && packaging.quantity_quantity.is_some_and(|n| n > 0) {
                let message = "bulk goods have no number of packages; leave QuantityQuantity out".to_owned();
                codes.findings.push("package.bulk-count", at_package().leaf("144"), message);
            }
        }
    }
}

struct Codes<'a> {
    on: NaiveDate,
    findings: &'a mut Findings,
}

impl Codes<'_> {
    fn check(&mut self, list: CodeList, code: Option<&str>, at: impl Fn() -> Pointer) {
        let Some(code) = code else { return };
        match list.status(code, self.on) {
            Status::Valid => {}
            Status::Unknown => {
                let hint =
                    list.suggest(code).map_or(String::new(), |c| format!("; `{}` ({}) is", c.code, c.name));
                let message = format!("`{code}` is not a {}{hint}", title(list));
                self.findings.push("code.unknown", at(), message);
            }
            Status::Expired(until) => {
                let message = format!("`{code}` was in force as a {} until {until}", title(list));
                self.findings.push("code.lapsed", at(), message);
            }
            Status::NotYet(from) => {
                let message = format!("`{code}` is in force as a {} only from {from}", title(list));
                self.findings.push("code.lapsed", at(), message);
            }
        }
    }
}

/// What a code of a list stands for, in a sentence.
fn title(list: CodeList) -> &'static str {
    match list {
        CodeList::Country => "country",
        CodeList::Currency => "currency",
        CodeList::Commodity => "Harmonized System code",
        CodeList::PackageType => "kind of package",
        CodeList::TransportMode => "mode of transport",
        CodeList::Procedure => "customs procedure",
        CodeList::DeclarationType => "type of declaration",
        CodeList::MessageFunction => "message function",
        CodeList::Incoterm => "delivery term",
        CodeList::ValuationMethod => "valuation method",
        CodeList::Unit => "unit of measure",
    }
}
