//! Functions that make much of little, such as `repeat('x', 1000000000)`, with a bound on what they make: it is not counted as
//! memory of the reader, and nothing stops a function while it computes.

mod joined;
mod patterns;
mod pieces;
mod series;
mod sizes;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::exec_err;
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::{Expr, SessionContext};
use pieces::made_in_pieces;
use series::elements;
use sizes::{ELEMENT_BYTES, largest, own_bytes, references, shortest, written};
pub(crate) use sizes::{elements_within, longest};
use std::sync::Arc;

/// Most bytes that a function makes of one batch of rows.
pub(crate) const MOST_BYTES: u64 = 256_000_000;

/// Most bytes that a batch of rows could come to for a function to take it in pieces, as nothing stops it before the last one.
const MOST_IN_PIECES: u64 = 16 * MOST_BYTES;

/// Most bytes that a call of constants makes while a statement is planned; every row of a batch may come to have them.
const LITTLE_BYTES: u64 = 1_000;

/// Most bytes of a character in UTF-8 (RFC 3629, 3).
const CHARACTER_BYTES: u64 = 4;

/// The functions, and what they make. One argument of each says how often another is had, or stands at many places of it, or a long
/// constant is had in every row. What others make is as long as one of their arguments, or some times as long, and they are not among
/// them.
const BOUNDED: [(&str, Makes); 14] = [
    ("array_repeat", Makes::Elements),
    ("array_replace_all", Makes::Exchanged),
    ("array_replace_n", Makes::Exchanged),
    ("array_resize", Makes::Length),
    ("array_to_string", Makes::Joined),
    ("concat", Makes::Together),
    ("concat_ws", Makes::Separated),
    ("generate_series", Makes::Series),
    ("lpad", Makes::Padded),
    ("range", Makes::Series),
    ("regexp_replace", Makes::Matched),
    ("repeat", Makes::Text),
    ("replace", Makes::Replaced),
    ("rpad", Makes::Padded),
];

/// Puts bounds on the functions of an engine.
pub(super) fn install(context: &SessionContext) -> Result<(), DataFusionError> {
    patterns::install(context)?;
    joined::install(context)?;
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
    /// The first text, with the third for what the second finds in it: once, or as flags say.
    Matched,
    /// The first text, filled up to as many characters as the second argument says.
    Padded,
    /// The elements of the first list as one text, with the second between them and the third for those that are absent.
    Joined,
    /// A list of the first argument as often as the second says.
    Elements,
    /// The first list, with the third argument for elements like the second.
    Exchanged,
    /// The first list in the length that the second argument says, filled with the third.
    Length,
    /// From the first argument to the second in steps of the third; of whole numbers, to the only one.
    Series,
    /// All arguments, one behind the other.
    Together,
    /// The others, with the first between each two.
    Separated,
}

