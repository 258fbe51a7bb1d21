"""What a study's commands are told, declared once: frozen records of plain values.

A field is the option of the same name; `ingest.cli.options` holds its flag and its help.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from ingest.catalog import Catalog, ModelRecord
from ingest.catalog.records import NETWORKS, in_order
from ingest.errors import CatalogError
from ingest.extract import Variant, variant
from ingest.pipeline.scores.plan import Setting, TruncationName, settings_for
from ingest.store.precision import EXACT
from prh_core.calibration import PERMUTATIONS
from prh_core.curves import Fixed
from prh_core.metrics import all_metrics

PAIRS = ("auto", "within", "all")
"""Which models are compared, beside the names of one modality or two ("language-vision"): across
modalities, or within one where there is no other; within each; both."""


def sides_of(pairs: str, present: Iterable[str]) -> list[tuple[str, str]]:
    """Return the modalities compared: each with itself counts every unordered pair of models once.

    Args:
        pairs: one of `PAIRS`, a modality, or two joined by a hyphen.
        present: modalities of the models.

    Raises:
        CatalogError: it is none of these.
    """
    there = in_order(present)
    across, within = list(combinations(there, 2)), [(name, name) for name in reversed(there)]
    named = in_order(pairs.split("-"))
    if pairs == "auto":
        return across or within
    if pairs == "within":
        return within
    if pairs == "all":
        return [*across, *within]
    if len(pairs.split("-")) <= 2 and set(named) <= {*there, *NETWORKS}:
        return [(named[0], named[-1])]
    raise CatalogError(
        f"--pairs should be one of {', '.join(PAIRS)}, a modality or two joined by a hyphen, of "
        f"{', '.join(there)}; got {pairs!r}"
    )


TRUNCATIONS: tuple[TruncationName, ...] = ("exact", "mean", "none")


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which models take part."""

    panel: str | None = None
    models: Sequence[str] = ()
    catalogs: Sequence[Path] = ()

    def chosen(self, catalog: Catalog) -> tuple[ModelRecord, ...]:
        """Return the models of the panel and those named besides, each once.

        Raises:
            CatalogError: none is named, or one is unknown.
        """
        ids = [*(catalog.panel(self.panel).models if self.panel else ()), *self.models]
        if not ids:
            raise CatalogError("name the models: --panel, --models, or both")
        return tuple(catalog.model(model_id) for model_id in dict.fromkeys(ids))


@dataclass(frozen=True, kw_only=True)
class StudyOptions(ModelOptions):
    """Which models see which dataset, and how their networks compute."""

    dataset: str
    poolings: Sequence[str] = ()
    """By name, of captions or of images; where none is of a model's kind, its default is taken."""
    prompts: Sequence[str] = ()
    """By name; none means the caption alone."""
    skip_corrupt: bool = False
    device: str = "auto"
    """Where networks run: a device, several separated by commas, or "all" cards. Several run models
    side by side, and the first does the rest."""
    dtype: str = "auto"
    """The precision of every network: a name, or auto, which goes on in the one precision that is
    stored of these models on this dataset, and where nothing is stored takes what suits
    `device`."""
    store: str = EXACT
    """Number format of every feature file: float32, or float16."""

    def variants(self, catalog: Catalog) -> tuple[Variant, ...]:
        """Return poolings of images and sounds, and every pair of a caption's pooling and prompt.

        Raises:
            CatalogError: the catalog has none of that name, or a pooling reads a part that a prompt
                does not have.
        """
        poolings = [catalog.pooling(name) for name in self.poolings]
        prompts = [catalog.prompt(name) for name in self.prompts]
        of_others = [variant(p) for p in poolings if p.modality != "language"]
        of_captions = [p for p in poolings if p.modality == "language"]
        if not of_captions and not prompts:
            return tuple(of_others)
        return (
            *of_others,
            *(
                variant(pooling, prompt)
                for pooling in of_captions or [catalog.pooling("mean")]
                for prompt in prompts or [catalog.prompt("none")]
            ),
        )


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """Which models are compared, and how."""

    metrics: Sequence[str] = ("mutual_knn",)
    """"all" stands for every metric there is."""
    ks: Sequence[int] = (10,)
    truncations: Sequence[str] = ("exact",)
    permutations: int = PERMUTATIONS
    seed: int = 0
    sigma: float | None = None
    ns: Sequence[int] = ()
    fixed: Fixed = "k"
    pairs: str = "auto"
    """As `sides_of` takes it."""

    def settings(self, total: int) -> tuple[Setting, ...]:
        """Return every combination, for a dataset of `total` samples.

        Raises:
            CatalogError: a truncation is none of those there are.
        """
        return settings_for(
            [m.name for m in all_metrics()] if "all" in self.metrics else list(self.metrics),
            self.ks,
            [_truncation(name) for name in self.truncations],
            sigma=self.sigma,
            permutations=self.permutations,
            seed=self.seed,
            ns=self.ns,
            total=total,
            fixed=self.fixed,
        )


@dataclass(frozen=True, kw_only=True)
class ExtraScores:
    """What is scored besides every pair of models over all samples."""

    noise_ceiling: bool = False
    """Each model with itself, shown the second views whose features are stored."""
    split_half: bool = False
    """The halves of each model's dimensions with each other."""
    batches: Sequence[int] = ()
    """Every pair also on average over batches of these sizes."""


@dataclass(frozen=True, kw_only=True)
class ExtractOptions:
    """How features are extracted."""

    batch_size: int | None = None
    """Most inputs a batch."""
    caption_bits: bool = False
    """Score language models that predict text on the captions in the same pass."""


def _truncation(name: str) -> TruncationName:
    for known in TRUNCATIONS:
        if name == known:
            return known
    raise CatalogError(f"--truncation should be one of {', '.join(TRUNCATIONS)}, got {name!r}")
