//! `LightGBM`: `x <= threshold` in f64 on f32 inputs, zeros and missing values by the kind of each split, categories by bit sets,
//! sums in f64 from 0 on, in tree order.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::super::accumulator::Accumulator;
use super::super::tree::Branch;
use super::assembly::Part;
use super::decision::{Decision, bound_of_at_most, bounds_of_category, left_if};
use super::{ImportError, ImportedModel, ModelFeatures, ModelFormat, assemble_all, unsupported};

/// Values up to this far from 0 are 0 to the library, which leaves them out of rows before it looks at a split.
const ZERO: f32 = 1e-35;

/// Lines of the header or of a tree, by the text before `=`; a line without has an empty value.
type Fields<'a> = BTreeMap<&'a str, &'a str>;

/// Reads a model in the text format.
pub(super) fn read(bytes: &[u8]) -> Result<ImportedModel, ImportError> {
    let text = str::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
    let Some((model, _)) = text.split_once("\nend of trees") else {
        return Err(malformed("the line `end of trees` is missing; was the file cut off?"));
    };
    let mut sections = model.split("\nTree=");
    let header = fields(sections.next().unwrap_or_default());
    let (features, sigmoid) = check(&header)?;
    let parts = sections.enumerate().map(|(tree, section)| {
        // The first line is the rest of the line `Tree=`.
        let fields = fields(section.split_once('\n').map_or("", |(_, rest)| rest));
        if fields.get("is_linear").is_some_and(|linear| *linear != "0") {
            return unsupported("its leaves are linear models; train with linear_tree=false");
        }
        parts(&fields, features.len()).map_err(|cause| malformed(format!("tree {tree}: {cause}")))
    });
    let trees = assemble_all(parts)?;
    // A random forest sums up like any other and divides the sum only on its way to a probability.
    let divisor = if header.contains_key("average_output") { trees.len().max(1) as f64 } else { 1.0 };
    Ok(ImportedModel {
        format: ModelFormat::LightgbmText,
        version: header.get("version").map(|version| (*version).to_owned()),
        features,
        trees,
        base_score: 0.0,
        accumulator: Accumulator::F64,
        link_slope: sigmoid / divisor,
    })
}

fn malformed(cause: impl Into<String>) -> ImportError {
    ImportError::Malformed { format: ModelFormat::LightgbmText.name(), cause: cause.into() }
}

fn fields(section: &str) -> Fields<'_> {
    section.lines().map(|line| line.split_once('=').unwrap_or((line, ""))).collect()
}

/// Refuses what a forest cannot be; gives the features and the factor of the margin in the link.
fn check(header: &Fields<'_>) -> Result<(ModelFeatures, f64), ImportError> {
    for name in ["num_class", "num_tree_per_iteration"] {
        if header.get(name).is_some_and(|count| *count != "1") {
            return unsupported("it has several outputs; a forest has one, the log-odds of a true finding");
        }
    }
    let mut objective = header.get("objective").copied().unwrap_or("none").split(' ');
    let sigmoid = match objective.next() {
        Some("binary") => {
            let sigmoid = objective.find_map(|word| word.strip_prefix("sigmoid:")).unwrap_or("1");
            let Some(factor) =
                sigmoid.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0)
            else {
                return Err(malformed(format!("sigmoid is `{sigmoid}`; it is a positive number")));
            };
            factor
        }
        Some("cross_entropy") => 1.0,
        other => {
            return unsupported(format!(
                "its objective is `{}`; margins are log-odds for binary and cross_entropy",
                other.unwrap_or_default()
            ));
        }
    };
    let names: Vec<String> = header
        .get("feature_names")
        .into_iter()
        .flat_map(|names| names.split(' '))
        .map(str::to_owned)
        .collect();
    let last: usize = number(header, "max_feature_idx").map_err(malformed)?;
    if Some(names.len()) != last.checked_add(1) {
        return Err(malformed(format!("{} feature_names, and max_feature_idx is {last}", names.len())));
    }
    Ok((ModelFeatures::of(names, |position| format!("Column_{position}")), sigmoid))
}

