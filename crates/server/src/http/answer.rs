//! Answers as they are sent: JSON, CSV or Arrow, batch by batch, so that a long answer is never in memory whole.

use super::error::ApiError;
use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder;
use arrow::datatypes::{Field, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::LineDelimitedWriter;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;
use std::sync::Arc;
use tidegate_jobs::desk::Served;
use tidegate_jobs::{JobError, flat};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `{"columns": […], "rows": [{…}, …]}`
    Json,
    /// Comma-separated values with a header (RFC 4180); nested columns as text.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
}

const JSON: &str = "application/json";
const CSV: &str = "text/csv";
const ARROW: &str = "application/vnd.apache.arrow.stream";

impl Format {
    /// The first of the accepted types that there is; JSON when none is named.
    pub(super) fn accepted(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(accepted) = headers.get(header::ACCEPT) else { return Ok(Self::Json) };
        let accepted = accepted.to_str().unwrap_or_default();
        let known =
            accepted.split(',').find_map(|part| match part.split(';').next().unwrap_or_default().trim() {
                JSON | "application/*" | "*/*" => Some(Self::Json),
                CSV | "text/*" => Some(Self::Csv),
                ARROW => Some(Self::Arrow),
                _ => None,
            });
        known.ok_or_else(|| {
            ApiError::not_acceptable(format!("`{accepted}` is not there; {JSON}, {CSV} and {ARROW} are"))
        })
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Json => JSON,
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Arrow => ARROW,
        }
    }
}

/// The response that sends an answer. A query that fails before its first rows is refused; one that fails on the way breaks the
/// response off, so that no client takes a part for the whole.
pub(super) async fn response(format: Format, mut served: Served) -> Result<Response, ApiError> {
    let inside = |error: ArrowError| ApiError::inside(&error);
    let mut encoder = Encoder::new(format, &served.schema()).map_err(inside)?;
    let head = encoder.head().map_err(inside)?;
    let first = served.next().await.transpose().map_err(JobError::from)?;
    let rows = stream::iter(first.map(Ok)).chain(served.map_err(std::io::Error::other));
    let following = stream::try_unfold((Some(encoder), rows.boxed()), |(encoder, mut rows)| async move {
        let Some(mut encoder) = encoder else { return Ok::<_, std::io::Error>(None) };
        if let Some(batch) = rows.next().await {
            let bytes = encoder.batch(&batch?).map_err(std::io::Error::other)?;
            Ok(Some((bytes, (Some(encoder), rows))))
        } else {
            let bytes = encoder.tail().map_err(std::io::Error::other)?;
            Ok(Some((bytes, (None, rows))))
        }
    });
    let body = stream::iter([Ok(head)]).chain(following);
    let content_type = HeaderValue::from_static(format.content_type());
    Ok(([(header::CONTENT_TYPE, content_type)], Body::from_stream(body)).into_response())
}

enum Encoder {
    Json { columns: serde_json::Value, is_first: bool },
    Csv { schema: SchemaRef },
    Arrow(Box<StreamWriter<Vec<u8>>>),
}

impl Encoder {
    fn new(format: Format, schema: &SchemaRef) -> Result<Self, ArrowError> {
        Ok(match format {
            Format::Json => {
                let column =
                    |field: &Arc<Field>| json!({"name": field.name(), "type": field.data_type().to_string()});
                Self::Json { columns: schema.fields().iter().map(column).collect(), is_first: true }
            }
            Format::Csv => Self::Csv { schema: Arc::clone(schema) },
            Format::Arrow => Self::Arrow(Box::new(StreamWriter::try_new(Vec::new(), schema)?)),
        })
    }

    fn head(&mut self) -> Result<Bytes, ArrowError> {
        match self {
            Self::Json { columns, .. } => Ok(format!("{{\"columns\":{columns},\"rows\":[").into()),
            Self::Csv { schema } => csv(&flat(&RecordBatch::new_empty(Arc::clone(schema)))?, true),
            Self::Arrow(writer) => Ok(std::mem::take(writer.get_mut()).into()),
        }
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<Bytes, ArrowError> {
        match self {
            Self::Json { is_first, .. } => {
                let mut writer = LineDelimitedWriter::new(Vec::new());
                writer.write(batch)?;
                writer.finish()?;
                let mut rows = writer.into_inner();
                if rows.pop().is_none() {
                    return Ok(Bytes::new());
                }
                // A line is a row, and JSON has no line end within one.
                rows.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b',');
                if !std::mem::replace(is_first, false) {
                    rows.insert(0, b',');
                }
                Ok(rows.into())
            }
            Self::Csv { .. } => csv(&flat(batch)?, false),
            Self::Arrow(writer) => {
                writer.write(batch)?;
                Ok(std::mem::take(writer.get_mut()).into())
            }
        }
    }

    fn tail(&mut self) -> Result<Bytes, ArrowError> {
        match self {
            Self::Json { .. } => Ok(Bytes::from_static(b"]}\n")),
            Self::Csv { .. } => Ok(Bytes::new()),
            Self::Arrow(writer) => {
                writer.finish()?;
                Ok(std::mem::take(writer.get_mut()).into())
            }
        }
    }
}

fn csv(batch: &RecordBatch, has_header: bool) -> Result<Bytes, ArrowError> {
    let mut writer = WriterBuilder::new().with_header(has_header).build(Vec::new());
    writer.write(batch)?;
    Ok(writer.into_inner().into())
}
