//! Appending to a table, once and all at once.

use arrow::array::RecordBatch;

use crate::commit::{is_applied, last_sequence};
use crate::state::loaded_version;
use crate::{AppTransaction, Appended, Lake, LakeError, LakeWriter, TableSpec};

impl Lake {
    /// Appends batches to a table, which is created if need be.
    ///
    /// With a transaction the append happens exactly once, however often it is repeated; see [`AppTransaction`].
    /// Without rows and without a transaction nothing is committed. For more rows than fit in memory use
    /// [`Lake::writer`].
    ///
    /// # Errors
    /// [`LakeError::Schema`] and [`LakeError::Month`] for batches that do not fit; nothing was added then. After
    /// [`LakeError::Delta`], [`LakeError::Store`] or [`LakeError::Sync`] the commit may have happened: repeat it
    /// with the same transaction.
    pub async fn append(
        &self,
        spec: &TableSpec,
        batches: impl IntoIterator<Item = RecordBatch>,
        transaction: Option<&AppTransaction>,
    ) -> Result<Appended, LakeError> {
        let table = self.open_or_create(spec).await?;
        // The commit asks again; asking now spares a repetition the writing.
        if let Some(transaction) = transaction
            && is_applied(&table, spec.name(), transaction).await?
        {
            let version = loaded_version(&table, spec.name())?;
            return Ok(Appended::before(spec.name(), version));
        }
        let mut writer = LakeWriter::new(table, spec.name(), self.limits)?;
        for batch in batches {
            if let Err(error) = writer.write(&batch).await {
                writer.abandon().await;
                return Err(error);
            }
        }
        writer.commit(transaction).await
    }

    /// Begins an append to a table, which is created if need be.
    ///
    /// # Errors
    /// [`LakeError::Schema`] when the stored table differs from the definition.
    pub async fn writer(&self, spec: &TableSpec) -> Result<LakeWriter, LakeError> {
        LakeWriter::new(self.open_or_create(spec).await?, spec.name(), self.limits)
    }

    /// The last sequence that an application committed to a table: where it goes on after a crash.
    ///
    /// # Errors
    /// [`LakeError::NoTable`] before the table's first append.
    pub async fn last_sequence(&self, table: &str, app_id: &str) -> Result<Option<i64>, LakeError> {
        last_sequence(&self.table(table).await?, table, app_id).await
    }
}
