//! Functions that make much of little, such as `repeat('x', 1000000000)`, with a bound on what they make: it is not counted as
//! memory of the reader, and nothing stops a function while it computes.

use datafusion::arrow::array::{Array, ArrayRef, Int64Array};
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::compute::{cast, max, sum};
use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use datafusion::common::cast::{as_int64_array, as_interval_mdn_array};
use datafusion::common::exec_err;
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::{Expr, SessionContext};
use std::sync::Arc;

/// Most bytes that a function makes of one batch of rows.
const MOST_BYTES: u64 = 256_000_000;

/// Most bytes that a call of constants makes while a statement is planned; every row of a batch may come to have them.
const LITTLE_BYTES: u64 = 1_000;

/// Bytes of an element of a list, and of one that is a text or a list for each of its own.
const ELEMENT_BYTES: u64 = 16;

/// Most bytes of a character in UTF-8 (RFC 3629, 3).
const CHARACTER_BYTES: u64 = 4;

/// Nanoseconds of the shortest day: the one that summer time begins on.
const SHORTEST_DAY: i64 = 23 * 3_600 * 1_000_000_000;

/// Days of the shortest month.
const SHORTEST_MONTH: i64 = 28;

/// The functions, and what they make. Those that make at most as much as they are given, or 2 GB of it, are not among them.
const BOUNDED: [(&str, Makes); 8] = [
    ("array_repeat", Makes::Elements),
    ("array_resize", Makes::Length),
    ("generate_series", Makes::Series),
    ("lpad", Makes::Padded),
    ("range", Makes::Series),
    ("repeat", Makes::Text),
    ("replace", Makes::Replaced),
    ("rpad", Makes::Padded),
];

/// Puts bounds on the functions of an engine.
pub(super) fn install(context: &SessionContext) -> Result<(), DataFusionError> {
    for (name, makes) in BOUNDED {
        context.register_udf(ScalarUDF::new_from_impl(Bounded::new(context.udf(name)?, makes)));
    }
    Ok(())
}

/// What a function makes of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Makes {
    /// The first text as often as the second argument says.
    Text,
    /// The first text, with the third for the second wherever it stands.
    Replaced,
    /// The first text, filled up to as many characters as the second argument says.
    Padded,
    /// A list of the first argument as often as the second says.
    Elements,
    /// The first list in the length that the second argument says, filled with the third.
    Length,
    /// From the first argument to the second in steps of the third; of whole numbers, to the only one.
    Series,
}

impl Makes {
    /// Most bytes that come of a call in a batch of so many rows. Where the arguments are none that the function takes it says so
    /// itself.
    fn bytes(self, arguments: &[ColumnarValue], rows: usize) -> Result<u64, DataFusionError> {
        // What is made of constants alone is made once, and shown in every row.
        let is_constant = arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        let of_values = |value: &ColumnarValue, bytes: u64| match value {
            ColumnarValue::Scalar(_) => bytes.saturating_mul(rows),
            ColumnarValue::Array(_) => bytes,
        };
        Ok(match (self, arguments) {
            (Self::Text, [text, times]) => {
                let bytes = of_values(text, own_bytes(&text.to_array(1)?)?);
                bytes.saturating_mul(largest(times)?)
            }
            (Self::Replaced, [text, old, new]) => {
                let bytes = of_values(text, own_bytes(&text.to_array(1)?)?);
                let shortest = sizes(old)?.into_iter().min().unwrap_or(u64::MAX);
                let longest = sizes(new)?.into_iter().max().unwrap_or(0);
                match longest.saturating_sub(shortest) {
                    // No more than it is given.
                    0 => 0,
                    more => bytes.saturating_add((bytes / shortest).saturating_mul(more)),
                }
            }
            (Self::Padded, [_, size, ..]) => {
                rows.saturating_mul(CHARACTER_BYTES).saturating_mul(largest(size)?)
            }
            (Self::Elements, [element, times]) => {
                let own = of_values(element, own_bytes(&element.to_array(1)?)?);
                let bytes = own.saturating_add(rows.saturating_mul(ELEMENT_BYTES));
                bytes.saturating_mul(largest(times)?)
            }
            (Self::Length, [_, size, filling @ ..]) => {
                let mut bytes = rows.saturating_mul(ELEMENT_BYTES);
                for value in filling {
                    bytes = bytes.saturating_add(of_values(value, own_bytes(&value.to_array(1)?)?));
                }
                bytes.saturating_mul(largest(size)?)
            }
            (Self::Series, bounds) => {
                let elements = elements(&ColumnarValue::values_to_arrays(bounds)?)?;
                let bytes = elements.saturating_mul(ELEMENT_BYTES);
                if is_constant { bytes.saturating_mul(rows) } else { bytes }
            }
            _ => 0,
        })
    }
}

