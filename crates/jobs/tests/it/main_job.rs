//! Load, learn, score, evaluate, explain, ask: on files made here.

use crate::place::{Place, input};
use crate::source::{file, rows};
use std::collections::BTreeMap;
use std::path::Path;
use tidegate_jobs::{
    IngestOptions, Input, LearnOptions, Quiet, evaluate, explain, ingest, learn, query, score,
};
use tidegate_risk::evaluation::EvaluationOptions;

#[tokio::test]
async fn bad_rows_are_set_aside_whole_and_counted() {
    let place = Place::new().await;
    let mut lines = rows(1, 2025, 40, 1_000);
    lines[3] = lines[3].replace("2025-", "25/");
    lines[7] = "1,2,3".to_owned();
    lines[9] = lines[8].clone();
    let path = place.write("a.csv", &file(&lines));

    let refused = place.ingest(&path, true).await.unwrap_err().to_string();
    assert!(refused.contains("line 5") && refused.contains("value.unreadable"), "{refused}");
    assert_eq!(place.count("select count(*) from declaration").await, 0, "strict loads nothing");

    let counts = place.ingest(&path, false).await.unwrap().counts;
    assert_eq!((counts.read, counts.accepted, counts.quarantined), (40, 37, 3));
    assert_eq!(place.count("select count(*) from declaration").await, 37);
    assert_eq!(place.count("select count(*) from goods_item").await, 37);
    let raw = place.texts("select raw from quarantine order by line_number").await;
    assert_eq!(raw, [lines[3].clone(), lines[7].clone(), lines[9].clone()]);
    assert_eq!(counts.findings["error record.duplicate"], 1);

    assert!(place.ingest(&path, false).await.unwrap().already_loaded);
    assert_eq!(place.count("select count(*) from declaration").await, 37, "the same file is loaded once");
}

#[tokio::test]
async fn a_version_loaded_before_is_set_aside_and_told() {
    let place = Place::new().await;
    let first = rows(1, 2025, 40, 1_000);
    place.ingest(&place.write("a.csv", &file(&first)), true).await.unwrap();
    let mut second = rows(2, 2025, 10, 5_000);
    second.push(first[12].clone());
    let counts = place.ingest(&place.write("b.csv", &file(&second)), false).await.unwrap().counts;
    assert_eq!((counts.accepted, counts.findings["error record.known"]), (10, 1));
    assert_eq!(place.count("select count(*) from declaration").await, 50);
    assert_eq!(place.texts("select raw from quarantine").await, [first[12].clone()]);
}

#[tokio::test]
async fn a_query_may_read_and_nothing_else() {
    let place = Place::new().await;
    assert_eq!(place.count("select count(*) from declaration_item").await, 0, "an empty home answers");
    for refused in [
        "drop table declaration",
        "insert into declaration select * from declaration",
        "set a.b = 1",
        "copy declaration to 'x.csv'",
        "create table t as select 1",
    ] {
        assert!(query(&place.home, "test", refused).await.is_err(), "{refused}");
    }
    assert!(query(&place.home, " ", "select 1").await.is_err(), "a read needs a purpose");
    let unknown =
        query(&place.home, "test", "select ofice_id from declaration").await.unwrap_err().to_string();
    assert!(unknown.contains("`office_id` is the nearest") && unknown.len() < 200, "{unknown}");
}

#[tokio::test]
async fn what_was_learnt_ranks_explains_and_is_the_same_for_any_cut_of_the_file() {
    let place = Place::new().await;
    let missing = place.home.bundle(None).await.unwrap_err().to_string();
    assert!(missing.contains("tidegate learn"), "{missing}");
    place.ingest(&place.write("past.csv", &file(&rows(1, 2025, 3_000, 1))), false).await.unwrap();
    let summary = learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap();
    assert_eq!((summary.records, summary.results), (3_000, 3_000));
    let (bundle, hash) = place.home.bundle(None).await.unwrap();
    assert_eq!(hash.to_string(), summary.bundle);
    let again = learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap();
    assert_eq!(again.bundle, summary.bundle, "the same records give the same bundle");

    let tomorrow = rows(2, 2026, 500, 10_000);
    let whole = place.write("new.csv", &file(&tomorrow));
    let evaluated = evaluate(&bundle, &input(&whole), &EvaluationOptions::default(), &mut Quiet).unwrap();
    let auc = evaluated.views[0].evaluation.auc.as_ref().unwrap().value;
    assert!(auc > 0.7, "the pattern planted in the file is found: AUC {auc}");

    let scores_of = |path: &Path| {
        let mut out = Vec::new();
        score(&bundle, &input(path), &mut out, &mut Quiet).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines = text.lines().skip(1).map(|l| l.split_once(',').unwrap());
        lines
            .map(|(id, score)| (id.to_owned(), score.parse::<f64>().unwrap().to_bits()))
            .collect::<BTreeMap<_, _>>()
    };
    let expected = scores_of(&whole);
    assert_eq!(expected.len(), 500);
    for size in [1, 7, 499] {
        for (index, part) in tomorrow.chunks(size).enumerate().step_by(50) {
            for (id, score) in scores_of(&place.write(&format!("{size}-{index}.csv"), &file(part))) {
                assert_eq!(score, expected[&id], "{id} in a file of {size} rows");
            }
        }
    }

    let riskiest =
        expected.iter().max_by(|a, b| f64::from_bits(*a.1).total_cmp(&f64::from_bits(*b.1))).unwrap().0;
    let explained = explain(&bundle, &input(&whole), riskiest, 5, &mut Quiet).unwrap();
    assert_eq!(explained[0].probability.to_bits(), expected[riskiest]);
    assert!(explained[0].reasons.iter().any(|r| r.contribution > 0.0), "{explained:?}");
    assert!(explain(&bundle, &input(&whole), "nobody", 5, &mut Quiet).is_err());
}

