"""`prh nesting`: rows hold what the mathematics gives, once, and of a view that sees less."""

from pathlib import Path

import numpy as np
import pytest

from ingest.experiments.nesting import run as nesting
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import FeatureFile, Setting, plan
from ingest.progress import Silent
from ingest.store.workspace import Workspace
from tests.worlds import MODELS, _plant, planted_pairs, query

SETTINGS = (Setting("mutual_knn", 5, "exact"), Setting("cka", None, "exact"))


def measured(home: Path) -> Run:
    """Plant four models that see eight causes and measure them; return the run."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(60, 8)).astype(np.float32)
    dataset = planted_pairs("planted", 60)
    with Run(Workspace(home)) as run:
        files: dict[str, list[FeatureFile]] = {"language": [], "vision": []}
        for model in MODELS[:4]:
            files[model.modality].append(_plant(run, model, latent, dataset, rng))
        sides = [*files["language"], *files["vision"]]
        spaces, pairs = nesting.plan_nesting(plan(sides[:2], sides[2:], SETTINGS))
        nesting.measure_nesting(run, spaces, pairs, Silent())
    run.workspace.warehouse.publish()
    return run


def test_every_space_and_pair_is_measured_once(tmp_path: Path) -> None:
    first = measured(tmp_path)
    assert (first.done, first.skipped, first.refused) == (8, 0, [])
    again = measured(tmp_path)
    assert (again.done, again.skipped) == (0, 8)
    path = first.workspace.warehouse.path
    pairs = query(path, "FROM nesting")
    assert pairs.height == 4
    assert pairs["raw"].to_list() == pytest.approx(
        (pairs["imbalance_yx"] - pairs["imbalance_xy"]).to_list()
    )
    for low, middle, high in pairs.select("beyond_low", "beyond_hubs", "beyond_high").rows():
        assert low < middle < high
    spaces = query(path, "FROM hubness")
    assert spaces["model_id"].n_unique() == 4
    assert (spaces["nearest"] > spaces["farthest"]).all()
    assert spaces.unique(["unit_key", "layer"]).height == spaces.height


def test_of_many_samples_the_first_of_one_order_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nesting, "MOST", 40)
    path = measured(tmp_path).workspace.warehouse.path
    assert query(path, "SELECT DISTINCT n FROM nesting").item() == 40
    assert query(path, "SELECT DISTINCT n FROM hubness").item() == 40
