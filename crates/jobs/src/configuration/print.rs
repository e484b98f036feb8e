//! Printing the configuration as TOML that says of each setting what it is, its unit, its range and where it was set.

use super::Configuration;
use super::setting::{Number, Section, Setting};
use std::fmt::Write;

/// The whole configuration as commented TOML, which reads back as the same configuration.
pub fn to_toml(configuration: &Configuration) -> String {
    let mut text = String::from(
        "# Configuration of Tidegate: every setting with what it is, its unit and its range. Copy what should differ\n\
         # into tidegate.toml in the home; what is left out keeps its default.\n",
    );
    for section in configuration.sections() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n# {}\n[{}]\n", section.sentence, section.name);
        for setting in &section.settings {
            let _ = writeln!(text, "# {} {}", setting.sentence, range(setting));
            let origin = origin(configuration, &section, setting);
            let _ = writeln!(text, "{} = {} # {origin}", setting.name, setting.value);
        }
    }
    text
}

/// The values by section and setting.
pub fn to_json(configuration: &Configuration) -> serde_json::Value {
    let sections = configuration.sections().into_iter().map(|section| {
        let settings = section.settings.iter().map(|s| {
            let value = match s.value {
                Number::Whole(number) => number.into(),
                Number::Real(number) => number.into(),
            };
            (s.name.to_owned(), value)
        });
        (section.name.to_owned(), serde_json::Value::Object(settings.collect()))
    });
    serde_json::Value::Object(sections.collect())
}

fn range(setting: &Setting) -> String {
    let Setting { unit, least, most, .. } = setting;
    if unit.is_empty() { format!("{least} to {most}.") } else { format!("{least} to {most} {unit}.") }
}

fn origin(configuration: &Configuration, section: &Section, setting: &Setting) -> String {
    let line = configuration.lines.get(&(section.name, setting.name.to_owned()));
    match (line, &configuration.file) {
        (Some(line), Some(file)) => format!("set in {file}, line {line}; the default is {}", setting.default),
        _ => "default".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back_as_the_same() {
        let given = Configuration::parse("t.toml", "[evaluate]\nconfidence = 0.9\nresamples = 20\n").unwrap();
        let printed = to_toml(&given);
        assert!(
            printed.contains("\nresamples = 20 # set in t.toml, line 3; the default is 500\n"),
            "{printed}"
        );
        assert!(printed.contains("\nrow_bytes = 1048576 # default\n"), "{printed}");
        let back = Configuration::parse("again.toml", &printed).unwrap();
        assert_eq!((back.evaluate, back.rows, back.xml), (given.evaluate, given.rows, given.xml));
    }
}
