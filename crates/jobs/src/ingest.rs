//! Loading a file into the lake, exactly once: the same file with the same mapping is never loaded twice.

use crate::JobError;
use crate::batcher::{Batcher, Batches, Counts};
use crate::home::Home;
use crate::progress::Progress;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use tidegate_lake::{AppTransaction, Appended, LakeWriter, TableSpec};
use tidegate_ledger::{Hash256, LoadOutcome, LoadStart};
use tidegate_records::csv::{CsvReader, MAX_ROW_BYTES};
use tidegate_records::mapping::Mapping;
use tidegate_records::table::{Key, Source, Table};
use tidegate_records::tables::{DATA_FINDING, DECLARATION, GOODS_ITEM, INSPECTION, QUARANTINE};
use tidegate_risk::bundle::hex;

/// Records in a batch.
const BATCH_ROWS: usize = 8_192;

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
    /// Whether the same bytes had been loaded before; nothing was added then.
    pub already_loaded: bool,
    /// What was read and what became of it.
    pub counts: Counts,
}

/// Loads a CSV file through a mapping.
///
/// # Errors
/// When the file cannot be read, does not fit the mapping, or the lake fails; nothing was loaded then.
pub async fn ingest(
    home: &Home,
    path: &Path,
    mapping: &Mapping,
    options: IngestOptions,
    progress: &mut dyn Progress,
) -> Result<Ingested, JobError> {
    // The writers make a large future; a pointer to it is what callers carry.
    Box::pin(load(home, path, mapping, options, progress)).await
}

async fn load(
    home: &Home,
    path: &Path,
    mapping: &Mapping,
    options: IngestOptions,
    progress: &mut dyn Progress,
) -> Result<Ingested, JobError> {
    let name = path.display().to_string();
    let file_error = |cause| JobError::File { path: name.clone(), cause };
    let size = std::fs::metadata(path).map_err(file_error)?.len();
    progress.step("hashing", size, "bytes");
    let hash = hash_of(path, progress).map_err(file_error)?;
    let load_id = format!("{}-{}", mapping.name, &hex(&hash)[..16]);
    let hash256 = Hash256::new(hash);
    if home.ledger.load_of(hash256, &mapping.name).await?.is_some() {
        return Ok(Ingested { load_id, already_loaded: true, counts: Counts::default() });
    }
    let file = BufReader::with_capacity(1 << 20, File::open(path).map_err(file_error)?);
    let source = |cause| JobError::Source { path: name.clone(), cause };
    let mut reader = CsvReader::new(file, mapping, MAX_ROW_BYTES).map_err(source)?;
    let mut batcher = Batcher::new(load_id.clone(), name.clone())?;
    let mut tables = Tables::open(home).await?;
    progress.step("loading", size, "bytes");
    loop {
        let row = reader.next_row().map_err(source)?;
        let Some(row) = row else { break };
        let line = row.line;
        let refused = batcher.push(&row, || reader.raw())?;
        if let (Some(finding), true) = (refused, options.strict) {
            tables.abort().await?;
            return Err(JobError::Strict { path: name, line, finding: finding.to_string() });
        }
        if batcher.waiting() >= BATCH_ROWS {
            tables.write(batcher.finish()?).await?;
            progress.done(reader.bytes_read());
        }
    }
    tables.write(batcher.finish()?).await?;
    progress.done(size);
    let versions =
        tables.commit(&AppTransaction { app_id: format!("ingest/{load_id}"), sequence: 1 }).await?;
    home.lake.record_snapshot(home.now, versions.iter()).await?;
    record_load(home, &name, mapping, hash256, &batcher.counts).await?;
    Ok(Ingested { load_id, already_loaded: false, counts: batcher.counts })
}

async fn record_load(
    home: &Home,
    name: &str,
    mapping: &Mapping,
    bytes_sha256: Hash256,
    counts: &Counts,
) -> Result<(), JobError> {
    let start = LoadStart {
        source_file_name: name.to_owned(),
        mapping_name: mapping.name.clone(),
        principal: home.owner().await?,
        started_at: home.now,
    };
    let id = home.ledger.start_load(&start).await?;
    let outcome = LoadOutcome {
        bytes_sha256,
        rows_read: counts.read,
        rows_accepted: counts.accepted,
        rows_quarantined: counts.quarantined,
        finished_at: home.now,
    };
    Ok(home.ledger.finish_load(id, &outcome).await?)
}

fn hash_of(path: &Path, progress: &mut dyn Progress) -> std::io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let (mut hasher, mut buffer, mut done) = (Sha256::new(), vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&buffer[..read]);
        done += read as u64;
        progress.done(done);
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

    async fn write(&mut self, batches: Batches) -> Result<(), JobError> {
        self.declarations.write(&batches.declarations).await?;
        self.goods_items.write(&batches.goods_items).await?;
        self.inspections.write(&batches.inspections).await?;
        self.quarantine.write(&batches.quarantine).await?;
        self.findings.write(&batches.findings).await?;
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

/// A writer of one of our tables.
pub(crate) async fn writer(home: &Home, table: &'static Table) -> Result<LakeWriter, JobError> {
    let by_month = table.columns.iter().any(|c| c.source == Source::Key(Key::Month));
    let spec =
        TableSpec::try_new(table.name, &table.schema(), by_month.then_some("month"), table.statistics)?;
    Ok(home.lake.writer(&spec).await?)
}
