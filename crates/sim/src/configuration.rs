//! What to generate: size, country, shares and limits.

use crate::currency;
use crate::error::SimulationError;
use chrono::{Datelike, Days, NaiveDate};

/// Years the embedded commodity codes hold for: the Harmonized System 2022.
const YEARS: std::ops::RangeInclusive<i32> = 2022..=2027;
/// First day of the Spring Festival in each of [`YEARS`].
const SPRING_FESTIVAL: [(u32, u32); 6] = [(2, 1), (1, 22), (2, 10), (1, 29), (2, 17), (2, 6)];
/// Declarations a trader lodges in a year when the number of traders is left to the default.
const DECLARATIONS_A_TRADER: u64 = 50;
/// Active traders that China's customs counts: more declarations then mean more of each.
const MOST_TRADERS: u64 = 630_000;

/// One country and year. Shares are of declarations, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// Seed: the same configuration gives the same bytes.
    pub seed: u64,
    /// Calendar year.
    pub year: i32,
    /// Declarations in the year, without the new versions that amendments bring.
    pub declarations: u64,
    /// Importing country, ISO 3166-1 alpha-2.
    pub country: String,
    /// Currency of customs values, ISO 4217.
    pub currency: String,
    /// Enterprises that trade.
    pub traders: u64,
    /// Enterprises that declare for others.
    pub brokers: u64,
    /// Customs offices.
    pub offices: u16,
    /// Share that is fraudulent.
    pub fraud_share: f64,
    /// Share with an honest mistake that stays in the declaration.
    pub error_share: f64,
    /// Share amended after acceptance.
    pub amendment_share: f64,
    /// Share inspected.
    pub inspection_share: f64,
    /// Share inspected at random, part of `inspection_share`.
    pub floor_share: f64,
    /// Last day on which the old rules and their floor select; nobody is inspected after it. The whole year when left
    /// out.
    pub inspected_until: Option<NaiveDate>,
    /// Value-added tax at import, percent.
    pub vat_percent: f64,
    /// Customs value, in `currency`, up to which a declaration pays neither duty nor tax.
    pub small_value_limit: f64,
    /// Days on which little is declared.
    pub holidays: Vec<NaiveDate>,
    /// Upper bounds of the sizes above.
    pub limits: Limits,
}

/// Upper bounds, so that a slip of the keyboard does not fill a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Declarations in a year; the serial part of a number has nine digits.
    pub declarations: u64,
    /// Traders and brokers together; a registration number tells 36^4 apart.
    pub enterprises: u64,
    /// Goods items of one declaration.
    pub goods_items: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { declarations: 100_000_000, enterprises: 1_500_000, goods_items: 50 }
    }
}

impl Configuration {
    /// A country of ordinary proportions: China in China's currency.
    pub fn new(seed: u64, year: i32, declarations: u64) -> Self {
        let traders = (declarations / DECLARATIONS_A_TRADER).clamp(60, MOST_TRADERS);
        Self {
            seed,
            year,
            declarations,
            country: "CN".to_owned(),
            currency: "CNY".to_owned(),
            traders,
            brokers: (traders / 40).max(6),
            offices: 42,
            fraud_share: 0.03,
            error_share: 0.012,
            amendment_share: 0.03,
            inspection_share: 0.09,
            floor_share: 0.01,
            inspected_until: None,
            vat_percent: 13.0,
            small_value_limit: 5_000.0,
            holidays: chinese_holidays(year),
            limits: Limits::default(),
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// Names the first setting that is out of range, with what would be right.
    pub fn check(&self) -> Result<(), SimulationError> {
        let between = |name, given: u64, low: u64, high: u64| {
            let expected = format!("from {low} to {high}");
            if (low..=high).contains(&given) { Ok(()) } else { Err(wrong(name, given, expected)) }
        };
        between("declarations", self.declarations, 1, self.limits.declarations.min(999_999_999))?;
        between("traders", self.traders, 20, self.limits.enterprises)?;
        between("brokers", self.brokers, 1, self.limits.enterprises.saturating_sub(self.traders).max(1))?;
        between("limits.enterprises", self.limits.enterprises, 20, Limits::default().enterprises)?;
        between("limits.goods_items", self.limits.goods_items.into(), 1, 999)?;
        between("offices", self.offices.into(), 4, 90)?;
        if !YEARS.contains(&self.year) {
            let expected = format!("from {} to {}, the years of HS 2022", YEARS.start(), YEARS.end());
            return Err(wrong("year", self.year, expected));
        }
        for (name, share, high) in [
            ("fraud_share", self.fraud_share, 0.2),
            ("error_share", self.error_share, 0.2),
            ("amendment_share", self.amendment_share, 0.5),
            ("inspection_share", self.inspection_share, 0.5),
            ("floor_share", self.floor_share, self.inspection_share),
        ] {
            if !(0.0..=high).contains(&share) {
                return Err(wrong(name, share, format!("from 0 to {high}")));
            }
        }
        for (name, value, high) in
            [("vat_percent", self.vat_percent, 50.0), ("small_value_limit", self.small_value_limit, 1e9)]
        {
            if !(0.0..=high).contains(&value) {
                return Err(wrong(name, value, format!("from 0 to {high}")));
            }
        }
        if self.country.len() != 2 || !self.country.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(wrong("country", &self.country, "two capital letters of ISO 3166-1".to_owned()));
        }
        if currency::units_a_dollar(&self.currency).is_none() {
            return Err(wrong("currency", &self.currency, format!("one of {}", currency::known())));
        }
        Ok(())
    }
}

fn wrong(name: &'static str, given: impl std::fmt::Display, expected: String) -> SimulationError {
    SimulationError::Configuration { name, given: given.to_string(), expected }
}

/// Public holidays of China as the State Council fixes them, without the days that are worked instead.
fn chinese_holidays(year: i32) -> Vec<NaiveDate> {
    let mut days = Vec::new();
    let mut run = |month, day, length| {
        let first = NaiveDate::from_ymd_opt(year, month, day);
        days.extend((0..length).filter_map(|n| first?.checked_add_days(Days::new(n))));
    };
    run(1, 1, 1);
    run(4, 5, 1);
    run(5, 1, 3);
    run(10, 1, 7);
    let festival = usize::try_from(year - YEARS.start()).ok().and_then(|n| SPRING_FESTIVAL.get(n));
    if let Some((month, day)) = festival {
        run(*month, *day, 7);
    }
    days.retain(|d| d.year() == year);
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_country_is_in_range_and_a_wrong_setting_is_named() {
        for declarations in [1, 200, 80_000_000] {
            Configuration::new(1, 2026, declarations).check().unwrap();
        }
        let wrong = |change: fn(&mut Configuration)| {
            let mut configuration = Configuration::new(1, 2026, 200);
            change(&mut configuration);
            configuration.check().unwrap_err().to_string()
        };
        assert_eq!(
            wrong(|c| c.year = 2021),
            "year is 2021; it must be from 2022 to 2027, the years of HS 2022"
        );
        assert_eq!(wrong(|c| c.floor_share = 0.1), "floor_share is 0.1; it must be from 0 to 0.09");
        assert_eq!(wrong(|c| c.fraud_share = f64::NAN), "fraud_share is NaN; it must be from 0 to 0.2");
        assert!(wrong(|c| c.declarations = 0).starts_with("declarations is 0"));
        assert!(wrong(|c| c.currency = "XXX".to_owned()).contains("CNY"));
        assert!(wrong(|c| c.country = "China".to_owned()).contains("two capital letters"));
    }
}
