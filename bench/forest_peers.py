#!/usr/bin/env python3
"""Times XGBoost and others beside Tidegate's forest, on the same models and rows, with one thread each.

Makes its Python environment under target/, trains with XGBoost, and prints a Markdown table. Times are the least
processor time of several repeats, so that other work on the machine is not in them.

    python3 bench/forest_peers.py                            # 1,000,000 rows, 100 and 500 trees
    python3 bench/forest_peers.py --rows 20000 --trees 10    # to see that it runs
"""

import argparse
import pathlib
import subprocess
import time

from peers import ROOT, build, enter_environment

WORK = ROOT / "target" / "forest-peers"
PACKAGES = ["numpy", "xgboost-cpu==3.2.0", "lightgbm==4.7.0", "onnxruntime==1.32.0", "onnxmltools==1.16.0"]
PACKAGES += ["catboost==1.2.10", "tl2cgen==1.0.0", "treelite==4.8.1"]
FEATURES = 100
SINGLE_ROWS = 2_000
TRAINING_ROWS = 30_000


def least(repeats, work):
    """The least processor time of some work, in seconds."""
    times = []
    for _ in range(repeats):
        before = time.process_time()
        work()
        times.append(time.process_time() - before)
    return min(times)


def make_rows(numpy, rows):
    """Features of several shapes, one in twenty missing in every fourth, and a label that needs many of them."""
    random = numpy.random.default_rng(1)
    features = random.standard_normal((rows, FEATURES), dtype=numpy.float32)
    features[:, 1::4] = numpy.exp(features[:, 1::4])
    features[:, 2::4] = numpy.round(features[:, 2::4] * 8)
    features[:, 3::4][random.random((rows, FEATURES // 4)) < 0.05] = numpy.nan
    weights = random.standard_normal(FEATURES, dtype=numpy.float32)
    known = numpy.nan_to_num(features)
    score = numpy.tanh(known) @ weights + 3 * numpy.sin(2 * known[:, 0] * known[:, 4])
    labels = score + random.standard_normal(rows) * 2 > 4
    return features, labels.astype(numpy.float32)


def time_xgboost(booster, features, labels, trees, repeats):
    """Lines of (what, batch or row, seconds)."""
    return [("XGBoost `inplace_predict`", "batch", least(repeats, lambda: booster.inplace_predict(features)))]


def time_onnx(booster, features, labels, trees, repeats):
    """The same model in ONNX Runtime, as lines of (what, batch or row, seconds)."""
    import onnxmltools
    import onnxruntime
    from onnxmltools.convert.common.data_types import FloatTensorType

    onnx = onnxmltools.convert_xgboost(booster, initial_types=[("x", FloatTensorType([None, FEATURES]))])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx.SerializeToString(), options, providers=["CPUExecutionProvider"])
    output = [session.get_outputs()[-1].name]
    batch = least(repeats, lambda: session.run(output, {"x": features}))
    singles = [{"x": features[row : row + 1]} for row in range(min(SINGLE_ROWS, len(features)))]
    row = least(repeats, lambda: [session.run(output, single) for single in singles]) / len(singles)
    return [("ONNX Runtime", "batch", batch), ("ONNX Runtime", "row", row)]


def time_lightgbm(booster, features, labels, trees, repeats):
    """A model of its own on the same rows, as lines of (what, batch or row, seconds)."""
    import lightgbm

    settings = {"num_leaves": 63, "max_depth": 6, "num_threads": 1, "objective": "binary", "verbose": -1}
    taught = lightgbm.Dataset(features[:TRAINING_ROWS], labels[:TRAINING_ROWS])
    other = lightgbm.train(settings, taught, num_boost_round=trees)
    batch = least(repeats, lambda: other.predict(features, num_threads=1))
    return [("LightGBM (a model of its own)", "batch", batch)]


def time_tl2cgen(booster, features, labels, trees, repeats):
    """The same model as C that the compiler of the machine translates, as lines of (what, batch or row, seconds)."""
    import tl2cgen
    import treelite

    library = str(WORK / f"tl2cgen-{trees}.so")
    model = treelite.frontend.from_xgboost(booster)
    tl2cgen.export_lib(model, toolchain="gcc", libpath=library, params={"parallel_comp": 8})
    predictor = tl2cgen.Predictor(library, nthread=1)
    rows = tl2cgen.DMatrix(features)
    return [("tl2cgen", "batch", least(repeats, lambda: predictor.predict(rows)))]


def compare_catboost(program, columns, features, labels, trees, repeats):
    """A symmetric model of CatBoost's own: its `predict` beside ours on the same model, margins equal to the last bit."""
    import catboost
    import numpy

    other = catboost.CatBoostClassifier(
        iterations=trees, depth=6, thread_count=1, verbose=False, allow_writing_files=False, border_count=254
    )
    other.fit(catboost.Pool(features[:TRAINING_ROWS], labels[:TRAINING_ROWS]))
    model = WORK / f"catboost-{trees}.json"
    other.save_model(str(model), format="json")
    pool = catboost.Pool(features)

    def predict(rows):
        return other.predict(rows, prediction_type="RawFormulaVal", thread_count=1)

    measured = [
        ("CatBoost `predict` of a pool", "batch", least(repeats, lambda: predict(pool))),
        ("CatBoost `predict` of an array", "batch", least(repeats, lambda: predict(features))),
    ]
    ours, margins = time_ours(program, model, columns, len(features), repeats)
    numpy.testing.assert_array_equal(margins, predict(features[: len(margins)]))
    print_tables(f"CatBoost, {trees} symmetric", len(features), measured + ours, "CatBoost")


PEERS = {"xgboost": time_xgboost, "onnx": time_onnx, "lightgbm": time_lightgbm, "tl2cgen": time_tl2cgen}


def time_ours(program, model, columns, rows, repeats):
    """Lines of (what, row or batch, seconds), and the first margins."""
    command = [program, model, columns, str(rows), str(repeats)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines, margins = [], []
    for what, instructions, value in (line.split("\t") for line in printed.splitlines()):
        if what == "margin":
            margins.append(float(value))
        else:
            entry = f"Tidegate, {instructions}" + (", from bins" if what == "bins" else ", from f32")
            lines.append((entry, "row" if what == "row" else "batch", float(value)))
    return lines, margins


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--trees", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), help="beside XGBoost, which is always there")
    parser.add_argument("--without-catboost", action="store_true", help="leave its own models out")
    parser.add_argument("--profile", default="release", help="cargo profile of our side")
    parser.add_argument("--program", type=pathlib.Path, help="a `time_forest` that is built already")
    arguments = parser.parse_args()
    enter_environment(WORK, PACKAGES, OMP_NUM_THREADS="1", PYTHONWARNINGS="ignore")

    import numpy
    import xgboost

    program = arguments.program or build(arguments.profile, "--example", "time_forest") / "examples" / "time_forest"
    features, labels = make_rows(numpy, arguments.rows)
    columns = WORK / "columns.f32"
    numpy.ascontiguousarray(features.T).tofile(columns)
    settings = {"max_depth": 6, "eta": 0.1, "tree_method": "hist", "max_bin": 256, "nthread": 1, "base_score": 0.5}
    settings |= {"objective": "binary:logistic", "min_child_weight": 0}
    taught = xgboost.DMatrix(features[:TRAINING_ROWS], labels[:TRAINING_ROWS], nthread=1)
    whole = xgboost.train(settings, taught, num_boost_round=max(arguments.trees))
    for trees in arguments.trees:
        booster = whole[:trees]
        model = WORK / f"model-{trees}.json"
        booster.save_model(model)
        measured = []
        for peer in dict.fromkeys(["xgboost", *arguments.peers]):
            measured += PEERS[peer](booster, features, labels, trees, arguments.repeats)
        ours, margins = time_ours(program, model, columns, arguments.rows, arguments.repeats)
        theirs = booster.inplace_predict(features[: len(margins)], predict_type="margin")
        numpy.testing.assert_array_equal(numpy.array(margins, dtype="f4"), theirs)
        print_tables(trees, arguments.rows, measured + ours)
        if not arguments.without_catboost:
            compare_catboost(program, columns, features, labels, trees, arguments.repeats)


def print_tables(trees, rows, measured, first="XGBoost"):
    """`measured` has lines of (what, batch or row, seconds), the first of them that of `first`."""
    _, _, first_seconds = measured[0]
    print(f"\n{trees} trees, {rows:,} rows\n")
    print(f"| evaluator | M rows/s | times {first} |\n|---|---:|---:|")
    for what, entry, seconds in measured:
        if entry == "batch":
            print(f"| {what} | {rows / seconds / 1e6:.2f} | {first_seconds / seconds:.1f} |")
    print("\n| one row | microseconds |\n|---|---:|")
    for what, entry, seconds in measured:
        if entry == "row":
            print(f"| {what} | {seconds * 1e6:.2f} |", flush=True)


if __name__ == "__main__":
    main()
