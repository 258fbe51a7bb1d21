"""Linear probes: what can be read off frozen features by multinomial logistic regression.

The paper's competence is the accuracy of such probes on the tasks of VTAB (Fig. 2). All strengths
of regularization are fitted at once: one matrix product serves them all, and in the basis of the
features' principal components the curvature is nearly diagonal, so that L-BFGS needs few steps.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float, Float32, Float64, Int64

from prh_core.errors import ProbeError

REGULARIZERS = tuple(float(f"1e{power}") for power in range(-6, 4))
"""Inverse strengths C, as scikit-learn counts them: penalty ||W||^2 / (2 C) beside the sum of
losses."""
_MEMORY = 10
_STEPS = 1_000
_GRADIENT = 1e-5
"""Largest entry of the gradient of the mean loss at which a fit is done: a tenth of
scikit-learn's, at which weakly regularized fits still differ by more than a point of accuracy."""
_ROWS = 64
"""Rows that are centered in float64 at a time, so that they stay in a core's cache."""
_BYTES = 1 << 28
"""Memory for the history of all fits that run together."""


class Probe(NamedTuple):
    """How well classes can be read off features."""

    accuracy: float
    """Share of test samples classified right."""
    mean_per_class: float
    """Mean over classes of the share of their samples classified right."""
    low: float
    """Confidence interval of `mean_per_class`, lower end (normal, classes as strata)."""
    high: float
    regularizer: float
    """Inverse strength C that did best on the inner split."""
    inner: dict[float, float]
    """Mean-per-class accuracy on the inner split, by C."""
    classes: int
    train: int
    test: int


class Classifier(NamedTuple):
    """A fitted probe: the class of the largest of (x - mean) / scale @ weights + bias."""

    mean: Float64[np.ndarray, " d"]
    scale: Float64[np.ndarray, " d"]
    weights: Float32[np.ndarray, "d c"]
    bias: Float32[np.ndarray, " c"]

    def predict(self, features: Float[np.ndarray, "n d"]) -> Int64[np.ndarray, " n"]:
        """Return the class of each sample."""
        return self.chosen(_standardized(features, self.mean, self.scale))

    def chosen(self, standard: Float32[np.ndarray, "n d"]) -> Int64[np.ndarray, " n"]:
        """Return the class of each sample, standardized already."""
        return (standard @ self.weights + self.bias).argmax(axis=1).astype(np.int64)


def linear_probe(
    train: np.ndarray,
    train_labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
    *,
    regularizers: tuple[float, ...] = REGULARIZERS,
    inner_share: float = 0.2,
    level: float = 0.95,
    seed: int = 0,
) -> Probe:
    """Fit a probe on training features and measure it on test features.

    Features are standardized by the training set's mean and deviation. The regularizer is the one
    with the best mean-per-class accuracy on an inner split of the training set (the strongest of
    equals), and the probe is then fitted to all of it.

    Args:
        train: (n, d) features.
        train_labels: n classes, integers from 0.
        test: (m, d) features.
        test_labels: m classes, each among the training set's.
        regularizers: inverse strengths C to choose from.
        inner_share: share of every class that the inner split holds out.
        level: of the confidence interval.
        seed: of the inner split.

    Raises:
        ProbeError: one class only, fewer samples than classes, a label out of range, or features
            that are not finite or do not fit together.
    """
    x, y = _checked(train, train_labels, "training")
    x_test, y_test = _checked(test, test_labels, "test")
    classes = _classes(y, y_test, x.shape[1], x_test.shape[1])
    chosen, inner = regularizers[0], dict[float, float]()
    if len(regularizers) > 1:
        kept, held = inner_split(y, inner_share, seed)
        fits = fit_all(x[kept], y[kept], regularizers, classes)
        standard = _standardized(x[held], fits[0].mean, fits[0].scale)
        for c, fitted in zip(regularizers, fits, strict=True):
            inner[c] = mean_per_class(y[held], fitted.chosen(standard))
        # Of equals the strongest regularizer: it asks least of the features.
        chosen = min(inner, key=lambda c: (-inner[c], c))
    fitted = fit_all(x, y, (chosen,), classes)[0]
    predicted = fitted.predict(x_test)
    shares, counts = _by_class(y_test, predicted)
    mean = float(shares.mean())
    # A class with all or none right still has an uncertain share: Agresti and Coull's two.
    smooth = (shares * counts + 2) / (counts + 4)
    error = math.sqrt(float(np.sum(smooth * (1 - smooth) / counts))) / len(shares)
    half = float(scipy.stats.norm.ppf((1 + level) / 2)) * error
    return Probe(
        float((predicted == y_test).mean()),
        mean,
        max(0.0, mean - half),
        min(1.0, mean + half),
        chosen,
        inner,
        classes,
        len(y),
        len(y_test),
    )


