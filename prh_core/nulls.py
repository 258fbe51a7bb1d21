"""Nulls to choose: what a score is held against, and what each of them leaves as it is.

A p-value answers no question until its null says what it holds fixed. Each here takes the best of
the whole layer table anew in every draw, as the score itself is a best.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float, Float32, Float64, Int64

from prh_core.errors import PRHError


class Null(NamedTuple):
    """One null, in words."""

    name: str
    label: str
    holds: str
    """What every draw holds fixed."""
    tells: str
    """What a score beyond it shows."""


_HOLDS_MODELS = "both models' features, layer by layer"
NULLS = (
    Null(
        "relabeled",
        "relabeled rows",
        f"{_HOLDS_MODELS}; which sample is which is drawn anew",
        "the two models agree about the samples more than chance",
    ),
    Null(
        "within-class",
        "within classes",
        f"{_HOLDS_MODELS}, and the class of every sample; which sample of its class it is is "
        "drawn anew",
        "they agree about samples of one class, too: what is left without coarse semantics",
    ),
    Null(
        "within-cluster",
        "within clusters",
        f"{_HOLDS_MODELS}, and the cluster of every sample in the second model's last layer "
        "(k-means). The clusters are made of the data that is tested: exact against no alignment "
        "at all; against none beyond coarse semantics it rejects too often where clusters miss "
        "some of it",
        "they agree about samples that the second model itself puts together",
    ),
    Null(
        "spectrum",
        "spectrum-matched",
        "the first model, and the mean and covariance of every layer of the second, so its width, "
        "effective dimension and linear kernels' spectra; its samples' space is rotated at random, "
        "all layers alike, and rows get their norms again",
        "they agree more than random features of the same shape and spectrum",
    ),
    Null(
        "untrained",
        "untrained networks",
        "the samples, and one of the two models; the other is an untrained network, of the same "
        "architecture where one was scored. As many draws as such networks: p is coarse",
        "training brought agreement that architecture and samples alone do not",
    ),
)
"""From the null that holds least to those that hold most."""


def get_null(name: str) -> Null:
    """Return a null by name.

    Raises:
        PRHError: there is none of that name; the message lists those there are.
    """
    for null in NULLS:
        if null.name == name:
            return null
    raise PRHError(f"no null is called {name!r}; there are: {', '.join(n.name for n in NULLS)}")


def as_blocks(labels: np.ndarray) -> Int64[np.ndarray, " n"]:
    """Return labels of any kind as block numbers from 0, in order of first appearance."""
    _, first, which = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[which].astype(np.int64)


def movable(blocks: Int64[np.ndarray, " n"]) -> float:
    """Return the share of samples in a block with others: those that a draw can move."""
    sizes = np.bincount(blocks)
    return float(np.mean(sizes[blocks] > 1))


def permutations_within(
    blocks: Int64[np.ndarray, " n"], count: int, seed: int
) -> Int64[np.ndarray, "count n"]:
    """Return orders of n samples that keep every sample in its block, the same for one seed.

    Args:
        blocks: number of each sample's block, from 0.
        count: of orders.
        seed: of the drawing.

    Raises:
        PRHError: a negative count or seed, or no block has two samples, so that nothing moves.
    """
    if count < 0 or seed < 0:
        raise PRHError(f"permutations and seed must not be negative, got {count} and {seed}")
    if not movable(blocks):
        raise PRHError(
            f"expected a class with two samples or more, got {len(blocks):,} classes of one: "
            "nothing can be permuted within them"
        )
    rng = np.random.default_rng(seed)
    places = np.argsort(blocks, kind="stable")
    orders = np.empty((count, len(blocks)), np.int64)
    for order in orders:
        # Random numbers sorted within each block are an order of it, all equally likely.
        order[places] = np.lexsort((rng.random(len(blocks)), blocks))
    return orders


def clusters(features: Float[np.ndarray, "n d"], count: int, seed: int) -> Int64[np.ndarray, " n"]:
    """Return the cluster of every sample by k-means (k-means++ starts), as blocks.

    Raises:
        PRHError: fewer than two clusters, or more than samples.
    """
    if not 2 <= count <= len(features):
        raise PRHError(f"expected 2 to n = {len(features):,} clusters, got {count}")
    centered = features - features.mean(axis=0)
    _, found = scipy.cluster.vq.kmeans2(
        np.asarray(centered, np.float64), count, iter=50, minit="++", rng=seed, missing="warn"
    )
    return as_blocks(found)


def rotations(n: int, count: int, seed: int) -> Iterator[Float32[np.ndarray, "m m"]]:
    """Yield random rotations of the space that n centered samples span, m = n - 1.

    Uniform over all rotations and reflections: QR of a Gaussian matrix, signs by R's diagonal
    (Mezzadri 2007).

    Raises:
        PRHError: a negative count or seed, or fewer than two samples.
    """
    if count < 0 or seed < 0 or n < 2:
        raise PRHError(
            "expected two samples or more, and draws and seed not below 0; got "
            f"{n}, {count} and {seed}"
        )
    rng = np.random.default_rng(seed)
    for _ in range(count):
        q, r = np.linalg.qr(rng.standard_normal((n - 1, n - 1), np.float32))
        yield q * np.sign(np.diagonal(r))


def rotated(
    layer: Float[np.ndarray, "n d"], rotation: Float32[np.ndarray, "m m"]
) -> Float32[np.ndarray, "n d"]:
    """Return features of the same mean and covariance whose samples are at random.

    With X = 1 mu' + U S V' and Q a rotation of the space orthogonal to 1, it is 1 mu' + Q U S V':
    singular values and right singular vectors stay, left ones are random. One rotation for all
    layers of a model keeps how the layers resemble each other, too (their linear CKA).

    Args:
        layer: the features.
        rotation: of `rotations`, (n - 1, n - 1).
    """
    mean = layer.mean(axis=0, dtype=np.float64)
    centered = (layer - mean).astype(np.float32)
    # A Householder reflection brings 1 / sqrt(n) to the first axis; the rest is turned.
    turned = _reflected(centered)
    turned[0] = 0
    turned[1:] = rotation @ turned[1:]
    return (_reflected(turned) + mean).astype(np.float32)


def _reflected(rows: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
    n = len(rows)
    axis = np.full(n, -1 / np.sqrt(n), np.float64)
    axis[0] += 1
    axis /= np.linalg.norm(axis)
    return rows - np.outer(2 * axis, axis @ rows).astype(np.float32)


class Detectable(NamedTuple):
    """The weakest alignment that would be found."""

    score: float
    """In the metric's own unit."""
    calibrated: float
    """The same as a calibrated score; NaN where the metric has no best."""


