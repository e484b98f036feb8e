//! Arithmetic and functions of numbers, all in 64-bit floats, where nothing can overflow into an error.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::compute::kernels::arity;
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::error::ArrowError;

use super::{Function, Parameter, Signature, function};
use crate::expr::kind::Kind;

const UNARY: Signature =
    Signature::Fixed { parameters: &[Parameter::Number], required: 1, result: Kind::Float };
const BINARY: Signature = Signature::Fixed {
    parameters: &[Parameter::Number, Parameter::Number],
    required: 2,
    result: Kind::Float,
};
const ROUND: Signature =
    Signature::Fixed { parameters: &[Parameter::Number, Parameter::Count], required: 1, result: Kind::Float };

/// From here on every float is an integer, so that rounding changes nothing.
const ALL_INTEGERS: f64 = 4_503_599_627_370_496.0;

/// More digits than a float has are no rounding; powers of ten up to this one are exact.
const MAX_ROUND_DIGITS: i64 = 15;

/// The arithmetic signs; `negate` is the sign before a value.
pub(super) static OPERATORS: [Function; 6] = [
    function("+", "x + y", "the sum", BINARY, |a| binary(a, |x, y| x + y)),
    function("-", "x - y", "the difference", BINARY, |a| binary(a, |x, y| x - y)),
    function("*", "x * y", "the product", BINARY, |a| binary(a, |x, y| x * y)),
    function("/", "x / y", "the quotient, never an integer division; NULL if y is 0", BINARY, |a| {
        binary(a, |x, y| x / y)
    }),
    function("%", "x % y", "the remainder with the sign of x; NULL if y is 0", BINARY, |a| {
        binary(a, libm::fmod)
    }),
    function("negate", "-x", "x with the other sign", UNARY, |a| unary(a, |x| -x)),
];

pub(super) static FUNCTIONS: [Function; 12] = [
    function("abs", "abs(x)", "x without its sign", UNARY, |a| unary(a, f64::abs)),
    function("ceil", "ceil(x)", "the least integer not below x", UNARY, |a| unary(a, f64::ceil)),
    function("exp", "exp(x)", "e to the power x", UNARY, |a| unary(a, libm::exp)),
    function("floor", "floor(x)", "the greatest integer not above x", UNARY, |a| unary(a, f64::floor)),
    function("ln", "ln(x)", "the natural logarithm; NULL unless x > 0", UNARY, |a| unary(a, libm::log)),
    function("log10", "log10(x)", "the decimal logarithm; NULL unless x > 0", UNARY, |a| {
        unary(a, libm::log10)
    }),
    function("log2", "log2(x)", "the binary logarithm; NULL unless x > 0", UNARY, |a| unary(a, libm::log2)),
    function("power", "power(x, y)", "x to the power y", BINARY, |a| binary(a, libm::pow)),
    function(
        "round",
        "round(x [, digits])",
        "x to so many decimals (0), halves away from zero",
        ROUND,
        round,
    ),
    function("sign", "sign(x)", "-1, 0 or 1", UNARY, |a| unary(a, sign)),
    function("sqrt", "sqrt(x)", "the square root; NULL if x < 0", UNARY, |a| unary(a, f64::sqrt)),
    function("trunc", "trunc(x)", "the integer part of x", UNARY, |a| unary(a, f64::trunc)),
];

/// Floats as expressions know them: no infinity, no NaN (NULL instead) and no negative zero, which Arrow's total
/// order would hold for less than zero.
pub(in crate::expr) fn canonical_floats(array: &Float64Array) -> Float64Array {
    // Adding positive zero changes nothing but negative zero.
    let array: Float64Array = array.unary(|x| x + 0.0);
    if array.values().iter().all(|x| x.is_finite()) {
        return array;
    }
    array.unary_opt(|x| x.is_finite().then_some(x))
}

#[expect(clippy::unnecessary_wraps, reason = "kernels have one shape, whether they can fail or not")]
fn unary(arguments: &[ArrayRef], compute: impl Fn(f64) -> f64) -> Result<ArrayRef, ArrowError> {
    let result: Float64Array = arguments[0].as_primitive::<Float64Type>().unary(compute);
    Ok(Arc::new(canonical_floats(&result)))
}

fn binary(arguments: &[ArrayRef], compute: impl Fn(f64, f64) -> f64) -> Result<ArrayRef, ArrowError> {
    let (left, right) =
        (arguments[0].as_primitive::<Float64Type>(), arguments[1].as_primitive::<Float64Type>());
    let result: Float64Array = arity::binary(left, right, compute)?;
    Ok(Arc::new(canonical_floats(&result)))
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

fn round(arguments: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
    let Some(digits) = arguments.get(1) else {
        return unary(arguments, f64::round);
    };
    let values = arguments[0].as_primitive::<Float64Type>();
    let digits = digits.as_primitive::<Int64Type>();
    let result: Float64Array = arity::binary(values, digits, round_to)?;
    Ok(Arc::new(canonical_floats(&result)))
}

/// `x` to so many decimals, or to tens, hundreds ... for negative `digits`.
fn round_to(x: f64, digits: i64) -> f64 {
    let unit = (0..digits.unsigned_abs().min(MAX_ROUND_DIGITS as u64)).fold(1.0, |unit, _| unit * 10.0);
    if digits > MAX_ROUND_DIGITS || (digits >= 0 && x.abs() >= ALL_INTEGERS) {
        x
    } else if digits < -MAX_ROUND_DIGITS {
        f64::NAN
    } else if digits >= 0 {
        (x * unit).round() / unit
    } else {
        (x / unit).round() * unit
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "tests compare exact bits")]
    use super::*;
    use arrow::array::Array;

    #[test]
    fn floats_lose_infinity_nan_and_negative_zero() {
        let array =
            Float64Array::from(vec![Some(1.5), None, Some(f64::NAN), Some(f64::NEG_INFINITY), Some(-0.0)]);
        let clean = canonical_floats(&array);
        assert_eq!(clean, Float64Array::from(vec![Some(1.5), None, None, None, Some(0.0)]));
        assert!(clean.value(4).is_sign_positive());
    }

    #[test]
    fn rounding_takes_halves_away_from_zero() {
        assert_eq!(round_to(2.5, 0), 3.0);
        assert_eq!(round_to(-2.5, 0), -3.0);
        assert_eq!(round_to(1_234.567, 2), 1_234.57);
        assert_eq!(round_to(1_250.0, -2), 1_300.0);
        assert_eq!(round_to(f64::MAX, 15), f64::MAX);
        assert_eq!(round_to(1.25, i64::MAX), 1.25);
        assert!(round_to(1.25, i64::MIN).is_nan());
    }

    #[test]
    fn transcendental_functions_are_those_of_libm() {
        let x: ArrayRef = Arc::new(Float64Array::from(vec![0.1, 1.7, 1e-300, 12_345.678]));
        let check = |name: &str, expected: fn(f64) -> f64| {
            let got = (super::super::find(name).unwrap().kernel)(&[Arc::clone(&x)]).unwrap();
            let expected: Float64Array = x.as_primitive::<Float64Type>().unary(expected);
            // Arrow compares floats by their bits.
            assert_eq!(got.as_primitive::<Float64Type>(), &canonical_floats(&expected), "{name}");
            assert_eq!(got.null_count(), usize::from(name == "exp"));
        };
        check("ln", libm::log);
        check("log10", libm::log10);
        check("log2", libm::log2);
        check("exp", libm::exp);
    }
}
