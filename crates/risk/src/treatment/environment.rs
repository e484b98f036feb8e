//! The environment that goods may be opened in: temperature, humidity, and how clean the air is.

use serde::Serialize;
use std::fmt;

/// A range whose ends may be open.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Band {
    /// Lowest value; none when any will do.
    pub low: Option<f64>,
    /// Highest value; none when any will do.
    pub high: Option<f64>,
}

impl Band {
    /// What lies in both; nothing when no value does.
    fn intersection(self, other: Self) -> Option<Self> {
        let either = |a: Option<f64>, b: Option<f64>, choose: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(choose(a, b)),
            (one, other) => one.or(other),
        };
        let both = Self {
            low: either(self.low, other.low, f64::max),
            high: either(self.high, other.high, f64::min),
        };
        match both {
            Self { low: Some(low), high: Some(high) } if low > high => None,
            _ => Some(both),
        }
    }

    /// Whether a value lies in it; the ends do.
    pub fn contains(self, value: f64) -> bool {
        self.low.is_none_or(|low| low <= value) && self.high.is_none_or(|high| value <= high)
    }

    fn describe(self, unit: &str) -> Option<String> {
        match (self.low, self.high) {
            (Some(low), Some(high)) => Some(format!("{low} to {high} {unit}")),
            (Some(low), None) => Some(format!("at least {low} {unit}")),
            (None, Some(high)) => Some(format!("at most {high} {unit}")),
            (None, None) => None,
        }
    }
}

/// What the air must be like where goods are opened.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Environment {
    /// Temperature, degrees Celsius.
    pub temperature_c: Band,
    /// Relative humidity, percent.
    pub humidity_percent: Band,
    /// Dirtiest class of air by ISO 14644-1:2015, table 1 (1 is the cleanest, 9 room air). Class 10,000 of the withdrawn
    /// FED-STD-209E is ISO class 7. None when any will do.
    pub cleanliness_class: Option<u8>,
}

impl Environment {
    /// What suits both; nothing when no environment does.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Some(Self {
            temperature_c: self.temperature_c.intersection(other.temperature_c)?,
            humidity_percent: self.humidity_percent.intersection(other.humidity_percent)?,
            cleanliness_class: match (self.cleanliness_class, other.cleanliness_class) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (one, other) => one.or(other),
            },
        })
    }
}

/// What was measured of the air where goods were opened; what was not measured says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measured {
    /// Temperature, degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Relative humidity, percent.
    pub humidity_percent: Option<f64>,
    /// Class of air by ISO 14644-1.
    pub cleanliness_class: Option<u8>,
}

impl Environment {
    /// Whether nothing that was measured lies outside of it.
    pub fn admits(&self, measured: &Measured) -> bool {
        let Measured { temperature_c, humidity_percent, cleanliness_class } = *measured;
        let dirtiest = self.cleanliness_class.unwrap_or(u8::MAX);
        temperature_c.is_none_or(|value| self.temperature_c.contains(value))
            && humidity_percent.is_none_or(|value| self.humidity_percent.contains(value))
            && cleanliness_class.is_none_or(|class| class <= dirtiest)
    }
}

impl fmt::Display for Environment {
    /// In words with units; nothing when any environment will do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.temperature_c.describe("°C"),
            self.humidity_percent.describe("% relative humidity"),
            self.cleanliness_class.map(|class| format!("air of ISO 14644-1 class {class} or cleaner")),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(low: f64, high: f64) -> Band {
        Band { low: Some(low), high: Some(high) }
    }

    #[test]
    fn an_intersection_suits_both_and_open_ends_suit_everything() {
        let clean_room = Environment {
            temperature_c: band(21.0, 24.0),
            humidity_percent: band(40.0, 55.0),
            cleanliness_class: Some(7),
        };
        let cool = Environment {
            temperature_c: Band { low: None, high: Some(22.5) },
            cleanliness_class: Some(5),
            ..Environment::default()
        };
        let both = clean_room.intersection(cool).unwrap();
        assert_eq!(
            both.to_string(),
            "21 to 22.5 °C, 40 to 55 % relative humidity, air of ISO 14644-1 class 5 or cleaner"
        );
        assert_eq!(clean_room.intersection(Environment::default()), Some(clean_room));
        let cold = Environment { temperature_c: band(-20.0, 4.0), ..Environment::default() };
        assert_eq!(clean_room.intersection(cold), None);
        assert_eq!(Environment::default().to_string(), "");
    }

    #[test]
    fn what_is_measured_outside_is_not_admitted_and_what_is_not_measured_says_nothing() {
        let clean_room = Environment {
            temperature_c: band(21.0, 24.0),
            humidity_percent: Band { low: None, high: Some(55.0) },
            cleanliness_class: Some(7),
        };
        let nothing = Measured::default();
        assert!(clean_room.admits(&nothing));
        for (temperature, admitted) in [(20.9, false), (21.0, true), (24.0, true), (24.1, false)] {
            let measured = Measured { temperature_c: Some(temperature), ..nothing };
            assert_eq!(clean_room.admits(&measured), admitted, "{temperature} °C");
            assert!(Environment::default().admits(&measured));
        }
        for (humidity, admitted) in [(0.0, true), (55.0, true), (55.5, false)] {
            let measured = Measured { humidity_percent: Some(humidity), ..nothing };
            assert_eq!(clean_room.admits(&measured), admitted, "{humidity} %");
        }
        for (class, admitted) in [(5, true), (7, true), (8, false)] {
            let measured = Measured { cleanliness_class: Some(class), ..nothing };
            assert_eq!(clean_room.admits(&measured), admitted, "class {class}");
        }
    }
}
