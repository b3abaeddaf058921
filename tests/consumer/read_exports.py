"""Loads the exports of kigen into DuckDB: each table from CSV, Avro and Parquet, and prints what all have in common.

Usage: read_exports.py DIR, with slots.csv, slots.avro, slots.parquet and so on in DIR. Fails where they differ.
"""

import pathlib
import sys

import duckdb
import fastavro

TYPES = {"string": "VARCHAR", "long": "BIGINT", "boolean": "BOOLEAN", "timestamp-millis": "TIMESTAMPTZ"}


def column_type(field):
    """The type of a column that is a union of null and one flat type."""
    null, of = field["type"]
    assert null == "null", field
    return TYPES[of["logicalType"] if isinstance(of, dict) else of]


def load(database, folder, table):
    with open(folder / f"{table}.avro", "rb") as file:
        reader = fastavro.reader(file)
        rows = list(reader)
        columns = {field["name"]: column_type(field) for field in reader.writer_schema["fields"]}
    of_columns = ", ".join(f"{name} {of}" for name, of in columns.items())
    database.execute(f"CREATE TABLE {table} ({of_columns})")
    places = ", ".join("?" for _ in columns)
    database.executemany(f"INSERT INTO {table} VALUES ({places})", [list(row.values()) for row in rows])
    types = ", ".join(f"'{name}': '{of}'" for name, of in columns.items())
    path = folder / f"{table}.csv"
    database.execute(f"CREATE TABLE {table}_csv AS FROM read_csv('{path}', header = true, columns = {{{types}}})")
    database.execute(f"CREATE TABLE {table}_parquet AS FROM read_parquet('{folder / table}.parquet')")
    for other in [f"{table}_csv", f"{table}_parquet"]:
        described = {of[0]: of[1] for of in database.execute(f"DESCRIBE {other}").fetchall()}
        expected = {name: of.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for name, of in columns.items()}
        assert described == expected, f"{other}: {described}"
        for one, two in [(table, other), (other, table)]:
            left = database.execute(f"FROM {one} EXCEPT ALL FROM {two}").fetchall()
            assert not left, f"only in {one}: {left[:3]}"
    (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    print(f"{table}: {count} rows of {', '.join(columns)}")


def main():
    folder = pathlib.Path(sys.argv[1])
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    for table in ["slots", "alerts", "runs"]:
        load(database, folder, table)
    sums = "SELECT objective, verdict, cause, count(*), max(margin_s) FROM slots GROUP BY ALL ORDER BY ALL"
    for row in database.execute(sums).fetchall():
        print(*row)
    joined = """
        SELECT count(*), min(runs.took_s), max(runs.took_s)
        FROM slots JOIN runs USING (cluster, namespace, batch, job_uid) WHERE verdict = 'met'
    """
    print(*database.execute(joined).fetchone())
    kinds = "SELECT kind, count(*), min(deadline)::VARCHAR FROM alerts GROUP BY ALL ORDER BY ALL"
    for row in database.execute(kinds).fetchall():
        print(*row)


main()
