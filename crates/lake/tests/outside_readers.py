"""Reads a table of the lake with other engines and compares with what the test that wrote it says.

Usage: outside_readers.py TABLE_FOLDER < expected.json

Engines: deltalake's own query engine, Polars over deltalake, and DuckDB's Parquet reader over the files that
deltalake finds in the log (DuckDB's delta extension would have to be downloaded). Each must agree exactly: decimals
are compared as text, never as floats.
"""

import json
import sys
from decimal import Decimal

import duckdb
import polars as pl
from deltalake import DeltaTable, QueryBuilder

SUMS = """
    SELECT count(*) AS rows,
           count(DISTINCT month) AS months,
           CAST(sum(customs_value_amount) AS VARCHAR) AS customs_value_amount,
           CAST(sum(exchange_rate) AS VARCHAR) AS exchange_rate,
           sum(package_count) AS package_count,
           sum(ledger_sequence) AS ledger_sequence,
           count(accepted_at) AS accepted_at,
           CAST(max(accepted_on) AS VARCHAR) AS last_day,
           sum(CASE WHEN is_certified THEN 1 ELSE 0 END) AS certified
    FROM d
"""


def with_duckdb(table: DeltaTable) -> dict:
    """DuckDB reads the Parquet files by itself; the month comes from the folder names."""
    connection = duckdb.connect()
    # The path is the only place where the month stands; its type is not to be guessed.
    connection.execute(
        "CREATE VIEW d AS SELECT * FROM read_parquet(?, hive_partitioning = true, hive_types = {'month': VARCHAR})"
        .replace("?", json_list(table.file_uris()))
    )
    found = row_of(connection.execute(SUMS))
    found |= row_of(
        connection.execute(
            """
            SELECT count(*) AS goods, CAST(sum(item.net_mass_kg) AS VARCHAR) AS net_mass_kg,
                   max(item.hs6) AS hs6, max(epoch_us(accepted_at)) AS last_micros
            FROM (SELECT unnest(goods) AS item, accepted_at FROM d)
            """
        )
    )
    return found


def with_polars(table: DeltaTable) -> dict:
    """Polars scans through its own Delta reader."""
    frame = pl.read_delta(table)
    goods = frame.select("goods", "accepted_at").explode("goods").filter(pl.col("goods").is_not_null())
    items = goods.unnest("goods")
    return {
        "rows": frame.height,
        "months": frame["month"].n_unique(),
        "customs_value_amount": str(frame["customs_value_amount"].sum()),
        "exchange_rate": str(frame["exchange_rate"].sum()),
        "package_count": frame["package_count"].cast(pl.Int64).sum(),
        "ledger_sequence": frame["ledger_sequence"].sum(),
        "accepted_at": frame["accepted_at"].count(),
        "last_day": str(frame["accepted_on"].max()),
        "certified": frame["is_certified"].sum(),
        "goods": items.height,
        "net_mass_kg": str(items["net_mass_kg"].sum()),
        "hs6": items["hs6"].max(),
        "last_micros": items["accepted_at"].dt.epoch("us").max(),
    }


def with_deltalake(table: DeltaTable) -> dict:
    """The engine inside deltalake's Python package, which is another release of the code that wrote the table."""
    batches = QueryBuilder().register("d", table).execute(SUMS).read_all()
    return pl.DataFrame(batches).row(0, named=True)


def row_of(result) -> dict:
    names = [column[0] for column in result.description]
    return dict(zip(names, result.fetchone()))


def json_list(paths: list) -> str:
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"


def exact(value):
    """Numbers of one value are one value: a sum that comes as Decimal equals the integer it stands for."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def main() -> int:
    folder = sys.argv[1]
    expected = json.load(sys.stdin)
    wrong = []
    for label, want in expected["versions"].items():
        table = DeltaTable(folder, version=want["version"])
        for reader in (with_deltalake, with_polars, with_duckdb):
            for key, found in reader(table).items():
                if exact(found) != want["values"][key]:
                    wrong.append(f"{label}, {reader.__name__}: {key} is {found!r}, expected {want['values'][key]!r}")
    comments = {field.name: field.metadata.get("comment") for field in DeltaTable(folder).schema().fields}
    for name, comment in expected["comments"].items():
        if comments[name] != comment:
            wrong.append(f"comment of {name} is {comments[name]!r}, expected {comment!r}")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
