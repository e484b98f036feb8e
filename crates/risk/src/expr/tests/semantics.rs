//! What an expression gives for each row.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date64Array, Decimal64Array, Float32Array,
    Float64Array, Int8Array, RecordBatch, StringArray, TimestampNanosecondArray, TimestampSecondArray,
    UInt32Array, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};

use super::{batch, compiled, here, refusal, results, schema};
use crate::expr::limits::{MAX_DEPTH, MAX_LIST_ITEMS, MAX_NESTING};
use crate::expr::{EvaluateError, Expected, FUNCTIONS, Function, compile};

#[test]
fn comparison_logic_and_null_follow_sql() {
    assert_eq!(results("origin_country_code = 'CN'"), "true false true -");
    assert_eq!(results("origin_country_code <> 'CN' OR net_mass_kg > 1"), "true true true -");
    assert_eq!(results("is_aeo AND quantity > 1"), "true false false -");
    assert_eq!(results("NOT is_aeo"), "false true true -");
    assert_eq!(results("is_aeo AND FALSE"), "false false false false");
    assert_eq!(results("is_aeo OR origin_country_code IS NULL"), "true false false true");
    assert_eq!(results("quantity BETWEEN 0 AND 3"), "true true false -");
    assert_eq!(results("quantity NOT BETWEEN 1 AND 3"), "false true true -");
    assert_eq!(results("origin_country_code IN ('CN', 'KP')"), "true false true -");
    assert_eq!(results("quantity NOT IN (1, 2, 3.0)"), "false true true -");
    assert_eq!(results("net_mass_kg IS NOT NULL"), "true true true false");
    assert_eq!(results("is_aeo IS NOT TRUE"), "false true true true");
    assert_eq!(results("is_aeo IS FALSE"), "false true true false");
    assert_eq!(results("is_aeo IS UNKNOWN"), "false false false true");
    assert_eq!(results("quantity IS DISTINCT FROM 3"), "false true true true");
    assert_eq!(results("quantity IS NOT DISTINCT FROM NULL"), "false false false true");
}

#[test]
fn a_chain_of_hundreds_is_one_level() {
    let chain: Vec<_> = (0..150).map(|n| format!("quantity = {n}")).collect();
    assert_eq!(results(&chain.join(" OR ")), "true true false -");
}

#[test]
fn like_takes_percent_and_underscore_literally_when_escaped() {
    assert_eq!(results("commodity_hs6 LIKE '0101%'"), "true false false -");
    assert_eq!(results("commodity_hs6 NOT LIKE '______'"), "false true true -");
    assert_eq!(results(r"commodity_hs6 LIKE '%\%\_'"), "false false true -");
    assert_eq!(results("origin_country_code ILIKE 'c_'"), "true false true -");
}

#[test]
fn case_takes_the_first_true_branch() {
    assert_eq!(
        results("CASE WHEN quantity > 2 THEN 'many' WHEN quantity = 0 THEN 'none' END"),
        "many none many -"
    );
    assert_eq!(
        results("CASE origin_country_code WHEN 'CN' THEN 1 WHEN 'VN' THEN 2.5 ELSE 0 END"),
        "1.0 2.5 1.0 0.0"
    );
    assert_eq!(
        results("CASE WHEN is_aeo THEN quantity ELSE net_mass_kg END"),
        "3.0 0.0 1.7976931348623157e308 -"
    );
}

#[test]
fn decimals_are_compared_exactly() {
    assert_eq!(results("customs_value_amount = 123.45"), "true false false -");
    assert_eq!(results("customs_value_amount = duty_amount"), "true false false -");
    assert_eq!(results("customs_value_amount > 9999999999999999.98"), "false false true -");
    assert_eq!(results("customs_value_amount > 123.4499999999999999999"), "true false true -");
    assert_eq!(results("duty_amount < -0.00005"), "false false true -");
    assert_eq!(results("quantity = 9223372036854775807"), "false false true -");
    assert_eq!(results("quantity < 9223372036854775807.5"), "true true true -");
    assert_eq!(results("customs_value_amount IN (123.45, 7)"), "true false false -");
    assert_eq!(results("customs_value_amount > quantity"), "true false false -");
}

