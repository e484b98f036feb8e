//! Goods items as items of the record model.

use crate::record::{Papers, amount, measure, text};
use crate::shipment::{Item, Shipment};
use crate::world::World;
use tidegate_records::model::{
    AdditionalDocument, Classification, Commodity, CustomsValuation, DutyTaxFee, GoodsMeasure,
    GovernmentAgencyGoodsItem, GovernmentProcedure, HandlingRequirement, InvoiceLine, Origin, Packaging,
    Payment,
};
use tidegate_records::value::{Decimal, Measure};

/// Duty, anti-dumping duty and value-added tax (UN/EDIFACT 5153).
const DUTY: &str = "CUD";
const ANTI_DUMPING: &str = "ADD";
const VAT: &str = "VAT";
/// Levied as the law says, and exempt.
const LEVIED: &str = "1";
const EXEMPT: &str = "3";

impl World {
    pub(crate) fn goods_items(
        &self,
        shipment: &Shipment,
        papers: &Papers,
        currency: &str,
    ) -> Vec<GovernmentAgencyGoodsItem> {
        let exempt = self.pays_nothing(shipment);
        let items = shipment.items.iter().enumerate();
        items
            .map(|(position, item)| {
                let mut record = self.goods_item(item, papers, currency);
                record.sequence_numeric = u32::try_from(position + 1).ok();
                record.commodity.duty_tax_fee = self.duty_lines(item, exempt, currency);
                record.government_procedure = vec![GovernmentProcedure {
                    current_code: text(if shipment.processing { "51" } else { "40" }),
                    previous_code: text("00"),
                }];
                record.domestic_place_id = text(&self.offices[shipment.trader.offices[0]].code);
                record
            })
            .collect()
    }

    fn goods_item(&self, item: &Item, papers: &Papers, currency: &str) -> GovernmentAgencyGoodsItem {
        let goods = &item.declared;
        let commodity = &self.catalogue.commodities[goods.commodity];
        let origin = &self.partners[goods.origin];
        let value = amount(goods.value, currency);
        let supplementary = self.supplementary(item);
        let agreement = origin.agreement.filter(|_| goods.preferential);
        GovernmentAgencyGoodsItem {
            customs_value_amount: value.clone(),
            statistical_value_amount: value,
            additional_document: agreement
                .map(|a| AdditionalDocument {
                    category_code: text("N"),
                    id: text(format!("{}{:07}", origin.code, (goods.mass * 1e3) as u64 % 10_000_000)),
                    name: text(a),
                    type_code: text("861"),
                    ..AdditionalDocument::default()
                })
                .into_iter()
                .collect(),
            commodity: Commodity {
                description: text(commodity.description),
                classification: vec![Classification {
                    id: text(format!("{}{}", commodity.hs6, ["1000", "9000", "2000"][item.make])),
                    identification_type_code: text("HS"),
                }],
                goods_measure: GoodsMeasure {
                    gross_mass_measure: measure(item.gross, "KGM"),
                    net_net_weight_measure: measure(goods.mass, "KGM"),
                    tariff_quantity: supplementary.clone(),
                },
                invoice_line: InvoiceLine {
                    item_charge_amount: amount(papers.invoiced(goods.value), papers.currency),
                },
                ..Commodity::default()
            },
            customs_valuation: CustomsValuation { method_code: text("1"), ..CustomsValuation::default() },
            origin: vec![Origin { country_code: text(origin.code), ..Origin::default() }],
            packaging: vec![Packaging {
                sequence_numeric: Some(1),
                quantity_quantity: item.packages,
                type_code: text(item.package),
                ..Packaging::default()
            }],
            specification: text(format!("make {}", ["A", "B", "C"][item.make])),
            declared_quantity: supplementary.or_else(|| measure(goods.mass, "KGM")),
            tariff_treatment_code: text(agreement.unwrap_or("MFN")),
            handling_requirement: item
                .handling
                .iter()
                .map(|kind| HandlingRequirement { type_code: text(kind) })
                .collect(),
            ..GovernmentAgencyGoodsItem::default()
        }
    }

    /// Supplementary quantity in the unit of the chapter.
    fn supplementary(&self, item: &Item) -> Option<Measure> {
        let unit = self.catalogue.chapter_of(item.declared.commodity).unit?;
        let units = match unit {
            "GRM" => item.declared.mass * 1e3,
            "NAR" | "NPR" => (item.declared.mass / item.unit_mass).round().max(1.0),
            _ => item.declared.mass / item.unit_mass,
        };
        measure(units.max(0.001), unit)
    }

    fn duty_lines(&self, item: &Item, exempt: bool, currency: &str) -> Vec<DutyTaxFee> {
        let charges = self.charges(&item.declared);
        let regime = if item.declared.preferential { "300" } else { "100" };
        let line = |kind: &str, base: f64, rate: f64, assessed: f64| DutyTaxFee {
            ad_valorem_tax_base_amount: amount(base, currency),
            duty_regime_code: text(regime),
            tax_rate_numeric: Some(Decimal::new((rate * 10.0).round() as i64, 1)),
            type_code: text(kind),
            payment: Payment {
                method_code: text(if exempt { EXEMPT } else { LEVIED }),
                tax_assessed_amount: amount(if exempt { 0.0 } else { assessed }, currency),
                payment_amount: None,
            },
            ..DutyTaxFee::default()
        };
        let value = item.declared.value;
        let mut lines = vec![line(DUTY, value, charges.duty_rate, charges.duty)];
        if charges.additional_rate > 0.0 {
            lines.push(line(ANTI_DUMPING, value, charges.additional_rate, charges.additional));
        }
        let base = value + charges.duty + charges.additional;
        lines.push(line(VAT, base, self.configuration.vat_percent, charges.vat));
        lines
    }
}
