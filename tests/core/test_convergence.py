"""Bins, trend test, distances and agreement of metrics, against loops and planted worlds."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from prh_core.convergence import (
    clustered,
    competence_bins,
    complete,
    convergence_trend,
    distances,
    metric_agreement,
)
from prh_core.errors import ConvergenceError
from prh_core.maps import METHODS, model_map


def planted(m: int, seed: int, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Return competences, and alignments that rise with the weaker one's by `strength`."""
    rng = np.random.default_rng(seed)
    c = rng.uniform(size=m)
    table = 0.05 + strength * np.minimum(c[:, None], c[None, :]) + 0.02 * rng.uniform(size=(m, m))
    table = (table + table.T) / 2
    np.fill_diagonal(table, 1)
    return c, table


@pytest.mark.parametrize("rule", ["equal width", "equal count"])
def test_bins_are_the_loops(rule) -> None:  # noqa: ANN001
    c, table = planted(30, 0, 0.3)
    np.fill_diagonal(table, np.nan)  # nobody asks how a model agrees with itself
    bins = competence_bins(c, table, count=4, rule=rule)
    assert sum(b.models for b in bins) == 30
    assert bins[0].low == c.min()
    assert bins[-1].high == c.max()
    for i, b in enumerate(bins):
        last = i == len(bins) - 1
        inside = [j for j in range(30) if b.low <= c[j] < b.high or (last and c[j] == b.high)]
        pairs = [table[i, j] for i, j in itertools.combinations(inside, 2)]
        assert (b.models, b.pairs) == (len(inside), len(pairs))
        assert b.members.tolist() == inside
        assert b.mean == pytest.approx(np.mean(pairs))
        without = [
            np.mean(
                [table[i, j] for i, j in itertools.combinations(inside, 2) if gone not in (i, j)]
            )
            for gone in inside
        ]
        assert b.error == pytest.approx(math.sqrt(len(inside) - 1) * float(np.std(without)))
    if rule == "equal count":
        assert max(b.models for b in bins) - min(b.models for b in bins) <= 1