#[test]
fn arithmetic_is_done_in_floats() {
    let expression = compiled("customs_value_amount / quantity");
    assert_eq!(*expression.data_type(), DataType::Float64);
    assert_eq!(results("customs_value_amount / quantity"), "41.15 - 0.0010842021724855044 -");
    assert_eq!(results("quantity + quantity"), "6.0 0.0 1.8446744073709552e19 -");
    assert_eq!(results("quantity / 2"), "1.5 0.0 4.611686018427388e18 -");
    assert_eq!(results("-quantity % 2"), "-1.0 0.0 0.0 -");
    assert_eq!(results("0.1 + 0.2 = 0.3"), "false false false false");
    assert_eq!(results("-(quantity - 5) * 2"), "4.0 10.0 -1.8446744073709552e19 -");
}

#[test]
fn decimal_literals_become_the_nearest_float() {
    let expression = compiled("net_mass_kg * 0.1000000000000000055511151231257827");
    let values = expression.evaluate(&batch()).unwrap();
    assert_eq!(values.as_primitive::<Float64Type>().value(0).to_bits(), (2.5_f64 * 0.1).to_bits());
}

#[test]
fn whatever_cannot_be_computed_is_null() {
    assert_eq!(results("1 / quantity > 0"), "true - true -");
    assert_eq!(results("quantity % 0"), "- - - -");
    assert_eq!(results("net_mass_kg * 10"), "25.0 0.0 - -");
    assert_eq!(results("ln(net_mass_kg - 2.5)"), "- - 709.782712893384 -");
    assert_eq!(results("sqrt(0 - quantity)"), "- 0.0 - -");
    assert_eq!(results("power(0, -quantity)"), "- 1.0 - -");
    assert_eq!(results("exp(quantity * 1000)"), "- 1.0 - -");
    assert_eq!(results("CAST(commodity_hs6 AS BIGINT)"), "10121 - - -");
    assert_eq!(results("CAST(commodity_hs6 AS DOUBLE) IS NULL"), "false true true true");
    assert_eq!(results("CAST('NaN' AS DOUBLE) IS NULL"), "true true true true");
    assert_eq!(results("CAST(net_mass_kg AS BIGINT)"), "2 0 - -");
    assert_eq!(
        results("CAST(net_mass_kg AS DECIMAL(38, 18))"),
        "2.500000000000000000 0.000000000000000000 - -"
    );
    assert_eq!(results("customs_value_amount::DECIMAL(5, 2)"), "123.45 0.00 - -");
    assert_eq!(results("substr(commodity_hs6, 1, 0 - quantity)"), "-  - -");
    assert_eq!(results("year(declared_on)"), "2024 1970 - -");
    assert_eq!(results("year(accepted_at)"), "2024 1969 - -");
}

#[test]
fn floats_in_columns_are_finite_and_without_negative_zero() {
    let values = Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1.0]);
    let batch = RecordBatch::try_from_iter([("x", Arc::new(values) as _)]).unwrap();
    let hits = |sql: &str| {
        let condition = compile(sql, &batch.schema(), Expected::Boolean, &here()).unwrap();
        condition.evaluate_condition(&batch).unwrap()
    };
    assert_eq!(hits("x > 0").rows, BooleanArray::from(vec![false, false, false, false, true]));
    assert_eq!(hits("x > 0").null_count, 3);
    assert_eq!(hits("x = 0").rows, BooleanArray::from(vec![false, false, false, true, false]));
    assert_eq!(hits("-x = 0").rows, BooleanArray::from(vec![false, false, false, true, false]));
}

#[test]
fn null_is_no_hit_and_is_counted() {
    let condition = compile("net_mass_kg > 1", &schema(), Expected::Boolean, &here()).unwrap();
    let hits = condition.evaluate_condition(&batch()).unwrap();
    assert_eq!(hits.rows, BooleanArray::from(vec![true, false, true, false]));
    assert_eq!(hits.rows.null_count(), 0);
    assert_eq!(hits.null_count, 1);
    let number = compiled("quantity");
    assert!(matches!(number.evaluate_condition(&batch()), Err(EvaluateError::NotACondition { .. })));
}

