"""Asks the doors of a running server what each person is shown, as their clients do it, and prints it as JSON.

Standard input: {"postgres": port, "flight": port, "client": "psycopg" or "adbc", "asked": [{"name", "token", "purpose",
"statement"}, ...]}. For each of the asked: its rows as lists of texts, or {"refused": "..."}.
"""

import contextlib
import json
import sys

import adbc_driver_flightsql.dbapi as flight
import psycopg


def text(value):
    return None if value is None else str(value)


def over_psycopg(doors, name, token, purpose, statement):
    with psycopg.connect(host="127.0.0.1", port=doors["postgres"], user=name, password=token, dbname=purpose) as connection:
        # As a statement with a parameter, which is prepared and bound.
        return connection.execute(f"SELECT * FROM ({statement}) AS asked WHERE 1 = %s", [1]).fetchall()


def over_adbc(doors, name, token, purpose, statement):
    options = {
        "adbc.flight.sql.authorization_header": f"Bearer {token}",
        "adbc.flight.sql.rpc.call_header.x-tidegate-purpose": purpose,
    }
    connection = flight.connect(f"grpc://127.0.0.1:{doors['flight']}", db_kwargs=options)
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
        return cursor.fetchall()
    finally:
        # A server that has stopped since cannot be told that the statement is over.
        with contextlib.suppress(flight.OperationalError):
            cursor.close()
        connection.close()


CLIENTS = {"psycopg": over_psycopg, "adbc": over_adbc}


def main():
    doors = json.load(sys.stdin)
    told = []
    for asked in doors["asked"]:
        try:
            rows = CLIENTS[doors["client"]](doors, **asked)
            told.append(sorted([text(value) for value in row] for row in rows))
        except Exception as error:  # What a client says of a refusal is of its own kind.
            told.append({"refused": str(error)})
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
