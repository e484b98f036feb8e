//! `tidegate score`.

use super::{input, open};
use crate::arguments::{Arguments, Score};
use crate::output::Output;
use crate::progress::Bars;
use crate::show;
use std::fs::File;
use std::io::BufWriter;
use tidegate_jobs::{JobError, score, scores};

pub async fn run(arguments: &Arguments, command: &Score) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let input = input(&home, &command.input)?;
    let (bundle, _) = home.bundle(command.which.bundle.as_deref()).await?;
    let bars = &mut Bars::new();
    let scored = match &command.out {
        None if arguments.json => {
            let line = |id: &str, score: f64| {
                println!("{}", serde_json::json!({ "declaration_id": id, "score": score }));
                Ok(())
            };
            scores(&bundle, &input, line, bars)?
        }
        None => score(&bundle, &input, &mut Output, bars)?,
        Some(path) => {
            let file = File::create(path).map_err(JobError::file(path))?;
            score(&bundle, &input, &mut BufWriter::new(file), bars)?
        }
    };
    for problem in &scored.problems {
        eprintln!("no score: {problem}");
    }
    match &command.out {
        Some(_) if arguments.json => show::json(&scored)?,
        Some(path) => {
            println!("Scored {} declarations into {}", show::count(scored.declarations), path.display());
            if scored.refused > 0 {
                println!("{} records could not be read and have no score", show::count(scored.refused));
            }
        }
        None => {}
    }
    Ok(())
}
