"""Statements of strangers: refused or bounded, whatever they try; what reads is answered."""

import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prh_core.warehouse import stranger
from prh_core.warehouse.errors import QueryError
from prh_core.warehouse.limits import Limits
from prh_core.warehouse.stranger import Host

LIMITS = Limits(seconds=1.5, memory_mb=256, rows=1000, result_mb=2)
SECRET = "prh-secret-that-no-statement-may-read"
REFUSED = {
    "files": (
        "FROM read_text('/etc/passwd')", "FROM read_blob('{secret}')", "FROM '{secret}'",
        "FROM read_csv('{secret}')", "FROM read_csv_auto('/proc/self/environ')",
        "FROM read_json('{secret}')", "FROM read_parquet('{folder}/*.parquet')",
        "FROM glob('/*')", "FROM glob('{folder}/**')", "FROM sniff_csv('{secret}')",
        "FROM parquet_metadata('{folder}/x.parquet')", "FROM parquet_schema('http://a.example/x')",
        "SELECT * FROM 'https://evil.example/x.csv'", "FROM read_csv('s3://bucket/x.csv')",
        "FROM read_duckdb('{folder}/results.duckdb')", "COPY (SELECT 1) TO '{folder}/out.csv'",
        "COPY scores FROM '{secret}'", "EXPORT DATABASE '{folder}/out'",
        "IMPORT DATABASE '{folder}/out'",
    ),
    "attach": (
        "ATTACH '{folder}/other.duckdb'", "ATTACH ':memory:' AS m", "DETACH warehouse",
        "USE memory", "CONNECT 'x'", "ATTACH 'https://evil.example/x.duckdb' AS e",
    ),
    "extensions": (
        "INSTALL httpfs", "LOAD httpfs", "FORCE INSTALL spatial FROM community",
        "UPDATE EXTENSIONS", "LOAD '{folder}/evil.duckdb_extension'",
    ),
    "settings": (
        "SET memory_limit = '100GB'", "SET GLOBAL threads = 64", "RESET memory_limit",
        "PRAGMA memory_limit = '100GB'", "SET enable_external_access = true",
        "SET lock_configuration = false", "SET VARIABLE a = 1", "PRAGMA database_list",
        "SET temp_directory = '{folder}'", "CALL pragma_version()",
    ),
    "environment": ("SELECT getenv('HOME')", "SELECT getenv('PRH_SECRET')"),
    "secrets": ("CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')", "DROP SECRET s"),
    "replacement scans": (
        "FROM request", "FROM sys", "SELECT * FROM connection", "FROM frame", "FROM _package",
    ),
    "writing": (
        "DELETE FROM scores", "INSERT INTO scores SELECT * FROM scores", "UPDATE scores SET k = 1",
        "DROP TABLE scores", "CREATE TABLE t AS SELECT 1", "CREATE TEMP TABLE t AS SELECT 1",
        "CREATE MACRO m() AS 1", "CREATE OR REPLACE VIEW coverage AS SELECT 1", "TRUNCATE scores",
        "ALTER TABLE scores ADD COLUMN z INTEGER", "COMMENT ON TABLE scores IS 'x'", "VACUUM",
        "CHECKPOINT", "FORCE CHECKPOINT", "BEGIN", "ANALYZE", "CREATE SEQUENCE q",
        "WITH gone AS (DELETE FROM scores RETURNING *) SELECT * FROM gone",
        "EXPLAIN ANALYZE DELETE FROM scores", "CREATE SCHEMA s", "PREPARE p AS DELETE FROM scores",
        "EXECUTE p", "MERGE INTO scores USING scores AS s ON true WHEN MATCHED THEN DELETE",
    ),
    "several statements": (
        "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE scores; --", "SELECT 1;;DELETE FROM scores",
        "SELECT 1 /* ; */ ; SET threads = 9", "-- only a comment", "", ";", "/* SELECT 1",
        "SELECT 1 --\n; DELETE FROM scores", "PIVOT scores ON k USING avg(score)",
        "SELECT '\x00'; DELETE FROM scores",
    ),
    "half a character": ("SELECT '\ud800'",),
    "what nobody has": ("SELECT * FROM nothing", "SELEC 1", "SELECT nothing()", "SELECT 1 +"),
}  # fmt: skip
BOUNDED = {
    "recursion": "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) FROM r",
    "cross join": "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000) c",
    "many rows to sort": "SELECT hash(i) h FROM range(3000000000) t(i) ORDER BY h",
    "huge text": "SELECT length(repeat('x', 4000000000))",
    "huge text by doubling": "SELECT length(lpad('x', 2000000000, 'ab'))",
    "distance of long texts": "SELECT levenshtein(repeat('ab', 100000), repeat('ba', 100000))",
    "list of millions": "SELECT list_reduce(range(40000000), lambda x, y: (x * y) % 7919)",
    "list of lists": "SELECT list_transform(range(100000), lambda x: list_sum(range(100000)))",
    "deep nesting": "SELECT " + "(" * 20000 + "1" + ")" * 20000,
    "many unions": " UNION ALL ".join(["SELECT 1"] * 3000),
    "wide": "SELECT " + ", ".join(f"repeat('x', 100000) AS c{i}" for i in range(900)),
    "large rows": "SELECT repeat('x', 100000) FROM range(1000)",
    "greedy pattern": "SELECT regexp_matches(repeat('a', 30000000), '(a|aa)+$')",
    "grouping": "SELECT string_agg(repeat('x', 1000), '') FROM range(100000000)",
    "window": "SELECT sum(i) OVER (ORDER BY hash(i)) FROM range(100000000) t(i)",
    "long statement": "SELECT '" + "x" * 200_000 + "'",
}
"""Run to an end within the limits, or are stopped; either way soon, and the host lives on."""