def fit_all(
    features: np.ndarray, labels: np.ndarray, regularizers: tuple[float, ...], classes: int
) -> list[Classifier]:
    """Fit multinomial logistic regression under every regularizer at once.

    Minimizes C sum(loss) + ||W||^2 / 2 for each C, the intercept unpenalized, as scikit-learn's
    LogisticRegression does, on standardized features. Means and deviations are float64 and features
    are centered before they are rounded to float32, so an offset however large costs no digits that
    the features have.

    Args:
        features: (n, d).
        labels: n classes, integers from 0 to classes - 1.
        regularizers: inverse strengths C.
        classes: how many there are.
    """
    x = _floating(features)
    mean, scale = _mean_and_scale(x)
    standard = _standardized(x, mean, scale)
    rotated, basis, spread = _principal(standard)
    # Two classes: scikit-learn fits one column w, here -w / 2 and w / 2 with half its penalty.
    pair = 2 if classes == 2 else 1
    strengths = np.array([pair / (c * len(x)) for c in regularizers], np.float32)
    wide = rotated.shape[1] * classes * 4 * (2 * _MEMORY + 6)
    together = max(1, _BYTES // wide)
    classifiers: list[Classifier] = []
    for first in range(0, len(strengths), together):
        part = strengths[first : first + together]
        solved = _solve(rotated, labels, classes, spread, part)
        for solution in solved:
            weights = np.ascontiguousarray(basis @ solution[:-1])
            classifiers.append(Classifier(mean, scale, weights, solution[-1]))
    return classifiers


def _floating(features: np.ndarray) -> np.ndarray:
    """Return float32 where that holds every value exactly, else float64."""
    x = np.asarray(features)
    narrow = x.dtype.kind == "f" and x.dtype.itemsize <= 4
    return np.ascontiguousarray(x, np.float32 if narrow else np.float64)


def _mean_and_scale(
    x: Float[np.ndarray, "n d"],
) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, " d"]]:
    """Return column means and deviations, the latter 1 where a column is constant but for rounding.

    The bound is scikit-learn's (Chan, Golub and LeVeque 1983): n eps var + (n eps mean)^2.
    """
    n = len(x)
    mean = x.mean(axis=0, dtype=np.float64)
    variance = np.zeros(x.shape[1])
    for rows in _blocks(n):
        left = x[rows] - mean
        variance += np.einsum("nd,nd->d", left, left)
    variance /= n
    rounding = n * float(np.finfo(np.float64).eps)
    constant = variance <= rounding * variance + (rounding * mean) ** 2
    return mean, np.sqrt(np.where(constant, 1, variance))


def _standardized(
    x: Float[np.ndarray, "n d"], mean: Float64[np.ndarray, " d"], scale: Float64[np.ndarray, " d"]
) -> Float32[np.ndarray, "n d"]:
    out = np.empty(x.shape, np.float32)
    for rows in _blocks(len(x)):
        out[rows] = (x[rows] - mean) / scale
    return out


def _blocks(n: int) -> list[slice]:
    return [slice(start, start + _ROWS) for start in range(0, n, _ROWS)]


