//! A home in a folder of its own, and what tests do there.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tidegate_jobs::grades::{Confirm, confirm};
use tidegate_jobs::{
    Configuration, Format, Home, IngestOptions, Ingested, Input, JobError, Quiet, export, ingest, query,
};
use tidegate_ledger::Door;
use tidegate_query::Classification;
use tidegate_records::mapping::{Mapping, shipped};

/// The shipped mapping.
const SHIPPED: &str = include_str!("../../../../mappings/kcs-import.toml");

/// The moment of every test.
pub const NOW: &str = "2026-11-24T12:00:00Z";

/// Begins to write in a ledger, and goes on until its input ends.
const WRITER: &str = "import sqlite3, sys\n\
    ledger = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)\n\
    ledger.execute('BEGIN IMMEDIATE')\n\
    print('writes', flush=True)\n\
    sys.stdin.read()\n";

/// A program that keeps others from writing in the ledger.
pub struct Writer(Child);

impl Writer {
    pub fn stop(mut self) {
        // Without input it ends.
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

pub struct Place {
    pub folder: TempDir,
    pub home: Home,
}

/// A file in the layout of the shipped mapping.
pub fn input(path: &Path) -> Input {
    Input::new(&[path.to_owned()], None, Some(shipped("kcs-import").unwrap()), NOW.parse().unwrap()).unwrap()
}

impl Place {
    pub async fn new() -> Self {
        Self::at(TempDir::new().unwrap()).await
    }

    /// The home of a folder, made when it has none.
    pub async fn at(folder: TempDir) -> Self {
        let home = Home::open(&folder.path().join("home"), Configuration::default(), NOW.parse().unwrap())
            .await
            .unwrap();
        Self { folder, home }
    }

    /// Lets another program write in the ledger, so that nobody else does until it stops.
    pub fn write_in_ledger(&self) -> Writer {
        let mut writer = Command::new("python3")
            .args(["-c", WRITER])
            .arg(self.home.root().join("ledger.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(writer.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "writes\n");
        Writer(writer)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub async fn ingest(&self, path: &Path, strict: bool) -> Result<Ingested, JobError> {
        ingest(&self.home, &input(path), IngestOptions { strict }, &mut Quiet).await
    }

    /// Loads lines in the layout of the shipped mapping with more columns, which more of a mapping reads.
    pub async fn ingest_with(&self, columns: &str, name: &str, lines: &[String]) {
        self.ingest_by(&format!("{SHIPPED}{columns}"), name, lines).await;
    }

    /// The same where days are moments.
    pub async fn ingest_moments_with(&self, columns: &str, name: &str, lines: &[String]) {
        let moments = SHIPPED.replace("format = \"%Y-%m-%d\"", "format = \"%Y-%m-%dT%H:%M:%S\"");
        self.ingest_by(&format!("{moments}{columns}"), name, lines).await;
    }

    async fn ingest_by(&self, mapping: &str, name: &str, lines: &[String]) {
        let mapping = Mapping::parse(name, mapping).unwrap();
        let path = self.write(name, &lines.join("\n"));
        let input = Input::new(&[path], None, Some(mapping), self.home.now).unwrap();
        ingest(&self.home, &input, IngestOptions { strict: true }, &mut Quiet).await.unwrap();
    }

    /// Loads files that need no mapping.
    pub async fn ingest_messages(&self, paths: &[PathBuf], strict: bool) -> Result<Ingested, JobError> {
        let input = Input::new(paths, None, None, self.home.now)?;
        ingest(&self.home, &input, IngestOptions { strict }, &mut Quiet).await
    }

    /// Loads lines as records of a kind.
    pub async fn ingest_as(
        &self,
        kind: &str,
        name: &str,
        lines: &[String],
        strict: bool,
    ) -> Result<Ingested, JobError> {
        let path = self.write(name, &lines.join("\n"));
        let input = Input::new(&[path], None, None, self.home.now)?.of_kind(kind)?;
        ingest(&self.home, &input, IngestOptions { strict }, &mut Quiet).await
    }

    /// Exports everything into a file of the home's folder.
    pub async fn export(&self, format: Format, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        export(&self.home, format, None, &path, &mut Quiet).await.unwrap();
        path
    }

    /// Confirms grade and category of a column as the local owner.
    pub async fn confirm(
        &self,
        column: &str,
        grade: Option<&str>,
        category: Option<&str>,
        reason: &str,
    ) -> Result<Classification, JobError> {
        let (grade, category) = (grade.map(str::to_owned), category.map(str::to_owned));
        let new = Confirm { column: column.to_owned(), grade, category };
        confirm(&self.home, &new, &self.home.act(Door::Cli, reason).await?).await
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let batches = query(&self.home, "test", sql).await.unwrap();
        batches
            .iter()
            .filter(|b| b.num_rows() > 0)
            .map(|b| b.column(0).as_primitive::<Int64Type>().value(0))
            .sum()
    }

    /// The first column of an answer, which holds texts.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let batches = query(&self.home, "test", sql).await.unwrap();
        let texts = |b: &arrow::array::RecordBatch| {
            b.column(0).as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()
        };
        batches.iter().flat_map(texts).collect()
    }
}
