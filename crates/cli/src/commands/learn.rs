//! `tidegate learn`.

use super::open;
use crate::arguments::{Arguments, Learn};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{JobError, LearnOptions, learn};

pub async fn run(arguments: &Arguments, command: &Learn) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let options = LearnOptions {
        features: command.features.clone(),
        rules: command.rules.clone(),
        selection: command.selection.clone(),
        until: command.until,
    };
    let summary = learn(&home, &options, &mut Bars::new()).await?;
    if arguments.json {
        return show::json(&summary);
    }
    let number = |value: Option<f64>| value.map_or("not defined".to_owned(), |v| format!("{v:.4}"));
    println!("Learnt bundle {} on feature set {}", &summary.bundle[..16], summary.feature_set);
    println!("  goods items      {:>12}", show::count(summary.records as u64));
    println!("  with a result    {:>12}", show::count(summary.results as u64));
    println!("  discrepancies    {:>12}", show::count(summary.discrepancies as u64));
    println!("  rules            {:>12}", show::count(summary.rules as u64));
    println!("  profile keys     {:>12}", show::count(summary.profile_keys as u64));
    println!("On {} records, each predicted by a model that saw only earlier months:", summary.out_of_fold);
    println!("  AUC              {:>12}", number(summary.auc));
    println!("  average precision{:>12}", number(summary.average_precision));
    println!(
        "  calibration error{:>12}   (the calibration was fitted on these)",
        number(summary.calibration_error)
    );
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
    Ok(())
}