impl Makes {
    /// Most bytes that come of a call in a batch of so many rows. Where the arguments are none that the function takes it says so
    /// itself.
    fn bytes(self, arguments: &[ColumnarValue], rows: usize) -> Result<u64, DataFusionError> {
        let is_constant = are_constant(arguments);
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        Ok(match (self, arguments) {
            (Self::Text, [text, times]) => given(text, rows)?.saturating_mul(largest(times)?),
            (Self::Replaced, [text, old, new]) => {
                let bytes = given(text, rows)?;
                let shortest = shortest(&old.to_array(1)?)?.unwrap_or(u64::MAX);
                let longer = longest(&new.to_array(1)?)?.saturating_sub(shortest);
                grown(text, bytes, (bytes / shortest).saturating_mul(longer))
            }
            (Self::Matched, [text, _, new, flags @ ..]) => {
                let bytes = given(text, rows)?;
                let new = new.to_array(1)?;
                let referred = bytes.saturating_mul(references(&new)?);
                grown(
                    text,
                    bytes,
                    matches(flags, bytes, rows).saturating_mul(longest(&new)?).saturating_add(referred),
                )
            }
            (Self::Padded, [_, size, ..]) => {
                rows.saturating_mul(CHARACTER_BYTES).saturating_mul(largest(size)?)
            }
            (Self::Joined, [list, between @ ..]) => {
                let mut of_each = written(&list.data_type());
                for text in between {
                    of_each = of_each.saturating_add(longest(&text.to_array(1)?)?);
                }
                // Of what lists hold, texts are written as they are; all else counts by its type.
                let members = members(list, rows)?;
                let texts = given(list, rows)?.saturating_sub(members.saturating_mul(ELEMENT_BYTES));
                texts.saturating_add(members.saturating_mul(of_each))
            }
            (Self::Elements, [element, times]) => {
                let bytes = given(element, rows)?.saturating_add(rows.saturating_mul(ELEMENT_BYTES));
                bytes.saturating_mul(largest(times)?)
            }
            (Self::Exchanged, [list, _, new, ..]) => {
                let more = members(list, rows)?.saturating_mul(longest(&new.to_array(1)?)?);
                grown(list, given(list, rows)?, more)
            }
            (Self::Length, [list, size, filling @ ..]) => {
                let mut bytes = rows.saturating_mul(ELEMENT_BYTES);
                for value in filling {
                    bytes = bytes.saturating_add(given(value, rows)?);
                }
                grown(list, given(list, rows)?, bytes.saturating_mul(largest(size)?))
            }
            (Self::Series, bounds) => {
                let elements = elements(&ColumnarValue::values_to_arrays(bounds)?)?;
                let bytes = elements.saturating_mul(ELEMENT_BYTES);
                if is_constant { bytes.saturating_mul(rows) } else { bytes }
            }
            (Self::Together, texts) => together(texts, rows)?,
            (Self::Separated, [between, texts @ ..]) => {
                let places = u64::try_from(texts.len()).unwrap_or(u64::MAX);
                together(texts, rows)?.saturating_add(given(between, rows)?.saturating_mul(places))
            }
            _ => 0,
        })
    }

    /// Whether a call of constants is not computed before it is known in how many rows it stands, as constants are while a statement
    /// is planned. How long texts are together is known of the statement (`extent`).
    fn waits_for_rows(self) -> bool {
        !matches!(self, Self::Together | Self::Separated)
    }

    /// Whether what is made depends on what is found: it may be far less than it could come to.
    fn depends_on_finds(self) -> bool {
        matches!(self, Self::Replaced | Self::Matched | Self::Joined | Self::Exchanged)
    }
}

/// Most matches of a pattern in texts of so many bytes: one in each row, or where flags may say so one before each byte and behind the
/// last one.
fn matches(flags: &[ColumnarValue], bytes: u64, rows: u64) -> u64 {
    let find_one = |flags: &ColumnarValue| match flags {
        ColumnarValue::Scalar(flags) => {
            flags.try_as_str().flatten().is_some_and(|flags| !flags.contains('g'))
        }
        ColumnarValue::Array(_) => false,
    };
    if flags.iter().all(find_one) { rows } else { bytes.saturating_add(rows) }
}

/// Whether arguments are constants alone: what is made of them is made once, and shown in every row.
fn are_constant(arguments: &[ColumnarValue]) -> bool {
    arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)))
}

/// Bytes of an argument in all rows of a batch.
fn given(argument: &ColumnarValue, rows: u64) -> Result<u64, DataFusionError> {
    Ok(in_rows(argument, own_bytes(&argument.to_array(1)?)?, rows))
}

/// Bytes of all arguments in all rows of a batch.
fn together(texts: &[ColumnarValue], rows: u64) -> Result<u64, DataFusionError> {
    texts.iter().try_fold(0_u64, |bytes, text| Ok(bytes.saturating_add(given(text, rows)?)))
}

/// Elements of the lists of an argument in all rows of a batch.
fn members(argument: &ColumnarValue, rows: u64) -> Result<u64, DataFusionError> {
    Ok(in_rows(argument, elements_within(&argument.to_array(1)?), rows))
}

