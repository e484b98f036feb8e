//! What becomes of a record: accepted under its key, or set aside; counted either way.

use std::collections::{BTreeMap, HashMap, HashSet};
use tidegate_records::Finding;
use tidegate_records::class::Defined;
use tidegate_records::columnar::RowKey;
use tidegate_records::finding::{Severity, has_error};
use tidegate_records::model::Declaration;
use tidegate_records::path::Pointer;
use tidegate_records::reading::SourceRecord;
use tidegate_records::validate::{severity_of, validate};
use tidegate_records::value::{Text, Time};
use twox_hash::XxHash3_128;

/// Counts of a load.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Records read.
    pub read: u64,
    /// Records accepted.
    pub accepted: u64,
    /// Goods items of accepted records.
    pub goods_items: u64,
    /// Results of inspections of accepted records.
    pub inspected: u64,
    /// Results that found a discrepancy.
    pub discrepancies: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// Findings by code and severity.
    pub findings: BTreeMap<String, u64>,
}

impl Counts {
    pub(crate) fn add_findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            let name = format!("{} {}", finding.severity.as_str(), finding.code);
            *self.findings.entry(name).or_default() += 1;
        }
    }
}

/// A record with all of its findings.
pub(crate) struct Checked {
    pub(crate) record: SourceRecord,
    /// Position among the records of the load, from 1.
    pub(crate) number: u64,
    /// Key when it is accepted.
    pub(crate) key: Option<Key>,
}

/// What names an accepted record.
pub(crate) struct Key {
    pub(crate) declaration_id: Text,
    month: Text,
    version_number: i64,
}

impl Key {
    /// Key of the rows of a record.
    pub(crate) fn row<'a>(&'a self, load_id: &'a str, number: u64) -> RowKey<'a> {
        RowKey {
            month: &self.month,
            declaration_id: &self.declaration_id,
            version_number: self.version_number,
            load_id,
            source_row: number as i64,
        }
    }
}

impl Checked {
    /// The finding that set the record aside, if one did.
    pub(crate) fn reason(&self) -> Option<&Finding> {
        reason(&self.record.findings)
    }
}

/// The first finding that sets a record aside, if one does.
pub(crate) fn reason(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|f| f.severity == Severity::Error)
}

/// Declarations that were looked up, with the moment of acceptance of those that earlier loads brought.
pub(crate) type Acceptances = HashMap<Text, Option<Time>>;

/// Checks the records of one load, one after the other.
pub(crate) struct Checker {
    assumed_acceptance: Option<Time>,
    accepted: Acceptances,
    /// Hashes of the declarations and versions so far: 16 bytes each for the time of the load.
    seen: HashSet<u128>,
    /// The same of those that earlier loads brought.
    known: HashSet<u128>,
    pub(crate) counts: Counts,
}

impl Checker {
    /// A record without a moment of acceptance gets the assumed one, if there is one.
    pub(crate) fn new(assumed_acceptance: Option<Time>) -> Self {
        Self {
            assumed_acceptance,
            accepted: Acceptances::new(),
            seen: HashSet::new(),
            known: HashSet::new(),
            counts: Counts::default(),
        }
    }

    /// Tells of a version that an earlier load brought.
    pub(crate) fn know(&mut self, declaration_id: &str, version_number: i64) {
        self.known.insert(hash(declaration_id, version_number));
    }

    pub(crate) fn check(&mut self, mut record: SourceRecord) -> Checked {
        self.counts.read += 1;
        let line = record.line;
        if !has_error(&record.findings) {
            let on_the_whole = validate(&record.declaration);
            record.findings.extend(on_the_whole.into_iter().map(|f| Finding { line: Some(line), ..f }));
        }
        let key = self.key(&mut record);
        self.counts.add_findings(&record.findings);
        if key.is_some() {
            self.counts.accepted += 1;
            self.counts.goods_items +=
                record.declaration.goods_shipment.government_agency_goods_item.len() as u64;
            self.counts.inspected += record.inspections.len() as u64;
            let found = record.inspections.iter().filter(|i| i.result_code.as_deref() == Some("discrepancy"));
            self.counts.discrepancies += found.count() as u64;
        } else {
            self.counts.quarantined += 1;
        }
        Checked { record, number: self.counts.read, key }
    }

