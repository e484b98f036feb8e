//! What a shipment and each of its items may state: valuation, destination, country of exportation.

use crate::class::class;

class! {
    /// Country and region of destination.
    pub struct Destination = "Destination" "99B" {
        /// Country of destination, coded.
        leaf country_code: Text = "CountryCode" "465" "a2",
        /// Region of destination, coded.
        leaf region_id: Text = "RegionID" "477" "an..9",
    }
}

class! {
    /// Country of exportation (dispatch).
    pub struct ExportCountry = "ExportCountry" "95B" {
        /// Country of exportation, coded.
        leaf id: Text = "ID" "062" "a2",
    }
}

class! {
    /// Valuation method and charges.
    pub struct CustomsValuation = "CustomsValuation" "41A" {
        /// Valuation method, coded.
        leaf method_code: Text = "MethodCode" "122" "an..3",
        /// Freight costs.
        leaf freight_charge_amount: Amount = "FreightChargeAmount" "117" "n..16,3",
        /// Addition to or deduction from the value.
        many charge_deduction: ChargeDeduction = "ChargeDeduction",
    }
}

class! {
    /// Addition to or deduction from the value.
    pub struct ChargeDeduction = "ChargeDeduction" "58B" {
        /// Charges type, coded.
        leaf charges_type_code: Text = "ChargesTypeCode" "371" "an..3",
        /// Other charges/deductions.
        leaf other_charge_deduction_amount: Amount = "OtherChargeDeductionAmount" "181" "n..16,3",
    }
}
