//! The records of an input, file by file, whatever their format.

use crate::input::{Format, Input};
use crate::{JobError, SourceError};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tidegate_records::csv::CsvReader;
use tidegate_records::json::{JsonReader, ObjectReader};
use tidegate_records::parquet::{MappedParquet, WholeParquet};
use tidegate_records::reading::SourceRecord;
use tidegate_records::tables::RecordKind;
use tidegate_records::wco::MessageReader;

/// Bytes read from a file at once.
const BUFFER: usize = 1 << 20;

/// Records of an input, in the order of its files.
pub(crate) struct Records<'a> {
    input: &'a Input,
    /// Files begun.
    begun: usize,
    current: Option<OpenFile>,
    /// Bytes of the files that are read to their end.
    bytes_before: u64,
}

struct OpenFile {
    name: String,
    size: u64,
    reader: Reader,
}

/// The reader of one file.
enum Reader {
    WcoXml(Box<MessageReader<'static>>, Counter),
    Ndjson(Box<JsonReader<'static>>, Counter),
    Csv(Box<CsvReader<'static>>, Counter),
    MappedParquet(Box<MappedParquet>),
    WholeParquet(Box<WholeParquet>),
}

impl<'a> Records<'a> {
    pub(crate) fn new(input: &'a Input) -> Self {
        Self { input, begun: 0, current: None, bytes_before: 0 }
    }

    /// The next record, and the file it comes from by its position in the input.
    pub(crate) fn next(&mut self) -> Result<Option<(usize, SourceRecord)>, JobError> {
        loop {
            if let Some(file) = &mut self.current {
                let source = |cause| JobError::Source { path: file.name.clone(), cause };
                if let Some(record) = file.reader.next().transpose().map_err(source)? {
                    return Ok(Some((self.begun - 1, record)));
                }
                self.bytes_before += file.size;
                self.current = None;
            }
            let Some(path) = self.input.files().get(self.begun) else { return Ok(None) };
            self.current = Some(OpenFile::open(path, self.input)?);
            self.begun += 1;
        }
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_before + self.current.as_ref().map_or(0, |file| file.reader.bytes_read(file.size))
    }
}

impl OpenFile {
    fn open(path: &Path, input: &Input) -> Result<Self, JobError> {
        let name = path.display().to_string();
        let open = || -> Result<(u64, Reader), SourceError> {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            Ok((size, Reader::open(file, input)?))
        };
        let (size, reader) = open().map_err(|cause| JobError::Source { path: name.clone(), cause })?;
        Ok(Self { name, size, reader })
    }
}

impl Reader {
    fn open(file: File, input: &Input) -> Result<Self, SourceError> {
        let counter = Counter::default();
        let watched = |file| Counted { file, counter: counter.clone() };
        let buffered = |file| BufReader::with_capacity(BUFFER, watched(file));
        let rows = input.configuration.rows.limits();
        Ok(match (input.format(), input.mapping()) {
            (Format::Parquet, Some(mapping)) => {
                Self::MappedParquet(Box::new(MappedParquet::new(file, mapping, rows)?))
            }
            (Format::Parquet, None) => Self::WholeParquet(Box::new(WholeParquet::new(file, rows)?)),
            (_, Some(mapping)) => {
                let reader = CsvReader::new(buffered(file), mapping, rows)?;
                Self::Csv(Box::new(reader), counter)
            }
            (Format::Ndjson, None) => {
                let reader = JsonReader::with_limits(buffered(file), input.configuration.json.limits());
                Self::Ndjson(Box::new(reader), counter)
            }
            (_, None) => {
                let reader = MessageReader::with_limits(watched(file), input.configuration.xml.limits());
                Self::WcoXml(Box::new(reader), counter)
            }
        })
    }

    fn next(&mut self) -> Option<Result<SourceRecord, SourceError>> {
        match self {
            Self::WcoXml(reader, _) => reader.next().map(|r| Ok(r?.into())),
            Self::Ndjson(reader, _) => reader.next().map(|r| Ok(r?.into())),
            Self::Csv(reader, _) => reader.next().map(|r| Ok(r?)),
            Self::MappedParquet(reader) => reader.next().map(|r| Ok(r?)),
            Self::WholeParquet(reader) => reader.next().map(|r| Ok(r?)),
        }
    }

    /// Bytes read so far of a file of a size; of a Parquet file in proportion to its rows.
    fn bytes_read(&self, size: u64) -> u64 {
        let share = |(read, of): (u64, u64)| (size as f64 * read as f64 / of.max(1) as f64) as u64;
        match self {
            Self::WcoXml(_, counter) | Self::Ndjson(_, counter) | Self::Csv(_, counter) => {
                counter.load(Ordering::Relaxed)
            }
            Self::MappedParquet(reader) => share(reader.progress()),
            Self::WholeParquet(reader) => share(reader.progress()),
        }
    }
}

/// A reader of the records of a kind in a file of an input, and the bytes that it has read.
pub(crate) fn objects(
    path: &Path,
    kind: &'static RecordKind,
    input: &Input,
) -> Result<(ObjectReader<'static>, Counter), JobError> {
    let counter = Counter::default();
    let file = Counted { file: File::open(path).map_err(JobError::file(path))?, counter: counter.clone() };
    let source = BufReader::with_capacity(BUFFER, file);
    Ok((ObjectReader::new(source, kind, input.configuration.json.limits()), counter))
}

/// Bytes that were read.
pub(crate) type Counter = Arc<AtomicU64>;

/// A file that counts what is read from it.
struct Counted {
    file: File,
    counter: Counter,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.counter.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
