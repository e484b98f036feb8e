//! How many elements series have.

use super::sizes::whole_numbers;
use datafusion::arrow::array::{Array, ArrayRef, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use datafusion::common::cast::as_interval_mdn_array;
use datafusion::error::DataFusionError;

/// Nanoseconds of the shortest day: the one that summer time begins on.
const SHORTEST_DAY: i64 = 23 * 3_600 * 1_000_000_000;

/// Days of the shortest month.
const SHORTEST_MONTH: i64 = 28;

/// Elements of series, one for each row.
pub(super) fn elements(bounds: &[ArrayRef]) -> Result<u64, DataFusionError> {
    let (first, last, gap) = match bounds {
        [] => return Ok(0),
        [last] => (None, last, None),
        [first, last] => (Some(first), last, None),
        [first, last, gap, ..] => (Some(first), last, Some(gap)),
    };
    let begins = first.map(points).transpose()?;
    let ends = points(last)?;
    let steps = gap.map(|gap| steps(gap, last.data_type())).transpose()?;
    let of_row = |row: usize| {
        let begin = begins.as_ref().map_or(Some(0), |begins| value(begins, row))?;
        let step = steps.as_ref().map_or(Some(Step::Of(1)), |steps| steps[row])?;
        Some(step.elements(begin, value(&ends, row)?))
    };
    Ok((0..ends.len()).filter_map(of_row).fold(0, u64::saturating_add))
}

fn value(values: &Int64Array, row: usize) -> Option<i64> {
    values.is_valid(row).then(|| values.value(row))
}

/// Bounds of series as numbers: days as days, times in nanoseconds.
fn points(bounds: &ArrayRef) -> Result<Int64Array, DataFusionError> {
    let alike = match bounds.data_type() {
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Nanosecond, zone.clone()),
        _ => return whole_numbers(bounds),
    };
    whole_numbers(&cast(bounds, &alike)?)
}

/// Steps of series whose bounds are of a type, at their shortest.
fn steps(steps: &ArrayRef, bounds: &DataType) -> Result<Vec<Option<Step>>, DataFusionError> {
    if *steps.data_type() == DataType::Interval(IntervalUnit::MonthDayNano) {
        let is_of_days = matches!(bounds, DataType::Date32 | DataType::Date64);
        let steps = as_interval_mdn_array(steps)?.iter();
        return Ok(steps.map(|step| step.map(|step| Step::in_time(step, is_of_days))).collect());
    }
    Ok(whole_numbers(steps)?.iter().map(|step| step.map(Step::Of)).collect())
}

/// A step of a series.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// As long at least.
    Of(i64),
    /// Forward and back: nobody knows where it leads.
    Astray,
}

impl Step {
    /// The shortest that an interval can be, in days or in nanoseconds.
    fn in_time(interval: IntervalMonthDayNano, is_of_days: bool) -> Self {
        let (months, days) = (i64::from(interval.months), i64::from(interval.days));
        let parts = [months, days, interval.nanoseconds];
        if parts.iter().any(|part| *part > 0) && parts.iter().any(|part| *part < 0) {
            return Self::Astray;
        }
        let days = months * SHORTEST_MONTH + days;
        if is_of_days {
            return Self::Of(days);
        }
        Self::Of(days.saturating_mul(SHORTEST_DAY).saturating_add(interval.nanoseconds))
    }

    /// Most elements of a series. One without a step is none, which the function says.
    fn elements(self, begin: i64, end: i64) -> u64 {
        let step = match self {
            Self::Of(0) => return 0,
            Self::Of(step) => step,
            Self::Astray => return u64::MAX,
        };
        let leads_there = begin == end || (step > 0) == (begin < end);
        if leads_there { (begin.abs_diff(end) / step.unsigned_abs()).saturating_add(1) } else { 0 }
    }
}
