//! Reading the configuration file: what is wrong with it is said with its line and what would be right.

use super::setting::{Number, Section, SetError};
use super::{Configuration, SingleSignOn, single_sign_on};
use std::collections::BTreeMap;
use tidegate_records::path::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why a configuration file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {problem}")]
pub struct ConfigurationError {
    /// The file.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// The text of a file, to say where things stand in it.
struct Text<'a> {
    file: &'a str,
    text: &'a str,
}

impl Text<'_> {
    fn line(&self, offset: usize) -> u32 {
        self.text[..offset.min(self.text.len())].matches('\n').count() as u32 + 1
    }

    fn wrong(&self, offset: usize, problem: String) -> ConfigurationError {
        ConfigurationError { file: self.file.to_owned(), line: self.line(offset), problem }
    }
}

impl Configuration {
    /// Reads and checks the text of a configuration file; what it does not set keeps its default.
    ///
    /// # Errors
    /// When it is not TOML, has an unknown key or a value out of range.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigurationError> {
        let text = Text { file, text };
        let parsed = DeTable::parse(text.text)
            .map_err(|e| text.wrong(e.span().map_or(0, |s| s.start), e.message().replace('\n', " ")))?;
        let mut configuration = Self { file: Some(file.to_owned()), ..Self::default() };
        let sections = configuration.sections();
        for (key, value) in parsed.get_ref() {
            let name: &str = key.get_ref();
            let section = sections.iter().find(|s| s.name == name);
            if section.is_none() && name != single_sign_on::NAME {
                let known = sections.iter().map(|s| s.name).chain([single_sign_on::NAME]);
                return Err(text.wrong(key.span().start, unknown("section", name, known)));
            }
            let Some(settings) = value.get_ref().as_table() else {
                let problem = format!("`{name}` is a section; write `[{name}]` and its settings below");
                return Err(text.wrong(key.span().start, problem));
            };
            match section {
                Some(section) => settings
                    .iter()
                    .try_for_each(|(key, value)| configuration.take(&text, section, key, value))?,
                None => configuration.take_single_sign_on(&text, key.span().start, settings)?,
            }
        }
        Ok(configuration)
    }

    fn take(
        &mut self,
        text: &Text<'_>,
        section: &Section,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigurationError> {
        let name: &str = key.get_ref();
        let start = key.span().start;
        let place = format!("{}.{name}", section.name);
        let Some(number) = number(value.get_ref()) else {
            let problem = format!("`{place}` takes a number that is not negative");
            return Err(text.wrong(start, problem));
        };
        match self.set(section.name, name, number) {
            None => {
                let known = section.settings.iter().map(|s| s.name);
                let kind = format!("setting in [{}]", section.name);
                Err(text.wrong(start, unknown(&kind, name, known)))
            }
            Some(Err(SetError::Refused(unit, least, most))) => {
                let space = if unit.is_empty() { "" } else { " " };
                let problem = format!("`{place}` is {number}; it may be {least} to {most}{space}{unit}");
                Err(text.wrong(start, problem))
            }
            Some(Ok(())) => {
                self.lines.insert((section.name, name.to_owned()), text.line(start));
                Ok(())
            }
        }
    }

    /// Takes the section on single sign-on, whose head stands at `start`.
    fn take_single_sign_on(
        &mut self,
        text: &Text<'_>,
        start: usize,
        settings: &DeTable<'_>,
    ) -> Result<(), ConfigurationError> {
        let section = single_sign_on::NAME;
        let (mut set, mut starts) = (BTreeMap::new(), BTreeMap::new());
        for (key, value) in settings {
            let (name, start): (&str, usize) = (key.get_ref(), key.span().start);
            let known = single_sign_on::SETTINGS.iter().map(|setting| setting.name);
            let Some(name) = known.clone().find(|known| *known == name) else {
                return Err(text.wrong(start, unknown(&format!("setting in [{section}]"), name, known)));
            };
            let Some(value) = value.get_ref().as_str() else {
                return Err(text.wrong(start, format!("`{section}.{name}` takes a text in quotation marks")));
            };
            set.insert(name, value.to_owned());
            starts.insert(name, start);
            self.lines.insert((section, name.to_owned()), text.line(start));
        }
        if !set.is_empty() {
            let found = SingleSignOn::of(set)
                .map_err(|(name, problem)| text.wrong(starts.get(name).copied().unwrap_or(start), problem))?;
            self.single_sign_on = Some(found);
        }
        Ok(())
    }
}

fn number(value: &DeValue<'_>) -> Option<Number> {
    match value {
        DeValue::Integer(i) => u64::from_str_radix(i.as_str(), i.radix()).ok().map(Number::Whole),
        DeValue::Float(f) => f.as_str().parse().ok().filter(|n: &f64| *n >= 0.0).map(Number::Real),
        _ => None,
    }
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("no {kind} is called `{name}`; did you mean `{near}`?");
    }
    let known: Vec<&str> = known.collect();
    format!("no {kind} is called `{name}`; there are {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(text: &str) -> String {
        Configuration::parse("t.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_set_is_taken_and_the_rest_keeps_its_default() {
        let configuration =
            Configuration::parse("t.toml", "[rows]\nrow_bytes = 2_048\n\n[evaluate]\nconfidence = 0.9\n")
                .unwrap();
        assert_eq!(configuration.rows.row_bytes, 2_048);
        assert_eq!(configuration.evaluate.confidence.to_bits(), 0.9_f64.to_bits());
        assert_eq!(configuration.sql, Configuration::default().sql);
        assert_eq!(configuration.lines[&("rows", "row_bytes".to_owned())], 2);
    }

    #[test]
    fn what_is_unknown_is_refused_with_its_line_and_the_nearest_name() {
        assert_eq!(
            refuse("\n[repot]\n"),
            "t.toml, line 2: no section is called `repot`; did you mean `report`?"
        );
        assert_eq!(
            refuse("[rows]\n# how long\nrow_byte = 5000\n"),
            "t.toml, line 3: no setting in [rows] is called `row_byte`; did you mean `row_bytes`?"
        );
        assert!(
            refuse("[sql]\nspeed = 1")
                .ends_with("no setting in [sql] is called `speed`; there are table_rows")
        );
        assert!(refuse("rows = 3").contains("write `[rows]`"));
    }

    #[test]
    fn what_is_out_of_range_or_of_another_kind_is_refused() {
        assert_eq!(
            refuse("[rows]\nrow_bytes = 1"),
            "t.toml, line 2: `rows.row_bytes` is 1; it may be 1024 to 1073741824 bytes"
        );
        for wrong in ["-1", "\"2000\"", "nan", "true", "99999999999999999999999"] {
            assert!(refuse(&format!("[rows]\nrow_bytes = {wrong}")).contains("line 2"), "{wrong}");
        }
        assert!(refuse("[rows]\nrow_bytes = 2000.5").contains("it may be"));
        assert!(refuse("[csv\n").starts_with("t.toml, line 1: "));
    }
}
