//! Models written by hand, what is refused, and what broken files give. Real models are in `tests/it` of this crate.

use super::*;
use proptest::prelude::*;

/// A model in `LightGBM`'s text: one tree of three leaves over two features, one of a single leaf.
const LIGHTGBM: &str = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n\
    objective=binary sigmoid:2\nfeature_names=gross_mass origin\n\nTree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\n\
    threshold=2.5 0\ndecision_type=2 1\nleft_child=1 -1\nright_child=-2 -3\nleaf_value=0.25 -0.5 1\nleaf_count=10 20 30\n\
    internal_count=60 40\ncat_boundaries=0 1\ncat_threshold=10\nis_linear=0\nshrinkage=1\n\n\nTree=1\nnum_leaves=1\n\
    num_cat=0\nleaf_value=0.125\n\nend of trees\n";

const XGBOOST: &str = r#"{"learner": {"attributes": {}, "feature_names": ["origin", "gross_mass"], "gradient_booster":
    {"name": "gbtree", "model": {"iteration_indptr": [0, 1], "trees": [{"left_children": [1, -1, -1], "right_children":
    [2, -1, -1], "split_indices": [1, 0, 0], "split_conditions": [2.5E0, -5E-1, 1E0], "default_left": [1, 0, 0],
    "sum_hessian": [3E0, 1E0, 2E0], "tree_param": {"size_leaf_vector": "1"}}]}}, "learner_model_param": {"base_score":
    "[5E-1]", "num_class": "0", "num_feature": "2", "num_target": "1"}, "objective": {"name": "binary:logistic"}},
    "version": [3, 2, 0]}"#;

const CATBOOST: &str = r#"{"features_info": {"float_features": [{"feature_id": "gross_mass", "feature_index": 0,
    "flat_feature_index": 0, "nan_value_treatment": "AsTrue", "borders": [2.5]}]}, "model_info": {"params":
    {"loss_function": {"type": "Logloss"}}}, "oblivious_trees": [{"leaf_values": [-0.5, 1], "leaf_weights": [1, 2],
    "splits": [{"border": 2.5, "float_feature_index": 0, "split_type": "FloatFeature"}]}], "scale_and_bias": [1, [0.25]]}"#;

fn set() -> FeatureNames {
    FeatureNames::new(["gross_mass", "other", "origin"].map(str::to_owned).to_vec()).unwrap()
}

fn margin(text: &str, row: [f32; 3]) -> f64 {
    ImportedModel::read(text.as_bytes()).unwrap().forest(&set(), false).unwrap().margin(&row).unwrap()
}

fn refusal(text: &str) -> String {
    let model = ImportedModel::read(text.as_bytes());
    model.and_then(|model| model.forest(&set(), false).map(|_| ())).unwrap_err().to_string()
}

/// A model with something else in a place.
fn altered(text: &str, [from, to]: [&str; 2]) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn features_are_found_by_name_and_values_decide_as_in_the_library() {
    let nan = f32::NAN;
    for (row, expected) in [
        ([2.5, nan, 1.0], 0.25 + 0.125),
        ([2.5, nan, 3.9], 0.25 + 0.125),
        ([2.5, nan, 2.0], 1.125),
        ([2.5_f32.next_up(), nan, 1.0], -0.375),
        ([nan, nan, nan], 1.125),
    ] {
        assert_eq!(margin(LIGHTGBM, row).to_bits(), f64::to_bits(expected), "{row:?}");
    }
    for (row, expected) in [([2.5, nan, nan], 1.0), ([2.4, nan, nan], -0.5), ([nan, nan, nan], -0.5)] {
        assert_eq!(margin(XGBOOST, row).to_bits(), f64::to_bits(expected), "{row:?}");
    }
    for (row, expected) in [([2.5, nan, nan], -0.25), ([2.6, nan, nan], 1.25), ([nan, nan, nan], 1.25)] {
        assert_eq!(margin(CATBOOST, row).to_bits(), f64::to_bits(expected), "{row:?}");
    }
}

#[test]
fn the_link_is_the_models() {
    let model = ImportedModel::read(LIGHTGBM.as_bytes()).unwrap();
    let expected = crate::model::logistic(2.0 * 0.375);
    assert_eq!(model.link().unwrap().probability(0.375).to_bits(), expected.to_bits());
    assert_eq!(
        (model.format.name(), model.version.as_deref(), model.trees()),
        ("LightGBM text", Some("v4"), 2)
    );
    let averaged = altered(LIGHTGBM, ["objective=", "average_output\nobjective="]);
    let halved = ImportedModel::read(averaged.as_bytes()).unwrap().link().unwrap();
    assert_eq!(halved.probability(0.375).to_bits(), crate::model::logistic(0.375).to_bits());
}

