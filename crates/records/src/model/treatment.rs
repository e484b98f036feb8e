//! Special packaging: what enterprises filed about goods that cannot be opened at the port, and what happened to
//! consignments that were opened at their destination instead.

use crate::class::class;

class! {
    /// Goods of an enterprise whose special packaging is filed with customs, and where they may be opened.
    pub struct SpecialFiling = "SpecialFiling" "X32" {
        /// Number of the filing; a record of the same number that was recorded later stands in its place.
        leaf id: Text = "ID" "X321" "an..70",
        /// Enterprise, as declarations name the importer.
        leaf enterprise_id: Text = "EnterpriseID" "X322" "an..18",
        /// When customs recorded the filing; decisions of later days know it.
        leaf recorded_date_time: Time = "RecordedDateTime" "X323" "an..35",
        /// First digits of the commodity codes, two to ten, such as the heading `8542`.
        leaf commodity_prefix_id: Text = "CommodityPrefixID" "X324" "n..10",
        /// Handling that the goods need: a code of `HandlingRequirement`.
        leaf handling_code: Text = "HandlingCode" "X325" "an..24",
        /// Site where the goods may be opened.
        leaf site_id: Text = "SiteID" "X326" "an..35",
        /// Last day on which the site is certified for opening.
        leaf site_certified_until_date_time: Time = "SiteCertifiedUntilDateTime" "X327" "an..35",
        /// Lowest temperature in degrees Celsius; any when absent.
        leaf temperature_low_numeric: Decimal = "TemperatureLowNumeric" "X328" "n..5,2",
        /// Highest temperature in degrees Celsius; any when absent.
        leaf temperature_high_numeric: Decimal = "TemperatureHighNumeric" "X329" "n..5,2",
        /// Lowest relative humidity in percent; any when absent.
        leaf humidity_low_numeric: Decimal = "HumidityLowNumeric" "X32A" "n..5,2",
        /// Highest relative humidity in percent; any when absent.
        leaf humidity_high_numeric: Decimal = "HumidityHighNumeric" "X32B" "n..5,2",
        /// Dirtiest class of air by ISO 14644-1, 1 to 9; `class 10,000` of FED-STD-209E is 7; any when absent.
        leaf cleanliness_class_numeric: Count = "CleanlinessClassNumeric" "X32C" "n..1",
        /// First day on which the filing holds.
        leaf valid_from_date_time: Time = "ValidFromDateTime" "X32D" "an..35",
        /// Last day on which the filing holds.
        leaf valid_until_date_time: Time = "ValidUntilDateTime" "X32E" "an..35",
    }
}

class! {
    /// Something that happened to a consignment on its way to the place where it is opened.
    pub struct TreatmentEvent = "TreatmentEvent" "X33" {
        /// Declaration of the consignment.
        leaf declaration_id: Text = "DeclarationID" "X331" "an..70",
        /// When the event was recorded; decisions of later days know it.
        leaf recorded_date_time: Time = "RecordedDateTime" "X332" "an..35",
        /// `sealed`, `departed`, `arrived`, `opened`, `seal-broken`, `deviated`, `mismatch` or `released`.
        leaf type_code: Text = "TypeCode" "X333" "an..16",
        /// Site where it happened.
        leaf site_id: Text = "SiteID" "X334" "an..35",
        /// Number of the electronic seal.
        leaf seal_id: Text = "SealID" "X335" "an..35",
        /// Temperature measured, in degrees Celsius.
        leaf temperature_numeric: Decimal = "TemperatureNumeric" "X336" "n..5,2",
        /// Relative humidity measured, in percent.
        leaf humidity_numeric: Decimal = "HumidityNumeric" "X337" "n..5,2",
        /// Class of air by ISO 14644-1 measured, 1 to 9.
        leaf cleanliness_class_numeric: Count = "CleanlinessClassNumeric" "X338" "n..1",
        /// Officers who were there.
        many officer: TreatmentOfficer = "Officer",
    }
}

class! {
    /// An officer who was there.
    pub struct TreatmentOfficer = "TreatmentOfficer" "X34" {
        /// Officer.
        leaf id: Text = "ID" "X341" "an..35",
    }
}
