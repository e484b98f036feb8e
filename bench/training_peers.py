#!/usr/bin/env python3
"""Times the training of boosted trees beside XGBoost's histograms, on the same rows, with the same depth, bins and trees.

Makes its Python environment under target/ and prints a Markdown table: wall-clock and processor seconds, greatest memory of the
whole process, and log-loss on the rows learnt from, so that nobody is quick by learning nothing.

    python3 bench/training_peers.py                                   # 100,000, 1,000,000 and 10,000,000 rows
    python3 bench/training_peers.py --rows 5000 --trees 3             # to see that it runs
"""

import argparse
import pathlib
import resource
import subprocess
import sys
import time

from peers import ROOT, build, enter_environment

WORK = ROOT / "target" / "training-peers"
PACKAGES = ["numpy", "xgboost-cpu==3.2.0"]
FEATURES = 30


def make_rows(numpy, rows):
    """Features of several shapes, some missing, and a label that needs many of them; written for our side."""
    random = numpy.random.default_rng(1)
    features = random.standard_normal((FEATURES, rows), dtype=numpy.float32)
    features[1::4] = numpy.exp(features[1::4])
    features[2::4] = numpy.round(features[2::4] * 8)
    features[3::4][random.random((len(features[3::4]), rows), dtype=numpy.float32) < 0.05] = numpy.nan
    weights = random.standard_normal(FEATURES, dtype=numpy.float32)
    score = sum(weight * numpy.tanh(numpy.nan_to_num(column)) for weight, column in zip(weights, features))
    labels = score + random.standard_normal(rows, dtype=numpy.float32) * 2 > 4
    features.tofile(WORK / "columns")
    labels.astype(numpy.uint8).tofile(WORK / "labels")


def run_peer(rows, trees, threads):
    """Trains with XGBoost and prints what `time_training` prints."""
    import numpy
    import xgboost

    features = numpy.fromfile(WORK / "columns", dtype=numpy.float32).reshape(FEATURES, rows).T
    labels = numpy.fromfile(WORK / "labels", dtype=numpy.uint8)
    settings = {"max_depth": 6, "eta": 0.1, "tree_method": "hist", "objective": "binary:logistic", "max_bin": 256, "nthread": threads}
    start, before = time.perf_counter(), time.process_time()
    matrix = xgboost.QuantileDMatrix(features, labels, max_bin=256, nthread=threads)
    booster = xgboost.train(settings, matrix, num_boost_round=trees)
    wall, processor = time.perf_counter() - start, time.process_time() - before
    p = numpy.clip(booster.inplace_predict(features), 1e-12, 1 - 1e-12)
    loss = -numpy.mean(numpy.where(labels == 1, numpy.log(p), numpy.log(1 - p)))
    print(wall, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, loss, sep="\t")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--trees", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", default="release", help="cargo profile of our side; dev optimises what takes the time too")
    parser.add_argument("--program", type=pathlib.Path, help="a `time_training` that is built already")
    parser.add_argument("--peer", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    enter_environment(WORK, PACKAGES)
    if arguments.peer:
        return run_peer(arguments.peer, arguments.trees, arguments.threads)

    import numpy

    program = arguments.program or build(arguments.profile, "--example", "time_training") / "examples" / "time_training"
    print(f"\n{arguments.trees} trees of depth 6, {FEATURES} features, {arguments.threads} threads\n")
    print("| rows | program | wall-clock seconds | processor seconds | greatest memory | log-loss |")
    print("|---:|---|---:|---:|---:|---:|")
    for rows in arguments.rows:
        make_rows(numpy, rows)
        peer = [sys.executable, __file__, "--peer", str(rows), "--trees", str(arguments.trees), "--threads", str(arguments.threads)]
        ours = ["env", f"RAYON_NUM_THREADS={arguments.threads}", program, WORK / "columns", WORK / "labels", str(rows), str(arguments.trees)]
        for name, command in (("XGBoost", peer), ("Tidegate", ours)):
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            wall, processor, memory, loss = map(float, printed)
            print(f"| {rows:,} | {name} | {wall:.1f} | {processor:.1f} | {memory:,.0f} MB | {loss:.4f} |", flush=True)


if __name__ == "__main__":
    main()