/// Bytes of all texts, or elements of all lists; other values are of one size.
fn own_bytes(values: &ArrayRef) -> Result<u64, DataFusionError> {
    let of_one = match values.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => 1,
        DataType::List(_) | DataType::LargeList(_) => ELEMENT_BYTES,
        _ => return Ok(0),
    };
    let lengths = sum(&whole_numbers(&length(values.as_ref())?)?);
    Ok(u64::try_from(lengths.unwrap_or(0)).unwrap_or(0).saturating_mul(of_one))
}

/// Bytes of each of the texts of an argument; without the empty ones, for which nothing is put.
fn sizes(argument: &ColumnarValue) -> Result<Vec<u64>, DataFusionError> {
    let texts = argument.to_array(1)?;
    if !matches!(texts.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        return Ok(Vec::new());
    }
    let lengths = whole_numbers(&length(texts.as_ref())?)?;
    Ok(lengths
        .iter()
        .flatten()
        .filter_map(|length| u64::try_from(length).ok())
        .filter(|length| *length > 0)
        .collect())
}

/// The largest of the whole numbers of an argument; nothing is made as often as a negative one says.
fn largest(argument: &ColumnarValue) -> Result<u64, DataFusionError> {
    let largest = max(&whole_numbers(&argument.to_array(1)?)?);
    Ok(u64::try_from(largest.unwrap_or(0)).unwrap_or(0))
}

fn whole_numbers(values: &ArrayRef) -> Result<Int64Array, DataFusionError> {
    Ok(as_int64_array(&cast(values, &DataType::Int64)?)?.clone())
}

/// Elements of series, one for each row.
fn elements(bounds: &[ArrayRef]) -> Result<u64, DataFusionError> {
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

/// A function with a bound.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    makes: Makes,
    signature: Signature,
}

impl Bounded {
    fn new(inner: Arc<ScalarUDF>, makes: Makes) -> Self {
        // Not computed before it is known in how many rows it stands, as constants are while a statement is planned.
        let signature = Signature { volatility: Volatility::Volatile, ..inner.signature().clone() };
        Self { inner, makes, signature }
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        self.inner.return_type(arguments)
    }

    /// A call of constants that makes little is computed while the statement is planned, so that a condition with it skips files.
    fn simplify(&self, call: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult, DataFusionError> {
        let constant = |argument: &Expr| match argument {
            Expr::Literal(value, _) => Some(ColumnarValue::Scalar(value.clone())),
            _ => None,
        };
        let constants: Option<Vec<ColumnarValue>> = call.iter().map(constant).collect();
        let makes_little =
            constants.is_some_and(|call| self.makes.bytes(&call, 1).is_ok_and(|bytes| bytes <= LITTLE_BYTES));
        Ok(if makes_little {
            ExprSimplifyResult::Simplified(self.inner.call(call))
        } else {
            ExprSimplifyResult::Original(call)
        })
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        if self.makes.bytes(&call.args, call.number_rows)? > MOST_BYTES {
            let (name, most) = (self.name(), MOST_BYTES / 1_000_000);
            return exec_err!("too long for a batch of rows: {name} makes {most} MB of one at most");
        }
        self.inner.invoke_with_args(call)
    }
}

#[cfg(test)]
mod tests {
    use crate::platform::tests::{platform, reader};
    use crate::{Limits, QueryError};
    use datafusion::arrow::array::AsArray;
    use datafusion::arrow::datatypes::Int64Type;

