"""Tests of metrics on networks of which the answer is known: measures, networks, rows."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score
from typer.testing import CliRunner

pytest.importorskip("torch", reason="torch is part of the ingest half")
from ingest.cli.commands import app
from ingest.experiments.checks import run as checks
from ingest.experiments.checks.measures import average_precision, conformity, spearman
from ingest.experiments.checks.networks import SHOWN, WIDTH, Recipe, train
from prh_core import all_metrics
from prh_core.errors import UnknownMetricError
from tests.worlds import query


@given(seed=st.integers(0, 10**6), values=st.sampled_from([3, 1000]))
@settings(max_examples=25)
def test_measures_are_those_of_libraries(seed: int, values: int) -> None:
    rng = np.random.default_rng(seed)
    closeness = rng.integers(values, size=40).astype(np.float64)
    alike = rng.random(40) < 0.3
    alike[0] = True
    expected = average_precision_score(alike, closeness)
    assert average_precision(closeness, alike) == pytest.approx(expected)
    other = rng.normal(size=40)
    assert spearman(closeness, other) == pytest.approx(spearmanr(closeness, other).statistic)


def test_who_says_the_same_of_all_says_nothing() -> None:
    assert spearman(np.ones(5), np.arange(5.0)) == 0
    assert average_precision(np.zeros(10), np.arange(10) < 3) == pytest.approx(0.3)


def test_conformity_counts_comparisons() -> None:
    places = np.arange(5.0)
    near = -np.abs(np.subtract.outer(places, places))
    assert conformity(near) == 1.0
    assert conformity(-near) == 0.0
    turned = near.copy()
    turned[0, 2] = 1.0  # of (0, 1, 2): two of 2 * 20 comparisons
    kept = [turned[0, 1] >= turned[0, 2], turned[1, 2] >= turned[0, 2]]
    assert not any(kept) and conformity(turned) == pytest.approx(1 - 2 / 40)


def test_networks_are_what_their_recipes_say() -> None:
    whole, again = (train(Recipe(depth=2, epochs=4), 0, 0) for _ in range(2))
    assert [layer.shape for layer in whole.layers] == [(SHOWN, WIDTH)] * 2
    assert all(np.array_equal(a, b) for a, b in zip(whole.layers, again.layers, strict=True))
    assert whole.accuracy > 0.8
    assert train(Recipe(depth=2, epochs=4, random_labels=1.0), 0, 0).accuracy < 0.3
    assert train(Recipe(depth=2, epochs=4, leaked=1.0), 0, 0).accuracy < whole.accuracy - 0.03


def test_a_command_checks_skips_and_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "TESTS", ("layer monotonicity", "augmentation"))
    quick = Recipe(epochs=1)
    monkeypatch.setattr(checks, "MEMBERS", 2)
    monkeypatch.setattr(checks, "MONOTONE", Recipe(depth=3, epochs=1))
    monkeypatch.setattr(checks, "GROUPS", {"augmentation": (quick, quick._replace(noise=1.0))})
    asked = ["check-metrics", "--metric", "cka", "--metric", "gulp", "--repeats", "2"]
    asked += ["--data", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    again = CliRunner().invoke(app, asked)
    assert "0 done, 8 found done" in again.output
    found = query(tmp_path / "results.duckdb", "FROM checked_metrics")
    assert found.height == 8 and set(found["metric_label"]) == {"CKA (linear)", "GULP distance"}
    of_groups = found.filter(found["test"] == "augmentation")
    assert of_groups["chance"].to_list() == pytest.approx([1 / 3] * 4)
    assert found["score"].is_between(-1, 1).all() and found["accuracy"].is_between(0, 1).all()


def test_what_is_asked_is_known_before_anything_is_trained() -> None:
    whole = checks.plan_checks()
    assert len(whole) == 6 * len(all_metrics()) * checks.REPEATS
    assert len({unit.key for unit in whole}) == len(whole)
    with pytest.raises(UnknownMetricError, match="no metric is called 'cka2'"):
        checks.plan_checks(["cka2"])
