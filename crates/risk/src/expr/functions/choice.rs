//! Functions that pick one of their arguments, of whatever kind.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::kernels::cmp;
use arrow::compute::kernels::zip::zip;
use arrow::compute::{is_not_null, is_null, nullif as null_where, or_kleene};
use arrow::error::ArrowError;

use super::{Function, Signature, function};

const SOME: Signature = Signature::Alike { least: 2, most: usize::MAX };
const TWO: Signature = Signature::Alike { least: 2, most: 2 };

pub(super) static FUNCTIONS: [Function; 4] = [
    function("coalesce", "coalesce(a, b, ...)", "the first that is not NULL", SOME, |a| {
        pick(a, |first, _| is_not_null(first))
    }),
    function("greatest", "greatest(a, b, ...)", "the greatest, leaving out NULLs", SOME, |a| {
        pick(a, |left, right| or_kleene(&is_null(right)?, &cmp::gt_eq(left, right)?))
    }),
    function("least", "least(a, b, ...)", "the least, leaving out NULLs", SOME, |a| {
        pick(a, |left, right| or_kleene(&is_null(right)?, &cmp::lt_eq(left, right)?))
    }),
    function("nullif", "nullif(a, b)", "a, or NULL if it equals b", TWO, |a| {
        null_where(&a[0], &cmp::eq(&a[0], &a[1])?)
    }),
];

/// Goes from left to right, keeping at each step what was picked so far where `keep` is true, not false or NULL.
fn pick(
    arguments: &[ArrayRef],
    keep: impl Fn(&ArrayRef, &ArrayRef) -> Result<BooleanArray, ArrowError>,
) -> Result<ArrayRef, ArrowError> {
    let mut picked = Arc::clone(&arguments[0]);
    for next in &arguments[1..] {
        picked = zip(&keep(&picked, next)?, &picked, next)?;
    }
    Ok(picked)
}