#[test]
fn functions_of_numbers() {
    assert_eq!(results("abs(-2.5) + sign(-3) + ceil(1.2) + floor(1.8) + trunc(-1.8)"), "3.5 3.5 3.5 3.5");
    assert_eq!(results("round(net_mass_kg)"), "3.0 0.0 1.7976931348623157e308 -");
    assert_eq!(results("round(customs_value_amount, 1)"), "123.5 0.0 1e16 -");
    assert_eq!(results("log10(1000) + log2(8) + exp(0) + power(2, 3) + pow(2, 1)"), "17.0 17.0 17.0 17.0");
}

#[test]
fn functions_of_text_count_characters() {
    assert_eq!(results("length(commodity_hs6)"), "6 0 5 -");
    assert_eq!(results("substr(commodity_hs6, 1, 2)"), "01  中国 -");
    assert_eq!(results("SUBSTRING(commodity_hs6 FROM 5)"), "21  _ -");
    assert_eq!(results("left(commodity_hs6, -2) || right(commodity_hs6, 2)"), "010121  中国 %_ -");
    assert_eq!(results("left(commodity_hs6, length(commodity_hs6) - 5)"), "0   -");
    assert_eq!(results("strpos(commodity_hs6, '%')"), "0 0 4 -");
    assert_eq!(results("POSITION('12' IN commodity_hs6)"), "4 0 0 -");
    assert_eq!(results("concat(origin_country_code, ':', commodity_hs6)"), "CN:010121 VN: CN:中国 %_ :");
    assert_eq!(
        results("starts_with(commodity_hs6, '01') AND ends_with(commodity_hs6, '21')"),
        "true false false -"
    );
    assert_eq!(results("contains(commodity_hs6, '国')"), "false false true -");
    assert_eq!(
        results("upper(lower('ÄB')) || ltrim('  x') || rtrim('y ') || trim(' z ')"),
        "ÄBxyz ÄBxyz ÄBxyz ÄBxyz"
    );
}

#[test]
fn functions_of_dates_are_in_utc() {
    assert_eq!(results("declared_on >= DATE '2024-02-01'"), "true false true -");
    assert_eq!(results("accepted_at > TIMESTAMP '2024-02-01 12:34:56'"), "true false - -");
    assert_eq!(
        results("EXTRACT(HOUR FROM accepted_at) * 100 + date_part('minute', accepted_at)"),
        "1234.0 2359.0 - -"
    );
    assert_eq!(results("day_number(declared_on)"), "19754 0 2147483647 -");
    assert_eq!(results("day_number(accepted_at) - day_number(declared_on)"), "0.0 -1.0 - -");
    assert_eq!(results("date_trunc('month', accepted_at)"), "2024-02-01 1969-12-01 - -");
    assert_eq!(results("date_trunc('quarter', declared_on)"), "2024-01-01 1970-01-01 - -");
    assert_eq!(results("date_trunc('week', declared_on)"), "2024-01-29 1969-12-29 - -");
    assert_eq!(results("EXTRACT(DOW FROM declared_on) * 100 + week(declared_on)"), "405.0 401.0 - -");
    assert_eq!(results("CAST('2024-02-30' AS DATE) IS NULL"), "true true true true");
    assert_eq!(results("CAST(declared_on AS VARCHAR)"), "2024-02-01 1970-01-01 - -");
    assert_eq!(
        results("CAST(accepted_at AS VARCHAR)"),
        "2024-02-01 12:34:56.789 1969-12-31 23:59:59.999 - -"
    );
    assert_eq!(results("declared_on = CAST(accepted_at AS DATE)"), "true false - -");
    assert_eq!(results("declared_on < accepted_at"), "true false - -");
}

#[test]
fn choices_keep_the_kind() {
    assert_eq!(results("coalesce(origin_country_code, 'ZZ')"), "CN VN CN ZZ");
    assert_eq!(results("coalesce(NULL, quantity, 7)"), "3 0 9223372036854775807 7");
    assert_eq!(results("nullif(quantity, 0)"), "3 - 9223372036854775807 -");
    assert_eq!(results("greatest(quantity, 2)"), "3 2 9223372036854775807 2");
    assert_eq!(results("least(NULL, quantity, 2)"), "2 0 2 2");
    assert_eq!(results("least(customs_value_amount, duty_amount)"), "123.4500 0.0000 -0.0001 -");
    assert_eq!(results("greatest(origin_country_code, 'DE')"), "DE VN DE DE");
}

