//! The steps of the bench, in a temporary folder.

use super::Work;
use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use tempfile::TempDir;
use tidegate_jobs::{Home, IngestOptions, Input, JobError, LearnOptions, Quiet, ingest, learn, query};
use tidegate_records::columnar::RowReader;
use tidegate_records::mapping::Mapping;
use tidegate_records::model::{Declaration, GovernmentAgencyGoodsItem};
use tidegate_records::tables::{DECLARATION, GOODS_ITEM};
use tidegate_records::wco::{Message, MessageReader, MessageWriter};
use tidegate_risk::bundle::Bundle;
use tidegate_sim::{Configuration, Generator, csv_mapping};

/// Year of the generated country.
const YEAR: i32 = 2025;
/// Most messages that are written as XML.
const MOST_MESSAGES: usize = 20_000;

/// A temporary folder with a country to generate.
pub struct Place {
    folder: TempDir,
    configuration: Configuration,
}

impl Place {
    pub fn new(declarations: u64, seed: u64) -> Result<Self, JobError> {
        let folder = TempDir::with_prefix("tidegate-bench-")
            .map_err(|cause| JobError::File { path: "temporary folder".to_owned(), cause })?;
        Ok(Self { folder, configuration: Configuration::new(seed, YEAR, declarations) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Generates the country as one CSV.
    pub fn generate(&self) -> Result<Work, JobError> {
        let refused = |e: tidegate_sim::SimulationError| JobError::Missing(e.to_string());
        for folder in ["records", "truth"] {
            let path = self.path(folder);
            std::fs::create_dir_all(&path).map_err(JobError::file(&path))?;
        }
        let threads = available_parallelism().map_or(1, usize::from);
        let file = self.csv();
        let generator = Generator::new(self.configuration.clone()).map_err(refused)?;
        let written = generator.write_csv(&file, &self.path("truth"), threads, |_| ()).map_err(refused)?;
        Ok(Work { rows: written.goods_items, unit: "goods items", bytes: Some(size(&file)?) })
    }

    fn csv(&self) -> PathBuf {
        self.path("records").join("country.csv")
    }

    pub async fn home(&self, now: DateTime<Utc>) -> Result<Home, JobError> {
        Home::open(&self.path("home"), tidegate_jobs::Configuration::default(), now).await
    }

    /// Loads the CSV: reading, mapping, validating, writing tables.
    pub async fn load(&self, now: DateTime<Utc>) -> Result<Work, JobError> {
        let home = self.home(now).await?;
        let text = csv_mapping(&self.configuration.currency);
        let mapping = Mapping::parse("national-csv", &text).map_err(|e| JobError::Missing(e.to_string()))?;
        let input = Input::new(&[self.csv()], None, Some(mapping), now)?;
        let loaded = ingest(&home, &input, IngestOptions::default(), &mut Quiet).await?;
        Ok(Work { rows: loaded.counts.goods_items, unit: "goods items", bytes: Some(size(&self.csv())?) })
    }

    /// Learns a bundle from what was loaded.
    pub async fn learn(&self, home: &Home) -> Result<Work, JobError> {
        let options = LearnOptions { features: Some("national".to_owned()), ..LearnOptions::default() };
        let summary = learn(home, &options, &mut Quiet).await?;
        Ok(Work { rows: summary.records as u64, unit: "goods items", bytes: None })
    }

    /// Every goods item with its declaration.
    pub async fn goods_items(&self, home: &Home) -> Result<Vec<RecordBatch>, JobError> {
        query(home, "bench", "SELECT * FROM declaration_item").await
    }

    fn xml(&self) -> PathBuf {
        self.path("messages.xml")
    }

    /// Writes declarations of the lake as one XML document of many messages.
    pub async fn write_xml(&self, home: &Home) -> Result<(), JobError> {
        let path = self.xml();
        let failed = JobError::file(&path);
        let file = BufWriter::new(File::create(&path).map_err(failed)?);
        let mut writer = MessageWriter::new(file).map_err(failed)?;
        for declaration in declarations(home).await? {
            let message = Message::Declaration(Box::new(declaration));
            writer.write(&message.header(), &message).map_err(|e| JobError::Missing(e.to_string()))?;
        }
        writer.finish().map_err(failed)?;
        Ok(())
    }

    /// Reads the document back.
    pub fn parse_xml(&self) -> Result<Work, JobError> {
        let path = self.xml();
        let failed = JobError::file(&path);
        let file = BufReader::with_capacity(1 << 20, File::open(&path).map_err(failed)?);
        let mut messages = 0;
        for message in MessageReader::new(file) {
            message.map_err(failed)?;
            messages += 1;
        }
        Ok(Work { rows: messages, unit: "messages", bytes: Some(size(&path)?) })
    }
}

/// Declarations with their goods items, as many as there are messages to write.
async fn declarations(home: &Home) -> Result<Vec<Declaration>, JobError> {
    let key = "month, declaration_id, version_number";
    let first = format!("SELECT {key} FROM declaration ORDER BY {key} LIMIT {MOST_MESSAGES}");
    let headers = format!("SELECT d.* FROM declaration d JOIN ({first}) f USING ({key}) ORDER BY {key}");
    let items =
        format!("SELECT i.* FROM goods_item i JOIN ({first}) f USING ({key}) ORDER BY {key}, goods_item_seq");
    let mut declarations: Vec<Declaration> = records(&query(home, "bench", &headers).await?, &DECLARATION)?;
    let items: Vec<GovernmentAgencyGoodsItem> = records(&query(home, "bench", &items).await?, &GOODS_ITEM)?;
    let mut items = items.into_iter().peekable();
    for declaration in &mut declarations {
        // Items stand in the order of their declarations, and each declaration's start again from 1.
        let own = &mut declaration.goods_shipment.government_agency_goods_item;
        own.extend(items.next());
        while items.peek().is_some_and(|i| i.sequence_numeric > Some(1)) {
            own.extend(items.next());
        }
    }
    Ok(declarations)
}

fn records<C: tidegate_records::class::Defined>(
    batches: &[RecordBatch],
    table: &'static tidegate_records::table::Table,
) -> Result<Vec<C>, JobError> {
    let damaged = |e: tidegate_records::columnar::ReadRowError| JobError::Missing(e.to_string());
    let mut records = Vec::new();
    for batch in batches {
        let reader = RowReader::new(table, batch).map_err(damaged)?;
        for row in 0..batch.num_rows() {
            let mut record = C::default();
            reader.read(row, &mut record).map_err(damaged)?;
            records.push(record);
        }
    }
    Ok(records)
}

/// Features, look-ups in profiles, and model of every goods item.
pub fn assess(bundle: &Bundle, batches: &[RecordBatch]) -> Result<Work, JobError> {
    let mut rows = 0;
    for batch in batches {
        rows += bundle.assess(batch)?.probabilities.len() as u64;
    }
    Ok(Work { rows, unit: "goods items", bytes: None })
}

fn size(path: &Path) -> Result<u64, JobError> {
    Ok(std::fs::metadata(path).map_err(JobError::file(path))?.len())
}
