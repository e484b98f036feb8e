//! The feature set: checked, compiled, ready for batches.

use super::definition::{
    CheckFeaturesError, FeatureSource, FileFeature, FileProfile, FileSet, FileTraining, ForestChoice,
    Statistic, TrainingSettings,
};
use super::key::ProfileSecret;
use crate::expr::{Expected, Expression, Location, compile};
use crate::model::{FeatureNames, Monotone};
use crate::template;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::Spanned;

/// A profile of the set.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Name in the file.
    pub name: String,
    /// What a key stands for, with `{column}` for the values of a record: `HS {commodity_hs6}`.
    pub title: String,
    /// Columns of the key; none for a profile of everything.
    pub key: Vec<String>,
    /// Whether only the first record of equal goods counts.
    pub once_per_goods: bool,
    /// How many inspections the rate of the parent weighs.
    pub strength: f64,
    /// Position of the profile whose rate this one starts from; it comes before this one.
    pub parent: Option<usize>,
    /// What is measured, when the profile keeps usual values instead of results of inspections.
    pub measure: Option<Expression>,
}

/// A feature of the set.
#[derive(Debug, Clone)]
pub struct Feature {
    /// Name in the file and in the model.
    pub name: String,
    /// What it is, in the words of an officer.
    pub title: String,
    /// Unit of its values, with `{column}` for the values of a record, such as the currency of an amount.
    pub unit: Option<String>,
    /// Where it comes from.
    pub source: FeatureSource,
    /// Which forest reads it.
    pub forest: ForestChoice,
}

/// Computed columns, profiles and features, and how a model is trained on them.
#[derive(Debug, Clone)]
pub struct FeatureSet {
    /// Name in the file.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The file as it was read; its bytes are a component of a bundle.
    pub text: String,
    /// Profiles, parents before children.
    pub profiles: Vec<Profile>,
    /// Features, in the order of the matrix.
    pub features: Vec<Feature>,
    /// Columns that say which records are of equal goods.
    pub goods: Vec<String>,
    /// Revenue at stake, in the currency of the prices.
    pub revenue: Expression,
    /// Revenue that counts as much as one more finding, in the same currency; none when revenue counts nothing.
    pub finding_worth: Option<f64>,
    /// Findings with a recorded amount from which on it is learnt what an inspection brings; none when it is never learnt,
    /// and what is at stake stands for it.
    pub least_recoveries: Option<usize>,
    /// Rate of discrepancies before anything was inspected.
    pub initial_rate: f64,
    /// How the forest that decides is trained.
    pub training: TrainingSettings,
    /// How the ablation is trained, when there is one.
    pub ablation: Option<TrainingSettings>,
    /// Under which profiles keep their keys, if they do.
    pub secret: Option<ProfileSecret>,
    pub(super) derived: Vec<(String, Expression)>,
    pub(super) columns: Vec<Expression>,
}

impl FeatureSet {
    /// The same set, with keys of profiles under a secret. What profiles know of a record does not depend on it.
    #[must_use]
    pub fn keyed(self, secret: ProfileSecret) -> Self {
        Self { secret: Some(secret), ..self }
    }

    /// Reads and checks a file over records with the columns of `schema`; `file` is its name for errors.
    ///
    /// # Errors
    /// When the file is not a feature set; the error names file, line and what would be right.
    pub fn parse(file: &str, text: &str, schema: &SchemaRef) -> Result<Self, CheckFeaturesError> {
        let parsed: FileSet = toml::from_str(text)
            .map_err(|e| CheckFeaturesError::Syntax { file: file.to_owned(), cause: e.to_string() })?;
        let mut checker = Checker { file, text, schema: schema.clone() };
        let mut derived = Vec::new();
        for column in &parsed.derive {
            if checker.schema.field_with_name(&column.name).is_ok() {
                return Err(checker.wrong("column", &column.name, "is there already; give it another name"));
            }
            let expression = checker.compile(&column.sql, Expected::Any)?;
            checker.add_column(&column.name, expression.data_type());
            derived.push((column.name.clone(), expression));
        }
        checker.columns("column", "goods", &parsed.goods)?;
        let mut profiles = Vec::new();
        for profile in parsed.profile {
            profiles.push(checker.profile(profile, &profiles)?);
        }
        let (features, columns, monotone) = checker.features(parsed.feature, &profiles)?;
        let set = Self {
            revenue: checker.compile(&parsed.revenue, Expected::Number)?,
            training: parsed.training.settings(named(&features, &monotone, ForestChoice::Decision)),
            ablation: parsed.ablation.map(|a: FileTraining| a.settings(BTreeMap::new())),
            name: parsed.name,
            description: parsed.description,
            text: text.to_owned(),
            goods: parsed.goods,
            finding_worth: parsed.finding_worth,
            least_recoveries: parsed.least_recoveries,
            initial_rate: parsed.initial_rate,
            profiles,
            features,
            secret: None,
            derived,
            columns,
        };
        if !(set.initial_rate > 0.0 && set.initial_rate < 1.0) {
            return Err(checker.wrong("column", "initial_rate", "must lie between 0 and 1"));
        }
        if set.finding_worth.is_some_and(|worth| !(worth > 0.0 && worth.is_finite())) {
            return Err(checker.wrong("column", "finding_worth", "must be an amount above 0"));
        }
        if set.least_recoveries.is_some_and(|least| least < 2) {
            return Err(checker.wrong("column", "least_recoveries", "must be at least 2"));
        }
        Ok(set)
    }

