"""Nulls to choose, against slow definitions, and as often as they say in worlds of known truth."""

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from prh_core import align, get_metric
from prh_core.calibration import calibrate, null_best, permutations
from prh_core.errors import PRHError
from prh_core.metrics import PrepareOptions
from prh_core.nulls import (
    NULLS,
    as_blocks,
    clusters,
    detectable,
    get_null,
    movable,
    permutations_within,
    rotated,
    rotations,
)
from tests.bench.nulls import WORLDS, rejections
from tests.core.worlds import two_views

LABELS = st.lists(st.integers(0, 4), min_size=6, max_size=40).filter(lambda c: len(set(c)) < len(c))


@given(LABELS, st.integers(0, 99))
def test_orders_within_blocks_keep_every_sample_in_its_block(labels: list[int], seed: int) -> None:
    blocks = as_blocks(np.array(labels))
    orders = permutations_within(blocks, 5, seed)
    assert (np.sort(orders, axis=1) == np.arange(len(labels))).all()
    assert (blocks[orders] == blocks).all()
    alone = np.bincount(blocks)[blocks] == 1
    assert (orders[:, alone] == np.flatnonzero(alone)).all()
    assert np.array_equal(orders, permutations_within(blocks, 5, seed))
    assert movable(blocks) == pytest.approx(1 - alone.mean())


def test_every_order_within_blocks_is_equally_likely() -> None:
    orders = permutations_within(as_blocks(np.array(list("abaaba"))), 6000, seed=0)
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 24 * 2  # 4! orders of a, 2! of b
    assert scipy.stats.chisquare(counts).pvalue > 0.001


def test_one_block_is_relabeling_and_blocks_are_named_by_first_appearance() -> None:
    assert sorted(permutations_within(np.zeros(9, np.int64), 1, 3)[0]) == list(range(9))
    assert as_blocks(np.array(["b", "a", "b", "c"])).tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("width", [5, 70])
def test_a_rotation_keeps_mean_covariance_and_how_layers_resemble_each_other(
    width: int, offset: float
) -> None:
    rng = np.random.default_rng(1)
    first = offset + rng.normal(size=(40, 6)) @ rng.normal(size=(6, width))
    second = offset + first @ rng.normal(size=(width, 9)) + rng.normal(size=(40, 9))
    (turn,) = rotations(40, 1, seed=2)
    assert np.allclose(turn @ turn.T, np.eye(39), atol=1e-5)
    drawn = [rotated(layer, turn) for layer in (first, second)]
    for layer, found in zip((first, second), drawn, strict=True):
        scale = float(layer.std(axis=0).max())
        # The definition in float64: singular values of what is left of the mean.
        singular = np.linalg.svd(layer - layer.mean(0), compute_uv=False)
        again = np.linalg.svd(
            found.astype(np.float64) - found.mean(0, np.float64), compute_uv=False
        )
        assert np.allclose(found.mean(0, np.float64), layer.mean(0), atol=1e-3 * scale)
        assert np.allclose(again, singular, atol=2e-3 * singular[0])
        assert np.allclose(np.cov(found.T.astype(np.float64)), np.cov(layer.T),
                           atol=2e-3 * scale**2)  # fmt: skip
    before, after = (
        align(a, b, metric="cka", normalize=False).score for a, b in ((first, second), drawn)
    )
    assert after == pytest.approx(before, abs=2e-3)
    assert align(first, drawn[0], metric="cka", normalize=False).score < 0.9 * before


def test_spectrum_matched_features_have_the_closed_form_mean_of_linear_cka() -> None:
    # E <K, Q L Q'> over rotations of the centered space = tr K tr L / (n - 1).
    x, y = (view - view.mean(0) for view in two_views(6, 30, noise=3.0))
    k, other = x @ x.T, y @ y.T
    exact = np.trace(k) * np.trace(other) / (29 * np.linalg.norm(k) * np.linalg.norm(other))
    found = [
        align(x, rotated(y, turn), metric="cka", normalize=False).score
        for turn in rotations(30, 300, seed=0)
    ]
    assert np.mean(found) == pytest.approx(exact, abs=4 * np.std(found) / 300**0.5)


def test_clusters_find_groups_that_are_far_apart() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(4, size=80)
    features = 20 * rng.normal(size=(4, 5))[groups] + rng.normal(size=(80, 5))
    assert np.array_equal(clusters(features, 4, seed=1), as_blocks(groups))
    assert np.array_equal(clusters(features, 6, seed=1), clusters(features, 6, seed=1))


