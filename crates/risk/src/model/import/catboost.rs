//! `CatBoost`: `x > border` in f32, one condition for each level of a symmetric tree, sums in f64 from 0 on, in tree order, and
//! the bias last.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::accumulator::Accumulator;
use super::super::tree::{Branch, MAX_NODES};
use super::assembly::Part;
use super::decision::Decision;
use super::{ImportError, ImportedModel, ModelFeatures, ModelFormat, assemble_all, unsupported};

#[derive(Deserialize)]
struct File {
    features_info: Features,
    #[serde(default)]
    model_info: Info,
    oblivious_trees: Option<Vec<Symmetric>>,
    trees: Option<Vec<Nested>>,
    scale_and_bias: (f64, Vec<f64>),
}

#[derive(Deserialize)]
struct Features {
    #[serde(default, rename = "float_features")]
    numbers: Vec<FloatFeature>,
    #[serde(default, rename = "categorical_features")]
    categories: Vec<IgnoredAny>,
    #[serde(default, rename = "text_features")]
    texts: Vec<IgnoredAny>,
    #[serde(default, rename = "embedding_features")]
    embeddings: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct FloatFeature {
    #[serde(default)]
    feature_id: String,
    feature_index: usize,
    flat_feature_index: usize,
    nan_value_treatment: String,
}

#[derive(Default, Deserialize)]
struct Info {
    catboost_version_info: Option<String>,
    params: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    loss_function: Option<Loss>,
}

#[derive(Deserialize)]
struct Loss {
    #[serde(rename = "type")]
    name: String,
}

/// A tree with one condition for each level, the lowest bit of a leaf's number first.
#[derive(Deserialize)]
struct Symmetric {
    leaf_values: Vec<f64>,
    #[serde(default)]
    leaf_weights: Vec<f64>,
    // Absent or null in a tree of one leaf.
    splits: Option<Vec<Split>>,
}

/// A node of another tree: a split with its sides, or a leaf.
#[derive(Deserialize)]
struct Nested {
    left: Option<Box<Self>>,
    right: Option<Box<Self>>,
    split: Option<Split>,
    value: Option<f64>,
    #[serde(default)]
    weight: f64,
}

#[derive(Deserialize)]
struct Split {
    #[serde(rename = "split_type")]
    kind: String,
    float_feature_index: Option<usize>,
    border: Option<f32>,
}

/// Reads a model in JSON.
pub(super) fn read(bytes: &[u8]) -> Result<ImportedModel, ImportError> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    let bias = check(&file)?;
    let (features, inputs) = inputs(&file.features_info)?;
    let symmetric = file.oblivious_trees.iter().flatten().map(|tree| symmetric(tree, &inputs));
    let others = file.trees.iter().flatten().map(|tree| {
        let mut parts = Vec::new();
        nested(tree, &inputs, &mut parts).map(|_| parts)
    });
    // What is added last is a last tree of one leaf. Sums begin at 0 and are never -0, so that a bias of 0 adds nothing.
    let last = (bias != 0.0).then(|| Ok(vec![Part::Leaf { value: bias, cover: 0.0 }]));
    let trees = assemble_all(symmetric.chain(others).chain(last))?;
    Ok(ImportedModel {
        format: ModelFormat::CatboostJson,
        version: file.model_info.catboost_version_info.as_deref().and_then(release),
        features,
        trees,
        base_score: 0.0,
        accumulator: Accumulator::F64,
        link_slope: 1.0,
    })
}

fn malformed(cause: impl Into<String>) -> ImportError {
    ImportError::Malformed { format: ModelFormat::CatboostJson.name(), cause: cause.into() }
}

/// The release in a text of several lines, `Branch: tags/v1.2.10` among them.
fn release(info: &str) -> Option<String> {
    info.lines().find_map(|line| line.trim().strip_prefix("Branch: tags/v")).map(str::to_owned)
}

/// Refuses what a forest cannot be; gives the bias.
fn check(file: &File) -> Result<f64, ImportError> {
    let Features { categories, texts, embeddings, .. } = &file.features_info;
    if !(categories.is_empty() && texts.is_empty() && embeddings.is_empty()) {
        return unsupported(
            "it has features of categories, texts or embeddings, whose statistics are no splits by `<`; train on numbers",
        );
    }
    let loss = file.model_info.params.as_ref().and_then(|parameters| parameters.loss_function.as_ref());
    match loss.map(|loss| loss.name.as_str()) {
        Some("Logloss" | "CrossEntropy") => {}
        other => {
            return unsupported(format!(
                "its loss is `{}`; margins are log-odds for Logloss and CrossEntropy",
                other.unwrap_or("not given")
            ));
        }
    }
    match &file.scale_and_bias {
        (1.0, bias) if bias.len() == 1 => Ok(bias[0]),
        (1.0, _) => unsupported("it has several outputs; a forest has one, the log-odds of a true finding"),
        (scale, _) => unsupported(format!(
            "it multiplies the sum of its trees by {scale}; a forest adds up only (set_scale_and_bias(1, ...))"
        )),
    }
}