@pytest.mark.parametrize("low", [0, 1, 3])
@pytest.mark.parametrize("count", range(2, 9))
def test_a_share_of_tasks_on_an_edge_is_in_the_bin_above(count: int, low: int) -> None:
    """Against whole numbers: of T tasks s are solved, counted from the `low` weakest solves."""
    for tasks in range(low + 2, low + 21):
        solved = np.arange(low, tasks + 1)
        span = tasks - low
        want = np.bincount(np.minimum((solved - low) * count // span, count - 1), minlength=count)
        table = np.full((len(solved), len(solved)), 0.3)
        half = solved // 2
        ways = {
            "share": solved / tasks,
            "of a sum": np.array([sum([1 / tasks] * s) for s in solved]),
            "mean of halves": (half / tasks + (solved - half) / tasks) / 2,
            "in points": 100 * (1 - (tasks - solved) / tasks),
        }
        for name, competence in ways.items():
            got = [b.models for b in competence_bins(competence, table, count=count)]
            assert got == want.tolist(), (name, tasks)


def test_equal_counts_do_not_part_models_that_tie_but_for_rounding() -> None:
    exact = np.repeat([0.0, 0.3, 0.6, 0.9], [3, 3, 3, 3])
    near = exact + np.tile([0, 1e-16, -1e-16], 4)
    table = np.full((12, 12), 0.3)
    for count in range(1, 7):
        bins = competence_bins(near, table, count=count, rule="equal count")
        whole = competence_bins(exact, table, count=count, rule="equal count")
        assert [b.models for b in bins] == [b.models for b in whole]
    one = competence_bins([0.1 + 0.2, 0.3, 0.3], np.full((3, 3), 0.5), count=4)
    assert [b.models for b in one] == [3]


def test_the_trend_ties_what_rounding_tells_apart() -> None:
    _, table = planted(8, 0, 0.3)
    exact = np.array([1, 1, 3, 3, 3, 6, 6, 7]) / 10
    near = exact + np.array([0, 1e-17, 1e-16, -1e-16, 0, 1e-16, 0, 0])
    assert (near != exact).any()
    assert convergence_trend(near, table, shuffles=50) == convergence_trend(
        exact, table, shuffles=50
    )


def test_the_jackknife_sees_that_pairs_share_models() -> None:
    """Alignment with a part of each model's own: the error of a mean over pairs, by simulation."""
    rng = np.random.default_rng(0)
    means, errors, naive = [], [], []
    for _ in range(400):
        own = rng.normal(size=12)
        table = own[:, None] + own[None, :] + 0.1 * rng.normal(size=(12, 12))
        table = (table + table.T) / 2
        (one,) = competence_bins(np.zeros(12), table, count=1)
        upper = table[np.triu_indices(12, 1)]
        means.append(one.mean)
        errors.append(one.error)
        naive.append(upper.std() / math.sqrt(len(upper)))
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.1)
    assert np.mean(naive) < 0.5 * np.std(means)  # pairs as independent draws: far too sure


def test_small_bins_say_that_they_know_nothing() -> None:
    bins = competence_bins([0.0, 0.1, 1.0, 0.4], np.full((4, 4), 0.5), count=2)
    assert [(b.models, b.pairs) for b in bins] == [(3, 3), (1, 0)]
    assert math.isnan(bins[1].mean)
    (pair,) = competence_bins([0.0, 0.0], np.full((2, 2), 0.5), count=3)
    assert pair.mean == 0.5
    assert math.isnan(pair.error)


@pytest.mark.parametrize("m", [5, 30])
def test_rho_is_spearman_over_pairs_and_p_counts_orders(m: int) -> None:
    c, table = planted(m, 1, 0.05)
    found = convergence_trend(c, table, shuffles=200)
    first, second = np.triu_indices(m, 1)
    lower = np.minimum(c[first], c[second])
    assert found.rho == pytest.approx(stats.spearmanr(table[first, second], lower).statistic)
    assert found.exact == (m == 5)
    if m == 5:
        every = [
            stats.spearmanr(
                table[first, second], np.minimum(c[list(o)][first], c[list(o)][second])
            ).statistic
            for o in itertools.permutations(range(5))
        ]
        assert found.shuffles == 120
        assert found.p_value == np.mean(np.abs(every) >= abs(found.rho) - 1e-12)


def test_a_planted_trend_is_found_and_none_is_found_without() -> None:
    """Of worlds without a trend the test calls as many a trend as it says, though models differ."""
    c, table = planted(20, 2, 0.3)
    assert convergence_trend(c, table, shuffles=999).p_value == 0.001
    rng = np.random.default_rng(3)
    false = 0
    for world in range(200):
        own = rng.normal(size=10)  # some models agree with everybody: pairs are not independent
        table = own[:, None] + own[None, :] + rng.normal(size=(10, 10))
        found = convergence_trend(
            rng.uniform(size=10), (table + table.T) / 2, shuffles=99, seed=world
        )
        false += found.p_value <= 0.05
    assert 2 <= false <= 19  # 10 expected; within three standard deviations


@given(st.integers(2, 12), st.integers(0, 99))
def test_distances_are_finite_symmetric_and_fall_with_alignment(m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.uniform(-0.5, 1.2, (m, m))
    table = (table + table.T) / 2
    first, second = np.triu_indices(m, 1)
    values = table[first, second]
    if not (values > 0).any():
        with pytest.raises(ConvergenceError, match="no pair"):
            distances(table)
        return
    found = distances(table)
    assert np.isfinite(found.values).all()
    np.testing.assert_array_equal(found.values, found.values.T)
    assert (np.diagonal(found.values) == 0).all()
    assert found.raised == (values <= 0).sum()
    apart = found.values[first, second]
    np.testing.assert_allclose(
        apart[(values > 0) & (values < 1)], -np.log(values[(values > 0) & (values < 1)])
    )
    np.testing.assert_array_equal(apart[values >= 1], 0)
    np.testing.assert_allclose(apart[values <= 0], max(0, -math.log(found.floor)))
    order = np.argsort(values)
    assert (np.diff(apart[order]) <= 1e-12).all()


def test_models_that_lack_partners_are_left_out_fewest_first() -> None:
    table = np.full((5, 5), 0.5)
    table[1, :] = table[:, 1] = np.nan
    assert complete(table).tolist() == [0, 2, 3, 4]
    table = np.full((4, 4), 0.5)
    table[0, 3] = table[3, 0] = np.nan
    assert complete(table).tolist() == [0, 1, 2]
    assert complete(np.full((3, 3), np.nan)).tolist() == [0]


def test_agreement_of_metrics_is_spearmans_over_shared_pairs() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(4, 50))
    scores[1] = np.exp(scores[0])  # the same order
    scores[2, :45] = np.nan
    scores[3] = 1.0  # no variation
    found = metric_agreement(scores)
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] == pytest.approx(stats.spearmanr(scores[0, 45:], scores[2, 45:]).statistic)
    assert np.isnan(found[3]).all()
    np.testing.assert_array_equal(found, found.T)


