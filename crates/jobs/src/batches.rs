//! The one loop that reads: records of an input, checked, made into batches.

use crate::JobError;
use crate::check::{Checked, Checker, Counts};
use crate::input::Input;
use crate::progress::Progress;
use crate::source::Records;
use std::collections::HashSet;
use tidegate_records::reading::SourceRecord;
use tidegate_records::value::Text;

/// Makes batches of checked records.
pub(crate) trait Batcher {
    /// What a stretch of records becomes.
    type Batch;
    /// Takes a record in; `source_name` is the file it comes from.
    fn push(&mut self, source_name: &str, checked: Checked) -> Result<(), JobError>;
    /// Whether so much waits that a batch should be made; it ends with the declaration that reaches the limit.
    fn is_full(&self) -> bool;
    /// Whether nothing waits.
    fn is_empty(&self) -> bool;
    /// The waiting records as a batch.
    fn finish(&mut self) -> Result<Self::Batch, JobError>;
}

/// Records of one file, by what became of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FileCounts {
    pub(crate) accepted: u64,
    pub(crate) quarantined: u64,
}

/// How far reading has come.
pub(crate) enum Step<B> {
    /// A batch is ready.
    Batch(B),
    /// The next record is the first of a month: [`BatchReader::know`] says what was loaded of it before.
    Month(Text),
    /// Everything is read.
    End,
}

/// Reads an input batch by batch.
pub(crate) struct BatchReader<'a, B> {
    records: Records<'a>,
    names: Vec<String>,
    checker: Checker,
    months: HashSet<Text>,
    /// A record that waits until its month is known.
    waiting: Option<(usize, SourceRecord)>,
    pub(crate) batcher: B,
    /// Counts of each file of the input.
    pub(crate) files: Vec<FileCounts>,
}

impl<'a, B: Batcher> BatchReader<'a, B> {
    pub(crate) fn new(input: &'a Input, batcher: B) -> Self {
        Self {
            records: Records::new(input),
            names: input.files().iter().map(|file| file.display().to_string()).collect(),
            checker: Checker::new(input.assumed_acceptance()),
            months: HashSet::new(),
            waiting: None,
            batcher,
            files: vec![FileCounts::default(); input.files().len()],
        }
    }

    /// Counts of everything read so far.
    pub(crate) fn counts(&self) -> &Counts {
        &self.checker.counts
    }

    /// Tells of a version that was loaded before.
    pub(crate) fn know(&mut self, declaration_id: &str, version_number: i64) {
        self.checker.know(declaration_id, version_number);
    }

    /// The next batch, whatever was loaded before; nothing at the end.
    pub(crate) fn next(&mut self, progress: &mut dyn Progress) -> Result<Option<B::Batch>, JobError> {
        loop {
            match self.advance(progress)? {
                Step::Batch(batch) => return Ok(Some(batch)),
                Step::Month(_) => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// Reads on.
    pub(crate) fn advance(&mut self, progress: &mut dyn Progress) -> Result<Step<B::Batch>, JobError> {
        while let Some((file, mut record)) =
            self.waiting.take().map_or_else(|| self.records.next(), |r| Ok(Some(r)))?
        {
            self.checker.assume_acceptance(&mut record);
            if let Some(month) = record.declaration.month()
                && self.months.insert(month.clone())
            {
                self.waiting = Some((file, record));
                return Ok(Step::Month(month));
            }
            let checked = self.checker.check(record);
            let counts = &mut self.files[file];
            match checked.key {
                Some(_) => counts.accepted += 1,
                None => counts.quarantined += 1,
            }
            self.batcher.push(&self.names[file], checked)?;
            if self.batcher.is_full() {
                break;
            }
        }
        progress.done(self.records.bytes_read());
        if self.batcher.is_empty() { Ok(Step::End) } else { self.batcher.finish().map(Step::Batch) }
    }
}

/// Bytes of the files of an input, for progress.
pub(crate) fn size_of_files(input: &Input) -> Result<u64, JobError> {
    let mut size = 0;
    for file in input.files() {
        size += std::fs::metadata(file).map_err(JobError::file(file))?.len();
    }
    Ok(size)
}
