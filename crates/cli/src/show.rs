//! What commands print: aligned lines for people, JSON for machines.

use crate::arguments::Arguments;
use tidegate_jobs::JobError;
pub use tidegate_jobs::report::count;
use tidegate_risk::evaluation::Estimate;

/// Prints a value as indented JSON.
///
/// # Errors
/// When it has no JSON form.
pub fn json(value: &impl serde::Serialize) -> Result<(), JobError> {
    let text = serde_json::to_string_pretty(value).map_err(|e| JobError::Missing(e.to_string()))?;
    println!("{text}");
    Ok(())
}

/// Prints a value for machines or for people.
///
/// # Errors
/// When it has no JSON form.
pub fn say<T: serde::Serialize + ?Sized>(
    arguments: &Arguments,
    value: &T,
    for_people: impl FnOnce(&T),
) -> Result<(), JobError> {
    if arguments.json {
        return json(&value);
    }
    for_people(value);
    Ok(())
}

/// Says how many declarations no result can be in for yet, if there are any.
pub fn say_young(declarations: u64) {
    if declarations > 0 {
        println!(
            "  {} were decided too lately for any result to be in: estimates leave them out",
            count(declarations)
        );
    }
}

/// A moment to the second, marked as UTC.
pub fn moment(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// An estimate with its interval, `0.982 [0.980, 0.985]`.
pub fn estimate(estimate: Option<&Estimate>) -> String {
    match estimate {
        None => "not defined".to_owned(),
        Some(Estimate { value, interval: None, .. }) => format!("{value:.3}"),
        Some(Estimate { value, interval: Some(i), .. }) => {
            format!("{value:.3} [{:.3}, {:.3}]", i.low, i.high)
        }
    }
}

/// A share, `12.3 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A share with its interval, `12.3 % [10.1, 14.8]`.
pub fn percent_within([value, low, high]: [f64; 3]) -> String {
    format!("{} [{:.1}, {:.1}]", percent(value), 100.0 * low, 100.0 * high)
}

/// A part of a whole as a share; `-` of nothing.
pub fn part(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { percent(part as f64 / whole as f64) }
}

/// A number of any size: whole with its thousands separated, small with one decimal.
pub fn number(value: f64) -> String {
    if value >= 1_000.0 { count(value.round() as u64) } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }
}
