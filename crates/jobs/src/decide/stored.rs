//! Decisions as they were stored.

use super::packaging::{Opening, asked};
use crate::JobError;
use crate::columns::{column, flags, text, wrong_type};
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{ArrowPrimitiveType, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tidegate_query::{Platform, Principal};
use tidegate_risk::treatment::{PortCheck, Refusal, Treatment};

/// A reason of a decision.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct KeptReason {
    /// Goods item; none for the whole declaration.
    pub goods_item: Option<i64>,
    /// `rule`, `revenue` or `model`.
    pub kind: String,
    /// Id of the rule, `expected_revenue`, or names of the features.
    pub name: String,
    /// What it moved the log-odds by; none but for the model.
    pub contribution: Option<f64>,
    /// The sentence.
    pub sentence: String,
}

/// A goods item of a stored decision.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct StoredItem {
    /// Number of the goods item.
    pub goods_item: i64,
    /// Log-odds.
    pub margin: f64,
    /// Calibrated probability.
    pub probability: f64,
    /// Probability raised by rules.
    pub score: f64,
    /// Row of features, in the order of the bundle.
    #[serde(skip)]
    pub features: Vec<f32>,
    /// Rules whose condition is true of the item.
    pub rules: Vec<String>,
}

/// A decision as it was stored: the columns of the table `decision`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[expect(
    missing_docs,
    clippy::struct_excessive_bools,
    reason = "columns, which the table definition describes"
)]
pub struct StoredDecision {
    pub declaration_id: String,
    pub version: i64,
    pub run: i64,
    pub decided_at: DateTime<Utc>,
    pub accepted_at: DateTime<Utc>,
    pub listed_on: String,
    pub office: String,
    pub importer: Option<String>,
    pub grade: String,
    pub root: String,
    pub period: String,
    pub commitment: i64,
    pub bundle: String,
    pub policy_state: i64,
    pub semantics: i64,
    pub score: f64,
    /// Score raised by what is at stake.
    pub priority: f64,
    pub guaranteed: f64,
    pub floor: f64,
    pub multiplier: f64,
    pub exploration: f64,
    pub ramp: f64,
    pub probability: f64,
    pub weight: f64,
    pub protected: f64,
    pub draw: f64,
    pub tau: f64,
    pub realised_probability: f64,
    pub component: String,
    pub in_floor: bool,
    pub candidate: bool,
    pub suppressed: bool,
    pub selected: bool,
    pub queued: bool,
    pub lane: String,
    #[serde(skip)]
    pub reinspected: bool,
    #[serde(skip)]
    pub reinspection_probability: f64,
    pub held: bool,
    pub in_sample: bool,
    pub directive: Option<String>,
    pub rules: Vec<String>,
    pub reasons: Vec<KeptReason>,
    pub opening: Option<Opening>,
    pub items: Vec<StoredItem>,
}

/// Reads decisions and their items by a condition on the columns of `decision` and the months that they lie in, a list of
/// SQL, both of which the caller has made; in the order of declaration and version.
pub(crate) async fn read(
    platform: &Platform,
    condition: &str,
    months: &str,
) -> Result<Vec<StoredDecision>, JobError> {
    let mut items = read_items(platform, condition, months).await?;
    let sql = format!(
        "SELECT * FROM decision WHERE {condition} ORDER BY declaration_id, version_number, run_number"
    );
    let mut all = Vec::new();
    for batch in platform.plan_for(&Principal::LocalOwner, "job replay", &sql).await?.collect().await? {
        let columns = Columns(&batch);
        for row in 0..batch.num_rows() {
            let mut decision = columns.decision(row)?;
            let key = (decision.declaration_id.clone(), decision.version, decision.run);
            decision.items = items.remove(&key).unwrap_or_default();
            all.push(decision);
        }
    }
    Ok(all)
}

type ItemKey = (String, i64, i64);

