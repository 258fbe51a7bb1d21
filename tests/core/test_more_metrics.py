"""Identities and promises of single metrics: RV, features sampled, predictivity, PWCCA, GULP."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from prh_core import align
from prh_core.errors import DegenerateLayerError
from prh_core.metrics.corrected_cka import of_features_alone
from prh_core.metrics.predictivity import PENALTIES
from prh_core.prepared import PreparedLayer
from tests.core import oracles
from tests.core.oracles import unit
from tests.core.test_metrics import related


def test_the_rv_coefficient_is_linear_cka() -> None:
    x, y = related(1, n=50)
    a, b = (unit(side) - unit(side).mean(axis=0) for side in (x, y))
    cross = a.T @ b
    rv = np.trace(cross @ cross.T) / np.sqrt(
        np.trace(a.T @ a @ a.T @ a) * np.trace(b.T @ b @ b.T @ b)
    )
    assert align(x, y, metric="cka").score == pytest.approx(rv, abs=1e-6)


def test_the_adjusted_rv_takes_off_the_mean_over_relabelings() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(30, 40)), rng.normal(size=(30, 50))
    found = align(x, y, metric="adjusted_rv", permutations=400)
    plain = align(x, y, metric="cka", permutations=400)
    assert plain.null_mean is not None and plain.null_mean > 0.5
    expected = (plain.score - plain.null_mean) / (1 - plain.null_mean)
    assert found.score == pytest.approx(expected, abs=0.01)
    assert found.null_mean == pytest.approx(0, abs=0.01)


def test_where_all_samples_are_equally_far_on_both_sides_chance_tells_all() -> None:
    # Every row another class: each kernel is what is left of the identity.
    with pytest.raises(DegenerateLayerError, match="adjusted_rv is not defined for any pair"):
        align(np.eye(8), np.eye(8), metric="adjusted_rv")
    other = np.random.default_rng(3).normal(size=(8, 3))
    assert align(np.eye(8), other, metric="adjusted_rv").score == pytest.approx(0, abs=1e-5)


def test_features_alone_without_a_sample_are_those_of_the_rest() -> None:
    x = related(4, n=12)[0].astype(np.float32)
    whole, without = of_features_alone(PreparedLayer.of(x))
    for at in (None, 0, 7):
        rest = x if at is None else np.delete(x, at, axis=0)
        centered = rest.astype(np.float64) - rest.mean(axis=0, dtype=np.float64)
        n = len(rest)
        parts = [
            oracles.hsic_unbiased(np.outer(column, column), np.outer(column, column))
            for column in centered.T
        ]
        expected = n * (n - 3) * sum(parts)
        assert (whole if at is None else without[at]) == pytest.approx(expected, rel=1e-5)


def test_few_features_tell_what_all_would() -> None:
    """Of two models of 3,000 features each, random subsets of 40 and 60, the same samples.

    Plain unbiased CKA of few features lies a tenth too low; the corrected one within three standard
    errors, or .005, of all features' score.
    """
    rng = np.random.default_rng(5)
    causes = rng.normal(size=(60, 8))
    sides = []
    for _ in range(2):
        scales = np.linspace(1.5, 0.2, 8) * rng.uniform(0.5, 1.5, size=8)
        sides.append(np.tanh((causes * scales) @ rng.normal(size=(8, 3000))))
    whole = align(*sides, metric="unbiased_cka", normalize=False).score
    scores = {"unbiased_cka": [], "corrected_cka": []}
    for _ in range(150):
        drawn = [
            side[:, rng.choice(3000, size=count, replace=False)]
            for side, count in zip(sides, (40, 60), strict=True)
        ]
        for metric, found in scores.items():
            found.append(align(*drawn, metric=metric, normalize=False, truncate=None).score)
    plain, corrected = (np.array(found) for found in scores.values())
    error = corrected.std(ddof=1) / len(corrected) ** 0.5
    assert plain.mean() < whole - 0.04
    assert corrected.mean() == pytest.approx(whole, abs=max(3 * error, 0.005))


def test_predictivity_is_that_of_scikit_learns_ridge() -> None:
    x, y = related(6, n=60, noise=2.0)
    a, b = (unit(side) - unit(side).mean(axis=0) for side in (x, y))
    mean = np.sum(a**2) / 59
    found = []
    for penalty in PENALTIES:
        model = Ridge(alpha=penalty * mean).fit(a, b)
        hat = Ridge(alpha=penalty * mean).fit(a, np.eye(60)).predict(a)
        left = np.sum((b - model.predict(a)) ** 2) / (1 - np.trace(hat) / 60) ** 2
        found.append(1 - left / (np.sum(b**2) / (1 - 1 / 60) ** 2))
    assert align(x, y, metric="linear_predictivity").score == pytest.approx(max(found), abs=1e-5)
    # Leaving out one sample after the other gives nearly the same.
    left_out = []
    for penalty in PENALTIES:
        model = Ridge(alpha=penalty * mean)
        predicted = cross_val_predict(model, a, b, cv=LeaveOneOut())
        left_out.append(1 - np.sum((b - predicted) ** 2) / np.sum((b * 60 / 59) ** 2))
    assert max(found) == pytest.approx(max(left_out), abs=0.03)


def test_what_cannot_be_predicted_scores_nothing_and_one_way_need_not_be_the_other() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(200, 12))
    part = x[:, :3]
    told = align(x, part, metric="linear_predictivity", normalize=False).score
    back = align(x, part, metric="linear_predictivity_reverse", normalize=False).score
    assert told > 0.9999 and 0.1 < back < 0.4
    stranger = rng.normal(size=(200, 5))
    assert align(x, stranger, metric="linear_predictivity").score < 0.02


def test_pwcca_lies_where_the_weighty_directions_do() -> None:
    rng = np.random.default_rng(8)
    shared = rng.normal(size=(300, 2))
    # Forty features tell the two shared directions, three tell three of their own.
    x = np.hstack([shared @ rng.normal(size=(2, 40)), rng.normal(size=(300, 3))])
    y = np.hstack([shared, rng.normal(size=(300, 3))])
    options = {"normalize": False, "truncate": None}
    weighed = align(x, y, metric="pwcca", **options).score
    mean = align(x, y, metric="svcca", **options).score
    back = align(x, y, metric="pwcca_reverse", **options).score
    assert weighed > mean + 0.2 and weighed > back + 0.2


def test_gulp_tells_how_far_apart_predictions_are() -> None:
    """The squared distance is the mean over tasks y ~ N(0, I) of the predictions' difference."""
    x, y = related(9, n=50, noise=2.0)
    a, b = (unit(side) - unit(side).mean(axis=0) for side in (x, y))
    rng = np.random.default_rng(10)
    tasks = rng.normal(size=(50, 20_000))
    fits = [
        Ridge(alpha=0.01 * np.sum(side**2), fit_intercept=False).fit(side, tasks).predict(side)
        for side in (a, b)
    ]
    apart = np.mean((fits[0] - fits[1]) ** 2) / sum(np.mean(fit**2) for fit in fits)
    assert align(x, y, metric="gulp").score == pytest.approx(apart, abs=0.01)


def test_information_imbalance_agrees_with_scikit_learns_neighbors() -> None:
    x, y = related(11, n=60)
    near, ranked = (
        NearestNeighbors(n_neighbors=59, algorithm="brute").fit(unit(side)).kneighbors()[1]
        for side in (x, y)
    )
    ranks = [int(np.flatnonzero(ranked[i] == near[i, 0])[0]) for i in range(60)]
    expected = 2 / 58 * np.mean(ranks)
    found = align(x, y, metric="information_imbalance").score
    assert found == pytest.approx(expected, abs=1e-9)
