"""Intervals cover what they say they cover."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats

from prh_core import align, all_metrics, get_metric
from prh_core.backend import HOST, backend, ranks
from prh_core.compiled.kernels import order_of_ranks
from prh_core.errors import PRHError
from prh_core.intervals import (
    BestInterval,
    Influence,
    Share,
    dyad_robust,
    interval_of,
    interval_of_best,
    leave_out_groups,
    of_dyads,
)
from prh_core.layers import prepare_layers
from prh_core.metrics import PrepareOptions, centered, rsa
from prh_core.metrics.centered import CenteredFeatures
from prh_core.prepared import prepared
from prh_core.types import as_layers
from tests.bench.battery import Study, covered, views
from tests.core import oracles
from tests.core.oracles import unit
from tests.core.worlds import two_views

WORLDS, N, K = 160, 100, 5
FAMILIES = {metric.family.name: metric.family for metric in all_metrics()}


def sides(family: str) -> Iterator[tuple]:
    for seed in range(WORLDS):
        yield tuple(
            FAMILIES[family].prepare(
                prepare_layers(as_layers(view), truncation=None), PrepareOptions(K)
            )
            for view in two_views(seed, N)
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_95_percent_interval_covers_what_it_says(family: str) -> None:
    metrics = [metric for metric in all_metrics() if metric.family.name == family]
    found: dict[str, list[tuple[float, float, float]]] = {metric.name: [] for metric in metrics}
    for x, y in sides(family):
        for metric in metrics:
            score = float(metric.compare(x, y, [K])[0, 0, 0])
            low, high = metric.interval(x, y, (0, 0), K, 0.95, 0)
            found[metric.name].append((score, low, high))
    covered = {}
    for name, rows in found.items():
        score, low, high = np.array(rows).T
        covered[name] = float(np.mean((low <= score.mean()) & (score.mean() <= high)))
    # 160 worlds: three standard errors are .052; docs/error-rates.md has the whole battery.
    assert all(0.898 <= share for share in covered.values()), covered


@pytest.mark.parametrize("metric", [metric.name for metric in all_metrics()])
def test_the_interval_holds_the_score_and_widens_with_the_level(metric: str) -> None:
    x, y = two_views(3)
    narrow = align(x, y, metric=metric, k=K, confidence=0.5)
    wide = align(x, y, metric=metric, k=K, confidence=0.99)
    assert narrow.interval is not None and wide.interval is not None
    assert wide.interval.low < narrow.interval.low <= narrow.score
    highest = get_metric(metric).highest
    assert narrow.score <= narrow.interval.high <= wide.interval.high
    assert narrow.interval.high < wide.interval.high or narrow.interval.high == highest
    # One layer a side: nothing was chosen.
    assert narrow.selection_free == pytest.approx(narrow.score, abs=1e-6)


def test_the_interval_of_a_chosen_pair_holds_its_expected_score() -> None:
    # Nearly unrelated layers: the best of 36 pairs is high by luck, on average two errors.
    metric = get_metric("mutual_knn")
    (found,) = covered(Study(6, 200, 12.0), 150, [metric])
    assert found.score > found.expected + 0.008
    # 150 worlds: three standard errors are .053.
    assert 0.897 <= found.held, found
    assert found.estimate == pytest.approx(found.expected, abs=0.003)


def test_the_interval_of_one_pair_says_too_little_of_a_chosen_one() -> None:
    metric = get_metric("mutual_knn")
    x, y = views(Study(8, 120, 12.0), 0)
    chosen = align(x, y, k=8, confidence=0.95)
    alone = align(x[chosen.layers[0]], y[chosen.layers[1]], k=8, confidence=0.95)
    assert chosen.interval is not None and alone.interval is not None
    assert chosen.score == alone.score and alone.selection_free == pytest.approx(alone.score)
    assert chosen.selection_free is not None and chosen.selection_free < chosen.score
    assert chosen.interval.low < alone.interval.low and metric.rivals > 0


def test_cycles_near_saturation_are_covered() -> None:
    (found,) = covered(Study(1, 150, 0.5), 400, [get_metric("cycle_knn")], k=8)
    assert found.score > 0.97
    # 400 worlds: three standard errors are .033.
    assert 0.917 <= found.held <= 0.983, found


def best_of(scores: list[float], errors: list[float], size: int | None = None) -> BestInterval:
    """The interval of the best of independent scores."""
    order = np.argsort(scores)[::-1]
    shares = np.diag(errors)
    found = [Influence(scores[i], shares[i], 10**6) for i in order]
    return interval_of_best(found[0], found[1:], size or len(scores), -np.inf, np.inf)


def test_far_rivals_change_nothing_and_near_ones_lower_the_estimate() -> None:
    alone = interval_of(Influence(1.0, np.array([0.1]), 10**6), -np.inf, np.inf)
    far = best_of([1.0, 0.0], [0.1, 0.1])
    assert far.estimate == pytest.approx(1.0, abs=1e-3)
    # A tenth of the error probability bounds the interval, so it is a little wider.
    assert far.low == pytest.approx(alone.low, abs=0.01) and far.low < alone.low
    near = best_of([1.0, 0.95], [0.1, 0.1])
    assert near.low < far.low and near.estimate < far.estimate and near.high < far.high
    # However near, what holds for all pairs at once holds.
    tied = best_of([1.0, 1.0 - 1e-9], [0.1, 0.1])
    assert tied.low > 1.0 - 0.1 * 3.5


def test_the_estimate_inverts_the_truncated_distribution() -> None:
    # One rival, independent, 0.5 behind; both errors 1: the best could fall by 0.5 (c = 0).
    found = best_of([2.0, 1.5], [1.0, 1.0], size=10**4)
    cut = stats.truncnorm((1.5 - found.estimate), np.inf, loc=found.estimate)
    # The bound of all pairs, five errors away, is of little account.
    assert cut.cdf(2.0) == pytest.approx(0.5, abs=2e-3)


def test_where_lower_is_closer_the_interval_turns_round() -> None:
    high = best_of([2.0, 1.7, 1.0], [0.4, 0.3, 0.5])
    order = [Influence(-s, -np.eye(3)[i] * e, 10**6)
             for i, (s, e) in enumerate(((2.0, 0.4), (1.7, 0.3), (1.0, 0.5)))]  # fmt: skip
    low = interval_of_best(order[0], order[1:], 3, -np.inf, np.inf, higher_is_closer=False)
    assert (-low.high, -low.estimate, -low.low) == pytest.approx(
        (high.low, high.estimate, high.high)
    )


def test_a_share_of_samples_has_wilsons_interval() -> None:
    for hits, n in ((50, 100), (3, 40), (38, 40)):
        share = hits / n
        error = (share * (1 - share) / n) ** 0.5
        influence = Influence(share, np.full(n, error / n**0.5), 10**6)
        expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
        found = interval_of(influence, 0.0, 1.0, Share(n))
        # Two successes and failures more are worth little beside so many trials.
        assert found == pytest.approx((expected.low, expected.high), abs=0.02)
    certain = interval_of(Influence(1.0, np.zeros(50), 49), 0.0, 1.0, Share(50))
    assert certain.high == 1.0 and 0.85 < certain.low < 0.97


def test_a_share_that_is_no_count_has_the_arcsine_interval() -> None:
    # Two hundred independent trials, their parts uneven: Anscombe's interval of a proportion.
    error = (0.1 * 0.9 / 200) ** 0.5
    found = interval_of(Influence(0.1, np.full(50, error / 50**0.5), 10**6), 0.0, 1.0, Share())
    expected = stats.binomtest(20, 200).proportion_ci(method="wilson")
    assert found == pytest.approx((expected.low, expected.high), abs=0.004)
    # Where every neighbor is shared there is no error to tell.
    same = interval_of(Influence(1.0, np.zeros(50), 49), 0.0, 1.0, Share())
    assert same == (1.0, 1.0)


def test_the_lucky_error_of_the_best_is_pooled_with_its_rivals() -> None:
    rng = np.random.default_rng(0)
    shares = rng.normal(size=(4, 100))
    shares *= np.array([0.5, 1, 1, 1])[:, None] * 0.03 / np.linalg.norm(shares, axis=1)[:, None]
    found = [Influence(s, e, 99) for s, e in zip((0.3, 0.2, 0.19, 0.18), shares, strict=True)]
    own = interval_of(found[0], 0.0, 1.0, Share())
    best = interval_of_best(found[0], found[1:], 4, 0.0, 1.0, share=Share())
    assert best.high - 0.3 > 1.3 * (own.high - 0.3)


def test_steps_are_spread_alike_for_the_same_scores() -> None:
    shares = np.eye(3) * 0.02
    found = [Influence(s, e, 99, 0.01) for s, e in zip((0.3, 0.3, 0.29), shares, strict=True)]
    first, again, other = (
        interval_of_best(found[0], found[1:], 3, 0.0, 1.0, share=Share(), seed=seed)
        for seed in (0, 0, 1)
    )
    assert first == again != other
    # However the tie falls, the best is not behind, and all pairs at once bound it.
    many = [
        interval_of_best(found[0], found[1:], 3, 0.0, 1.0, share=Share(), seed=seed)
        for seed in range(50)
    ]
    assert all(one.low < one.estimate < 0.3 < 0.3 + 1e-9 and one.low > 0.2 for one in many)


@pytest.mark.parametrize("name", ["cka", "unbiased_cka", "rsa"])
def test_pairs_of_samples_are_counted_once_where_models_are_unrelated(name: str) -> None:
    # There the delete-one jackknife told twice the variance.
    metric = get_metric(name)
    found: list[tuple[float, float]] = []
    for seed in range(150):
        x, y = (
            metric.family.prepare(
                prepare_layers(as_layers(side), truncation=None), PrepareOptions(K)
            )
            for side in views(Study(1, 80, 30.0), seed)
        )
        (influence,) = metric.influences(x, y, [(0, 0)], K, 0)
        found.append((influence.score, influence.error))
    scores, errors = np.array(found).T
    # 150 worlds tell a standard deviation to 6 %.
    assert 0.82 < np.square(errors).mean() ** 0.5 / scores.std(ddof=1) < 1.18


def test_group_jackknife_of_ranks_equals_ranking_again() -> None:
    x, y = two_views(5, 60)
    metric = get_metric("rsa")
    left, right = (
        metric.family.prepare(prepare_layers(as_layers(view), truncation=None), PrepareOptions(1))
        for view in (x, y)
    )
    (found,) = metric.influences(left, right, [(0, 0)], 1, 0)
    scores = []
    for keep in leave_out_groups(60, 0):
        pairs = np.triu_indices(len(keep), 1)
        one, other = ((unit(view)[keep] @ unit(view)[keep].T)[pairs] for view in (x, y))
        scores.append(stats.spearmanr(one, other).statistic)
    away = (np.mean(scores) - np.array(scores)) * (19 / 20) ** 0.5
    # Less what pairs of samples in two groups are counted twice.
    pairs = np.triu_indices(60, 1)
    one, other = (
        stats.zscore(stats.rankdata((unit(view) @ unit(view).T)[pairs]))
        / (2 * len(pairs[0])) ** 0.5
        for view in (x, y)
    )
    e = one * other - found.score * (one**2 + other**2) / 2
    assert abs(e.sum()) < 1e-6
    rows = np.bincount(np.concatenate(pairs), weights=np.tile(e, 2))
    of_samples, of_pairs = np.square(rows).sum(), 2 * np.square(e).sum()
    share = min(1.0, of_pairs / of_samples)
    kept = (1 - share) * (1 - 19 / 20 * of_pairs / (2 * of_samples))
    kept += share * (4 * of_samples - 2 * of_pairs) / np.square(away).sum()
    assert 0.05 < share < 0.9
    assert found.shares == pytest.approx(away * kept**0.5, abs=1e-5)


def test_pairs_of_samples_are_the_same_from_features(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = two_views(5, 80)
    metric = get_metric("cka")
    kernels = [
        metric.family.prepare(prepare_layers(as_layers(view), truncation=None), PrepareOptions(1))
        for view in (x, y)
    ]
    features = [
        CenteredFeatures.of(prepared(prepare_layers(as_layers(view), truncation=None)))
        for view in (x, y)
    ]
    whole, sampled = (metric.influences(a, b, [(0, 0)], 1, 0)[0] for a, b in (kernels, features))
    assert sampled.error == pytest.approx(whole.error, rel=1e-4)
    monkeypatch.setattr(centered, "ROWS_OF_RESIDUALS", 40)
    (half,) = metric.influences(features[0], features[1], [(0, 0)], 1, 0)
    assert half.error == pytest.approx(whole.error, rel=0.05) and half.error != sampled.error


@pytest.mark.parametrize("name", ["mutual_knn", "lcs_knn", "jaccard_knn", "edit_knn", "cycle_knn"])
def test_compiled_influences_equal_their_matrices(name: str) -> None:
    x, y = two_views(6, 50)
    k = 6
    metric = get_metric(name)
    left, right = (
        metric.family.prepare(prepare_layers(as_layers(view), truncation=None), PrepareOptions(k))
        for view in (x, y)
    )
    (found,) = metric.influences(left, right, [(0, 0)], k, 0)
    a, b = (np.zeros((50, 50)) for _ in range(2))
    np.put_along_axis(a, left.indices[0].astype(np.int64), 1, axis=1)
    np.put_along_axis(b, right.indices[0].astype(np.int64), 1, axis=1)
    earned, lists = (a.T * b, a.T + b) if name == "cycle_knn" else (a * b, a + b)
    held = earned.sum(axis=1)
    rows = {
        "mutual_knn": held / k,
        "jaccard_knn": held / (2 * k - held),
        "cycle_knn": np.minimum(held, 1),
        "lcs_knn": [
            oracles.common_subsequence(p, q) / k
            for p, q in zip(left.indices[0].tolist(), right.indices[0].tolist(), strict=True)
        ],
        "edit_knn": [
            1 - oracles.levenshtein(p, q) / k
            for p, q in zip(left.indices[0].tolist(), right.indices[0].tolist(), strict=True)
        ],
    }[name]
    rows = np.asarray(rows)
    e = earned * (rows / np.maximum(held, 1))[:, None] - rows.mean() * lists / (2 * k)
    expected = dyad_robust(float(rows.mean()), sparse.csr_array(e))
    if name == "cycle_knn":
        # Credit for what no other neighbor earned; the rest of a sample's score is its own.
        alone = earned * (held == 1)[:, None]
        e = alone - alone.sum() / len(rows) * lists / (2 * k)
        expected = of_dyads(
            float(rows.mean()), rows - rows.mean() + e.sum(axis=0), float((e * (e + e.T)).sum())
        )
    assert found.score == pytest.approx(expected.score)
    assert found.shares == pytest.approx(expected.shares, abs=1e-12)


def test_a_level_that_is_no_probability_is_refused() -> None:
    x, y = two_views(3)
    with pytest.raises(PRHError, match="between 0 and 1, got 95"):
        align(x, y, confidence=95.0)


def test_compiled_cknna_influences_equal_their_matrices() -> None:
    x, y = two_views(6, 50)
    k = 6
    metric = get_metric("cknna")
    left, right = (
        metric.family.prepare(prepare_layers(as_layers(view), truncation=None), PrepareOptions(k))
        for view in (x, y)
    )
    (found,) = metric.influences(left, right, [(0, 0)], k, 0)
    kernels = [np.zeros((50, 50)) for _ in range(2)]
    for kernel, side in zip(kernels, (left, right), strict=True):
        np.put_along_axis(kernel, side.indices[0].astype(np.int64), side.values[0], axis=1)
    a, b = kernels
    norm = np.sqrt((a**2).sum() * (b**2).sum())
    score = (a * b).sum() / norm
    e = 50 * (a * b / norm - score / 2 * (a**2 / (a**2).sum() + b**2 / (b**2).sum()))
    expected = dyad_robust(float(score), sparse.csr_array(e))
    assert found.score == pytest.approx(expected.score)
    assert found.shares == pytest.approx(expected.shares, abs=1e-9)


@pytest.mark.parametrize("device", ["host", "cpu"])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("bytes_at_once", [1, ranks.BYTES])
def test_ranks_without_groups_are_spearmans(
    device: str, tied: bool, bytes_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks, "BYTES", bytes_at_once)
    if device == "cpu":
        pytest.importorskip("torch", reason="torch is part of the ingest half")
    run = HOST if device == "host" else backend(device)
    rng = np.random.default_rng(3)
    n, upper = 30, np.triu_indices(30, 1)
    values = rng.integers(0, 9, (3, n, n)) if tied else rng.normal(size=(3, n, n))
    values = (values + values.swapaxes(1, 2)).astype(np.float64)
    stack = np.stack(
        [run.host(rsa.rank_matrix(run, run.put(one.astype(np.float32)))) for one in values]
    )
    group_of = rng.permutation(n) % 4
    group_of[:2] = 4  # two samples of one group
    pairs = [(0, 0), (2, 1), (0, 1)]
    there = run.put(stack)
    found = run.correlations_without_groups(there, there[1:], pairs, group_of)
    for row, (a, b) in zip(found, pairs, strict=True):
        for g, score in enumerate(row):
            stay = (group_of[upper[0]] != g) & (group_of[upper[1]] != g)
            one, other = (values[at][upper][stay] for at in (a, b + 1))
            assert score == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-6)


@given(st.integers(0, 2**32), st.integers(2, 2000), st.integers(1, 2000))
def test_ranks_are_put_in_order_by_counting(seed: int, count: int, distinct: int) -> None:
    values = np.random.default_rng(seed).integers(0, distinct, count)
    own = stats.rankdata(values)
    own = ((own - own.mean()) / max(1.0, float(np.linalg.norm(own)))).astype(np.float32)
    order, begins = order_of_ranks(own)
    assert sorted(order) == list(range(count))
    assert (np.diff(own[order]) >= 0).all()
    assert begins.tolist() == [True, *(np.diff(own[order]) > 0)]


def test_what_counting_cannot_put_in_order_is_refused() -> None:
    # Values, not ranks: one is so far away that all others fall into one box.
    order, _ = order_of_ranks(np.array([0.3, 0.1, 0.2, 1e6], dtype=np.float32))
    assert len(order) == 0
