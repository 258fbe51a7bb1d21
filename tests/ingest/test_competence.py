"""What counts as competence: which tasks, by which measure, and who is compared with whom."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ingest.pipeline.run import Run, record_model
from ingest.store.workspace import Workspace
from tests.worlds import MODELS, planted_probe, planted_record, query

VISION = {model.id: model for model in MODELS if model.modality == "vision"}


def published(home: Path, probes: Sequence[Mapping[str, object]]) -> Path:
    """Publish probes: rows of `planted_probe`, each with what it changes."""
    workspace = Workspace(home)
    with Run(workspace, "test-run") as run:
        for model in VISION.values():
            record_model(run, planted_record(model))
        for number, probe in enumerate(probes):
            row = planted_probe(run, VISION[str(probe["model"])], str(probe["task"]), 0.5)
            row |= {name: value for name, value in probe.items() if name not in ("model", "task")}
            row["unit_key"] = f"probe-{number}"
            workspace.warehouse.append("competence", f"probe-{number}", pl.DataFrame([row]))
    workspace.warehouse.publish()
    return workspace.warehouse.path


def skill(warehouse: Path, name: str) -> dict[str, float]:
    rows = query(warehouse, f"SELECT model_id, score FROM skills WHERE skill = '{name}'").rows()
    found = dict(rows)
    assert len(found) == len(rows)
    return found


def test_solved_goes_by_top_1_accuracy_and_by_classes_under_another_name(tmp_path: Path) -> None:
    """An imbalanced task: who always says the frequent class is right in 90 %, in half a class."""
    at = {"task": "uneven"}
    warehouse = published(
        tmp_path,
        [
            {"model": "vis-large", **at, "accuracy": 0.95, "mean_per_class": 0.9},
            {"model": "vis-small", **at, "accuracy": 0.9, "mean_per_class": 0.5},
            {"model": "vis-other", **at, "accuracy": 0.7, "mean_per_class": 0.72},
        ],
    )
    rows = query(warehouse, "SELECT model_id, solved, solved_per_class FROM solved").rows()
    assert {name: both for name, *both in rows} == {
        "vis-large": [True, True], "vis-small": [True, False], "vis-other": [False, True],
    }  # fmt: skip
    name = "linear probe of Planted, uneven"
    assert skill(warehouse, name)["vis-small"] == 0.9
    assert skill(warehouse, f"{name}, mean per class")["vis-small"] == 0.5


@pytest.mark.parametrize("best", [0.9, 0.35, 0.55, 0.7, 1.0])
def test_exactly_four_fifths_of_the_best_is_solved(tmp_path: Path, best: float) -> None:
    share = round(0.8 * best, 4)
    both = [("vis-large", best), ("vis-small", share), ("vis-other", share - 0.0001)]
    rows = [
        {"model": model, "task": "edge", "accuracy": value, "mean_per_class": value}
        for model, value in both
    ]
    found = query(
        published(tmp_path, rows), "SELECT model_id, solved, solved_per_class FROM solved"
    )
    assert {name: tuple(told) for name, *told in found.rows()} == {
        "vis-large": (True, True), "vis-small": (True, True), "vis-other": (False, False),
    }  # fmt: skip


def test_other_tasks_of_the_same_number_are_another_figure(tmp_path: Path) -> None:
    probes = [
        {"model": model, "task": task, "accuracy": value}
        for model, tasks, value in (
            ("vis-large", "ab", 0.9),
            ("vis-small", "ab", 0.5),
            ("vis-other", "cd", 0.3),
        )  # fmt: skip
        for task in tasks
    ]
    warehouse = published(tmp_path, probes)
    names = query(warehouse, "SELECT DISTINCT skill FROM skills WHERE skill LIKE 'share%'")
    first, second = "(Planted, a, Planted, b)", "(Planted, c, Planted, d)"
    assert set(names["skill"]) == {
        f"share of 2 tasks solved {tasks}{how}"
        for tasks in (first, second)
        for how in ("", ", mean per class")
    }
    assert skill(warehouse, f"share of 2 tasks solved {first}") == {
        "vis-large": 1.0, "vis-small": 0.0,
    }  # fmt: skip
    assert skill(warehouse, f"share of 2 tasks solved {second}") == {"vis-other": 1.0}
    assert skill(warehouse, f"mean of 2 linear probes {second}") == {"vis-other": 0.3}


def test_who_was_probed_on_more_counts_among_those_probed_on_fewer(tmp_path: Path) -> None:
    probes = [
        {"model": model, "task": task, "accuracy": value}
        for model, tasks, value in (
            ("vis-large", "abc", 0.9),
            ("vis-small", "ab", 0.8),
            ("vis-other", "ac", 0.1),
        )  # fmt: skip
        for task in tasks
    ]
    warehouse = published(tmp_path, probes)
    assert skill(warehouse, "share of 3 tasks solved") == {"vis-large": 1.0}
    both = "share of 2 tasks solved (Planted, a, Planted, {})"
    assert skill(warehouse, both.format("b")) == {"vis-large": 1.0, "vis-small": 1.0}
    assert skill(warehouse, both.format("c")) == {"vis-large": 1.0, "vis-other": 0.0}
    sets = query(warehouse, "SELECT task_set, count(*) FROM vision_competence GROUP BY ALL").rows()
    assert sorted((len(tasks), models) for tasks, models in sets) == [(2, 2), (2, 2), (3, 1)]


def test_long_sets_of_one_number_have_names_of_their_own(tmp_path: Path) -> None:
    probes = [
        {"model": model, "task": task}
        for model, tasks in (("vis-large", "abcdef"), ("vis-small", "abcdeg"))
        for task in tasks
    ]
    names = query(
        published(tmp_path, probes),
        "SELECT DISTINCT skill FROM skills WHERE skill LIKE 'share of 6%' "
        "AND skill NOT LIKE '%per class' ORDER BY skill",
    )["skill"].to_list()
    assert len(names) == 2
    assert all("(Planted, a, Planted, b, Planted, c and 3 others, " in name for name in names)


def test_a_probe_in_half_precision_is_another_figure(tmp_path: Path) -> None:
    now = datetime.now(tz=UTC)
    warehouse = published(
        tmp_path,
        [
            {"model": "vis-large", "task": "a", "accuracy": 0.9, "precision": "bfloat16"},
            {"model": "vis-small", "task": "a", "accuracy": 0.6, "precision": "float32"},
            # What an older version left, of no stated precision, gives way to what is newer.
            {"model": "vis-small", "task": "a", "accuracy": 0.2, "finished_at": now},
            {"model": "vis-small", "task": "a", "accuracy": 0.7, "precision": "float32",
             "probe_version": 2, "finished_at": now - timedelta(days=1)},
        ],
    )  # fmt: skip
    assert skill(warehouse, "linear probe of Planted, a") == {"vis-small": 0.7}
    assert skill(warehouse, "linear probe of Planted, a, bfloat16") == {"vis-large": 0.9}
    assert query(warehouse, "SELECT bool_and(solved) FROM solved").item()
