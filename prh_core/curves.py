"""How a score depends on what was fixed: the number of samples, batches, the view, dimensions."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Int64

from prh_core import prepare
from prh_core.errors import (
    DegenerateLayerError,
    NeighborCountError,
    PRHError,
    SampleCountError,
    SecondViewError,
)
from prh_core.layers import align, prepare_layers
from prh_core.metrics import Metric, get_metric
from prh_core.metrics.registry import Family, PrepareOptions
from prh_core.prepared import PreparedLayer, PreparedLayers
from prh_core.scoring import best_pair
from prh_core.types import (
    Features,
    LayerScores,
    Layout,
    Order,
    as_layers,
    check_paired,
    check_whole,
    check_whole_k,
)

Fixed = Literal["k", "k/n"]
"""What stays as the number of samples changes."""


class CurvePoint(NamedTuple):
    """A score at one number of samples."""

    n: int
    k: int
    score: float
    layers: tuple[int, int]


class BatchAverage(NamedTuple):
    """What two models score on average over disjoint batches of their samples."""

    score: float
    """Best of the mean table."""
    layers: tuple[int, int]
    """That pair; where all layers side by side compete, they come after the last layer."""
    table: LayerScores
    """(layers_x, layers_y): mean of the batches' tables; NaN where some batch has no score."""
    batches: int
    batch: int
    """Samples in each of them."""


class Batched(NamedTuple):
    """One side, each batch ready to be compared."""

    ready: list[Any]
    usable: list[Int64[np.ndarray, " u"]]
    """Per batch, positions in the side's table of what `ready` holds."""
    size: int
    """Rows of the side's table: its layers and, where asked for, all of them side by side."""


class NoiseCeiling(NamedTuple):
    """What a model scores against itself, shown a second view of the same samples."""

    score: float
    """Best over the pairs of a layer of the first view and a layer of the second."""
    layers: tuple[int, int]
    """That pair; where all layers side by side compete, they come after the last layer."""


class SplitHalf(NamedTuple):
    """How alike the two halves of a layer's dimensions represent the samples."""

    score: float
    """Mean over the splits."""
    scores: tuple[float, ...]
    """The best layer of each split."""


def check_n(n: int, total: int) -> int:
    """Return n, a number of samples that `total` samples have.

    Raises:
        SampleCountError: n is not in 2 ... total.
    """
    check_whole(n=n)
    if not 2 <= n <= total:
        raise SampleCountError(f"n must be between 2 and {total}, got n = {n}")
    return n


def first_samples(total: int, n: int, seed: int = 0) -> Int64[np.ndarray, " n"]:
    """Return the first n of one random order of all samples, the same for every n.

    Raises:
        SampleCountError: n is not in 2 ... total.
    """
    return np.random.default_rng(seed).permutation(total)[: check_n(n, total)]


def k_of(k: int, n: int, total: int, fixed: Fixed) -> int:
    """Return the k for n of `total` samples: the same, or the same share of them (at least 1).

    Raises:
        PRHError: `fixed` is neither.
    """
    if fixed not in ("k", "k/n"):
        raise PRHError(f'fixed should be "k" or "k/n", got {fixed!r}')
    return k if fixed == "k" else max(1, round(k * n / total))


def n_curve(
    X: Features,  # noqa: N803
    Y: Features,  # noqa: N803
    ns: Sequence[int],
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    fixed: Fixed = "k",
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    seed: int = 0,
    device: str | None = None,
    layout: Layout = "auto",
) -> list[CurvePoint]:
    """Score growing prefixes of one random order of the samples.

    Mutual k-NN falls as n grows at a fixed k, and hardly at a fixed k/n: never compare scores
    across n without saying which was fixed.

    Args:
        X, Y: as in `prh_core.align`.
        ns: numbers of samples, each at most n.
        metric, truncate, normalize, device, layout: as in `prh_core.align`; truncation looks at
            each prefix alone.
        k: neighbors at all samples.
        fixed: ``"k"``: the same k at every n; ``"k/n"``: k n' / n, rounded, at least 1.
        seed: of the random order.

    Returns:
        One CurvePoint per n, in the order given.

    Raises:
        SampleCountError: an n beyond the samples there are, or below 2.
        NeighborCountError: k does not fit an n; the message says which.
    """
    x, y = as_layers(X, "X", layout), as_layers(Y, "Y", layout)
    total = len(x[0])
    check_paired(total, len(y[0]))
    check_whole_k(k)
    points: list[CurvePoint] = []
    for n in ns:
        rows = first_samples(total, n, seed)
        here = k_of(k, n, total, fixed)
        if get_metric(metric).uses_k and here >= n:
            raise NeighborCountError(f"k must be between 1 and n - 1 = {n - 1}, got k = {here}")
        found = align(
            [layer[rows] for layer in x],
            [layer[rows] for layer in y],
            metric=metric,
            k=here,
            truncate=truncate,
            normalize=normalize,
            device=device,
            layout="lnd",  # a prefix may well be shorter than the network is deep
        )
        points.append(CurvePoint(n, here, found.score, found.layers))
    return points


