//! Where a principal stands: office, organisation, enterprise and clearance, on which policies decide.

use std::fmt;

use crate::words::words;
use crate::{LedgerError, column};

words! {
    /// Up to which grade of data (GB/T 43697-2024) somebody may be shown; each includes those before it.
    Clearance, "clearance" {
        /// May be published.
        General1 = "general-1",
        /// Internal.
        General2 = "general-2",
        /// About one enterprise's trade.
        General3 = "general-3",
        /// Identifies or concerns a person, or reveals how risk is assessed.
        General4 = "general-4",
        /// Could harm the public interest.
        Important = "important",
        /// Could harm national security.
        Core = "core",
    }
}

/// Where a principal stands. Nothing but the lowest clearance by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Customs office that it works for.
    pub office: Option<String>,
    /// Organisation that it belongs to, such as another authority.
    pub organisation: Option<String>,
    /// Enterprise that it speaks for, by the id that stands in declarations.
    pub enterprise_id: Option<String>,
    /// Up to which grade it may be shown data.
    pub clearance: Clearance,
}

impl Default for Standing {
    fn default() -> Self {
        Self { office: None, organisation: None, enterprise_id: None, clearance: Clearance::General1 }
    }
}

impl Standing {
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        let texts = [
            ("the office of a principal", &self.office),
            ("the organisation of a principal", &self.organisation),
            ("the enterprise of a principal", &self.enterprise_id),
        ];
        texts
            .into_iter()
            .filter_map(|(what, text)| Some((what, text.as_deref()?)))
            .try_for_each(|(what, text)| column::require_name(what, text))
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [
            ("office", &self.office),
            ("organisation", &self.organisation),
            ("enterprise", &self.enterprise_id),
        ];
        for (what, text) in texts {
            if let Some(text) = text {
                write!(f, "{what} {text}, ")?;
            }
        }
        write!(f, "clearance {}", self.clearance)
    }
}
