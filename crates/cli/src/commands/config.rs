//! `tidegate config`: prints the configuration in effect, or checks a file.

use crate::arguments::{Arguments, Config};
use crate::show;
use tidegate_jobs::{Configuration, JobError, configuration};

pub fn run(arguments: &Arguments, command: &Config) -> Result<(), JobError> {
    if let Some(path) = &command.check {
        Configuration::read(path)?;
        if arguments.json {
            return show::json(&serde_json::json!({ "file": path, "usable": true }));
        }
        println!("{} can be used.", path.display());
        return Ok(());
    }
    let configuration = if command.defaults {
        Configuration::default()
    } else {
        Configuration::of_home(&arguments.home, arguments.config.as_deref())?
    };
    if arguments.json {
        return show::json(&configuration::to_json(&configuration));
    }
    print!("{}", configuration::to_toml(&configuration));
    Ok(())
}
