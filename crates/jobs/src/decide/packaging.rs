//! Special packaging as a run knows it: filings, goods of those who filed, what was treated before, and what was recorded
//! of it.

use super::cases::Case;
use super::rows::Value;
use crate::JobError;
use crate::answer::Answer;
use crate::columns::{column, text, wrong_type};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_query::{Platform, Principal};
use tidegate_records::table::MEASURE_DECIMALS;
use tidegate_risk::decision::{Proposal, Settled};
use tidegate_risk::selection::SelectionPolicy;
use tidegate_risk::treatment::{
    Band, DeclaredItem, Environment, Filing, LossCause, Losses, Measured, Opened, Refusal, Seen, Treatable,
    Treated, Treatment, TreatmentPolicy, known, treat,
};

/// Where a selected consignment is opened.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opening {
    /// At a filed destination.
    Destination(Treatment),
    /// At the port, for a reason.
    Port(Refusal),
}

impl Opening {
    /// The treatment of a consignment that is opened at its destination.
    pub fn treatment(&self) -> Option<&Treatment> {
        match self {
            Self::Destination(treatment) => Some(treatment),
            Self::Port(_) => None,
        }
    }

    /// Code in the tables.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Destination(_) => "destination",
            Self::Port(_) => "port",
        }
    }
}

/// A consignment that was treated, with the run and the day of the work list.
struct Logged {
    run: i64,
    listed_on: NaiveDate,
    treated: Treated,
}

/// What a run knows.
#[derive(Default)]
pub(crate) struct Packaging {
    /// By enterprise.
    filings: BTreeMap<String, Vec<Filing>>,
    /// Goods of declarations of those who filed, by declaration and version.
    goods: HashMap<(String, i64), Vec<DeclaredItem>>,
    /// In the order of runs and days.
    logged: Vec<Logged>,
    /// By declaration.
    seen: BTreeMap<String, Vec<Seen>>,
}

impl Packaging {
    /// Reads what a run up to a number knows that decides from a first day on; `lodged` is a condition on the declarations
    /// `r` that it decides.
    pub(crate) async fn read(
        platform: &Platform,
        purpose: &str,
        policy: &SelectionPolicy,
        (run, first): (i64, NaiveDate),
        lodged: &str,
    ) -> Result<Self, JobError> {
        let reach = policy.treatments.iter().map(|t| t.suspension_days + t.deadline_days).max();
        let Some(reach) = reach else { return Ok(Self::default()) };
        // What was recorded earlier can suspend nobody, nor say of somebody suspended that the goods arrived.
        let since = first.checked_sub_days(Days::new(u64::from(reach) + 2));
        let filings = filings(platform, purpose).await?;
        if filings.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self {
            filings,
            goods: goods(platform, purpose, lodged).await?,
            logged: logged(platform, purpose, run).await?,
            seen: seen(platform, purpose, since).await?,
        })
    }

    /// What the next run of the same process knows, which decides other declarations: what was treated since is
    /// [remembered](Self::remember).
    pub(super) async fn go_on(
        self,
        platform: &Platform,
        purpose: &str,
        lodged: &str,
    ) -> Result<Self, JobError> {
        if self.filings.is_empty() {
            return Ok(self);
        }
        Ok(Self { goods: goods(platform, purpose, lodged).await?, ..self })
    }

    /// Losses that are known when a day of a run begins.
    pub(crate) fn losses(&self, run: i64, day: NaiveDate) -> Losses {
        let before = |l: &&Logged| l.run < run || (l.run == run && l.listed_on < day);
        // The newest decision about a declaration holds.
        Losses::known(self.logged.iter().rev().filter(before).map(|l| &l.treated), &self.seen, day)
    }

    /// Where a consignment is opened; none when it is not selected, or the policy knows no special packaging.
    pub(crate) fn opening(
        &self,
        policy: &SelectionPolicy,
        case: &Case,
        proposal: &Proposal,
        settled: &Settled,
        day: NaiveDate,
        losses: &Losses,
    ) -> Option<Opening> {
        if !settled.selected || policy.treatments.is_empty() {
            return None;
        }
        let importer = case.importer.as_deref().unwrap_or_default();
        let filings = known(self.filings.get(importer).into_iter().flatten(), day);
        let items = self.goods.get(&(case.declaration_id.clone(), case.version));
        let treatable = Treatable {
            grade: &case.grade,
            accepted_on: case.accepted_at.date_naive(),
            decided_on: day,
            lane: settled.lane,
            is_mandatory: proposal.least_lane.is_inspection() || proposal.held,
            items: items.map_or(&[], Vec::as_slice),
            filings: &filings,
        };
        let lost = |policy: &TreatmentPolicy| losses.suspending(importer, day, policy.suspension_days);
        Some(treat(&policy.treatments, &treatable, lost).map_or_else(Opening::Port, Opening::Destination))
    }

    /// Keeps what was treated on a day.
    pub(super) fn remember<'c>(
        &mut self,
        run: i64,
        day: NaiveDate,
        openings: impl Iterator<Item = (&'c Case, Option<&'c Opening>)>,
    ) {
        for (case, opening) in openings {
            if let Some(Opening::Destination(treatment)) = opening {
                let treated = Treated {
                    enterprise: case.importer.clone().unwrap_or_default(),
                    declaration: case.declaration_id.clone(),
                    deadline: treatment.deadline,
                    environment: treatment.environment,
                    officers: treatment.officers,
                };
                self.logged.push(Logged { run, listed_on: day, treated });
            }
        }
    }
}

