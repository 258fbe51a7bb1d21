"""Models spread over worker processes: the same files, and no death takes the others along."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
import types
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from ingest.catalog import load_catalog
from ingest.datasets import Dataset, open_dataset
from ingest.datasets.caption_sets import build_sets
from ingest.errors import CatalogError, WorkerDiedError
from ingest.extract import named_devices, variants_for
from ingest.pipeline.extraction import extract_missing
from ingest.pipeline.features import plan_extraction
from ingest.pipeline.run import Run
from ingest.pipeline.workers import Begun, Ended, Told, spread
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from prh_core.errors import PRHError
from tests.ingest import tiny
from tests.ingest.chores import Chore, do
from tests.ingest.command import environment, prh
from tests.ingest.own_study import MODEL, VISION_OPTIONS, write_study
from tests.worlds import query

DEVICES = ("a", "b")


def done(*names: str) -> list[Begun[Chore] | Told[Chore] | Ended[Chore]]:
    """Do chores on two devices; return what happened."""
    return list(spread([Chore(name) for name in names], DEVICES, do))


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_every_task_is_begun_in_order_and_ended_and_each_device_has_a_worker() -> None:
    happened = done("1", "2", "3", "4")
    assert [event.task.name for event in happened if isinstance(event, Begun)] == [*"1234"]
    assert sorted(e.task.name for e in happened if isinstance(e, Ended) and not e.error) == [
        *"1234"
    ]
    told = [event.message for event in happened if isinstance(event, Told)]
    workers = {message for message in told if isinstance(message, tuple)}
    assert {device for device, _ in workers} == {*DEVICES} and len(workers) == 2
    assert os.getpid() not in {pid for _, pid in workers}
    assert sorted(message for message in told if isinstance(message, str)) == [*"1234"]
    assert all(gone(pid) for _, pid in workers)


def test_a_worker_that_dies_is_named_and_another_takes_its_place() -> None:
    happened = done("killed", "exits", "1", "leaves a child", "2")
    ends = {event.task.name: event.error for event in happened if isinstance(event, Ended)}
    assert ends["1"] is None and ends["2"] is None and len(ends) == 5
    for name, how in {
        "killed": "was killed by SIGKILL, as systems do that run out of memory",
        "exits": "ended with exit code 3",
        "leaves a child": "ended with exit code 4",
    }.items():
        error = ends[name]
        assert isinstance(error, WorkerDiedError)
        assert str(error) in {f"{name}: its worker process on {d} {how}" for d in DEVICES}
    (child,) = [e.message for e in happened if isinstance(e, Told) and isinstance(e.message, int)]
    os.kill(child, signal.SIGKILL)


def test_what_a_task_raises_comes_back() -> None:
    ends = {
        event.task.name: event.error
        for event in done("refuses", "raises", "raises what nobody can read", "1")
        if isinstance(event, Ended)
    }
    assert type(ends["refuses"]) is PRHError and str(ends["refuses"]) == "one sentence"
    assert isinstance(ends["raises"], FileNotFoundError) and ends["raises"].filename == "there"
    assert repr(ends["raises what nobody can read"]) == (
        "RuntimeError('PrivateError: left and right')"
    )
    assert ends["1"] is None


def test_workers_end_when_nobody_listens_any_more() -> None:
    with closing(spread([Chore("forever")] * 2, DEVICES, do)) as happening:
        told = (event for event in happening if isinstance(event, Told))
        pids = [event.message[1] for event in islice(told, 2)]
    assert len(pids) == 2 and all(gone(pid) for pid in pids)


def test_workers_do_not_run_the_script_that_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "app.py"
    script.write_text("raise SystemExit('run anew')")
    main = types.ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert [event.error for event in done("1") if isinstance(event, Ended)] == [None]
    assert sys.modules["__main__"] is main


ENDLESS = """
from contextlib import closing
from itertools import islice
from tests.ingest.chores import Chore, do
from ingest.pipeline.workers import Told, spread
if __name__ == "__main__":
    with closing(spread([Chore("forever")] * 2, ["a", "b"], do)) as happening:
        for event in happening:
            if isinstance(event, Told):
                print(event.message[1], flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_process_that_asked(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    command = subprocess.Popen(
        [sys.executable, tmp_path / "endless.py"], env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert command.stdout is not None and command.stderr is not None
    pids = [int(command.stdout.readline()) for _ in range(2)]
    if how == signal.SIGINT:  # as a terminal sends it: to all of its processes
        os.killpg(command.pid, how)
    else:
        command.kill()
    said = command.stderr.read()  # ends when the last of them has ended
    assert command.wait() != 0 and said.count("Traceback") == (how == signal.SIGINT)
    while not all(gone(pid) for pid in pids):
        time.sleep(0.05)


FATAL = """

def fatal(seed, width):
    import os, pathlib, signal
    flag = pathlib.Path(__file__).with_name("deadly")
    if flag.exists():
        flag.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return conv(seed, width)
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study, one of its networks deadly where a file lies beside it, extracted in one process."""
    folder = tmp_path_factory.mktemp("alone")
    catalog = write_study(folder / "study")
    nets = folder / "study" / "nets.py"
    nets.write_text(nets.read_text() + FATAL)
    fatal = MODEL.format(
        id="fatal", modality="vision", kind="fatal", seed=5, width=6, options=VISION_OPTIONS
    )
    catalog.write_text(fatal + catalog.read_text())
    code, said = extracted(folder, folder / "data", "cpu")
    assert code == 0 and "6 done, 0 found done" in said, said
    return folder


def extracted(folder: Path, data: Path, device: str, *words: object) -> tuple[int, str]:
    done = prh(
        *("extract", "--catalog", folder / "study" / "mine.toml", "--dataset", "noise"),
        *("--panel", "tiny", "--models", "fatal", "--device", device, "--data", data, *words),
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def contents(data: Path) -> dict[str, tuple[dict[str, Any], bytes]]:
    """Return what feature files hold, by model: the header without provenance, and the layers."""
    found: dict[str, tuple[dict[str, Any], bytes]] = {}
    for path in (data / "features").rglob("*.safetensors"):
        with safe_open(path, framework="numpy") as opened:
            told = json.loads(opened.metadata()["header"])
            layers = b"".join(opened.get_tensor(name).tobytes() for name in sorted(opened.keys()))
        facts = told.pop("facts")
        told |= {name: facts[name] for name in ("dtype", "device", "parameters", "torch")}
        found[told["model_id"]] = (told, layers)
    return found


def test_two_workers_make_the_files_that_one_process_makes(alone: Path, tmp_path: Path) -> None:
    """And one that is killed in the middle leaves out its model, which the same command makes."""
    deadly = alone / "study" / "deadly"
    deadly.touch()
    try:
        code, said = extracted(alone, tmp_path, "cpu,cpu")
    finally:
        deadly.unlink(missing_ok=True)
    assert code == 1 and "5 done, 0 found done, 1 left out" in said, said
    assert "left out: fatal: its worker process on cpu was killed by SIGKILL" in said
    assert "[2/6] conv-b on cpu" in said and "Models on cpu, cpu: 6 of 6" in said
    expected = contents(alone / "data")
    assert contents(tmp_path) == {m: held for m, held in expected.items() if m != "fatal"}
    code, said = extracted(alone, tmp_path, "cpu,cpu")  # a single model needs no worker
    assert code == 0 and "1 done, 5 found done, 0 left out" in said, said
    assert "Models on" not in said
    assert contents(tmp_path) == expected
    assert prh("publish", "--data", tmp_path).returncode == 0
    rows = query(tmp_path / "results.duckdb", "SELECT model_id, run_id FROM feature_sets")
    assert sorted(rows["model_id"]) == sorted(expected) and rows["run_id"].n_unique() == 2


def test_a_file_without_its_row_has_one_after_the_next_run(alone: Path, tmp_path: Path) -> None:
    code, _ = extracted(alone, tmp_path, "cpu")
    parts = list((tmp_path / "parts" / "feature_sets").glob("*.parquet"))
    parts[0].unlink()
    code, said = extracted(alone, tmp_path, "cpu,cpu")
    assert code == 0 and "0 done, 6 found done" in said, said
    assert parts[0].exists()


def test_bits_beside_extraction_keep_to_one_process_and_say_so(alone: Path, tmp_path: Path) -> None:
    code, said = extracted(alone, tmp_path, "cpu,cpu", "--caption-bits")
    assert code == 0 and "6 done" in said, said
    assert "run one by one on cpu: --caption-bits looks on while a model runs" in said


class Notes(Silent):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        """Keep a note."""
        self.said.append(text)


def test_images_that_cannot_travel_keep_to_one_process(alone: Path, tmp_path: Path) -> None:
    catalog = load_catalog([alone / "study" / "mine.toml"])
    models = [catalog.model(name) for name in ("conv-a", "conv-b")]
    data, notes = tiny.dataset(3), Notes()  # whose reader is a function within a function
    with Run(Workspace(tmp_path)) as run:
        wanted = [(record, variants_for(record)) for record in models]
        units = plan_extraction(run.workspace, data, wanted)
        extract_missing(run, data, units, notes, devices=["cpu", "cpu"])
        assert run.done == 2
    assert notes.said[0].startswith(
        "Models run one by one on cpu: the images of tiny cannot be read by another process"
    )


@pytest.mark.parametrize("kind", ["folder", "openmoji", "gray"])
def test_datasets_travel_to_another_process(alone: Path, kind: str) -> None:
    catalog = load_catalog([alone / "study" / "mine.toml"])
    dataset = open_dataset(catalog.dataset("noise" if kind != "openmoji" else "emoji"))
    if kind == "gray":
        dataset = build_sets(dataset, ["gray"], open_dataset)[0].dataset
    again: Dataset = pickle.loads(pickle.dumps(dataset))
    assert (again.row_order, again.image_hash) == (dataset.row_order, dataset.image_hash)
    assert again.image(7).tobytes() == dataset.image(7).tobytes()
    assert again.image(7).tobytes() != again.image(8).tobytes()


def test_devices_are_named_once_each_or_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named_devices("auto") == ("auto",) and named_devices("cuda:1") == ("cuda:1",)
    assert named_devices("cpu, cpu") == ("cpu", "cpu")
    with pytest.raises(CatalogError, match="'nowhere' is no device torch knows"):
        named_devices("cpu,nowhere")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CatalogError, match="no CUDA device for --device all; use auto or cpu"):
        named_devices("all")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert named_devices("all") == ("cuda:0", "cuda:1")
    with pytest.raises(CatalogError, match="has the CUDA devices cuda:0, cuda:1; got cuda:2"):
        named_devices("cuda:0,cuda:2")
