"""The demo runs beside the app, which opens at once and is told how far it is."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from ingest.cli import app, serve
from ingest.experiments import demo
from ingest.experiments.demo import Stage
from ingest.pipeline import told as telling
from ingest.pipeline.run import Run
from ingest.pipeline.told import Told
from ingest.progress import Progress, Silent
from ingest.store.workspace import Workspace
from prh_core.warehouse.progress import DEMO_UNFINISHED, WorkProgress, read_progress
from tests.ingest.command import prh


def test_the_app_opens_at_once_and_the_demo_goes_on_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[object] = []

    @contextmanager
    def beside(command: Sequence[str] | None) -> Iterator[None]:
        done.append(command)
        yield

    monkeypatch.setattr(serve, "running_beside", beside)
    monkeypatch.setattr(serve, "serve", lambda script, home, *_: done.append(home))

    def opened(*options: str) -> object:
        done.clear()
        assert prh("app", *options, "--port", 8639, "--data", tmp_path).returncode == 0
        assert done[1:] == [tmp_path]
        return done[0]

    rest = ["demo", "--data", str(tmp_path)]
    assert opened() is None
    assert opened("--demo") == rest
    # Results of one's own are left alone; a demo that was stopped goes on.
    Workspace(tmp_path).warehouse.publish()
    assert opened("--demo") is None
    (tmp_path / DEMO_UNFINISHED).touch()
    assert opened("--demo") == rest
    assert opened() is None


def test_a_folder_is_handed_on_only_where_somebody_named_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served: list[object] = []
    monkeypatch.setattr(serve, "serve", lambda script, home, *_: served.append(home))
    monkeypatch.setenv("PRH_DATA", str(tmp_path))
    assert prh("app", "--port", 8639).returncode == 0
    assert served == [None]


def _staged(monkeypatch: pytest.MonkeyPatch, *work: Callable[[Progress], None]) -> None:
    """Put other work in the place of the demo's."""

    def stages(run: Run, progress: Progress, device: str) -> list[Stage]:
        return [Stage(f"Part {i}", lambda do=do: do(progress)) for i, do in enumerate(work)]

    monkeypatch.setattr(demo, "_stages", stages)


def test_it_tells_how_far_it_is_and_is_published_at_its_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[WorkProgress | None] = []
    published = Workspace(tmp_path).warehouse.path

    def extract(progress: Progress) -> None:
        seen.append(read_progress(tmp_path))
        progress.start("Images", 8)
        seen.append(read_progress(tmp_path))
        assert not published.exists()

    def stop(progress: Progress) -> None:
        seen.append(read_progress(tmp_path))
        raise KeyboardInterrupt

    _staged(monkeypatch, extract, stop)
    assert prh("demo", "--data", tmp_path).returncode == 130
    told = [(now.stage, now.stages, now.title, now.total) for now in seen if now]
    assert told == [(0, 2, "Part 0", 0), (0, 2, "Images", 8), (1, 2, "Part 1", 0)]
    assert read_progress(tmp_path) is not None and not published.exists()
    _staged(monkeypatch, extract)
    ended = app.end_demo

    def end(workspace: Workspace) -> None:
        assert published.exists()  # or a reader would be shown nothing for a moment
        ended(workspace)

    monkeypatch.setattr(app, "end_demo", end)
    assert prh("demo", "--data", tmp_path).returncode == 0
    assert read_progress(tmp_path) is None and published.exists()


def test_the_folder_is_told_twice_a_second_at_most(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now = [0.0]
    monkeypatch.setattr(telling.time, "monotonic", lambda: now[0])
    told = Told(Silent(), tmp_path)
    told.begin("Colors", 2, 4)
    told.start("Words", 10)
    for seconds, counted in ((0.2, 0), (0.6, 2), (0.9, 2), (1.2, 4)):
        now[0] = seconds
        told.advance(1)
        progress = read_progress(tmp_path)
        assert progress is not None and (progress.done, progress.total) == (counted, 10)
    assert progress.share == pytest.approx((2 + 0.4) / 4)


def test_a_mark_that_says_nothing_is_still_a_mark(tmp_path: Path) -> None:
    (tmp_path / DEMO_UNFINISHED).write_text("[1", encoding="utf-8")
    progress = read_progress(tmp_path)
    assert progress is not None and progress.share == 0


def test_a_command_beside_the_app_gives_way_and_ends_with_it() -> None:
    me = psutil.Process()
    before = set(me.children())
    with serve.running_beside(["--help"]):
        (child,) = set(me.children()) - before
        while not (words := child.cmdline()):  # between fork and exec it has none
            time.sleep(0.01)
        assert "ingest.cli.main" in words and child.nice() == 10
    assert not child.is_running()
    with serve.running_beside(None):
        assert set(me.children()) == before
