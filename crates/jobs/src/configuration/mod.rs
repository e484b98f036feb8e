//! The configuration: every limit and default that an installation may change, each defined once with its sentence,
//! unit, default and range. It is read from one TOML file and printed as one.

mod file;
mod print;
mod read;
mod setting;
mod single_sign_on;

pub use print::{to_json, to_toml};
pub use read::ConfigurationError;
pub use single_sign_on::SingleSignOn;

use setting::{Number, Section, SetError, Setting, Value, sections};
use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;
use tidegate_lake::WriteLimits;
use tidegate_ledger::LedgerLimits;
use tidegate_records::json::JsonLimits;
use tidegate_records::path::MAX_OCCURRENCE;
use tidegate_records::reading::RowLimits;
use tidegate_records::wco::Limits;
use tidegate_risk::evaluation::Bootstrap;

sections! {
    /// Reading rows: CSV and Parquet.
    rows: Rows {
        /// Longest row of CSV; a longer one stops the load, since a quote that never closes would swallow the file.
        row_bytes: usize = 1 << 20, "bytes", 1 << 10, 1 << 30;
        /// Rows of one declaration together; all of them are set aside beyond it.
        declaration_bytes: usize = 16 << 20, "bytes", 1 << 10, 1 << 30;
        /// Rows of a Parquet file that are decoded at once.
        batch_rows: usize = 1_024, "rows", 1, 1_000_000;
    }
    /// Reading WCO XML. A message beyond a limit gets the finding `xml.limit`.
    xml: Xml {
        /// Elements open at once, wrappers included; the deepest path of the model is 9.
        depth: usize = 32, "elements", 9, 1_000;
        /// Longest declaration or response; it is held in memory whole.
        message_bytes: usize = 16 << 20, "bytes", 1 << 10, 1 << 30;
        /// Elements of one declaration or response.
        elements: usize = 100_000, "elements", 100, 10_000_000;
        /// Text of one element; the longest format of the model is an..512.
        text_bytes: usize = 64 << 10, "bytes", 512, 1 << 24;
        /// Attributes of one element.
        attributes: usize = 64, "attributes", 4, 10_000;
        /// Value of one attribute.
        attribute_bytes: usize = 4 << 10, "bytes", 64, 1 << 20;
        /// Occurrences of one repeating class in one place.
        occurrences: usize = MAX_OCCURRENCE, "occurrences", 1, MAX_OCCURRENCE;
        /// Findings kept for one message.
        findings: usize = 1_000, "findings", 1, 100_000;
    }
    /// Reading JSON. A record beyond a limit gets the finding `json.limit`.
    json: Json {
        /// Longest record; it is held in memory whole.
        line_bytes: usize = 16 << 20, "bytes", 1 << 10, 1 << 30;
        /// Occurrences of one repeating class in one place.
        occurrences: usize = MAX_OCCURRENCE, "occurrences", 1, MAX_OCCURRENCE;
        /// Findings kept for one record.
        findings: usize = 1_000, "findings", 1, 100_000;
    }
    /// Loading and scoring files.
    load: Load {
        /// Records in a batch; more is faster and takes more memory, the results are the same.
        batch_rows: usize = 8_192, "records", 1, 1_000_000;
        /// Records without a score whose problem is told one by one.
        told_problems: usize = 100, "records", 0, 100_000;
        /// Text of records set aside that may wait in memory to be written; a column counts up to 2 GiB.
        waiting_bytes: usize = 64 << 20, "bytes", 1 << 20, 1 << 30;
        /// Declarations of messages without acceptance that are looked up at once, some 100 bytes of memory each; each look-up reads the names of all declarations.
        looked_up_declarations: usize = 1_000_000, "declarations", 1, 100_000_000;
    }
    /// Files of the lake.
    lake: Lake {
        /// Size at which a data file is closed; compaction aims at the same.
        file_bytes: u64 = 128 << 20, "bytes", 1 << 20, 1 << 32;
        /// Rows of a row group: what one open file holds in memory, and the finest grain at which reading skips.
        row_group_rows: usize = 128 << 10, "rows", 1 << 10, 1 << 24;
        /// Months that a load writes at once; a record of a further month closes the file that has waited longest.
        open_months: usize = 24, "months", 1, 1_000;
        /// How long states of the lake are kept, which can be read again; `tidegate maintain` forgets older ones.
        keep_days: u32 = 30, "days", 0, 36_600;
        /// Attempts at a commit while others commit to the same table.
        commit_attempts: usize = 20, "attempts", 1, 1_000;
    }
    /// The ledger, one SQLite file.
    ledger: LedgerFile {
        /// How long a writer waits for another one before it gives up.
        busy_timeout_seconds: u64 = 30, "seconds", 0, 3_600;
        /// Connections at once; readers run beside one writer.
        connections: u32 = 4, "connections", 1, 64;
    }
    /// Accounts of persons and services.
    accounts: Accounts {
        /// Most days that an API token lives.
        token_days: u32 = 365, "days", 1, 3_660;
        /// How long a log-in holds, with a password or by single sign-on.
        session_hours: u32 = 8, "hours", 1, 720;
        /// How long a log-in that is not used holds; the last use is known to a minute.
        session_idle_minutes: u32 = 60, "minutes", 2, 43_200;
    }
    /// The engine that answers queries, of jobs too; what they come to does not depend on it.
    engine: Engine {
        /// Threads of one query; 0 for all that the machine has.
        threads: usize = 0, "threads", 0, 1_024;
        /// Rows of a batch; 0 for the engine's own number.
        batch_rows: usize = 0, "rows", 0, 1_000_000;
    }
    /// What readers under a policy may use; the local owner has no limits.
    reading: Reading {
        /// Rows of one answer.
        answer_rows: usize = 1_000_000, "rows", 1, 1_000_000_000;
        /// Bytes of one answer, as it is in memory.
        answer_bytes: usize = 1 << 30, "bytes", 1 << 20, 1 << 40;
        /// How long one query may run.
        seconds: u64 = 300, "seconds", 1, 86_400;
        /// How often it is asked, while an answer is on its way, whether the account, its token and the policy still hold.
        recheck_seconds: u64 = 1, "seconds", 1, 3_600;
        /// What the queries of one reader may hold for sorting, joining and grouping before they spill or fail.
        memory_bytes: usize = 2 << 30, "bytes", 1 << 24, 1 << 40;
        /// Queries of one reader at once, for all purposes together.
        queries: usize = 4, "queries", 1, 1_000;
        /// Doors kept ready, one for each reader and purpose, some 1 MB each; who comes to another waits some milliseconds.
        doors: usize = 128, "doors", 1, 100_000;
        /// Entries of the audit chain in each part of an answer about who saw something; those beyond it are counted.
        audit_entries: u32 = 100, "entries", 1, 10_000;
    }
    /// The doors that `tidegate serve` opens.
    serve: Serve {
        /// Longest request, a statement with its purpose.
        request_bytes: usize = 1 << 20, "bytes", 1 << 10, 1 << 28;
        /// How long a connection may take until somebody is let in over it.
        log_in_seconds: u64 = 30, "seconds", 1, 60;
        /// How long a connection over which somebody was let in may be silent; over HTTP and Flight SQL no less than twice `reading.seconds`, as a query may be.
        idle_seconds: u64 = 3_600, "seconds", 1, 86_400;
        /// Requests of one principal within a minute, over all doors together.
        requests_a_minute: u32 = 600, "requests", 1, 1_000_000;
        /// Failed log-ins from one address within a minute, over all doors together, before it has to wait.
        failures_a_minute: u32 = 10, "log-ins", 1, 10_000;
        /// Connections at once, over all doors together; others wait to be let in.
        connections: usize = 1_000, "connections", 1, 1_000_000;
        /// Those of them from one address over which nobody is let in yet; further ones are closed at once.
        strangers_an_address: u32 = 100, "connections", 1, 1_000_000;
        /// How long a running query may go on when the server stops, at every door.
        stop_seconds: u64 = 30, "seconds", 0, 3_600;
        /// How often the audit log is signed.
        checkpoint_seconds: u64 = 3_600, "seconds", 1, 86_400;
    }
    /// How long rows are kept: those of months that ended longer ago are erased by `tidegate retention run`; 0 keeps them for ever.
    retention: Retention {
        /// Declarations.
        declaration_days: u32 = 0, "days", 0, 36_600;
        /// Goods items of declarations.
        goods_item_days: u32 = 0, "days", 0, 36_600;
        /// Inspections.
        inspection_days: u32 = 0, "days", 0, 36_600;
        /// Second inspections.
        reinspection_days: u32 = 0, "days", 0, 36_600;
        /// Events of treatments.
        treatment_event_days: u32 = 0, "days", 0, 36_600;
        /// Decisions.
        decision_days: u32 = 0, "days", 0, 36_600;
        /// Decisions by goods item, with their features.
        decision_item_days: u32 = 0, "days", 0, 36_600;
        /// Work lists.
        work_list_days: u32 = 0, "days", 0, 36_600;
        /// Findings about data.
        data_finding_days: u32 = 0, "days", 0, 36_600;
        /// Records that were set aside, from the month in which they were.
        quarantine_days: u32 = 0, "days", 0, 36_600;
        /// Days without a new state of the tables after which `tidegate retention run` takes the clock for wrong and erases nothing; 0 trusts any clock.
        quiet_days: u32 = 90, "days", 0, 36_600;
        /// Names of held declarations in memory at once, and in one condition: where more are due, the others are erased in as many pieces. Records set aside that are held are gathered beside them, however many.
        held_at_once: usize = 100_000, "names", 1, 1_000_000;
    }
    /// Deciding which consignments to inspect, and deciding again.
    decide: Decide {
        /// Days back in which an earlier lodgement of a consignment is looked for; it keeps the draw of the first.
        resubmission_days: u32 = 100, "days", 0, 3_660;
        /// Versions of declarations read at once, and decisions replayed at once; a day is never split.
        read_versions: u64 = 50_000, "versions", 1, 10_000_000;
    }
    /// Running drafts over the past.
    backtest: Backtest {
        /// Throw-away keys that probabilities of inspection are averaged over.
        keys: u32 = 10, "keys", 1, 10_000;
    }
    /// Estimating from inspections.
    estimate: Estimate {
        /// Share of what is there that the reference team finds, measured on consignments planted with something to find.
        reference_sensitivity: f64 = 0.95, "share", 0.5, 1.0;
        /// Share of what is sound that the reference team finds nothing in, measured on consignments known to be sound.
        reference_specificity: f64 = 0.995, "share", 0.5, 1.0;
        /// Share with a finding that the random floor of a reporting cell must be able to tell.
        cell_prevalence: f64 = 0.02, "share", 0.001, 1.0;
        /// Relative error at 95 % that it is told with: together they say how many inspections of the floor a cell needs.
        cell_error: f64 = 0.25, "share", 0.01, 1.0;
    }
    /// Measuring a model.
    evaluate: Evaluate {
        /// Resamples of the bootstrap intervals.
        resamples: u32 = 500, "resamples", 1, 100_000;
        /// Share of the resamples that lie inside an interval.
        confidence: f64 = 0.95, "share", 0.5, 0.999;
        /// Seed of the draws.
        seed: u64 = 0, "", 0, i64::MAX as u64;
    }
    /// Explaining a score.
    explain: Explain {
        /// Reasons for each goods item.
        reasons: usize = 6, "reasons", 1, 1_000;
    }
    /// Answering SQL.
    sql: Sql {
        /// Most rows printed as a table; 0 for all.
        table_rows: usize = 100, "rows", 0, 1_000_000;
    }
    /// The report on decisions.
    report: Report {
        /// Rows of a table that groups decisions; the rest is summed in one row.
        group_rows: usize = 20, "rows", 1, 1_000;
        /// Selected declarations shown, the last accepted first.
        work_list_rows: usize = 30, "declarations", 0, 10_000;
    }
    /// Bounds of the generator, so that a slip of the keyboard does not fill a disk.
    generate: Generate {
        /// Declarations in a year; the serial part of a number has nine digits.
        most_declarations: u64 = 100_000_000, "declarations", 1, 999_999_999;
        /// Traders and brokers together.
        most_enterprises: u64 = 1_500_000, "enterprises", 1, 1_679_616;
        /// Goods items of one declaration.
        most_goods_items: u32 = 50, "goods items", 1, 999;
    }
}

