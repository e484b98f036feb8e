//! XGBoost: `x < condition` in f32, categories by bit sets, sums in f32 from the base score on, in tree order.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Visitor};

use super::super::accumulator::Accumulator;
use super::super::tree::Branch;
use super::assembly::Part;
use super::decision::{Decision, bounds_of_category, left_if};
use super::{ImportError, ImportedModel, ModelFeatures, ModelFormat, assemble_all, ubjson, unsupported};

/// Versions whose arithmetic is known here.
const MAJOR_VERSIONS: std::ops::RangeInclusive<u32> = 1..=3;

/// From here on a value is no category to XGBoost.
const END_OF_CATEGORIES: f32 = 16_777_216.0;

#[derive(serde::Deserialize)]
struct File {
    learner: Learner,
    version: Vec<u32>,
}

#[derive(serde::Deserialize)]
struct Learner {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    feature_names: Vec<String>,
    gradient_booster: Booster,
    #[serde(rename = "learner_model_param")]
    parameters: Parameters,
    objective: Objective,
}

#[derive(serde::Deserialize)]
struct Objective {
    name: String,
}

/// Numbers are texts in the file.
#[derive(serde::Deserialize)]
struct Parameters {
    base_score: String,
    num_feature: String,
    #[serde(default)]
    num_class: String,
    #[serde(default)]
    num_target: String,
}

#[derive(serde::Deserialize)]
struct Booster {
    name: String,
    model: Option<Model>,
}

#[derive(serde::Deserialize)]
struct Model {
    // A linear model has none, and is refused by its name.
    #[serde(default)]
    trees: Vec<Arrays>,
    /// Where the trees of each round begin, and where the last ends.
    #[serde(default)]
    iteration_indptr: Vec<u64>,
    #[serde(default)]
    cats: Categories,
}

/// What the categories were called that the library numbers itself.
#[derive(Default, serde::Deserialize)]
struct Categories {
    #[serde(default)]
    enc: Vec<IgnoredAny>,
}

/// A tree, one entry of each list for each node.
#[derive(serde::Deserialize)]
struct Arrays {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<u32>,
    /// The condition of a split, the value of a leaf.
    split_conditions: Vec<f32>,
    default_left: Vec<Flag>,
    #[serde(default)]
    sum_hessian: Vec<f32>,
    #[serde(default)]
    split_type: Vec<u8>,
    #[serde(default)]
    categories: Vec<u32>,
    #[serde(default)]
    categories_nodes: Vec<usize>,
    #[serde(default)]
    categories_segments: Vec<usize>,
    #[serde(default)]
    categories_sizes: Vec<usize>,
    #[serde(default)]
    tree_param: TreeParameters,
}

#[derive(Default, serde::Deserialize)]
struct TreeParameters {
    #[serde(default)]
    size_leaf_vector: String,
}

/// A truth value, which older versions write as such and newer ones as a number.
#[derive(Clone, Copy)]
struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfFlag;
        impl Visitor<'_> for OfFlag {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a truth value, or 0 or 1")
            }

            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Flag, E> {
                Ok(Flag(truth))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Flag, E> {
                Ok(Flag(number != 0))
            }
        }
        deserializer.deserialize_any(OfFlag)
    }
}

/// Reads a model of one of the two formats.
pub(super) fn read(bytes: &[u8], format: ModelFormat) -> Result<ImportedModel, ImportError> {
    let file: Result<File, String> = match format {
        ModelFormat::XgboostUbjson => ubjson::from_slice(bytes).map_err(|error| error.to_string()),
        _ => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
    };
    let File { learner, version } =
        file.map_err(|cause| ImportError::Malformed { format: format.name(), cause })?;
    let name = version.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    if !version.first().is_some_and(|major| MAJOR_VERSIONS.contains(major)) {
        return unsupported(format!(
            "it is of XGBoost {name}; the order in which versions 1 to 3 add up is known here"
        ));
    }
    let (base_score, model, features) = check(learner, format)?;
    let parts = model.trees.iter().enumerate().map(|(tree, arrays)| {
        let broken =
            |cause| ImportError::Malformed { format: format.name(), cause: format!("tree {tree}: {cause}") };
        parts(arrays, features.len()).map_err(broken)
    });
    let trees = assemble_all(parts)?;
    Ok(ImportedModel {
        format,
        version: Some(name),
        features,
        trees,
        base_score,
        accumulator: Accumulator::F32,
        link_slope: 1.0,
    })
}

