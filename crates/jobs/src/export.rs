//! Exporting declarations of the lake to a file of a wire format, read through the one door.

use crate::JobError;
use crate::home::Home;
use crate::input::Format;
use crate::progress::Progress;
use crate::stored::{PURPOSE, StoredDeclaration, StoredDeclarations};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tidegate_query::{Platform, Principal};
use tidegate_records::columnar::RowKey;
use tidegate_records::json::write_record;
use tidegate_records::parquet::ParquetWriter;
use tidegate_records::wco::{Message, MessageWriter};

/// What was exported.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Exported {
    /// Declarations, each version counted.
    pub declarations: u64,
    /// Goods items.
    pub goods_items: u64,
}

/// Writes the declarations that meet a condition in SQL over the table `declaration`, all of them without one, ordered
/// by month, id and version; goods items come in the order of their numbers. The file is there when all is written.
///
/// # Errors
/// When the format is CSV, the condition is refused, the file cannot be written, or a declaration cannot be written in
/// the format.
pub async fn export(
    home: &Home,
    format: Format,
    condition: Option<&str>,
    out: &Path,
    progress: &mut dyn Progress,
) -> Result<Exported, JobError> {
    let condition = condition.unwrap_or("true");
    let platform = home.platform().await?;
    let months = months(&platform, condition).await?;
    let file_error = JobError::file(out);
    let partial = PathBuf::from(format!("{}.partial", out.display()));
    let file = BufWriter::with_capacity(1 << 20, File::create(&partial).map_err(file_error)?);
    let mut writer = Writer::new(format, file).map_err(file_error)?;
    progress.step("exporting", months.iter().map(|(_, count)| count).sum(), "declarations");
    let mut exported = Exported::default();
    for (month, _) in &months {
        let mut declarations = StoredDeclarations::open(&platform, month, condition).await?;
        while let Some(stored) = declarations.next().await? {
            writer.write(month, &stored)?;
            exported.declarations += 1;
            exported.goods_items +=
                stored.declaration.goods_shipment.government_agency_goods_item.len() as u64;
            progress.done(exported.declarations);
        }
    }
    let file = writer.finish().map_err(file_error)?;
    file.sync_all().map_err(file_error)?;
    std::fs::rename(&partial, out).map_err(file_error)?;
    Ok(exported)
}

/// Months with such declarations, and how many there are.
async fn months(platform: &Platform, condition: &str) -> Result<Vec<(String, u64)>, JobError> {
    let sql = format!(
        "SELECT month, count(*) AS declarations FROM declaration WHERE ({condition}) GROUP BY month ORDER BY month"
    );
    let mut months = Vec::new();
    for batch in platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.collect().await? {
        let (names, counts) = (batch.column(0).as_string::<i32>(), batch.column(1));
        let counts = counts.as_primitive::<Int64Type>();
        months.extend(
            (0..batch.num_rows()).map(|row| (names.value(row).to_owned(), counts.value(row).unsigned_abs())),
        );
    }
    Ok(months)
}

type Out = BufWriter<File>;

/// A file of a format under way.
enum Writer {
    WcoXml(MessageWriter<Out>),
    Ndjson(Out),
    Parquet(Box<ParquetWriter<Out>>),
}

impl Writer {
    fn new(format: Format, out: Out) -> std::io::Result<Self> {
        match format {
            Format::WcoXml => MessageWriter::new(out).map(Self::WcoXml),
            Format::Ndjson => Ok(Self::Ndjson(out)),
            Format::Parquet => {
                ParquetWriter::new(out).map(|w| Self::Parquet(Box::new(w))).map_err(std::io::Error::other)
            }
            Format::Csv => {
                let message = "one flat row cannot hold a declaration; export to wco-xml, ndjson or parquet";
                Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, message))
            }
        }
    }

    fn write(&mut self, month: &str, stored: &StoredDeclaration) -> Result<(), JobError> {
        let declaration = &stored.declaration;
        let result: Result<(), String> = match self {
            Self::WcoXml(writer) => {
                let message = Message::Declaration(Box::new(declaration.clone()));
                let hint = "; the format ndjson can hold it";
                writer.write(&message.header(), &message).map_err(|e| format!("{e}{hint}"))
            }
            Self::Ndjson(out) => write_record(out, declaration, None).map_err(|e| e.to_string()),
            Self::Parquet(writer) => {
                let key = RowKey {
                    month,
                    declaration_id: &stored.id,
                    version_number: stored.version_number,
                    ..RowKey::default()
                };
                writer.write(key, declaration).map_err(|e| e.to_string())
            }
        };
        result.map_err(|cause| JobError::Export { declaration: stored.id.clone(), cause })
    }

    fn finish(self) -> std::io::Result<File> {
        let mut out = match self {
            Self::WcoXml(writer) => writer.finish()?,
            Self::Ndjson(out) => out,
            Self::Parquet(writer) => writer.finish().map_err(std::io::Error::other)?,
        };
        out.flush()?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)
    }
}