/// Values of the columns that say where a consignment is opened.
pub(super) fn opening_values(opening: Option<&Opening>) -> Vec<(&'static str, Value<'_>)> {
    let treatment = opening.and_then(Opening::treatment);
    let reason = match opening {
        Some(Opening::Port(refusal)) => Value::Text(refusal.code()),
        _ => Value::Absent,
    };
    let environment = treatment.map(|t| t.environment).unwrap_or_default();
    let real = |value: Option<f64>| value.map_or(Value::Absent, Value::Real);
    let integer = |value: Option<i64>| value.map_or(Value::Absent, Value::Integer);
    let Environment { temperature_c, humidity_percent, cleanliness_class } = environment;
    vec![
        ("treatment_code", opening.map_or(Value::Absent, |o| Value::Text(o.code()))),
        ("treatment_reason", reason),
        ("treatment_port_check", treatment.map_or(Value::Absent, |t| Value::Text(t.port_check.code()))),
        ("treatment_site_id", treatment.map_or(Value::Absent, |t| Value::Text(&t.site))),
        ("treatment_deadline", treatment.map_or(Value::Absent, |t| Value::Owned(t.deadline.to_string()))),
        ("treatment_officers", integer(treatment.map(|t| i64::from(t.officers)))),
        ("treatment_temperature_low_c", real(temperature_c.low)),
        ("treatment_temperature_high_c", real(temperature_c.high)),
        ("treatment_humidity_low_percent", real(humidity_percent.low)),
        ("treatment_humidity_high_percent", real(humidity_percent.high)),
        ("treatment_cleanliness_class", integer(cleanliness_class.map(i64::from))),
    ]
}

async fn filings(platform: &Platform, purpose: &str) -> Result<BTreeMap<String, Vec<Filing>>, JobError> {
    let sql = "SELECT * FROM special_filing ORDER BY filing_id, recorded_at, load_id, source_row";
    let mut filings: BTreeMap<String, Vec<Filing>> = BTreeMap::new();
    for batch in platform.plan_for(&Principal::LocalOwner, purpose, sql).await?.collect().await? {
        for row in 0..batch.num_rows() {
            let filing = filing(&batch, row)?;
            filings.entry(filing.enterprise.clone()).or_default().push(filing);
        }
    }
    Ok(filings)
}

fn filing(batch: &RecordBatch, row: usize) -> Result<Filing, JobError> {
    let text = |name| Ok::<_, JobError>(text(batch, name)?.value(row).to_owned());
    let day = |name| Ok::<_, JobError>(moment(batch, name, row)?.date_naive());
    let decimal = |name| measure(batch, name, row);
    Ok(Filing {
        id: text("filing_id")?,
        enterprise: text("enterprise_id")?,
        recorded_at: moment(batch, "recorded_at", row)?,
        commodity_prefix: text("commodity_prefix")?,
        handling: text("handling_code")?,
        site: text("site_id")?,
        site_certified_until: day("site_certified_until")?,
        environment: Environment {
            temperature_c: Band { low: decimal("temperature_low_c")?, high: decimal("temperature_high_c")? },
            humidity_percent: Band {
                low: decimal("humidity_low_percent")?,
                high: decimal("humidity_high_percent")?,
            },
            cleanliness_class: class_of_air(batch, "cleanliness_class", row)?,
        },
        valid_from: day("valid_from")?,
        valid_until: day("valid_until")?,
    })
}

