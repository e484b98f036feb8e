//! The declaration itself and what belongs to it as a whole.

use super::document::{AdditionalDocument, AdditionalInformation, Pointer};
use super::party::{Agent, Declarant, Exporter, Submitter};
use super::shipment::GoodsShipment;
use super::transport::{BorderTransportMeans, Consignment};
use crate::class::class;

class! {
    /// One goods declaration as lodged, amended or cancelled by a trader.
    pub struct Declaration = "Declaration" "42A" {
        /// Document acceptance date.
        leaf acceptance_date_time: Time = "AcceptanceDateTime" "023" "an..35",
        /// Message function, coded.
        leaf function_code: Text = "FunctionCode" "017" "n..2",
        /// Functional reference number.
        leaf functional_reference_id: Text = "FunctionalReferenceID" "D026" "an..35",
        /// Document reference number.
        leaf id: Text = "ID" "D014" "an..70",
        /// Document issuing date.
        leaf issue_date_time: Time = "IssueDateTime" "D011" "an..35",
        /// Document issuing place, coded.
        leaf issue_location_id: Text = "IssueLocationID" "D012" "an..5",
        /// Document name, coded.
        leaf type_code: Text = "TypeCode" "D013" "an..3",
        /// Total number of items.
        leaf goods_item_quantity: Count = "GoodsItemQuantity" "228" "n..5",
        /// Office of declaration, coded.
        leaf declaration_office_id: Text = "DeclarationOfficeID" "065" "an..17",
        /// Total invoice amount.
        leaf invoice_amount: Amount = "InvoiceAmount" "109" "n..16,3",
        /// Number of loading lists.
        leaf loading_list_quantity: Count = "LoadingListQuantity" "013" "n..5",
        /// Total gross weight.
        leaf total_gross_mass_measure: Measure = "TotalGrossMassMeasure" "131" "n..16,6",
        /// Total number of packages.
        leaf total_package_quantity: Count = "TotalPackageQuantity" "146" "n..8",
        /// Specific circumstances, coded.
        leaf specific_circumstances_code_code: Text = "SpecificCircumstancesCodeCode" "504" "an..3",
        /// Signature of the person who lodges the declaration.
        one authentication: Authentication = "Authentication",
        /// Party that submits the message or a document.
        one submitter: Submitter = "Submitter",
        /// Licence, certificate or other document produced with the declaration.
        many additional_document: AdditionalDocument = "AdditionalDocument",
        /// Statement made in coded or free form.
        many additional_information: AdditionalInformation = "AdditionalInformation",
        /// Representative of the declarant and the capacity it acts in.
        one agent: Agent = "Agent",
        /// A change to an earlier version of the declaration, with its reason.
        many amendment: Amendment = "Amendment",
        /// Holder of an authorisation that the declaration relies on, such as an AEO certificate.
        many authorisation_holder: AuthorisationHolder = "AuthorisationHolder",
        /// Active means of transport crossing the border.
        one border_transport_means: BorderTransportMeans = "BorderTransportMeans",
        /// How the goods travel: carrier, containers, places.
        one consignment: Consignment = "Consignment",
        /// Rate used to convert an invoice currency.
        many currency_exchange: CurrencyExchange = "CurrencyExchange",
        /// Party in whose name the declaration is made.
        one declarant: Declarant = "Declarant",
        /// Office where the goods leave the territory.
        one exit_office: ExitOffice = "ExitOffice",
        /// Party that exports the goods.
        one exporter: Exporter = "Exporter",
        /// The shipment declared: parties, terms and goods items.
        one goods_shipment: GoodsShipment = "GoodsShipment",
        /// Security for duties that may fall due.
        many obligation_guarantee: ObligationGuarantee = "ObligationGuarantee",
        /// Office where the goods are presented.
        one presentation_office: PresentationOffice = "PresentationOffice",
        /// Office that supervises a special procedure.
        one supervising_office: SupervisingOffice = "SupervisingOffice",
        /// Version of the declaration, from 1; amendments raise it.
        leaf version_numeric: Count = "VersionNumeric" "X001" "n..5",
        /// Supervision (trade) mode, such as China's four-digit code.
        leaf supervision_mode_code: Text = "SupervisionModeCode" "X002" "an..6",
        /// Nature of levy and exemption.
        leaf levy_nature_code: Text = "LevyNatureCode" "X003" "an..6",
        /// Sales contract number.
        leaf contract_id: Text = "ContractID" "X004" "an..70",
        /// Port where the goods enter or leave the territory.
        leaf border_port_id: Text = "BorderPortID" "X005" "an..17",
        /// When the means of transport entered or left the territory.
        leaf border_crossing_date_time: Time = "BorderCrossingDateTime" "X006" "an..35",
        /// How duties are paid: at release, deferred, periodic or against a guarantee.
        leaf payment_arrangement_code: Text = "PaymentArrangementCode" "X007" "an..6",
    }
}

