"""What to score: feature sets, settings, and the units of work they make, each under its key."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from ingest.store.features import (
    FeatureHeader,
    check_same_precision,
    check_same_rows,
    read_header,
    unit_key,
)
from ingest.store.means import header_of_mean
from prh_core.batches import check_batch
from prh_core.calibration import PERMUTATIONS
from prh_core.curves import Fixed, check_n, k_of
from prh_core.errors import NeighborCountError
from prh_core.metrics import Metric, get_metric

SCORE_VERSION = 3
"""Raised when scoring would give other numbers for the same features; part of every unit's key."""
TruncationName = Literal["exact", "mean", "none"]


class FeatureFile(NamedTuple):
    """One side of a comparison."""

    path: Path
    header: FeatureHeader
    also: tuple[Path, ...] = ()
    """Files whose features are averaged with those of `path`; the header describes the mean."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that are read for this side."""
        return (self.path, *self.also)


@dataclass(frozen=True)
class Setting:
    """How two feature sets are compared."""

    metric: str
    k: int | None
    """None for metrics without neighbors."""
    truncation: TruncationName
    sigma: float | None = None
    """Bandwidth, for metrics with one; None takes the metric's own default."""
    permutations: int = PERMUTATIONS
    """Relabeled tables the score is calibrated against; 0 leaves it raw."""
    seed: int = 0
    """Of the permutations and of the interval's resampling."""
    n: int | None = None
    """The first n samples of one random order; None takes them all, in their own order."""
    interval: bool = True
    """Whether the best pair of layers gets a confidence interval, which may cost more than it."""

    @cached_property
    def definition(self) -> Metric:
        """The metric of that name.

        Raises:
            UnknownMetricError: it is not registered.
        """
        return get_metric(self.metric)

    def applicable(self) -> "Setting":
        """Drop what the metric does not look at, so that it names no second unit of work."""
        return replace(
            self,
            k=self.k if self.definition.uses_k else None,
            sigma=self.sigma if self.definition.uses_sigma else None,
        )

    def samples(self, side: FeatureFile) -> int:
        """Return how many samples of a feature set are compared.

        Raises:
            SampleCountError: more are asked for than there are.
        """
        return side.header.n if self.n is None else check_n(self.n, side.header.n)


class Unit(NamedTuple):
    """One score to compute."""

    key: str
    x: FeatureFile
    y: FeatureFile
    setting: Setting
    batch: int | None = None
    """Samples a batch, for the mean over batches; None compares all samples at once."""


def settings_for(
    metrics: Iterable[str],
    ks: Iterable[int],
    truncations: Iterable[TruncationName],
    *,
    sigma: float | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    ns: Iterable[int] = (),
    total: int = 0,
    fixed: Fixed = "k",
) -> tuple[Setting, ...]:
    """Combine choices to settings, each once: a metric without k has one whatever the list of ks.

    `ns` adds numbers of samples; all `total` samples are always among them, and k is theirs: it
    shrinks with n where k/n is fixed.

    Raises:
        UnknownMetricError: a metric is not registered.
    """
    ks, truncations = list(ks), list(truncations)
    sizes: list[tuple[int | None, int]] = [(None, k) for k in ks]
    sizes += [(n, k_of(k, n, total, fixed)) for n in ns if n != total for k in ks]
    settings = (
        Setting(metric, k, truncation, sigma, permutations, seed, n).applicable()
        for metric in metrics
        for n, k in sizes
        for truncation in truncations
    )
    return tuple(dict.fromkeys(settings))


def open_features(path: Path) -> FeatureFile:
    """Read a feature file's header.

    Raises:
        DamagedFeatureFileError: truncated, altered, or no feature file.
    """
    return FeatureFile(path, read_header(path))


def mean_of(files: Sequence[FeatureFile]) -> FeatureFile:
    """Return the mean of feature sets of one model as one side; it is taken when it is read.

    Raises:
        RowOrderError, MixedPrecisionError: see `header_of_mean`.
    """
    paths = [path for file in files for path in file.paths]
    return FeatureFile(paths[0], header_of_mean([file.header for file in files]), (*paths[1:],))


def plan(
    xs: Iterable[FeatureFile], ys: Iterable[FeatureFile], settings: Iterable[Setting]
) -> list[Unit]:
    """List every score of `xs` against `ys`; symmetric metrics once per unordered pair.

    Raises:
        RowOrderError: two files do not list the same samples in the same order.
        MixedPrecisionError: two files were computed in different precision.
        SampleCountError: more samples are asked for than there are.
        NeighborCountError: k is not in 1 ... n - 1, or is missing where the metric needs one.
    """
    # Names repeat across poolings; keys never do.
    units: dict[str, Unit] = {}
    ys, settings = list(ys), list(dict.fromkeys(setting.applicable() for setting in settings))
    for x in xs:
        for y in ys:
            if x.header.key == y.header.key:
                continue
            check_same_rows(x.header, y.header)
            check_same_precision(x.header, y.header)
            for setting in settings:
                metric, n = setting.definition, setting.samples(x)
                if metric.uses_k and (setting.k is None or not 1 <= setting.k <= n - 1):
                    raise NeighborCountError(
                        f"k must be between 1 and n - 1 = {n - 1} on {x.header.dataset_id} "
                        f"(n = {n}), got k = {setting.k}"
                    )
                if metric.symmetric and _key(y, x, setting) in units:
                    continue
                key = _key(x, y, setting)
                units[key] = Unit(key, x, y, setting)
    return list(units.values())


def _key(x: FeatureFile, y: FeatureFile, setting: Setting) -> str:
    return unit_key(
        {
            "x": x.header.key,
            "y": y.header.key,
            **asdict(setting),
            "normalized": True,
            "version": SCORE_VERSION,
        }
    )


def alike(unit: Unit) -> bool:
    """Say whether both sides were pooled and prompted alike."""
    x, y = unit.x.header, unit.y.header
    return (x.pooling, x.prompt) == (y.pooling, y.prompt)


def plan_batches(scores: Iterable[Unit], sizes: Sequence[int]) -> list[Unit]:
    """List the means over batches of every pair of feature sets that is scored over all samples.

    Args:
        scores: planned scores; settings over fewer samples have no batches.
        sizes: samples a batch.

    Raises:
        SampleCountError: a size leaves a single batch that is not all samples.
        NeighborCountError: k does not fit a batch.
    """
    units: dict[str, Unit] = {}
    for whole in scores:
        if whole.setting.n is not None:
            continue
        for size in sizes:
            check_batch(size, whole.x.header.n, whole.setting.k)
            unit = whole._replace(key=_batch_key(whole, size), batch=size)
            units.setdefault(unit.key, unit)
    return list(units.values())


def _batch_key(whole: Unit, size: int) -> str:
    setting = whole.setting
    return unit_key(
        {
            "x": whole.x.header.key,
            "y": whole.y.header.key,
            "metric": setting.metric,
            "k": setting.k,
            "sigma": setting.sigma,
            "truncation": setting.truncation,
            "batch": size,
            "seed": setting.seed,
            "version": SCORE_VERSION,
        }
    )