#[test]
fn features_without_names_stand_in_order_when_that_is_said() {
    let unnamed = altered(XGBOOST, [r#"["origin", "gross_mass"]"#, "[]"]);
    assert!(
        refusal(&unnamed)
            .contains("its 2 features stand in the order of the feature set, say so with --by-position")
    );
    let model = ImportedModel::read(unnamed.as_bytes()).unwrap();
    let count = model.forest(&set(), true).unwrap_err().to_string();
    assert_eq!(
        count,
        "the model has 2 features without names, the feature set 3; by position they must be as many"
    );
    let two = FeatureNames::new(vec!["a".to_owned(), "b".to_owned()]).unwrap();
    let forest = model.forest(&two, true).unwrap();
    assert_eq!(forest.margin(&[9.0, 1.0]).unwrap().to_bits(), f64::to_bits(-0.5));
}

#[test]
fn what_cannot_be_taken_over_is_refused_with_its_reason() {
    for (model, change, message) in [
        (
            LIGHTGBM,
            ["gross_mass", "gros_mass"],
            "the model reads `gros_mass`, which the feature set lacks; did you mean `gross_mass`?",
        ),
        (LIGHTGBM, ["binary sigmoid:2", "regression"], "its objective is `regression`"),
        (LIGHTGBM, ["num_class=1", "num_class=3"], "it has several outputs"),
        (LIGHTGBM, ["is_linear=0", "is_linear=1"], "its leaves are linear models"),
        (LIGHTGBM, ["end of trees", "end"], "was the file cut off?"),
        (LIGHTGBM, ["left_child=1 -1", "left_child=1 -9"], "tree 0: a child is node 10; there are 5"),
        (LIGHTGBM, ["left_child=1 -1", "left_child=0 -1"], "tree 0: it is more than 64 splits deep"),
        (LIGHTGBM, ["decision_type=2 1", "decision_type=14 1"], "split 0 has missing type 3"),
        (
            LIGHTGBM,
            ["leaf_value=0.25 -0.5 1", "leaf_value=0.25 -0.5"],
            "leaf_value has 2 numbers; there should be 3",
        ),
        (LIGHTGBM, ["threshold=2.5 0", "threshold=2.5 7"], "split 1 has no set"),
        (XGBOOST, ["binary:logistic", "reg:squarederror"], "its objective is `reg:squarederror`"),
        (XGBOOST, [r#""num_class": "0""#, r#""num_class": "3""#], "it has several outputs"),
        (XGBOOST, [r#""name": "gbtree""#, r#""name": "dart""#], "its booster is `dart`"),
        (
            XGBOOST,
            [
                r#""name": "gbtree", "model": {"#,
                r#""name": "gblinear", "model": {"weights": [1]}, "other": {"#,
            ],
            "its booster is `gblinear`",
        ),
        (XGBOOST, ["[3, 2, 0]", "[4, 0, 0]"], "it is of XGBoost 4.0.0"),
        (
            XGBOOST,
            [r#""size_leaf_vector": "1""#, r#""size_leaf_vector": "2""#],
            "its leaves have several values",
        ),
        (XGBOOST, ["[2, -1, -1]", "[2, -1]"], "2 right_children for 3 left_children"),
        (XGBOOST, ["[1, 0, 0], \"split_c", "[9, 0, 0], \"split_c"], "node 0 looks at feature 9 of 2"),
        (
            XGBOOST,
            [r#""iteration_indptr""#, r#""cats": {"enc": [1]}, "iteration_indptr""#],
            "it numbers categories of a data frame itself",
        ),
        (XGBOOST, [r#""attributes": {}"#, r#""attributes": {"best_iteration": "0"}"#], ""),
        (CATBOOST, ["Logloss", "RMSE"], "its loss is `RMSE`"),
        (CATBOOST, ["[1, [0.25]]", "[2, [0.25]]"], "it multiplies the sum of its trees by 2"),
        (CATBOOST, ["[1, [0.25]]", "[1, [0.25, 1]]"], "it has several outputs"),
        (CATBOOST, ["\"FloatFeature\"", "\"OneHotFeature\""], "it has splits of type OneHotFeature"),
        (CATBOOST, ["[-0.5, 1]", "[-0.5, 1, 2]"], "3 leaf values in a tree of 1 levels"),
        (
            CATBOOST,
            [r#"{"float_features""#, r#"{"categorical_features": [{}], "float_features""#],
            "it has features of categories",
        ),
    ] {
        let text = altered(model, change);
        if message.is_empty() {
            ImportedModel::read(text.as_bytes()).unwrap();
            continue;
        }
        let refused = refusal(&text);
        assert!(refused.contains(message), "{change:?}: {refused}");
    }
}

#[test]
fn a_run_that_was_stopped_early_and_other_files_are_refused() {
    let stopped = altered(
        &altered(XGBOOST, [r#""attributes": {}"#, r#""attributes": {"best_iteration": "4"}"#]),
        ["[0, 1]", "[0, 1, 2, 3, 4, 5, 6, 7]"],
    );
    assert!(refusal(&stopped).contains("best are the first 5 of its 7 rounds; save `booster[:5]`"));
    for other in ["", "[1]", "{\"a\": 1}", "\u{8}onnx", "feature,gain\n"] {
        assert_eq!(refusal(other), ImportError::UnknownFormat.to_string());
    }
    assert!(refusal("{\"learner\": ").starts_with("this is no sound JSON: EOF"));
    assert!(
        refusal("{\"learner\": 3}").starts_with("this is no sound XGBoost JSON: invalid type: integer `3`")
    );
}

fn mutated(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<prop::sample::Index>(),
        prop_oneof![any::<u8>(), prop::sample::select(b"0123456789-.= \n[]{},".to_vec())],
    );
    let cut = prop::option::weighted(0.1, any::<prop::sample::Index>());
    (prop::collection::vec(edit, 1..5), cut).prop_map(move |(edits, cut)| {
        let mut bytes = text.as_bytes().to_vec();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn fuzz_mutated_models_give_an_error_or_a_forest(
        bytes in prop_oneof![mutated(LIGHTGBM), mutated(XGBOOST), mutated(CATBOOST)],
    ) {
        if let Ok(forest) = ImportedModel::read(&bytes).and_then(|model| model.forest(&set(), false)) {
            let again = Forest::from_bytes(&forest.to_bytes()).unwrap();
            prop_assert_eq!(again.margin(&[1.0; 3]), forest.reference_margin(&[1.0; 3]));
        }
    }
}
