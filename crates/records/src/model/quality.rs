//! Records about the data itself: what was set aside, and what was found on what was accepted.

use crate::class::class;

class! {
    /// A record set aside because it cannot be used as it is; kept whole, with its findings.
    pub struct QuarantinedRecord = "QuarantinedRecord" "X40" {
        /// File or stream the record came from.
        leaf source_name: Text = "SourceName" "X401" "an..512",
        /// Line of the source where the record starts, from 1.
        leaf line_numeric: Count = "LineNumeric" "X402" "n..10",
        /// The record exactly as it came; bytes that are not UTF-8 are shown as `\xNN`.
        leaf raw: Text = "Raw" "X403" "an..16777216",
        /// Name of the declaration that it is or belongs to, where that could be read.
        leaf declaration_id: Text = "DeclarationID" "X404" "an..70",
        /// Calendar month in which it was set aside, CCYY-MM.
        leaf month: Text = "Month" "X405" "an..7",
        /// Why it was set aside.
        many finding: DataFinding = "Finding",
    }
}

class! {
    /// A finding about the data of one record.
    pub struct DataFinding = "DataFinding" "X41" {
        /// Stable code of the finding.
        leaf code: Text = "Code" "X411" "an..48",
        /// `info`, `warning` or `error`.
        leaf severity_code: Text = "SeverityCode" "X412" "an..8",
        /// Place in the record by WCO ids.
        leaf pointer: Text = "Pointer" "X413" "an..256",
        /// What is wrong and what would be right.
        leaf message: Text = "Message" "X414" "an..1024",
        /// Line of the source, from 1.
        leaf line_numeric: Count = "LineNumeric" "X415" "n..10",
    }
}

impl From<&crate::Finding> for DataFinding {
    fn from(finding: &crate::Finding) -> Self {
        Self {
            code: Some(finding.code.into()),
            severity_code: Some(finding.severity.as_str().into()),
            pointer: Some(finding.pointer.as_str().into()),
            message: Some(finding.message.as_str().into()),
            line_numeric: finding.line.and_then(|l| u32::try_from(l).ok()),
        }
    }
}
