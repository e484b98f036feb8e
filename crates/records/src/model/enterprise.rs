//! Enterprises: who trades, and the credit grade that applies from a day on.

use super::party::Address;
use crate::class::class;

class! {
    /// An enterprise known to customs, as registered and graded from a day on.
    pub struct Enterprise = "Enterprise" "X20" {
        /// Registration number used in declarations (EORI, customs code or social credit code).
        leaf id: Text = "ID" "X201" "an..18",
        /// Registered name.
        leaf name: Text = "Name" "X202" "an..70",
        /// What the enterprise does: `trader`, `broker`, `carrier`, `platform`, `logistics`.
        leaf role_code: Text = "RoleCode" "X203" "an..16",
        /// Credit grade: `advanced-certified`, `certified`, `conventional`, `dishonest`, `seriously-dishonest`.
        leaf grade_code: Text = "GradeCode" "X204" "an..24",
        /// When the grade took effect.
        leaf grade_effective_date_time: Time = "GradeEffectiveDateTime" "X205" "an..35",
        /// When the enterprise was registered.
        leaf registration_date_time: Time = "RegistrationDateTime" "X206" "an..35",
        /// Postal address of a party or a place.
        one address: Address = "Address",
    }
}
