//! A batch of rows that could come to too much, in pieces that could not.

use super::sizes::own_bytes;
use super::{Bounded, MOST_BYTES, too_long};
use datafusion::arrow::array::Array;
use datafusion::arrow::compute::concat;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use std::ops::Range;
use std::sync::Arc;

/// What a function makes of a batch of rows, counted as it is made. While it is put together it is had twice.
pub(super) fn made_in_pieces(
    function: &Bounded,
    call: &ScalarFunctionArgs,
) -> Result<ColumnarValue, DataFusionError> {
    let whole = 0..call.number_rows;
    let mut waiting = vec![whole];
    let mut made = Vec::new();
    let mut bytes = 0_u64;
    while let Some(rows) = waiting.pop() {
        let piece = of_rows(call, &rows);
        if function.makes.bytes(&piece.args, rows.len())? <= MOST_BYTES {
            let values = function.inner.invoke_with_args(piece)?.into_array(rows.len())?;
            bytes = bytes.saturating_add(own_bytes(&values)?);
            made.push(values);
        } else if rows.len() > 1 {
            let middle = rows.start + rows.len() / 2;
            waiting.extend([middle..rows.end, rows.start..middle]);
        } else {
            return too_long(function.inner.name());
        }
        if bytes > MOST_BYTES {
            return too_long(function.inner.name());
        }
    }
    let made: Vec<&dyn Array> = made.iter().map(AsRef::as_ref).collect();
    Ok(ColumnarValue::Array(concat(&made)?))
}

/// A call for some rows of a batch.
pub(super) fn of_rows(call: &ScalarFunctionArgs, rows: &Range<usize>) -> ScalarFunctionArgs {
    let shown = |argument: &ColumnarValue| match argument {
        ColumnarValue::Array(values) => ColumnarValue::Array(values.slice(rows.start, rows.len())),
        constant @ ColumnarValue::Scalar(_) => constant.clone(),
    };
    ScalarFunctionArgs {
        args: call.args.iter().map(shown).collect(),
        arg_fields: call.arg_fields.clone(),
        number_rows: rows.len(),
        return_field: Arc::clone(&call.return_field),
        config_options: Arc::clone(&call.config_options),
    }
}
