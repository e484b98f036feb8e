//! Records of a kind, such as filings, on their way into their table: checked like declarations, set aside like them,
//! and visible all at once.

use crate::JobError;
use crate::answer::Answer;
use crate::batcher::{quarantined, refuse};
use crate::batches::FileCounts;
use crate::check::Counts;
use crate::configuration::Load;
use crate::home::Home;
use crate::input::Input;
use crate::progress::Progress;
use crate::source::objects;
use crate::writer::writer;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use tidegate_lake::{AppTransaction, LakeWriter};
use tidegate_query::{Platform, literal};
use tidegate_records::class::{Class, FieldRef, LeafRef};
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::finding::has_error;
use tidegate_records::json::{ObjectReader, ParsedObject};
use tidegate_records::model::DataFinding;
use tidegate_records::path::Pointer;
use tidegate_records::reading::Original;
use tidegate_records::tables::{DATA_FINDING, QUARANTINE, RecordKind};
use tidegate_records::validate::{severity_of, validate_kind};
use tidegate_records::{Finding, table::Key};

/// Loads the files of an input as records of a kind; nothing is visible after an error.
pub(super) async fn load(
    home: &Home,
    kind: &'static RecordKind,
    input: &Input,
    load_id: &str,
    strict: bool,
    progress: &mut dyn Progress,
) -> Result<(Counts, Vec<FileCounts>), JobError> {
    let platform = home.platform().await?;
    let mut loader = Loader::new(home, kind, load_id, strict).await?;
    match loader.read(&platform, input, progress).await {
        Ok(files) => Ok((loader.commit(home).await?, files)),
        Err(error) => {
            loader.abort().await?;
            Err(error)
        }
    }
}

struct Loader<'a> {
    kind: &'static RecordKind,
    load_id: &'a str,
    strict: bool,
    /// Month of the load, in which findings about records of no declaration are kept.
    month: String,
    records: TableBuilder,
    quarantine: TableBuilder,
    findings: TableBuilder,
    writers: [LakeWriter; 3],
    counts: Counts,
}

impl<'a> Loader<'a> {
    async fn new(
        home: &Home,
        kind: &'static RecordKind,
        load_id: &'a str,
        strict: bool,
    ) -> Result<Self, JobError> {
        Ok(Self {
            kind,
            load_id,
            strict,
            month: home.now.format("%Y-%m").to_string(),
            records: TableBuilder::new(kind.table)?.loaded_at(home.now),
            quarantine: TableBuilder::new(&QUARANTINE)?,
            findings: TableBuilder::new(&DATA_FINDING)?,
            writers: [
                writer(home, kind.table).await?,
                writer(home, &QUARANTINE).await?,
                writer(home, &DATA_FINDING).await?,
            ],
            counts: Counts::default(),
        })
    }

    async fn read(
        &mut self,
        platform: &Platform,
        input: &Input,
        progress: &mut dyn Progress,
    ) -> Result<Vec<FileCounts>, JobError> {
        let (mut files, mut bytes_before) = (Vec::new(), 0);
        for path in input.files() {
            let name = path.display().to_string();
            let (mut reader, counter) = objects(path, self.kind, input)?;
            let mut of_file = FileCounts::default();
            loop {
                let batch = take(&mut reader, input.configuration.load);
                let batch = batch.map_err(JobError::file(path))?;
                if batch.is_empty() {
                    break;
                }
                self.write(platform, &name, batch, &mut of_file).await?;
                progress.done(bytes_before + counter.load(Ordering::Relaxed));
            }
            bytes_before += counter.load(Ordering::Relaxed);
            files.push(of_file);
        }
        Ok(files)
    }

    async fn write(
        &mut self,
        platform: &Platform,
        source_name: &str,
        batch: Vec<ParsedObject>,
        of_file: &mut FileCounts,
    ) -> Result<(), JobError> {
        let months = self.months(platform, &batch).await?;
        for parsed in batch {
            let is_accepted = self.push(source_name, parsed, &months)?;
            of_file.accepted += u64::from(is_accepted);
            of_file.quarantined += u64::from(!is_accepted);
        }
        let builders = [&mut self.records, &mut self.quarantine, &mut self.findings];
        for (writer, builder) in self.writers.iter_mut().zip(builders) {
            writer.write(&builder.finish()?).await?;
        }
        Ok(())
    }

