"""Permutation tests of rank correlations: held to counting, and to what chance rejects."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr

from prh_core.convergence import metric_agreement
from prh_core.errors import TrendError
from prh_core.rank_tests import pair_tests, rank_test


def test_few_models_are_counted_in_all_their_orders() -> None:
    x, y = [1.0, 2.0, 2.0, 5.0, 3.0], [0.3, 0.1, 0.9, 0.8, 0.7]
    found = rank_test(x, y)
    rho = spearmanr(x, y).statistic
    counted = [abs(spearmanr(order, y).statistic) >= abs(rho) - 1e-12 for order in permutations(x)]
    assert found.rho == pytest.approx(rho)
    assert (found.n, found.shuffles, found.exact) == (5, 120, True)
    assert found.p_value == pytest.approx(np.mean(counted))
    # Three models cannot be significant: two of six orders are as far.
    assert rank_test([1, 2, 3], [1, 2, 3]).p_value == pytest.approx(1 / 3)


def test_many_models_are_drawn_and_count_themselves() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=30)
    found = rank_test(x, x + 0.01 * rng.normal(size=30), shuffles=199)
    assert (found.p_value, found.exact) == (1 / 200, False)
    p_values = [rank_test(*rng.normal(size=(2, 12)), shuffles=199).p_value for _ in range(200)]
    assert 0.02 <= np.mean(np.array(p_values) <= 0.05) <= 0.09


def test_the_p_value_does_not_depend_on_the_order_of_the_models() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 20))
    x[3] = x[7]
    order = rng.permutation(20)
    assert rank_test(x[order], y[order]).p_value == rank_test(x, y).p_value


def _square(rng: np.random.Generator, m: int, own: np.ndarray | None = None) -> np.ndarray:
    """Return what pairs score where some models agree with everybody."""
    ease = rng.normal(size=m) if own is None else own
    noise = rng.normal(size=(m, m))
    return ease[:, None] + ease[None] + 0.2 * (noise + noise.T)


def test_settings_over_pairs_are_tested_by_shuffling_models() -> None:
    rng = np.random.default_rng(1)
    ease = rng.normal(size=8)
    tables = np.stack([_square(rng, 8, ease), _square(rng, 8, ease), _square(rng, 8)])
    found = pair_tests(tables, within=True, shuffles=499)
    rows, columns = np.triu_indices(8, 1)
    rho = metric_agreement(tables[:, rows, columns])
    assert found.p_values[0, 1] <= 0.02 and rho[0, 1] > 0.8
    assert np.isnan(np.diag(found.p_values)).all()
    assert np.array_equal(found.p_values, found.p_values.T, equal_nan=True)
    small = pair_tests(tables[:, :4, :4], within=True)
    assert (small.shuffles, small.exact) == (24, True)
    table, other = tables[0, :4, :4], tables[1, :4, :4]
    upper = np.triu_indices(4, 1)
    seen = abs(spearmanr(table[upper], other[upper]).statistic)
    orders = [np.array(order) for order in permutations(range(4))]
    as_far = [
        abs(spearmanr(table[upper], other[np.ix_(o, o)][upper]).statistic) >= seen - 1e-12
        for o in orders
    ]
    assert small.p_values[0, 1] == pytest.approx(np.mean(as_far))


@pytest.mark.parametrize("within", [True, False])
def test_chance_rejects_as_often_as_it_says(within: bool) -> None:
    """Scores that follow each model's own level: the usual p-value rejects far more often."""
    rng = np.random.default_rng(2)
    rejected, usual = [], []
    for _ in range(150):
        if within:
            tables = np.stack([_square(rng, 9), _square(rng, 9)])
            pairs = tables[:, *np.triu_indices(9, 1)]
        else:
            level = rng.normal(size=(2, 6, 1)) + rng.normal(size=(2, 1, 7))
            tables = level + 0.2 * rng.normal(size=(2, 6, 7))
            pairs = tables.reshape(2, -1)
        rejected.append(pair_tests(tables, within=within, shuffles=99).p_values[0, 1] <= 0.05)
        usual.append(spearmanr(pairs[0], pairs[1]).pvalue <= 0.05)
    assert 0.005 <= np.mean(rejected) <= 0.10
    assert np.mean(usual) > 0.2


def test_a_gap_is_not_tested_and_nonsense_is_refused() -> None:
    tables = np.random.default_rng(3).normal(size=(3, 4, 5))
    tables[1, 2, 3] = np.nan
    found = pair_tests(tables, within=False, shuffles=50).p_values
    assert np.isfinite(found[0, 2]) and np.isnan(found[1]).all()
    with pytest.raises(TrendError, match="got \\(3, 4, 5\\)"):
        pair_tests(tables, within=True)
    for x, y, said in (
        ([1, 2], [1, 2], "three values"),
        ([1, 2, 3], [1, 2], "as many x as y"),
        ([1, 1, 1], [1, 2, 3], "values that differ"),
        ([1, 2, np.nan], [1, 2, 3], "finite"),
    ):
        with pytest.raises(TrendError, match=said):
            rank_test(x, y)