#[test]
fn every_function_takes_nothing_but_null_for_null() {
    for function in FUNCTIONS.iter().copied().flatten() {
        let call = null_call(function);
        assert_eq!(results(&call), if function.name == "concat" { "   " } else { "- - - -" }, "{call}");
    }
}

/// A call with the fewest arguments, all NULL.
fn null_call(function: &Function) -> String {
    let count = (1..9).find(|count| function.takes(*count)).unwrap();
    format!("{}({})", function.name, vec!["NULL"; count].join(", "))
}

#[test]
fn constants_fold_when_compiled() {
    let canonical = |sql: &str| compiled(sql).canonical().trim_start_matches("expression/1 ").to_owned();
    assert_eq!(canonical("1 + 2 * 3"), "7.0:float");
    assert_eq!(canonical("quantity > 10 * 100"), "(> (cast float \"quantity\":integer) 1000.0:float)");
    assert_eq!(canonical("is_aeo AND 1 < 2"), "\"is_aeo\":boolean");
    assert_eq!(canonical("is_aeo OR 1 < 2"), "true:boolean");
    assert_eq!(
        canonical("CASE WHEN 1 > 2 THEN 'a' WHEN is_aeo THEN 'b' WHEN TRUE THEN 'c' ELSE 'd' END"),
        "(case \"is_aeo\":boolean 'b':text 'c':text)"
    );
    assert_eq!(
        canonical("upper('it''s') = origin_country_code"),
        "(= 'IT''S':text \"origin_country_code\":text)"
    );
    assert_eq!(canonical("net_mass_kg + NULL"), "null:float");
    assert_eq!(canonical("NULL"), "null:null");
}

#[test]
fn the_canonical_text_depends_on_meaning_alone() {
    let spelt = ["quantity>=1 AND  is_aeo", "(Quantity >= 1)\n and\t(\"is_aeo\") -- both"];
    assert_eq!(compiled(spelt[0]).canonical(), compiled(spelt[1]).canonical());
    assert_eq!(
        compiled("date_part('year', accepted_at) IN (2024, 2025) AND customs_value_amount < 0.5").canonical(),
        "expression/1 (and (in [2024 2025] (year (cast date \"accepted_at\":timestamp))) \
         (< \"customs_value_amount\":decimal(18,2) 50:decimal(18,2)))"
    );
    assert_eq!(compiled(spelt[1]).sql(), spelt[1]);
    assert_eq!(compiled(spelt[1]).columns(), ["quantity", "is_aeo"]);
}

#[test]
fn numbers_are_given_as_floats_where_numbers_are_needed() {
    for sql in ["quantity", "customs_value_amount", "net_mass_kg", "1"] {
        let expression = compile(sql, &schema(), Expected::Number, &here()).unwrap();
        assert_eq!(*expression.evaluate(&batch()).unwrap().data_type(), DataType::Float64);
        assert_eq!(expression.evaluate(&batch()).unwrap().len(), 4);
    }
    let key = compile("origin_country_code", &schema(), Expected::Text, &here()).unwrap();
    assert_eq!(*key.data_type(), DataType::Utf8);
}

#[test]
fn columns_are_found_by_name_in_any_batch_that_has_them() {
    let expression = compiled("quantity > 1 AND is_aeo");
    let other = batch().project(&[8, 0, 3]).unwrap();
    assert_eq!(&expression.evaluate(&other).unwrap(), &expression.evaluate(&batch()).unwrap());
    assert_eq!(expression.evaluate(&other.slice(1, 0)).unwrap().len(), 0);
    let missing = batch().project(&[3]).unwrap();
    assert_eq!(
        expression.evaluate(&missing).unwrap_err().to_string(),
        "the batch has no column is_aeo, which the expression reads"
    );
    let narrow =
        RecordBatch::try_from_iter([("quantity", Arc::new(Float32Array::from(vec![1.0])) as _)]).unwrap();
    assert_eq!(
        expression.evaluate(&narrow).unwrap_err().to_string(),
        "column quantity holds Float32, but the expression was compiled for Int64"
    );
}