    /// Months of acceptance of the declarations that records belong to.
    async fn months(
        &self,
        platform: &Platform,
        batch: &[ParsedObject],
    ) -> Result<HashMap<String, String>, JobError> {
        let names: BTreeSet<&str> = batch.iter().filter_map(|p| declaration_of(&*p.record)).collect();
        if !self.kind.is_of_declaration() || names.is_empty() {
            return Ok(HashMap::new());
        }
        let quoted: Vec<String> = names.into_iter().map(literal).collect();
        let sql = format!(
            "SELECT declaration_id, min(month) AS month FROM declaration WHERE declaration_id IN ({}) GROUP BY 1",
            quoted.join(", ")
        );
        let answer = Answer::of(platform, "job ingest", &sql).await?;
        Ok(answer.texts("declaration_id")?.into_iter().zip(answer.texts("month")?).collect())
    }

    /// Takes a record in; gives whether it was accepted.
    fn push(
        &mut self,
        source_name: &str,
        parsed: ParsedObject,
        months: &HashMap<String, String>,
    ) -> Result<bool, JobError> {
        let ParsedObject { record, mut findings, line, raw } = parsed;
        if !has_error(&findings) {
            findings.extend(validate_kind(self.kind, &*record));
        }
        let declaration = declaration_of(&*record).unwrap_or_default();
        let month = match (self.kind.is_of_declaration(), months.get(declaration)) {
            (true, Some(month)) => month,
            (true, None) if !has_error(&findings) => {
                findings.push(self.unknown(declaration));
                &self.month
            }
            _ => &self.month,
        };
        for finding in &mut findings {
            finding.line.get_or_insert(line);
        }
        self.counts.read += 1;
        self.counts.add_findings(&findings);
        let source_row = self.counts.read as i64;
        let key = RowKey {
            month,
            declaration_id: declaration,
            load_id: self.load_id,
            source_row,
            ..RowKey::default()
        };
        if has_error(&findings) {
            if self.strict {
                refuse(source_name, line, &findings)?;
            }
            let raw = Original::Text(raw).text();
            let mut quarantined = quarantined(source_name, &self.month, line, &findings, &raw);
            quarantined.declaration_id = (!declaration.is_empty()).then(|| declaration.into());
            self.quarantine.push(key, &quarantined)?;
            self.counts.quarantined += 1;
            return Ok(false);
        }
        self.records.push(key, &*record)?;
        for finding in &findings {
            self.findings.push(key, &DataFinding::from(finding))?;
        }
        self.counts.accepted += 1;
        Ok(true)
    }

    fn unknown(&self, declaration: &str) -> Finding {
        let code = "declaration.unknown";
        Finding {
            code,
            severity: severity_of(code),
            pointer: Pointer::root(self.kind.table.class),
            line: None,
            message: format!("no declaration `{declaration}` is loaded; load declarations first"),
        }
    }

    async fn commit(self, home: &Home) -> Result<Counts, JobError> {
        let transaction = AppTransaction { app_id: format!("ingest/{}", self.load_id), sequence: 1 };
        let mut versions = Vec::new();
        for writer in self.writers {
            versions.push(writer.commit(Some(&transaction)).await?);
        }
        home.lake.record_snapshot(home.now, versions.iter()).await?;
        Ok(self.counts)
    }

    async fn abort(self) -> Result<(), JobError> {
        for writer in self.writers {
            writer.abort().await?;
        }
        Ok(())
    }
}

/// The next records, no more than may wait in memory.
fn take(reader: &mut ObjectReader<'_>, limits: Load) -> std::io::Result<Vec<ParsedObject>> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < limits.batch_rows && bytes < limits.waiting_bytes {
        let Some(parsed) = reader.next().transpose()? else { break };
        bytes += parsed.raw.len();
        batch.push(parsed);
    }
    Ok(batch)
}

/// Declaration that a record belongs to, if its class says so.
fn declaration_of(record: &dyn Class) -> Option<&str> {
    let fields = record.definition().fields;
    let index = fields.iter().position(|f| Some(f.element) == Key::DeclarationId.element())?;
    match record.field(index) {
        FieldRef::Leaf(LeafRef::Text(id)) => id,
        _ => None,
    }
}
