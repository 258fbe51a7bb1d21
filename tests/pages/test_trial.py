"""How does my model do: a file is checked, scored beside the panel, and shown to one reader."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ingest.pipeline.stored import stored_dataset
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from pages import PAGES
from pages.ui import trials
from pages.ui.findings import standing
from pages.ui.trials import Trial
from prh_core.warehouse.trial import TRIALS
from tests.pages.conftest import OpenPage
from tests.pages.shown import drawn, told

SHOWING = ("inventory", "alignment", "skill", "competence", "metrics")
"""Pages of scores; any other one asks the same file."""
PATIENCE = 200
"""Seconds: a trial is a process that begins with nothing loaded."""


@pytest.fixture
def mine(world: Path, tmp_path: Path) -> Path:
    """Features near those of a model of the panel."""
    stored = stored_dataset(Workspace(world), "planted")
    (file,) = [one for one in stored.files if one.header.model_id == "vis-large"]
    rng = np.random.default_rng(3)
    layers = {
        f"block.{i}": (layer + 0.3 * rng.normal(size=layer.shape)).astype(np.float32)
        for i, layer in enumerate(read_layers(file.path))
    }
    ids = np.array(stored.sample_ids)
    np.savez(tmp_path / "mine.npz", allow_pickle=False, ids=ids, **layers)
    return tmp_path / "mine.npz"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let readers name files of this machine."""
    monkeypatch.setenv(TRIALS, "here")
    yield


def _begin(app: AppTest, file: Path, modality: str) -> Trial:
    app.text_input(key="trial path").set_value(str(file)).run()
    app.selectbox(key="trial modality").set_value(modality).run()
    (begin,) = [button for button in app.button if button.label == "Check and score"]
    assert not begin.disabled
    begin.click().run()
    trial = app.session_state["trial"]
    assert isinstance(trial, Trial)
    return trial


def _await(app: AppTest, trial: Trial) -> AppTest:
    until = time.monotonic() + PATIENCE
    while not trial.ended and time.monotonic() < until:
        time.sleep(0.2)
    return app.run()


def _press(app: AppTest, label: str) -> AppTest:
    (button,) = [button for button in app.button if button.label == label]
    return button.click().run()


@pytest.mark.usefixtures("here")
def test_a_model_is_scored_and_stands_on_every_page_for_its_reader_alone(
    open_page: OpenPage, world: Path, mine: Path
) -> None:
    app = open_page(world, "trial")
    trial = _begin(app, mine, "vision")
    app = _await(app, trial)
    assert trial.state == "done", trial.said()
    assert not app.exception
    assert (
        "Yes: mine agrees with 3 of 3 trained language models beyond unrelated layers, most with "
        "Lang Large" in told(app)
    )
    read = [line.value for line in app.caption]
    assert any("Read: 5 layers of 60 samples, 40 dimensions, float32" in line for line in read)
    largest = drawn(app)[0]
    assert largest.filter("is_own")["partner"].n_unique() == 4
    assert set(largest.filter(~largest["is_own"])["label"]) == {
        "Vis Large", "Vis Small", "Vis Other", "Vis Random",
    }  # fmt: skip
    assert {"CSV", "Parquet", "SVG"} <= {b.label for b in app.get("download_button")}  # type: ignore[attr-defined]
    app.selectbox(key="against").set_value("vision").run()
    assert "most with Vis Large" in told(app)
    for page in (page for page in PAGES if page.topic in SHOWING):
        app.switch_page(page.script).run()
        assert not app.exception and not app.warning, page.topic
        assert any("With your model mine" in line.value for line in app.sidebar.caption)
    app.switch_page("pages/layers/page.py")
    app.query_params.update({"vision": "mine"})
    app.run()
    assert not app.exception and "× mine" in " ".join(line.value for line in app.caption)
    other = open_page(world, "layers")
    assert "mine" not in other.selectbox(key="vision").options
    folder = trial.folder
    app = _press(app, "Show the others alone")
    assert "mine" not in app.selectbox(key="vision").options
    assert not folder.exists() and trial.state == "stopped"


