"""Linear probes against scikit-learn, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from prh_core.errors import ProbeError
from prh_core.probes import REGULARIZERS, fit_all, linear_probe


def blobs(seed: int, n: int, d: int, classes: int, apart: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(classes, d)) * apart
    labels = rng.integers(0, classes, size=n)
    scales = np.exp(rng.normal(size=d))  # directions of very different size
    return ((centers[labels] + rng.normal(size=(n, d))) * scales).astype(np.float32), labels


def objective(fitted, x: np.ndarray, y: np.ndarray, c: float) -> float:  # noqa: ANN001
    scores = ((x - fitted.mean) / fitted.scale).astype(np.float64) @ fitted.weights + fitted.bias
    scores -= scores.max(axis=1, keepdims=True)
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]
    return float(c * losses.sum() + 0.5 * (fitted.weights.astype(np.float64) ** 2).sum())


@pytest.mark.parametrize(
    ("n", "d", "classes"), [(300, 20, 3), (60, 200, 4), (200, 50, 2), (500, 30, 20)]
)
@pytest.mark.parametrize("c", [1e-4, 1e-2, 1.0])
def test_the_fit_is_scikit_learns(n: int, d: int, classes: int, c: float) -> None:
    x, y = blobs(0, n, d, classes, 0.3)
    mine = fit_all(x, y, (1e-5, c, 1e3), classes)[1]  # its neighbors must not disturb it
    scaled = StandardScaler().fit_transform(x.astype(np.float64))
    theirs = LogisticRegression(C=c, max_iter=10_000, tol=1e-8).fit(scaled, y)
    if classes > 2:
        reference = mine._replace(
            weights=theirs.coef_.T.astype(np.float32), bias=theirs.intercept_.astype(np.float32)
        )
        best = objective(reference, x, y, c)
        assert objective(mine, x, y, c) <= best * (1 + 2e-3) + 1e-4
    else:
        column = theirs.coef_[0]
        np.testing.assert_allclose(
            mine.weights[:, 1] - mine.weights[:, 0], column, atol=0.02 * np.abs(column).max()
        )
    held, _ = blobs(0, n + 400, d, classes, 0.3)
    wanted = theirs.predict(StandardScaler().fit(x).transform(held.astype(np.float64)))
    assert (mine.predict(held) == wanted).mean() > 0.97


@pytest.mark.parametrize("load", [load_digits, load_wine])
def test_accuracy_is_scikit_learns_within_half_a_point_or_a_sample(load) -> None:  # noqa: ANN001
    data = load()
    x, y = data.data.astype(np.float32), data.target
    rows = np.random.default_rng(1).permutation(len(x))
    train, test = rows[: len(x) // 2], rows[len(x) // 2 :]
    found = linear_probe(x[train], y[train], x[test], y[test], regularizers=(0.1,))
    scaler = StandardScaler().fit(x[train])
    theirs = LogisticRegression(C=0.1, max_iter=5000).fit(scaler.transform(x[train]), y[train])
    score = theirs.score(scaler.transform(x[test]), y[test])
    assert abs(found.accuracy - score) <= max(0.005, 1.01 / len(test))
    assert found.low <= found.mean_per_class <= found.high
    assert found.classes == len(np.unique(y))


def test_the_regularizer_is_chosen_where_it_matters() -> None:
    """Few samples in many noisy dimensions: a weak penalty overfits."""
    x, y = blobs(2, 1400, 300, 3, 0.12)
    found = linear_probe(x[:400], y[:400], x[400:], y[400:])
    assert set(found.inner) == set(REGULARIZERS)
    loose = linear_probe(x[:400], y[:400], x[400:], y[400:], regularizers=(1e3,))
    assert found.regularizer < 1
    assert found.accuracy >= loose.accuracy
    again = linear_probe(x[:400], y[:400], x[400:], y[400:])
    assert again == found


def test_rare_classes_count_as_much_as_common_ones() -> None:
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], [950, 50])
    x = rng.normal(size=(1000, 4)).astype(np.float32)
    found = linear_probe(x, y, x, y, regularizers=(1e-4,))
    assert found.accuracy == pytest.approx(0.95, abs=0.01)
    assert found.mean_per_class == pytest.approx(0.5, abs=0.02)


def test_the_interval_covers_the_true_accuracy() -> None:
    """A fixed classifier on fresh test sets: its share right is known."""
    inside = 0
    train, labels = blobs(4, 400, 5, 2, 0.6)
    big, truth = blobs(4, 60_400, 5, 2, 0.6)
    whole = linear_probe(train, labels, big, truth, regularizers=(1.0,)).mean_per_class
    for part in range(300):
        rows = slice(400 + 200 * part, 600 + 200 * part)
        found = linear_probe(train, labels, big[rows], truth[rows], regularizers=(1.0,))
        inside += found.low <= whole <= found.high
    assert 0.92 < inside / 300 < 0.985


def test_a_constant_dimension_and_a_shift_change_nothing() -> None:
    x, y = blobs(5, 300, 6, 3, 0.5)
    plain = linear_probe(x[:200], y[:200], x[200:], y[200:])
    wide = np.column_stack([x * 3 + 7, np.full(300, 4, np.float32)]).astype(np.float32)
    other = linear_probe(wide[:200], y[:200], wide[200:], y[200:])
    assert other.accuracy == pytest.approx(plain.accuracy, abs=0.011)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0, 1e4, 1e5, -3e6])
def test_an_offset_costs_no_digits(offset: float, dtype: type) -> None:
    """Against scikit-learn's converged fit on features standardized in float64."""
    rng = np.random.default_rng(0)
    n, d, classes = 6000, 20, 5
    y = np.arange(n) % classes
    means = rng.normal(size=(classes, d))
    x = (means[y] * 0.5 + rng.normal(size=(n, d)) + offset).astype(dtype)
    held = (means[y[:1000]] * 0.5 + rng.normal(size=(1000, d)) + offset).astype(dtype)
    center, scale = x.astype(np.float64).mean(axis=0), x.astype(np.float64).std(axis=0)
    for c, mine in zip((1e-3, 1.0), fit_all(x, y, (1e-3, 1.0), classes), strict=True):
        np.testing.assert_allclose(mine.scale, scale, rtol=1e-9)
        np.testing.assert_allclose((mine.mean - center) / scale, 0, atol=1e-6)
        theirs = LogisticRegression(C=c, max_iter=10_000, tol=1e-8).fit((x - center) / scale, y)
        wanted = theirs.predict((held - center) / scale)
        assert (mine.predict(held) == wanted).mean() >= 0.998


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(-12, 12), st.floats(-1e4, 1e4))
def test_units_do_not_matter(seed: int, power: float, shift: float) -> None:
    x, y = blobs(seed, 90, 4, 3, 0.6)
    plain = fit_all(x, y, (0.1,), 3)[0]
    other = (x.astype(np.float64) + shift) * 10**power
    moved = fit_all(other, y, (0.1,), 3)[0]
    np.testing.assert_allclose(moved.weights, plain.weights, atol=1e-3)
    assert (moved.predict(other) == plain.predict(x)).mean() >= 0.98