    /// Where a record stands among others: `1 - (1 - score)^(1 + stake / worth)`. For small scores that is
    /// `score (1 + stake / worth)`, expected findings plus expected revenue at the price of a finding: the Lagrangian of
    /// finding most and recovering most within the same slots. It stays in [0, 1], grows with both, and is the score itself
    /// where nothing is at stake. The stake is a revenue, not negative.
    pub fn priority(&self, score: f64, stake: f64) -> f64 {
        match self.finding_worth {
            None => score,
            Some(worth) => -libm::expm1((1.0 + stake / worth) * libm::log1p(-score)),
        }
    }

    /// Where a record stands among others when it is known what inspecting it is expected to bring:
    /// `1 - (1 - score) exp(-revenue / worth)`, which for small figures is `score + revenue / worth`, the same Lagrangian
    /// as that of [`FeatureSet::priority`] with an estimate in the place of `score x stake`. It stays in [0, 1], grows with
    /// both, and is the score itself where nothing is expected. The revenue is not negative.
    pub fn priority_of_revenue(&self, score: f64, revenue: f64) -> f64 {
        match self.finding_worth {
            None => score,
            Some(worth) => -libm::expm1(libm::log1p(-score) - revenue / worth),
        }
    }

    /// Columns of a record that the set reads, sorted, without those it computes.
    pub fn inputs(&self) -> Vec<String> {
        let expressions = self
            .derived
            .iter()
            .map(|(_, e)| e)
            .chain(&self.columns)
            .chain(self.profiles.iter().filter_map(|p| p.measure.as_ref()))
            .chain([&self.revenue]);
        let read =
            expressions.flat_map(|e| e.columns().iter()).chain(self.profiles.iter().flat_map(|p| &p.key));
        let units = self.features.iter().filter_map(|f| f.unit.as_deref()).flat_map(template::columns);
        let mut names: Vec<String> = read
            .chain(&self.goods)
            .map(String::as_str)
            .chain(units)
            .filter(|name| !self.derived.iter().any(|(derived, _)| derived == *name))
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether a computed feature is a truth value, 1 or 0.
    pub(crate) fn is_truth(&self, column: usize) -> bool {
        self.columns[column].data_type() == &DataType::Boolean
    }

    /// Names and types of the columns that the set computes.
    pub(crate) fn computed_columns(&self) -> impl Iterator<Item = (&str, DataType)> {
        self.derived.iter().map(|(name, expression)| (name.as_str(), expression.data_type().clone()))
    }

    /// Names of the features a forest reads, in the order of the matrix.
    ///
    /// # Errors
    /// When the names are not distinct, which [`FeatureSet::parse`] excludes.
    pub fn names(&self, forest: ForestChoice) -> Result<FeatureNames, crate::model::FeatureMatrixError> {
        FeatureNames::new(self.read_by(forest).map(|f| f.name.clone()).collect())
    }

    /// Features a forest reads.
    pub fn read_by(&self, forest: ForestChoice) -> impl Iterator<Item = &Feature> {
        self.features.iter().filter(move |f| f.forest == ForestChoice::Both || f.forest == forest)
    }
}

fn named(
    features: &[Feature],
    monotone: &BTreeMap<String, Monotone>,
    forest: ForestChoice,
) -> BTreeMap<String, Monotone> {
    let reads = |name: &String| {
        features.iter().any(|f| &f.name == name && (f.forest == forest || f.forest == ForestChoice::Both))
    };
    monotone.iter().filter(|(name, _)| reads(name)).map(|(n, m)| (n.clone(), *m)).collect()
}

struct Checker<'a> {
    file: &'a str,
    text: &'a str,
    schema: SchemaRef,
}

type CheckedFeatures = (Vec<Feature>, Vec<Expression>, BTreeMap<String, Monotone>);