class! {
    /// Signature of the person who lodges the declaration.
    pub struct Authentication = "Authentication" "61B" {
        /// Authentication.
        leaf authentication: Text = "Authentication" "104" "an..256",
        /// Person who signs.
        one authenticator: Authenticator = "Authenticator",
    }
}

class! {
    /// Person who signs.
    pub struct Authenticator = "Authenticator" "12A" {
        /// Authenticator - name.
        leaf name: Text = "Name" "R007" "an..70",
    }
}

class! {
    /// A change to an earlier version of the declaration, with its reason.
    pub struct Amendment = "Amendment" "06A" {
        /// Amendment code.
        leaf change_reason_code: Text = "ChangeReasonCode" "099" "an..3",
        /// A step of a path that points into a message by WCO ids.
        many pointer: Pointer = "Pointer",
    }
}

class! {
    /// Holder of an authorisation that the declaration relies on, such as an AEO certificate.
    pub struct AuthorisationHolder = "AuthorisationHolder" "17C" {
        /// Authorisation holder, coded.
        leaf id: Text = "ID" "R144" "an..17",
        /// Authorisation holder type, coded.
        leaf category_code: Text = "CategoryCode" "R145" "an..4",
    }
}

class! {
    /// Rate used to convert an invoice currency.
    pub struct CurrencyExchange = "CurrencyExchange" "40A" {
        /// Currency, coded.
        leaf currency_type_code: Text = "CurrencyTypeCode" "135" "a3",
        /// Rate of exchange.
        leaf rate_numeric: Decimal = "RateNumeric" "118" "n..12,5",
    }
}

class! {
    /// Security for duties that may fall due.
    pub struct ObligationGuarantee = "ObligationGuarantee" "90A" {
        /// Security amount.
        leaf amount_amount: Amount = "AmountAmount" "492" "n..16,3",
        /// Document reference number.
        leaf id: Text = "ID" "D014" "an..70",
        /// Guarantee reference identifier.
        leaf reference_id: Text = "ReferenceID" "100" "an..35",
        /// Security details, coded.
        leaf security_details_code: Text = "SecurityDetailsCode" "101" "an..3",
        /// Guarantee access code.
        leaf access_code: Text = "AccessCode" "499" "an..4",
        /// Office where a guarantee is registered.
        one guarantee_office: GuaranteeOffice = "GuaranteeOffice",
    }
}

class! {
    /// Office where a guarantee is registered.
    pub struct GuaranteeOffice = "GuaranteeOffice" "14C" {
        /// Guarantee office, coded.
        leaf id: Text = "ID" "G014" "an..17",
    }
}

class! {
    /// Office where the goods leave the territory.
    pub struct ExitOffice = "ExitOffice" "56A" {
        /// Office of exit, coded.
        leaf id: Text = "ID" "G005" "an..17",
    }
}

class! {
    /// Office where the goods are presented.
    pub struct PresentationOffice = "PresentationOffice" "15C" {
        /// Government office of presentation, coded.
        leaf id: Text = "ID" "G015" "an..17",
    }
}

class! {
    /// Office that supervises a special procedure.
    pub struct SupervisingOffice = "SupervisingOffice" "97B" {
        /// Supervising office, coded.
        leaf id: Text = "ID" "G012" "an..17",
    }
}