    /// The number that is the answer to a statement.
    async fn number(sql: &str) -> Result<i64, QueryError> {
        let platform = platform(Limits::default());
        let plan = platform.plan_for(&reader(0), "risk-analysis", sql).await?;
        let answer = plan.collect().await?;
        let row = answer.iter().find(|batch| batch.num_rows() > 0).unwrap();
        Ok(row.column(0).as_primitive::<Int64Type>().value(0))
    }

    #[tokio::test]
    async fn what_would_be_too_long_is_refused_before_it_is_made() {
        for made in [
            "length(repeat('x', 2000000000))",
            "count(repeat(name, 1000000000)) FROM code",
            "count(repeat('x', 1000000)) FROM code",
            "length(replace(repeat('x', 1000000), 'x', repeat('y', 1000)))",
            "count(replace(repeat('x', 1000), 'x', repeat('y', 1000))) FROM code",
            "count(replace(repeat(name, 100), left(name, 1), repeat('y', 1000))) FROM code",
            "length(lpad('x', 2000000000))",
            "count(rpad(name, 1000000, 'y')) FROM code",
            "cardinality(generate_series(1, 10000000000))",
            "cardinality(range(9223372036854775807))",
            "count(range(0, 100000)) FROM code",
            "cardinality(generate_series(\
             TIMESTAMP '2025-01-01', TIMESTAMP '2026-01-01', INTERVAL '1 nanosecond'))",
            "cardinality(generate_series(\
             TIMESTAMP '2025-03-01', TIMESTAMP '2026-01-01', INTERVAL '1 month -31 days'))",
            "count(array_repeat(list, 100000)) FROM code",
            "count(list_repeat(1, 100000)) FROM code",
            "cardinality(array_resize(make_array(1), 1000000000))",
        ] {
            let refused = number(&format!("SELECT {made}")).await.unwrap_err().to_string();
            assert!(refused.contains("too long for a batch of rows"), "{made}: {refused}");
        }
    }

    #[tokio::test]
    async fn what_is_little_is_computed_while_the_statement_is_planned() {
        let platform = platform(Limits::default());
        let sql = "SELECT count(*) FROM declaration WHERE importer_id = lpad('12', 18, '0')";
        let plan = platform.plan_for(&reader(0), "risk-analysis", sql).await.unwrap();
        assert_eq!(Vec::from_iter(&plan.reading().subjects.keys), ["000000000000000012"]);
    }

    #[tokio::test]
    async fn what_is_not_too_long_is_made() {
        for (made, wanted) in [
            ("sum(octet_length(repeat('x', 2000000)))", 2_000_000),
            ("sum(octet_length(repeat('x', 30))) / count(*) FROM code", 30),
            ("sum(octet_length(replace(repeat('x', 30), 'x', 'yz'))) / count(*) FROM code", 60),
            ("sum(octet_length(replace(repeat('x', 2000000), 'x', 'y')))", 2_000_000),
            ("sum(octet_length(replace('xyz', '', repeat('y', 1000))))", 3),
            ("sum(octet_length(lpad('x', 30, 'yz'))) / count(*) FROM code", 30),
            ("count(*) FROM (SELECT unnest(generate_series(1, 1000000)) AS n) s", 1_000_000),
            ("count(*) FROM (SELECT unnest(generate_series(10, 1, -3)) AS n) s", 4),
            ("count(*) FROM (SELECT unnest(range(3)) AS n FROM code LIMIT 30) s", 30),
            (
                "count(*) FROM unnest(generate_series(\
                 DATE '2025-01-01', DATE '2025-12-31', INTERVAL '1 month')) AS s (d)",
                12,
            ),
            (
                "count(*) FROM unnest(generate_series(\
                 TIMESTAMP '2025-01-01', TIMESTAMP '2025-01-02', INTERVAL '1 hour')) AS s (d)",
                25,
            ),
            ("count(*) FROM (SELECT unnest(array_repeat(code, 2)) AS c FROM code LIMIT 5) s", 5),
            ("count(*) FROM unnest(array_resize(make_array(1), 1000)) AS s (n)", 1_000),
        ] {
            assert_eq!(number(&format!("SELECT {made}")).await.unwrap(), wanted, "{made}");
        }
    }
}
