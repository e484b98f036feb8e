//! Inspections: what officers did with a consignment and what they found.

use crate::class::class;

class! {
    /// One inspection of a declaration or of one of its goods items.
    pub struct Inspection = "Inspection" "X30" {
        /// Declaration inspected.
        leaf declaration_id: Text = "DeclarationID" "X301" "an..70",
        /// Goods item inspected; absent when the result holds for the declaration as a whole.
        leaf goods_item_numeric: Count = "GoodsItemNumeric" "X302" "n..5",
        /// When the result was recorded, which is when it may be learnt from.
        leaf recorded_date_time: Time = "RecordedDateTime" "X303" "an..35",
        /// Lane in which the goods were examined.
        leaf lane_code: Text = "LaneCode" "X304" "an..8",
        /// Officer who led the examination.
        leaf officer_id: Text = "OfficerID" "X305" "an..35",
        /// `conform` or `discrepancy`; `withdrawn` when it left before it was inspected.
        leaf result_code: Text = "ResultCode" "X306" "an..12",
        /// What was found to differ from the declaration.
        many finding: InspectionFinding = "Finding",
    }
}

class! {
    /// One discrepancy found by an inspection.
    pub struct InspectionFinding = "InspectionFinding" "X31" {
        /// Kind of discrepancy, such as `undervaluation` or `origin`.
        leaf type_code: Text = "TypeCode" "X311" "an..24",
        /// `minor`, `major` or `critical`.
        leaf severity_code: Text = "SeverityCode" "X312" "an..8",
        /// Duty and tax recovered.
        leaf revenue_amount: Amount = "RevenueAmount" "X313" "n..16,3",
        /// What the officer saw.
        leaf description: Text = "Description" "X314" "an..512",
    }
}
