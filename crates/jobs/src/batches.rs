//! The one loop that reads: records of an input, checked, made into batches.

use crate::JobError;
use crate::check::{Checked, Checker, Counts};
use crate::configuration::Load;
use crate::input::Input;
use crate::progress::Progress;
use crate::source::Records;
use std::collections::{HashMap, HashSet, VecDeque};
use tidegate_records::reading::SourceRecord;
use tidegate_records::value::{Text, Time};

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
    /// The next records are messages of these declarations that say nothing about their acceptance: [`BatchReader::know`] says
    /// which versions were loaded before, [`BatchReader::accept`] when their declarations were accepted.
    Unaccepted(Vec<Text>),
    /// Everything is read.
    End,
}

/// Reads an input batch by batch.
pub(crate) struct BatchReader<'a, B> {
    records: Records<'a>,
    limits: Load,
    names: Vec<String>,
    checker: Checker,
    months: HashSet<Text>,
    /// Records that were read and not checked yet.
    ahead: VecDeque<(usize, SourceRecord)>,
    /// How many of them were asked about, from the first.
    asked: usize,
    pub(crate) batcher: B,
    /// Counts of each file of the input.
    pub(crate) files: Vec<FileCounts>,
}

impl<'a, B: Batcher> BatchReader<'a, B> {
    pub(crate) fn new(input: &'a Input, batcher: B) -> Self {
        Self {
            records: Records::new(input),
            limits: input.configuration.load,
            names: input.files().iter().map(|file| file.display().to_string()).collect(),
            checker: Checker::new(input.assumed_acceptance()),
            months: HashSet::new(),
            ahead: VecDeque::new(),
            asked: 0,
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

    /// Tells when declarations were accepted that were loaded before.
    pub(crate) fn accept(&mut self, accepted: HashMap<String, Time>) {
        self.checker.accept(accepted);
    }

    /// The next batch, whatever was loaded before; nothing at the end.
    pub(crate) fn next(&mut self, progress: &mut dyn Progress) -> Result<Option<B::Batch>, JobError> {
        loop {
            match self.advance(progress)? {
                Step::Batch(batch) => return Ok(Some(batch)),
                Step::Month(_) | Step::Unaccepted(_) => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// Reads on.
    pub(crate) fn advance(&mut self, progress: &mut dyn Progress) -> Result<Step<B::Batch>, JobError> {
        loop {
            self.read_ahead(1)?;
            if let Some(question) = self.question()? {
                return Ok(question);
            }
            let Some((file, record)) = self.ahead.pop_front() else { break };
            self.asked = self.asked.saturating_sub(1);
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

    /// Name of the declaration of the first record ahead, when that says nothing about its acceptance.
    fn front_name(&self) -> Option<Text> {
        self.ahead.front().and_then(|(_, record)| self.checker.without_acceptance(record))
    }

    /// What has to be known before the first record ahead is checked.
    fn question(&mut self) -> Result<Option<Step<B::Batch>>, JobError> {
        if self.asked == 0 && self.front_name().is_some() {
            // Names have no order in the lake, so that a look-up reads those of all months: one for many messages.
            self.read_ahead(self.limits.batch_rows)?;
            self.asked = self.ahead.len();
            let names = self.ahead.iter().filter_map(|(_, record)| self.checker.without_acceptance(record));
            return Ok(Some(Step::Unaccepted(names.collect())));
        }
        let Some((_, record)) = self.ahead.front_mut() else { return Ok(None) };
        self.checker.assume_acceptance(record);
        let month = record.declaration.month().filter(|month| self.months.insert(month.clone()));
        Ok(month.map(Step::Month))
    }

    /// Reads on until so many records are ahead, or as much text as may wait.
    fn read_ahead(&mut self, records: usize) -> Result<(), JobError> {
        let start = self.records.bytes_read();
        let waits = |reader: &Records<'_>| reader.bytes_read().saturating_sub(start);
        while self.ahead.len() < records && waits(&self.records) < self.limits.waiting_bytes as u64 {
            let Some(next) = self.records.next()? else { break };
            self.ahead.push_back(next);
        }
        Ok(())
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
