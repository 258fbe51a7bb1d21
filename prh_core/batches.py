"""What two models score on average over disjoint batches of their samples."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Int64

from prh_core.curves import check_n, first_samples
from prh_core.errors import DegenerateLayerError, NeighborCountError, SampleCountError
from prh_core.layers import prepare_layers
from prh_core.metrics import Family, Metric, PrepareOptions, get_metric
from prh_core.prepare import constant_layers
from prh_core.prepared import PreparedLayers
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
        cut = [layer.at(rows) for layer in layers]
        kept = np.flatnonzero(~constant_layers(cut))
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
    for i, (side_x, side_y) in enumerate(zip(x.ready, y.ready, strict=True)):
        tables = np.full_like(total, np.nan)
        tables[:, x.usable[i][:, None], y.usable[i]] = metric.compare(side_x, side_y, ks)
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
