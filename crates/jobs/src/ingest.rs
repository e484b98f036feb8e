//! Loading files into the lake, exactly once: the same bytes read the same way are never loaded twice.

mod kind;

use crate::JobError;
use crate::batcher::{LoadBatch, LoadBatcher};
use crate::batches::{BatchReader, FileCounts, Step, size_of_files};
use crate::check::Counts;
use crate::columns::{integers, moments, text};
use crate::home::Home;
use crate::input::Input;
use crate::progress::Progress;
use crate::writer::writer;
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::DateTime;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use tidegate_lake::{AppTransaction, Appended, LakeWriter};
use tidegate_ledger::{Hash256, LoadOutcome, LoadStart};
use tidegate_query::{Platform, Principal, literal};
use tidegate_records::tables::{DATA_FINDING, DECLARATION, GOODS_ITEM, INSPECTION, QUARANTINE};
use tidegate_records::value::Text;
use tidegate_risk::hex::hex;

/// How to load.
#[derive(Debug, Clone, Copy, Default)]
pub struct IngestOptions {
    /// Stop at the first record that would be set aside, and load nothing.
    pub strict: bool,
}

/// What a load did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Ingested {
    /// Name of the load in the tables.
    pub load_id: String,
    /// Whether the bytes of every file had been loaded before; nothing was added then.
    pub already_loaded: bool,
    /// Files that were loaded.
    pub files: usize,
    /// Files whose bytes had been loaded before; they were passed over.
    pub files_loaded_before: usize,
    /// What was read and what became of it.
    pub counts: Counts,
}

/// Loads the files of an input, all of them at once. Files whose bytes were loaded before are passed over.
///
/// # Errors
/// When a file cannot be read, does not fit its mapping, or the lake fails; nothing was loaded then.
pub async fn ingest(
    home: &Home,
    input: &Input,
    options: IngestOptions,
    progress: &mut dyn Progress,
) -> Result<Ingested, JobError> {
    // The writers make a large future; a pointer to it is what callers carry.
    Box::pin(load(home, input, options, progress)).await
}

async fn load(
    home: &Home,
    input: &Input,
    options: IngestOptions,
    progress: &mut dyn Progress,
) -> Result<Ingested, JobError> {
    let size = size_of_files(input)?;
    progress.step("hashing", size, "bytes");
    let hashes = hashes_of(input, progress)?;
    let mut new = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, hash) in input.files().iter().zip(&hashes) {
        let loaded = home.ledger.load_of(Hash256::new(*hash), input.name()).await?.is_some();
        if !loaded && seen.insert(*hash) {
            new.push((file.clone(), *hash));
        }
    }
    let (files, new_hashes): (Vec<_>, Vec<_>) = new.into_iter().unzip();
    let is_new = !files.is_empty();
    let load_id = load_id(input.name(), if is_new { &new_hashes } else { &hashes });
    let mut ingested = Ingested {
        load_id: load_id.clone(),
        already_loaded: !is_new,
        files: files.len(),
        files_loaded_before: hashes.len() - files.len(),
        counts: Counts::default(),
    };
    if is_new {
        let input = input.with_files(files);
        loading(&input, progress)?;
        let files;
        (ingested.counts, files) = match input.kind() {
            Some(kind) => {
                Box::pin(kind::load(home, kind, &input, &load_id, options.strict, progress)).await?
            }
            None => Box::pin(declarations(home, &input, &load_id, options.strict, progress)).await?,
        };
        record_loads(home, &input, &new_hashes, &files).await?;
    }
    Ok(ingested)
}

/// Tells that files are read.
fn loading(input: &Input, progress: &mut dyn Progress) -> Result<(), JobError> {
    progress.step("loading", size_of_files(input)?, "bytes");
    Ok(())
}

/// Loads declarations.
async fn declarations(
    home: &Home,
    input: &Input,
    load_id: &str,
    strict: bool,
    progress: &mut dyn Progress,
) -> Result<(Counts, Vec<FileCounts>), JobError> {
    let batcher = LoadBatcher::new(load_id.to_owned(), home.now, strict, input.configuration.load)?;
    let mut reader = BatchReader::new(input, batcher);
    write_all(home, load_id, &mut reader, progress).await?;
    Ok((reader.counts().clone(), reader.files))
}

/// Writes every batch and makes all of them visible at once; nothing is visible after an error.
async fn write_all(
    home: &Home,
    load_id: &str,
    reader: &mut BatchReader<'_, LoadBatcher>,
    progress: &mut dyn Progress,
) -> Result<(), JobError> {
    let platform = home.platform().await?;
    let mut tables = Tables::open(home).await?;
    loop {
        let written = match reader.advance(progress) {
            Ok(Step::End) => break,
            Ok(Step::Batch(batch)) => tables.write(batch).await,
            Ok(Step::Month(month)) => know(&platform, load_id, &month, reader).await,
            Ok(Step::Unaccepted(name)) => recall(&platform, load_id, name, reader, progress).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tables.abort().await?;
            return Err(error);
        }
    }
    let transaction = AppTransaction { app_id: format!("ingest/{load_id}"), sequence: 1 };
    let versions = tables.commit(&transaction).await?;
    home.lake.record_snapshot(home.now, versions.iter()).await?;
    Ok(())
}

