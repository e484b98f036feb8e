//! The declarations of a day that wait for a decision, read through the one door.

use super::expressions::{LODGED, between};
use super::stretches::Stretch;
use crate::JobError;
use crate::columns::{days, integers, moments, text, wrong_type};
use arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::HashMap;
use std::ops::Range;
use tidegate_ledger::RootKey;
use tidegate_query::{DECLARATION_ITEM, Platform, Principal};
use tidegate_risk::bundle::Bundle;
use tidegate_risk::selection::Consignment;

/// Grade of a trader that is not registered.
const UNKNOWN_GRADE: &str = "unknown";

/// Columns that deciding needs beside those that the bundle reads.
const NEEDED: &[&str] = &[
    "month",
    "declaration_id",
    "version_number",
    "goods_item_seq",
    "accepted_at",
    "office_id",
    "importer_id",
];

/// Columns of the first version of a declaration that name the consignment, and what they are called beside it.
const NAMING: [(&str, &str); 4] = [
    ("load_id", "first_load"),
    ("source_row", "first_row"),
    ("consignee_id", "first_consignee"),
    ("transport_document_id", "first_document"),
];

/// Which versions are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Every version lodged on the day that no run has decided.
    Undecided,
    /// First versions accepted on the day, decided or not.
    First,
}

/// A version of a declaration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    pub month: String,
    pub declaration_id: String,
    pub version: i64,
    pub accepted_at: DateTime<Utc>,
    pub office: String,
    pub importer: Option<String>,
    pub grade: String,
    /// Pseudonym of the consignment that is drawn.
    pub root: String,
    /// Rows of its goods items.
    pub items: Range<usize>,
}

/// Declarations of a day with the rows of their items.
pub(crate) struct Cases {
    pub rows: RecordBatch,
    pub cases: Vec<Case>,
}

/// Grades of traders by the moment they took effect; of those of one moment the one that was loaded last holds.
#[derive(Default)]
pub(crate) struct Grades(HashMap<String, Vec<Graded>>);

/// A grade of a trader. In order: by the moment it took effect, then as it was loaded.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Graded {
    /// Microseconds since 1970-01-01 UTC; the least where it was never said.
    from: i64,
    /// When the load began that brought it; none before those that say it.
    loaded_at: Option<i64>,
    load_id: String,
    source_row: i64,
    code: String,
}

/// Columns of `enterprise` that [`Grades::of`] reads.
pub(crate) const GRADE_COLUMNS: &str =
    "enterprise_id, grade_effective_at, grade_code, loaded_at, load_id, source_row";

impl Grades {
    /// Reads the grades of all enterprises.
    pub(crate) async fn read(platform: &Platform, purpose: &str) -> Result<Self, JobError> {
        let sql = format!("SELECT {GRADE_COLUMNS} FROM enterprise");
        Self::of(&platform.plan_for(&Principal::LocalOwner, purpose, &sql).await?.collect().await?)
    }

    /// The grades of rows of `enterprise`; those without an enterprise or a grade say nothing.
    pub(crate) fn of(batches: &[RecordBatch]) -> Result<Self, JobError> {
        let mut grades: HashMap<String, Vec<Graded>> = HashMap::new();
        for batch in batches {
            let (ids, codes) = (text(batch, "enterprise_id")?, text(batch, "grade_code")?);
            let (since, loaded) = (moments(batch, "grade_effective_at")?, moments(batch, "loaded_at")?);
            let (loads, rows) = (text(batch, "load_id")?, integers(batch, "source_row")?);
            for row in (0..batch.num_rows()).filter(|row| ids.is_valid(*row) && codes.is_valid(*row)) {
                let one = Graded {
                    from: if since.is_valid(row) { since.value(row) } else { i64::MIN },
                    loaded_at: loaded.is_valid(row).then(|| loaded.value(row)),
                    load_id: loads.value(row).to_owned(),
                    source_row: rows.value(row),
                    code: codes.value(row).to_owned(),
                };
                grades.entry(ids.value(row).to_owned()).or_default().push(one);
            }
        }
        for dated in grades.values_mut() {
            dated.sort();
        }
        Ok(Self(grades))
    }

    pub(crate) fn at(&self, importer: Option<&str>, micros: i64) -> &str {
        let dated = importer.and_then(|id| self.0.get(id));
        let grade = dated.and_then(|d| d.iter().rev().find(|one| one.from <= micros));
        grade.map_or(UNKNOWN_GRADE, |one| &one.code)
    }
}

/// Whether a version lodged on the days waits for its decision.
pub(super) async fn any_undecided(platform: &Platform, stretch: &Stretch) -> Result<bool, JobError> {
    let Some(months) = stretch.months() else { return Ok(false) };
    let sql = format!(
        "SELECT 1 FROM declaration r WHERE {} AND {} LIMIT 1",
        stretch.condition(),
        undecided("r", &months)
    );
    let answer = platform.plan_for(&Principal::LocalOwner, "job decide", &sql).await?.collect().await?;
    Ok(answer.iter().any(|batch| batch.num_rows() > 0))
}

