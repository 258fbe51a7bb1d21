"""Approximate neighbors say their recall, and it is true."""

import numpy as np
import pytest

from prh_core import align
from prh_core.errors import PRHError
from prh_core.metrics.approximate import approximate_neighbors, exact_neighbors, measured_recall
from prh_core.metrics.search import nearest
from prh_core.prepare import normalize
from tests.core.worlds import two_views


def test_the_recall_it_reports_is_the_recall_it_has() -> None:
    layers = normalize([view.astype(np.float32) for view in two_views(0, 3000)])
    found = approximate_neighbors(layers, 10, 0.9)
    true = nearest(layers, 10)
    assert not (found == np.arange(3000)[:, None]).any()
    shares = [
        np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*pair, strict=True)])
        for pair in zip(true, found, strict=True)
    ]
    assert 0.85 < min(shares)
    assert measured_recall(layers, found) == pytest.approx(min(shares), abs=0.02)


def test_all_of_them_are_the_exact_ones() -> None:
    x, y = two_views(1, 500)
    exact, found = align(x, y), align(x, y, recall=1.0)
    assert exact.recall is None and found.recall == 1.0
    assert found.score == pytest.approx(exact.score)


def test_single_queries_are_those_of_the_whole_search() -> None:
    layer = normalize([two_views(2, 200)[0].astype(np.float32)])[0]
    queries = np.array([7, 199, 0])
    assert np.array_equal(exact_neighbors(layer, queries, 5), nearest([layer], 5)[0, queries])


def test_what_no_graph_serves_is_searched_exactly() -> None:
    layer = two_views(4, 300)[0].astype(np.float32)
    # Inner products of rows of different norms, and more neighbors than a graph is wide.
    for plain, k in (([layer], 10), (normalize([layer]), 100)):
        assert np.array_equal(approximate_neighbors(plain, k, 0.9), nearest(plain, k))


def test_refusals() -> None:
    x, y = two_views(3, 100)
    with pytest.raises(PRHError, match="cka needs more than neighbors"):
        align(x, y, metric="cka", recall=0.9)
    with pytest.raises(PRHError, match="no concatenated candidate"):
        align(x, y, concatenate=True, recall=0.9)
    with pytest.raises(PRHError, match=r"in \(0, 1\], got 1.5"):
        align(x, y, recall=1.5)


def test_an_approximate_search_takes_features_from_a_device() -> None:
    pytest.importorskip("torch", reason="torch is part of the ingest half")
    x, y = two_views(0, 300)
    here, there = (align(x, y, recall=0.9, device=device) for device in (None, "cpu"))
    assert there.score == here.score
