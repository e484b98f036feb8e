//! The table `code`, whose rows are compiled in: made once, and shared by all platforms.

use datafusion::arrow::array::RecordBatch;
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::error::DataFusionError;
use std::sync::{Arc, OnceLock};
use tidegate_records::tables::code_rows;

/// The table with its rows.
pub(crate) fn table() -> Result<Arc<dyn TableProvider>, DataFusionError> {
    static ROWS: OnceLock<RecordBatch> = OnceLock::new();
    let rows = if let Some(rows) = ROWS.get() {
        rows
    } else {
        let rows = code_rows()?;
        ROWS.get_or_init(|| rows)
    };
    Ok(Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows.clone()]])?))
}

#[cfg(test)]
mod tests {
    use crate::{Platform, Principal};
    use datafusion::arrow::array::AsArray;

    /// Texts of the only column of an answer, for the local owner.
    async fn texts(sql: &str) -> Vec<String> {
        let platform = Platform::in_memory(Vec::new(), None).unwrap();
        let plan = platform.plan_for(&Principal::LocalOwner, "a test", sql).await.unwrap();
        let answer = plan.collect().await.unwrap();
        let texts = answer.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten());
        texts.map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn every_platform_tells_what_codes_mean() {
        for _ in 0..2 {
            let china = "SELECT name FROM code WHERE list = 'country' AND code = 'CN'";
            assert_eq!(texts(china).await, ["China"]);
        }
        let coffee = "SELECT name FROM code WHERE list = 'commodity' AND code = '09'";
        assert_eq!(texts(coffee).await, ["Coffee, tea, mate and spices"]);
        assert_eq!(texts("SELECT DISTINCT list FROM code").await.len(), 11);
    }
}
