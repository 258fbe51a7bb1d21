"""A probe of a model in training: its layers now, against references, as durable rows."""

import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from torch import Tensor, nn

from ingest.datasets import Dataset
from ingest.errors import MixedPrecisionError
from ingest.pipeline.run import Run, record_dataset
from ingest.pipeline.scores.plan import Setting, TruncationName
from ingest.store.features import unit_key
from ingest.store.workspace import Workspace
from ingest.training.compare import Comparison, ReferenceScore
from ingest.training.log import Sink, log_scores
from ingest.training.references import Reference, given_references, matched
from ingest.training.samples import LIVE, ProbeSamples
from ingest.training.state import kept_threads, plain_module, precision_of, undisturbed
from prh_core.errors import PRHError
from prh_core.types import Features

TRAINING_VERSION = 1
"""Raised when a probe would give other numbers for the same weights; part of every row's key."""


class Probed(NamedTuple):
    """What one probe found."""

    step: int
    scores: dict[str, ReferenceScore]
    """By reference."""
    set_aside: tuple[str, ...]
    """Layers that cannot be compared: constant, or with a row of zeros."""
    seconds: float
    """What the probe took."""
    seconds_since: float
    """Since the last probe ended; since the training was first seen, for the first."""


class Probe:
    """Scores a model in training against references, step by step.

    A `with` block, or `close`, ends its run in the data folder.
    """

    def __init__(
        self,
        samples: ProbeSamples,
        references: Sequence[Reference] | Mapping[str, Features],
        *,
        training: str,
        home: Path | None = None,
        label: str | None = None,
        metric: str = "mutual_knn",
        k: int = 10,
        truncation: TruncationName = "exact",
        permutations: int = 0,
        seed: int = 0,
        sinks: Sequence[Sink] = (),
        tell: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Prepare the references, each once.

        Args:
            samples: of `captions`, `images` or `batches`.
            references: of `stored_references`, or arrays by name over the dataset's rows.
            training: names the training; given again after a crash, its rows go on.
            home: the data folder where rows go; None stores nothing.
            label: what to call the model; the training's name by default.
            metric, k, truncation: as in `prh score`; best over pairs of single layers.
            permutations: relabelings for a p-value of the best; 0: none.
            seed: of the relabelings.
            sinks: told every probe's scores besides W&B and Trackio, where a run of theirs is on.
            tell: is given a line a probe with its scores and its cost; None writes it to stderr.
            clock: seconds from any beginning.

        Raises:
            RowOrderError: a reference lists other samples than the probe, or nobody knows which.
            SampleCountError, NeighborCountError: numbers of samples or k do not fit.
            DegenerateLayerError: a reference has no layer that can be compared.
            UnknownMetricError: the metric is not registered.
            PRHError: there is no reference, or one twice.
        """
        self.samples, self.training, self.label = samples, training, label or training
        self.clock = clock
        self.began: float | None = None
        """When the training was first seen; None before."""
        self.spent = self.cost = 0.0
        """Seconds of all probes so far, and of the last, storing and logging among them."""
        self.last: Probed | None = None
        self.find_running = True
        """Whether runs of W&B and Trackio are looked for; Lightning's loggers do it themselves."""
        self._tell = tell or _to_stderr
        self._sinks = list(sinks)
        self._workspace = None if home is None else Workspace(home)
        self._run: Run | None = None
        self._ended = 0.0
        self._measures: dict[int, dict[str, float]] = {}
        given = given_references(references) if isinstance(references, Mapping) else references
        self._references = {reference.model_id: reference for reference in given}
        self._precision: str | None = None
        setting = Setting(metric, k, truncation, permutations=permutations, seed=seed)
        rows = [matched(reference, samples) for reference in given]
        if not rows:
            raise PRHError("expected at least one reference, got none")
        self.n = len(rows[0].layers[0])
        with kept_threads():
            self._comparison = Comparison(setting, rows, self.n)

    def __enter__(self) -> Self:
        """Return the probe."""
        return self

    def __exit__(self, *raised: Any) -> None:
        """End its run; an error that ended the training is recorded with it."""
        self.close(*raised)

    def __call__(self, model: nn.Module, step: int, **measures: float | Tensor) -> Probed:
        """Score a model as it is now, store and log what was found, and leave it as it was.

        Args:
            model: in any mode, on any device; wrappers of torch.compile and of data-parallel
                training are looked through.
            step: steps trained; the same step again replaces its rows.
            measures: numbers beside it at this step, e.g. loss=..., bits_per_byte=...

        Raises:
            MixedPrecisionError: stored references were computed in another precision.
            NotFiniteError, DegenerateLayerError: the model has no features that can be compared.
            CatalogError, ModelFailedError, RowOrderError, OutOfMemoryError: it cannot be read.
            DiskFullError, DataFolderError: the rows cannot be stored.
        """
        self.begin()
        started, since = self.clock(), self.clock() - self._ended
        try:
            inner = plain_module(model)
            with undisturbed(inner):
                precision = self._checked_precision(inner)
                layers = self.samples.read(inner)
                scores, aside = self._comparison.scores(layers, LIVE)
            self.note(step, **measures)
            by_name = {score.reference: score for score in scores}
            found = Probed(step, by_name, aside, self.clock() - started, since)
            self._store(found, precision)
            metric = self._comparison.setting.metric
            log_scores(metric, found.scores, step, self._sinks, self.find_running)
        finally:
            self._ended = self.clock()
            self.cost = self._ended - started
            self.spent += self.cost
        self.last = found
        self._tell(self._line(found))
        return found

    def begin(self) -> None:
        """Take the training as begun, if it is not: from here on the share of time is counted."""
        if self.began is None:
            self.began = self._ended = self.clock()

    def note(self, step: int, **measures: float | Tensor) -> None:
        """Remember numbers of a step for the table `training_measures`, stored at the next probe.

        Args:
            step: steps trained.
            measures: what can be turned into a number; what is not finite is stored as NULL.
        """
        if measures:
            noted = self._measures.setdefault(step, {})
            for name, value in measures.items():
                plain = value.detach() if isinstance(value, Tensor) else value
                noted[name] = float(plain)

    def add_sink(self, sink: Sink) -> None:
        """Have scores told to one more place."""
        self._sinks.append(sink)

    def refused(self, step: int, error: Exception) -> None:
        """Tell of a probe that found nothing; the training goes on."""
        self._tell(f"prh: {self.training}, step {step}: no score: {error}")

    def close(self, *raised: Any) -> None:
        """Store what was noted, and end the run in the data folder; a later call begins another."""
        if self._measures and self._workspace is not None:
            self._store_measures(self._open())
        if self._run is not None:
            self._run.__exit__(*(raised or (None, None, None)))
            self._run = None

    def _checked_precision(self, model: nn.Module) -> str:
        precision = precision_of(model)
        if precision != self._precision:
            for reference in self._references.values():
                if reference.header is not None and reference.header.precision != precision:
                    raise MixedPrecisionError(
                        f"the weights in training are {precision}, the features of "
                        f"{reference.model_id} were computed in {reference.header.precision}; "
                        f"`prh extract --dtype {precision}` makes such, and stored_references("
                        f"..., precision={precision!r}) reads them"
                    )
            self._precision = precision
        return precision

    def _open(self) -> Run:
        assert self._workspace is not None
        if self._run is None:
            self._run = Run(self._workspace).__enter__()
            if isinstance(self.samples.dataset, Dataset):
                record_dataset(self._workspace, self.samples.dataset)
        return self._run

    def _store(self, found: Probed, precision: str) -> None:
        if self._workspace is None:
            self._measures.clear()
            return
        run = self._open()
        setting, samples = self._comparison.setting, self.samples
        curve = {
            "training": self.training,
            "dataset_id": samples.dataset_id,
            "row_order": samples.row_order,
            "n": self.n,
            "metric": setting.metric,
            "k": setting.k,
            "truncation": setting.truncation,
            "step": found.step,
        }
        rows = []
        for score in found.scores.values():
            header = self._references[score.reference].header
            features = None if header is None else header.key
            key = {**curve, "reference": score.reference, "features": features}
            rows.append(
                {
                    "unit_key": unit_key({**key, "version": TRAINING_VERSION}),
                    **curve,
                    "model_label": self.label,
                    "reference": score.reference,
                    "reference_features": features,
                    "pooling": samples.pooling,
                    "prompt": samples.prompt,
                    "precision": precision,
                    "permutations": setting.permutations,
                    "seed": setting.seed,
                    "score": score.score,
                    "layer": score.layer,
                    "reference_layer": score.reference_layer,
                    "last_layer_score": score.last_layer_score,
                    "p_value": score.p_value,
                    "null_threshold": score.null_threshold,
                    "set_aside": list(found.set_aside),
                    "probe_seconds": found.seconds,
                    "seconds_since": found.seconds_since,
                    "training_version": TRAINING_VERSION,
                }
            )
        part = unit_key({"units": sorted(str(row["unit_key"]) for row in rows)})
        run.append("training_scores", part, rows)
        self._store_measures(run)
        run.done += 1

    def _store_measures(self, run: Run) -> None:
        rows = [
            {
                "training": self.training,
                "step": step,
                "measure": name,
                "value": value if math.isfinite(value) else None,
            }
            for step, measures in sorted(self._measures.items())
            for name, value in measures.items()
        ]
        if rows:
            steps = sorted(self._measures)
            part = unit_key({"run": run.run_id, "training": self.training, "steps": steps})
            run.append("training_measures", part, rows)
        self._measures.clear()

    def _line(self, found: Probed) -> str:
        scores = ", ".join(f"{name} {score.score:.4f}" for name, score in found.scores.items())
        assert self.began is not None
        whole = self.spent / max(self.clock() - self.began, 1e-9)
        return (
            f"prh: {self.training}, step {found.step}: {self._comparison.setting.metric} {scores}; "
            f"{self.cost:.2f} s, {found.seconds_since:.1f} s after the last ({whole:.1%} of the "
            "time so far)"
        )


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
