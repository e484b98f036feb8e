//! The one loop that reads: records of an input, checked, made into batches.

use crate::JobError;
use crate::check::{Acceptances, Checked, Checker, Counts};
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
    /// The next record is a message of this declaration that says nothing about its acceptance, and it was not looked up yet:
    /// [`BatchReader::know`] says which versions were loaded before, [`BatchReader::accept`] when it was accepted, of the
    /// declarations that [`BatchReader::unaccepted`] names as well.
    Unaccepted(Text),
    /// Everything is read.
    End,
}

/// Reads an input batch by batch.
pub(crate) struct BatchReader<'a, B> {
    pub(crate) input: &'a Input,
    records: Records<'a>,
    /// The record that is checked next.
    front: Option<(usize, SourceRecord)>,
    /// The records once more, read ahead for the names of declarations: messages that waited in memory would take a hundred times
    /// as much of it as names do.
    ahead: Records<'a>,
    names: Vec<String>,
    checker: Checker,
    months: HashSet<Text>,
    pub(crate) batcher: B,
    /// Counts of each file of the input.
    pub(crate) files: Vec<FileCounts>,
}

impl<'a, B: Batcher> BatchReader<'a, B> {
    pub(crate) fn new(input: &'a Input, batcher: B) -> Self {
        Self {
            input,
            records: Records::new(input),
            front: None,
            ahead: Records::new(input),
            names: input.files().iter().map(|file| file.display().to_string()).collect(),
            checker: Checker::new(input.assumed_acceptance()),
            months: HashSet::new(),
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

    /// Tells when declarations were accepted that were loaded before, in place of what was told before.
    pub(crate) fn accept(&mut self, accepted: Acceptances) {
        self.checker.accept(accepted);
    }

    /// A declaration and those of later messages that say nothing about their acceptance, as many as are looked up at once.
    pub(crate) fn unaccepted(
        &mut self,
        first: Text,
        progress: &mut dyn Progress,
    ) -> Result<Acceptances, JobError> {
        progress.step("looking up declarations", size_of_files(self.input)?, "bytes");
        // No more than one look-up is in memory.
        self.checker.accept(Acceptances::new());
        let mut names = Acceptances::from([(first, None)]);
        while names.len() < self.input.configuration.load.looked_up_declarations {
            let Some((_, record)) = self.ahead.next()? else { break };
            progress.done(self.ahead.bytes_read());
            names.extend(self.checker.without_acceptance(&record).map(|name| (name, None)));
        }
        Ok(names)
    }

    /// The next batch, whatever was loaded before; nothing at the end.
    pub(crate) fn next(&mut self, progress: &mut dyn Progress) -> Result<Option<B::Batch>, JobError> {
        loop {
            match self.advance(progress)? {
                Step::Batch(batch) => return Ok(Some(batch)),
                Step::Month(_) => {}
                Step::Unaccepted(name) => self.accept([(name, None)].into()),
                Step::End => return Ok(None),
            }
        }
    }

    /// Reads on.
    pub(crate) fn advance(&mut self, progress: &mut dyn Progress) -> Result<Step<B::Batch>, JobError> {
        loop {
            if self.front.is_none() {
                self.front = self.records.next()?;
            }
            if let Some(question) = self.question() {
                return Ok(question);
            }
            let Some((file, record)) = self.front.take() else { break };
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

    /// What has to be known before the next record is checked.
    fn question(&mut self) -> Option<Step<B::Batch>> {
        let (_, record) = self.front.as_mut()?;
        if let Some(name) = self.checker.not_looked_up(record) {
            return Some(Step::Unaccepted(name));
        }
        self.checker.assume_acceptance(record);
        let month = record.declaration.month().filter(|month| self.months.insert(month.clone()));
        month.map(Step::Month)
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