def test_a_constant_column_counts_for_nothing_however_large() -> None:
    x, y = blobs(6, 200, 3, 2, 0.5)
    wide = np.column_stack([x.astype(np.float64), np.full(200, 1e5 + 0.1), np.full(200, 0.1)])
    plain, found = (fit_all(one, y, (0.1,), 2)[0] for one in (x, wide))
    np.testing.assert_array_equal(found.scale[3:], 1)
    np.testing.assert_allclose(found.weights[:3], plain.weights, atol=1e-4)
    np.testing.assert_allclose(found.weights[3:], 0, atol=1e-6)


X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("labels", "test_labels", "told"),
    [
        ([0] * 12, [0], "a probe needs two classes, the training labels have 1"),
        ([0, 1] * 6, [2], r"\[2\] are out of the training labels' range, 0 to 1"),
        ([0, 2] * 6, [0], r"classes \[1\] of 0 to 2 have no training sample"),
        ([-1, 1] * 6, [1], "expected labels from 0, got -1"),
        (list(range(12)), [1], "every class needs two training samples, class 0 has one"),
        ([0.5] * 12, [0], "training labels as integers from 0, got float64"),
        ([0, 1], [1], r"expected training features \(n, d\) and n labels, got \(12, 3\)"),
    ],
)
def test_refusals(labels: list, test_labels: list[int], told: str) -> None:
    with pytest.raises(ProbeError, match=told):
        linear_probe(X, np.array(labels), X[:1], np.array(test_labels))


def test_features_that_are_not_finite_or_do_not_fit_are_refused() -> None:
    y = np.array([0, 1] * 6)
    with pytest.raises(ProbeError, match="test features hold NaN"):
        linear_probe(X, y, np.full((1, 3), np.nan, np.float32), np.array([0]))
    with pytest.raises(ProbeError, match="training features have 3 dimensions, test features 2"):
        linear_probe(X, y, X[:2, :2], np.array([0, 1]))
