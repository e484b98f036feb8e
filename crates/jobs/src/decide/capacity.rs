//! Capacity as it is asked for: inspections a day, or a share of the declarations of an office.

/// Inspections a day at each office.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Capacity {
    /// So many.
    Slots(u32),
    /// A share of the office's declarations a day, in (0, 1].
    Share(f64),
}

impl Capacity {
    /// Slots of an office with so many declarations a day. A share gives at least one, so that no office is without inspections;
    /// where offices are small this is far more than the share.
    pub fn slots(self, declarations: f64) -> u32 {
        match self {
            Self::Slots(slots) => slots,
            Self::Share(share) => ((declarations * share).round() as u32).max(1),
        }
    }

    /// As somebody would write it.
    pub(super) fn asked(self) -> String {
        match self {
            Self::Slots(slots) => slots.to_string(),
            // What multiplying by 100 adds to 7 % is in the last digits.
            Self::Share(share) => format!("{}%", (share * 1e8).round() / 1e6),
        }
    }
}

impl std::fmt::Display for Capacity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Slots(slots) => write!(f, "{slots}"),
            Self::Share(share) => write!(f, "{}%", share * 100.0),
        }
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self::Share(0.05)
    }
}

/// A text that is no capacity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no capacity; write inspections a day such as 20, or a share such as 5%")]
pub struct ParseCapacityError(String);

impl std::str::FromStr for Capacity {
    type Err = ParseCapacityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseCapacityError(text.to_owned());
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Slots).map_err(|_| wrong());
        };
        let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
        if percent > 0.0 && percent <= 100.0 { Ok(Self::Share(percent / 100.0)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capacity_is_a_number_or_a_share() {
        assert_eq!("20".parse(), Ok(Capacity::Slots(20)));
        assert_eq!("5%".parse(), Ok(Capacity::Share(0.05)));
        for wrong in ["", "-1", "0%", "101%", "5 per cent", "nan%"] {
            assert!(wrong.parse::<Capacity>().is_err(), "{wrong}");
        }
        assert_eq!(Capacity::Share(0.05).slots(210.0), 11);
        assert_eq!(Capacity::Share(0.05).slots(1.0), 1, "an office that works has a slot");
        for asked in ["20", "5%", "7%", "0.25%", "100%"] {
            assert_eq!(asked.parse::<Capacity>().map(Capacity::asked), Ok(asked.to_owned()));
        }
    }
}
