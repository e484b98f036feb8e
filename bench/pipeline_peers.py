#!/usr/bin/env python3
"""Times `tidegate decide` beside the same job written with DuckDB and XGBoost, as an engineer would write it.

The job: read declarations and goods items of some months from Parquet, look up profiles, score with a forest, evaluate
rules, take the best of each office and day and some at random, write decisions and items as Parquet. Both sides read the
same files of the same lake. What is prepared before is not in the times: learning, profile tables, training.

What only Tidegate does is in its times: thresholds from the four weeks before, commitments in a signed log before each
draw, reasons for whatever is selected. The month before is decided already, as it is wherever Tidegate is at work; with
--cold it is not, and what its declarations would have been decided as is worked out for the thresholds. The script makes its
Python environment and its country under target/.

    python3 bench/pipeline_peers.py                                                    # a year of 1,250,000 declarations
    python3 bench/pipeline_peers.py --declarations 4000 --trees 20 --profile dev       # to see that it runs
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

from peers import ROOT, build, enter_environment

WORK = ROOT / "target" / "pipeline-peers"
PACKAGES = ["duckdb==2.0.1", "numpy", "xgboost-cpu==3.2.0"]
LEARNT_UNTIL = "2025-04-30"
WEIGHT = 0.01

# Profiles of results: name, columns of the key, strength, parent; as in features/national.toml.
RATES = [
    ("hs2", ["hs2"], 50, "all"),
    ("hs4", ["hs4"], 30, "hs2"),
    ("hs6", ["commodity_hs6"], 20, "hs4"),
    ("origin", ["origin_country_code"], 30, "all"),
    ("hs4_origin", ["hs4", "origin_country_code"], 20, "hs4"),
    ("route", ["origin_country_code", "export_country_code"], 20, "origin"),
    ("importer", ["importer_id"], 10, "all"),
    ("seller", ["seller_id"], 10, "all"),
    ("declarant", ["declarant_id"], 20, "all"),
    ("office", ["office_id"], 50, "all"),
]
# Profiles of values: name, columns of the key, what is measured.
VALUES = [
    ("price_hs6", ["commodity_hs6"], "ln(customs_value_amount / net_mass_kg)"),
    ("price_hs6_origin", ["commodity_hs6", "origin_country_code"], "ln(customs_value_amount / net_mass_kg)"),
    ("price_importer", ["commodity_hs6", "importer_id"], "ln(customs_value_amount / net_mass_kg)"),
    ("mass_hs6", ["commodity_hs6"], "ln(net_mass_kg)"),
    ("trade_importer", ["importer_id"], "ln(customs_value_amount)"),
]
FEATURES = [
    "duty_rate_percent", "net_mass_kg", "customs_value_amount", "net_to_gross", "shipped_from_elsewhere", "goods_item_count",
    "price_of_hs6", "price_of_hs6_deviation", "price_of_hs6_origin", "price_of_importer", "mass_of_hs6", "trade_of_importer",
    *(f"rate_{name}" for name, *_ in RATES), "inspected_importer",
]  # fmt: skip


def rules(count):
    """So many conditions, each with a record that it hits and one that it does not."""
    pick = random.Random(1)
    chapters = [f"{chapter:02}" for chapter in range(1, 98)]
    countries = ["CN", "VN", "US", "DE", "JP", "TH", "IN", "TR", "IT", "MY"]

    def price():
        below, duty = pick.uniform(0.8, 2.0), pick.randint(3, 15)
        sql = f"price_of_hs6_origin < {-below:.2f} AND duty_rate_percent >= {duty}"
        return sql, {"price_of_hs6_origin": -9.0, "duty_rate_percent": 99}, {"price_of_hs6_origin": 9.0}

    def route():
        chosen = pick.sample(chapters, 3)
        sql = f"left(commodity_hs6, 2) IN ({', '.join(repr(c) for c in chosen)}) AND export_country_code <> origin_country_code"
        hit = {"commodity_hs6": chosen[0] + "0101", "export_country_code": "CN", "origin_country_code": "US"}
        return sql, hit, {**hit, "origin_country_code": "CN"}

    def mass():
        sql = f"net_mass_kg > gross_mass_kg * {pick.uniform(1.0, 3.0):.2f}"
        return sql, {"net_mass_kg": 9, "gross_mass_kg": 1}, {"net_mass_kg": 1, "gross_mass_kg": 9}

    def unit_price():
        chapter = pick.choice(chapters)
        sql = f"commodity_hs6 LIKE '{chapter}%' AND customs_value_amount / net_mass_kg < {pick.uniform(2, 20):.2f}"
        hit = {"commodity_hs6": chapter + "0101", "customs_value_amount": 1, "net_mass_kg": 9}
        return sql, hit, {**hit, "customs_value_amount": 900}

    def trader():
        chosen = pick.sample(countries, 3)
        least = pick.uniform(0.05, 0.3)
        sql = f"origin_country_code IN ({', '.join(repr(c) for c in chosen)}) AND rate_importer > {least:.3f}"
        hit = {"origin_country_code": chosen[0], "rate_importer": 0.9}
        return sql, hit, {**hit, "rate_importer": 0.0}

    def duty():
        sql = f"customs_value_amount * duty_rate_percent / 100 > {pick.randint(5, 90) * 1000} AND goods_item_count >= {pick.randint(2, 9)}"
        hit = {"customs_value_amount": 99000000, "duty_rate_percent": 50, "goods_item_count": 99}
        return sql, hit, {**hit, "goods_item_count": 1}

    def likely():
        sql = f"(origin_country_code = '{pick.choice(countries)}' OR probability > {pick.uniform(0.1, 0.5):.2f}) AND mass_of_hs6 > {pick.uniform(1, 3):.2f}"
        return sql, {"probability": 0.9, "mass_of_hs6": 9.0}, {"probability": 0.9, "mass_of_hs6": 0.0}

    shapes = [price, route, mass, unit_price, trader, duty, likely]
    return [shapes[number % len(shapes)]() for number in range(count)]


def toml_value(value):
    return json.dumps(value)


def rule_file(listed):
    lines = ['name = "bench"', 'description = "many rules"']
    for number, (sql, hit, other) in enumerate(listed):
        lines += ["[[rule]]", f'id = "rule-{number}"', 'owner = "bench"', 'level = "item"', f'reason = "rule {number}"']
        lines += ["from = 2025-01-01", f"effect = {{ weight = {WEIGHT} }}", f"sql = {json.dumps(sql)}"]
        for hits, record in ((True, hit), (False, other)):
            values = ", ".join(f"{name} = {toml_value(value)}" for name, value in record.items())
            lines += ["[[rule.example]]", f"hit = {json.dumps(hits)}", f"record = {{ {values} }}"]
    return "\n".join(lines) + "\n"


def measured(command):
    """Wall-clock seconds, processor seconds and greatest resident memory in MB of a program with its children."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {command}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def lake(table, home, months=None):
    """Files of a table of the lake as DuckDB reads them: generated at once, so none of them has been replaced."""
    files = [f"{home}/lake/{table}/month={month}/*.parquet" for month in months] if months else [f"{home}/lake/{table}/*/*.parquet"]
    return f"read_parquet({files}, hive_partitioning = true)"


