//! Goods items: commodity, duties, measures, origin, packaging.

use super::document::{AdditionalDocument, AdditionalInformation, PreviousDocument, Ucr};
use super::party::{AeoMutualRecognitionParty, Buyer, Consignee, Consignor, DomesticDutyTaxParty, Seller};
use super::transport::TransportEquipment;
use super::valuation::{CustomsValuation, Destination, ExportCountry};
use crate::class::class;

class! {
    /// One goods item: what is assessed for duty and risk.
    pub struct GovernmentAgencyGoodsItem = "GovernmentAgencyGoodsItem" "68A" {
        /// Customs value.
        leaf customs_value_amount: Amount = "CustomsValueAmount" "108" "n..16,3",
        /// Sequence number.
        leaf sequence_numeric: Count = "SequenceNumeric" "006" "n..5",
        /// Statistical value.
        leaf statistical_value_amount: Amount = "StatisticalValueAmount" "114" "n..16,3",
        /// Nature of transaction, coded.
        leaf transaction_nature_code: Text = "TransactionNatureCode" "103" "n..2",
        /// Licence, certificate or other document produced with the declaration.
        many additional_document: AdditionalDocument = "AdditionalDocument",
        /// Statement made in coded or free form.
        many additional_information: AdditionalInformation = "AdditionalInformation",
        /// Partner-country AEO recognised under a mutual recognition arrangement.
        many aeo_mutual_recognition_party: AeoMutualRecognitionParty = "AEOMutualRecognitionParty",
        /// Party the goods are sold to.
        one buyer: Buyer = "Buyer",
        /// What the goods are, how they are classified, taxed and measured.
        one commodity: Commodity = "Commodity",
        /// Party the goods are consigned to.
        one consignee: Consignee = "Consignee",
        /// Party that consigns the goods.
        one consignor: Consignor = "Consignor",
        /// Valuation method and charges.
        one customs_valuation: CustomsValuation = "CustomsValuation",
        /// Country and region of destination.
        one destination: Destination = "Destination",
        /// Party registered for domestic duties or taxes.
        many domestic_duty_tax_party: DomesticDutyTaxParty = "DomesticDutyTaxParty",
        /// Country of exportation (dispatch).
        one export_country: ExportCountry = "ExportCountry",
        /// Requested and previous customs procedure.
        many government_procedure: GovernmentProcedure = "GovernmentProcedure",
        /// Country of origin, preferential or not.
        many origin: Origin = "Origin",
        /// Packages: number, kind and marks.
        many packaging: Packaging = "Packaging",
        /// Document that precedes the declaration, such as a manifest line or an earlier procedure.
        many previous_document: PreviousDocument = "PreviousDocument",
        /// Party that sells the goods.
        one seller: Seller = "Seller",
        /// Unique consignment reference.
        one ucr: Ucr = "UCR",
        /// Indicators used in determining the value.
        one valuation_adjustment: ValuationAdjustment = "ValuationAdjustment",
        /// Specification and model, beside the description of the commodity.
        leaf specification: Text = "SpecificationDescription" "X101" "an..512",
        /// Inspection and quarantine code that refines the commodity code.
        leaf inspection_category_code: Text = "InspectionCategoryCode" "X102" "an..6",
        /// Quantity in the unit of the contract.
        leaf declared_quantity: Measure = "DeclaredQuantity" "X103" "n..16,6",
        /// Quantity in the second statutory unit.
        leaf second_statutory_quantity: Measure = "SecondStatutoryQuantity" "X104" "n..16,6",
        /// Domestic place of destination or of supply.
        leaf domestic_place_id: Text = "DomesticPlaceID" "X105" "an..17",
        /// Tariff treatment claimed: base rate, agreement, quota.
        leaf tariff_treatment_code: Text = "TariffTreatmentCode" "X107" "an..6",
        /// How the origin is marked on the goods.
        leaf origin_marking_code: Text = "OriginMarkingCode" "X108" "an..3",
        /// How the goods must be handled when they are examined.
        many handling_requirement: HandlingRequirement = "HandlingRequirement",
    }
}

class! {
    /// What the goods are, how they are classified, taxed and measured.
    pub struct Commodity = "Commodity" "23A" {
        /// Description of goods.
        leaf description: Text = "Description" "137" "an..512",
        /// Commodity code in one nomenclature.
        many classification: Classification = "Classification",
        /// UN number of dangerous goods.
        many dangerous_goods: DangerousGoods = "DangerousGoods",
        /// One line of duty, tax or fee.
        many duty_tax_fee: DutyTaxFee = "DutyTaxFee",
        /// Masses and supplementary quantity.
        one goods_measure: GoodsMeasure = "GoodsMeasure",
        /// Invoice line of the item.
        one invoice_line: InvoiceLine = "InvoiceLine",
        /// Container or other equipment.
        many transport_equipment: TransportEquipment = "TransportEquipment",
    }
}

class! {
    /// Commodity code in one nomenclature.
    pub struct Classification = "Classification" "21A" {
        /// Commodity Classification.
        leaf id: Text = "ID" "145" "an..18",
        /// Nomenclature of the code (UN/EDIFACT 7143), such as `TSP` or `HS`.
        leaf identification_type_code: Text = "IdentificationTypeCode" "7143" "an..3",
    }
}

