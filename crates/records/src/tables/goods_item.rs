//! The table of goods items: one row for each item of each accepted version of a declaration.

use super::{DECLARATION_ID, MONTH, VERSION_NUMBER, column, measured};
use crate::class::Defined;
use crate::model::GovernmentAgencyGoodsItem;
use crate::table::Grade::{General1, General2, General3};
use crate::table::Source::{Hs6, Kilograms, Leaf, List, Other, Unit, Value};
use crate::table::{Column, Domain, Table};

/// One row for each goods item; joins [`super::DECLARATION`] on month and declaration id.
pub static GOODS_ITEM: Table = Table {
    name: "goods_item",
    domain: Domain::Declaration,
    owner: "clearance",
    description: "Goods items of declarations; codes and origins that repeat show their first occurrence as a column.",
    class: GovernmentAgencyGoodsItem::DEFINITION,
    columns: COLUMNS,
    elsewhere: &[],
    statistics: &["commodity_hs6", "origin_country_code"],
};

const COLUMNS: &[Column] = &[
    MONTH,
    DECLARATION_ID,
    VERSION_NUMBER,
    column("goods_item_seq", Leaf("SequenceNumeric"), General1),
    column("procedure_code", Leaf("GovernmentProcedure/CurrentCode"), General1),
    column("previous_procedure_code", Leaf("GovernmentProcedure/PreviousCode"), General1),
    Column {
        description: "First six digits of the commodity code: the Harmonized System subheading.",
        ..column("commodity_hs6", Hs6("Commodity/Classification/ID"), General1)
    },
    column("commodity_code", Leaf("Commodity/Classification/ID"), General1),
    column("commodity_description", Leaf("Commodity/Description"), General3),
    column("specification", Leaf("SpecificationDescription"), General3),
    column("inspection_category_code", Leaf("InspectionCategoryCode"), General2),
    column("origin_country_code", Leaf("Origin/CountryCode"), General1),
    column("origin_type_code", Leaf("Origin/TypeCode"), General2),
    measured("gross_mass_kg", Kilograms("Commodity/GoodsMeasure/GrossMassMeasure"), "kg", General3),
    measured("net_mass_kg", Kilograms("Commodity/GoodsMeasure/NetNetWeightMeasure"), "kg", General3),
    column("tariff_quantity", Value("Commodity/GoodsMeasure/TariffQuantity"), General3),
    column("tariff_quantity_unit", Unit("Commodity/GoodsMeasure/TariffQuantity"), General1),
    column("declared_quantity", Value("DeclaredQuantity"), General3),
    column("declared_quantity_unit", Unit("DeclaredQuantity"), General1),
    column("item_price_amount", Value("Commodity/InvoiceLine/ItemChargeAmount"), General3),
    column("item_price_currency", Unit("Commodity/InvoiceLine/ItemChargeAmount"), General1),
    column("statistical_value_amount", Value("StatisticalValueAmount"), General3),
    column("statistical_value_currency", Unit("StatisticalValueAmount"), General1),
    column("customs_value_amount", Value("CustomsValueAmount"), General3),
    column("customs_value_currency", Unit("CustomsValueAmount"), General1),
    column("valuation_method_code", Leaf("CustomsValuation/MethodCode"), General2),
    column("duty_type_code", Leaf("Commodity/DutyTaxFee/TypeCode"), General1),
    column("duty_regime_code", Leaf("Commodity/DutyTaxFee/DutyRegimeCode"), General1),
    measured("duty_rate_percent", Leaf("Commodity/DutyTaxFee/TaxRateNumeric"), "%", General1),
    column("duty_payment_method_code", Leaf("Commodity/DutyTaxFee/Payment/MethodCode"), General2),
    column("package_type_code", Leaf("Packaging/TypeCode"), General2),
    column("item_package_count", Leaf("Packaging/QuantityQuantity"), General2),
    column("tariff_treatment_code", Leaf("TariffTreatmentCode"), General2),
    column("origin_marking_code", Leaf("OriginMarkingCode"), General2),
    column("domestic_place_id", Leaf("DomesticPlaceID"), General2),
    column("item_destination_country_code", Leaf("Destination/CountryCode"), General2),
    column("item_export_country_code", Leaf("ExportCountry/ID"), General2),
    column("government_procedures", List("GovernmentProcedure"), General2),
    column("classifications", List("Commodity/Classification"), General1),
    column("origins", List("Origin"), General2),
    column("duty_tax_fees", List("Commodity/DutyTaxFee"), General3),
    column("packagings", List("Packaging"), General3),
    column("handling_requirements", List("HandlingRequirement"), General2),
    column("item_documents", List("AdditionalDocument"), General3),
    column("item_statements", List("AdditionalInformation"), General3),
    column("item_previous_documents", List("PreviousDocument"), General3),
    Column {
        description: "Values of the item that have no column of their own, with their paths.",
        ..column("item_other_values", Other, General3)
    },
];