def items(home, months, condition):
    """Goods items with the columns of their declarations, as numbers that a program computes with."""
    real = ", ".join(f"CAST(i.{c} AS DOUBLE) AS {c}" for c in ("customs_value_amount", "duty_rate_percent", "gross_mass_kg", "net_mass_kg"))
    return f"""SELECT i.month, i.declaration_id, i.version_number, i.goods_item_seq, i.commodity_hs6, i.origin_country_code, {real},
        left(i.commodity_hs6, 2) AS hs2, left(i.commodity_hs6, 4) AS hs4, d.accepted_at, d.office_id, d.importer_id, d.seller_id,
        d.declarant_id, d.export_country_code, d.goods_item_count
        FROM {lake("goods_item", home, months)} i JOIN {lake("declaration", home, months)} d
        USING (month, declaration_id, version_number) WHERE {condition}"""


def prepare(connection, home):
    """Profile tables from what was inspected and lodged up to the day learnt until."""
    connection.execute("SET TimeZone = 'UTC'")
    until = f"accepted_at < DATE '{LEARNT_UNTIL}' + INTERVAL 1 DAY"
    connection.execute(f"CREATE TABLE lodged AS {items(home, None, until)}")
    connection.execute(f"""CREATE TABLE known AS SELECT l.*, n.result_code = 'discrepancy' AS found FROM lodged l
        JOIN {lake("inspection", home)} n USING (month, declaration_id, goods_item_seq)
        WHERE n.result_code IS NOT NULL AND n.recorded_at < DATE '{LEARNT_UNTIL}' + INTERVAL 1 DAY AND l.version_number = 1""")
    for name, key, *_ in RATES:
        connection.execute(f"CREATE TABLE p_{name} AS SELECT {', '.join(key)}, count(*) AS n, count(*) FILTER (found) AS k FROM known GROUP BY ALL")
    for name, key, measure in VALUES:
        connection.execute(f"""CREATE TABLE p_{name} AS SELECT {', '.join(key)}, count(*) AS n, quantile_cont({measure}, 0.5) AS mid,
            greatest(quantile_cont({measure}, 0.75) - quantile_cont({measure}, 0.25), 0.001) AS width FROM lodged GROUP BY ALL""")


