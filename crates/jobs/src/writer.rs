//! How the tables of the lake are written.

use crate::JobError;
use crate::home::Home;
use tidegate_lake::{LakeError, LakeWriter, TableSpec};
use tidegate_records::table::{Key, Source, Table};

/// A writer of one of our tables; a stored table gets the columns that its definition has gained.
pub(crate) async fn writer(home: &Home, table: &'static Table) -> Result<LakeWriter, JobError> {
    let by_month = table.columns.iter().any(|c| c.source == Source::Key(Key::Month));
    let spec =
        TableSpec::try_new(table.name, &table.schema(), by_month.then_some("month"), table.statistics)?;
    match home.lake.evolve(&spec).await {
        Ok(_) | Err(LakeError::NoTable { .. }) => Ok(home.lake.writer(&spec).await?),
        Err(error) => Err(error.into()),
    }
}