/// Refuses what a forest cannot be; gives the margin of the base score, the trees and the features.
fn check(learner: Learner, format: ModelFormat) -> Result<(f64, Model, ModelFeatures), ImportError> {
    let parameters = &learner.parameters;
    let count = |text: &str| text.parse::<u64>().unwrap_or(0);
    if count(&parameters.num_class) > 1 || count(&parameters.num_target) > 1 {
        return unsupported("it has several outputs; a forest has one, the log-odds of a true finding");
    }
    let base_score = base_score(&learner.objective.name, &parameters.base_score)?;
    let booster = learner.gradient_booster;
    let Some(model) = booster.model.filter(|_| booster.name == "gbtree") else {
        return unsupported(format!(
            "its booster is `{}`; only `gbtree` adds up its trees as they are",
            booster.name
        ));
    };
    if !model.cats.enc.is_empty() {
        return unsupported(
            "it numbers categories of a data frame itself; train on their numbers as the matrix has them, with \
             feature_types=['c', ...]",
        );
    }
    if model.trees.iter().any(|tree| count(&tree.tree_param.size_leaf_vector) > 1) {
        return unsupported("its leaves have several values; train with multi_strategy=one_output_per_tree");
    }
    let rounds = model.iteration_indptr.len().saturating_sub(1) as u64;
    if let Some(best) = learner.attributes.get("best_iteration").and_then(|best| best.parse::<u64>().ok())
        && best.saturating_add(1) < rounds
    {
        return unsupported(format!(
            "training stopped early, and best are the first {} of its {rounds} rounds; save `booster[:{}]`",
            best + 1,
            best + 1
        ));
    }
    let features = usize::try_from(count(&parameters.num_feature)).unwrap_or(usize::MAX);
    let features = match learner.feature_names.len() {
        0 => ModelFeatures::Unnamed(features),
        named if named == features => ModelFeatures::of(learner.feature_names, |_| String::new()),
        named => {
            let cause = format!("{named} feature names for {features} features");
            return Err(ImportError::Malformed { format: format.name(), cause });
        }
    };
    Ok((base_score, model, features))
}

/// The margin that a base score stands for.
///
/// The logarithm is the f64 one rounded to f32. The library takes that of the C library in f32, which is another in the last
/// place for one base score in some two hundred.
fn base_score(objective: &str, text: &str) -> Result<f64, ImportError> {
    let list = text.trim().trim_start_matches('[').trim_end_matches(']');
    let Ok(score) = list.trim().parse::<f32>() else {
        return unsupported(format!("its base score is `{text}`; a forest has one number"));
    };
    match objective {
        "binary:logitraw" => Ok(score.into()),
        "binary:logistic" | "reg:logistic" if score > 0.0 && score < 1.0 => {
            let odds = 1.0 / score - 1.0_f32;
            Ok((-(libm::log(odds.into()) as f32)).into())
        }
        "binary:logistic" | "reg:logistic" => {
            unsupported(format!("its base score is {score}; as a probability it lies between 0 and 1"))
        }
        _ => unsupported(format!(
            "its objective is `{objective}`; margins are log-odds for binary:logistic, binary:logitraw and reg:logistic"
        )),
    }
}