/// A feature of the model: its position among all, and where it sends what is missing.
#[derive(Clone, Copy)]
struct Input {
    position: u32,
    missing: Branch,
}

/// The features, and what splits call them by.
fn inputs(info: &Features) -> Result<(ModelFeatures, BTreeMap<usize, Input>), ImportError> {
    let mut names = vec![String::new(); info.numbers.len()];
    let mut inputs = BTreeMap::new();
    for feature in &info.numbers {
        let position = feature.flat_feature_index;
        let Some(name) = names.get_mut(position) else {
            return Err(malformed(format!("feature {position} of {}", info.numbers.len())));
        };
        name.clone_from(&feature.feature_id);
        let missing = match feature.nan_value_treatment.as_str() {
            // Where training met none, a comparison with NaN is false.
            "AsFalse" | "AsIs" => Branch::Left,
            "AsTrue" => Branch::Right,
            other => return Err(malformed(format!("nan_value_treatment `{other}`"))),
        };
        inputs.insert(feature.feature_index, Input { position: position as u32, missing });
    }
    Ok((ModelFeatures::of(names, |position| position.to_string()), inputs))
}

/// The feature and the decision of a split.
fn decision(split: &Split, inputs: &BTreeMap<usize, Input>) -> Result<(u32, Decision), ImportError> {
    if split.kind != "FloatFeature" {
        return unsupported(format!("it has splits of type {}, which are no splits by `<`", split.kind));
    }
    let input = split.float_feature_index.and_then(|index| inputs.get(&index));
    let border = split.border.filter(|border| !border.is_nan());
    let (Some(input), Some(border)) = (input, border) else {
        return Err(malformed("a split without a feature or without a border"));
    };
    Ok((input.position, Decision::above(border, input.missing)))
}

/// A symmetric tree level by level: the part at `(1 << level) - 1 + number` has met the conditions of the bits of `number`.
fn symmetric(tree: &Symmetric, inputs: &BTreeMap<usize, Input>) -> Result<Vec<Part>, ImportError> {
    let splits = tree.splits.as_deref().unwrap_or_default();
    let leaves = tree.leaf_values.len();
    if leaves > MAX_NODES || Some(leaves) != 1_usize.checked_shl(splits.len() as u32) {
        return Err(malformed(format!("{leaves} leaf values in a tree of {} levels", splits.len())));
    }
    let mut covers = match tree.leaf_weights.len() {
        0 => vec![0.0; leaves],
        found if found == leaves => tree.leaf_weights.clone(),
        found => return Err(malformed(format!("{found} leaf weights for {leaves} leaves"))),
    };
    let of_leaves = tree.leaf_values.iter().zip(&covers);
    let mut parts: Vec<Part> =
        of_leaves.map(|(value, cover)| Part::Leaf { value: *value, cover: *cover }).collect();
    for (level, split) in splits.iter().enumerate().rev() {
        let (feature, decision) = decision(split, inputs)?;
        let width = 1 << level;
        covers = (0..width).map(|number| covers[number] + covers[number + width]).collect();
        let place = |number: usize| 2 * width - 1 + number;
        let of_level = (0..width).map(|number| Part::Split {
            feature,
            decision: decision.clone(),
            children: [place(number), place(number + width)],
            cover: covers[number],
        });
        parts.splice(0..0, of_level);
    }
    Ok(parts)
}

/// Appends a node and what is below it; gives its place and cover.
fn nested(
    node: &Nested,
    inputs: &BTreeMap<usize, Input>,
    parts: &mut Vec<Part>,
) -> Result<(usize, f64), ImportError> {
    let place = parts.len();
    let leaf = |value, cover| Part::Leaf { value, cover };
    match (&node.split, &node.left, &node.right, node.value) {
        (None, None, None, Some(value)) => {
            parts.push(leaf(value, node.weight));
            Ok((place, node.weight))
        }
        (Some(split), Some(left), Some(right), None) => {
            let (feature, decision) = decision(split, inputs)?;
            parts.push(leaf(0.0, 0.0));
            let (left, of_left) = nested(left, inputs, parts)?;
            let (right, of_right) = nested(right, inputs, parts)?;
            let cover = of_left + of_right;
            parts[place] = Part::Split { feature, decision, children: [left, right], cover };
            Ok((place, cover))
        }
        _ => Err(malformed("a node that is neither a split with two sides nor a leaf with one value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_found() {
        assert_eq!(release("Git info:\n    Branch: tags/v1.2.10\n    Author: x"), Some("1.2.10".to_owned()));
        assert_eq!(release("built by hand"), None);
    }
}