def check_batch(batch: int, total: int, k: int | None = None) -> int:
    """Return how many disjoint batches of that size `total` samples give.

    Args:
        batch: samples a batch.
        total: samples there are.
        k: neighbors within a batch; None for metrics without.

    Raises:
        SampleCountError: it leaves a single batch that is not all samples, or holds fewer than two.
        NeighborCountError: k does not fit the batch.
    """
    if batch != check_n(total, total) and not 2 <= batch <= total // 2:
        raise SampleCountError(
            f"a batch must hold between 2 and n // 2 = {total // 2} samples, or all {total}, got "
            f"batch = {batch}"
        )
    if k is not None and not 1 <= k <= batch - 1:
        raise NeighborCountError(
            f"k must be between 1 and {batch - 1} in batches of {batch} samples, got k = {k}"
        )
    return total // batch


def batches_of(total: int, batch: int, seed: int = 0) -> list[Order]:
    """Cut one random order of all samples into disjoint batches, the rest left out.

    Within a batch samples stand in their own order, so that ties break as they do elsewhere.

    Returns:
        floor(total / batch) arrays (batch,): positions of samples.

    Raises:
        SampleCountError: as `check_batch`.
    """
    count = check_batch(batch, total)
    order = first_samples(total, count * batch, seed)
    return [np.sort(part) for part in order.reshape(count, batch)]


def prepare_batches(
    layers: PreparedLayers, family: Family, options: PrepareOptions, batches: Sequence[Order]
) -> Batched:
    """Prepare every batch of one side for a family of metrics.

    A layer that is constant within a batch, though not over all samples, is set aside there.

    Args:
        layers: a model's layers over all samples, truncated and normalized: (n, d_l) each.
        family, options: what to prepare for.
        batches: positions of each batch's samples, from `batches_of`.

    Raises:
        DegenerateLayerError: no layer of some batch can be compared; the message says which.
    """
    ready: list[Any] = []
    usable: list[np.ndarray] = []
    size = len(layers) + options.concatenate
    for number, rows in enumerate(batches, start=1):
        cut = [PreparedLayer(layer.raw[rows], layer.norms[rows], layer.unit) for layer in layers]
        kept = np.flatnonzero(~prepare.constant_layers(cut))
        where = f"batch {number} of {len(batches)}"
        if not kept.size:
            raise DegenerateLayerError(f"{where}: every layer is constant within it")
        try:
            ready.append(family.prepare([cut[i] for i in kept], options))
        except DegenerateLayerError as error:
            raise DegenerateLayerError(f"{where}: {error}") from None
        usable.append(np.append(kept, len(layers)) if options.concatenate else kept)
    return Batched(ready, usable, size)


def batch_tables(metric: Metric, x: Batched, y: Batched, ks: Sequence[int]) -> list[LayerScores]:
    """Average the layer tables of all batches, one mean table per k.

    Args:
        metric: of the family that both sides were prepared for.
        x, y: from `prepare_batches`, with the same batches.
        ks: neighbors, each at most the k prepared for.

    Returns:
        len(ks) tables (x.size, y.size); NaN where some batch has no score: means over different
        batches are not held against each other.
    """
    total = np.zeros((len(ks), x.size, y.size))
    for i, (one, other) in enumerate(zip(x.ready, y.ready, strict=True)):
        tables = np.full_like(total, np.nan)
        tables[:, x.usable[i][:, None], y.usable[i]] = metric.compare(one, other, ks)
        total += tables
    return list(total / len(x.ready))


def batch_average(
    X: Features,  # noqa: N803
    Y: Features,  # noqa: N803
    batch: int,
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    concatenate: bool = False,
    seed: int = 0,
    device: str | None = None,
    layout: Layout = "auto",
) -> BatchAverage:
    """Score batch by batch, average the layer tables, and take the best pair of the mean.

    One random order of the n samples is cut into floor(n / batch) disjoint batches; the n mod
    batch samples that are left over are not looked at (paper, Fig. 12: settings of a batch size).
    What counts every pair of samples can be estimated so where n is too large: unbiased CKA nearly
    without bias, CKA from above, the more the smaller the batch. Scores are averaged, not the
    three HSICs that make one (Nguyen, Raghu and Kornblith 2021), so that every metric has a batch
    average. One of neighbors is another question: k of batch - 1 others, not of n - 1.

    Args:
        X, Y: as in `prh_core.align`.
        batch: samples a batch: at most n // 2, or n, which equals `align`.
        metric, normalize, concatenate, device, layout: as in `prh_core.align`; a bandwidth that the
            metric chooses is the batch's own.
        k: neighbors within a batch.
        truncate: as in `prh_core.align`; it looks at all samples, before batches are cut.
        seed: of the random order.

    Returns:
        BatchAverage(score, layers, table, batches, batch); the score lies in the metric's range.

    Raises:
        SampleCountError: the batch leaves a single one that is not all samples, or too few samples
            for the metric.
        NeighborCountError: k does not fit the batch.
        DegenerateLayerError: a layer is constant, or no layer of some batch, or no pair of layers
            in all of them, can be compared. A layer constant within some batch only has NaN in the
            table.
        FeatureShapeError, NotFiniteError, UnknownMetricError, TooManySamplesError: as `align`.

    Examples:
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(100, 8))
        >>> found = batch_average(X, 2 * X, 32)
        >>> found.score, found.batches, found.batch
        (1.0, 3, 32)
    """
    chosen = get_metric(metric)
    x, y = as_layers(X, "X", layout), as_layers(Y, "Y", layout)
    total = len(x[0])
    check_paired(total, len(y[0]))
    check_whole_k(k)
    check_whole(batch=batch, seed=seed)
    check_batch(batch, total, k if chosen.uses_k else None)
    batches = batches_of(total, batch, seed)
    options = PrepareOptions(k if chosen.uses_k else 1, concatenate, device=device)

    def side(layers: list[np.ndarray], name: str) -> Batched:
        ready = prepare_layers(layers, truncation=truncate, normalized=normalize, name=name)
        try:
            return prepare_batches(ready, chosen.family, options, batches)
        except DegenerateLayerError as error:
            raise DegenerateLayerError(f"{name}: {error}") from None

    table = batch_tables(chosen, side(x, "X"), side(y, "Y"), [k])[0]
    best = best_pair(table, chosen.higher_is_closer)
    if best is None:
        raise DegenerateLayerError(
            f"X and Y: {metric} is not defined for any pair of layers in all batches"
        )
    return BatchAverage(best.score, (best.layer_x, best.layer_y), table, len(batches), batch)


