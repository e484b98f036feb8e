//! `tidegate generate`.

use super::open;
use crate::arguments::{Arguments, Generate};
use crate::progress::Bars;
use crate::show;
use std::fs::File;
use std::path::PathBuf;
use tidegate_jobs::{Appender, Home, JobError, Progress};
use tidegate_sim::{Configuration, Generator, Limits, SimulationError};

/// What was generated.
#[derive(Debug, serde::Serialize)]
pub struct Generated {
    /// Declarations, amended versions among them.
    pub declarations: usize,
    /// Goods items.
    pub goods_items: usize,
    /// Results of inspections.
    pub inspections: usize,
    /// Whether they were in the lake already; nothing was added then.
    pub already_there: bool,
    /// Where the truth is.
    pub truth: PathBuf,
}

pub async fn run(arguments: &Arguments, command: &Generate) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let generated = generate(&home, command, &mut Bars::new()).await?;
    if arguments.json {
        return show::json(&generated);
    }
    print(&generated);
    Ok(())
}

/// Prints what was generated.
pub fn print(generated: &Generated) {
    if generated.already_there {
        println!("This country is in the lake already; nothing was added.");
    }
    println!("Generated {} declarations", show::count(generated.declarations as u64));
    println!("  goods items      {:>12}", show::count(generated.goods_items as u64));
    println!("  inspections      {:>12}", show::count(generated.inspections as u64));
    println!("  the truth is in {}; no other command reads it", generated.truth.display());
}

/// Generates a country into the lake, and the truth about it into a file of its own.
pub async fn generate(home: &Home, command: &Generate, bars: &mut Bars) -> Result<Generated, JobError> {
    // The writers make a large future; a pointer to it is what callers carry.
    Box::pin(into_lake(home, command, bars)).await
}

async fn into_lake(home: &Home, command: &Generate, bars: &mut Bars) -> Result<Generated, JobError> {
    let refused = |e: SimulationError| JobError::Missing(e.to_string());
    let limits = home.configuration.generate;
    let configuration = Configuration {
        limits: Limits {
            declarations: limits.most_declarations,
            enterprises: limits.most_enterprises,
            goods_items: limits.most_goods_items,
        },
        ..Configuration::new(command.seed, command.year, command.declarations)
    };
    let generator = Generator::new(configuration).map_err(refused)?;
    let name = format!("simulated-{}-{}-{}", command.year, command.seed, command.declarations);
    let truth = command.truth.join(format!("{name}.csv"));
    let file_error = |cause| JobError::File { path: truth.display().to_string(), cause };
    std::fs::create_dir_all(&command.truth).map_err(file_error)?;
    let mut truth_writer = arrow::csv::Writer::new(File::create(&truth).map_err(file_error)?);
    let mut appender = Appender::new(home, &name).await?;
    for batch in generator.enterprises() {
        appender.enterprises(&batch.map_err(refused)?).await?;
    }
    let mut generated = Generated {
        declarations: 0,
        goods_items: 0,
        inspections: 0,
        already_there: false,
        truth: truth.clone(),
    };
    bars.step("generating", command.declarations, "declarations");
    for chunk in generator.chunks() {
        let chunk = chunk.map_err(refused)?;
        appender.declarations(&chunk.declarations, &chunk.goods_items, &chunk.inspections).await?;
        truth_writer.write(&chunk.truth)?;
        generated.declarations += chunk.declarations.num_rows();
        generated.goods_items += chunk.goods_items.num_rows();
        generated.inspections += chunk.inspections.num_rows();
        bars.done(generated.declarations as u64);
    }
    generated.already_there = !appender.commit().await?;
    Ok(generated)
}