impl Xml {
    /// As the reader of WCO XML takes them.
    pub fn limits(&self) -> Limits {
        let Self {
            depth,
            message_bytes,
            elements,
            text_bytes,
            attributes,
            attribute_bytes,
            occurrences,
            findings,
        } = *self;
        Limits {
            depth,
            message_bytes,
            elements,
            text_bytes,
            attributes,
            attribute_bytes,
            occurrences,
            findings,
        }
    }
}

impl Retention {
    /// Days by table; tables that are kept for ever are left out.
    pub fn days(&self) -> Vec<(&'static str, u32)> {
        let Self {
            declaration_days,
            goods_item_days,
            inspection_days,
            reinspection_days,
            treatment_event_days,
            decision_days,
            decision_item_days,
            work_list_days,
            data_finding_days,
            quarantine_days,
            quiet_days: _,
            held_at_once: _,
        } = *self;
        let all = [
            ("declaration", declaration_days),
            ("goods_item", goods_item_days),
            ("inspection", inspection_days),
            ("reinspection", reinspection_days),
            ("treatment_event", treatment_event_days),
            ("decision", decision_days),
            ("decision_item", decision_item_days),
            ("work_list", work_list_days),
            ("data_finding", data_finding_days),
            ("quarantine", quarantine_days),
        ];
        all.into_iter().filter(|(_, days)| *days > 0).collect()
    }
}