async fn read_items(
    platform: &Platform,
    condition: &str,
    months: &str,
) -> Result<HashMap<ItemKey, Vec<StoredItem>>, JobError> {
    let sql = format!(
        "SELECT i.* FROM decision_item i JOIN (SELECT * FROM decision WHERE {condition}) d ON d.month = i.month \
         AND d.declaration_id = i.declaration_id AND d.version_number = i.version_number \
         AND d.run_number = i.run_number WHERE i.month IN ({months}) ORDER BY i.goods_item_seq"
    );
    let mut items: HashMap<ItemKey, Vec<StoredItem>> = HashMap::new();
    for batch in platform.plan_for(&Principal::LocalOwner, "job replay", &sql).await?.collect().await? {
        let columns = Columns(&batch);
        let features = column(&batch, "features")?;
        let features = features.as_list_opt::<i32>().ok_or_else(|| wrong_type("features"))?;
        for row in 0..batch.num_rows() {
            let key = (
                columns.text("declaration_id", row)?,
                columns.number::<Int64Type>("version_number", row)?,
                columns.number::<Int64Type>("run_number", row)?,
            );
            items.entry(key).or_default().push(StoredItem {
                goods_item: columns.number::<Int64Type>("goods_item_seq", row)?,
                margin: columns.number::<Float64Type>("margin", row)?,
                probability: columns.number::<Float64Type>("probability", row)?,
                score: columns.number::<Float64Type>("score", row)?,
                features: features.value(row).as_primitive::<Float32Type>().values().to_vec(),
                rules: columns.texts("rules", row)?,
            });
        }
    }
    Ok(items)
}

/// Typed access to the columns of a batch.
pub(super) struct Columns<'a>(pub(super) &'a RecordBatch);

