//! What stands for a statement between the calls of a client: the statement, and the values that were bound to its parameters.
//! It travels with the client, so that the server keeps nothing of it.

use super::identity::unanswered;
use arrow::array::RecordBatch;
use arrow::ipc::root_as_message;
use arrow_flight::FlightData;
use arrow_flight::decode::FlightRecordBatchStream;
use bytes::Bytes;
use futures::stream::{self, Stream, TryStreamExt};
use prost::Message;
use tidegate_query::{ParamValues, values_of};
use tonic::Status;

/// A statement with the values of its parameters.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Handle {
    /// The statement.
    #[prost(string, tag = "1")]
    pub(super) statement: String,
    /// One row with a value for each parameter, as it was sent; nothing while none is bound.
    #[prost(message, repeated, tag = "2")]
    bound: Vec<FlightData>,
}

impl Handle {
    /// Of a statement without values.
    pub(super) fn of(statement: String) -> Self {
        Self { statement, bound: Vec::new() }
    }

    /// Reads what a client gives back. It may be of the client's own making: it holds nothing that the client may not send.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Status> {
        Self::decode(bytes).map_err(|_| Status::invalid_argument("the handle is no statement"))
    }

    pub(super) fn write(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// The statement with the values that a client sends for its parameters, of `most` bytes together.
    pub(super) async fn bind(
        self,
        mut sent: impl Stream<Item = Result<FlightData, Status>> + Unpin,
        parameters: usize,
        most: usize,
    ) -> Result<Self, Status> {
        let mut left = most;
        let mut bound = Vec::new();
        while let Some(message) = sent.try_next().await? {
            let message = FlightData { flight_descriptor: None, ..message };
            let too_much = || {
                Status::resource_exhausted(format!(
                    "the values of the parameters are too long: {most} bytes is the most"
                ))
            };
            left = left.checked_sub(message.encoded_len()).ok_or_else(too_much)?;
            bound.push(message);
        }
        let handle = Self { bound, ..self };
        let values = handle.row().await?.map_or(0, |row| row.num_columns());
        if values != parameters {
            return Err(Status::invalid_argument(format!(
                "the statement has {parameters} parameters ($1, $2, …), and {values} values came for them"
            )));
        }
        Ok(handle)
    }

    /// Values of the parameters, when some are bound.
    pub(super) async fn values(&self) -> Result<Option<ParamValues>, Status> {
        let row = self.row().await?;
        row.map(|row| values_of(&row)).transpose().map_err(|error| unanswered(&error))
    }

    async fn row(&self) -> Result<Option<RecordBatch>, Status> {
        if self.bound.is_empty() {
            return Ok(None);
        }
        if self.bound.iter().any(is_compressed) {
            return Err(Status::invalid_argument("values of parameters are taken without compression"));
        }
        let messages = stream::iter(self.bound.clone().into_iter().map(Ok));
        let rows: Result<Vec<RecordBatch>, _> =
            FlightRecordBatchStream::new_from_flight_data(messages).try_collect().await;
        let rows = rows.map_err(|error| Status::invalid_argument(error.to_string()))?;
        match rows.as_slice() {
            [row] if row.num_rows() == 1 => Ok(Some(row.clone())),
            _ => Err(Status::invalid_argument("a statement takes one row of values, one for each parameter")),
        }
    }
}

/// Whether a message has compressed buffers: it says itself how much memory they want, and no limit would hold.
fn is_compressed(message: &FlightData) -> bool {
    let Ok(header) = root_as_message(&message.data_header) else { return false };
    let dictionary = header.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    header.header_as_record_batch().or(dictionary).is_some_and(|batch| batch.compression().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use arrow::ipc::CompressionType;
    use arrow::ipc::writer::IpcWriteOptions;
    use arrow_flight::encode::FlightDataEncoderBuilder;
    use arrow_flight::error::FlightError;
    use std::sync::Arc;
    use tonic::Code;

    fn row(values: usize, rows: usize) -> RecordBatch {
        let column = |i: usize| -> (String, ArrayRef) {
            let column: ArrayRef = match i {
                0 => Arc::new(Int64Array::from(vec![7; rows])),
                _ => Arc::new(StringArray::from(vec!["KR-020"; rows])),
            };
            (i.to_string(), column)
        };
        RecordBatch::try_from_iter((0..values).map(column)).unwrap()
    }

    async fn bound(rows: RecordBatch, options: IpcWriteOptions, most: usize) -> Result<Handle, Status> {
        let batches = stream::iter([Ok::<_, FlightError>(rows)]);
        let sent = FlightDataEncoderBuilder::new().with_options(options).build(batches);
        let statement = "SELECT $1, $2".to_owned();
        Handle::of(statement).bind(Box::pin(sent.map_err(Status::from)), 2, most).await
    }

    #[tokio::test]
    async fn values_travel_with_the_statement() {
        let handle = bound(row(2, 1), IpcWriteOptions::default(), 10_000).await.unwrap();
        let back = Handle::read(&handle.write()).unwrap();
        assert_eq!(back, handle);
        assert_eq!(back.row().await.unwrap(), Some(row(2, 1)));
        assert!(back.values().await.unwrap().is_some());
        let without = Handle::read(&Handle::of("SELECT 1".to_owned()).write()).unwrap();
        assert!(without.values().await.unwrap().is_none());
        assert_eq!(Handle::read(b"SELECT 1").unwrap_err().code(), Code::InvalidArgument);
    }

    #[tokio::test]
    async fn what_is_not_one_row_of_values_is_refused() {
        let options = IpcWriteOptions::default;
        let refusals = [
            (bound(row(2, 2), options(), 10_000).await, "one row of values"),
            (bound(row(1, 1), options(), 10_000).await, "2 parameters ($1, $2, …), and 1 values"),
            (bound(row(2, 1), options(), 100).await, "100 bytes is the most"),
        ];
        for (refused, words) in refusals {
            let refused = refused.unwrap_err();
            assert!(refused.message().contains(words), "{refused}");
        }
        let compressed = options().try_with_compression(Some(CompressionType::LZ4_FRAME)).unwrap();
        let refused = bound(row(2, 1), compressed, 10_000).await.unwrap_err();
        assert!(refused.message().contains("without compression"), "{refused}");
    }
}
