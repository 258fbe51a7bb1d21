"""Scores where memory does not hold all features at once: the same rows, in parts, and said so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import Refused
from ingest.pipeline.scores import engine
from ingest.pipeline.scores.plan import FeatureFile, plan, settings_for
from ingest.progress import Silent
from tests.ingest.test_score import features, random_layers

KEPT = ("finished_at", "run_id")


class Heard(Silent):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.steps, self.expected, self.notes = 0, 0, list[str]()

    def start(self, title: str, total: int) -> None:
        """Note how many steps are expected."""
        self.expected = total

    def advance(self, n: int = 1) -> None:
        """Count steps."""
        self.steps += n

    def note(self, text: str) -> None:
        """Keep the message."""
        self.notes.append(text)


def panel(folder: Path) -> tuple[list[FeatureFile], list[FeatureFile]]:
    xs = [features(folder, f"x{i}", random_layers(i)) for i in range(3)]
    return xs, [features(folder, f"y{i}", random_layers(10 + i, layers=2)) for i in range(4)]


def scored(
    xs: list[FeatureFile], ys: list[FeatureFile], device: str | None = None
) -> tuple[dict[str, dict], list[Refused], Heard]:
    refused, heard = list[Refused](), Heard()
    settings = settings_for(["mutual_knn", "cka"], [5], ["exact"], permutations=9)
    frames = engine.score(plan(xs, ys, settings), "run", heard, refused, device)
    rows = [row for frame in frames for row in frame.to_dicts()]
    for row in rows:
        row.update(dict.fromkeys(KEPT))
    return {row["unit_key"]: row for row in rows}, refused, heard


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Hold so many prepared sides at once; each group begins with none."""
    most, held = [100], [0]
    prepare, together = engine.prepare_unit, engine._score_together

    def prepared(*given: Any) -> object:
        held[0] += 1
        if held[0] > most[0]:
            raise MemoryError
        return prepare(*given)

    def begun(*given: Any) -> object:
        held[0] = 0
        return together(*given)

    monkeypatch.setattr(engine, "prepare_unit", prepared)
    monkeypatch.setattr(engine, "_score_together", begun)
    yield most


@pytest.mark.parametrize("device", [None, "cpu"])
@pytest.mark.parametrize("sides", [2, 3, 5])
def test_a_panel_larger_than_memory_is_scored_in_parts(
    tmp_path: Path, room: list[int], sides: int, device: str | None
) -> None:
    if device:
        pytest.importorskip("torch", reason="torch is part of the ingest half")
    xs, ys = panel(tmp_path)
    whole, _, _ = scored(xs, ys, device)
    room[0] = sides
    rows, refused, heard = scored(xs, ys, device)
    assert not refused
    assert rows == whole and len(rows) == 3 * 4 * 2
    assert heard.steps == heard.expected, "the bar ends where it said it would"
    where = "memory of cpu" if device else "memory of this machine"
    assert heard.notes and all(
        where in note and "half of the models" in note for note in heard.notes
    )


def test_a_pair_that_does_not_fit_is_named_and_others_go_on(
    tmp_path: Path, room: list[int]
) -> None:
    xs, ys = panel(tmp_path)
    room[0] = 1
    rows, refused, heard = scored(xs, ys)
    assert not rows
    assert len(refused) == 3 * 4 * 2 and heard.steps == heard.expected
    told = "x0 and y0: the memory of this machine does not hold their linear kernels (MemoryError)"
    assert refused[0] == ("x0", told)


def test_another_failure_is_not_taken_for_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> object:
        raise RuntimeError("a kernel failed")

    monkeypatch.setattr(engine, "prepare_unit", broken)
    with pytest.raises(RuntimeError, match="a kernel failed"):
        scored(*panel(tmp_path))
