//! Rows of one declaration, each with a goods item, made into one record.

use super::{Original, RowLimits, SourceRecord};
use crate::class::Defined;
use crate::columnar::leaf_text;
use crate::finding::{Finding, has_error};
use crate::mapping::{Entry, MappedRecord, Mapping};
use crate::model::{Declaration, Inspection};
use crate::path::{MAX_OCCURRENCE, Pointer};
use crate::validate::severity_of;
use crate::value::Text;
use std::collections::VecDeque;

/// Goods items of one declaration in a source of rows: as many as a pointer can name.
pub const MAX_GOODS_ITEMS: usize = MAX_OCCURRENCE;

/// Pointer to the goods items.
const ITEMS: &str = "42A/67A/68A";

/// One row of a source, mapped.
#[derive(Debug)]
pub(crate) struct MappedRow {
    /// Boxed, since it is moved many times and is large.
    pub(crate) record: Box<MappedRecord>,
    pub(crate) line: u64,
    pub(crate) original: Original,
}

/// How a mapping wants its rows grouped.
#[derive(Debug)]
pub(crate) struct Grouping {
    /// Entries of the declaration outside of its goods items, which rows must agree about.
    header: Vec<Entry>,
    /// Whether a row is a goods item: its number then comes from a column. Otherwise a row is a declaration.
    row_is_item: bool,
}

impl Grouping {
    pub(crate) fn of(mapping: &Mapping) -> Self {
        let pointer = |entry: &Entry| entry.path.pointer(Declaration::DEFINITION);
        let is_number = |e: &Entry| e.is_column() && pointer(e).as_str() == format!("{ITEMS}[1]/006");
        let header = mapping.declaration.iter().filter(|e| !pointer(e).as_str().starts_with(ITEMS));
        Self { header: header.cloned().collect(), row_is_item: mapping.declaration.iter().any(is_number) }
    }
}

/// What rows of one declaration share: its name and its version.
type Key = (Text, Option<u32>);

/// The records of a source of rows.
pub(crate) struct Grouped<I: Iterator> {
    rows: I,
    grouping: Grouping,
    /// Bytes of the rows of one declaration.
    declaration_bytes: usize,
    /// Rows read ahead.
    ahead: VecDeque<I::Item>,
    /// Declaration whose rows passed a limit: the rows that are left of it are refused too.
    refused: Option<Key>,
}

impl<E, I: Iterator<Item = Result<MappedRow, E>>> Grouped<I> {
    pub(crate) fn new(rows: I, grouping: Grouping, limits: RowLimits) -> Self {
        let declaration_bytes = limits.declaration_bytes;
        Self { rows, grouping, declaration_bytes, ahead: VecDeque::new(), refused: None }
    }

    /// The rows' source.
    pub(crate) fn rows(&self) -> &I {
        &self.rows
    }

    fn key(&self, row: &MappedRow) -> Option<Key> {
        let declaration = &row.record.declaration;
        let id = declaration.declaration_id().filter(|_| self.grouping.row_is_item)?;
        Some((id, declaration.version_numeric))
    }

    /// Key of a row ahead, which is read when it was not yet; nothing at the end and where the row has none.
    fn key_ahead(&mut self, index: usize) -> Option<Key> {
        while self.ahead.len() <= index {
            self.ahead.push_back(self.rows.next()?);
        }
        self.key(self.ahead[index].as_ref().ok()?)
    }

    /// The next row when it belongs to the declaration; so does an unreadable row between two of its rows.
    fn next_of(&mut self, key: &Key) -> Option<MappedRow> {
        let belongs = match self.key_ahead(0) {
            Some(next) => next == *key,
            None => matches!(self.ahead.front(), Some(Ok(_))) && self.key_ahead(1).as_ref() == Some(key),
        };
        if belongs { self.ahead.pop_front()?.ok() } else { None }
    }
}

impl<E, I: Iterator<Item = Result<MappedRow, E>>> Iterator for Grouped<I> {
    type Item = Result<SourceRecord, E>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = match self.ahead.pop_front().or_else(|| self.rows.next())? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        let Some(key) = self.key(&first) else { return Some(Ok(single(first))) };
        let mut group = Group::new(first, self.declaration_bytes);
        while !group.is_full()
            && let Some(row) = self.next_of(&key)
        {
            group.push(row);
        }
        let goes_on = group.is_full() && self.key_ahead(0).as_ref() == Some(&key);
        let was_refused = self.refused.take().as_ref() == Some(&key);
        if goes_on || was_refused {
            group.refuse();
            self.refused = Some(key);
        }
        Some(Ok(group.finish(&self.grouping.header)))
    }
}