fn number<T: FromStr>(fields: &Fields<'_>, name: &str) -> Result<T, String> {
    let text = fields.get(name).ok_or_else(|| format!("the line `{name}=` is missing"))?;
    text.parse().map_err(|_| format!("{name} is `{text}`, which is no number of its kind"))
}

/// The numbers of a line, which must be so many.
fn numbers<T: FromStr>(fields: &Fields<'_>, name: &str, count: usize) -> Result<Vec<T>, String> {
    let text = fields.get(name).ok_or_else(|| format!("the line `{name}=` is missing"))?;
    let words = text.split(' ').filter(|word| !word.is_empty());
    let numbers: Vec<T> = words
        .map(|word| word.parse().map_err(|_| format!("{name} has `{word}`, which is no number of its kind")))
        .collect::<Result<_, _>>()?;
    if numbers.len() == count {
        return Ok(numbers);
    }
    Err(format!("{name} has {} numbers; there should be {count}", numbers.len()))
}

fn parts(fields: &Fields<'_>, features: usize) -> Result<Vec<Part>, String> {
    let leaves: usize = number(fields, "num_leaves")?;
    let values: Vec<f64> = numbers(fields, "leaf_value", leaves)?;
    // A tree of one leaf has no counts.
    let counts: Vec<f64> = match fields.get("leaf_count").filter(|_| leaves > 1) {
        Some(_) => numbers(fields, "leaf_count", leaves)?,
        None => vec![0.0; leaves],
    };
    let splits = leaves.checked_sub(1).ok_or("num_leaves is 0; a tree has a leaf")?;
    let mut parts = splits_of(fields, features, splits)?;
    parts.extend(values.iter().zip(counts).map(|(value, cover)| Part::Leaf { value: *value, cover }));
    Ok(parts)
}

/// The lines of a tree that say where its splits send a row.
struct Splits {
    thresholds: Vec<f64>,
    kinds: Vec<u8>,
    sets: Vec<Vec<u32>>,
}

/// The splits of a tree; its leaves come behind them.
fn splits_of(fields: &Fields<'_>, features: usize, splits: usize) -> Result<Vec<Part>, String> {
    if splits == 0 {
        return Ok(Vec::new());
    }
    let looked_at: Vec<u32> = numbers(fields, "split_feature", splits)?;
    let left: Vec<i64> = numbers(fields, "left_child", splits)?;
    let right: Vec<i64> = numbers(fields, "right_child", splits)?;
    // Counts explain a margin as the library does; where they are not there, shares are halves.
    let covers: Vec<f64> = match fields.get("internal_count") {
        Some(_) => numbers(fields, "internal_count", splits)?,
        None => vec![0.0; splits],
    };
    let rules = Splits {
        thresholds: numbers(fields, "threshold", splits)?,
        kinds: numbers(fields, "decision_type", splits)?,
        sets: sets(fields)?,
    };
    // A negative child is the leaf of the number with all bits turned.
    let child =
        |child: i64| usize::try_from(child).unwrap_or_else(|_| splits.saturating_add(!child as usize));
    let part = |split: usize| {
        let feature = looked_at[split];
        if feature as usize >= features {
            return Err(format!("split {split} looks at feature {feature} of {features}"));
        }
        let decision = decision(&rules, split)?;
        let children = [child(left[split]), child(right[split])];
        Ok(Part::Split { feature, decision, children, cover: covers[split] })
    };
    (0..splits).map(part).collect()
}

/// The sets of categories of a tree: words of 32 bits, and where each set begins.
fn sets(fields: &Fields<'_>) -> Result<Vec<Vec<u32>>, String> {
    let count: usize = fields.get("num_cat").map_or(Ok(0), |_| number(fields, "num_cat"))?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let boundaries: Vec<usize> = numbers(fields, "cat_boundaries", count.saturating_add(1))?;
    let words: Vec<u32> = numbers(fields, "cat_threshold", boundaries.last().copied().unwrap_or(0))?;
    let set = |bounds: &[usize]| {
        let words = words.get(bounds[0]..bounds[1]).ok_or("cat_boundaries do not rise")?;
        let bits = words.iter().enumerate().flat_map(|(place, word)| {
            let first = place as u32 * 32;
            (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit)
        });
        Ok(bits.collect())
    };
    boundaries.windows(2).map(set).collect()
}

