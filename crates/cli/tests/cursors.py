"""Reads through cursors of a running server as drivers and tools do, and prints what they are told as JSON.

Standard input: {"postgres": port, "name", "token", "purpose", "office"}. Of each driver the declarations of the office: "some" in
parts, without the fourth and fifth, and "pages" as it reads on its own; of psycopg too whole answers of prepared statements; the
same by pandas in pieces; and the SQLSTATE and words of what is refused.
"""

import json
import sys

import pandas
import psycopg
import psycopg2
import sqlalchemy

QUERY = "SELECT declaration_id FROM declaration WHERE office_id = %s ORDER BY declaration_id"
ALL = "SELECT declaration_id FROM declaration ORDER BY declaration_id"
DECLARE = f"DECLARE c CURSOR FOR {ALL}"

REFUSED = {
    "outside a transaction": [DECLARE],
    "unknown": ["FETCH c"],
    "unknown to close": ["CLOSE c"],
    "twice": ["BEGIN", DECLARE, DECLARE],
    "scroll": ["BEGIN", f"DECLARE c SCROLL CURSOR FOR {ALL}"],
    "back": ["BEGIN", DECLARE, "FETCH 2 FROM c", "FETCH BACKWARD 1 FROM c"],
    "first": ["BEGIN", DECLARE, "MOVE FIRST FROM c"],
    "committed": ["BEGIN", DECLARE, "COMMIT", "FETCH c"],
    "rolled back": ["BEGIN", f"DECLARE c CURSOR WITH HOLD FOR {ALL}", "ROLLBACK", "FETCH c"],
    "taken back": ["BEGIN", "SAVEPOINT s", DECLARE, "ROLLBACK TO s", "FETCH c"],
    "hidden": ["BEGIN", "DECLARE c CURSOR FOR SELECT inclusion_probability FROM decision"],
    "change": ["BEGIN", "DECLARE c CURSOR FOR INSERT INTO declaration SELECT * FROM declaration"],
    "nameless": ["BEGIN", f'DECLARE "" CURSOR FOR {ALL}'],
    "long name": ["BEGIN", f"DECLARE {'c' * 64} CURSOR FOR {ALL}"],
}


def firsts(rows):
    return [row[0] for row in rows]


def some(cursor, office):
    cursor.execute(QUERY, [office])
    rows = [cursor.fetchone(), *cursor.fetchmany(2)]
    cursor.scroll(2)
    rows += [*cursor.fetchmany(3), *cursor.fetchall()]
    return {"some": firsts(rows), "nothing": cursor.fetchall()}


def pages(cursor, office):
    cursor.itersize = 7
    cursor.execute(QUERY, [office])
    return firsts(cursor)


def over_psycopg(where, office):
    with psycopg.connect(**where) as connection:
        with connection.cursor("some") as cursor:
            told = some(cursor, office)
            told["columns"] = [column.name for column in cursor.description]
        with connection.cursor("In pages") as cursor:
            told["pages"] = pages(cursor, office)
        with connection.cursor("binary") as cursor:
            cursor.execute("SELECT count(*) AS n FROM declaration", binary=True)
            told["count"] = cursor.fetchone()[0]
        connection.cursor("unused").close()
        held = connection.cursor("held", withhold=True)
        held.execute(QUERY, [office])
        connection.commit()
        told["held"] = firsts(held.fetchmany(2))
        connection.rollback()
        told["held"] += firsts(held.fetchall())
        held.close()
    # FETCH that is prepared, as a driver does with what comes again and again.
    with psycopg.connect(**where) as connection:
        connection.execute(f"DECLARE c CURSOR FOR {QUERY}", [office])
        fetched = [connection.execute("FETCH 2 FROM c", prepare=True).fetchall() for _ in range(2)]
        told["prepared"] = [firsts(rows) for rows in fetched]
    # Whole answers by the extended protocol, without a cursor.
    with psycopg.connect(**where) as connection:
        told["streamed"] = firsts(connection.cursor().stream(QUERY, [office]))
        pairs = connection.execute("SELECT a.declaration_id FROM declaration a, declaration b", prepare=True)
        told["pairs"] = [pairs.rowcount, len(pairs.fetchall())]
    return told


def over_psycopg2(where, office):
    connection = psycopg2.connect(**where)
    try:
        with connection.cursor("some") as cursor:
            told = some(cursor, office)
            told["columns"] = [column.name for column in cursor.description]
        with connection.cursor("In pages") as cursor:
            told["pages"] = pages(cursor, office)
        connection.cursor("unused").close()
        return told
    finally:
        connection.close()


def over_pandas(door, driver):
    address = sqlalchemy.URL.create(
        f"postgresql+{driver}", door["name"], door["token"], "127.0.0.1", door["postgres"], door["purpose"]
    )
    engine = sqlalchemy.create_engine(address)
    with engine.connect().execution_options(stream_results=True, max_row_buffer=7) as connection:
        pieces = [list(piece["declaration_id"]) for piece in pandas.read_sql(ALL, connection, chunksize=20)]
    with engine.connect().execution_options(stream_results=True) as connection:
        rows = connection.execute(sqlalchemy.text(QUERY.replace("%s", ":office")), {"office": door["office"]})
        return {"pieces": pieces, "partitions": [firsts(rows) for rows in rows.partitions(5)]}


def refused(where, statements):
    with psycopg.connect(**where, autocommit=True) as connection:
        try:
            for statement in statements:
                connection.execute(statement)
        except psycopg.Error as error:
            return [error.sqlstate, str(error)]
    return None


def main():
    door = json.load(sys.stdin)
    where = {"host": "127.0.0.1", "port": door["postgres"], "user": door["name"], "password": door["token"]}
    where["dbname"] = door["purpose"]
    told = {
        "psycopg": over_psycopg(where, door["office"]),
        "psycopg2": over_psycopg2(where, door["office"]),
        "pandas": {driver: over_pandas(door, driver) for driver in ["psycopg", "psycopg2"]},
        "refused": {name: refused(where, statements) for name, statements in REFUSED.items()},
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
