"""Asks the doors of a running server what each person is shown, as their clients do it, and prints it as JSON.

Standard input: {"postgres": port, "flight": port, "client": one of CLIENTS, "asked": [{"name", "token", "purpose",
"statement"}, ...]}. For each of the asked: its rows as lists of texts, or {"refused": "..."}.
"""

import contextlib
import json
import sys

import adbc_driver_flightsql.dbapi as flight
import psycopg


def text(value):
    return None if value is None else str(value)


def is_query(statement):
    return statement.startswith("SELECT")


def psycopg_connection(doors, name, token, purpose):
    return psycopg.connect(host="127.0.0.1", port=doors["postgres"], user=name, password=token, dbname=purpose)


def over_psycopg(doors, name, token, purpose, statement):
    # Without parameters it goes by the simple protocol.
    with psycopg_connection(doors, name, token, purpose) as connection:
        return connection.execute(statement).fetchall()


def over_psycopg_bound(doors, name, token, purpose, statement):
    # By the extended protocol: a query with a parameter, which is prepared and bound; what is no query is prepared as it is.
    with psycopg_connection(doors, name, token, purpose) as connection:
        if is_query(statement):
            return connection.execute(f"SELECT * FROM ({statement}) AS asked WHERE 1 = %s", [1]).fetchall()
        return connection.execute(statement, prepare=True).fetchall()


def over_adbc(doors, name, token, purpose, statement, parameters=None):
    options = {
        "adbc.flight.sql.authorization_header": f"Bearer {token}",
        "adbc.flight.sql.rpc.call_header.x-tidegate-purpose": purpose,
    }
    connection = flight.connect(f"grpc://127.0.0.1:{doors['flight']}", db_kwargs=options)
    cursor = connection.cursor()
    try:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
    finally:
        # A server that has stopped since cannot be told that the statement is over.
        with contextlib.suppress(flight.OperationalError):
            cursor.close()
        connection.close()


def over_adbc_bound(doors, name, token, purpose, statement):
    if is_query(statement):
        return over_adbc(doors, name, token, purpose, f"SELECT * FROM ({statement}) AS asked WHERE 1 = $1", [1])
    return over_adbc(doors, name, token, purpose, statement)


CLIENTS = {
    "psycopg": over_psycopg,
    "psycopg bound": over_psycopg_bound,
    "adbc": over_adbc,
    "adbc bound": over_adbc_bound,
}


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
