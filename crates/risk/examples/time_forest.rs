//! Times the evaluation of a forest on one thread: `time_forest MODEL COLUMNS ROWS REPEATS`, behind `bench/forest_peers.py`.
//!
//! MODEL is XGBoost's JSON of numerical splits and one output; COLUMNS holds f32, little-endian, column after column.
//! Prints tab-separated lines: what, instructions, least processor seconds of REPEATS, and the first margins.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::{env, fs, hint, iter};

use tidegate_risk::model::{Branch, FeatureMatrix, FeatureNames, Forest, InstructionSet, Node, Tree};

/// Rows that are scored one by one.
const SINGLE_ROWS: usize = 2_000;

/// Margins that are printed, for comparison.
const SHOWN: usize = 1_000;

/// A measurement is at least so long, since Linux brings a thread's time up to date every few milliseconds.
const LEAST_SECONDS: f64 = 0.3;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [model, columns, rows, repeats] = &arguments[..] else {
        println!("usage: time_forest MODEL COLUMNS ROWS REPEATS");
        return Ok(());
    };
    let (rows, repeats): (usize, usize) = (rows.parse()?, repeats.parse()?);
    let forest = forest(&serde_json::from_slice(&fs::read(model)?)?)?;
    let bytes = fs::read(columns)?;
    let values = |column: &[u8]| column.as_chunks::<4>().0.iter().map(|v| f32::from_le_bytes(*v)).collect();
    let columns = bytes.chunks(4 * rows).map(values).collect();
    let matrix = FeatureMatrix::new(forest.features().clone(), columns)?;
    for instructions in InstructionSet::available() {
        time(&forest.clone().with_instructions(instructions), &matrix, instructions.name(), repeats)?;
    }
    for margin in forest.margins(&matrix)?.iter().take(SHOWN) {
        println!("margin\t\t{margin}");
    }
    Ok(())
}

/// A forest of the arrays of XGBoost's JSON; the margin of the base score is left to the caller of the library.
fn forest(model: &serde_json::Value) -> Outcome<Forest> {
    let model = &model["learner"];
    let features: usize =
        model["learner_model_param"]["num_feature"].as_str().ok_or("no features")?.parse()?;
    let names = FeatureNames::new((0..features).map(|feature| format!("f{feature}")).collect())?;
    let trees = model["gradient_booster"]["model"]["trees"].as_array().ok_or("no trees")?;
    Ok(Forest::new(names, 0.0, trees.iter().map(tree).collect::<Outcome<_>>()?)?)
}

fn tree(tree: &serde_json::Value) -> Outcome<Tree> {
    let list = |name: &str| tree[name].as_array().ok_or_else(|| format!("no {name}"));
    let (left, right, features) = (list("left_children")?, list("right_children")?, list("split_indices")?);
    let (conditions, default_left) = (list("split_conditions")?, list("default_left")?);
    let node = |place: usize| {
        let number = |list: &[serde_json::Value]| list[place].as_i64().unwrap_or(-1);
        let condition = conditions[place].as_f64().unwrap_or(f64::NAN);
        if number(left) < 0 {
            return Node::Leaf { value: condition, cover: 0.0 };
        }
        Node::Split {
            feature: number(features) as u32,
            threshold: condition as f32,
            missing: if number(default_left) == 1 { Branch::Left } else { Branch::Right },
            left: number(left) as u32,
            right: number(right) as u32,
            cover: 0.0,
        }
    };
    Ok(Tree::new((0..left.len()).map(node).collect())?)
}

fn time(forest: &Forest, matrix: &FeatureMatrix, instructions: &str, repeats: usize) -> Outcome<()> {
    let bins = forest.bins(matrix)?;
    let rows: Vec<Vec<f32>> = (0..SINGLE_ROWS).map_while(|row| matrix.row(row)).collect();
    let shown = [
        ("f32", least(repeats, || forest.margins(matrix))?),
        ("bins", least(repeats, || forest.margins_of_bins(&bins))?),
        ("row", least(repeats, || rows.iter().map(|row| forest.margin(row)).collect())? / rows.len() as f64),
    ];
    for (what, seconds) in shown {
        println!("{what}\t{instructions}\t{seconds}");
    }
    Ok(())
}

/// The least processor time that some work took, in seconds: of `repeats` measurements of at least [`LEAST_SECONDS`].
fn least<E: Error + 'static>(repeats: usize, work: impl Fn() -> Result<Vec<f64>, E>) -> Outcome<f64> {
    let measure = || {
        let before = processor_seconds()?;
        for times in 1.. {
            hint::black_box(work()?);
            let seconds = processor_seconds()? - before;
            if seconds >= LEAST_SECONDS {
                return Ok(seconds / f64::from(times));
            }
        }
        Err("work that takes no time".into())
    };
    iter::repeat_with(measure)
        .take(repeats)
        .try_fold(f64::INFINITY, |least, seconds: Outcome<f64>| Ok(least.min(seconds?)))
}

/// Processor time of this thread, as Linux counts it, in seconds: other work on the machine is not in it.
fn processor_seconds() -> Outcome<f64> {
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(nanoseconds.split_whitespace().next().ok_or("no time")?.parse::<f64>()? * 1e-9)
}