/// Tells the reader which versions of a month other loads brought.
async fn know(
    platform: &Platform,
    load_id: &str,
    month: &str,
    reader: &mut BatchReader<'_, LoadBatcher>,
) -> Result<(), JobError> {
    let of_month = format!("month = '{month}'");
    let sql = of_other_loads(load_id, "declaration_id, version_number", &of_month);
    let mut rows = platform.plan_for(&Principal::LocalOwner, "job ingest", &sql).await?.stream()?;
    while let Some(batch) = rows.try_next().await? {
        let ids = batch.column(0).as_string::<i32>();
        let versions = batch.column(1).as_primitive::<Int64Type>();
        for (id, version) in ids.iter().zip(versions.values()) {
            reader.know(id.unwrap_or_default(), *version);
        }
    }
    Ok(())
}

/// Tells the reader which versions other loads brought of a declaration and of those that it names beside it, in whatever month, and
/// when they were accepted. Names have no order in the lake, so that all between the least and the greatest are read, once for so many.
async fn recall(
    platform: &Platform,
    load_id: &str,
    name: Text,
    reader: &mut BatchReader<'_, LoadBatcher>,
    progress: &mut dyn Progress,
) -> Result<(), JobError> {
    let mut accepted = reader.unaccepted(name, progress)?;
    let (least, greatest) = (accepted.keys().min(), accepted.keys().max());
    let (least, greatest) = (least.cloned().unwrap_or_default(), greatest.cloned().unwrap_or_default());
    let between = format!("declaration_id BETWEEN {} AND {}", literal(&least), literal(&greatest));
    let sql = of_other_loads(load_id, "declaration_id, version_number, accepted_at", &between);
    let mut rows = platform.plan_for(&Principal::LocalOwner, "job ingest", &sql).await?.stream()?;
    while let Some(batch) = rows.try_next().await? {
        let (ids, versions) = (text(&batch, "declaration_id")?, integers(&batch, "version_number")?);
        let moments = moments(&batch, "accepted_at")?;
        for ((id, version), moment) in ids.iter().zip(versions.values()).zip(moments.iter()) {
            let id = id.unwrap_or_default();
            if let Some(first) = accepted.get_mut(id) {
                reader.know(id, *version);
                let moment = moment.and_then(DateTime::from_timestamp_micros);
                *first = [*first, moment].into_iter().flatten().min();
            }
        }
    }
    reader.accept(accepted);
    loading(reader.input, progress)
}

/// A query of columns of the declarations that other loads brought and that meet a condition.
fn of_other_loads(load_id: &str, columns: &str, condition: &str) -> String {
    format!("SELECT {columns} FROM declaration WHERE {condition} AND load_id <> {}", literal(load_id))
}

/// Name of a load: the way of reading and the bytes.
fn load_id(name: &str, hashes: &[[u8; 32]]) -> String {
    let hash = match hashes {
        [one] => *one,
        many => Sha256::digest(many.concat()).into(),
    };
    format!("{name}-{}", &hex(&hash)[..16])
}

async fn record_loads(
    home: &Home,
    input: &Input,
    hashes: &[[u8; 32]],
    counts: &[FileCounts],
) -> Result<(), JobError> {
    for ((file, hash), counts) in input.files().iter().zip(hashes).zip(counts) {
        let start = LoadStart {
            source_file_name: file.display().to_string(),
            mapping_name: input.name().to_owned(),
            principal: home.owner().await?,
            started_at: home.now,
        };
        let id = home.ledger.start_load(&start).await?;
        let outcome = LoadOutcome {
            bytes_sha256: Hash256::new(*hash),
            rows_read: counts.accepted + counts.quarantined,
            rows_accepted: counts.accepted,
            rows_quarantined: counts.quarantined,
            finished_at: home.now,
        };
        home.ledger.finish_load(id, &outcome).await?;
    }
    Ok(())
}

fn hashes_of(input: &Input, progress: &mut dyn Progress) -> Result<Vec<[u8; 32]>, JobError> {
    let mut done = 0;
    input.require_files()?;
    let hash = |file: &PathBuf| hash_of(file, &mut done, progress).map_err(JobError::file(file));
    input.files().iter().map(hash).collect()
}

fn hash_of(path: &Path, done: &mut u64, progress: &mut dyn Progress) -> std::io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&buffer[..read]);
        *done += read as u64;
        progress.done(*done);
    }
}

/// The tables a load writes, each under way.
struct Tables {
    declarations: LakeWriter,
    goods_items: LakeWriter,
    inspections: LakeWriter,
    quarantine: LakeWriter,
    findings: LakeWriter,
}

impl Tables {
    async fn open(home: &Home) -> Result<Self, JobError> {
        Ok(Self {
            declarations: writer(home, &DECLARATION).await?,
            goods_items: writer(home, &GOODS_ITEM).await?,
            inspections: writer(home, &INSPECTION).await?,
            quarantine: writer(home, &QUARANTINE).await?,
            findings: writer(home, &DATA_FINDING).await?,
        })
    }

    async fn write(&mut self, batch: LoadBatch) -> Result<(), JobError> {
        self.declarations.write(&batch.declarations).await?;
        self.goods_items.write(&batch.goods_items).await?;
        self.inspections.write(&batch.inspections).await?;
        self.quarantine.write(&batch.quarantine).await?;
        self.findings.write(&batch.findings).await?;
        Ok(())
    }

    async fn commit(self, transaction: &AppTransaction) -> Result<Vec<Appended>, JobError> {
        let mut versions = Vec::new();
        for writer in [self.declarations, self.goods_items, self.inspections, self.quarantine, self.findings]
        {
            versions.push(writer.commit(Some(transaction)).await?);
        }
        Ok(versions)
    }

    async fn abort(self) -> Result<(), JobError> {
        for writer in [self.declarations, self.goods_items, self.inspections, self.quarantine, self.findings]
        {
            writer.abort().await?;
        }
        Ok(())
    }
}
