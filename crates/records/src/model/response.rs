//! Responses: what the authority answers to a declaration.

use super::declaration::{Amendment, Declaration};
use super::document::Pointer;
use super::party::Communication;
use super::shipment::GoodsShipment;
use crate::class::class;

class! {
    /// An answer of the authority: accepted, rejected, selected, released, cleared.
    pub struct Response = "Response" "07B" {
        /// Message function, coded: `01` accepted, `03` rejected, `09` cleared and so on.
        leaf function_code: Text = "FunctionCode" "017" "n..2",
        /// Functional reference number of the response.
        leaf functional_reference_id: Text = "FunctionalReferenceID" "D026" "an..35",
        /// Response issuing date.
        leaf issue_date_time: Time = "IssueDateTime" "D029" "an..35",
        /// Statement made to the declarant.
        many additional_information: ResponseInformation = "AdditionalInformation",
        /// A change that was made to the declaration, with its reason.
        many amendment: Amendment = "Amendment",
        /// Office where an appeal can be lodged.
        one appeal_office: AppealOffice = "AppealOffice",
        /// Bank account that duties are paid to.
        one bank: Bank = "Bank",
        /// Office to contact.
        many contact_office: ContactOffice = "ContactOffice",
        /// An error found in the declaration.
        many error: ResponseError = "Error",
        /// Processing status of the declaration.
        many status: Status = "Status",
        /// The declaration the response is about.
        one declaration: ResponseDeclaration = "Declaration",
        /// The values that changed, as amended.
        one amended_declaration: Declaration = "Declaration",
    }
}

class! {
    /// Statement made to the declarant.
    pub struct ResponseInformation = "AdditionalInformation" "03A" {
        /// Additional statement code.
        leaf statement_code: Text = "StatementCode" "226" "an..17",
        /// Additional statement text.
        leaf statement_description: Text = "StatementDescription" "225" "an..512",
        /// By when something has to be done.
        leaf limit_date_time: Time = "LimitDateTime" "264" "an..35",
        /// Additional statement type.
        leaf statement_type_code: Text = "StatementTypeCode" "369" "an..3",
        /// A step of a path that points into a message by WCO ids.
        many pointer: Pointer = "Pointer",
    }
}

class! {
    /// Office where an appeal can be lodged.
    pub struct AppealOffice = "AppealOffice" "07A" {
        /// Government appeal office, coded.
        leaf id: Text = "ID" "G001" "an..17",
    }
}

class! {
    /// Bank account that duties are paid to.
    pub struct Bank = "Bank" "14A" {
        /// Bank for deposit of duties, taxes and fees.
        leaf reference_id: Text = "ReferenceID" "R069" "an..17",
        /// Bank account number.
        leaf id: Text = "ID" "372" "an..35",
    }
}

class! {
    /// Office to contact.
    pub struct ContactOffice = "ContactOffice" "35A" {
        /// Government contact office, coded.
        leaf id: Text = "ID" "G002" "an..17",
        /// Telephone, e-mail or other means to reach a party.
        many communication: Communication = "Communication",
    }
}

class! {
    /// An error found in the declaration.
    pub struct ResponseError = "Error" "53A" {
        /// Error description.
        leaf description: Text = "Description" "488" "an..512",
        /// Error, coded.
        leaf validation_code: Text = "ValidationCode" "377" "an..8",
        /// A step of a path that points into a message by WCO ids.
        many pointer: Pointer = "Pointer",
    }
}

class! {
    /// Processing status of the declaration.
    pub struct Status = "Status" "12B" {
        /// From when the status holds.
        leaf effective_date_time: Time = "EffectiveDateTime" "380" "an..35",
        /// Declaration processing status, coded.
        leaf name_code: Text = "NameCode" "379" "an..3",
        /// When the goods were released.
        leaf release_date_time: Time = "ReleaseDateTime" "277" "an..35",
        /// A step of a path that points into a message by WCO ids.
        many pointer: Pointer = "Pointer",
    }
}

class! {
    /// The declaration a response is about.
    pub struct ResponseDeclaration = "Declaration" "42A" {
        /// Document acceptance date.
        leaf acceptance_date_time: Time = "AcceptanceDateTime" "023" "an..35",
        /// When the declaration was cancelled.
        leaf cancellation_date_time: Time = "CancellationDateTime" "373" "an..35",
        /// Functional reference number (LRN).
        leaf functional_reference_id: Text = "FunctionalReferenceID" "D026" "an..35",
        /// Document reference number (MRN).
        leaf id: Text = "ID" "D014" "an..70",
        /// When the declaration was rejected.
        leaf rejection_date_time: Time = "RejectionDateTime" "374" "an..35",
        /// Version number.
        leaf version_id: Text = "VersionID" "383" "an..9",
        /// Duties, taxes and fees of the declaration as a whole.
        many duty_tax_fee: ResponseDutyTaxFee = "DutyTaxFee",
        /// Goods items with the duties assessed on them.
        one goods_shipment: GoodsShipment = "GoodsShipment",
    }
}

class! {
    /// Duties, taxes and fees of the declaration as a whole.
    pub struct ResponseDutyTaxFee = "DutyTaxFee" "50A" {
        /// What is to be paid, by when and against which guarantee.
        one payment: ResponsePayment = "Payment",
    }
}

class! {
    /// What is to be paid, by when and against which guarantee.
    pub struct ResponsePayment = "Payment" "94A" {
        /// Payment reference number.
        leaf reference_id: Text = "ReferenceID" "014" "an..35",
        /// Duty/tax/fee assessed.
        leaf tax_assessed_amount: Amount = "TaxAssessedAmount" "120" "n..16,3",
        /// Payment due date.
        leaf due_date_time: Time = "DueDateTime" "376" "an..35",
        /// Payment amount.
        leaf payment_amount: Amount = "PaymentAmount" "378" "n..16,3",
        /// Guarantee that is drawn on.
        many obligation_guarantee: GuaranteeReference = "ObligationGuarantee",
    }
}

class! {
    /// Guarantee that is drawn on.
    pub struct GuaranteeReference = "ObligationGuarantee" "90A" {
        /// Guarantee reference identifier.
        leaf reference_id: Text = "ReferenceID" "100" "an..35",
    }
}
