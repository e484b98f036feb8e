"""Asks a running server as tools of analysts do, most by the door of PostgreSQL, and prints what they are told as JSON.

Standard input: {"postgres": port, "name", "token", "purpose", "tool": one of TOOLS, ...}, with {"office": an office} for
SQLAlchemy, {"statements": [{"sql", "values": [...]}, ...]} for statements, or {"flight": port} for objects. SQLAlchemy gives
what each of its drivers was told, the statements their rows as lists of texts, or {"refused": "..."}, the objects the names
of tables in all catalogs, in the one of the purpose and in another.
"""

import json
import sys

import adbc_driver_flightsql.dbapi as flight
import pandas
import psycopg
import sqlalchemy

DRIVERS = ["psycopg", "psycopg2"]


def over_sqlalchemy(door, driver):
    address = sqlalchemy.URL.create(
        f"postgresql+{driver}", door["name"], door["token"], "127.0.0.1", door["postgres"], door["purpose"]
    )
    engine = sqlalchemy.create_engine(address)
    inspector = sqlalchemy.inspect(engine)
    bound = sqlalchemy.text("SELECT count(*) AS n FROM declaration WHERE office_id = :office")
    declaration = sqlalchemy.Table("declaration", sqlalchemy.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        counted = sqlalchemy.select(sqlalchemy.func.count()).select_from(declaration)
        reflected = connection.execute(counted).scalar()
        isolation = connection.get_isolation_level()
    everything = sqlalchemy.MetaData()
    everything.reflect(engine)
    return {
        "schemas": sorted(inspector.get_schema_names()),
        "tables": sorted(inspector.get_table_names() + inspector.get_view_names()),
        "has": [inspector.has_table("declaration"), inspector.has_table("quarantine")],
        "columns": [[c["name"], str(c["type"]), c["nullable"]] for c in inspector.get_columns("declaration")],
        "comment": inspector.get_table_comment("declaration")["text"],
        "keys": [
            inspector.get_pk_constraint("declaration")["constrained_columns"],
            inspector.get_foreign_keys("declaration"),
            inspector.get_indexes("declaration"),
            inspector.get_unique_constraints("declaration"),
            inspector.get_check_constraints("declaration"),
            inspector.get_sequence_names(),
            inspector.get_enums(),
        ],
        "read": int(pandas.read_sql("SELECT count(*) AS n FROM declaration", engine)["n"][0]),
        "bound": int(pandas.read_sql(bound, engine, params={"office": door["office"]})["n"][0]),
        "whole": len(pandas.read_sql_table("declaration", engine)),
        "reflected": reflected,
        "reflected tables": sorted(everything.tables),
        "isolation": isolation,
    }


def rows(cursor):
    return [[None if value is None else str(value) for value in row] for row in cursor.fetchall()]


def statement(connection, sql, values):
    # As a driver prepares it; without parameters by the simple protocol besides.
    prepared = rows(psycopg.RawCursor(connection).execute(sql, values, prepare=True))
    if not values:
        simple = rows(psycopg.RawCursor(connection).execute(sql))
        assert sorted(map(str, simple)) == sorted(map(str, prepared)), sql
    return prepared


def over_statements(door):
    told = []
    where = {"host": "127.0.0.1", "port": door["postgres"], "user": door["name"], "password": door["token"]}
    with psycopg.connect(**where, dbname=door["purpose"], autocommit=True) as connection:
        for asked in door["statements"]:
            try:
                told.append(statement(connection, asked["sql"], asked["values"]))
            except Exception as error:  # What a client says of a refusal is of its own kind.
                told.append({"refused": str(error)})
    return told


def tables(connection, catalog=None):
    told = connection.adbc_get_objects(depth="tables", catalog_filter=catalog).read_all().to_pylist()
    return sorted(
        [one["catalog_name"], schema["db_schema_name"], table["table_name"]]
        for one in told
        for schema in one["catalog_db_schemas"] or []
        for table in schema["db_schema_tables"] or []
    )


def over_objects(door):
    options = {
        "adbc.flight.sql.authorization_header": f"Bearer {door['token']}",
        "adbc.flight.sql.rpc.call_header.x-tidegate-purpose": door["purpose"],
    }
    with flight.connect(f"grpc://127.0.0.1:{door['flight']}", db_kwargs=options) as connection:
        return {
            "all": tables(connection),
            "own": tables(connection, door["purpose"]),
            "other": tables(connection, "datafusion"),
        }


TOOLS = {
    "sqlalchemy": lambda door: {driver: over_sqlalchemy(door, driver) for driver in DRIVERS},
    "statements": over_statements,
    "objects": over_objects,
}


def main():
    door = json.load(sys.stdin)
    json.dump(TOOLS[door["tool"]](door), sys.stdout)


if __name__ == "__main__":
    main()
