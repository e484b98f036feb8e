//! Reading a file of rules: checked, compiled, its examples tried.

use super::definition::{CheckRulesError, Effect, FileItems, FileRule, FileRules, Level};
use super::set::{Rule, RuleSet, Together, together};
use crate::expr::{EvaluateError, Expected, Expression, ExpressionError, compile};
use crate::features::location;
use crate::selection::Lane;
use crate::template;
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use toml::Spanned;

impl RuleSet {
    /// Reads and checks a file over the rows of [`super::rule_row_schema`], and tries its examples; `file` is its name for
    /// errors.
    ///
    /// # Errors
    /// When the file is not a rule set, or an example fails; the error names file, line and what would be right.
    pub fn parse(file: &str, text: &str, schema: &SchemaRef) -> Result<Self, CheckRulesError> {
        let parsed: FileRules = toml::from_str(text)
            .map_err(|e| CheckRulesError::Syntax { file: file.to_owned(), cause: e.to_string() })?;
        let reader = Checker { file, text, schema };
        let mut rules: Vec<Rule> = Vec::new();
        for rule in &parsed.rule {
            let checked = reader.rule(rule)?;
            if rules.iter().any(|r| r.id == checked.id) {
                return Err(reader.wrong(rule, "is there already; give it another id"));
            }
            for example in &rule.example {
                let problem = super::example::problem(&checked, example.get_ref(), schema);
                if let Some(problem) = problem {
                    let at = location(file, text, example.span().start);
                    return Err(CheckRulesError::Example { at, rule: checked.id, problem });
                }
            }
            rules.push(checked);
        }
        let engine = |error: EvaluateError| CheckRulesError::Syntax {
            file: file.to_owned(),
            cause: format!("its conditions cannot be evaluated together, a defect of this program: {error}"),
        };
        let expressions = together(&rules).map_err(engine)?;
        let (name, description) = (parsed.name, parsed.description);
        Ok(Self { name, description, text: text.to_owned(), rules, expressions })
    }
}

struct Checker<'a> {
    file: &'a str,
    text: &'a str,
    schema: &'a SchemaRef,
}

impl Checker<'_> {
    fn wrong(&self, rule: &FileRule, problem: impl Into<String>) -> CheckRulesError {
        let at = location(self.file, self.text, rule.id.span().start);
        CheckRulesError::Definition { at, rule: rule.id.get_ref().clone(), problem: problem.into() }
    }

    fn compile(&self, sql: &Spanned<String>, expected: Expected) -> Result<Expression, ExpressionError> {
        compile(sql.get_ref(), self.schema, expected, &location(self.file, self.text, sql.span().start))
    }

    fn rule(&self, file: &FileRule) -> Result<Rule, CheckRulesError> {
        let id = file.id.get_ref().clone();
        let refused = |cause| CheckRulesError::Expression { rule: id.clone(), cause };
        if file.owner.trim().is_empty() || file.reason.trim().is_empty() {
            return Err(self
                .wrong(file, "needs an owner who answers for it and a reason that an officer understands"));
        }
        if let Effect::Weight(weight) = file.effect
            && !(weight > 0.0 && weight < 1.0)
        {
            return Err(self.wrong(file, format!("has the weight {weight}; a weight lies between 0 and 1")));
        }
        if let Effect::Mandatory(Lane::Green) = file.effect {
            return Err(self.wrong(file, "makes release mandatory; a rule can only ask for more"));
        }
        if let Some(column) =
            template::columns(&file.reason).find(|c| self.schema.field_with_name(c).is_err())
        {
            return Err(
                self.wrong(file, format!("names the column `{column}` in its reason, which is not there"))
            );
        }
        if !file.example.iter().any(|e| e.get_ref().hit) || file.example.iter().all(|e| e.get_ref().hit) {
            return Err(self.wrong(file, "needs an example that hits and one that does not"));
        }
        let (from, until) =
            (self.day(file, &file.from)?, file.until.as_ref().map(|d| self.day(file, d)).transpose()?);
        if until.is_some_and(|until| until < from) {
            return Err(self.wrong(file, "ends before it begins"));
        }
        Ok(Rule {
            owner: file.owner.clone(),
            level: file.level,
            reason: file.reason.clone(),
            directive: file.directive.clone(),
            from,
            until,
            effect: file.effect,
            condition: self.compile(&file.sql, Expected::Boolean).map_err(refused)?,
            together: self.together(file)?,
            id,
        })
    }

    fn together(&self, file: &FileRule) -> Result<Together, CheckRulesError> {
        if file.level == Level::Item {
            return match (file.items, &file.of, file.at_least) {
                (None, None, None) => Ok(Together::Count(1.0)),
                _ => {
                    Err(self
                        .wrong(file, "is of level item; `items`, `of` and `at_least` are for declarations"))
                }
            };
        }
        match (file.items, &file.of, file.at_least) {
            (None | Some(FileItems::Any), None, None) => Ok(Together::Count(1.0)),
            (Some(FileItems::All), None, None) => Ok(Together::All),
            (Some(FileItems::Count), None, Some(at_least)) if at_least >= 1.0 => Ok(Together::Count(at_least)),
            (Some(FileItems::Sum), Some(of), Some(at_least)) => {
                let refused = |cause| CheckRulesError::Expression { rule: file.id.get_ref().clone(), cause };
                Ok(Together::Sum { of: self.compile(of, Expected::Number).map_err(refused)?, at_least })
            }
            _ => Err(self.wrong(
                file,
                "takes items together in no known way: items = \"any\" or \"all\", \"count\" with `at_least`, \
                 or \"sum\" with `of` and `at_least`",
            )),
        }
    }

    fn day(&self, file: &FileRule, date: &toml::value::Datetime) -> Result<NaiveDate, CheckRulesError> {
        let day = date.date.filter(|_| date.time.is_none() && date.offset.is_none());
        let day = day.and_then(|d| NaiveDate::from_ymd_opt(i32::from(d.year), d.month.into(), d.day.into()));
        day.ok_or_else(|| self.wrong(file, format!("has the date {date}; write a day, such as 2026-01-31")))
    }
}
