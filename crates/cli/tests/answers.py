"""Reads answers as programs do, and prints what it found as JSON. Standard input is one of:

{"arrow": file, "json": file}, an answer in both forms: {"rows": count, "differ": values that are not the same}.

{"uri": address, "options": those of the driver, "asked": [[statement, parameters], ...]}, for Arrow Flight SQL: for each of
the asked its rows as lists of texts, or {"refused": "..."}; for all of them {"refused": "..."} when nobody is let in.
"""

import datetime
import decimal
import json
import sys

import adbc_driver_flightsql.dbapi as flight
import pyarrow


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def is_same(value, told):
    if value is None or told is None:
        return value is None and told is None
    if isinstance(value, decimal.Decimal):
        return decimal.Decimal(str(told)) == value
    if isinstance(value, datetime.datetime):
        told = moment(told)
        return told.replace(tzinfo=None) == value.replace(tzinfo=None)
    return value == told


def compare(asked):
    with open(asked["arrow"], "rb") as file:
        table = pyarrow.ipc.open_stream(file).read_all()
    with open(asked["json"], encoding="utf-8") as file:
        told = json.load(file, parse_float=decimal.Decimal)
    assert [column["name"] for column in told["columns"]] == table.column_names
    rows = table.to_pylist()
    assert len(rows) == len(told["rows"]), "as many rows"
    # JSON leaves out what is absent.
    pairs = [
        (name, value, other.get(name))
        for row, other in zip(rows, told["rows"], strict=True)
        for name, value in row.items()
    ]
    differ = [[name, str(value), str(other)] for name, value, other in pairs if not is_same(value, other)]
    return {"rows": len(rows), "differ": differ}


def text(value):
    return None if value is None else str(value)


def answer(cursor, statement, parameters):
    try:
        cursor.execute(statement, parameters)
        return [[text(value) for value in row] for row in cursor.fetchall()]
    except flight.Error as error:
        return {"refused": str(error)}


def ask(asked):
    try:
        with flight.connect(asked["uri"], db_kwargs=asked["options"]) as connection:
            with connection.cursor() as cursor:
                return [answer(cursor, *one) for one in asked["asked"]]
    except flight.Error as error:
        return {"refused": str(error)}


def main():
    asked = json.load(sys.stdin)
    json.dump(compare(asked) if "arrow" in asked else ask(asked), sys.stdout)


if __name__ == "__main__":
    main()