/// What an argument has, in all rows of a batch: what is constant is had in each.
fn in_rows(argument: &ColumnarValue, has: u64, rows: u64) -> u64 {
    match argument {
        ColumnarValue::Scalar(_) => has.saturating_mul(rows),
        ColumnarValue::Array(_) => has,
    }
}

/// Bytes of what is made of an argument by adding to it. Without more it is what is there already, unless it is constant: then every
/// row comes to have its own.
fn grown(argument: &ColumnarValue, bytes: u64, more: u64) -> u64 {
    match (argument, more) {
        (ColumnarValue::Array(_), 0) => 0,
        _ => bytes.saturating_add(more),
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
        let mut signature = inner.signature().clone();
        if makes.waits_for_rows() {
            signature.volatility = Volatility::Volatile;
        }
        Self { inner, makes, signature }
    }
}

fn too_long<T>(name: &str) -> Result<T, DataFusionError> {
    let most = MOST_BYTES / 1_000_000;
    exec_err!("too long for a batch of rows: {name} makes {most} MB of one at most")
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

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        self.inner.coerce_types(arguments)
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef, DataFusionError> {
        self.inner.return_field_from_args(arguments)
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
        let bytes = self.makes.bytes(&call.args, call.number_rows)?;
        if bytes <= MOST_BYTES {
            return self.inner.invoke_with_args(call);
        }
        if bytes > MOST_IN_PIECES || !self.makes.depends_on_finds() || are_constant(&call.args) {
            return too_long(self.inner.name());
        }
        made_in_pieces(self, &call)
    }
}

