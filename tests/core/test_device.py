"""Products by torch give what numpy's give; here on torch's CPU, which takes the same road."""

import numpy as np
import pytest

from prh_core import align, all_metrics
from prh_core.errors import PRHError
from prh_core.metrics.search import nearest
from prh_core.prepare import normalize
from tests.core.worlds import two_views

pytest.importorskip("torch", reason="torch is part of the ingest half")


@pytest.mark.parametrize("metric", [metric.name for metric in all_metrics()])
def test_every_metric_scores_the_same_on_a_device(metric: str) -> None:
    x, y = ([view, view[:, :5]] for view in two_views(0, 80))
    here = align(x, y, metric=metric, k=5, concatenate=True)
    there = align(x, y, metric=metric, k=5, concatenate=True, device="cpu")
    np.testing.assert_allclose(there.table, here.table, atol=2e-5)


def test_ties_break_by_index_there_too() -> None:
    rng = np.random.default_rng(0)
    few = rng.integers(-1, 2, size=(60, 2)).astype(np.float32)
    few[~few.any(axis=1)] = 1
    layers = normalize([few])
    assert np.array_equal(nearest(layers, 7, device="cpu"), nearest(layers, 7))


def test_a_device_that_is_not_there_is_named() -> None:
    x, y = two_views(1, 20)
    with pytest.raises(PRHError, match="device 'cuda:99' cannot be used here"):
        align(x, y, device="cuda:99")