def with_features(source):
    """Features of goods items: the look-ups as one join for each profile."""
    joins = "\n".join(
        f"LEFT JOIN p_{name} ON {' AND '.join(f's.{c} = p_{name}.{c}' for c in key)}" for name, key, _, *_ in [*RATES, *VALUES]
    )
    rates = ", ".join(
        f"(coalesce(p_{name}.k, 0) + {strength} * {'0.05' if parent == 'all' else f'rate_{parent}'}) / (coalesce(p_{name}.n, 0) + {strength}) AS rate_{name}"
        for name, _, strength, parent in RATES
    )
    price, mass = "ln(s.customs_value_amount / s.net_mass_kg)", "ln(s.net_mass_kg)"
    return f"""SELECT s.*, s.net_mass_kg / s.gross_mass_kg AS net_to_gross,
        CAST(s.export_country_code <> s.origin_country_code AS INTEGER) AS shipped_from_elsewhere,
        {price} - p_price_hs6.mid AS price_of_hs6, price_of_hs6 / p_price_hs6.width AS price_of_hs6_deviation,
        {price} - p_price_hs6_origin.mid AS price_of_hs6_origin, {price} - p_price_importer.mid AS price_of_importer,
        {mass} - p_mass_hs6.mid AS mass_of_hs6, coalesce(p_trade_importer.n, 0) AS trade_of_importer,
        {rates}, coalesce(p_importer.n, 0) AS inspected_importer FROM ({source}) s {joins}"""


def matrix(numpy, connection, query):
    columns = connection.execute(f"SELECT {', '.join(f'CAST({f} AS FLOAT) AS {f}' for f in FEATURES)} FROM {query}").fetchnumpy()
    return numpy.column_stack([numpy.ma.filled(columns[f], numpy.nan) for f in FEATURES]).astype(numpy.float32)


def train(home, trees):
    """Profile tables and a forest, stored for the timed program."""
    import duckdb
    import numpy
    import xgboost

    database = WORK / "peer.duckdb"
    database.unlink(missing_ok=True)
    connection = duckdb.connect(str(database))
    prepare(connection, home)
    connection.execute(f"CREATE TABLE training AS {with_features('SELECT * FROM known')}")
    labels = connection.execute("SELECT CAST(found AS FLOAT) AS found FROM training").fetchnumpy()["found"]
    settings = {"max_depth": 5, "eta": 0.05, "tree_method": "hist", "objective": "binary:logistic", "min_child_weight": 0}
    booster = xgboost.train(settings, xgboost.DMatrix(matrix(numpy, connection, "training"), labels), num_boost_round=trees)
    booster.save_model(WORK / "peer.json")
    connection.execute("DROP TABLE lodged; DROP TABLE known; DROP TABLE training")


def run_peer(home, months, count):
    """The timed job: month by month, so that memory is that of one."""
    import duckdb
    import numpy
    import xgboost

    connection = duckdb.connect(str(WORK / "peer.duckdb"))
    connection.execute("SET TimeZone = 'UTC'")
    booster = xgboost.Booster(model_file=WORK / "peer.json")
    sqls = [sql for sql, *_ in rules(count)]
    hits = ", ".join(f"CASE WHEN {sql} THEN 'rule-{number}' END" for number, sql in enumerate(sqls))
    out = WORK / "peer"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    for month in months:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE features AS {with_features(items(home, [month], 'true'))}")
        probabilities = booster.inplace_predict(matrix(numpy, connection, "features"))
        connection.register("scored", {"probability": probabilities})
        connection.execute(f"""CREATE OR REPLACE TEMP TABLE hit AS SELECT *, list_filter([{hits}], lambda r: r IS NOT NULL) AS rules,
            1 - (1 - probability) * pow(1 - {WEIGHT}, len(rules)) AS score FROM features POSITIONAL JOIN scored""")
        connection.execute(f"""COPY (SELECT month, declaration_id, version_number, goods_item_seq, probability, score, rules,
            [{', '.join(f'CAST({f} AS FLOAT)' for f in FEATURES)}] AS features FROM hit) TO '{out}/items-{month}.parquet' (COMPRESSION zstd)""")
        connection.execute(f"""COPY (WITH one AS (SELECT month, declaration_id, version_number, any_value(office_id) AS office_id,
            any_value(importer_id) AS importer_id, min(accepted_at) AS accepted_at, max(score) AS score,
            list_distinct(flatten(list(rules))) AS rules, random() AS draw FROM hit GROUP BY ALL),
            ranked AS (SELECT *, row_number() OVER list AS place, count(*) OVER (PARTITION BY office_id, CAST(accepted_at AS DATE)) AS rows
            FROM one WINDOW list AS (PARTITION BY office_id, CAST(accepted_at AS DATE) ORDER BY score / draw DESC))
            SELECT *, place <= ceil(0.05 * rows) OR draw < 0.002 AS is_selected FROM ranked)
            TO '{out}/decisions-{month}.parquet' (COMPRESSION zstd)""")


