//! `tidegate generate`.

use super::open;
use crate::arguments::{Arguments, Country, Destination, Generate};
use crate::progress::Bars;
use crate::show;
use std::fs::File;
use std::path::{Path, PathBuf};
use tidegate_jobs::{
    Appender, Configuration as Settings, Home, JobError, Progress, configuration, is_appended, loads_held,
};
use tidegate_records::tables::{DECLARATION, ENTERPRISE, GOODS_ITEM, INSPECTION, SPECIAL_FILING};
use tidegate_sim::{Configuration, Generator, Limits, SimulationError, Written, filings_beside};

/// What was generated.
#[derive(Debug, serde::Serialize)]
pub struct Generated {
    /// Declarations, amended versions among them.
    pub declarations: u64,
    /// Goods items.
    pub goods_items: u64,
    /// Results of inspections.
    pub inspections: u64,
    /// Filings of special packaging.
    pub filings: u64,
    /// Whether they were in the lake already; nothing was added then.
    pub already_there: bool,
    /// File or folder that was written; none when they went into the lake.
    pub out: Option<PathBuf>,
    /// Where the truth is.
    pub truth: PathBuf,
}

pub async fn run(arguments: &Arguments, command: &Generate) -> Result<(), JobError> {
    let bars = &mut Bars::new();
    let country = &command.country;
    let folder = command.out.as_deref().unwrap_or(Path::new("."));
    let generated = match command.to {
        Destination::Lake => into_lake(&open(arguments).await?, country, bars).await?,
        Destination::Csv => {
            let file = folder.join(format!("{}.csv", name(country)));
            into_files(&bounded(arguments, country)?, country, &file, true, bars)?
        }
        Destination::Parquet => into_files(&bounded(arguments, country)?, country, folder, false, bars)?,
    };
    if arguments.json {
        return show::json(&generated);
    }
    print(&generated);
    if let (Destination::Csv, Some(file)) = (command.to, &generated.out) {
        println!("Load it with: tidegate ingest --mapping national-csv {}", file.display());
        println!("and its filings: tidegate ingest --as special_filing {}", filings_beside(file).display());
    }
    Ok(())
}

/// Prints what was generated.
pub fn print(generated: &Generated) {
    if generated.already_there {
        println!("This country is in the lake already; nothing was added.");
    }
    println!("Generated {} declarations", show::count(generated.declarations));
    println!("  goods items      {:>12}", show::count(generated.goods_items));
    println!("  inspections      {:>12}", show::count(generated.inspections));
    println!("  filings          {:>12}", show::count(generated.filings));
    if let Some(out) = &generated.out {
        println!("  they are in {}", out.display());
    }
    println!("  the truth is in {}; no other command reads it", generated.truth.display());
}

/// Name of a country among others.
fn name(country: &Country) -> String {
    format!("simulated-{}-{}-{}", country.year, country.seed, country.declarations)
}

/// A generator within the bounds that are configured, without opening the home.
fn bounded(arguments: &Arguments, country: &Country) -> Result<Generator, JobError> {
    let configuration = Settings::of_home(&arguments.home, arguments.config.as_deref())?;
    generator(country, configuration.generate)
}

fn generator(country: &Country, limits: configuration::Generate) -> Result<Generator, JobError> {
    let configuration = Configuration {
        limits: bounds(limits),
        ..Configuration::new(country.seed, country.year, country.declarations)
    };
    Generator::new(configuration).map_err(refused)
}

