//! Functions that look for patterns in texts. The engine reads each pattern of a batch of rows once and keeps it until the batch is
//! through, some megabytes of each: where they differ from row to row, a batch is taken in pieces that have few of them.

use super::pieces::of_rows;
use datafusion::arrow::array::{Array, AsArray, LargeStringArray};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use datafusion::prelude::{Expr, SessionContext};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// Most patterns that are kept at once; of each, read, the engine's library keeps ten megabytes at most.
const MOST_PATTERNS: usize = 16;

/// The functions, with the places of a pattern and of its flags, which are read with it.
const PATTERNED: [(&str, [usize; 2]); 5] = [
    ("regexp_count", [1, 3]),
    ("regexp_instr", [1, 4]),
    ("regexp_like", [1, 2]),
    ("regexp_match", [1, 2]),
    ("regexp_replace", [1, 3]),
];

/// Lets functions of an engine keep few patterns.
pub(super) fn install(context: &SessionContext) -> Result<(), DataFusionError> {
    for (name, places) in PATTERNED {
        let inner = context.udf(name)?;
        context.register_udf(ScalarUDF::new_from_impl(Patterned { inner, places }));
    }
    Ok(())
}

/// A function that keeps few patterns.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Patterned {
    inner: Arc<ScalarUDF>,
    places: [usize; 2],
}

impl Patterned {
    /// The rows of a call in pieces that have few patterns.
    fn pieces(&self, call: &ScalarFunctionArgs) -> Result<Vec<Range<usize>>, DataFusionError> {
        let mut texts: Vec<LargeStringArray> = Vec::new();
        for place in self.places {
            if let Some(ColumnarValue::Array(differing)) = call.args.get(place) {
                texts.push(cast(differing, &DataType::LargeUtf8)?.as_string::<i64>().clone());
            }
        }
        let (mut pieces, mut first, mut known) = (Vec::new(), 0, HashSet::new());
        let rows = if texts.is_empty() { 0 } else { call.number_rows };
        for row in 0..rows {
            let pattern: Vec<Option<&str>> =
                texts.iter().map(|text| text.is_valid(row).then(|| text.value(row))).collect();
            if known.len() == MOST_PATTERNS && !known.contains(&pattern) {
                pieces.push(first..row);
                first = row;
                known.clear();
            }
            known.insert(pattern);
        }
        pieces.push(first..call.number_rows);
        Ok(pieces)
    }
}

impl ScalarUDFImpl for Patterned {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef, DataFusionError> {
        self.inner.return_field_from_args(arguments)
    }

    /// One pattern may become an operator, which keeps those of a batch.
    fn simplify(
        &self,
        call: Vec<Expr>,
        context: &SimplifyContext,
    ) -> Result<ExprSimplifyResult, DataFusionError> {
        match call.get(1) {
            Some(Expr::Literal(..)) => self.inner.simplify(call, context),
            _ => Ok(ExprSimplifyResult::Original(call)),
        }
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let pieces = self.pieces(&call)?;
        if pieces.len() == 1 {
            return self.inner.invoke_with_args(call);
        }
        let mut made = Vec::with_capacity(pieces.len());
        for rows in &pieces {
            made.push(self.inner.invoke_with_args(of_rows(&call, rows))?.into_array(rows.len())?);
        }
        let made: Vec<&dyn Array> = made.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&made)?))
    }
}

#[cfg(test)]
mod tests {
    use crate::platform::tests::{platform, reader};
    use crate::{Limits, Principal};
    use datafusion::arrow::array::{ArrayRef, RecordBatch};

    fn columns(answer: &[RecordBatch]) -> Vec<ArrayRef> {
        answer.iter().flat_map(|batch| batch.columns().to_vec()).collect()
    }

    #[tokio::test]
    async fn patterns_find_what_they_find_without_a_bound() {
        let platform = platform(Limits::default());
        for found in [
            "count(*) FROM code WHERE regexp_like(name, left(list, 2))",
            "count(*) FROM code WHERE regexp_like(name, left(list, 2), 'i')",
            "count(*) FROM code WHERE regexp_like('country', list)",
            "count(*) FROM code WHERE regexp_like(list, nullif(list, 'country')) IS NULL",
            "count(*) FROM code WHERE regexp_like(name, '^c', CASE WHEN list < 'd' THEN 'i' ELSE 's' END)",
            "count(*) FROM code WHERE regexp_like(name, '^.{' || length(code)::text || '}')",
            "sum(regexp_count(name, left(list, 1))) FROM code",
            "sum(regexp_instr(name, left(list, 1))) FROM code",
            "max(regexp_match(name, left(list, 1) || '.')[1]) FROM code",
            "sum(length(regexp_replace(name, left(list, 1), code, 'g'))) FROM code",
            "count(*) FROM code WHERE regexp_like(name, '^[A-C]') AND name ~ 'a$' AND regexp_count(name, 'a') > 1",
        ] {
            let sql = format!("SELECT {found}");
            let of_owner = platform.plan_for(&Principal::LocalOwner, "a test", &sql).await.unwrap();
            let of_reader = platform.plan_for(&reader(0), "risk-analysis", &sql).await.unwrap();
            let wanted = of_owner.collect().await.unwrap();
            assert_eq!(columns(&of_reader.collect().await.unwrap()), columns(&wanted), "{sql}");
        }
    }

    #[tokio::test]
    async fn operators_look_for_one_pattern() {
        let platform = platform(Limits::default());
        for operator in ["~", "~*", "!~", "!~*", "SIMILAR TO"] {
            for pattern in ["name", "('a' || code)", "uuid()"] {
                let sql = format!("SELECT count(*) FROM code WHERE list {operator} {pattern}");
                let refused = platform.plan_for(&reader(0), "risk-analysis", &sql).await.err().unwrap();
                assert!(refused.to_string().contains("regexp_like(text, pattern)"), "{sql}: {refused}");
            }
            for pattern in ["'x'", "('a' || 'b')", "(SELECT max(code) FROM code)"] {
                let sql = format!("SELECT count(*) FROM code WHERE list {operator} {pattern}");
                platform.plan_for(&reader(0), "risk-analysis", &sql).await.unwrap();
            }
        }
    }
}
