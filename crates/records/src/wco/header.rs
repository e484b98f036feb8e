//! The header of a message: which model, country and agency it follows.

use crate::class::class;

class! {
    /// What the `MetaData` around a message says about it.
    pub struct MessageHeader = "MetaData" "9000" {
        /// Version of the WCO Data Model.
        leaf wco_data_model_version_code: Text = "WCODataModelVersionCode" "9010" "an..6",
        /// Kind of message: `DEC` for declarations, `RES` for responses.
        leaf wco_type_name: Text = "WCOTypeName" "9013" "an..70",
        /// Country whose customisation of the model is followed.
        leaf responsible_country_code: Text = "ResponsibleCountryCode" "9014" "a2",
        /// Agency whose customisation of the model is followed.
        leaf responsible_agency_name: Text = "ResponsibleAgencyName" "9016" "an..70",
        /// Customisation, coded by the agency.
        leaf agency_assigned_customization_code: Text = "AgencyAssignedCustomizationCode" "9000" "an..6",
        /// Version of the customisation.
        leaf agency_assigned_customization_version_code: Text =
            "AgencyAssignedCustomizationVersionCode" "9017" "an..3",
    }
}