    /// Tells when declarations were accepted that earlier loads brought, in place of what was told before.
    pub(crate) fn accept(&mut self, accepted: Acceptances) {
        self.accepted = accepted;
    }

    /// Name of the declaration of a message that says nothing about its acceptance.
    pub(crate) fn without_acceptance(&self, record: &SourceRecord) -> Option<Text> {
        self.assumed(record)?;
        record.declaration.declaration_id()
    }

    /// The same when it was not looked up yet.
    pub(crate) fn not_looked_up(&self, record: &SourceRecord) -> Option<Text> {
        self.without_acceptance(record).filter(|name| !self.accepted.contains_key(name))
    }

    /// A message that says nothing about its acceptance keeps that of its declaration, so that all versions stand in one
    /// month; where none was loaded before, it counts as accepted when it was received.
    pub(crate) fn assume_acceptance(&self, record: &mut SourceRecord) {
        let Some(received) = self.assumed(record) else { return };
        let declaration = &mut record.declaration;
        let kept = declaration.declaration_id().and_then(|id| self.accepted.get(&id).copied().flatten());
        declaration.acceptance_date_time = Some(kept.unwrap_or(received));
        let (code, message) = match kept {
            None => (
                "acceptance.assumed",
                "the message has no AcceptanceDateTime; it counts as accepted when it was received"
                    .to_owned(),
            ),
            Some(kept) => {
                // An amendment is decided on the day of its issue.
                if declaration.version_number() > 1 {
                    declaration.issue_date_time.get_or_insert(received);
                }
                let message = format!(
                    "the message has no AcceptanceDateTime; its declaration was accepted at {kept} and stays so"
                );
                ("acceptance.kept", message)
            }
        };
        record.findings.push(finding(code, "023", record.line, message));
    }

    /// The moment that counts as acceptance of a record without an error that says nothing about it, if one does.
    fn assumed(&self, record: &SourceRecord) -> Option<Time> {
        let says_nothing = record.declaration.acceptance_date_time.is_none();
        self.assumed_acceptance.filter(|_| says_nothing && !has_error(&record.findings))
    }

    /// Key of a record without an error, unless it was loaded before or the source had it already: errors both.
    fn key(&mut self, record: &mut SourceRecord) -> Option<Key> {
        if has_error(&record.findings) {
            return None;
        }
        let declaration = &record.declaration;
        let (declaration_id, month) = (declaration.declaration_id()?, declaration.month()?);
        let version_number = declaration.version_number();
        let hash = hash(&declaration_id, version_number);
        let problem = if self.known.contains(&hash) {
            Some(("record.known", "was loaded before; a correction comes as the next version"))
        } else if !self.seen.insert(hash) {
            let problem =
                "stands in this source already; each version may come once, with all of its rows together";
            Some(("record.duplicate", problem))
        } else {
            None
        };
        if let Some((code, problem)) = problem {
            let message = format!("version {version_number} of declaration `{declaration_id}` {problem}");
            record.findings.push(finding(code, "D014", record.line, message));
            return None;
        }
        Some(Key { declaration_id, month, version_number })
    }
}

fn hash(declaration_id: &str, version_number: i64) -> u128 {
    XxHash3_128::oneshot(format!("{declaration_id}\u{0}{version_number}").as_bytes())
}

fn finding(code: &'static str, id: &str, line: u64, message: String) -> Finding {
    let pointer = Pointer::root(Declaration::DEFINITION).leaf(id);
    Finding { code, severity: severity_of(code), pointer, line: Some(line), message }
}
