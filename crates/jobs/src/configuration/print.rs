//! Printing the configuration as TOML that says of each setting what it is, its unit, its range and where it was set.

use super::setting::{Number, Setting};
use super::{Configuration, single_sign_on};
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
            let origin = match set_at(configuration, section.name, setting.name) {
                Some(place) => format!("{place}; the default is {}", setting.default),
                None => "default".to_owned(),
            };
            let _ = writeln!(text, "{} = {} # {origin}", setting.name, setting.value);
        }
    }
    let _ = write!(text, "\n# {}\n[{}]\n", single_sign_on::SENTENCE, single_sign_on::NAME);
    for setting in single_sign_on::SETTINGS {
        let _ = writeln!(text, "# {}", setting.sentence);
        let value = |text: &str| toml::Value::from(text).to_string();
        let _ = match configuration.single_sign_on.as_ref().and_then(|set| set.text(setting.name)) {
            Some(set) => {
                let origin = set_at(configuration, single_sign_on::NAME, setting.name);
                let origin = origin.unwrap_or_else(|| "default".to_owned());
                writeln!(text, "{} = {} # {origin}", setting.name, value(&set))
            }
            None => writeln!(text, "# {} = {} # as an example", setting.name, value(setting.example)),
        };
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
    let texts = single_sign_on::SETTINGS.iter().map(|setting| {
        let set = configuration.single_sign_on.as_ref().and_then(|set| set.text(setting.name));
        (setting.name.to_owned(), set.into())
    });
    let texts = (single_sign_on::NAME.to_owned(), serde_json::Value::Object(texts.collect()));
    serde_json::Value::Object(sections.chain([texts]).collect())
}

fn range(setting: &Setting) -> String {
    let Setting { unit, least, most, .. } = setting;
    if unit.is_empty() { format!("{least} to {most}.") } else { format!("{least} to {most} {unit}.") }
}

/// The place where a setting was set, if it was.
fn set_at(configuration: &Configuration, section: &'static str, setting: &str) -> Option<String> {
    let line = configuration.lines.get(&(section, setting.to_owned()))?;
    Some(format!("set in {}, line {line}", configuration.file.as_deref()?))
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
        assert_eq!(back.single_sign_on, None, "examples are not set");
    }

    #[test]
    fn single_sign_on_reads_back_as_the_same() {
        let text = "[single_sign_on]\nissuer = \"https://id.example.org\"\nclient_id = 'the \"one\"'\n\
                    public_url = \"https://tidegate.example.org\"\nscopes = \"openid  profile\"\n";
        let given = Configuration::parse("t.toml", text).unwrap();
        let printed = to_toml(&given);
        assert!(
            printed.contains("\nissuer = \"https://id.example.org\" # set in t.toml, line 2\n"),
            "{printed}"
        );
        assert!(printed.contains("\n# client_secret_file = "), "{printed}");
        let back = Configuration::parse("again.toml", &printed).unwrap();
        assert_eq!(back.single_sign_on, given.single_sign_on);
        assert_eq!(to_json(&given)["single_sign_on"]["scopes"], "openid profile");
    }
}
