"""Parts, migrations, publication, and what readers see meanwhile.

One file, since its tests share a planted world that they damage.
"""

import errno
import os
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

import pages.ui.warehouse
from ingest.errors import DiskFullError, UnknownColumnError
from ingest.pipeline.run import Run
from ingest.store.warehouse import Warehouse
from ingest.store.workspace import Workspace
from prh_core.calibration import benjamini_hochberg
from prh_core.metrics import all_metrics
from prh_core.warehouse import filling, schema
from prh_core.warehouse.answer import answer
from prh_core.warehouse.errors import (
    DamagedPartError,
    QueryError,
    WarehouseBusyError,
    WarehouseDamagedError,
    WarehouseError,
    WarehouseMissingError,
    WarehouseTooNewError,
    WarehouseUnreadableError,
)
from prh_core.warehouse.reading import SCHEMA_VERSION, open_readonly
from tests.worlds import MODELS, SETTINGS, WITHIN, query

PAIRS = 4 * 4
SCORES = PAIRS * len(SETTINGS) + WITHIN


def test_every_subject_has_a_version_and_a_failing_one_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with duckdb.connect(":memory:") as connection:
        schema.create(connection)
        made = connection.execute("SELECT name, version FROM schema_migrations").fetchall()
    assert sorted(made) == sorted((s.name, s.version) for s in schema.subjects())
    assert max(version for _, version in made) == schema.newest_version() == SCHEMA_VERSION
    text = "-- Version 99. Broken.\n\n-- Half.\nCREATE TABLE half (a NOTYPE);\n"
    broken = (*schema.subjects(), schema.Subject("broken", 99, text))
    monkeypatch.setattr(schema, "subjects", lambda: broken)
    with duckdb.connect(":memory:") as connection:
        with pytest.raises(duckdb.Error, match="NOTYPE"):
            schema.create(connection)
        assert connection.execute("SHOW TABLES").fetchall() == []


def test_every_table_is_published_or_derived_by_one_file_of_its_own() -> None:
    published, derived = set(filling.tables()), set(filling.DERIVED)
    assert published | derived == set(schema.tables()) - {"schema_migrations"}
    assert not published & derived
    files = (Path(filling.__file__).parent / "derive").glob("*.sql")
    assert {file.stem for file in files} == derived


