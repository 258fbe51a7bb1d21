"""Parts, migrations, publication, and what readers see meanwhile."""

import struct
import threading
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ingest import warehouse as module
from ingest.errors import (
    DiskFullError,
    QueryError,
    WarehouseDamagedError,
    WarehouseMissingError,
    WarehouseTooNewError,
)
from ingest.warehouse import Warehouse, migrate, migrations, open_readonly, query, schema_version
from tests.worlds import MODELS, build_world


def test_migrations_are_numbered_without_gaps_and_recorded_once() -> None:
    assert [number for number, _, _ in migrations()] == list(range(1, schema_version() + 1))
    with duckdb.connect(":memory:") as connection:
        migrate(connection)
        migrate(connection)
        recorded = connection.execute("SELECT count(*) FROM schema_migrations").fetchall()
    assert recorded == [(schema_version(),)]


def test_a_failing_migration_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [*migrations(), (99, "099_broken.sql", "CREATE TABLE half (a INTEGER); SELECT oops")]
    monkeypatch.setattr(module, "migrations", lambda: broken)
    with duckdb.connect(":memory:") as connection:
        with pytest.raises(duckdb.Error, match="oops"):
            migrate(connection)
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        newest = connection.execute("SELECT max(version) FROM schema_migrations").fetchall()
    assert ("half",) not in tables
    assert newest == [(len(broken) - 1,)]


def test_every_table_and_column_says_what_it_is(world: Path) -> None:
    path = world / "results.duckdb"
    silent = query(
        path,
        "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL "
        "AND database_name = 'warehouse' AND table_name <> 'schema_migrations' "
        "AND table_name IN (SELECT table_name FROM duckdb_tables())",
    )
    assert silent.is_empty()
    views = query(path, "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
    assert views.height >= 4
    assert views["comment"].null_count() == 0


def test_older_shells_open_the_file_too(world: Path) -> None:
    with duckdb.connect(":memory:") as connection:
        connection.execute("ATTACH $p AS w (READ_ONLY)", {"p": str(world / "results.duckdb")})
        tags = connection.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'w'"
        ).fetchall()
    assert tags[0][0].startswith("v1.5.0")


def test_publishing_again_changes_nothing(own_world: Path) -> None:
    warehouse = Warehouse(own_world)
    before = query(warehouse.path, "FROM scores ORDER BY unit_key")
    published = warehouse.publish()
    assert query(warehouse.path, "FROM scores ORDER BY unit_key").equals(before)
    assert published.scores == before.height == 4 * 4 * 4
    assert published.feature_sets == len(MODELS)


def test_a_unit_in_two_parts_is_one_row(own_world: Path) -> None:
    warehouse = Warehouse(own_world)
    before = query(warehouse.path, "FROM scores").height
    part = next((warehouse.parts / "scores").glob("*.parquet"))
    later = pl.read_parquet(part).with_columns(
        pl.lit("a later run").alias("run_id"), pl.col("finished_at") + pl.duration(seconds=1)
    )
    warehouse.append("scores", "again", later)
    warehouse.publish()
    assert query(warehouse.path, "FROM scores").height == before
    assert "a later run" not in query(warehouse.path, "FROM scores")["run_id"].to_list()


def test_rows_without_parts_are_carried_over(own_world: Path, tmp_path: Path) -> None:
    received = Warehouse(own_world)
    for part in received.parts.rglob("*.parquet"):
        part.unlink()
    build_world(own_world, dataset_id="second", n=50, publish=False)
    received.publish()
    found = query(received.path, "SELECT dataset_id, count(*) AS rows FROM scores GROUP BY ALL")
    assert dict(found.iter_rows()) == {"planted": 64, "second": 64}


def test_a_killed_runs_part_is_called_unfinished(own_world: Path) -> None:
    warehouse = Warehouse(own_world)
    part = next((warehouse.parts / "runs").glob("*.end.parquet"))
    part.unlink()
    warehouse.path.unlink()
    warehouse.publish()
    outcome = query(warehouse.path, "SELECT outcome, ended_at FROM runs")
    assert outcome.rows() == [("unfinished", None)]


def test_readers_are_never_blocked_and_never_see_half(own_world: Path) -> None:
    warehouse = Warehouse(own_world)
    whole = query(warehouse.path, "FROM scores").height
    seen: set[int] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(query(warehouse.path, "FROM scores").height)

    reader = threading.Thread(target=read)
    reader.start()
    with open_readonly(warehouse.path) as held:
        for _ in range(10):
            warehouse.publish()
        assert held.execute("SELECT count(*) FROM scores").fetchall() == [(whole,)]
    stop.set()
    reader.join()
    assert seen == {whole}


def test_a_missing_warehouse_names_the_commands(tmp_path: Path) -> None:
    with pytest.raises(WarehouseMissingError, match="`prh demo` makes one"):
        query(tmp_path / "results.duckdb", "SELECT 1")


@pytest.mark.parametrize("damage", ["garbage", "truncated", "foreign"])
def test_a_damaged_warehouse_is_refused_then_rebuilt_from_parts(
    own_world: Path, damage: str
) -> None:
    path = own_world / "results.duckdb"
    content = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"not a database" * 500)
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 3])
    else:
        path.unlink()
        duckdb.connect(str(path)).execute("CREATE TABLE t (a INTEGER)")
    with pytest.raises(WarehouseDamagedError, match="`prh publish` rebuilds it"):
        query(path, "FROM scores")
    Warehouse(own_world).publish()
    assert query(path, "FROM scores").height == 64
    assert list(own_world.glob("results.damaged-*.duckdb")), "the damaged file is kept"


def test_a_newer_schema_is_refused_and_left_alone(own_world: Path) -> None:
    path = own_world / "results.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (999, '999_future.sql', now())")
    before = path.read_bytes()
    for action in (lambda: query(path, "FROM scores"), Warehouse(own_world).publish):
        with pytest.raises(WarehouseTooNewError, match="has schema 999.*knows schemas up to"):
            action()
    assert path.read_bytes() == before


def test_a_newer_duckdb_is_refused_and_left_alone(own_world: Path) -> None:
    path = own_world / "results.duckdb"
    content = bytearray(path.read_bytes())
    content[12:20] = struct.pack("<Q", 9999)
    content[:8] = struct.pack("<Q", _checksum(bytes(content[8:4096])))
    path.write_bytes(content)
    for action in (lambda: query(path, "FROM scores"), Warehouse(own_world).publish):
        with pytest.raises(WarehouseTooNewError, match="written by a newer DuckDB"):
            action()
    assert path.read_bytes() == content


def _checksum(block: bytes) -> int:
    """DuckDB's block checksum: 5381 xored with every 64-bit word times a constant."""
    result = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        result ^= (word * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    return result


def test_a_full_disk_while_publishing_leaves_the_old_file(
    own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(own_world)
    before = warehouse.path.read_bytes()

    def full(connection: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.IOException("could not write: No space left on device")

    monkeypatch.setattr(module, "migrate", full)
    with pytest.raises(DiskFullError, match="results.duckdb was not written"):
        warehouse.publish()
    assert warehouse.path.read_bytes() == before
    assert not list(own_world.glob("*.tmp*"))


def test_a_readers_query_cannot_write_and_its_error_is_passed_on(world: Path) -> None:
    path = world / "results.duckdb"
    with pytest.raises(QueryError, match="read-only"):
        query(path, "DELETE FROM scores")
    with pytest.raises(QueryError, match="nosuch"):
        query(path, "SELECT nosuch FROM scores")
