//! Laws that hold for every expression: generated expressions over generated records.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::{concat, concat_batches};
use arrow::datatypes::{DataType, Float64Type};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::tests::here;
use super::{Expected, Expression, ExpressionSet, Problem, compile};

/// Strategies for SQL text of each kind.
#[derive(Clone)]
struct Sql {
    number: BoxedStrategy<String>,
    text: BoxedStrategy<String>,
    date: BoxedStrategy<String>,
    condition: BoxedStrategy<String>,
}

fn leaves() -> Sql {
    let numbers = [
        "i",
        "d",
        "w",
        "f",
        "0",
        "1",
        "-2.5",
        "1e300",
        "0.001",
        "9223372036854775807",
        "CAST(NULL AS DOUBLE)",
    ];
    let texts = ["s", "t", "''", "'010121'", "'中%_'", "CAST(NULL AS VARCHAR)"];
    let dates = ["day", "instant", "DATE '2024-02-29'", "TIMESTAMP '1969-12-31 23:59:59.5'"];
    let conditions = ["b", "TRUE", "FALSE", "i > 0", "s IS NULL"];
    Sql {
        number: proptest::sample::select(numbers.to_vec()).prop_map(str::to_owned).boxed(),
        text: proptest::sample::select(texts.to_vec()).prop_map(str::to_owned).boxed(),
        date: proptest::sample::select(dates.to_vec()).prop_map(str::to_owned).boxed(),
        condition: proptest::sample::select(conditions.to_vec()).prop_map(str::to_owned).boxed(),
    }
}

