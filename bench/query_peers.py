#!/usr/bin/env python3
"""Times twenty questions of analysts on Parquet files: DuckDB, DataFusion, and Tidegate's door to the same files.

Makes its Python environment and its data under target/, and prints a Markdown table with medians and ratios. The door is
timed for three readers: one who is shown everything, one who is shown the rows of an office, one who sees pseudonyms.

    python3 bench/query_peers.py                             # 1,000,000 declarations
    python3 bench/query_peers.py --declarations 2000         # to see that it runs
"""

import argparse
import csv
import io
import math
import pathlib
import statistics
import subprocess
import time

from peers import ROOT, build, enter_environment

WORK = ROOT / "target" / "query-peers"
QUERIES = ROOT / "bench" / "queries.sql"
PACKAGES = ["duckdb==2.0.1"]
TABLES = ["declaration", "goods_item"]


def generate(binaries, declarations):
    """Parquet files of a simulated year; made once."""
    folder = WORK / f"country-{declarations}"
    if not folder.exists():
        arguments = ["generate", "--to", "parquet", "--out", folder, "--truth", WORK / "truth"]
        subprocess.run([binaries / "tidegate", *arguments, "--declarations", str(declarations)], check=True)
    return folder


def duck(folder, queries, runs):
    """Median seconds of each question in DuckDB, with all of its threads, after one run that warms up."""
    import duckdb

    database = duckdb.connect()
    for table in TABLES:
        path = folder / f"{table}.parquet"
        files = f"{path}/**/*.parquet" if path.is_dir() else path
        database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}')")
    medians = []
    for query in queries:
        times = []
        for _ in range(runs + 1):
            start = time.perf_counter()
            database.execute(query).fetchall()
            times.append(time.perf_counter() - start)
        medians.append(statistics.median(times[1:]))
    return medians


def geometric(ratios):
    return math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--declarations", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--profile", default="dev", help="profile of the build; release takes half an hour")
    parser.add_argument("--programs", type=pathlib.Path, help="folder of what is built already, such as target/release")
    arguments = parser.parse_args()
    enter_environment(WORK, PACKAGES)
    binaries = arguments.programs or build(arguments.profile, "--bin", "tidegate", "--example", "time_queries")
    folder = generate(binaries, arguments.declarations)
    queries = [query for query in QUERIES.read_text().split(";\n") if "SELECT" in query]
    ducks = duck(folder, queries, arguments.runs)
    timed = subprocess.run(
        [binaries / "examples" / "time_queries", folder, QUERIES, str(arguments.runs)],
        check=True, capture_output=True, text=True,
    )
    rows = list(csv.DictReader(io.StringIO(timed.stdout)))
    columns = [name for name in rows[0] if name != "query"]
    print("| query | DuckDB ms | " + " | ".join(f"{name} ms" for name in columns) + " |")
    print("|---|" + "---:|" * (len(columns) + 1))
    for row, peer in zip(rows, ducks):
        cells = [f"{1e3 * float(row[name]):.1f}" for name in columns]
        print(f"| {row['query']} | {1e3 * peer:.1f} | " + " | ".join(cells) + " |")
    beside_duck = [geometric([float(row[name]) / peer for row, peer in zip(rows, ducks)]) for name in columns]
    print("| geometric mean beside DuckDB | 1.00 | " + " | ".join(f"{ratio:.2f}" for ratio in beside_duck) + " |")
    beside_plain = [statistics.median(float(row[name]) / float(row["plain"]) for row in rows) for name in columns]
    print("| median beside plain | | " + " | ".join(f"{ratio:.2f}" for ratio in beside_plain) + " |")


if __name__ == "__main__":
    main()