/// A value of a column; none where it is absent.
fn value<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    name: &str,
    row: usize,
) -> Result<Option<T::Native>, JobError> {
    let values = column(batch, name)?;
    let values = values.as_primitive_opt::<T>().ok_or_else(|| wrong_type(name))?;
    Ok(values.is_valid(row).then(|| values.value(row)))
}

/// A measure; none where it is absent.
fn measure(batch: &RecordBatch, name: &str, row: usize) -> Result<Option<f64>, JobError> {
    let scaled = value::<Decimal128Type>(batch, name, row)?;
    Ok(scaled.map(|v| v as f64 / 10_f64.powi(i32::from(MEASURE_DECIMALS.1))))
}

/// A class of ISO 14644-1; none where it is absent.
fn class_of_air(batch: &RecordBatch, name: &str, row: usize) -> Result<Option<u8>, JobError> {
    Ok(value::<Int64Type>(batch, name, row)?.and_then(|class| u8::try_from(class).ok()))
}

fn moment(batch: &RecordBatch, name: &str, row: usize) -> Result<DateTime<Utc>, JobError> {
    let micros = value::<TimestampMicrosecondType>(batch, name, row)?;
    micros.and_then(DateTime::from_timestamp_micros).ok_or_else(|| wrong_type(name))
}

async fn goods(
    platform: &Platform,
    purpose: &str,
    lodged: &str,
) -> Result<HashMap<(String, i64), Vec<DeclaredItem>>, JobError> {
    let sql = format!(
        "SELECT i.declaration_id, i.version_number, i.commodity_code, i.handling_requirements FROM goods_item i \
         JOIN declaration r ON r.month = i.month AND r.declaration_id = i.declaration_id \
         AND r.version_number = i.version_number WHERE r.importer_id IN (SELECT enterprise_id FROM special_filing) \
         AND {lodged} ORDER BY i.declaration_id, i.version_number, i.goods_item_seq"
    );
    let mut goods: HashMap<(String, i64), Vec<DeclaredItem>> = HashMap::new();
    for batch in platform.plan_for(&Principal::LocalOwner, purpose, &sql).await?.collect().await? {
        let (ids, commodities) = (text(&batch, "declaration_id")?, text(&batch, "commodity_code")?);
        let handling = column(&batch, "handling_requirements")?;
        let handling = handling.as_list_opt::<i32>().ok_or_else(|| wrong_type("handling_requirements"))?;
        for row in 0..batch.num_rows() {
            let version = value::<Int64Type>(&batch, "version_number", row)?.unwrap_or(1);
            let requirements = RecordBatch::from(handling.value(row).as_struct().clone());
            let codes = text(&requirements, "type_code")?;
            let item = DeclaredItem {
                commodity: commodities.value(row).to_owned(),
                handling: codes.iter().flatten().map(str::to_owned).collect(),
            };
            goods.entry((ids.value(row).to_owned(), version)).or_default().push(item);
        }
    }
    Ok(goods)
}

/// Columns of a decision that say who was treated, and how the goods are to be opened.
pub(crate) const TREATED: [&str; 8] = [
    "importer_id",
    "treatment_deadline",
    "treatment_officers",
    "treatment_temperature_low_c",
    "treatment_temperature_high_c",
    "treatment_humidity_low_percent",
    "treatment_humidity_high_percent",
    "treatment_cleanliness_class",
];

/// The treated consignment of a row with its `declaration_id` and the columns [`TREATED`].
pub(crate) fn treated(batch: &RecordBatch, row: usize) -> Result<Treated, JobError> {
    let deadline = text(batch, "treatment_deadline")?;
    let (environment, officers) = asked(batch, row)?;
    Ok(Treated {
        enterprise: text(batch, "importer_id")?.value(row).to_owned(),
        declaration: text(batch, "declaration_id")?.value(row).to_owned(),
        deadline: deadline.value(row).parse().map_err(|_| wrong_type("treatment_deadline"))?,
        environment,
        officers,
    })
}