@pytest.mark.usefixtures("here")
def test_what_cannot_be_scored_is_a_sentence_and_the_form_stands(
    open_page: OpenPage, world: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "bare.npy", np.ones((7, 3), np.float32))
    app = open_page(world, "trial")
    app = _await(app, _begin(app, tmp_path / "bare.npy", "vision"))
    (said,) = [box.value for box in app.error]
    assert said.startswith("Not scored: bare.npy has no ids") and said.endswith(".")
    assert "Check and score" in [button.label for button in app.button]
    app.text_input(key="trial path").set_value(str(tmp_path / "none.npy")).run()
    assert "There is no file" in app.warning[0].value


@pytest.mark.usefixtures("here")
def test_a_trial_is_stopped_where_it_is(open_page: OpenPage, world: Path, mine: Path) -> None:
    app = open_page(world, "trial")
    trial = _begin(app, mine, "vision")
    assert "is being scored" in told(app)
    app = _press(app, "Stop")
    assert trial.state == "stopped" and not app.exception
    assert "Check and score" in [button.label for button in app.button]


def test_without_features_of_others_the_page_says_what_makes_them(
    open_page: OpenPage, empty_world: Path
) -> None:
    app = open_page(empty_world, "trial")
    assert not app.exception and "no features of models lie in its data folder" in app.info[0].value
    assert [code.value for code in app.code] == ["prh demo"]


def test_a_damaged_warehouse_is_named(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "results.duckdb").write_bytes(b"no database")
    app = open_page(tmp_path, "trial")
    assert not app.exception and "The warehouse is damaged" in app.warning[0].value


def test_folders_of_a_server_that_was_killed_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials.tempfile, "tempdir", str(tmp_path))
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    for name in (f"prh-trial-{killed.pid}-a", f"prh-trial-{os.getpid()}-b", "prh-trial-none"):
        (tmp_path / name).mkdir()
    request = trials.Request("m", "planted", "vision", (), {}, (tmp_path / "none.npy",))
    trial = Trial(request)
    left = {folder.name for folder in tmp_path.iterdir()} - {trial.folder.name}
    assert left == {f"prh-trial-{os.getpid()}-b", "prh-trial-none"}
    trial.forget()
    assert not trial.folder.exists()


@pytest.mark.parametrize(("said", "paths"), [("uploads", 0), ("", 0), ("here", 1)])
def test_files_of_the_host_are_named_by_who_sits_there_only(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch, said: str, paths: int
) -> None:
    monkeypatch.setenv(TRIALS, said)
    app = open_page(world, "trial")
    assert len([box for box in app.text_input if "on this machine" in box.label]) == paths
    assert any("At most 200 MB a file." in line.value for line in app.caption)


def test_a_host_may_score_no_models_of_its_readers(
    open_page: OpenPage, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRIALS, "no")
    app = open_page(world, "trial")
    assert [box.value for box in app.info] == ["This host scores no models of its readers."]
    assert not [button for button in app.button if button.label == "Check and score"]


BEST = {
    "partner": "B", "score": 0.2, "interval_low": 0.1, "interval_high": 0.3, "mean_place": 2,
    "mean_of": 3, "mean_partners": 4, "mean_score": 0.15, "permutations": 200, "n": 512,
}  # fmt: skip


@pytest.mark.parametrize(
    ("tested", "exceed", "begins"),
    [
        (4, 4, "Yes: M agrees with 4 of 4 trained language models beyond unrelated layers, most"),
        (4, 1, "Partly: M agrees with 1 of 4 trained language models beyond unrelated layers"),
        (4, 0, "No evidence here: M agrees with 0 of 4 trained language models"),
        (0, 0, "Inconclusive: without permutations nothing says what unrelated layers reach"),
    ],
)
def test_the_answer_says_what_the_numbers_do(tested: int, exceed: int, begins: str) -> None:
    found = standing(
        "M", "vision", "language", tested=tested, exceed=exceed, best=BEST, control=0.19
    )
    assert found.sentence.startswith(begins)
    assert "number 2 of 3 trained vision models by the mean over 4 trained" in found.doubt.lower()
    assert "0.100 to 0.300" in found.doubt
    assert "untrained vision models reach 0.190 with it" in found.doubt
    few = standing(
        "M",
        "vision",
        "language",
        tested=tested,
        exceed=exceed,
        best={**BEST, "mean_of": 2},
        control=None,
    )
    assert "umber 2" not in few.doubt  # a place among two says nothing
    assert "untrained" not in few.doubt
