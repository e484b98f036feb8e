#!/usr/bin/env python3
"""Times many SQL conditions of rules beside DuckDB, on the same rows, with the same conditions as CASE expressions.

Makes its Python environment under target/ and its rows with DuckDB, checks that both sides count the same hits, and
prints a Markdown table. Both sides have their rows in memory before the clock starts; each keeps the fastest of several
repeats. Processor seconds leave out what other work on the machine takes.

    python3 bench/rules_peers.py                                  # 200 conditions, 10,000,000 rows
    python3 bench/rules_peers.py --rows 20000 --profile dev       # to see that it runs
"""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import time

from peers import ROOT, build, enter_environment

WORK = ROOT / "target" / "rules-peers"
PACKAGES = ["duckdb==2.0.1"]

# Codes are drawn with few common and many rare ones, as in trade; one price in ten is not known.
ROWS = """
    SELECT lpad(CAST(10000 + CAST(floor(5000 * pow(random(), 2)) AS INTEGER) * 19 AS VARCHAR), 6, '0') AS commodity_hs6,
        chr(65 + CAST(floor(8 * pow(random(), 2)) AS INTEGER)) || chr(65 + CAST(floor(8 * random()) AS INTEGER))
            AS origin_country_code,
        chr(65 + CAST(floor(8 * pow(random(), 2)) AS INTEGER)) || chr(65 + CAST(floor(8 * random()) AS INTEGER))
            AS export_country_code,
        'I' || CAST(floor(200000 * pow(random(), 3)) AS INTEGER) AS importer_id,
        CAST(1 + floor(4 * random()) AS VARCHAR) AS transport_mode_code,
        exp(8 + 2 * (random() + random() - 1)) AS customs_value_amount,
        exp(4 + 2 * (random() + random() - 1)) AS net_mass_kg,
        exp(4.2 + 2 * (random() + random() - 1)) AS gross_mass_kg,
        CAST(floor(20 * random()) AS DOUBLE) AS duty_rate_percent,
        CAST(1 + floor(20 * random()) AS BIGINT) AS goods_item_count,
        CASE WHEN random() < 0.1 THEN NULL ELSE 3 * (random() - random()) END AS price_of_hs6_origin,
        0.1 * random() AS importer_rate,
        pow(random(), 4) AS probability
    FROM range({rows})
"""


def conditions(count):
    """So many conditions, of the shapes that the shipped rule sets have."""
    pick = random.Random(1)
    chapters = [f"{chapter:02}" for chapter in range(1, 98)]
    countries = [chr(65 + first) + chr(65 + second) for first in range(8) for second in range(8)]

    def listed(values, number):
        return ", ".join(f"'{value}'" for value in pick.sample(values, number))

    shapes = [
        lambda: f"price_of_hs6_origin < {-pick.uniform(0.7, 2.0):.2f} AND duty_rate_percent >= {pick.randint(3, 15)}",
        lambda: f"left(commodity_hs6, 2) IN ({listed(chapters, 3)}) AND export_country_code <> origin_country_code",
        lambda: f"net_mass_kg > gross_mass_kg * {pick.uniform(1.0, 3.0):.2f}",
        lambda: f"left(commodity_hs6, 2) IN ({listed(chapters, 2)})",
        lambda: f"commodity_hs6 LIKE '{pick.choice(chapters)}%' AND customs_value_amount / net_mass_kg < {pick.uniform(2, 20):.2f}",
        lambda: f"origin_country_code IN ({listed(countries, 5)}) AND importer_rate > {pick.uniform(0.02, 0.09):.3f}",
        lambda: f"customs_value_amount * duty_rate_percent / 100 > {pick.randint(500, 5000)} AND goods_item_count >= {pick.randint(2, 15)}",
        lambda: f"(transport_mode_code = '{pick.randint(1, 4)}' OR probability > {pick.uniform(0.3, 0.9):.2f}) AND customs_value_amount / net_mass_kg > {pick.randint(100, 400)}",
        lambda: f"origin_country_code = '{pick.choice(countries)}' AND left(commodity_hs6, 4) IN ({listed([c + '01' for c in chapters], 4)})",
        lambda: f"probability > {pick.uniform(0.2, 0.8):.2f} AND price_of_hs6_origin IS NULL AND importer_id LIKE 'I{pick.randint(1, 9)}%'",
    ]
    return [shapes[number % len(shapes)]() for number in range(count)]


def time_duckdb(connection, sqls, threads, repeats):
    """Least processor and wall-clock seconds, and the hits of each condition."""
    connection.execute(f"SET threads = {threads}")
    counts = ", ".join(f"sum(CASE WHEN {sql} THEN 1 ELSE 0 END)" for sql in sqls)
    processor, wall, found = [], [], None
    for _ in range(repeats):
        before, start = time.process_time(), time.perf_counter()
        found = connection.execute(f"SELECT {counts} FROM records").fetchall()[0]
        processor.append(time.process_time() - before)
        wall.append(time.perf_counter() - start)
    return min(processor), min(wall), [int(count) for count in found]


def time_ours(program, sqls, rows, threads, repeats):
    """Processor and wall-clock seconds together and alone, and the hits of each condition."""
    listed = WORK / "conditions.txt"
    listed.write_text("\n".join(sqls))
    command = [program, listed, rows, str(threads), str(repeats)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line.split("\t") for line in printed.splitlines()]
    seconds = {what: (float(values[0]), float(values[1])) for what, *values in lines if what != "count"}
    return seconds, [int(value) for what, value, *_ in lines if what == "count"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--conditions", type=int, default=200)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, os.cpu_count()])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", default="release", help="cargo profile of our side")
    parser.add_argument("--program", type=pathlib.Path, help="a time_rules that is built already")
    arguments = parser.parse_args()
    enter_environment(WORK, PACKAGES)

    import duckdb

    program = (arguments.program or build(arguments.profile, "--example", "time_rules") / "examples" / "time_rules").absolute()
    rows = WORK / "rows.parquet"
    connection = duckdb.connect()
    connection.execute(f"SELECT setseed(0.5); CREATE TABLE records AS {ROWS.format(rows=arguments.rows)}")
    connection.execute(f"COPY records TO '{rows}' (FORMAT parquet)")
    sqls = conditions(arguments.conditions)
    print(f"\n{len(sqls)} conditions, {arguments.rows:,} rows\n")
    print("| threads | evaluator | processor seconds | wall-clock seconds | times DuckDB, processor | times DuckDB, wall clock |")
    print("|---:|---|---:|---:|---:|---:|")
    for threads in dict.fromkeys(arguments.threads):
        processor, wall, theirs = time_duckdb(connection, sqls, threads, arguments.repeats)
        seconds, ours = time_ours(program, sqls, rows, threads, arguments.repeats)
        different = [sql for sql, one, other in zip(sqls, ours, theirs, strict=True) if one != other]
        if different:
            sys.exit(f"not the same hits: {different}")
        entries = [("DuckDB", (processor, wall)), ("Tidegate, together", seconds["together"])]
        for name, (own_processor, own_wall) in [*entries, ("Tidegate, one after the other", seconds["alone"])]:
            times = f"{processor / own_processor:.2f} | {wall / own_wall:.2f}"
            print(f"| {threads} | {name} | {own_processor:.2f} | {own_wall:.2f} | {times} |", flush=True)


if __name__ == "__main__":
    main()
