//! A trial on the published Korean data, where it lies beside the repository.

use crate::place::input;
use std::path::Path;
use tempfile::TempDir;
use tidegate_jobs::{Configuration, Home, IngestOptions, LearnOptions, Quiet, evaluate, ingest, learn};
use tidegate_risk::evaluation::{Bootstrap, EvaluationOptions};

#[tokio::test]
async fn trial_the_shipped_features_reach_their_figures_on_the_next_quarter() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/ibs");
    if !samples.exists() {
        println!("trial left out: the folder shared/samples/ibs is absent");
        return;
    }
    let folder = TempDir::new().unwrap();
    let home = Home::open(folder.path(), Configuration::default(), "2026-11-24T12:00:00Z".parse().unwrap())
        .await
        .unwrap();
    let train = input(&samples.join("train.csv"));
    let loaded = ingest(&home, &train, IngestOptions { strict: true }, &mut Quiet).await.unwrap();
    assert_eq!((loaded.counts.accepted, loaded.counts.discrepancies), (37_385, 8_114));
    learn(&home, &LearnOptions::default(), &mut Quiet).await.unwrap();
    let (bundle, _) = home.bundle(None).await.unwrap();
    let options = EvaluationOptions {
        bootstrap: Bootstrap { resamples: 1, ..Bootstrap::default() },
        ..Default::default()
    };
    let evaluated = evaluate(&bundle, &input(&samples.join("valid.csv")), &options, &mut Quiet).unwrap();
    let figures = |view: usize| {
        let e = &evaluated.views[view].evaluation;
        (e.auc.as_ref().unwrap().value, e.average_precision.as_ref().unwrap().value)
    };
    let [model, ablation, unseen] = [0, 1, 2].map(figures);
    assert!(model.0 >= 0.982 && model.1 >= 0.949, "the model: {model:?}");
    assert!(ablation.0 >= 0.907 && ablation.1 >= 0.79, "without memory of exact goods: {ablation:?}");
    assert!(unseen.0 >= 0.622 && unseen.1 >= 0.298, "on goods never seen: {unseen:?}");
    let calibration = evaluated.views[0].evaluation.calibration.as_ref().unwrap();
    assert!(calibration.equal_width_error.unwrap() <= 0.01, "{calibration:?}");
}
