//! `tidegate evaluate`.

use super::{input, open};
use crate::arguments::{Arguments, Evaluate};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{Evaluated, JobError, View, evaluate};
use tidegate_risk::evaluation::EvaluationOptions;

pub async fn run(arguments: &Arguments, command: &Evaluate) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let input = input(&home, &command.input)?;
    let (bundle, hash) = home.bundle(command.which.bundle.as_deref()).await?;
    let mut bootstrap = home.configuration.evaluate.bootstrap();
    bootstrap.resamples = command.resamples.unwrap_or(bootstrap.resamples);
    let options = EvaluationOptions { bootstrap, ..EvaluationOptions::default() };
    let evaluated = evaluate(&bundle, &input, &options, &mut Bars::new())?;
    if arguments.json {
        return show::json(&evaluated);
    }
    let files: Vec<String> = input.files().iter().map(|f| f.display().to_string()).collect();
    println!("Bundle {} on {}", &hash.to_string()[..16], files.join(", "));
    print(&evaluated);
    Ok(())
}

fn print(evaluated: &Evaluated) {
    println!("{} records with a result", show::count(evaluated.records as u64));
    if evaluated.without_result > 0 {
        println!("{} records without a result were left out", show::count(evaluated.without_result as u64));
    }
    if evaluated.refused > 0 {
        println!("{} records could not be read", show::count(evaluated.refused));
    }
    for view in &evaluated.views {
        print_view(view);
    }
    println!("\nIntervals: 95 % bootstrap; records of equal goods are drawn together.");
}

fn print_view(view: &View) {
    let evaluation = &view.evaluation;
    println!(
        "\n{} ({} records, {} discrepancies)",
        view.title,
        show::count(evaluation.records as u64),
        show::count(evaluation.findings as u64)
    );
    println!("  AUC                {}", show::estimate(evaluation.auc.as_ref()));
    println!("  average precision  {}", show::estimate(evaluation.average_precision.as_ref()));
    println!("  inspected   precision               recall                  revenue captured");
    for at in &evaluation.at_fractions {
        println!(
            "  {:>7} %   {:<23} {:<23} {}",
            at.fraction * 100.0,
            show::estimate(at.precision.as_ref()),
            show::estimate(at.recall.as_ref()),
            show::estimate(at.revenue_captured.as_ref())
        );
    }
    if let Some(calibration) = &evaluation.calibration {
        let error = |value: Option<f64>| value.map_or("not defined".to_owned(), |v| format!("{v:.4}"));
        println!(
            "  calibration error  {} (ten bins of equal width), {} (of equal count)",
            error(calibration.equal_width_error),
            error(calibration.equal_count_error)
        );
        println!("  Brier score        {}", show::estimate(calibration.brier.as_ref()));
    }
}