/// What the bits of a `decision_type` say: 1 is categorical, 2 sends what is missing left, 4 and 8 say what that is.
fn decision(rules: &Splits, split: usize) -> Result<Decision, String> {
    let (threshold, kind) = (rules.thresholds[split], rules.kinds[split]);
    if threshold.is_nan() {
        return Err(format!("split {split} compares with NaN"));
    }
    if kind & 1 == 1 {
        // The place of the set, written as a threshold.
        let set = rules.sets.get(threshold as usize).ok_or_else(|| format!("split {split} has no set"))?;
        return Ok(of_categories(set));
    }
    let default = left_if(kind & 2 == 2);
    match kind >> 2 & 3 {
        0 => Ok(numerical(threshold, None, left_if(0.0 <= threshold))),
        1 => Ok(numerical(threshold, Some(default), default)),
        2 => Ok(numerical(threshold, None, default)),
        other => Err(format!("split {split} has missing type {other}, which is none")),
    }
}

/// `x <= threshold` goes left; what is 0 to the library goes the way of zeros, if they have one, and else that of 0.
fn numerical(threshold: f64, zeros: Option<Branch>, missing: Branch) -> Decision {
    let bounds = vec![bound_of_at_most(threshold), -ZERO, ZERO.next_up()];
    let rule = |value: f32| {
        let is_zero = value.abs() <= ZERO;
        match zeros {
            Some(way) if is_zero => way,
            _ => left_if(if is_zero { 0.0 } else { f64::from(value) } <= threshold),
        }
    };
    Decision::new(bounds, rule, missing)
}

/// Chosen categories go left, others right, what is missing or negative too. The library cuts off towards 0, so that what
/// lies between -1 and 0 is category 0.
fn of_categories(chosen: &[u32]) -> Decision {
    let mut bounds: Vec<f32> = chosen.iter().flat_map(|category| bounds_of_category(*category)).collect();
    bounds.push((-1.0_f32).next_up());
    let is_chosen = |value: f32| value > -1.0 && chosen.binary_search(&(value as u32)).is_ok();
    Decision::new(bounds, |value| left_if(is_chosen(value)), Branch::Right)
}

#[cfg(test)]
mod tests {
    use super::super::decision::testing::{any_limit, check};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn numbers_decide_as_the_library_does(
            limit in prop_oneof![any_limit(), (-4.0..4.0_f64).prop_map(|limit| limit * 1e-35)],
            zeros in any::<bool>(),
            left in any::<bool>(),
            value in prop_oneof![any::<u32>().prop_map(f32::from_bits), (-4.0..4.0_f32).prop_map(|v| v * 1e-35)],
        ) {
            // As in the library's predictor.hpp, which drops zeros from a row, and tree.h.
            let rule = |value: f32| {
                let kept = if f64::from(value).abs() > f64::from(ZERO) { f64::from(value) } else { 0.0 };
                if zeros && (-f64::from(ZERO)..=f64::from(ZERO)).contains(&kept) {
                    return left_if(left);
                }
                left_if(kept <= limit)
            };
            let zeros = zeros.then_some(left_if(left));
            check(&numerical(limit, zeros, Branch::Left), value, rule);
        }

        #[test]
        fn categories_decide_as_the_library_does(
            chosen in prop::collection::btree_set(prop_oneof![0..70_u32, 16_777_200..16_777_230_u32], 0..12),
            value in prop_oneof![-3.0..75.0_f32, any::<f32>()],
        ) {
            let rule = |value: f32| {
                // A cast in C++ on x86 gives the least i32 for what is out of range.
                let whole = if value.abs() < 2_147_483_648.0 { value as i32 } else { i32::MIN };
                left_if(u32::try_from(whole).is_ok_and(|category| chosen.contains(&category)))
            };
            let chosen: Vec<u32> = chosen.iter().copied().collect();
            check(&of_categories(&chosen), value, rule);
        }
    }
}