def detectable(
    null: Float64[np.ndarray, " count"],
    *,
    best: float,
    higher_is_closer: bool = True,
    error: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
) -> Detectable:
    """Return the expected best score that exceeds its threshold with a given probability.

    tau + z_power sd: tau is the threshold that calibration has, the null's own order statistic
    of rank ceil((1 - alpha)(K + 1)); z_power the normal quantile; sd the larger of the null's
    standard deviation and the score's own error. Related samples make a score vary more than
    unrelated ones do: by simulation (`tests/core/test_nulls.py`), the null's alone is a third to a
    half too small. The interval of the best of a table holds the choice, too, so that its error is
    on the safe side.

    Args:
        null: K scores of draws, best over layers.
        best: s_max, what two equal representations score.
        higher_is_closer: the metric's direction.
        error: standard error of the score, e.g. its 95 % interval's length / 3.92; None or NaN
            leaves the null's.
        alpha: level of the test.
        power: probability of finding it.

    Raises:
        PRHError: so few draws that none could reject at that level, or a level or power outside
            (0, 1).
    """
    count = len(null)
    if not (0 < alpha < 1 and 0 < power < 1):
        raise PRHError(f"level and power lie between 0 and 1, got {alpha} and {power}")
    # 1e-9: (1 - 0.05) * 200 is 190.00000000000003 in floating point.
    rank = int(np.ceil((1 - alpha) * (count + 1) - 1e-9))
    if count < 2 or rank > count:
        raise PRHError(f"{count} draws reject nothing at level {alpha:g}: power needs more of them")
    sign = 1.0 if higher_is_closer else -1.0
    threshold = float(np.sort(sign * null)[rank - 1])
    spread = float(np.nanmax([null.std(ddof=1), np.nan if error is None else error]))
    margin = float(scipy.stats.norm.ppf(power)) * spread
    room = sign * best - threshold
    share = margin / room if np.isfinite(room) and room > 0 else float("nan")
    return Detectable(sign * (threshold + margin), share)
