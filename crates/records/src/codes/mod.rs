//! The code lists that records are checked against: what a code means, and when it was valid.
//!
//! A list is a CSV file in `data/`, compiled in; its first lines say where it comes from. Looking a code up
//! allocates nothing and compares exactly: a code in lower case is unknown, and [`CodeList::suggest`] says what
//! was probably meant.
//!
//! ```
//! use chrono::NaiveDate;
//! use tidegate_records::codes::{CodeList, Status};
//!
//! let on = NaiveDate::from_ymd_opt(2024, 5, 1).unwrap();
//! assert_eq!(CodeList::Country.status("CN", on), Status::Valid);
//! assert_eq!(CodeList::Country.status("CHN", on), Status::Unknown);
//! assert_eq!(CodeList::Country.suggest("CHN").unwrap().code, "CN");
//! ```

mod detail;
pub mod hs;
mod suggest;
mod table;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use chrono::NaiveDate;

pub use detail::{PackageKind, ProcedurePair, alpha3, minor_units, package_kind};
use table::Table;

/// A list of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CodeList {
    /// Countries and territories, ISO 3166-1 alpha-2 and the codes customs adds (`EU`, `XI`, `XK`, `QQ`).
    Country,
    /// Currencies, ISO 4217 alphabetic.
    Currency,
    /// Goods, Harmonized System at 2, 4 or 6 digits; cut a longer tariff code to 6. See [`hs`].
    Commodity,
    /// Kinds of package, UN/ECE Recommendation 21.
    PackageType,
    /// Modes of transport, UN/ECE Recommendation 19.
    TransportMode,
    /// Customs procedures, two digits; a field carries a [`ProcedurePair`].
    Procedure,
    /// Types of declaration, such as `IMA`.
    DeclarationType,
    /// Functions of a message, such as 9 for an original.
    MessageFunction,
    /// Delivery terms.
    Incoterm,
    /// Methods of customs valuation.
    ValuationMethod,
    /// Units of measure, UN/ECE Recommendation 20.
    Unit,
}

/// What a list says of one code in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code as records carry it.
    pub code: &'static str,
    /// What it stands for, in English.
    pub name: &'static str,
    /// When it is valid.
    pub valid: DateRange,
    /// What the list adds, for the functions that give it meaning: [`alpha3`], [`minor_units`], [`package_kind`].
    detail: &'static str,
}

/// The days from `from` up to, but not including, `until`; a missing end is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// First day.
    pub from: Option<NaiveDate>,
    /// First day after the last.
    pub until: Option<NaiveDate>,
}

/// Whether a code may be used on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It may.
    Valid,
    /// Only from this day on.
    NotYet(NaiveDate),
    /// No longer, since this day.
    Expired(NaiveDate),
    /// The list has no such code.
    Unknown,
}

impl DateRange {
    /// Whether `day` lies in the range.
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

impl CodeList {
    /// Every list, in the order of the enum.
    pub const ALL: [Self; 11] = [
        Self::Country,
        Self::Currency,
        Self::Commodity,
        Self::PackageType,
        Self::TransportMode,
        Self::Procedure,
        Self::DeclarationType,
        Self::MessageFunction,
        Self::Incoterm,
        Self::ValuationMethod,
        Self::Unit,
    ];

    /// The latest entry of `code`, valid today or not.
    pub fn lookup(self, code: &str) -> Option<&'static Code> {
        self.periods(code).last()
    }

    /// The entry of `code` that is valid on the day `on`.
    pub fn lookup_on(self, code: &str, on: NaiveDate) -> Option<&'static Code> {
        self.periods(code).iter().find(|entry| entry.valid.contains(on))
    }

    /// Whether `code` may be used on the day `on`.
    pub fn status(self, code: &str, on: NaiveDate) -> Status {
        let mut status = Status::Unknown;
        for Code { valid, .. } in self.periods(code) {
            if valid.contains(on) {
                return Status::Valid;
            }
            // Periods come in the order of time: the last that ended counts, else the first that will begin.
            match (valid.until, valid.from) {
                (Some(until), _) if until <= on => status = Status::Expired(until),
                (_, Some(from)) if status == Status::Unknown => status = Status::NotYet(from),
                _ => {}
            }
        }
        status
    }

    /// What was probably meant by `written`, or what took its place: `cn`, `CHN` and `China` give `CN`,
    /// `HRK` gives `EUR`. Never `written` itself, never a guess between several.
    pub fn suggest(self, written: &str) -> Option<&'static Code> {
        suggest::suggest(self, written)
    }

    /// Name of the list, as the table `code` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Currency => "currency",
            Self::Commodity => "commodity",
            Self::PackageType => "package_type",
            Self::TransportMode => "transport_mode",
            Self::Procedure => "procedure",
            Self::DeclarationType => "declaration_type",
            Self::MessageFunction => "message_function",
            Self::Incoterm => "incoterm",
            Self::ValuationMethod => "valuation_method",
            Self::Unit => "unit",
        }
    }

    /// What a code of the list is called in a sentence: "`ZZ` is not a country code".
    pub const fn title(self) -> &'static str {
        match self {
            Self::Country => "country code",
            Self::Currency => "currency code",
            Self::Commodity => "commodity code",
            Self::PackageType => "package type",
            Self::TransportMode => "transport mode",
            Self::Procedure => "customs procedure",
            Self::DeclarationType => "declaration type",
            Self::MessageFunction => "message function",
            Self::Incoterm => "delivery term",
            Self::ValuationMethod => "valuation method",
            Self::Unit => "unit of measure",
        }
    }

    /// All entries, by code and then by time.
    pub fn iter(self) -> std::slice::Iter<'static, Code> {
        self.table().codes().iter()
    }

    fn periods(self, code: &str) -> &'static [Code] {
        let code = if self == Self::Commodity { hs::listed(code) } else { code };
        self.table().periods(code)
    }

    fn table(self) -> &'static Table {
        static TABLES: [OnceLock<Table>; CodeList::ALL.len()] =
            [const { OnceLock::new() }; CodeList::ALL.len()];
        TABLES[self as usize].get_or_init(|| Table::read(self.file()))
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Country => include_str!("../../data/countries.csv"),
            Self::Currency => include_str!("../../data/currencies.csv"),
            Self::Commodity => include_str!("../../data/hs.csv"),
            Self::PackageType => include_str!("../../data/packages.csv"),
            Self::TransportMode => include_str!("../../data/transport_modes.csv"),
            Self::Procedure => include_str!("../../data/procedures.csv"),
            Self::DeclarationType => include_str!("../../data/declaration_types.csv"),
            Self::MessageFunction => include_str!("../../data/message_functions.csv"),
            Self::Incoterm => include_str!("../../data/incoterms.csv"),
            Self::ValuationMethod => include_str!("../../data/valuation_methods.csv"),
            Self::Unit => include_str!("../../data/units.csv"),
        }
    }
}
