//! A small country, whose rows are known here one by one: tables as they are stored, and readers.

use datafusion::arrow::array::{
    Array, ArrayRef, ListArray, RecordBatch, StringArray, new_empty_array, new_null_array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, Field};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_query::policy::{Policy, PolicyFiles, PseudonymKey};
use tidegate_query::{Allowances, Governance, Limits, Person, Platform, Principal, QueryError};
use tidegate_records::table::{Grade, Table};
use tidegate_records::tables::{DECISION, DECLARATION, GOODS_ITEM, INSPECTION, TABLES};

/// A row as texts; a column that is not named is absent, or the least that its type has.
pub type Row = BTreeMap<&'static str, String>;

/// Secret of this installation.
pub const SECRET: [u8; 32] = [7; 32];

/// The rows of a table as a batch of the stored shape.
pub fn batch(table: &Table, rows: &[Row]) -> RecordBatch {
    let schema = table.schema();
    let column = |field: &Arc<Field>| -> ArrayRef {
        if rows.is_empty() {
            return new_empty_array(field.data_type());
        }
        let values: Vec<ArrayRef> =
            rows.iter().map(|row| value(field, row.get(field.name().as_str()))).collect();
        let values: Vec<_> = values.iter().map(AsRef::as_ref).collect();
        concat(&values).unwrap()
    };
    let columns = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

fn value(field: &Field, text: Option<&String>) -> ArrayRef {
    let data_type = field.data_type();
    match (text, data_type) {
        (Some(text), _) => {
            let value = cast(&StringArray::from(vec![text.as_str()]), data_type).unwrap();
            assert!(value.null_count() == 0, "{text} is no {data_type}");
            value
        }
        (None, _) if field.is_nullable() => new_null_array(data_type, 1),
        (None, DataType::List(item)) => Arc::new(ListArray::new(
            Arc::clone(item),
            OffsetBuffer::from_lengths([0]),
            new_empty_array(item.data_type()),
            None,
        )),
        (None, DataType::Utf8) => Arc::new(StringArray::from(vec![""])),
        (None, DataType::Timestamp(..)) => {
            cast(&StringArray::from(vec!["2026-01-01T00:00:00Z"]), data_type).unwrap()
        }
        (None, _) => cast(&StringArray::from(vec!["0"]), data_type).unwrap(),
    }
}

pub fn row(values: &[(&'static str, &str)]) -> Row {
    values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// Tables of the country: three offices, five importers, goods whose hidden rows are traps (zeros, texts that are no
/// numbers, secrets in names).
pub fn tables() -> BTreeMap<&'static str, (&'static Table, Vec<Row>)> {
    let mut tables: BTreeMap<&str, (&Table, Vec<Row>)> = BTreeMap::from([
        ("declaration", (&DECLARATION, Vec::new())),
        ("goods_item", (&GOODS_ITEM, Vec::new())),
        ("inspection", (&INSPECTION, Vec::new())),
        ("decision", (&DECISION, Vec::new())),
    ]);
    for i in 0..36_u32 {
        let month = if i % 2 == 0 { "2026-01" } else { "2026-02" };
        let id = format!("D{i:02}");
        let office = ["4700", "4701", "leak:4702"][(i % 3) as usize];
        let importer = format!("91310000MA1FL0X{:02}", i % 5);
        let hidden_trap = if i % 3 == 0 { format!("{}", i + 1) } else { format!("leak:{i}") };
        let key = [("month", month), ("declaration_id", &id), ("version_number", "1"), ("load_id", "L1")];
        let mut header = row(&key);
        header.extend(row(&[
            ("office_id", office),
            ("importer_id", &importer),
            ("importer_name", &format!("Importer {}", i % 5)),
            ("export_country_code", ["DE", "NL", "KR", "JP"][(i % 4) as usize]),
            ("trader_reference", &hidden_trap),
            ("invoice_amount", &format!("{}.250", i * 130)),
            ("goods_item_count", if i % 3 == 0 { "2" } else { "0" }),
            ("accepted_at", &format!("{month}-{:02}T0{}:00:00Z", 1 + i % 28, i % 10)),
        ]));
        if i % 7 == 3 {
            header.remove("importer_id");
        }
        tables.get_mut("declaration").unwrap().1.push(header);
        for seq in 1..=2 {
            let mut item = row(&key);
            item.extend(row(&[
                ("goods_item_seq", &seq.to_string()),
                ("origin_country_code", ["CN", "VN", "DE"][((i + seq) % 3) as usize]),
                ("commodity_description", &format!("goods {i} {seq}")),
                ("net_mass_kg", &format!("{}", if i % 3 == 1 { 0 } else { i * seq })),
                ("customs_value_amount", &format!("{}.5", i * 10 + seq)),
            ]));
            tables.get_mut("goods_item").unwrap().1.push(item);
        }
        if i % 4 == 0 {
            let mut inspection = row(&key[..2]);
            inspection.extend(row(&[("officer_id", &format!("OFF-{}", i % 3))]));
            tables.get_mut("inspection").unwrap().1.push(inspection);
        }
        let mut decision = row(&key[..3]);
        decision.extend(row(&[
            ("office_id", office),
            ("inclusion_probability", &format!("0.{:02}", i + 1)),
            ("directive", &format!("look at pallet {i}")),
        ]));
        tables.get_mut("decision").unwrap().1.push(decision);
    }
    tables
}

/// A policy with small limits, as platforms of tests enforce it.
pub fn governance(files: &PolicyFiles) -> Governance {
    let policy = Arc::new(Policy::parse(files).unwrap());
    let key = PseudonymKey::derived_from(&SECRET);
    let limits = Limits { rows: 10_000, queries: 2, ..Limits::default() };
    Governance::new(policy, &key, Allowances::new(limits))
}

/// A platform over the country with a policy.
pub fn platform(files: &PolicyFiles) -> Platform {
    let rows = tables().into_iter().map(|(name, (table, rows))| (name, batch(table, &rows))).collect();
    Platform::in_memory(rows, Some(governance(files))).unwrap()
}

/// The shipped policy with other access rules.
pub fn with_rules(rules: &str) -> PolicyFiles {
    let mut files = Policy::shipped_files();
    files.insert("access.cedar".to_owned(), rules.to_owned());
    files
}

pub fn person(name: &str, role: &str, clearance: Grade) -> Person {
    Person {
        name: name.to_owned(),
        kind: "person".to_owned(),
        roles: [role.to_owned()].into(),
        clearance,
        office: None,
        organisation: None,
        enterprise: None,
    }
}

pub fn officer() -> Person {
    Person { office: Some("4700".to_owned()), ..person("Ou Fei", "officer", Grade::General3) }
}

/// A read of one person for one purpose.
pub struct Reader<'a> {
    pub platform: &'a Platform,
    pub person: Person,
    pub purpose: &'static str,
}

impl Reader<'_> {
    pub async fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, QueryError> {
        let principal = Principal::Person(self.person.clone());
        self.platform.plan_for(&principal, self.purpose, sql).await?.collect().await
    }

    /// The answer as lines of text, sorted.
    pub async fn lines(&self, sql: &str) -> Vec<String> {
        lines(&self.ask(sql).await.unwrap())
    }

    /// What the reader is told when it is no answer.
    pub async fn refusal(&self, sql: &str) -> String {
        match self.ask(sql).await {
            Ok(batches) => panic!("{sql} is answered: {:?}", lines(&batches)),
            Err(error) => error.to_string(),
        }
    }
}

/// Rows as lines of text, sorted.
pub fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let mut lines: Vec<String> = batches
        .iter()
        .flat_map(|batch| {
            let columns: Vec<ArrayRef> =
                batch.columns().iter().map(|column| cast(column, &DataType::Utf8).unwrap()).collect();
            (0..batch.num_rows()).map(move |i| {
                let text = |column: &ArrayRef| {
                    let column = column.as_any().downcast_ref::<StringArray>().unwrap();
                    if column.is_null(i) { "-".to_owned() } else { column.value(i).to_owned() }
                };
                columns.iter().map(text).collect::<Vec<_>>().join(" ")
            })
        })
        .collect();
    lines.sort();
    lines
}

/// Names of tables, so that a test fails when one is forgotten.
pub fn every_table() -> Vec<&'static str> {
    TABLES.iter().map(|table| table.name).collect()
}
