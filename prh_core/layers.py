"""How alike two models, or one and a panel, represent the same samples."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Int64

from prh_core.backend import backend
from prh_core.calibration import benjamini_hochberg, null_best
from prh_core.calibration import permutations as draw_orders
from prh_core.errors import DegenerateLayerError, PRHError
from prh_core.intervals import Interval
from prh_core.metrics import get_metric
from prh_core.metrics.approximate import measured_recall
from prh_core.metrics.registry import Metric, PrepareOptions
from prh_core.prepare import constant_layers, keep_rows, normalize, truncate
from prh_core.prepared import PreparedLayers
from prh_core.scoring import score_best_pair
from prh_core.types import (
    Features,
    Layers,
    LayerScores,
    Layout,
    as_layers,
    check_paired,
    check_real,
    check_whole,
    check_whole_k,
)


class Alignment(NamedTuple):
    """How alike two models represent the same samples."""

    score: float
    """Best score over all pairs of layers."""
    layers: tuple[int, int]
    """Index of that pair's layer in X and in Y; an index one past the last layer stands for all
    layers concatenated."""
    table: LayerScores
    """(layers_x, layers_y), one more row and column with ``concatenate=True``."""
    calibrated: float | None = None
    """max((score - threshold) / (best - threshold), 0); None without permutations."""
    p_value: float | None = None
    """(1 + relabelings at least as close) / (permutations + 1), best over layers."""
    interval: Interval | None = None
    """Confidence interval of the expected score of the pair of layers that was best, its having
    been chosen by the same samples undone; the best score itself may lie above it. None when not
    asked."""
    threshold: float | None = None
    """tau: what the best of a table of unrelated layers stays within, 95 times in 100."""
    null_mean: float | None = None
    """Mean of the best score over the relabelings."""
    recall: float | None = None
    """Share of true neighbors the approximate index found, of the layer of X or Y with the fewest
    (1,024 random queries each); None when the search was exact."""
    tied: tuple[float, float] | None = None
    """Share of X's and of Y's neighbors, at the best pair of layers, that row order alone chose
    among candidates equally near. Where both are large the score says little, whatever its
    p-value. None for metrics without neighbors."""
    selection_free: float | None = None
    """Median-unbiased estimate of what ``interval`` holds: the best score less what it owes to
    having been chosen. None without an interval."""


class PanelAlignment(NamedTuple):
    """One model against many."""

    alignments: dict[str, Alignment]
    q_values: dict[str, float] | None
    """Benjamini-Hochberg over the panel; None without permutations."""


def prepare_layers(
    layers: Layers,
    *,
    truncation: Literal["exact", "mean"] | None,
    normalized: bool = True,
    name: str = "X",
    device: str | None = None,
) -> PreparedLayers:
    """Truncate outliers, then l2-normalize: the paper's order (App. C.2).

    Args:
        layers: (n, d_l) float32 each.
        truncation: see `prh_core.prepare.truncate`.
        normalized: whether rows are divided by their norms.
        name: what a message calls the model.
        device: where it is done and the layers stay: None for numpy, else a torch device.

    Raises:
        DegenerateLayerError: a layer is constant, or a row is all zeros; the message says which
            layer.
    """
    run = backend(device).features
    whole = truncate(list(map(run.put, layers)), truncation, run=run)
    ready = normalize(whole, name, run) if normalized else keep_rows(whole, name, run)
    for index in np.flatnonzero(constant_layers(ready)):
        raise DegenerateLayerError(
            f"{name}: layer {index} is constant (all {len(ready[index])} rows are the same), "
            "so no sample is nearer than another"
        )
    return ready


def align(
    X: Features,  # noqa: N803
    Y: Features,  # noqa: N803
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    concatenate: bool = False,
    permutations: int = 0,
    seed: int = 0,
    device: str | None = None,
    sigma: float | None = None,
    confidence: float | None = None,
    recall: float | None = None,
    layout: Layout = "auto",
) -> Alignment:
    """Score how alike X and Y represent the same n samples, over all pairs of layers.

    Args:
        X, Y: one (n, d) array, a (layers, n, d) array, or a list of (n, d_l) arrays; numpy or
            torch. Row i of both sides is the same sample, or the two halves of pair i.
        metric: a registered name, see `prh_core.all_metrics`.
        k: neighbors per sample, for metrics that use them.
        truncate: outlier truncation, see `prh_core.prepare.truncate`.
        normalize: l2-normalize each row.
        concatenate: add all layers side by side as one more candidate on each side.
        permutations: relabelings of Y's samples to calibrate against; 0: none.
        seed: of the relabelings and of the interval's resampling.
        device: None: numpy on this machine's cores; else "cuda" or another torch device, where
            features are truncated and normalized, neighbors searched, kernels formed, and all
            compared and relabeled.
        sigma: bandwidth for RBF metrics; None: the median distance.
        confidence: level of the interval, e.g. 0.95; None: no interval.
        recall: None: exact neighbors. Else an approximate index looks for at least that share of
            them, and the result's ``recall`` says what it found; for the k-NN family, n beyond
            100,000.
        layout: axes of an array of three: ``"auto"`` takes (layers, n, d) and refuses more layers
            than samples; ``"nld"`` is (n, layers, d), as the paper's released code saves features;
            ``"lnd"`` insists on (layers, n, d).

    Returns:
        Alignment(score, layers, table, calibrated, p_value, interval, threshold, null_mean, recall,
        tied, selection_free)

    Raises:
        FeatureShapeError, NotFiniteError, SampleCountError, NeighborCountError: X or Y, or k for
            them, is not as described.
        DegenerateLayerError: a layer, or every pair of layers, has no score.
        UnknownMetricError, TooManySamplesError: the metric is not registered, or needs more memory
            than there is.

    Examples:
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(100, 8))
        >>> align(X, 2 * X).score
        1.0
        >>> result = align(X, X[:, :4], permutations=99, confidence=0.95)
        >>> result.p_value, result.interval.low < result.score < result.interval.high
        (0.01, True)
    """
    return align_panel(
        X,
        {"Y": Y},
        metric=metric,
        k=k,
        truncate=truncate,
        normalize=normalize,
        concatenate=concatenate,
        permutations=permutations,
        seed=seed,
        device=device,
        sigma=sigma,
        confidence=confidence,
        recall=recall,
        layout=layout,
    ).alignments["Y"]


def align_panel(
    X: Features,  # noqa: N803
    panel: Mapping[str, Features],
    *,
    metric: str = "mutual_knn",
    k: int = 10,
    truncate: Literal["exact", "mean"] | None = None,
    normalize: bool = True,
    concatenate: bool = False,
    permutations: int = 0,
    seed: int = 0,
    device: str | None = None,
    sigma: float | None = None,
    confidence: float | None = None,
    recall: float | None = None,
    layout: Layout = "auto",
) -> PanelAlignment:
    """Score one model against many, each prepared once, with one false discovery rate.

    Args:
        X: the model, as in `align`.
        panel: name -> features of every other model, over the same samples in the same order.
        metric, k, truncate, normalize, concatenate, permutations, seed: as in `align`; the same
            relabelings serve the whole panel.
        device, sigma, confidence, recall, layout: as in `align`.

    Returns:
        PanelAlignment(alignments, q_values), both by name.

    Raises:
        PRHError: as `align`; a message calls a model by its name in the panel.
    """
    chosen = get_metric(metric)
    check_whole_k(k)
    check_whole(permutations=permutations, seed=seed)
    check_real(sigma=sigma, confidence=confidence, recall=recall)
    if recall is not None and not chosen.family.approximate:
        raise PRHError(f"recall: {metric} needs more than neighbors, so it is only exact")
    options = PrepareOptions(k if chosen.uses_k else 1, concatenate, sigma, device, recall)

    def prepared(features: Features, name: str) -> tuple[Any, float | None]:
        layers = as_layers(features, name, layout)
        check_paired(len(x_layers[0]), len(layers[0]), name)
        ready = prepare_layers(
            layers, truncation=truncate, normalized=normalize, name=name, device=device
        )
        try:
            side = chosen.family.prepare(ready, options)
        except DegenerateLayerError as error:
            raise DegenerateLayerError(f"{name}: {error}") from None
        return side, None if recall is None else measured_recall(ready, side.indices, seed)

    x_layers = as_layers(X, "X", layout)
    orders = draw_orders(len(x_layers[0]), permutations, seed)
    x, x_recall = prepared(x_layers, "X")
    alignments: dict[str, Alignment] = {}
    for name, features in panel.items():
        y, y_recall = prepared(features, name)
        aligned = _alignment(chosen, x, y, k, orders, seed, confidence, name)
        if x_recall is not None and y_recall is not None:
            aligned = aligned._replace(recall=min(x_recall, y_recall))
        alignments[name] = aligned
    p_values = [a.p_value for a in alignments.values() if a.p_value is not None]
    q_values = None
    if p_values:
        q_values = dict(
            zip(alignments, benjamini_hochberg(np.array(p_values)).tolist(), strict=True)
        )
    return PanelAlignment(alignments, q_values)


def _alignment(
    metric: Metric,
    x: Any,
    y: Any,
    k: int,
    orders: Int64[np.ndarray, "count n"],
    seed: int,
    confidence: float | None,
    name: str,
) -> Alignment:
    table = metric.compare(x, y, [k])[0]
    null = None
    if len(orders) and not np.isnan(table).all():
        null = null_best([metric], [x], y, [k], orders)[0, 0, 0]
    try:
        scored = score_best_pair(
            metric, x, y, table, k, null=null, confidence=confidence, seed=seed
        )
    except DegenerateLayerError as error:
        raise DegenerateLayerError(f"X and {name}: {error}") from None
    best, interval, calibration = scored.best, scored.interval, scored.calibration
    return Alignment(
        best.score,
        (best.layer_x, best.layer_y),
        table,
        calibrated=None if calibration is None else calibration.score,
        p_value=None if calibration is None else calibration.p_value,
        interval=None if interval is None else Interval(interval.low, interval.high),
        threshold=None if calibration is None else calibration.threshold,
        null_mean=None if calibration is None else calibration.null_mean,
        tied=scored.tied,
        selection_free=None if interval is None else interval.estimate,
    )