def test_like_metrics_stand_side_by_side() -> None:
    base = np.random.default_rng(0).normal(size=(2, 80))
    noise = np.random.default_rng(1).normal(size=(6, 80)) * 0.1
    order = clustered(metric_agreement(base[[0, 1, 0, 1, 0, 1]] + noise)).tolist()
    assert sorted(order) == list(range(6))
    assert len({i % 2 for i in order[:3]}) == 1


@pytest.mark.parametrize(
    ("competence", "table", "named"),
    [
        ([0.1], np.ones((1, 1)), "two models"),
        ([], np.ones((0, 0)), "two models"),
        ([0.1, np.nan], np.ones((2, 2)), "NaN"),
        ([0.1, 0.2], np.array([[1, 0.3], [0.4, 1]]), "symmetric"),
        ([0.1, 0.2], np.array([[1, np.nan], [np.nan, 1]]), "NaN"),
    ],
)
def test_what_is_no_table_of_models_is_refused(competence, table, named) -> None:  # noqa: ANN001
    with pytest.raises(ConvergenceError, match=named):
        competence_bins(competence, table)


def test_a_trend_needs_four_models_that_differ() -> None:
    with pytest.raises(ConvergenceError, match="four models, got 3"):
        convergence_trend([0, 1, 2], np.full((3, 3), 0.5))
    c, table = planted(6, 0, 0.1)
    with pytest.raises(ConvergenceError, match="differ"):
        convergence_trend(np.ones(6), table)
    with pytest.raises(ConvergenceError, match="weaker"):
        convergence_trend([0, 0, 0, 0, 0, 1], table)


@pytest.mark.parametrize("method", METHODS)
def test_a_map_keeps_clusters_and_is_the_same_again(method) -> None:  # noqa: ANN001
    """Ten strong models that agree and ten weak ones that do not."""
    rng = np.random.default_rng(0)
    table = np.full((20, 20), 0.05) + 0.01 * rng.uniform(size=(20, 20))
    table[:10, :10] = 0.4
    table = (table + table.T) / 2
    away = distances(table).values
    found = model_map(away, method, seed=1)
    again = model_map(away, method, seed=1)
    np.testing.assert_array_equal(found.places, again.places)
    assert found.places.shape == (20, 2)
    gaps = np.linalg.norm(found.places[:, None] - found.places[None], axis=2)
    assert gaps[:10, :10].mean() < 0.5 * gaps[:10, 10:].mean()
    assert 0.7 < found.trustworthiness <= 1


def test_mds_recovers_a_plane_and_trusts_it() -> None:
    places = np.random.default_rng(0).normal(size=(15, 2))
    away = np.linalg.norm(places[:, None] - places[None], axis=2)
    found = model_map(away, "mds")
    got = np.linalg.norm(found.places[:, None] - found.places[None], axis=2)
    np.testing.assert_allclose(got, away, atol=1e-3)
    assert found.trustworthiness == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_map_of_few_models_and_of_equals(method) -> None:  # noqa: ANN001
    assert np.isfinite(model_map(1 - np.eye(4), method).places).all()
    assert np.isfinite(model_map(np.zeros((5, 5)), method).places).all()
    with pytest.raises(ConvergenceError, match="four models, got 3"):
        model_map(1 - np.eye(3), method)
    with pytest.raises(ConvergenceError, match="distances"):
        model_map(np.full((5, 5), np.nan), method)