#[cfg(test)]
mod tests {
    use super::Makes;
    use crate::platform::tests::{platform, reader};
    use crate::{Limits, QueryError};
    use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, ListArray, StringArray};
    use datafusion::arrow::datatypes::{DataType, Int64Type};
    use datafusion::logical_expr::ColumnarValue;
    use datafusion::scalar::ScalarValue;
    use std::sync::Arc;

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
            "count(replace(repeat(name, 100), left(name, 1), repeat('y', 20000))) FROM code",
            "count(replace(repeat('x', 1000 + n), 'x', repeat('y', 1000))) \
             FROM (SELECT unnest(generate_series(1, 300)) AS n) s",
            "count(replace(repeat('x', 1000000 * n), 'x', repeat('y', 300))) \
             FROM (SELECT unnest(generate_series(1, 3)) AS n) s",
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
            "cardinality(array_repeat(make_array(repeat('x', 1000000)), 1000))",
            "cardinality(array_repeat(named_struct('a', repeat('x', 1000000)), 1000))",
            "length(array_to_string(range(0, 1000000), repeat('x', 1000000)))",
            "length(array_join(range(0, 1000000), repeat('x', 1000000)))",
            "length(list_to_string(array_resize(make_array('x'), 1000000), ',', repeat('y', 1000000)))",
            "length(array_to_string(array_repeat(range(0, 10), 100000), repeat('x', 1000)))",
            "length(regexp_replace(repeat('x', 1000000), 'x', repeat('y', 1000), 'g'))",
            "count(regexp_replace(repeat('x', 1000), 'x', repeat('y', 1000), 'g')) FROM code",
            r"length(regexp_replace(repeat('x', 10000000), '(x+)', repeat('\1', 100)))",
            "length(regexp_replace(repeat('x', 10000000), '(x+)', repeat('$1', 100)))",
            "cardinality(array_replace_all(array_repeat('x', 1000000), 'x', repeat('y', 1000000)))",
            "cardinality(list_replace_n(array_repeat('x', 1000000), 'x', repeat('y', 1000000), 1000000))",
            "count(name || repeat('x', 1000000)) FROM code",
            "count(concat(name, repeat('x', 1000000))) FROM code",
            "count(concat_ws(repeat('x', 1000000), name, list)) FROM code",
            "count(x || x || x) FROM (SELECT list, repeat('x', 20000) AS x FROM code) c",
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
            ("sum(octet_length(array_to_string(range(0, 10), repeat(',', 1000000))))", 9_000_010),
            (
                "sum(octet_length(array_join(make_array('a', NULL, code), ', ', 'none')) - octet_length(code)) \
                 / count(*) FROM code",
                9,
            ),
            ("sum(octet_length(regexp_replace(repeat('x', 30), 'x', 'yz', 'g'))) / count(*) FROM code", 60),
            (r"sum(octet_length(regexp_replace(repeat('x', 2000000), '^(x).*$', '\1')))", 1),
            (
                "sum(octet_length(regexp_replace(repeat('x', 1000000), 'X', repeat('y', 1000), 'i')))",
                1_000_999,
            ),
            ("count(*) FROM unnest(array_replace_all(array_repeat('x', 1000), 'x', 'yz')) AS s (t)", 1_000),
            (
                "sum(octet_length(list || ': ' || name) - octet_length(list) - octet_length(name)) / count(*) FROM code",
                2,
            ),
            (
                "sum(octet_length(concat_ws(', ', list, NULL, name)) - octet_length(list) - octet_length(name)) / count(*) FROM code",
                2,
            ),
            (
                "count(*) FROM code WHERE list || NULL IS NOT NULL OR concat(list, NULL) <> list OR 7 || 'a' <> '7a'",
                0,
            ),
            ("count(*) FROM unnest(make_array(1) || make_array(2, 3) || 4) AS s (n)", 4),
        ] {
            assert_eq!(number(&format!("SELECT {made}")).await.unwrap(), wanted, "{made}");
        }
    }

    #[tokio::test]
    async fn what_only_could_be_too_long_is_made_in_pieces() {
        for (made, rows, wanted) in [
            (
                "sum(octet_length(regexp_replace(repeat('x', 10000 + n), '^x', repeat('y', 1000), 'g')))",
                100,
                100 * 10_999 + 5_050,
            ),
            // The rows stand as they stood.
            (
                "count(*) FILTER (WHERE octet_length(replace(lpad('x', 10000 + n, '-'), 'x', repeat('y', 1000))) \
                 = 10999 + n)",
                100,
                100,
            ),
            (
                "sum(octet_length(array_to_string(array_repeat('a', 1000 + n), ',', repeat('x', 1000))))",
                300,
                2 * (300 * 1_000 + 45_150) - 300,
            ),
        ] {
            let sql = format!("SELECT {made} FROM (SELECT unnest(generate_series(1, {rows})) AS n) s");
            assert_eq!(number(&sql).await.unwrap(), wanted, "{made}");
        }
    }

    #[test]
    fn numbers_of_many_groups_are_joined_at_once() {
        let numbers = vec![Some((0..250).map(Some).collect::<Vec<Option<i64>>>()); 8_192];
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(numbers));
        let call = [ColumnarValue::Array(lists), ColumnarValue::Scalar(ScalarValue::from(","))];
        assert_eq!(Makes::Joined.bytes(&call, 8_192).unwrap(), 8_192 * 250 * (20 + 1));
    }

    #[test]
    fn what_is_made_of_a_constant_is_made_in_each_row() {
        let column = |values: ArrayRef| ColumnarValue::Array(values);
        let text = ScalarValue::from("xyz");
        let letters = column(Arc::new(StringArray::from(vec!["x", "y"])));
        let replaced = |text: ColumnarValue| {
            Makes::Replaced.bytes(&[text, letters.clone(), letters.clone()], 2).unwrap()
        };
        assert_eq!(replaced(ColumnarValue::Scalar(text.clone())), 6);
        assert_eq!(replaced(letters.clone()), 0, "the texts are there already");

        let list = ScalarValue::List(ScalarValue::new_list_nullable(&[text], &DataType::Utf8));
        let sizes = column(Arc::new(Int64Array::from(vec![1, 1])));
        let resized = Makes::Length.bytes(&[ColumnarValue::Scalar(list), sizes], 2).unwrap();
        assert_eq!(resized, 2 * (16 + 3) + 2 * 16, "the list with its text, and what may be filled");
    }
}