class! {
    /// UN number of dangerous goods.
    pub struct DangerousGoods = "DangerousGoods" "12C" {
        /// United Nations Dangerous Goods Identifier (UNDG).
        leaf undgid: Text = "UNDGID" "506" "n..4",
    }
}

class! {
    /// One line of duty, tax or fee.
    pub struct DutyTaxFee = "DutyTaxFee" "50A" {
        /// Duty/tax/fee assessment basis in value.
        leaf ad_valorem_tax_base_amount: Amount = "AdValoremTaxBaseAmount" "116" "n..16,3",
        /// Duty/tax/fee reduced assessed.
        leaf deduct_amount: Amount = "DeductAmount" "111" "n..16,3",
        /// Type of duty regime, coded.
        leaf duty_regime_code: Text = "DutyRegimeCode" "164" "an..3",
        /// Duty/tax/fee assessment basis in quantity.
        leaf specific_tax_base_quantity: Measure = "SpecificTaxBaseQuantity" "129" "n..16,6",
        /// Duty/tax/fee rate.
        leaf tax_rate_numeric: Decimal = "TaxRateNumeric" "115" "an..17,3",
        /// Duty/tax/fee type, coded.
        leaf type_code: Text = "TypeCode" "113" "an..3",
        /// Quota identifier.
        leaf quota_order_id: Text = "QuotaOrderID" "401" "an..17",
        /// How a duty line is paid.
        one payment: Payment = "Payment",
    }
}

class! {
    /// How a duty line is paid.
    pub struct Payment = "Payment" "94A" {
        /// Duty/tax payment method, coded.
        leaf method_code: Text = "MethodCode" "107" "a1",
        /// Duty/tax/fee assessed.
        leaf tax_assessed_amount: Amount = "TaxAssessedAmount" "120" "n..16,3",
        /// Payment amount.
        leaf payment_amount: Amount = "PaymentAmount" "378" "n..16,3",
    }
}

class! {
    /// Masses and supplementary quantity.
    pub struct GoodsMeasure = "GoodsMeasure" "65A" {
        /// Gross weight item level.
        leaf gross_mass_measure: Measure = "GrossMassMeasure" "126" "n..16,6",
        /// Net net weight.
        leaf net_net_weight_measure: Measure = "NetNetWeightMeasure" "128" "n..16,6",
        /// Tariff quantity/ Supplementary quantity.
        leaf tariff_quantity: Measure = "TariffQuantity" "130" "n..16,6",
    }
}

class! {
    /// Invoice line of the item.
    pub struct InvoiceLine = "InvoiceLine" "79A" {
        /// Item amount.
        leaf item_charge_amount: Amount = "ItemChargeAmount" "112" "n..16,3",
    }
}

class! {
    /// Requested and previous customs procedure.
    pub struct GovernmentProcedure = "GovernmentProcedure" "70A" {
        /// Government procedure, coded.
        leaf current_code: Text = "CurrentCode" "166" "an..7",
        /// Previous government procedure.
        leaf previous_code: Text = "PreviousCode" "161" "an..7",
    }
}

class! {
    /// Country of origin, preferential or not.
    pub struct Origin = "Origin" "92A" {
        /// Country of origin, coded.
        leaf country_code: Text = "CountryCode" "063" "an..4",
        /// Region of origin, coded.
        leaf region_id: Text = "RegionID" "066" "an..9",
        /// Origin type, coded.
        leaf type_code: Text = "TypeCode" "501" "an..3",
    }
}

class! {
    /// Packages: number, kind and marks.
    pub struct Packaging = "Packaging" "93A" {
        /// Sequence number.
        leaf sequence_numeric: Count = "SequenceNumeric" "006" "n..5",
        /// Shipping marks.
        leaf marks_numbers_id: Text = "MarksNumbersID" "142" "an..512",
        /// Number of packages.
        leaf quantity_quantity: Count = "QuantityQuantity" "144" "n..8",
        /// Type of packages identification, coded.
        leaf type_code: Text = "TypeCode" "141" "an..2",
        /// Packing Material Description, text.
        leaf packing_material_description: Text = "PackingMaterialDescription" "344" "an..256",
        /// Package dimensions - Length.
        leaf length_measure: Measure = "LengthMeasure" "367" "n..15",
        /// Package dimensions - Width.
        leaf width_measure: Measure = "WidthMeasure" "368" "n..15",
        /// Package dimensions - Height.
        leaf height_measure: Measure = "HeightMeasure" "402" "n..15",
        /// Package volume.
        leaf volume_measure: Measure = "VolumeMeasure" "395" "n..16,6",
    }
}

class! {
    /// Indicators used in determining the value.
    pub struct ValuationAdjustment = "ValuationAdjustment" "39B" {
        /// Valuation additions qualifier.
        leaf addition_code: Text = "AdditionCode" "188" "an..4",
    }
}

class! {
    /// A handling requirement evidenced for the goods; package codes alone never show it.
    pub struct HandlingRequirement = "HandlingRequirement" "X10" {
        /// `vacuum`, `light-proof`, `constant-temperature`, `static-sensitive` or `shock-sensitive`.
        leaf type_code: Text = "TypeCode" "X106" "an..24",
    }
}