impl Rows {
    /// As the readers of rows take them.
    pub fn limits(&self) -> RowLimits {
        let Self { row_bytes, declaration_bytes, batch_rows } = *self;
        RowLimits { row_bytes, declaration_bytes, batch_rows }
    }
}

impl Json {
    /// As the reader of JSON takes them.
    pub fn limits(&self) -> JsonLimits {
        let Self { line_bytes, occurrences, findings } = *self;
        JsonLimits { line_bytes, occurrences, findings }
    }
}

impl Lake {
    /// As the lake takes them.
    pub fn limits(&self) -> WriteLimits {
        let Self { file_bytes, row_group_rows, open_months, commit_attempts, .. } = *self;
        let file_bytes = NonZeroU64::new(file_bytes).unwrap_or(NonZeroU64::MIN);
        WriteLimits { file_bytes, row_group_rows, open_months, commit_attempts }
    }
}

impl LedgerFile {
    /// As the ledger takes them.
    pub fn limits(&self) -> LedgerLimits {
        let busy_timeout = Duration::from_secs(self.busy_timeout_seconds);
        LedgerLimits { busy_timeout, connections: self.connections }
    }
}

impl Engine {
    /// As the engine takes them.
    pub fn of_queries(&self) -> tidegate_query::Engine {
        let Self { threads, batch_rows } = *self;
        tidegate_query::Engine {
            threads: NonZeroUsize::new(threads),
            batch_rows: NonZeroUsize::new(batch_rows),
        }
    }
}