fn parts(arrays: &Arrays, features: usize) -> Result<Vec<Part>, String> {
    let nodes = arrays.left_children.len();
    let lengths = [
        ("right_children", arrays.right_children.len()),
        ("split_indices", arrays.split_indices.len()),
        ("split_conditions", arrays.split_conditions.len()),
        ("default_left", arrays.default_left.len()),
    ];
    if let Some((what, found)) = lengths.into_iter().find(|&(_, found)| found != nodes) {
        return Err(format!("{found} {what} for {nodes} left_children; there is one for each node"));
    }
    let categories = categories(arrays)?;
    let part = |node: usize| {
        let cover = f64::from(arrays.sum_hessian.get(node).copied().unwrap_or(0.0)).max(0.0);
        let condition = arrays.split_conditions[node];
        let Ok(left) = usize::try_from(arrays.left_children[node]) else {
            return Ok(Part::Leaf { value: condition.into(), cover });
        };
        let right = usize::try_from(arrays.right_children[node])
            .map_err(|_| format!("node {node} has a left child and no right one"))?;
        let feature = arrays.split_indices[node];
        if feature as usize >= features {
            return Err(format!("node {node} looks at feature {feature} of {features}"));
        }
        let missing = left_if(arrays.default_left[node].0);
        let decision = match arrays.split_type.get(node).copied().unwrap_or(0) {
            0 if condition.is_nan() => return Err(format!("node {node} compares with NaN")),
            0 => Decision::less(condition, missing),
            1 => {
                let chosen = categories.get(&node).ok_or_else(|| format!("node {node} has no categories"))?;
                of_categories(chosen, missing)
            }
            other => return Err(format!("node {node} has split type {other}, which is none")),
        };
        Ok(Part::Split { feature, decision, children: [left, right], cover })
    };
    (0..nodes).map(part).collect()
}

/// The categories of each node that splits by them.
fn categories(arrays: &Arrays) -> Result<BTreeMap<usize, &[u32]>, String> {
    let Arrays { categories, categories_nodes, categories_segments, categories_sizes, .. } = arrays;
    if [categories_segments.len(), categories_sizes.len()] != [categories_nodes.len(); 2] {
        return Err("categories_nodes, categories_segments and categories_sizes differ in length".to_owned());
    }
    let ranges = categories_nodes.iter().zip(categories_segments.iter().zip(categories_sizes));
    let chosen = |(node, (first, count)): (&usize, (&usize, &usize))| {
        let chosen = first.checked_add(*count).and_then(|end| categories.get(*first..end));
        chosen
            .map(|chosen| (*node, chosen))
            .ok_or_else(|| format!("the categories of node {node} do not exist"))
    };
    ranges.map(chosen).collect()
}

/// Chosen categories go right; others go left, and so does what is no category.
fn of_categories(chosen: &[u32], missing: Branch) -> Decision {
    let chosen: std::collections::BTreeSet<u32> = chosen.iter().copied().collect();
    let bounds = chosen.iter().flat_map(|category| bounds_of_category(*category)).collect();
    // The cast to a whole number is the library's.
    let is_chosen =
        |value: f32| (0.0..END_OF_CATEGORIES).contains(&value) && chosen.contains(&(value as u32));
    Decision::new(bounds, |value| left_if(!is_chosen(value)), missing)
}

#[cfg(test)]
mod tests {
    use super::super::decision::testing::check;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn categories_decide_as_the_library_does(
            chosen in prop::collection::vec(prop_oneof![0..40_u32, 16_777_200..16_777_230_u32], 0..12),
            value in prop_oneof![-3.0..45.0_f32, any::<f32>()],
        ) {
            // As in the library's common/categorical.h.
            let rule = |value: f32| {
                let is_invalid = !(0.0..END_OF_CATEGORIES).contains(&value);
                left_if(is_invalid || !chosen.contains(&(value as u32)))
            };
            check(&of_categories(&chosen, Branch::Left), value, rule);
        }
    }

    #[test]
    fn base_scores_are_probabilities_or_margins() {
        let margin = |objective, text| base_score(objective, text).unwrap();
        assert_eq!(margin("binary:logistic", "5E-1").to_bits(), (-0.0_f64).to_bits());
        assert_eq!(margin("binary:logitraw", "[2E-1]").to_bits(), f64::from(0.2_f32).to_bits());
        assert!((margin("reg:logistic", "[2E-1]") + 4.0_f64.ln()).abs() < 1e-7);
        let message = |objective, text| base_score(objective, text).unwrap_err().to_string();
        assert!(message("binary:logistic", "[5E-1,4E-1]").contains("a forest has one number"));
        assert!(message("binary:logistic", "1E0").contains("between 0 and 1"));
        assert!(
            message("rank:ndcg", "5E-1").contains("`rank:ndcg`; margins are log-odds for binary:logistic")
        );
    }
}
