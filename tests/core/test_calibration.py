"""Permutation nulls, calibrated scores and false discovery rates against slow definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prh_core import align, align_panel, all_metrics, get_metric
from prh_core.calibration import benjamini_hochberg, calibrate, null_best, permutations
from prh_core.errors import PRHError
from prh_core.layers import prepare_layers
from prh_core.metrics import PrepareOptions
from prh_core.types import as_layers
from tests.core.worlds import two_views


@pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.name)
def test_relabeling_equals_preparing_the_permuted_rows_again(metric) -> None:
    x, y = ([view, view[:, :7]] for view in two_views(1, 40))
    orders = permutations(40, 3, seed=5)
    options = PrepareOptions(4, concatenate=True)

    def prepared(side: list[np.ndarray]):
        return metric.family.prepare(prepare_layers(as_layers(side), truncation=None), options)

    quick = null_best([metric], [prepared(x)], prepared(y), [4], orders)[0, 0, 0]
    for order, best in zip(orders, quick, strict=True):
        again = metric.compare(prepared(x), prepared([layer[order] for layer in y]), [4])[0]
        slow = again.max() if metric.higher_is_closer else again.min()
        assert best == pytest.approx(slow, abs=1e-6)


def test_orders_come_from_the_seed_alone() -> None:
    assert np.array_equal(permutations(20, 5, 1), permutations(20, 5, 1))
    assert not np.array_equal(permutations(20, 5, 1), permutations(20, 5, 2))
    assert all(sorted(order) == list(range(20)) for order in permutations(20, 5, 3))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.integers(0, 20))
def test_calibration_equals_its_definition(null: list[int], observed: int) -> None:
    found = calibrate(observed / 20, np.array(null) / 20, best=1.0)
    everything = sorted([observed, *null])
    # ceil(0.95 (K + 1)) in whole numbers
    rank = -(-95 * (len(null) + 1) // 100)
    tau = everything[rank - 1] / 20
    assert found.threshold == tau
    assert found.p_value == (1 + sum(v >= observed for v in null)) / (len(null) + 1)
    expected = max((observed / 20 - tau) / (1 - tau), 0) if tau < 1 else 0
    assert found.score == pytest.approx(expected)


def test_where_lower_is_closer_all_signs_turn() -> None:
    null = np.linspace(0.8, 1.2, 99)
    found = calibrate(0.2, null, best=0.0, higher_is_closer=False)
    assert found.p_value == 0.01
    assert found.threshold == pytest.approx(0.8 + 0.4 * 4 / 98)
    assert found.score == pytest.approx(1 - 0.2 / found.threshold)


def test_unrelated_models_are_called_related_as_often_as_alpha_says() -> None:
    # Three layers a side: without the correction for the maximum about 1 - 0.95^9 = 37 %.
    called = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(2, 3, 40, 6))
        result = align(x, y, k=4, permutations=39, seed=seed)
        assert result.p_value is not None
        called += result.p_value <= 0.05
    # Binomial(200, 0.05): 10 expected, 4 standard deviations are 12.
    assert called <= 22


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_equal_their_definition(p: list[float]) -> None:
    ranked = sorted(p)
    steps = [len(p) * value / place for place, value in enumerate(ranked, start=1)]
    expected = [min(1.0, *steps[ranked.index(value) :]) for value in p]
    assert np.allclose(benjamini_hochberg(np.array(p)), expected, rtol=1e-14, atol=0)


def test_a_panel_shares_relabelings_and_corrects_over_its_models() -> None:
    x, near = two_views(2, 60)
    far = np.random.default_rng(11).normal(size=(60, 8))
    panel = align_panel(x, {"near": near, "far": far}, k=5, permutations=99, seed=4)
    assert panel.q_values is not None
    assert panel.q_values["near"] == 0.02 and panel.q_values["far"] > 0.05
    assert panel.alignments["near"] == align(x, near, k=5, permutations=99, seed=4)._replace(
        table=panel.alignments["near"].table
    )
    assert align_panel(x, {"near": near}).q_values is None


def test_uncorrected_closed_form_of_linear_cka() -> None:
    # E <K, P L P'> over permutations = tr K tr L / (n - 1) for centered kernels.
    x, y = (view - view.mean(0) for view in two_views(6, 30, noise=3.0))
    k, other = x @ x.T, y @ y.T
    exact = np.trace(k) * np.trace(other) / (29 * np.linalg.norm(k) * np.linalg.norm(other))
    found = align(x, y, metric="cka", normalize=False, permutations=2000)
    assert found.null_mean == pytest.approx(exact, abs=0.003)


def test_refusals() -> None:
    with pytest.raises(PRHError, match="at least one permutation"):
        calibrate(0.5, np.empty(0), best=1.0)
    with pytest.raises(PRHError, match="alpha lies between"):
        calibrate(0.5, np.zeros(3), best=1.0, alpha=5.0)
    with pytest.raises(PRHError, match="must not be negative"):
        permutations(10, -1, 0)
    with pytest.raises(PRHError, match="p-values lie"):
        benjamini_hochberg(np.array([0.5, np.nan]))
    assert get_metric("mutual_knn").best == 1.0