/// What a decision asks of an opening: the environment, and the number of officers.
pub(super) fn asked(batch: &RecordBatch, row: usize) -> Result<(Environment, u32), JobError> {
    let real = |name| value::<Float64Type>(batch, name, row);
    let environment = Environment {
        temperature_c: Band {
            low: real("treatment_temperature_low_c")?,
            high: real("treatment_temperature_high_c")?,
        },
        humidity_percent: Band {
            low: real("treatment_humidity_low_percent")?,
            high: real("treatment_humidity_high_percent")?,
        },
        cleanliness_class: class_of_air(batch, "treatment_cleanliness_class", row)?,
    };
    let officers = value::<Int64Type>(batch, "treatment_officers", row)?;
    Ok((environment, officers.and_then(|o| u32::try_from(o).ok()).unwrap_or_default()))
}

/// Consignments treated by runs up to a number.
async fn logged(platform: &Platform, purpose: &str, run: i64) -> Result<Vec<Logged>, JobError> {
    let sql = format!(
        "SELECT run_number, listed_on, declaration_id, {} FROM decision \
         WHERE treatment_code = 'destination' AND run_number <= {run} \
         ORDER BY run_number, listed_on, declaration_id, version_number",
        TREATED.join(", ")
    );
    let answer = Answer::of(platform, purpose, &sql).await?;
    let (runs, days) = (answer.integers("run_number")?, answer.texts("listed_on")?);
    (0..answer.rows())
        .map(|row| {
            let listed_on = days[row].parse().map_err(|_| wrong_type("listed_on"))?;
            Ok(Logged { run: runs[row], listed_on, treated: treated(answer.batch(), row)? })
        })
        .collect()
}

/// Events, and discrepancies that inspections of those who filed recorded, by declaration and in their order; from a day on
/// when one is said.
pub(crate) async fn seen(
    platform: &Platform,
    purpose: &str,
    since: Option<NaiveDate>,
) -> Result<BTreeMap<String, Vec<Seen>>, JobError> {
    let recorded = |alias: &str| match since {
        None => format!("{alias}.recorded_at IS NOT NULL"),
        Some(since) => format!("{alias}.recorded_at >= DATE '{since}'"),
    };
    let events = format!(
        "SELECT e.declaration_id, e.recorded_at, e.event_code, e.temperature_c, e.humidity_percent, \
         e.cleanliness_class, e.officers FROM treatment_event e WHERE {}",
        recorded("e")
    );
    let discrepancies = format!(
        "SELECT i.declaration_id, i.recorded_at FROM inspection i \
         JOIN declaration d ON d.month = i.month AND d.declaration_id = i.declaration_id \
         WHERE d.version_number = 1 AND i.result_code = 'discrepancy' AND {} \
         AND d.importer_id IN (SELECT enterprise_id FROM special_filing)",
        recorded("i")
    );
    let mut seen: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    for (sql, is_event) in [(events, true), (discrepancies, false)] {
        for batch in platform.plan_for(&Principal::LocalOwner, purpose, &sql).await?.collect().await? {
            for row in 0..batch.num_rows() {
                let (code, opened) = if is_event {
                    (text(&batch, "event_code")?.value(row).to_owned(), opened(&batch, row)?)
                } else {
                    (LossCause::Discrepancy.code().to_owned(), Opened::default())
                };
                let declaration = text(&batch, "declaration_id")?.value(row).to_owned();
                let recorded_at = moment(&batch, "recorded_at", row)?;
                let one = Seen { declaration: declaration.clone(), recorded_at, code, opened };
                seen.entry(declaration).or_default().push(one);
            }
        }
    }
    for records in seen.values_mut() {
        records.sort_by(|a, b| (a.recorded_at, &a.code).cmp(&(b.recorded_at, &b.code)));
    }
    Ok(seen)
}

/// What an event says of how goods were opened.
fn opened(batch: &RecordBatch, row: usize) -> Result<Opened, JobError> {
    let officers = column(batch, "officers")?;
    let officers = officers.as_list_opt::<i32>().ok_or_else(|| wrong_type("officers"))?;
    let mut there = BTreeSet::new();
    if officers.is_valid(row) {
        let named = RecordBatch::from(officers.value(row).as_struct().clone());
        there.extend(text(&named, "id")?.iter().flatten().map(str::to_owned));
    }
    let count = u32::try_from(there.len()).ok();
    Ok(Opened {
        measured: Measured {
            temperature_c: measure(batch, "temperature_c", row)?,
            humidity_percent: measure(batch, "humidity_percent", row)?,
            cleanliness_class: class_of_air(batch, "cleanliness_class", row)?,
        },
        officers: count.filter(|count| *count > 0),
    })
}