impl Checker<'_> {
    fn wrong(&self, what: &'static str, name: &str, problem: impl Into<String>) -> CheckFeaturesError {
        CheckFeaturesError::Definition {
            file: self.file.to_owned(),
            what,
            name: name.to_owned(),
            problem: problem.into(),
        }
    }

    fn compile(&self, sql: &Spanned<String>, expected: Expected) -> Result<Expression, CheckFeaturesError> {
        let at = location(self.file, self.text, sql.span().start);
        Ok(compile(sql.get_ref(), &self.schema, expected, &at)?)
    }

    fn add_column(&mut self, name: &str, data_type: &DataType) {
        let mut fields: Vec<Field> = self.schema.fields().iter().map(|f| f.as_ref().clone()).collect();
        fields.push(Field::new(name, data_type.clone(), true));
        self.schema = Arc::new(Schema::new(fields));
    }

    fn columns(&self, what: &'static str, name: &str, columns: &[String]) -> Result<(), CheckFeaturesError> {
        match columns.iter().find(|c| self.schema.field_with_name(c).is_err()) {
            None => Ok(()),
            Some(column) => {
                Err(self.wrong(what, name, format!("names the column `{column}`, which is not there")))
            }
        }
    }

    fn profile(&self, file: FileProfile, before: &[Profile]) -> Result<Profile, CheckFeaturesError> {
        let name = file.name.as_str();
        if before.iter().any(|p| p.name == name) {
            return Err(self.wrong("profile", name, "is defined twice"));
        }
        self.columns("profile", name, &file.key)?;
        let parent = match &file.parent {
            None => None,
            Some(parent) => {
                let position = before.iter().position(|p| &p.name == parent && p.measure.is_none());
                let problem =
                    format!("has the parent `{parent}`, which is no profile of results defined before it");
                Some(position.ok_or_else(|| self.wrong("profile", name, problem))?)
            }
        };
        let strength = file.strength.unwrap_or(1.0);
        if !(strength.is_finite() && strength > 0.0) {
            return Err(self.wrong("profile", name, "needs a strength above 0"));
        }
        let measure = file.measure.as_ref().map(|sql| self.compile(sql, Expected::Number)).transpose()?;
        if measure.is_some() && (file.strength.is_some() || parent.is_some()) {
            return Err(self.wrong("profile", name, "measures values; strength and parent are for results"));
        }
        let FileProfile { name, title, key, once_per_goods, .. } = file;
        Ok(Profile { name, title, key, once_per_goods, strength, parent, measure })
    }

    fn features(
        &self,
        files: Vec<FileFeature>,
        profiles: &[Profile],
    ) -> Result<CheckedFeatures, CheckFeaturesError> {
        let (mut features, mut columns, mut monotone) = (Vec::<Feature>::new(), Vec::new(), BTreeMap::new());
        for file in files {
            if features.iter().any(|f| f.name == file.name) {
                return Err(self.wrong("feature", &file.name, "is defined twice"));
            }
            let source = match (&file.sql, &file.profile, file.statistic) {
                (Some(sql), None, None) => {
                    let expression = self.compile(sql, Expected::Any)?;
                    if matches!(
                        expression.data_type(),
                        DataType::Utf8 | DataType::Timestamp(..) | DataType::Date32
                    ) {
                        return Err(self.wrong(
                            "feature",
                            &file.name,
                            "is no number; a text can be a profile's key",
                        ));
                    }
                    columns.push(expression);
                    FeatureSource::Column { index: columns.len() - 1 }
                }
                (None, Some(profile), Some(statistic)) => {
                    self.statistic(&file.name, profile, statistic, profiles)?
                }
                _ => {
                    return Err(self.wrong(
                        "feature",
                        &file.name,
                        "needs either `sql`, or `profile` and `statistic`",
                    ));
                }
            };
            if let Some(direction) = file.monotone {
                monotone.insert(file.name.clone(), direction);
            }
            if let Some(unit) = &file.unit {
                let named: Vec<String> = template::columns(unit).map(str::to_owned).collect();
                self.columns("feature", &file.name, &named)?;
            }
            let title = file.title.unwrap_or_else(|| file.name.replace('_', " "));
            features.push(Feature { name: file.name, title, unit: file.unit, source, forest: file.forest });
        }
        if features.is_empty() {
            return Err(self.wrong("feature", "", "is missing; a set needs at least one"));
        }
        Ok((features, columns, monotone))
    }

    fn statistic(
        &self,
        feature: &str,
        profile: &str,
        statistic: Statistic,
        profiles: &[Profile],
    ) -> Result<FeatureSource, CheckFeaturesError> {
        let Some(position) = profiles.iter().position(|p| p.name == profile) else {
            return Err(self.wrong(
                "feature",
                feature,
                format!("names the profile `{profile}`, which is not there"),
            ));
        };
        let of_values = matches!(statistic, Statistic::Distance | Statistic::Deviation | Statistic::Seen);
        if of_values != profiles[position].measure.is_some() {
            let problem = "asks a profile of results for a statistic of values, or the other way round";
            return Err(self.wrong("feature", feature, problem));
        }
        Ok(FeatureSource::Profile { profile: position, statistic })
    }
}

/// Line and column of a byte offset; the offset of a string points at its quote.
pub(crate) fn location(file: &str, text: &str, offset: usize) -> Location {
    let before = &text[..offset.min(text.len())];
    let quotes = text[before.len()..].chars().take_while(|c| *c == '"' || *c == '\'').count();
    let quotes = if quotes >= 3 { 3 } else { quotes.min(1) };
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    Location {
        file: Arc::from(file),
        line: before.matches('\n').count() as u32 + 1,
        column: (before[line_start..].chars().count() + quotes) as u32 + 1,
    }
}
