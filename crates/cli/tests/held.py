"""Holds one connection to a running server, and asks over it whenever it is told to.

First line of standard input: {"client": "psycopg", "asyncpg" or "adbc", "port", "name", "token", "purpose"}. Each line after it is
{"statement": "...", "is_bound": true or false}; each is answered with a line: rows as lists of texts, or {"refused": "..."}.

To asyncpg `bind p SELECT ...` binds a portal that is called `p` here, `fetch p 5` executes it for so many rows, and `close p`
closes it.
For psycopg and adbc, "rows" is how many rows are fetched of it, as they come; psycopg prepares it then, and cancels what is left.
For adbc, "is_cancelled" is that the next line, whatever it says, cancels it.
"""

import asyncio
import contextlib
import itertools
import json
import sys
import threading

import adbc_driver_flightsql.dbapi as flight
import asyncpg
import psycopg


def over_psycopg(port, name, token, purpose):
    connection = psycopg.connect(host="127.0.0.1", port=port, user=name, password=token, dbname=purpose, autocommit=True)

    def ask(statement, is_bound, rows=None):
        if rows is not None:
            with connection.cursor() as cursor, contextlib.closing(cursor.stream(statement)) as streamed:
                return list(itertools.islice(streamed, rows))
        # With a parameter it is prepared and bound, without one it is sent as it is.
        if is_bound:
            return connection.execute(f"SELECT * FROM ({statement}) AS asked WHERE 1 = %s", [1]).fetchall()
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

    return ask


def over_asyncpg(port, name, token, purpose):
    loop = asyncio.new_event_loop()
    where = {"host": "127.0.0.1", "port": port, "user": name, "password": token, "database": purpose}
    connection = loop.run_until_complete(asyncpg.connect(**where, ssl=False))
    portals = {}

    async def told(statement, is_bound):
        match statement.split(" ", 2):
            case ["bind", portal, query]:
                portals[portal] = await connection.cursor(query)
            case ["fetch", portal, rows]:
                return await portals[portal].fetch(int(rows))
            case ["close", portal]:
                # The driver itself closes those that it has read to their end, that of JDBC others too.
                await portals[portal]._close_portal(None)
            case _ if is_bound:
                # The first row alone, of a portal without a name.
                return [await connection.fetchrow(statement)]
            case _:
                await connection.execute(statement)
        return []

    return lambda statement, is_bound: loop.run_until_complete(told(statement, is_bound))


def cancel_when_told(cursor):
    sys.stdin.readline()
    cursor.adbc_cancel()


def over_adbc(port, name, token, purpose):
    options = {
        "adbc.flight.sql.authorization_header": f"Bearer {token}",
        "adbc.flight.sql.rpc.call_header.x-tidegate-purpose": purpose,
    }
    connection = flight.connect(f"grpc://127.0.0.1:{port}", db_kwargs=options)

    def ask(statement, is_bound, rows=None, is_cancelled=False):
        # What is not fetched is left where the cursor closes.
        with connection.cursor() as cursor:
            cursor.execute(statement)
            if is_cancelled:
                threading.Thread(target=cancel_when_told, args=[cursor]).start()
            return cursor.fetchall() if rows is None else cursor.fetchmany(rows)

    return ask


CLIENTS = {"psycopg": over_psycopg, "asyncpg": over_asyncpg, "adbc": over_adbc}


def main():
    held = json.loads(sys.stdin.readline())
    ask = CLIENTS[held.pop("client")](**held)
    for line in sys.stdin:
        try:
            told = [[None if value is None else str(value) for value in row] for row in ask(**json.loads(line))]
        except Exception as error:  # What a client says of a refusal is of its own kind.
            told = {"refused": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