impl Reading {
    /// As the door takes them.
    pub fn limits(&self) -> tidegate_query::Limits {
        tidegate_query::Limits {
            rows: self.answer_rows,
            bytes: self.answer_bytes,
            time: Duration::from_secs(self.seconds),
            memory_bytes: self.memory_bytes,
            queries: self.queries,
            doors: self.doors,
        }
    }
}

impl Evaluate {
    /// As the evaluation takes it.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { resamples: self.resamples, confidence: self.confidence, seed: self.seed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_readers() {
        let configuration = Configuration::default();
        assert_eq!(configuration.rows.limits(), RowLimits::default());
        assert_eq!(configuration.xml.limits(), Limits::default());
        assert_eq!(configuration.json.limits(), JsonLimits::default());
        assert_eq!(configuration.evaluate.bootstrap(), Bootstrap::default());
        assert_eq!(configuration.lake.limits(), WriteLimits::default());
        assert_eq!(configuration.ledger.limits(), LedgerLimits::default());
    }

    #[test]
    fn every_default_lies_in_its_range_and_has_a_sentence() {
        for section in Configuration::default().sections() {
            assert!(section.sentence.ends_with('.'), "{}", section.name);
            for setting in section.settings {
                assert!(setting.least <= setting.value && setting.value <= setting.most, "{}", setting.name);
                assert!(setting.sentence.ends_with('.'), "{}.{}", section.name, setting.name);
            }
        }
    }
}