def _principal(
    standard: Float32[np.ndarray, "n d"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores with a column of ones, the directions (d, r), and the scores' mean squares."""
    n, d = standard.shape
    if d <= n:
        values, vectors = np.linalg.eigh((standard.T @ standard).astype(np.float64) / n)
        kept = values > 1e-7 * values[-1]
        values, basis = values[kept], vectors[:, kept].astype(np.float32)
    else:
        values, vectors = np.linalg.eigh((standard @ standard.T).astype(np.float64) / n)
        kept = values > 1e-7 * values[-1]
        values = values[kept]
        left = (vectors[:, kept] / np.sqrt(n * values)).astype(np.float32)
        basis = standard.T @ left
    scores = np.column_stack([standard @ basis, np.ones(n, np.float32)])
    return scores, basis, np.append(values, 1.0).astype(np.float32)


def _solve(
    z: np.ndarray, labels: np.ndarray, classes: int, spread: np.ndarray, strengths: np.ndarray
) -> np.ndarray:
    """Return (r, d, c) weights: L-BFGS on all r problems at once, each at its own pace."""
    n, d = z.shape
    count = len(strengths)
    penalty = np.repeat(strengths[:, None], d, axis=1)
    penalty[:, -1] = 0
    # The Hessian at zero weights, and of a confident fit a little less: a good first guess.
    curvature = (1 - 1 / classes) / classes
    guess = 1 / (curvature * spread[None, :] + penalty + 1e-9)
    target = np.zeros((n, classes), np.float32)
    target[np.arange(n), labels] = 1

    def evaluate(w: np.ndarray, pen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r = len(w)
        scores = (z @ w.transpose(1, 0, 2).reshape(d, r * classes)).reshape(n, r, classes)
        scores -= scores.max(axis=2, keepdims=True)
        of_label = np.take_along_axis(scores, labels[:, None, None], axis=2)[:, :, 0]
        np.exp(scores, out=scores)
        total = scores.sum(axis=2)
        losses = (np.log(total) - of_label).mean(axis=0, dtype=np.float64)
        scores /= total[:, :, None]
        scores -= target[:, None, :]
        gradient = (z.T @ scores.reshape(n, r * classes)).reshape(d, r, classes)
        gradient = gradient.transpose(1, 0, 2) / np.float32(n) + pen[:, :, None] * w
        ridge = 0.5 * np.einsum("rd,rdc,rdc->r", pen, w, w, dtype=np.float64, optimize=True)
        return losses + ridge, gradient

    whole = np.zeros((count, d, classes), np.float32)
    active = np.arange(count)
    w = whole.copy()
    loss, gradient = evaluate(w, penalty)
    moved: list[np.ndarray] = []
    turned: list[np.ndarray] = []
    direction = -guess[:, :, None] * gradient
    step = np.ones(count, np.float32)
    for _ in range(_STEPS):
        tried = w + step[:, None, None] * direction
        new_loss, new_gradient = evaluate(tried, penalty[active])
        slope = np.einsum("rdc,rdc->r", gradient, direction, optimize=True)
        slack = 1e-6 * np.abs(loss) + 1e-9
        fine = new_loss <= loss + 1e-4 * step * slope + slack
        # What did not go down waits with half the step; the others go on.
        s = np.where(fine[:, None, None], tried - w, 0)
        y = np.where(fine[:, None, None], new_gradient - gradient, 0)
        moved.append(s)
        turned.append(y)
        del moved[:-_MEMORY], turned[:-_MEMORY]
        w = np.where(fine[:, None, None], tried, w)
        gradient = np.where(fine[:, None, None], new_gradient, gradient)
        loss = np.where(fine, new_loss, loss)
        fresh = _direction(gradient, moved, turned, guess[active])
        direction = np.where(fine[:, None, None], fresh, direction)
        step = np.where(fine, 1, step / 2).astype(np.float32)
        done = (np.abs(gradient).max(axis=(1, 2)) <= _GRADIENT) | (step < 1e-6)
        if done.any():
            whole[active[done]] = w[done]
            left = ~done
            active = active[left]
            if not len(active):
                return whole
            w, gradient, direction = w[left], gradient[left], direction[left]
            loss, step = loss[left], step[left]
            moved, turned = [m[left] for m in moved], [t[left] for t in turned]
    whole[active] = w
    return whole


def _direction(
    gradient: np.ndarray, moved: list[np.ndarray], turned: list[np.ndarray], guess: np.ndarray
) -> np.ndarray:
    """Return each problem's quasi-Newton direction (two-loop recursion)."""
    q = gradient.copy()
    weights: list[tuple[np.ndarray, np.ndarray]] = []
    for s, y in zip(reversed(moved), reversed(turned), strict=True):
        sy = np.einsum("rdc,rdc->r", s, y, optimize=True)
        rho = np.divide(1, sy, out=np.zeros_like(sy), where=sy > 1e-20)
        alpha = rho * np.einsum("rdc,rdc->r", s, q, optimize=True)
        q -= alpha[:, None, None] * y
        weights.append((rho, alpha))
    last = turned[-1]
    bent = np.einsum("rdc,rd,rdc->r", last, guess, last, optimize=True)
    sy = np.einsum("rdc,rdc->r", moved[-1], last, optimize=True)
    gamma = np.divide(sy, bent, out=np.ones_like(sy), where=(bent > 1e-20) & (sy > 1e-20))
    q *= gamma[:, None, None] * guess[:, :, None]
    for (rho, alpha), s, y in zip(reversed(weights), moved, turned, strict=True):
        beta = rho * np.einsum("rdc,rdc->r", y, q, optimize=True)
        q += (alpha - beta)[:, None, None] * s
    return -q


def _checked(features: np.ndarray, labels: np.ndarray, which: str) -> tuple[np.ndarray, np.ndarray]:
    x = np.asarray(features)
    y = np.asarray(labels)
    if x.ndim != 2 or y.shape != (len(x),):
        raise ProbeError(
            f"expected {which} features (n, d) and n labels, got {x.shape} and {y.shape}"
        )
    if not np.isfinite(x).all():
        raise ProbeError(f"the {which} features hold NaN or infinity")
    if not np.issubdtype(y.dtype, np.integer):
        raise ProbeError(f"expected {which} labels as integers from 0, got {y.dtype}")
    return _floating(x), y.astype(np.int64)


def _classes(y: np.ndarray, y_test: np.ndarray, d: int, d_test: int) -> int:
    if d != d_test:
        raise ProbeError(f"training features have {d} dimensions, test features {d_test}")
    if not len(y) or not len(y_test):
        raise ProbeError(f"expected samples, got {len(y)} for training and {len(y_test)} to test")
    known, counts = np.unique(y, return_counts=True)
    if known[0] < 0:
        raise ProbeError(f"expected labels from 0, got {known[0]}")
    classes = int(known[-1]) + 1
    if len(known) < 2:
        raise ProbeError(f"a probe needs two classes, the training labels have {len(known)}")
    if len(known) < classes:
        absent = sorted(set(range(classes)) - set(known.tolist()))[:5]
        raise ProbeError(f"classes {absent} of 0 to {classes - 1} have no training sample")
    if counts.min() < 2:
        raise ProbeError(
            f"every class needs two training samples, class {known[counts.argmin()]} has one"
        )
    outside = sorted(set(np.unique(y_test).tolist()) - set(known.tolist()))
    if outside:
        raise ProbeError(
            f"test labels {outside[:5]} are out of the training labels' range, 0 to {classes - 1}"
        )
    return classes


def inner_split(y: np.ndarray, share: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a share of every class, one sample at least and never all.

    Returns:
        Positions kept, and positions held out.
    """
    rng = np.random.default_rng(seed)
    held = np.zeros(len(y), bool)
    for name in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == name))
        held[rows[: min(len(rows) - 1, max(1, round(share * len(rows))))]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def mean_per_class(y: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean over classes of the share of their samples classified right."""
    return float(_by_class(y, predicted)[0].mean())


def _by_class(
    y: Int64[np.ndarray, " n"], predicted: Int64[np.ndarray, " n"]
) -> tuple[Float64[np.ndarray, " c"], Int64[np.ndarray, " c"]]:
    """Return per class there is the share classified right, and its samples."""
    counts = np.bincount(y)
    there = np.flatnonzero(counts)
    right = np.bincount(y[predicted == y], minlength=len(counts))
    return right[there] / counts[there], counts[there]