#[test]
fn unsigned_integers_keep_their_range() {
    let values = UInt64Array::from(vec![u64::MAX, 0]);
    let batch = RecordBatch::try_from_iter([("x", Arc::new(values) as _)]).unwrap();
    let condition = compile("x > 18446744073709551614", &batch.schema(), Expected::Boolean, &here()).unwrap();
    assert_eq!(condition.evaluate_condition(&batch).unwrap().rows, BooleanArray::from(vec![true, false]));
    assert!(refusal("x > 1").contains("no column x"));
}

#[test]
fn columns_of_every_readable_type_are_read() {
    let texts = StringArray::from(vec!["CN", "VN"]);
    let columns: [(&str, ArrayRef); 12] = [
        (
            "dictionary",
            cast(&texts, &DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into())).unwrap(),
        ),
        ("large", cast(&texts, &DataType::LargeUtf8).unwrap()),
        ("view", cast(&texts, &DataType::Utf8View).unwrap()),
        ("tiny", Arc::new(Int8Array::from(vec![-128, 0]))),
        ("unsigned", Arc::new(UInt32Array::from(vec![u32::MAX, 0]))),
        ("single", Arc::new(Float32Array::from(vec![0.5, -0.0]))),
        ("decimal64", Arc::new(Decimal64Array::from(vec![150, 0]).with_precision_and_scale(5, 2).unwrap())),
        ("millis", Arc::new(Date64Array::from(vec![86_400_000, 0]))),
        ("seconds", Arc::new(TimestampSecondArray::from(vec![60, i64::MAX]))),
        ("nanos", Arc::new(TimestampNanosecondArray::from(vec![60_000_000_000, 0]).with_timezone("+08:00"))),
        ("nothing", Arc::new(StringArray::new_null(2))),
        ("bytes", Arc::new(BinaryArray::from_vec(vec![b"a", b"b"]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    for sql in [
        "dictionary = 'CN' AND large = dictionary AND view || 'x' = 'CNx'",
        "tiny = -128 AND unsigned = 4294967295 AND tiny < unsigned",
        "single = 0.5 AND decimal64 = 1.5 AND single + decimal64 = 2",
        "millis = DATE '1970-01-02' AND seconds = nanos AND minute(seconds) = 1",
        "tiny < 0 AND nothing IS NULL",
    ] {
        let condition = compile(sql, &batch.schema(), Expected::Boolean, &here()).unwrap();
        let hits = condition.evaluate_condition(&batch).unwrap();
        assert_eq!(hits.rows, BooleanArray::from(vec![true, false]), "{sql}");
    }
    let error = compile("bytes = 'a'", &batch.schema(), Expected::Boolean, &here()).unwrap_err();
    assert!(
        error.to_string().contains("column bytes holds Binary, which an expression cannot read"),
        "{error}"
    );
}

#[test]
fn the_deepest_and_longest_that_is_allowed_can_be_evaluated() {
    let sum = format!("quantity{}", " + 1".repeat(MAX_DEPTH - 2));
    assert_eq!(results(&format!("{sum} = 65")), "true false false -");
    let nested = format!("{}quantity{}", "abs(".repeat(MAX_NESTING / 2), ")".repeat(MAX_NESTING / 2));
    assert_eq!(results(&nested), "3.0 0.0 9.223372036854776e18 -");
    let list: Vec<_> = (3..3 + MAX_LIST_ITEMS).map(|n| n.to_string()).collect();
    assert_eq!(results(&format!("quantity IN ({})", list.join(","))), "true false false -");
    for like in ["LIKE", "ILIKE"] {
        assert_eq!(results(&format!("commodity_hs6 {like} '{}'", "_%".repeat(5_000))), "false false false -");
        assert_eq!(
            results(&format!("commodity_hs6 {like} '{}%'", "Ä_".repeat(4_000))),
            "false false false -"
        );
    }
}
