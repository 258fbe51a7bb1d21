"""The demo opens the app after its first half; the other half goes on beside it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from ingest.cli import app, serve
from ingest.experiments import demo
from ingest.pipeline.run import Run
from ingest.progress import Progress
from ingest.store.workspace import Workspace
from prh_core.warehouse.location import DEMO_UNFINISHED
from tests.ingest.command import prh


def test_the_app_opens_after_the_first_half_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[object] = []

    def begun(run: Run, progress: Progress) -> None:
        done.append("begun")
        (run.workspace.home / DEMO_UNFINISHED).touch()

    @contextmanager
    def beside(command: Sequence[str] | None) -> Iterator[None]:
        done.append(command)
        yield

    monkeypatch.setattr(app, "begin_demo", begun)
    monkeypatch.setattr(serve, "running_beside", beside)
    monkeypatch.setattr(serve, "serve", lambda script, home, port: done.append("served"))
    assert prh("app", "--demo", "--port", 8639, "--data", tmp_path).returncode == 0
    rest = ["demo", "--data", str(tmp_path)]
    assert done == ["begun", rest, "served"]
    # A demo that was stopped goes on; one that is at its end, or none at all, does not.
    assert prh("app", "--demo", "--port", 8639, "--data", tmp_path).returncode == 0
    assert prh("app", "--port", 8639, "--data", tmp_path).returncode == 0
    (tmp_path / DEMO_UNFINISHED).unlink()
    assert prh("app", "--demo", "--port", 8639, "--data", tmp_path).returncode == 0
    assert done[3:] == [rest, "served", None, "served", None, "served"]


def test_the_mark_stays_until_both_halves_are_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    where = Workspace(tmp_path)

    def begun(run: Run, progress: Progress, device: str) -> None:
        (tmp_path / DEMO_UNFINISHED).touch()

    def stopped(run: Run, begun: object, progress: Progress, device: str) -> None:
        assert demo.unfinished(where) and where.warehouse.path.exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "begin_demo", begun)
    monkeypatch.setattr(demo, "finish_demo", stopped)
    assert prh("demo", "--data", tmp_path).returncode == 130
    assert demo.unfinished(where)


def test_a_command_beside_the_app_gives_way_and_ends_with_it() -> None:
    me = psutil.Process()
    before = set(me.children())
    with serve.running_beside(["--help"]):
        (child,) = set(me.children()) - before
        assert "ingest.cli.main" in child.cmdline() and child.nice() == 10
    assert not child.is_running()
    with serve.running_beside(None):
        assert set(me.children()) == before
