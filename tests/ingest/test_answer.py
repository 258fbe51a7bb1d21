"""A reader's statement: any type is printed, and nothing can be written or read besides."""

import csv
import io
import json
from pathlib import Path

import pytest

from prh_core.warehouse.answer import answer
from prh_core.warehouse.errors import QueryError
from tests.ingest.command import prh

TYPES = {
    "INTERVAL 1 MONTH": "1 month",
    "'x\\xff'::BLOB": "x\\xFF",
    "'101'::BIT": "101",
    "'4d791d40-686d-40e9-b5af-fa08d02e8759'::UUID": "4d791d40-686d-40e9-b5af-fa08d02e8759",
    "170141183460469231731687303715884105727::HUGEINT": 2**127 - 1,
    "340282366920938463463374607431768211455::UHUGEINT": 2**128 - 1,
    "18446744073709551615::UBIGINT": 2**64 - 1,
    "1.50::DECIMAL(9,2)": 1.5,
    "12345678901234567890123456789.5::DECIMAL(38,1)": "12345678901234567890123456789.5",
    "TIME '24:00:00'": "24:00:00",
    "'01:02:03+01'::TIMETZ": "01:02:03+01",
    "'2020-01-01'::TIMESTAMP_S": "2020-01-01 00:00:00",
    "'2020-01-01'::TIMESTAMP_MS": "2020-01-01 00:00:00",
    "'2020-01-01 00:00:00.123456789'::TIMESTAMP_NS": "2020-01-01 00:00:00.123456789",
    "'a'::ENUM('a', 'b')": "a",
    "'{\"a\": 1}'::JSON": '{"a": 1}',
    "DATE '0044-03-15 (BC)'": "0044-03-15 (BC)",
    "'infinity'::DATE": "infinity",
    "'-infinity'::TIMESTAMP": "-infinity",
    "[1, 2]::INT[2]": [1, 2],
    "{'a': 1, 'b': INTERVAL 1 DAY}": {"a": 1, "b": "1 day"},
    "MAP{'a': [1.5::DECIMAL(4,1)]}": {"a": [1.5]},
    "MAP{[1]: {'x': NULL}}": {"[1]": {"x": None}},
    "union_value(n := 1)": {"n": 1},
    "[{'a': 'x'::BLOB, 'd': 'infinity'::DATE}]": [{"a": "x", "d": "infinity"}],
    "['nan'::DOUBLE, 1]": [None, 1.0],
    "'nan'::DOUBLE": None,
    "'-infinity'::FLOAT": None,
    "NULL": None,
    "[]": [],
    "'a' || chr(0) || 'b'": "a\0b",
    "true": True,
    "123456789012345678901234567890123456789012345::BIGNUM": int("1234567890" * 4 + "12345"),
}


def test_every_type_is_printed_in_every_format(world: Path) -> None:
    asked = "SELECT " + ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(TYPES))
    found = answer(world / "results.duckdb", asked)
    for sql, value in zip(TYPES, json.loads(found.json())[0].values(), strict=True):
        expected = TYPES[sql]
        assert value == expected and type(value) is type(expected), sql
    data = ("--data", world)
    for format in ("table", "csv", "json"):
        done = prh("sql", asked, "--format", format, *data)
        assert done.returncode == 0, done.stderr
    row = next(csv.DictReader(io.StringIO(prh("sql", asked, "--format", "csv", *data).stdout)))
    assert row["c0"] == "1 month" and row["c5"] == str(2**128 - 1)
    table = prh("sql", "SELECT sum(2) AS n, TIMETZ '01:02:03+01' AS t, 1 AS n", *data).stdout
    assert "01:02:03+01" in table and "n_1" in table


@pytest.mark.parametrize(
    "asked",
    [
        "SELECT 1 AS a", "SELECT 1 AS a;", "SELECT 1 AS a; -- done", "SELECT 1 AS a -- done",
        "-- first\nSELECT 1 AS a /* ; */", "SELECT ';' AS a;", "FROM scores LIMIT 1;",
        "WITH t AS (SELECT 1 AS a) FROM t", "VALUES (1)", "DESCRIBE scores", "SHOW TABLES;",
        "SUMMARIZE scores", "EXPLAIN SELECT 1", "PRAGMA table_info('scores')",
        "PIVOT (SELECT k, score FROM scores) ON k USING avg(score)",
        "FROM duckdb_columns() LIMIT 1",
    ],
)  # fmt: skip
def test_what_reads_is_answered(world: Path, asked: str) -> None:
    assert answer(world / "results.duckdb", asked).frame.width >= 1


@pytest.mark.parametrize(
    "asked",
    [
        "COPY (SELECT 1) TO '{out}'", "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
        "ATTACH '{out}'", "EXPORT DATABASE '{out}'", "IMPORT DATABASE '{there}'",
        "CREATE TABLE t AS SELECT 1", "CREATE TEMP TABLE t AS SELECT 1", "DELETE FROM models",
        "UPDATE models SET label = ''", "DROP TABLE models",
        "INSERT INTO models SELECT * FROM models",
        "SET threads = 1", "PRAGMA threads = 1", "PRAGMA enable_profiling", "INSTALL httpfs",
        "LOAD httpfs", "USE memory", "DETACH warehouse", "CHECKPOINT", "CALL pragma_version()",
        "BEGIN", "PREPARE p AS SELECT 1", "VACUUM", "FROM read_text('{there}')", "FROM '{there}'",
        "FROM read_csv('{there}')", "FROM glob('{there}*')", "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO '{out}'", "", " ; ", "-- nothing", "SELECT nosuch",
        "SELECT $x",
        "SELECT 'half a \ud83e'", "FROM asked", "SELEC 1",
    ],
)  # fmt: skip
def test_nothing_else_is_done(world: Path, tmp_path: Path, asked: str) -> None:
    out, there = tmp_path / "out", tmp_path / "secret.csv"
    there.write_text("a\n1\n")
    with pytest.raises(QueryError):
        answer(world / "results.duckdb", asked.replace("{out}", str(out)).format(there=there))
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
