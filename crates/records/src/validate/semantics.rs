//! Rules between the fields of a declaration.

use super::Findings;
use crate::model::{Declaration, GovernmentAgencyGoodsItem};
use crate::path::Pointer;
use crate::value::Measure;
use std::collections::HashSet;

pub(super) fn check(declaration: &Declaration, at: &Pointer, findings: &mut Findings) {
    if declaration.declaration_id().is_none() {
        let message =
            "the declaration has neither an ID (MRN) nor a FunctionalReferenceID (LRN); one names it";
        findings.push("key.missing", at.leaf("D014"), message.to_owned());
    }
    if declaration.acceptance_date_time.is_none() {
        let message = "the declaration has no AcceptanceDateTime; give the day it was accepted";
        findings.push("acceptance.missing", at.leaf("023"), message.to_owned());
    }
    if declaration.is_request() {
        let message = "the message asks to amend, cancel or present an earlier declaration and is none itself; \
                       load the amended declaration as a whole, with its version";
        findings.push("message.not-a-declaration", at.leaf("017"), message.to_owned());
    }
    let items = &declaration.goods_shipment.government_agency_goods_item;
    let shipment = at.class("67A", None);
    if items.is_empty() && matches!(declaration.function_code.as_deref(), None | Some("9")) {
        let message = "an original declaration needs at least one GovernmentAgencyGoodsItem";
        findings.push("item.missing", shipment.class("68A", None), message.to_owned());
    }
    if let Some(stated) = declaration.goods_item_quantity
        && !items.is_empty()
        && stated as usize != items.len()
    {
        let message = format!("{stated} goods items are stated, there are {}", items.len());
        findings.push("item.count", at.leaf("228"), message);
    }
    let mut numbers = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        check_item(item, &shipment.class("68A", Some(index)), &mut numbers, findings);
    }
}

fn check_item(
    item: &GovernmentAgencyGoodsItem,
    at: &Pointer,
    numbers: &mut HashSet<u32>,
    findings: &mut Findings,
) {
    match item.sequence_numeric {
        None => {
            findings.push(
                "item.sequence",
                at.leaf("006"),
                "the goods item has no SequenceNumeric".to_owned(),
            );
        }
        Some(number) if !numbers.insert(number) => {
            let message =
                format!("number {number} stands on another goods item too; number the items 1, 2, 3, …");
            findings.push("item.sequence", at.leaf("006"), message);
        }
        Some(_) => {}
    }
    let commodity = at.class("23A", None);
    match item.commodity.classification.first().and_then(|c| c.id.as_deref()) {
        None => {
            let message = "the goods item has no Commodity/Classification/ID".to_owned();
            findings.push("item.commodity-missing", commodity.class("21A", None), message);
        }
        Some(code) if code.len() < 6 || !code.bytes().take(6).all(|b| b.is_ascii_digit()) => {
            let message =
                format!("`{code}` does not start with the six digits of a Harmonized System subheading");
            findings.push("commodity.format", commodity.class("21A", Some(0)).leaf("145"), message);
        }
        Some(_) => {}
    }
    check_masses(item, &commodity.class("65A", None), findings);
    if item.commodity.invoice_line.item_charge_amount.as_ref().is_some_and(|a| a.value.is_zero()) {
        let message = "the item price is zero; state the price, or the value it would have".to_owned();
        findings.push("value.zero", commodity.class("79A", None).leaf("112"), message);
    }
}

fn check_masses(item: &GovernmentAgencyGoodsItem, at: &Pointer, findings: &mut Findings) {
    let measures = &item.commodity.goods_measure;
    let (gross, net) = (&measures.gross_mass_measure, &measures.net_net_weight_measure);
    for (measure, id) in [(gross, "126"), (net, "128")] {
        let Some(Measure { value, unit }) = measure else { continue };
        if unit.as_deref() != Some("KGM") {
            let unit = unit.as_deref().unwrap_or("no unit");
            let message = format!("the mass is in {unit}; convert it to kilograms (KGM)");
            findings.push("unit.not-kilograms", at.leaf(id), message);
        }
        if value.is_zero() {
            findings.push("value.zero", at.leaf(id), "the mass is zero".to_owned());
        }
    }
    if let (Some(gross), Some(net)) = (gross, net)
        && net.unit == gross.unit
        && net.value > gross.value
    {
        let message = format!("net mass {} is above gross mass {}", net.value, gross.value);
        findings.push("mass.net-above-gross", at.leaf("128"), message);
    }
}
