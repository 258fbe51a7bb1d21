"""Probes on photographs, X-rays and drawings, with the networks and tasks of the shared data."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ingest.catalog import load_catalog
from ingest.datasets.tasks.openers import open_task
from ingest.experiments.probes.run import plan_probes, probe_missing
from ingest.pipeline.run import Run
from ingest.progress import Silent
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from prh_core.probes import linear_probe
from tests.shared import shared_catalog

pytestmark = [pytest.mark.shared, pytest.mark.timeout(900)]


@pytest.mark.parametrize("task", ["digits", "flowers", "pneumonia"])
def test_a_probe_is_scikit_learns_within_half_a_point(task: str, tmp_path: Path) -> None:
    """One small network's features, under a strong, a middling and a weak penalty."""
    catalog = load_catalog([shared_catalog(tmp_path)])
    opened = open_task(catalog.task(task))
    with Run(Workspace(tmp_path / "data")) as run:
        (unit,) = plan_probes(run, [catalog.model("cifar-resnet20")], [opened])
        probe_missing(run, [unit], Silent())
        assert not run.refused
    x = np.asarray(read_layers(unit.features)[-1], np.float32)
    at, y = opened.training, opened.labels
    for c in (1e-4, 1e-2, 1.0):
        ours = linear_probe(x[:at], y[:at], x[at:], y[at:], regularizers=(c,)).accuracy
        scaler = StandardScaler().fit(x[:at])
        theirs = LogisticRegression(C=c, max_iter=5000).fit(scaler.transform(x[:at]), y[:at])
        accuracy = np.mean(np.asarray(theirs.predict(scaler.transform(x[at:]))) == y[at:])
        assert abs(ours - accuracy) <= max(0.005, 1 / len(y[at:]))


def test_cifar10_opens_as_a_zip(tmp_path: Path) -> None:
    """A zip of 10,000 images of ten classes, every fifth of a class to test."""
    task = open_task(load_catalog([shared_catalog(tmp_path)]).task("cifar10"))
    assert (task.training, len(task.labels), len(task.classes)) == (8000, 10000, 10)
    assert np.bincount(task.labels[task.training :]).tolist() == [200] * 10