/// One level more of operators around `below`.
fn grown(below: &Sql) -> Sql {
    let Sql { number: n, text: t, date: d, condition: c } = below.clone();
    let select = |names: &[&'static str]| proptest::sample::select(names.to_vec());
    let unary = select(&[
        "abs", "ceil", "exp", "floor", "ln", "log10", "log2", "round", "sign", "sqrt", "trunc", "-",
    ]);
    let parts = select(&["year", "quarter", "month", "week", "day", "dow", "doy", "hour", "minute"]);
    let types = select(&["BIGINT", "DOUBLE", "DECIMAL(9, 3)", "DECIMAL(38, 18)"]);
    let choice = select(&["coalesce", "nullif", "least", "greatest"]);
    let compare = select(&["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"]);
    let number = prop_oneof![
        (n.clone(), select(&["+", "-", "*", "/", "%"]), n.clone())
            .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        (unary, n.clone()).prop_map(|(f, a)| format!("{f}({a})")),
        (select(&["power", "round"]), n.clone(), n.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
        (choice.clone(), n.clone(), n.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
        (c.clone(), n.clone(), n.clone())
            .prop_map(|(c, a, b)| format!("CASE WHEN {c} THEN {a} ELSE {b} END")),
        (n.clone(), types.clone()).prop_map(|(a, to)| format!("CAST({a} AS {to})")),
        (t.clone(), types).prop_map(|(a, to)| format!("CAST({a} AS {to})")),
        (t.clone(), t.clone()).prop_map(|(a, b)| format!("strpos({a}, {b}) + length({a})")),
        (parts, d.clone()).prop_map(|(part, a)| format!("date_part('{part}', {a})")),
        d.clone().prop_map(|a| format!("day_number({a})")),
    ];
    let text = prop_oneof![
        (t.clone(), n.clone(), n.clone()).prop_map(|(a, b, c)| format!("substr({a}, {b}, {c})")),
        (select(&["left", "right"]), t.clone(), n.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
        (select(&["upper", "lower", "trim", "ltrim"]), t.clone()).prop_map(|(f, a)| format!("{f}({a})")),
        (t.clone(), t.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
        (t.clone(), t.clone()).prop_map(|(a, b)| format!("concat({a}, {b})")),
        (choice, t.clone(), t.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
        n.clone().prop_map(|a| format!("CAST({a} AS VARCHAR)")),
        d.clone().prop_map(|a| format!("CAST({a} AS VARCHAR)")),
        (t.clone(), t.clone(), t.clone()).prop_map(|(a, b, c)| format!("CASE {a} WHEN {b} THEN {c} END")),
    ];
    let date = prop_oneof![
        (select(&["year", "quarter", "month", "week", "day"]), d.clone())
            .prop_map(|(unit, a)| format!("date_trunc('{unit}', {a})")),
        (d.clone(), select(&["DATE", "TIMESTAMP"])).prop_map(|(a, to)| format!("CAST({a} AS {to})")),
        (t.clone(), select(&["DATE", "TIMESTAMP"])).prop_map(|(a, to)| format!("CAST({a} AS {to})")),
        (d.clone(), d.clone()).prop_map(|(a, b)| format!("greatest({a}, {b})")),
    ];
    let condition = prop_oneof![
        (n.clone(), compare.clone(), n.clone()).prop_map(|(a, op, b)| format!("(({a}) {op} ({b}))")),
        (t.clone(), compare.clone(), t.clone()).prop_map(|(a, op, b)| format!("(({a}) {op} ({b}))")),
        (d.clone(), compare, d).prop_map(|(a, op, b)| format!("(({a}) {op} ({b}))")),
        (c.clone(), select(&["AND", "OR"]), c.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        (c.clone(), c.clone(), c.clone()).prop_map(|(a, b, c)| format!("({a} AND {b} AND {c})")),
        c.clone().prop_map(|a| format!("(NOT {a})")),
        c.prop_map(|a| format!("({a} IS NOT TRUE)")),
        n.clone().prop_map(|a| format!("({a} IS NULL)")),
        n.prop_map(|a| format!("({a} NOT IN (0, 1.5, -3, 1e10))")),
        t.clone().prop_map(|a| format!("({a} IN ('CN', '', '010121'))")),
        (t.clone(), select(&["%1%", "_", "%", "C\\_%", "中%"]))
            .prop_map(|(a, p)| format!("({a} LIKE '{p}')")),
        (select(&["starts_with", "ends_with", "contains"]), t.clone(), t)
            .prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
    ];
    Sql { number: number.boxed(), text: text.boxed(), date: date.boxed(), condition: condition.boxed() }
}

fn any_expression() -> impl Strategy<Value = String> {
    let one = grown(&leaves());
    let both = |a: &Sql, b: &Sql| Sql {
        number: a.number.clone().prop_union(b.number.clone()).boxed(),
        text: a.text.clone().prop_union(b.text.clone()).boxed(),
        date: a.date.clone().prop_union(b.date.clone()).boxed(),
        condition: a.condition.clone().prop_union(b.condition.clone()).boxed(),
    };
    let two = grown(&both(&leaves(), &one));
    let three = grown(&both(&one, &two));
    prop_oneof![three.condition.clone(), three.condition, three.number, three.text, three.date]
}

type Row = (
    (Option<i64>, Option<i128>, Option<i128>, Option<f64>),
    (Option<String>, Option<String>, Option<bool>),
    (Option<i32>, Option<i64>),
);

fn any_row() -> impl Strategy<Value = Row> {
    let integer = prop_oneof![-3_i64..4, Just(i64::MIN), Just(i64::MAX), any::<i64>()];
    let decimal = |limit: i128| prop_oneof![-300_i128..300, -limit..limit, Just(limit), Just(-limit)];
    let float = prop_oneof![-3.0..3.0, Just(0.0), Just(-0.0), Just(f64::MIN_POSITIVE), any::<f64>()];
    let text = || {
        prop_oneof![
            proptest::sample::select(vec![
                "CN",
                "",
                "010121",
                "1e5",
                "-7",
                "NaN",
                "inf",
                "2024-02-29",
                "中国"
            ])
            .prop_map(str::to_owned),
            "\\PC{0,6}",
        ]
    };
    let day = prop_oneof![-1000_i32..40_000, Just(i32::MIN), Just(i32::MAX), any::<i32>()];
    let instant = prop_oneof![
        any::<i32>().prop_map(|s| i64::from(s) * 1_000_003),
        Just(i64::MIN),
        Just(i64::MAX),
        any::<i64>()
    ];
    (
        (
            weighted(0.8, integer),
            weighted(0.8, decimal(10_i128.pow(18) - 1)),
            weighted(0.8, decimal(10_i128.pow(38) - 1)),
            weighted(0.8, float),
        ),
        (weighted(0.8, text()), weighted(0.8, text()), weighted(0.8, any::<bool>())),
        (weighted(0.8, day), weighted(0.8, instant)),
    )
}

fn batch_of(rows: &[Row]) -> RecordBatch {
    let decimals = |values: Vec<Option<i128>>, precision, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
    };
    let columns: [(&str, ArrayRef); 9] = [
        ("i", Arc::new(rows.iter().map(|row| row.0.0).collect::<Int64Array>())),
        ("d", decimals(rows.iter().map(|row| row.0.1).collect(), 18, 2)),
        ("w", decimals(rows.iter().map(|row| row.0.2).collect(), 38, 30)),
        ("f", Arc::new(rows.iter().map(|row| row.0.3).collect::<Float64Array>())),
        ("s", Arc::new(rows.iter().map(|row| row.1.0.clone()).collect::<StringArray>())),
        ("t", Arc::new(rows.iter().map(|row| row.1.1.clone()).collect::<StringArray>())),
        ("b", Arc::new(rows.iter().map(|row| row.1.2).collect::<BooleanArray>())),
        ("day", Arc::new(rows.iter().map(|row| row.2.0).collect::<Date32Array>())),
        ("instant", Arc::new(rows.iter().map(|row| row.2.1).collect::<TimestampMicrosecondArray>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

/// The expression's results on a batch cut into pieces of so many rows.
fn in_pieces(sql: &str, batch: &RecordBatch, rows: usize) -> ArrayRef {
    let expression = compile(sql, &batch.schema(), Expected::Any, &here()).unwrap();
    let pieces: Vec<ArrayRef> = (0..batch.num_rows())
        .step_by(rows)
        .map(|start| expression.evaluate(&batch.slice(start, rows.min(batch.num_rows() - start))).unwrap())
        .collect();
    assert!(pieces.iter().all(|piece| piece.data_type() == expression.data_type()));
    concat(&pieces.iter().map(AsRef::as_ref).collect::<Vec<_>>()).unwrap()
}

fn assert_same_whatever_the_batch(sql: &str, batch: &RecordBatch) {
    let whole = in_pieces(sql, batch, 8192);
    assert_eq!(whole.len(), batch.num_rows());
    for rows in [1, 7] {
        // Arrow compares floats by their bits.
        assert_eq!(&in_pieces(sql, batch, rows), &whole, "{sql} in pieces of {rows}");
    }
    if *whole.data_type() == DataType::Float64 {
        for value in whole.as_primitive::<Float64Type>().iter().flatten() {
            assert!(value.is_finite() && (value != 0.0 || value.is_sign_positive()), "{sql} gives {value}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// No expression fails on any record, and a record's result does not depend on its batch.
    #[test]
    fn results_depend_on_the_row_alone(sql in any_expression(), rows in vec(any_row(), 1..40)) {
        assert_same_whatever_the_batch(&sql, &batch_of(&rows));
    }

    /// Expressions evaluated together give what each gives alone, also where they share parts and where texts repeat.
    #[test]
    fn together_as_alone(sqls in vec(any_expression(), 1..8), rows in vec(any_row(), 1..20), times in 1..12_usize) {
        let rows: Vec<Row> = std::iter::repeat_n(rows, times).flatten().collect();
        let batch = batch_of(&rows);
        let columns = ["b", "s", "lower(s)", "left(lower(s), 2) = 'cn' OR s IS NULL", "lower(s) LIKE 'c%' AND i > 0"];
        let columns = columns.map(str::to_owned);
        let compiled = sqls.iter().chain(&sqls).chain(&columns).map(|sql| {
            compile(sql, &batch.schema(), Expected::Any, &here()).unwrap()
        });
        // A condition on the others, so that whole expressions are parts as well.
        let either = format!("(({}) IS NULL OR s = 'CN')", sqls[0]);
        let either = compile(&either, &batch.schema(), Expected::Any, &here()).ok();
        let all: Vec<Expression> = compiled.chain(either).collect();
        let set = ExpressionSet::new(&all).unwrap();
        let mut together: Vec<Vec<ArrayRef>> = Vec::new();
        set.evaluate(&batch, |rows, results| {
            assert_eq!(rows, 0..batch.num_rows(), "few rows are one chunk");
            together.push(results.to_vec());
            Ok(())
        }).unwrap();
        prop_assert_eq!(together[0].len(), all.len());
        for (expression, result) in all.iter().zip(&together[0]) {
            prop_assert_eq!(&expression.evaluate(&batch).unwrap(), result, "{}", expression.sql());
        }
    }

    /// Whatever is given as text, compiling ends in an expression or in a refusal.
    #[test]
    fn any_text_is_compiled_or_refused(text in "\\PC{0,60}", words in vec(any_word(), 0..30)) {
        let schema = batch_of(&[]).schema();
        for sql in [text, words.join(" ")] {
            if let Err(error) = compile(&sql, &schema, Expected::Any, &here()) {
                prop_assert!(!matches!(error.problem, Problem::Engine(_)), "{sql}: {error}");
            }
        }
    }
}

fn any_word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "i",
        "d",
        "s",
        "b",
        "day",
        "(",
        ")",
        ",",
        "+",
        "-",
        "*",
        "/",
        "=",
        "<",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "IS",
        "NULL",
        "BETWEEN",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "CAST",
        "AS",
        "BIGINT",
        "DATE",
        "'2024-01-01'",
        "'x'",
        "1",
        "0.5",
        "1e9",
        "abs",
        "ln(",
        "coalesce(",
        "SELECT",
        "EXTRACT(",
        "YEAR",
        "FROM",
        "::",
        "||",
        "TRIM(",
        ".",
        "?",
        "INTERVAL",
        "SUBSTRING(",
        "OVER",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "--",
        "count(*)",
    ])
}

#[test]
fn full_batches_give_the_same_as_single_rows() {
    let rows: Vec<Row> = (0..97_i64)
        .map(|n| {
            let text = (n % 5 != 0).then(|| format!("{:06}", n * 4_099 % 1_000_000));
            let float = (n % 7 != 0).then_some((n - 40) as f64 / 3.0);
            let numbers = ((n % 11 != 0).then_some(n - 50), Some(i128::from(n) * 1_234), None, float);
            (
                numbers,
                (text, Some("CN".to_owned()), (n % 3 != 0).then_some(n % 2 == 0)),
                (Some(n as i32 * 300), None),
            )
        })
        .collect();
    let small = batch_of(&rows);
    let batch = concat_batches(&small.schema(), &vec![small.clone(); 90]).unwrap();
    assert!(batch.num_rows() > 8192);
    for sql in [
        "i > 45 AND f < 20 AND starts_with(s, '01')",
        "b OR i > 48 OR s LIKE '%9'",
        "CASE WHEN i > 40 THEN ln(f) WHEN b THEN d / i ELSE power(f, 2) END",
        "s IN ('004099', '008198') AND b",
    ] {
        let single = in_pieces(sql, &small, 1);
        let expected = concat(&vec![single.as_ref(); 90]).unwrap();
        assert_eq!(&in_pieces(sql, &batch, 8192), &expected, "{sql}");
        assert_ne!(single.null_count(), single.len());
    }
}