def test_what_is_called_detectable_is_found_in_four_of_five_worlds() -> None:
    # A world whose signal is weak: n = 60, one layer each, 99 relabelings.
    metric, options = get_metric("cka"), PrepareOptions(1)
    scores, taus, least = [], [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        causes = rng.normal(size=(60, 4))
        x, y = (
            metric.family.prepare(
                [(causes @ rng.normal(size=(4, 9)) + 4.2 * rng.normal(size=(60, 9))).astype("f4")],
                options,
            )
            for _ in "xy"
        )
        null = null_best([metric], [x], y, [1], permutations(60, 99, seed))[0, 0, 0]
        table = metric.compare(x, y, [1])[0]
        scores.append(table[0, 0])
        interval = metric.best_interval(x, y, table, 1)
        taus.append(calibrate(scores[-1], null, best=1.0).p_value <= 0.05)
        error = (interval.high - interval.low) / 3.92
        least.append(detectable(null, best=1.0, error=error).score)
    power = np.mean(taus)
    # Power of 80 % is said of an expected score that equals what is detectable: as far as the
    # world's mean score lies from it, in its own standard deviations, power moves.
    expected = scipy.stats.norm.cdf(
        scipy.stats.norm.ppf(0.8) + (np.mean(scores) - np.mean(least)) / np.std(scores)
    )
    assert 0.6 < expected < 0.95
    assert power == pytest.approx(expected, abs=0.12)


@given(st.lists(st.integers(0, 100), min_size=19, max_size=60), st.booleans())
def test_detectable_lies_beyond_the_threshold_on_either_side(null: list[int], up: bool) -> None:
    scores = np.array(null) / 100
    found = detectable(scores, best=2.0 if up else -1.0, higher_is_closer=up)
    mirrored = detectable(-scores, best=-2.0 if up else 1.0, higher_is_closer=not up)
    assert mirrored.score == pytest.approx(-found.score)
    assert mirrored.calibrated == pytest.approx(found.calibrated)
    rank = -(-95 * (len(null) + 1) // 100)
    tau = sorted(scores if up else -scores)[rank - 1] * (1 if up else -1)
    margin = 0.8416212 * np.std(scores, ddof=1)
    assert found.score == pytest.approx(tau + margin if up else tau - margin)
    assert 0 <= found.calibrated < 1
    wider = detectable(scores, best=2.0 if up else -1.0, higher_is_closer=up, error=0.5)
    assert abs(wider.score - tau) == pytest.approx(0.8416212 * max(0.5, np.std(scores, ddof=1)))
    assert np.isnan(detectable(scores, best=np.inf).calibrated)


def test_nulls_are_named_and_refuse_what_they_cannot_draw() -> None:
    assert len({null.name for null in NULLS}) == len(NULLS) == 5
    assert all(null.holds and null.tells for null in NULLS)
    assert get_null("spectrum").label == "spectrum-matched"
    with pytest.raises(PRHError, match="no null is called 'bootstrap'; there are: relabeled"):
        get_null("bootstrap")
    with pytest.raises(PRHError, match="7 classes of one"):
        permutations_within(np.arange(7), 3, 0)
    with pytest.raises(PRHError, match="must not be negative"):
        permutations_within(np.zeros(7, np.int64), 3, -1)
    with pytest.raises(PRHError, match="expected 2 to n = 9 clusters, got 1"):
        clusters(np.ones((9, 2)), 1, 0)
    with pytest.raises(PRHError, match="two samples or more"):
        next(rotations(1, 1, 0))
    with pytest.raises(PRHError, match="18 draws reject nothing at level 0.05"):
        detectable(np.zeros(18), best=1.0)
    with pytest.raises(PRHError, match="level and power"):
        detectable(np.zeros(30), best=1.0, power=1.0)


def test_only_what_is_aligned_within_classes_survives_permutation_within_them() -> None:
    metrics = [get_metric(name) for name in ("mutual_knn", "cka")]
    by_class = rejections("class identity only", 20, metrics)
    within = rejections("within classes, too", 5, metrics)
    for name in ("mutual_knn", "cka"):
        assert by_class["relabeled"][name].share == 1
        # 1 expected of 20; more than 5 come once in 3,000.
        assert by_class["within-class"][name].rejected <= 5
        assert within["within-class"][name].share == 1
    assert set(WORLDS) == {"class identity only", "within classes, too", "independent"}
