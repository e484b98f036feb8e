//! The shipment: parties, terms, goods items.

use super::document::{Invoice, PreviousDocument, Ucr};
use super::goods_item::GovernmentAgencyGoodsItem;
use super::party::{
    AeoMutualRecognitionParty, Buyer, Consignee, Consignor, DomesticDutyTaxParty, Importer, Payer, Seller,
    Surety,
};
use super::transport::{Consignment, Warehouse};
use super::valuation::{CustomsValuation, Destination, ExportCountry};
use crate::class::class;

class! {
    /// The shipment declared: parties, terms and goods items.
    pub struct GoodsShipment = "GoodsShipment" "67A" {
        /// Exit date.
        leaf exit_date_time: Time = "ExitDateTime" "024" "an..35",
        /// Nature of transaction, coded.
        leaf transaction_nature_code: Text = "TransactionNatureCode" "103" "n..2",
        /// Partner-country AEO recognised under a mutual recognition arrangement.
        many aeo_mutual_recognition_party: AeoMutualRecognitionParty = "AEOMutualRecognitionParty",
        /// Party the goods are sold to.
        one buyer: Buyer = "Buyer",
        /// Party the goods are consigned to.
        one consignee: Consignee = "Consignee",
        /// How the goods travel: carrier, containers, places.
        one consignment: Consignment = "Consignment",
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
        /// One goods item: what is assessed for duty and risk.
        many government_agency_goods_item: GovernmentAgencyGoodsItem = "GovernmentAgencyGoodsItem",
        /// Party that imports the goods.
        one importer: Importer = "Importer",
        /// Commercial invoice.
        one invoice: Invoice = "Invoice",
        /// Party that pays the duties.
        one payer: Payer = "Payer",
        /// Document that precedes the declaration, such as a manifest line or an earlier procedure.
        many previous_document: PreviousDocument = "PreviousDocument",
        /// Party that sells the goods.
        one seller: Seller = "Seller",
        /// Party that stands surety.
        one surety: Surety = "Surety",
        /// Delivery terms (Incoterms) and place.
        one trade_terms: TradeTerms = "TradeTerms",
        /// Unique consignment reference.
        one ucr: Ucr = "UCR",
        /// Customs warehouse.
        one warehouse: Warehouse = "Warehouse",
    }
}

class! {
    /// Delivery terms (Incoterms) and place.
    pub struct TradeTerms = "TradeTerms" "22B" {
        /// INCOTERMS, coded.
        leaf condition_code: Text = "ConditionCode" "090" "a3",
        /// Country relationship, coded.
        leaf country_relationship_code: Text = "CountryRelationshipCode" "106" "an..3",
        /// INCOTERMS.
        leaf description: Text = "Description" "089" "an..70",
        /// INCOTERMS place, coded.
        leaf location_id: Text = "LocationID" "L002" "an..17",
        /// INCOTERMS place.
        leaf location_name: Text = "LocationName" "L001" "an..256",
    }
}
