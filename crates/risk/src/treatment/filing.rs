//! Filings: which goods of an enterprise may be opened where, and who knew of it when.

use super::environment::Environment;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::BTreeMap;

/// A record of a filing.
#[derive(Debug, Clone, PartialEq)]
pub struct Filing {
    /// Number of the filing.
    pub id: String,
    /// Enterprise.
    pub enterprise: String,
    /// When customs recorded it.
    pub recorded_at: DateTime<Utc>,
    /// First digits of the commodity codes.
    pub commodity_prefix: String,
    /// Handling that the goods need.
    pub handling: String,
    /// Site where they may be opened.
    pub site: String,
    /// Last day of the certification of the site.
    pub site_certified_until: NaiveDate,
    /// Environment they may be opened in.
    pub environment: Environment,
    /// First day on which the filing holds.
    pub valid_from: NaiveDate,
    /// Last day on which it holds.
    pub valid_until: NaiveDate,
}

impl Filing {
    /// Whether it holds on a day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        (self.valid_from..=self.valid_until).contains(&day)
    }

    /// Whether it is about goods of a commodity code.
    pub fn covers(&self, commodity: &str) -> bool {
        !self.commodity_prefix.is_empty() && commodity.starts_with(&self.commodity_prefix)
    }
}

/// The filings as they were known when a day began: of each number the record that was recorded last before it, in the
/// order of their numbers.
pub fn known<'a>(filings: impl IntoIterator<Item = &'a Filing>, day: NaiveDate) -> Vec<&'a Filing> {
    let began = day.and_time(NaiveTime::MIN).and_utc();
    let mut newest: BTreeMap<&str, &Filing> = BTreeMap::new();
    for filing in filings.into_iter().filter(|f| f.recorded_at < began) {
        let kept = newest.entry(&filing.id).or_insert(filing);
        if kept.recorded_at <= filing.recorded_at {
            *kept = filing;
        }
    }
    newest.into_values().collect()
}