fn single(row: MappedRow) -> SourceRecord {
    let MappedRow { record, line, original } = row;
    let MappedRecord { declaration, inspection, findings } = *record;
    SourceRecord { declaration, inspections: inspection.into_iter().collect(), findings, line, original }
}

/// Rows of one declaration.
struct Group {
    rows: Vec<MappedRow>,
    items: usize,
    bytes: usize,
    most_bytes: usize,
    findings: Vec<Finding>,
}

impl Group {
    fn new(first: MappedRow, most_bytes: usize) -> Self {
        let mut group = Self { rows: Vec::new(), items: 0, bytes: 0, most_bytes, findings: Vec::new() };
        group.push(first);
        group
    }

    fn is_full(&self) -> bool {
        self.items >= MAX_GOODS_ITEMS || self.bytes >= self.most_bytes
    }

    fn push(&mut self, mut row: MappedRow) {
        for finding in row.record.findings.drain(..) {
            let pointer = finding.pointer.moved(ITEMS, self.items);
            self.findings.push(Finding { pointer, ..finding });
        }
        self.items += row.record.declaration.goods_shipment.government_agency_goods_item.len();
        self.bytes += row.original.bytes();
        self.rows.push(row);
    }

    fn report(&mut self, code: &'static str, pointer: Pointer, line: u64, message: String) {
        let severity = severity_of(code);
        self.findings.push(Finding { code, severity, pointer, line: Some(line), message });
    }

    fn refuse(&mut self) {
        let message = format!(
            "the declaration has more than {MAX_GOODS_ITEMS} goods items or {} bytes; \
             all of its rows are set aside",
            self.most_bytes
        );
        let pointer = Pointer::root(Declaration::DEFINITION);
        self.report("record.too-long", pointer, self.rows[0].line, message);
    }

    /// Says where rows disagree about the declaration, once for each entry; a row that could not be read says
    /// nothing reliable about it.
    fn compare(&mut self, header: &[Entry]) {
        let mut told = vec![false; header.len()];
        let mut differences = Vec::new();
        let first = &self.rows[0];
        for row in &self.rows[1..] {
            if row.record.declaration == first.record.declaration {
                continue;
            }
            for (entry, told) in header.iter().zip(&mut told) {
                let text = |row: &MappedRow| {
                    let leaf = entry.path.leaf(&row.record.declaration).and_then(leaf_text);
                    leaf.map(|(value, unit)| (value, unit.map(str::to_owned)))
                };
                let (here, there) = (text(row), text(first));
                if here != there && !std::mem::replace(told, true) {
                    let shown = |text: Option<(String, _)>| text.map_or("nothing".to_owned(), |(v, _)| v);
                    let message = format!(
                        "{} is {}, but {} on line {}; the rows of one declaration must agree about it",
                        entry.source_name(),
                        shown(here),
                        shown(there),
                        first.line
                    );
                    differences.push((entry.path.pointer(Declaration::DEFINITION), row.line, message));
                }
            }
        }
        for (pointer, line, message) in differences {
            self.report("record.inconsistent", pointer, line, message);
        }
    }

    fn finish(mut self, header: &[Entry]) -> SourceRecord {
        if self.rows.len() == 1
            && let Some(row) = self.rows.pop()
        {
            let record = single(row);
            return SourceRecord { findings: self.findings, ..record };
        }
        let inspections = results(&mut self.rows);
        let mut items = Vec::with_capacity(self.items);
        for row in &mut self.rows {
            items.append(&mut row.record.declaration.goods_shipment.government_agency_goods_item);
        }
        if !has_error(&self.findings) {
            self.compare(header);
        }
        let line = self.rows[0].line;
        let mut declaration = std::mem::take(&mut self.rows[0].record.declaration);
        declaration.goods_shipment.government_agency_goods_item = items;
        let original = Original::Rows(self.rows.into_iter().map(|row| row.original).collect());
        SourceRecord { declaration, inspections, findings: self.findings, line, original }
    }
}

/// The results of the rows: one when every row says the same of the whole declaration, otherwise each is that of
/// the goods item it stands beside.
fn results(rows: &mut [MappedRow]) -> Vec<Inspection> {
    let same = rows.iter().all(|row| row.record.inspection == rows[0].record.inspection);
    let count = if same { 1 } else { rows.len() };
    let mut results = Vec::new();
    for row in &mut rows[..count] {
        let items = &row.record.declaration.goods_shipment.government_agency_goods_item;
        let number = items.first().and_then(|item| item.sequence_numeric).filter(|_| !same);
        if let Some(mut inspection) = row.record.inspection.take() {
            inspection.goods_item_numeric = inspection.goods_item_numeric.or(number);
            results.push(inspection);
        }
    }
    results
}