/// The configured limits as the generator takes them.
pub(super) fn bounds(limits: configuration::Generate) -> Limits {
    Limits {
        declarations: limits.most_declarations,
        enterprises: limits.most_enterprises,
        goods_items: limits.most_goods_items,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an adapter for map_err")]
pub(super) fn refused(error: SimulationError) -> JobError {
    JobError::Missing(error.to_string())
}

/// Generates a country into one CSV file, or into a folder of Parquet files.
fn into_files(
    generator: &Generator,
    country: &Country,
    out: &Path,
    is_csv: bool,
    bars: &mut Bars,
) -> Result<Generated, JobError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    bars.step("generating", country.declarations, "declarations");
    let progress = |done| bars.done(done);
    let written = if is_csv {
        generator.write_csv(out, &country.truth, threads, progress)
    } else {
        generator.write_parquet(out, &country.truth, threads, progress)
    };
    let Written { declarations, goods_items, inspections, filings, .. } = written.map_err(refused)?;
    Ok(Generated {
        declarations,
        goods_items,
        inspections,
        filings,
        already_there: false,
        out: Some(out.to_owned()),
        truth: country.truth.join("truth.parquet"),
    })
}

/// Whether the lake holds a country already, be it that generating it broke off.
async fn is_there(home: &Home, country: &Country) -> Result<bool, JobError> {
    is_appended(home, &name(country), &DECLARATION).await
}

/// Refuses a home with declarations of elsewhere: those of a country may have the same names.
async fn refuse_others(home: &Home, country: &Country) -> Result<(), JobError> {
    if is_there(home, country).await? {
        return Ok(());
    }
    let held = loads_held(home).await?;
    if held.is_empty() { Ok(()) } else { Err(occupied(home, &held)) }
}

/// Refuses a home with any records but those of a country, which are there when it was generated before.
pub async fn refuse_used(home: &Home, country: &Country) -> Result<(), JobError> {
    let held = loads_held(home).await?;
    let is_own = held.len() == 1 && is_there(home, country).await?;
    let is_new = held.is_empty() && home.snapshot().await?.is_none();
    if is_own || is_new { Ok(()) } else { Err(occupied(home, &held)) }
}

/// Says what a home holds already.
fn occupied(home: &Home, held: &[(String, u64)]) -> JobError {
    let declarations: u64 = held.iter().map(|(_, declarations)| declarations).sum();
    let what = match held {
        [] => "records".to_owned(),
        [(load, _)] => format!("{} declarations of {load}", show::count(declarations)),
        [(load, _), ..] => {
            format!("{} declarations of {} loads, {load} among them", show::count(declarations), held.len())
        }
    };
    JobError::Missing(format!(
        "{} holds {what}; a generated country, also the same one of another size, needs a home of its own, such as --home \
         .tidegate-another",
        home.root().display()
    ))
}

/// Generates a country into the lake, and the truth about it into a file of its own.
pub async fn into_lake(home: &Home, country: &Country, bars: &mut Bars) -> Result<Generated, JobError> {
    // The writers make a large future; a pointer to it is what callers carry.
    Box::pin(append(home, country, bars)).await
}

async fn append(home: &Home, country: &Country, bars: &mut Bars) -> Result<Generated, JobError> {
    refuse_others(home, country).await?;
    let generator = generator(country, home.configuration.generate)?;
    let name = name(country);
    let truth = country.truth.join(format!("{name}.csv"));
    let file_error = JobError::file(&truth);
    std::fs::create_dir_all(&country.truth).map_err(file_error)?;
    let mut truth_writer = arrow::csv::Writer::new(File::create(&truth).map_err(file_error)?);
    let mut appender = Appender::new(home, &name);
    for batch in generator.enterprises() {
        appender.write(&ENTERPRISE, &batch.map_err(refused)?).await?;
    }
    let mut generated = Generated {
        declarations: 0,
        goods_items: 0,
        inspections: 0,
        filings: 0,
        already_there: false,
        out: None,
        truth: truth.clone(),
    };
    for batch in generator.filings().map_err(refused)? {
        appender.write(&SPECIAL_FILING, &batch).await?;
        generated.filings += batch.num_rows() as u64;
    }
    bars.step("generating", country.declarations, "declarations");
    for chunk in generator.chunks() {
        let chunk = chunk.map_err(refused)?;
        for (table, rows) in [
            (&DECLARATION, &chunk.declarations),
            (&GOODS_ITEM, &chunk.goods_items),
            (&INSPECTION, &chunk.inspections),
        ] {
            appender.write(table, rows).await?;
        }
        truth_writer.write(&chunk.truth)?;
        generated.declarations += chunk.declarations.num_rows() as u64;
        generated.goods_items += chunk.goods_items.num_rows() as u64;
        generated.inspections += chunk.inspections.num_rows() as u64;
        bars.done(generated.declarations);
    }
    generated.already_there = !appender.commit().await?;
    Ok(generated)
}
