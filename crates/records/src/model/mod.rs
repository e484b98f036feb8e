//! Record kinds, with the class names, nesting and ids of the WCO Data Model (3.6, customisation DMS 2).
//!
//! Fields whose id starts with `X` are ours: what the model has no place for and a customs administration
//! needs, the fields of China's declaration form (Announcement 18/2019) among them.

mod declaration;
mod document;
mod enterprise;
mod goods_item;
mod inspection;
mod party;
mod quality;
mod response;
mod shipment;
mod transport;
mod treatment;
mod valuation;

pub use declaration::*;
pub use document::*;
pub use enterprise::*;
pub use goods_item::*;
pub use inspection::*;
pub use party::*;
pub use quality::*;
pub use response::*;
pub use shipment::*;
pub use transport::*;
pub use treatment::*;
pub use valuation::*;

use crate::value::Text;
use chrono::Datelike;
use compact_str::format_compact;

/// The declarant in the name of a declaration to which the authority has given no number ([`Declaration::declaration_id`]).
pub fn declarant_in(declaration_id: &str) -> Option<&str> {
    declaration_id.split_once('/').map(|(declarant, _)| declarant).filter(|declarant| !declarant.is_empty())
}

impl Declaration {
    /// What names the declaration everywhere: the number the authority gave it (MRN), otherwise the declarant
    /// and its own reference (LRN); nothing when neither is there.
    pub fn declaration_id(&self) -> Option<Text> {
        if let Some(mrn) = &self.id {
            return Some(mrn.clone());
        }
        let lrn = self.functional_reference_id.as_ref()?;
        let declarant = self.declarant.id.as_deref().unwrap_or("");
        Some(format_compact!("{declarant}/{lrn}"))
    }

    /// Number of the version: that which the declaration states, otherwise 1.
    pub fn version_number(&self) -> i64 {
        self.version_numeric.map_or(1, i64::from)
    }

    /// Whether the message asks something about an earlier declaration (function 13 of UN/EDIFACT 1225: to amend,
    /// cancel or present it) and holds only what concerns that.
    pub fn is_request(&self) -> bool {
        self.function_code.as_deref() == Some("13")
    }

    /// Calendar month of acceptance, `CCYY-MM`, which is the partition of the lake.
    pub fn month(&self) -> Option<Text> {
        self.acceptance_date_time.map(|at| format_compact!("{:04}-{:02}", at.year(), at.month()))
    }
}
