//! `tidegate learn`.

use super::open;
use crate::arguments::{Arguments, Learn};
use crate::progress::Bars;
use crate::show;
use std::path::Path;
use tidegate_jobs::{Home, JobError, LearnOptions, LearnSummary, ModelFile, learn, training_matrix};

pub async fn run(arguments: &Arguments, command: &Learn) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let options = LearnOptions {
        features: command.features.clone(),
        rules: command.rules.clone(),
        selection: command.selection.clone(),
        until: command.until,
        model: command.model.clone().map(|path| ModelFile {
            path,
            by_position: command.by_position,
            calibrate_from: command.calibrate_from,
        }),
    };
    if let Some(out) = &command.matrix {
        return matrix(arguments, &home, &options, out).await;
    }
    let summary = learn(&home, &options, &mut Bars::new()).await?;
    show::say(arguments, &summary, |summary| print(&home, summary))
}

async fn matrix(
    arguments: &Arguments,
    home: &Home,
    options: &LearnOptions,
    out: &Path,
) -> Result<(), JobError> {
    let summary = training_matrix(home, options, out, &mut Bars::new()).await?;
    if arguments.json {
        return show::json(&summary);
    }
    println!("Wrote {} on feature set {}", out.display(), summary.feature_set);
    println!("  goods items with a result {:>9}", show::count(summary.rows as u64));
    println!("  discrepancies             {:>9}", show::count(summary.discrepancies as u64));
    println!("  features                  {:>9}", show::count(summary.features as u64));
    println!("Next: train on it, then tidegate learn --features {} --model FILE", summary.feature_set);
    Ok(())
}

/// Prints what was learnt.
pub fn print(home: &Home, summary: &LearnSummary) {
    let verb = if summary.origin.is_some() { "Made" } else { "Learnt" };
    println!("{verb} bundle {} on feature set {}", &summary.bundle[..16], summary.feature_set);
    if let Some(origin) = &summary.origin {
        println!("  model from elsewhere: {origin}");
    }
    println!("  goods items      {:>12}", show::count(summary.records as u64));
    println!("  with a result    {:>12}", show::count(summary.results as u64));
    println!("  discrepancies    {:>12}", show::count(summary.discrepancies as u64));
    println!("  rules            {:>12}", show::count(summary.rules as u64));
    let megabytes = summary.profile_bytes as f64 / 1e6;
    println!(
        "  profile keys     {:>12}   {megabytes:.1} MB in memory",
        show::count(summary.profile_keys as u64)
    );
    print_measures(summary);
    let folder = home.root().join("bundles").join(&summary.bundle);
    println!("It is kept in {}", folder.display());
    if summary.is_active {
        println!("The bundle is active.");
    } else {
        println!(
            "It is a candidate, since persons share this home. Next: tidegate backtest --bundle {hash}\n  \
             tidegate bundles propose {hash} --by NAME --reason WHY",
            hash = &summary.bundle[..16]
        );
    }
}

fn print_measures(summary: &LearnSummary) {
    let number = |value: Option<f64>| value.map_or("not defined".to_owned(), |v| format!("{v:.4}"));
    let records = summary.out_of_fold;
    match summary.origin.as_ref().map(|origin| origin.calibrated_from) {
        None => println!("On {records} records, each predicted by a model that saw only earlier months:"),
        Some(Some(since)) => println!("On the {records} records with a result since {since}:"),
        Some(None) => {
            println!("It is not measured, since it may have seen all results; see --calibrate-from.");
            return;
        }
    }
    println!("  AUC              {:>12}", number(summary.auc));
    println!("  average precision{:>12}", number(summary.average_precision));
    println!(
        "  calibration error{:>12}   (the calibration was fitted on these)",
        number(summary.calibration_error)
    );
}