/// A condition: no run has decided the version of a row of the alias, which rests in one of the months.
fn undecided(alias: &str, months: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM decision k WHERE k.month IN ({months}) AND k.month = {alias}.month \
         AND k.declaration_id = {alias}.declaration_id AND k.version_number = {alias}.version_number)"
    )
}

/// Reads the cases of a stretch of days, day by day, each in the order of declaration and version.
pub(crate) async fn read(
    platform: &Platform,
    bundle: &Bundle,
    grades: &Grades,
    root_key: &RootKey,
    stretch: &Stretch,
    which: Which,
) -> Result<Vec<(NaiveDate, Cases)>, JobError> {
    let days = read_days(platform, bundle, stretch, which).await?.into_iter();
    days.map(|(day, rows)| Ok((day, Cases { cases: cases(&rows, grades, root_key)?, rows }))).collect()
}

/// Reads the rows of a stretch of days, day by day, each in the order of declaration, version and goods item.
pub(super) async fn read_days(
    platform: &Platform,
    bundle: &Bundle,
    stretch: &Stretch,
    which: Which,
) -> Result<Vec<(NaiveDate, RecordBatch)>, JobError> {
    let Some(sql) = sql(bundle, stretch, which) else { return Ok(Vec::new()) };
    let plan = platform.plan_for(&Principal::LocalOwner, "job decide", &sql).await?;
    let schema = plan.schema();
    let rows = concat_batches(&schema, &plan.collect().await?)?;
    let days = days(&rows, "lodged_on")?;
    let mut by_day = Vec::new();
    for (start, length) in runs(days.values()) {
        let Some(day) = NaiveDate::from_epoch_days(days.value(start)) else { continue };
        by_day.push((day, rows.slice(start, length)));
    }
    Ok(by_day)
}

/// Start and length of each run of equal values.
fn runs(values: &[i32]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (position, value) in values.iter().enumerate() {
        match runs.last_mut() {
            Some((start, length)) if values[*start] == *value => *length += 1,
            _ => runs.push((position, 1)),
        }
    }
    runs
}

/// The query of a stretch; none where there is nothing to read.
fn sql(bundle: &Bundle, stretch: &Stretch, which: Which) -> Option<String> {
    let (first, last) = (stretch.first, stretch.last);
    let naming = named_by_itself();
    let of_first = stretch.first_months().map(|months| {
        format!(
            "SELECT {}, {naming} FROM {DECLARATION_ITEM} r WHERE r.month IN ({months}) AND r.version_number = 1 AND {}",
            listed(bundle),
            between("r.accepted_at", first, last)
        )
    });
    let order = "ORDER BY lodged_on, declaration_id, version_number, goods_item_seq";
    if which == Which::First {
        return of_first.map(|of_first| format!("{of_first} {order}"));
    }
    let of_later = stretch.later_months().map(|months| {
        format!(
            "{} WHERE r.month IN ({months}) AND r.version_number > 1 AND {}",
            any_version(bundle, &months),
            between(LODGED, first, last)
        )
    });
    let all: Vec<String> = of_first.into_iter().chain(of_later).collect();
    let undecided = undecided("u", &stretch.months()?);
    Some(format!("SELECT * FROM ({}) u WHERE {undecided} {order}", all.join(" UNION ALL ")))
}

/// The query of the items of any version of declarations that rest in the months, as [`cases`] takes them, to be narrowed
/// to those months. A later version is named after the first, or after itself when that was never lodged.
pub(crate) fn any_version(bundle: &Bundle, months: &str) -> String {
    let (naming, first) = named_by_first(months);
    format!("SELECT {}, {naming} FROM {DECLARATION_ITEM} r {first}", listed(bundle))
}

/// The query of what names the consignments of all versions lodged on some days, as [`Naming`] takes it.
pub(super) fn named(lodged: &Stretch) -> String {
    let own = named_by_itself();
    let (naming, first) = named_by_first(&lodged.months().unwrap_or_else(|| "''".to_owned()));
    let lodged = lodged.condition();
    format!(
        "SELECT {own} FROM declaration r WHERE r.version_number = 1 AND {lodged} UNION ALL \
         SELECT {naming} FROM declaration r {first} WHERE r.version_number > 1 AND {lodged}"
    )
}

/// What names the consignment of a first version `r`.
fn named_by_itself() -> String {
    NAMING.map(|(column, name)| format!("r.{column} AS {name}")).join(", ")
}

/// What names the consignment of a later version `r`, which rests in one of the months, and the join that it needs.
fn named_by_first(months: &str) -> (String, String) {
    let naming = NAMING.map(|(column, name)| {
        format!("CASE WHEN f.version_number IS NULL THEN r.{column} ELSE f.{column} END AS {name}")
    });
    let join = format!(
        "LEFT JOIN declaration f ON f.month = r.month AND f.month IN ({months}) \
         AND f.declaration_id = r.declaration_id AND f.version_number = 1"
    );
    (naming.join(", "), join)
}

