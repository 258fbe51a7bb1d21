"""The public call: best pair, concatenation, refusals."""

import doctest

import numpy as np
import pytest

import prh_core
from prh_core import align, all_metrics, best_pair, get_metric
from prh_core import layers as layers_module
from prh_core.errors import (
    DegenerateLayerError,
    NotFiniteError,
    PRHError,
    SampleCountError,
    UnknownMetricError,
)
from prh_core.metrics.registry import register


def stack(seed: int, layers: int = 3, n: int = 40, d: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(layers, n, d))


def test_the_best_pair_is_where_the_same_layer_hides() -> None:
    x, y = stack(0), stack(1, layers=4)
    y[3] = x[1]
    result = align(x, y, k=5)
    assert (result.score, result.layers) == (1.0, (1, 3))
    assert result.table.shape == (3, 4)


def test_concatenation_adds_one_candidate_on_each_side() -> None:
    x = stack(2)
    result = align(x, x, k=5, concatenate=True)
    assert result.table.shape == (4, 4)
    assert result.table[3, 3] == 1.0


def test_golden_value() -> None:
    # From the loop in oracles.py on features truncated and normalized in float64.
    rng = np.random.default_rng(2024)
    x = rng.normal(size=(128, 16))
    y = x @ rng.normal(size=(16, 24)) + 2 * rng.normal(size=(128, 24))
    assert align(x, y, k=10, truncate="exact").score == pytest.approx(0.4484375, abs=1e-12)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[-0.5, -0.2], [-0.9, -0.3]], (-0.2, 0, 1)),
        ([[np.nan, -0.2], [np.nan, -0.1]], (-0.1, 1, 1)),
        ([[0.3, 0.3], [0.3, 0.3]], (0.3, 0, 0)),
    ],
)
def test_best_pair_of_any_sign(table: list, expected: tuple) -> None:
    assert best_pair(np.array(table)) == expected


def test_best_pair_of_nothing_is_none_and_lower_can_be_closer() -> None:
    assert best_pair(np.full((2, 2), np.nan)) is None
    assert best_pair(np.array([[3.0, 1.0]]), higher_is_closer=False) == (1.0, 0, 1)


def test_refusals_name_the_side_and_the_layer() -> None:
    x = stack(3)
    with pytest.raises(SampleCountError, match="40 rows and 39 rows"):
        align(x, x[:, :39])
    broken = x.copy()
    broken[1, 4, 2] = np.nan
    with pytest.raises(NotFiniteError, match="Y: layer 1"):
        align(x, broken)
    constant = x.copy()
    constant[2] = 1.0
    with pytest.raises(DegenerateLayerError, match="X: layer 2 is constant"):
        align(constant, x)


def test_unknown_metric_lists_those_there_are() -> None:
    with pytest.raises(UnknownMetricError, match="no metric is called 'cka2'; there are: .*mutual"):
        align(stack(4), stack(5), metric="cka2")


def test_a_metric_cannot_be_registered_twice() -> None:
    with pytest.raises(PRHError, match="registered twice"):
        register(**vars(get_metric("mutual_knn")))


def test_the_registry_is_complete() -> None:
    families = list(dict.fromkeys(metric.family.name for metric in all_metrics()))
    assert families[:2] == ["neighbors", "centered local kernels"]  # the order pages list them in
    for metric in all_metrics():
        assert metric.lowest < metric.highest
        assert metric.citation and metric.equation and metric.label


@pytest.mark.parametrize("module", [prh_core, layers_module])
def test_the_docstrings_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