def prepare_home(program, declarations, trees, listed):
    """A country of its own that has learnt, with many rules and a large forest."""
    home = WORK / f"home-{declarations}-{trees}-{len(listed)}"
    if not home.exists():
        features = (ROOT / "features" / "national.toml").read_text()
        assert "\ntrees = 200\n" in features
        (WORK / "bench.toml").write_text(features.replace("\ntrees = 200\n", f"\ntrees = {trees}\n"))
        (WORK / "rules.toml").write_text(rule_file(listed))
        fresh = WORK / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        generate = ["generate", "--declarations", str(declarations), "--truth", WORK / "truth"]
        learn = ["learn", "--features", WORK / "bench.toml", "--rules", WORK / "rules.toml", "--until", LEARNT_UNTIL]
        for command in (generate, learn):
            subprocess.run([program, *command, "--home", fresh], check=True, stdout=subprocess.DEVNULL)
        fresh.rename(home)
    return home


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--declarations", type=int, default=1_250_000, help="of the whole year")
    parser.add_argument("--months", nargs="+", default=["2025-06"])
    parser.add_argument("--trees", type=int, default=500)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--cold", action="store_true", help="nothing is decided before")
    parser.add_argument("--profile", default="release", help="cargo profile of our side")
    parser.add_argument("--program", type=pathlib.Path, help="a Tidegate that is built already")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    enter_environment(WORK, PACKAGES)
    if arguments.peer:
        return run_peer(arguments.peer, arguments.months, arguments.rules)

    import duckdb

    program = (arguments.program or build(arguments.profile, "--bin", "tidegate") / "tidegate").absolute()
    listed = rules(arguments.rules)
    home = prepare_home(program, arguments.declarations, arguments.trees, listed)
    train(home, arguments.trees)
    first, last = min(arguments.months), max(arguments.months)
    end = duckdb.sql(f"SELECT CAST(last_day(DATE '{last}-01') AS VARCHAR)").fetchall()[0][0]
    before = duckdb.sql(f"SELECT CAST(d - INTERVAL 1 MONTH AS VARCHAR), CAST(d - INTERVAL 1 DAY AS VARCHAR) FROM (SELECT DATE '{first}-01' AS d)")
    month_before, day_before = (moment[:10] for moment in before.fetchall()[0])
    copy = WORK / "home"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    if not arguments.cold:
        measured([program, "decide", "--home", copy, "--from", month_before, "--to", day_before])
    ours = measured([program, "decide", "--home", copy, "--from", f"{first}-01", "--to", end])
    theirs = measured([sys.executable, __file__, "--peer", home, "--months", *arguments.months, "--rules", str(arguments.rules)])
    decisions = f"read_parquet('{copy}/lake/decision/*/*.parquet') WHERE listed_on >= '{first}-01'"
    decided, chosen = duckdb.sql(f"SELECT count(*), count(*) FILTER (is_selected) FROM {decisions}").fetchall()[0]
    peers = duckdb.sql(f"SELECT count(*), count(*) FILTER (is_selected) FROM '{WORK}/peer/decisions-*.parquet'").fetchall()[0]
    if abs(decided - peers[0]) > 0.02 * decided:
        sys.exit(f"not the same job: {decided} and {peers[0]} decisions")
    print(f"\n{arguments.trees} trees, {arguments.rules} rules, months {', '.join(arguments.months)}\n")
    print("| program | decisions | selected | wall-clock seconds | processor seconds | decisions/s, wall clock | greatest memory |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, number, selected, (wall, processor, memory) in (
        ("`tidegate decide`", decided, chosen, ours),
        ("DuckDB and XGBoost", *peers, theirs),
    ):
        print(f"| {name} | {number:,} | {selected:,} | {wall:.1f} | {processor:.1f} | {number / wall:,.0f} | {memory:,.0f} MB |")


if __name__ == "__main__":
    main()