impl Columns<'_> {
    fn get(&self, name: &str) -> Result<ArrayRef, JobError> {
        column(self.0, name)
    }

    fn strings(&self, name: &str) -> Result<StringArray, JobError> {
        text(self.0, name)
    }

    pub(super) fn text(&self, name: &str, row: usize) -> Result<String, JobError> {
        Ok(self.strings(name)?.value(row).to_owned())
    }

    pub(super) fn optional(&self, name: &str, row: usize) -> Result<Option<String>, JobError> {
        let strings = self.strings(name)?;
        Ok(strings.is_valid(row).then(|| strings.value(row).to_owned()))
    }

    pub(super) fn number<T: ArrowPrimitiveType>(
        &self,
        name: &str,
        row: usize,
    ) -> Result<T::Native, JobError> {
        let numbers: PrimitiveArray<T> =
            self.get(name)?.as_primitive_opt::<T>().ok_or_else(|| wrong_type(name))?.clone();
        Ok(numbers.value(row))
    }

    fn moment(&self, name: &str, row: usize) -> Result<DateTime<Utc>, JobError> {
        let micros = self.number::<TimestampMicrosecondType>(name, row)?;
        DateTime::from_timestamp_micros(micros).ok_or_else(|| wrong_type(name))
    }

    pub(super) fn flag(&self, name: &str, row: usize) -> Result<bool, JobError> {
        Ok(flags(self.0, name)?.value(row))
    }

    fn texts(&self, name: &str, row: usize) -> Result<Vec<String>, JobError> {
        let list = self.get(name)?;
        let list = list.as_list_opt::<i32>().ok_or_else(|| wrong_type(name))?;
        Ok(list.value(row).as_string::<i32>().iter().flatten().map(str::to_owned).collect())
    }

    fn reasons(&self, row: usize) -> Result<Vec<KeptReason>, JobError> {
        let list = self.get("reasons")?;
        let list = list.as_list_opt::<i32>().ok_or_else(|| wrong_type("reasons"))?;
        let fields = RecordBatch::from(list.value(row).as_struct().clone());
        let columns = Columns(&fields);
        let items = columns.get("goods_item_seq")?;
        let moved = columns.get("contribution")?;
        (0..fields.num_rows())
            .map(|i| {
                Ok(KeptReason {
                    goods_item: items.is_valid(i).then(|| items.as_primitive::<Int64Type>().value(i)),
                    kind: columns.text("kind", i)?,
                    name: columns.text("name", i)?,
                    contribution: moved.is_valid(i).then(|| moved.as_primitive::<Float64Type>().value(i)),
                    sentence: columns.text("sentence", i)?,
                })
            })
            .collect()
    }

    /// Decisions from before there were treatments have none.
    fn opening(&self, row: usize) -> Result<Option<Opening>, JobError> {
        let Some(code) = self.optional("treatment_code", row)? else { return Ok(None) };
        let unknown = |what: &str| JobError::Missing(format!("the table decision holds an unknown {what}"));
        if code != "destination" {
            let reason = self.optional("treatment_reason", row)?.unwrap_or_default();
            let refusal = Refusal::of_code(&reason).ok_or_else(|| unknown("treatment_reason"))?;
            return Ok(Some(Opening::Port(refusal)));
        }
        let check = self.optional("treatment_port_check", row)?.unwrap_or_default();
        let deadline = self.optional("treatment_deadline", row)?.unwrap_or_default();
        let (environment, officers) = asked(self.0, row)?;
        Ok(Some(Opening::Destination(Treatment {
            port_check: PortCheck::of_code(&check).ok_or_else(|| unknown("treatment_port_check"))?,
            site: self.optional("treatment_site_id", row)?.unwrap_or_default(),
            environment,
            officers,
            deadline: deadline.parse().map_err(|_| unknown("treatment_deadline"))?,
        })))
    }

    fn decision(&self, row: usize) -> Result<StoredDecision, JobError> {
        let real = |name| self.number::<Float64Type>(name, row);
        let integer = |name| self.number::<Int64Type>(name, row);
        Ok(StoredDecision {
            declaration_id: self.text("declaration_id", row)?,
            version: integer("version_number")?,
            run: integer("run_number")?,
            decided_at: self.moment("decided_at", row)?,
            accepted_at: self.moment("accepted_at", row)?,
            listed_on: self.text("listed_on", row)?,
            office: self.text("office_id", row)?,
            importer: self.optional("importer_id", row)?,
            grade: self.text("grade_code", row)?,
            root: self.text("root_id", row)?,
            period: self.text("period", row)?,
            commitment: integer("commitment_sequence")?,
            bundle: self.text("bundle_hash", row)?,
            policy_state: integer("policy_state_version")?,
            semantics: integer("semantics_version")?,
            score: real("score")?,
            priority: real("priority")?,
            guaranteed: real("guaranteed_probability")?,
            floor: real("floor_probability")?,
            multiplier: real("multiplier")?,
            exploration: real("exploration")?,
            ramp: real("ramp")?,
            probability: real("inclusion_probability")?,
            weight: real("weight")?,
            protected: real("protected_probability")?,
            draw: real("draw")?,
            tau: real("tau")?,
            realised_probability: real("realised_probability")?,
            component: self.text("component_code", row)?,
            in_floor: self.flag("is_in_floor", row)?,
            candidate: self.flag("is_candidate", row)?,
            suppressed: self.flag("is_suppressed", row)?,
            selected: self.flag("is_selected", row)?,
            queued: self.flag("is_queued", row)?,
            lane: self.text("lane_code", row)?,
            reinspected: self.flag("is_reinspected", row)?,
            reinspection_probability: real("reinspection_probability")?,
            held: self.flag("is_held", row)?,
            in_sample: self.flag("is_in_sample", row)?,
            directive: self.optional("directive", row)?,
            rules: self.texts("rules", row)?,
            reasons: self.reasons(row)?,
            opening: self.opening(row)?,
            items: Vec::new(),
        })
    }
}