#[tokio::test]
async fn an_altered_bundle_is_refused() {
    let place = Place::new().await;
    place.ingest(&place.write("past.csv", &file(&rows(1, 2025, 1_200, 1))), false).await.unwrap();
    let summary = learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap();
    let features = place.home.root().join("bundles").join(&summary.bundle).join("features.toml");
    let text = std::fs::read_to_string(&features).unwrap();
    std::fs::write(&features, text.replace("initial_rate = 0.2", "initial_rate = 0.3")).unwrap();
    let error = place.home.bundle(Some(&summary.bundle[..8])).await.unwrap_err().to_string();
    assert!(error.contains("features.toml"), "{error}");

    // One that is sound, and that nobody put in force, in its place.
    let less = LearnOptions { until: Some("2025-11-30".parse().unwrap()), ..LearnOptions::default() };
    let other = learn(&place.home, &less, &mut Quiet).await.unwrap().bundle;
    let [folder, others] = [&summary.bundle, &other].map(|hash| place.home.root().join("bundles").join(hash));
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(&others).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let error = place.home.bundle(Some(&summary.bundle)).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("is {other}, and not the one that the folder is named after")),
        "{error}"
    );
}

#[tokio::test]
async fn profiles_keep_their_keys_under_the_secret_of_their_home() {
    let (past, new) = (file(&rows(1, 2025, 1_200, 1)), file(&rows(2, 2026, 100, 10_000)));
    let mut learnt = Vec::new();
    for place in [Place::new().await, Place::new().await] {
        place.ingest(&place.write("past.csv", &past), false).await.unwrap();
        let hash = learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap().bundle;
        let (bundle, _) = place.home.bundle(Some(&hash)).await.unwrap();
        let (mut scores, path) = (Vec::new(), place.write("new.csv", &new));
        score(&bundle, &input(&path), &mut scores, &mut Quiet).unwrap();
        let folder = place.home.root().join("bundles").join(&hash);
        learnt.push((place, hash, folder, scores));
    }
    let [(_, one, folder, scores), (other, another, other_folder, other_scores)] = learnt.as_slice() else {
        unreachable!("there are two")
    };
    assert!(
        scores == other_scores && one != another,
        "what is known of a record does not depend on the secret"
    );
    for (component, is_same) in [("forest.bin", true), ("calibration.bin", true), ("profiles.bin", false)] {
        let [one, other] =
            [folder, other_folder].map(|folder| std::fs::read(folder.join(component)).unwrap());
        assert!((one == other) == is_same && one.len() == other.len(), "{component}");
    }
    let moved = other.home.root().join("bundles").join(one);
    std::fs::create_dir(&moved).unwrap();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), moved.join(entry.file_name())).unwrap();
    }
    let refused = other.home.bundle(Some(one)).await.unwrap_err().to_string();
    assert!(refused.contains("which this home does not have: it was learnt in another one"), "{refused}");
}

#[tokio::test]
async fn too_little_to_learn_from_is_said() {
    let place = Place::new().await;
    assert!(
        learn(&place.home, &LearnOptions::default(), &mut Quiet)
            .await
            .unwrap_err()
            .to_string()
            .contains("tidegate ingest")
    );
    place.ingest(&place.write("few.csv", &file(&rows(1, 2025, 50, 1))), false).await.unwrap();
    let error = learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap_err().to_string();
    assert!(error.contains("50 of 50 records"), "{error}");
    let nothing = LearnOptions { features: Some("nothing".to_owned()), ..LearnOptions::default() };
    assert!(learn(&place.home, &nothing, &mut Quiet).await.unwrap_err().to_string().contains("kcs-import"));
}

#[tokio::test]
async fn goods_that_were_inspected_again_are_one_record_with_one_result() {
    let place = Place::new().await;
    let path = place.write("year.csv", &file(&rows(1, 2025, 3_000, 1)));
    place.ingest(&path, true).await.unwrap();
    let before = learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap();
    let inspected = "SELECT declaration_id || ' ' || result_code FROM inspection WHERE recorded_at >= DATE '2025-03-01' \
                     AND recorded_at < DATE '2025-03-11' ORDER BY 1";
    let again: Vec<String> = place.texts(inspected).await;
    assert!(
        again.iter().any(|line| line.ends_with("discrepancy"))
            && again.iter().any(|l| l.ends_with("conform"))
    );
    let line = |(number, of): (usize, &String)| {
        let id = of.split(' ').next().unwrap();
        format!(
            r#"{{"declaration_id":"{id}","recorded_date_time":"2025-04-01T08:00:00Z","lane_code":"red","result_code":"{}"}}"#,
            if number % 2 == 0 { "conform" } else { "discrepancy" }
        )
    };
    let lines: Vec<String> = again.iter().enumerate().map(line).collect();
    let path = place.write("again.ndjson", &lines.join("\n"));
    let second = Input::new(&[path], None, None, place.home.now).unwrap().of_kind("inspection").unwrap();
    ingest(&place.home, &second, IngestOptions { strict: true }, &mut Quiet).await.unwrap();
    let after = learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap();
    assert_eq!((after.records, after.results), (before.records, before.results));
    let newly = again.iter().enumerate().filter(|(n, of)| n % 2 == 1 && of.ends_with("conform")).count();
    assert!(newly > 0);
    assert_eq!(after.discrepancies, before.discrepancies + newly, "what any of the inspections found counts");
}