@pytest.fixture(scope="module")
def place(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a warehouse, and a file beside it that nobody may read."""
    folder = tmp_path_factory.mktemp("strangers")
    shutil.copy(world / "results.duckdb", folder)
    (folder / "secret.csv").write_text(f"a\n{SECRET}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    made = Host(LIMITS)
    yield made
    made.close()


@pytest.fixture(scope="module", autouse=True)
def _untouched(place: Path) -> Iterator[None]:
    """Whatever was tried: the warehouse is the same to the last bit, and no file is new."""

    def state() -> dict[str, str]:
        files = (file for file in place.rglob("*") if file.is_file())
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    before = state()
    yield
    assert state() == before


def _ask(host: Host, place: Path, sql: str) -> stranger.StrangersAnswer:
    return host.ask(place / "results.duckdb", sql)


@pytest.mark.parametrize(
    "sql", [pytest.param(sql, id=f"{kind}-{i}") for kind, all_ in REFUSED.items()
            for i, sql in enumerate(all_)]
)  # fmt: skip
def test_what_is_not_reading_is_refused_in_a_sentence(host: Host, place: Path, sql: str) -> None:
    asked = sql.replace("{secret}", str(place / "secret.csv")).replace("{folder}", str(place))
    with pytest.raises(QueryError) as refused:
        _ask(host, place, asked)
    said = str(refused.value)
    assert said.strip() and SECRET not in said and "Traceback" not in said


@pytest.mark.parametrize("sql", BOUNDED.values(), ids=BOUNDED)
def test_what_costs_too_much_is_stopped(host: Host, place: Path, sql: str) -> None:
    try:
        found = _ask(host, place, sql)
    except QueryError as refused:
        assert str(refused).strip()
    else:
        assert found.answer.frame.height <= LIMITS.rows
        assert found.answer.frame.estimated_size("mb") <= LIMITS.result_mb
    assert _ask(host, place, "SELECT 41 + 1 AS a").answer.frame["a"].item() == 42


def test_there_are_sixty_attacks_and_more() -> None:
    assert sum(map(len, REFUSED.values())) + len(BOUNDED) > 60


def test_each_limit_has_a_sentence(host: Host, place: Path) -> None:
    said = {}
    for name, sql in {
        "seconds": BOUNDED["distance of long texts"],
        "memory": BOUNDED["huge text"],
        "result": BOUNDED["large rows"],
        "statement": BOUNDED["long statement"],
    }.items():
        with pytest.raises(QueryError) as refused:
            _ask(host, place, sql)
        said[name] = str(refused.value)
    assert "1.5 seconds" in said["seconds"]
    assert "256 MB" in said["memory"]
    assert "2 MB" in said["result"]
    assert "100 kB" in said["statement"]


def test_more_rows_than_are_shown_are_said_to_be_there(host: Host, place: Path) -> None:
    found = _ask(host, place, "SELECT i FROM range(2000) t(i)")
    assert found.cut and found.answer.frame["i"].to_list() == list(range(1000))
    assert not _ask(host, place, "SELECT i FROM range(1000) t(i)").cut


@pytest.mark.parametrize(
    "sql",
    ["FROM scores", "DESCRIBE scores", "SUMMARIZE models", "SHOW TABLES", "EXPLAIN SELECT 1",
     "WITH a AS (SELECT 1 AS i) FROM a;", "SELECT [1, 2], {'a': 1}, DATE '2020-01-01'"],
)  # fmt: skip
def test_what_reads_is_answered(host: Host, place: Path, sql: str) -> None:
    assert _ask(host, place, sql).answer.frame.width


def test_nothing_tells_of_the_host(host: Host, place: Path) -> None:
    told = ""
    for sql in (
        "SELECT path FROM duckdb_databases()", "SELECT value FROM duckdb_settings()",
        "FROM duckdb_secrets()", "FROM duckdb_temporary_files()", "FROM duckdb_extensions()",
    ):  # fmt: skip
        try:
            told += _ask(host, place, sql).answer.json()
        except QueryError as refused:
            told += str(refused)
    for name in (str(place), str(Path.home()), socket.gethostname() * 3, str(stranger.__file__)):
        assert name not in told


def test_a_publication_is_asked_at_once(host: Host, place: Path, tmp_path: Path) -> None:
    sql = "SELECT count(*) AS n FROM models"
    own = tmp_path / "results.duckdb"
    shutil.copy(place / "results.duckdb", own)
    assert host.ask(own, sql).answer.frame["n"].item() == 8
    import duckdb

    later = tmp_path / "later.duckdb"
    shutil.copy(own, later)
    with duckdb.connect(str(later)) as connection:
        connection.execute("DELETE FROM models WHERE NOT trained")
    os.replace(later, own)
    assert host.ask(own, sql).answer.frame["n"].item() == 6


def test_readers_wait_for_their_turn_or_are_told(place: Path) -> None:
    busy = Host(LIMITS, at_once=1, patience=0.2)
    slow = threading.Thread(
        target=lambda: pytest.raises(
            QueryError, busy.ask, place / "results.duckdb", BOUNDED["distance of long texts"]
        )
    )
    slow.start()
    while busy._turns.acquire(blocking=False):
        busy._turns.release()
    with pytest.raises(QueryError, match="try again"):
        _ask(busy, place, "SELECT 1")
    slow.join()
    assert _ask(busy, place, "SELECT 1 AS a").answer.frame["a"].item() == 1
    busy.close()


def test_a_host_leaves_nothing_behind(place: Path) -> None:
    short = Host(LIMITS)
    _ask(short, place, "SELECT 1")
    folder = short._folder
    assert folder is not None and folder.exists()
    short.close()
    assert not folder.exists()