def test_a_part_has_its_tables_columns_and_types(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    rows = [{"unit_key": "a", "layer": 1, "name": "x"}, {"unit_key": "a", "layer": 2, "rho": 1}]
    for made in (rows, pl.DataFrame(rows)):
        warehouse.append("color_layers", "a", made)
        part = warehouse.rows("color_layers")
        assert part is not None
        assert dict(part.schema) == schema.column_types("color_layers")
        assert part["rho"].to_list() == [None, 1.0]
        with pytest.raises(UnknownColumnError, match="color_layers has no column colour; it has"):
            warehouse.append("color_layers", "b", [{"unit_key": "b", "colour": 1}])
    assert warehouse.part_names("color_layers") == {"a"}


def as_schema_14(home: Path) -> None:
    """Turn a folder into one that schema 14 left: its names of columns, in parts and file."""
    with duckdb.connect(str(home / "results.duckdb")) as connection:
        views = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal")
        for (view,) in views.fetchall():
            connection.execute(f"DROP VIEW {view}")
        connection.execute("UPDATE schema_migrations SET version = 14")
        connection.execute("ALTER TABLE samples DROP recorded_at")
        for table, types in schema.tables().items():
            for old, new in schema.RENAMED.items():
                if new in types:
                    connection.execute(f"ALTER TABLE {table} RENAME {new} TO {old}")
    older = {new: old for old, new in schema.RENAMED.items()}
    for part in (home / "parts").rglob("*.parquet"):
        frame = pl.read_parquet(part)
        frame.rename({n: older[n] for n in frame.columns if n in older}).write_parquet(part)


@pytest.mark.parametrize("kept", ["parts", "file"])
def test_a_folder_of_the_schema_before_is_published_whole(own_world: Path, kept: str) -> None:
    """Columns are renamed, whether rows come from parts or from the file alone."""
    path = own_world / "results.duckdb"
    names = sorted(filling.tables())
    before = {name: query(path, f"FROM {name} ORDER BY ALL") for name in names}
    as_schema_14(own_world)
    if kept == "parts":
        path.unlink()
    else:
        shutil.rmtree(own_world / "parts")
    Warehouse(own_world).publish()
    for name, rows in before.items():
        after = query(path, f"FROM {name} ORDER BY ALL")
        drop = "recorded_at" if name == "samples" else ()
        assert after.drop(drop).equals(rows.drop(drop)), name


def test_a_difference_of_a_file_is_not_doubled_by_its_part(own_world: Path) -> None:
    """The unit is the key: a row over all vision models has no model, which equals nothing."""
    warehouse = Warehouse(own_world)
    types = schema.column_types("caption_differences")
    filled = {
        name: 0.0 if kind.is_numeric() else datetime.now(tz=UTC) if kind.is_temporal() else "x"
        for name, kind in types.items()
    }
    warehouse.append("caption_differences", "x", [{**filled, "vision_model": None}, filled])
    for _ in range(2):
        warehouse.publish()
        assert query(warehouse.path, "FROM caption_differences").height == 2


def test_every_table_and_column_says_what_it_is(world: Path) -> None:
    path = world / "results.duckdb"
    silent = query(
        path,
        "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL "
        "AND database_name = 'warehouse' "
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
    assert published.scores == before.height == SCORES
    seen_again = sum(model.modality == "vision" for model in MODELS)
    second_captions = 1
    assert published.feature_sets == len(MODELS) + seen_again + second_captions


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


def test_rows_without_parts_are_carried_over(own_world: Path) -> None:
    received = Warehouse(own_world)
    for part in received.parts.rglob("*.parquet"):
        frame = pl.read_parquet(part)
        if "dataset_id" in frame.columns:  # as if another dataset had been scored since
            keys = pl.col("^.*key.*$").cast(pl.String) + "-second"
            frame.with_columns(keys, dataset_id=pl.lit("second")).write_parquet(part)
        else:
            part.unlink()
    received.publish()
    found = query(received.path, "SELECT dataset_id, count(*) AS rows FROM scores GROUP BY ALL")
    assert dict(found.iter_rows()) == {"planted": SCORES, "second": SCORES}


def test_what_is_done_is_known_across_parts_of_several_ages(own_world: Path) -> None:
    warehouse = Warehouse(own_world)
    keys = warehouse.column("scores", "unit_key")
    assert len(keys) == SCORES
    parts = sorted((warehouse.parts / "scores").glob("*.parquet"))
    for part in (parts[0], parts[-1]):
        pl.read_parquet(part).drop("p_value", "calibrated", "sigma").write_parquet(part)
    assert warehouse.column("scores", "unit_key") == keys
    assert warehouse.publish().scores == SCORES


def test_a_calibrated_score_supersedes_one_from_before(own_world: Path) -> None:
    warehouse = Warehouse(own_world)
    part = next((warehouse.parts / "scores").glob("*.parquet"))
    older = pl.read_parquet(part).with_columns(
        (pl.col("unit_key") + "-old").alias("unit_key"),
        pl.lit(1, pl.Int32).alias("score_version"),
        pl.lit(None, pl.Float64).alias("p_value"),
        pl.col("finished_at") + pl.duration(days=1),
    )
    fewer = pl.read_parquet(part).with_columns(
        (pl.col("unit_key") + "-fewer").alias("unit_key"),
        pl.lit(3, pl.Int32).alias("permutations"),
        pl.col("finished_at") + pl.duration(days=1),
    )
    before = query(warehouse.path, "SELECT unit_key FROM current_scores ORDER BY ALL")
    warehouse.append("scores", "older", older)
    warehouse.append("scores", "fewer", fewer)
    warehouse.publish()
    assert query(warehouse.path, "FROM scores").height > before.height
    assert query(warehouse.path, "SELECT unit_key FROM current_scores ORDER BY ALL").equals(before)


def test_q_values_are_benjamini_and_hochbergs(world: Path) -> None:
    setting = ["metric", "k", "truncation", "sigma", "pooling", "prompt"]
    found = query(world / "results.duckdb", "FROM language_vision_alignment ORDER BY unit_key")
    groups = found.partition_by(setting)
    assert len(groups) == len(SETTINGS)
    for group in groups:
        assert group.height == PAIRS
        expected = benjamini_hochberg(group["p_value"].to_numpy())
        assert group["q_value"].to_numpy() == pytest.approx(expected, rel=1e-12)


def test_q_values_with_many_ties_gaps_and_settings() -> None:
    rng = np.random.default_rng(0)
    ps = np.round(rng.uniform(size=200) ** 3, 2)
    with duckdb.connect(":memory:") as connection:
        schema.create(connection)
        connection.execute("CREATE TABLE p AS SELECT unnest($ps) AS p", {"ps": [*ps, None, None]})
        connection.execute(Path(__file__).with_name("many_p_values.sql").read_text("utf-8"))
        filling.derive(connection)
        rows = connection.execute(
            "SELECT p_value, q_value FROM language_vision_alignment WHERE k = 10"
        ).fetchall()
    known = np.array([row for row in rows if row[0] is not None], dtype=float)
    assert [q for p, q in rows if p is None] == [None, None]
    assert len(known) == 200
    assert known[:, 1] == pytest.approx(benjamini_hochberg(known[:, 0]), rel=1e-12)


def test_the_metrics_are_those_registered_and_a_foreign_one_is_kept(own_world: Path) -> None:
    path = own_world / "results.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "INSERT INTO metrics SELECT * REPLACE ('theirs' AS name) FROM metrics LIMIT 1"
        )
    Warehouse(own_world).publish()
    names = set(query(path, "SELECT name FROM metrics")["name"])
    assert names == {metric.name for metric in all_metrics()} | {"theirs"}


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
    assert query(path, "FROM scores").height == SCORES
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

    monkeypatch.setattr(schema, "create", full)
    with pytest.raises(DiskFullError, match="results.duckdb was not written"):
        warehouse.publish()
    assert warehouse.path.read_bytes() == before
    assert not list(own_world.glob("*.tmp*"))


def test_a_readers_query_cannot_write_and_its_error_is_passed_on(world: Path) -> None:
    path = world / "results.duckdb"
    with pytest.raises(QueryError, match="never written by hand"):
        answer(path, "DELETE FROM scores")
    with pytest.raises(QueryError, match="nosuch"):
        answer(path, "SELECT nosuch FROM scores")


# --------------------------------------- what keeps a file from us is no damage


@pytest.fixture
def held(own_world: Path) -> Iterator[tuple[Path, int]]:
    """Have another program hold the published file open for writing."""
    path = own_world / "results.duckdb"
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdin is not None
        other.stdout.readline()
        yield own_world, other.pid
        other.stdin.close()


def test_a_file_that_another_program_writes_is_busy(
    held: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, pid = held
    told = f"another program \\(PID {pid}\\) holds results.duckdb open for writing"
    with pytest.raises(WarehouseBusyError, match=told):
        query(home / "results.duckdb", "SELECT 1")
    with pytest.raises(WarehouseBusyError, match=told):
        Warehouse(home).published_scores()
    with pytest.raises(WarehouseBusyError, match=told):
        Warehouse(home).publish()
    assert not list(home.glob("results.damaged*"))
    monkeypatch.setenv("PRH_DATA", str(home))
    with pytest.raises(WarehouseBusyError, match=told):
        pages.ui.warehouse.ask("SELECT 1")


def test_a_file_that_is_a_folder_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "results.duckdb").mkdir()
    with pytest.raises(WarehouseUnreadableError, match="Is a directory"):
        query(tmp_path / "results.duckdb", "SELECT 1")
    with pytest.raises(WarehouseUnreadableError):
        Warehouse(tmp_path).publish()
    monkeypatch.setenv("PRH_DATA", str(tmp_path))
    with pytest.raises(WarehouseUnreadableError, match="Is a directory"):
        pages.ui.warehouse.ask("SELECT 1")
    monkeypatch.setenv("PRH_DATA", str(tmp_path / "results.duckdb" / ("x" * 300)))
    with pytest.raises(WarehouseError):
        pages.ui.warehouse.ask("SELECT 1")


@pytest.mark.parametrize("name", ["a[x]", "[!b]", "**", "a*b", "a 'b' \"c\" %20 日本 {d,e} $f"])
def test_a_path_is_no_pattern(tmp_path: Path, name: str) -> None:
    """Folders beside it that a pattern would take for it hold rows of their own."""
    ids = []
    for folder in (name, "ax", "aXXb", "x"):
        with Run(Workspace(tmp_path / folder)) as run:
            ids.append(run.run_id)
    here = Warehouse(tmp_path / name)
    assert here.column("runs", "run_id") == {ids[0]}
    kept = here.rows("runs")
    assert kept is not None and set(kept["run_id"]) == {ids[0]}
    here.publish()
    here.publish()
    assert query(here.path, "SELECT run_id, outcome FROM runs").rows() == [(ids[0], "done")]


@pytest.mark.parametrize("damage", [b"", b"PAR1 and no more", b"text"])
def test_a_damaged_part_is_named(own_world: Path, damage: bytes) -> None:
    warehouse = Warehouse(own_world)
    part = sorted((warehouse.parts / "scores").glob("*.parquet"))[-1]
    part.write_bytes(damage)
    for ask in (
        warehouse.publish,
        lambda: warehouse.rows("scores"),
        lambda: warehouse.column("scores", "unit_key"),
    ):
        with pytest.raises(DamagedPartError, match=part.name):
            ask()


def test_publishers_without_locks_leave_a_whole_file(
    own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", none)
    before = query(own_world / "results.duckdb", "FROM scores ORDER BY unit_key")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: Warehouse(own_world).publish(), range(4)))
    assert query(own_world / "results.duckdb", "FROM scores ORDER BY unit_key").equals(before)
    assert not list(own_world.glob("*.tmp*"))
