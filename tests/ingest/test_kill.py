"""kill -9 at random moments of extract, score and publish: nothing lost, nothing doubled.

Two data folders are killed four times each, once in every quarter of what an undisturbed run takes,
while a reader keeps asking and the app keeps rendering; then the same command finishes, and the
rows equal those of the undisturbed run.
"""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from ingest.store.features import read_header, read_layers
from tests.ingest.command import ROOT, arguments, environment
from tests.ingest.own_study import write_study
from tests.worlds import MUTUAL, WITHIN, build_world, query

KILLS = 4
pytestmark = pytest.mark.timeout(1800)  # only for what hangs: on a busy machine runs take minutes
PROVENANCE = ("run_id", "finished_at")


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """Start the study's run in a process of its own and wait until it records its start."""
    data = folder / "data"
    before = set((data / "parts" / "runs").glob("*.start.parquet"))
    process = subprocess.Popen(
        arguments(
            "run",
            *("--catalog", folder / "study" / "mine.toml", "--dataset", "noise"),
            *("--panel", "tiny", "--k", 3, "--k", 5, "--truncation", "exact"),
            *("--truncation", "mean", "--data", data),
        ),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while set((data / "parts" / "runs").glob("*.start.parquet")) == before:
        assert process.poll() is None, "the run ended before it began"
        time.sleep(0.01)
    return process


def result(folder: Path) -> tuple[pl.DataFrame, dict[str, list[np.ndarray]]]:
    """Return the study's scores without provenance, and its features by unit key."""
    scores = query(
        folder / "data" / "results.duckdb",
        "FROM scores WHERE dataset_id = 'noise' ORDER BY unit_key",
    ).drop(PROVENANCE)
    files = (folder / "data" / "features").rglob("noise.*.safetensors")
    return scores, {read_header(file).key: list(read_layers(file)) for file in files}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """Return a finished study, the planted world it began in, and the seconds it worked."""
    folder = tmp_path_factory.mktemp("undisturbed")
    build_world(folder / "before", settings=MUTUAL, maps=False, studies=False)
    shutil.copytree(folder / "before", folder / "data")
    write_study(folder / "study")
    process = begin(folder)
    started = time.monotonic()
    assert process.wait() == 0
    return folder, time.monotonic() - started


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_run_resumes_to_the_same_rows(
    undisturbed: tuple[Path, float],
    tmp_path: Path,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finished, working = undisturbed
    shutil.copytree(finished / "before", tmp_path / "data")
    write_study(tmp_path / "study")
    warehouse = tmp_path / "data" / "results.duckdb"
    monkeypatch.setenv("PRH_DATA", str(tmp_path / "data"))
    moments = random.Random(seed)
    answers: list[int] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            asked = "SELECT count(*) AS n FROM scores WHERE dataset_id = 'planted'"
            answers.append(query(warehouse, asked)["n"][0])
            time.sleep(0.2)

    reader = threading.Thread(target=keep_asking)
    reader.start()
    try:
        for quarter in moments.sample(range(KILLS), KILLS):
            process = begin(tmp_path)
            time.sleep(moments.uniform(quarter, quarter + 1) / KILLS * working)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
            assert not page.exception
        assert begin(tmp_path).wait() == 0
    finally:
        stop.set()
        reader.join()
    assert set(answers) == {16 * len(MUTUAL) + WITHIN}, (
        "a reader saw a half-published or empty warehouse"
    )
    scores, features = result(tmp_path)
    expected_scores, expected_features = result(finished)
    assert scores.equals(expected_scores)
    assert features.keys() == expected_features.keys()
    for key, layers in features.items():
        for ours, theirs in zip(layers, expected_features[key], strict=True):
            assert np.array_equal(ours, theirs)
    assert not list((tmp_path / "data").rglob("*.tmp*")), "an orphan was left behind"
