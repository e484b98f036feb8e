//! What some lists say of a code beside its name: decimals of a currency, the kind of a package, alpha-3 codes,
//! and the two procedures in one procedure code.

use super::{Code, CodeList};

/// How goods in a package of some type are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageKind {
    /// In packages.
    Packed,
    /// In pieces: the goods have no packaging.
    Unpacked,
    /// Not at all: bulk goods must have no number of packages.
    Bulk,
}

/// The kind of a package type; nothing for an unknown one.
pub fn package_kind(package_type: &str) -> Option<PackageKind> {
    CodeList::PackageType.lookup(package_type).map(|entry| match entry.detail {
        "bulk" => PackageKind::Bulk,
        "unpacked" => PackageKind::Unpacked,
        _ => PackageKind::Packed,
    })
}

/// Decimal places of a currency's amounts; nothing for an unknown one and where ISO 4217 gives none (gold).
pub fn minor_units(currency: &str) -> Option<u32> {
    CodeList::Currency.lookup(currency)?.detail.parse().ok()
}

/// The ISO 3166-1 alpha-3 code of a country; nothing for an unknown one and for those customs adds (`EU`).
pub fn alpha3(country: &str) -> Option<&'static str> {
    CodeList::Country.lookup(country).map(|entry| entry.detail).filter(|code| !code.is_empty())
}

/// A procedure code as declarations carry it: 4071 is release for home use (40) out of a warehouse (71).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcedurePair {
    /// The procedure asked for.
    pub requested: &'static Code,
    /// The one the goods come from; 00 for none.
    pub previous: &'static Code,
}

impl ProcedurePair {
    /// The two procedures of a four-digit code; nothing if it has another length or either is unknown.
    pub fn of(code: &str) -> Option<Self> {
        let (requested, previous) = code.split_at_checked(2).filter(|_| code.len() == 4)?;
        let lookup = |code| CodeList::Procedure.lookup(code);
        Some(Self { requested: lookup(requested)?, previous: lookup(previous)? })
    }
}
