//! Documents and statements that accompany a declaration or an item.

use super::party::Submitter;
use crate::class::class;

class! {
    /// Licence, certificate or other document produced with the declaration.
    pub struct AdditionalDocument = "AdditionalDocument" "02A" {
        /// Document category, coded.
        leaf category_code: Text = "CategoryCode" "D031" "an..3",
        /// Document Effective Date.
        leaf effective_date_time: Time = "EffectiveDateTime" "276" "an..35",
        /// Additional document reference number.
        leaf id: Text = "ID" "D005" "an..70",
        /// Additional document name.
        leaf name: Text = "Name" "D028" "an..35",
        /// Additional document type, coded.
        leaf type_code: Text = "TypeCode" "D006" "an..3",
        /// LPCO Exemption Code.
        leaf lpco_exemption_code: Text = "LPCOExemptionCode" "360" "an..3",
        /// Party that submits the message or a document.
        one submitter: Submitter = "Submitter",
        /// Quantity or amount written off a licence.
        one write_off: WriteOff = "WriteOff",
    }
}

class! {
    /// Statement made in coded or free form.
    pub struct AdditionalInformation = "AdditionalInformation" "03A" {
        /// Additional statement code.
        leaf statement_code: Text = "StatementCode" "226" "an..17",
        /// Additional statement text.
        leaf statement_description: Text = "StatementDescription" "225" "an..512",
        /// Additional statement type.
        leaf statement_type_code: Text = "StatementTypeCode" "369" "an..3",
        /// A step of a path that points into a message by WCO ids.
        many pointer: Pointer = "Pointer",
    }
}

class! {
    /// A step of a path that points into a message by WCO ids.
    pub struct Pointer = "Pointer" "97A" {
        /// Sequence number.
        leaf sequence_numeric: Count = "SequenceNumeric" "006" "n..5",
        /// Document or message section, coded.
        leaf document_section_code: Text = "DocumentSectionCode" "375" "an..3",
        /// Tag identifier.
        leaf tag_id: Text = "TagID" "381" "an..4",
    }
}

class! {
    /// Document that precedes the declaration, such as a manifest line or an earlier procedure.
    pub struct PreviousDocument = "PreviousDocument" "99A" {
        /// Document category, coded.
        leaf category_code: Text = "CategoryCode" "D031" "an..3",
        /// Previous document number.
        leaf id: Text = "ID" "D018" "an..70",
        /// Previous document type, coded.
        leaf type_code: Text = "TypeCode" "D019" "an..3",
        /// Declaration line number previously recorded.
        leaf line_numeric: Count = "LineNumeric" "171" "n..5",
    }
}

class! {
    /// Quantity or amount written off a licence.
    pub struct WriteOff = "WriteOff" "22C" {
        /// Writing-off quantity.
        leaf quantity_quantity: Measure = "QuantityQuantity" "502" "n..16,6",
        /// Writing-off amount.
        leaf amount_amount: Amount = "AmountAmount" "503" "n..16,3",
    }
}

class! {
    /// Commercial invoice.
    pub struct Invoice = "Invoice" "78A" {
        /// Invoice number.
        leaf id: Text = "ID" "D016" "an..70",
        /// Invoice date.
        leaf issue_date_time: Time = "IssueDateTime" "D015" "an..35",
    }
}

class! {
    /// Unique consignment reference.
    pub struct Ucr = "UCR" "35B" {
        /// UCR.
        leaf id: Text = "ID" "016" "an..35",
        /// Trader reference.
        leaf trader_assigned_reference_id: Text = "TraderAssignedReferenceID" "009" "an..35",
    }
}