def noise_ceiling(
    X: Features,  # noqa: N803
    second: Features | None = None,
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    concatenate: bool = False,
    device: str | None = None,
    layout: Layout = "auto",
) -> NoiseCeiling:
    """Score a model against itself, shown a second view of the same samples.

    The second view is another look at what the samples show: another person's caption of every
    image, the images mirrored. What differs between the views is noise to the model, so this is
    its test-retest reliability, and it says how much agreement survives a change of view.

    What it bounds: the score of X with a model that has the same signal and at least as much
    noise of its own, in expectation. What it does not: a model with less noise than X can score
    above it with X (of two correlations, up to the root of their reliabilities, Spearman 1904);
    so can a model that saw the very same view as X, noise and all. A view that changes little
    gives a ceiling near 1, which bounds little.

    Args:
        X: features of one model, as in `prh_core.align`: n samples.
        second: the same model's features of the second view, row i the same sample as row i of X.
            There is no ceiling without it.
        metric, k, truncate, normalize, concatenate, device, layout: as in `prh_core.align`, and as
            where the scores were made that the ceiling stands beside.

    Returns:
        NoiseCeiling(score, layers); the score lies in the metric's own range.

    Raises:
        SecondViewError: there is no second view.
        SampleCountError: the views hold different numbers of samples.
    """
    if second is None:
        raise SecondViewError(
            "a noise ceiling needs the model's features of a second view of the same samples "
            "(another caption of every image, the images mirrored), and there are none: what is "
            "left is split_half_agreement, which bounds nothing"
        )
    found = align(
        X, second, metric=metric, k=k, truncate=truncate, normalize=normalize,
        concatenate=concatenate, device=device, layout=layout,
    )  # fmt: skip
    return NoiseCeiling(found.score, found.layers)


def split_half_agreement(
    X: Features,  # noqa: N803
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    splits: int = 10,
    seed: int = 0,
    device: str | None = None,
    layout: Layout = "auto",
) -> SplitHalf:
    """Score one random half of a layer's dimensions against the other half.

    Every layer's dimensions are dealt into two halves, and layer l's first half is scored against
    layer l's second half; the best layer of each split, averaged over the splits. It says how
    redundantly dimensions carry the representation, so it grows with their number. It is no
    ceiling: a model that is X rotated scores 1 with X, whatever the halves score.

    Args:
        X: features of one model, as in `prh_core.align`.
        metric, k, truncate, normalize, device, layout: as in `prh_core.align`.
        splits: number of random splits.
        seed: of the splits.

    Returns:
        SplitHalf(score, scores); the scores lie in the metric's own range.

    Raises:
        PRHError: no split was asked for, or every layer has a single dimension.
    """
    chosen = get_metric(metric)
    check_whole_k(k)
    check_whole(splits=splits, seed=seed)
    # Truncation looks at the whole model, as when models are compared; then it is halved.
    whole = prepare.truncate(as_layers(X, "X", layout), truncate)
    layers = [layer for layer in whole if layer.shape[1] > 1]
    if splits < 1 or not layers:
        raise PRHError("split half needs at least one split and a layer of two dimensions")
    rng = np.random.default_rng(seed)
    best = max if chosen.higher_is_closer else min
    scores: list[float] = []
    for _ in range(splits):
        halves: list[float] = []
        for layer in layers:
            columns = rng.permutation(layer.shape[1])
            middle = len(columns) // 2
            one, other = layer[:, columns[:middle]], layer[:, columns[middle:]]
            found = align(one, other, metric=metric, k=k, normalize=normalize, device=device)
            halves.append(found.score)
        scores.append(best(halves))
    return SplitHalf(float(np.mean(scores)), tuple(scores))