fn listed(bundle: &Bundle) -> String {
    let columns = columns(bundle).into_iter().map(|c| format!("r.\"{c}\""));
    let lodged_on = format!("CAST({LODGED} AS DATE) AS lodged_on");
    columns.chain([lodged_on]).collect::<Vec<_>>().join(", ")
}

/// Columns read for each item: what the bundle reads and what deciding needs.
fn columns(bundle: &Bundle) -> Vec<String> {
    let mut columns = bundle.inputs();
    columns.extend(NEEDED.iter().map(|c| (*c).to_owned()));
    columns.sort();
    columns.dedup();
    columns
}

/// Groups rows of items, ordered by declaration and version, into cases.
pub(crate) fn cases(rows: &RecordBatch, grades: &Grades, root_key: &RootKey) -> Result<Vec<Case>, JobError> {
    let (months, ids) = (text(rows, "month")?, text(rows, "declaration_id")?);
    let (offices, importers) = (text(rows, "office_id")?, text(rows, "importer_id")?);
    let naming = Naming::of(rows)?;
    let (versions, accepted) = (integers(rows, "version_number")?, moments(rows, "accepted_at")?);
    let mut cases: Vec<Case> = Vec::new();
    for row in 0..rows.num_rows() {
        let (id, version) = (ids.value(row), versions.value(row));
        if let Some(last) = cases.last_mut()
            && last.declaration_id == id
            && last.version == version
        {
            last.items.end = row + 1;
            continue;
        }
        let importer = importers.is_valid(row).then(|| importers.value(row).to_owned());
        let micros = accepted.value(row);
        let moment = DateTime::from_timestamp_micros(micros).filter(|_| accepted.is_valid(row));
        cases.push(Case {
            month: months.value(row).to_owned(),
            declaration_id: id.to_owned(),
            version,
            accepted_at: moment.ok_or_else(|| wrong_type("accepted_at"))?,
            office: if offices.is_valid(row) { offices.value(row).to_owned() } else { String::new() },
            grade: grades.at(importer.as_deref(), micros).to_owned(),
            importer,
            root: naming.consignment(row).root(root_key.expose()),
            items: row..row + 1,
        });
    }
    Ok(cases)
}

/// What names consignments, by row.
pub(super) struct Naming {
    loads: StringArray,
    rows: Int64Array,
    consignees: StringArray,
    documents: StringArray,
}

impl Naming {
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, JobError> {
        let [(_, load), (_, row), (_, consignee), (_, document)] = NAMING;
        Ok(Self {
            loads: text(batch, load)?,
            rows: integers(batch, row)?,
            consignees: text(batch, consignee)?,
            documents: text(batch, document)?,
        })
    }

    pub(super) fn consignment(&self, row: usize) -> Consignment<'_> {
        if self.consignees.is_valid(row) && self.documents.is_valid(row) {
            let (consignee, document) = (self.consignees.value(row), self.documents.value(row));
            Consignment::Carried { consignee, document }
        } else {
            Consignment::Lodged { load: self.loads.value(row), row: self.rows.value(row) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, TimestampMicrosecondArray};
    use std::sync::Arc;

    /// A row of `enterprise` of one trader: the moment of effect, that of the load, load, row, and grade.
    type Row = (Option<i64>, Option<i64>, &'static str, i64, &'static str);

    fn grades(rows: &[Row]) -> Grades {
        let moments = |of: fn(&Row) -> Option<i64>| -> ArrayRef {
            Arc::new(rows.iter().map(of).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        };
        let texts = |of: fn(&Row) -> &'static str| -> ArrayRef {
            Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
        };
        let numbers: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.3)).collect::<Int64Array>());
        let batch = RecordBatch::try_from_iter([
            ("enterprise_id", texts(|_| "E1")),
            ("grade_effective_at", moments(|row| row.0)),
            ("loaded_at", moments(|row| row.1)),
            ("load_id", texts(|row| row.2)),
            ("source_row", numbers),
            ("grade_code", texts(|row| row.4)),
        ]);
        Grades::of(&[batch.unwrap()]).unwrap()
    }

    #[test]
    fn of_grades_of_one_moment_the_one_loaded_last_holds() {
        let mut rows: Vec<Row> = vec![
            (None, None, "old", 1, "conventional"),
            (Some(100), None, "old", 2, "seriously-dishonest"),
            (Some(100), Some(5), "z", 1, "dishonest"),
            (Some(100), Some(6), "a", 1, "certified"),
            (Some(100), Some(6), "a", 2, "advanced-certified"),
            (Some(200), Some(1), "a", 3, "certified"),
        ];
        for _ in 0..rows.len() {
            rows.rotate_left(1);
            let grades = grades(&rows);
            let at = |micros| grades.at(Some("E1"), micros);
            assert_eq!(
                [at(99), at(100), at(199), at(200)],
                ["conventional", "advanced-certified", "advanced-certified", "certified"]
            );
            assert_eq!((grades.at(Some("E2"), 100), grades.at(None, 100)), ("unknown", "unknown"));
        }
    }
}
