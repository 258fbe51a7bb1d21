"""What can be taken from one model: pooling and prompt; and the shape of what comes out."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog, load_catalog
from ingest.catalog.records import ModelRecord
from ingest.catalog.variant_records import PoolingRecord, PromptRecord
from ingest.errors import CatalogError


@dataclass(frozen=True)
class Variant:
    """One way of turning a layer into one vector a sample, by names of the catalog."""

    pooling: str
    """Name of a pooling of the model's modality."""
    prompt: str = ""
    """Name of a prompt; '' but for language."""
    own_pooling: PoolingRecord | None = None
    """What the name means where the pooling does not ship with the project."""
    own_prompt: PromptRecord | None = None
    """Likewise of the prompt."""

    @property
    def pools(self) -> PoolingRecord:
        """The pooling; UnknownRecordError where none of that name ships."""
        return self.own_pooling or _shipped().pooling(self.pooling)

    @property
    def says(self) -> PromptRecord:
        """The prompt; UnknownRecordError where none of that name ships."""
        return self.own_prompt or _shipped().prompt(self.prompt)

    def content(self) -> dict[str, Any]:
        """Return what determines the features: names that ship stand for their content."""
        prompt = self.own_prompt.content() if self.own_prompt else ""
        if self.prompt and not prompt and self.says.generate:
            prompt = self.says.content()
        return {
            "pooling": self.own_pooling.content() if self.own_pooling else self.pooling,
            "prompt": self.says.template if self.prompt and not prompt else prompt,
        }


@dataclass(frozen=True)
class Extracted:
    """The features of one variant."""

    layers: dict[str, NDArray[np.float32]]
    """Layer name -> (n, d) C-contiguous float32, in depth order, rows in dataset order."""
    facts: dict[str, str]
    """What was run: revision, device, dtype, library versions, seconds, counts."""


@cache
def _shipped() -> Catalog:
    return load_catalog()


def shipped_pooling(name: str) -> PoolingRecord:
    """Return the pooling of that name that ships, or raise UnknownRecordError."""
    return _shipped().pooling(name)


def variant(pooling: PoolingRecord, prompt: PromptRecord | None = None) -> Variant:
    """Return the variant of a pooling and, for captions, a prompt.

    Raises:
        CatalogError: the pooling reads a part of the prompt that the prompt does not have.
    """
    if prompt is not None:
        _refuse_absent_part(pooling, prompt)
    return Variant(
        pooling.id,
        "" if prompt is None else prompt.id,
        None if pooling.shipped else pooling,
        None if prompt is None or prompt.shipped else prompt,
    )


def variants_for(record: ModelRecord) -> tuple[Variant, ...]:
    """Return the variants extracted by default: the paper's main choice for the model's kind.

    Raises:
        CatalogError: the record's option `pooling` is unknown for its modality.
    """
    if record.saved:
        return (saved_variant(record),)
    if record.modality == "language":
        return (Variant("mean", "none"),)
    pooling = record.options.get("pooling", "sound" if record.modality == "audio" else "auto")
    known = _names(record)
    if not isinstance(pooling, str) or pooling not in known:
        raise CatalogError(
            f"Model {record.id!r}: pooling should be one of {', '.join(known)}; got {pooling!r}."
        )
    return (Variant(pooling),)


def saved_variant(record: ModelRecord) -> Variant:
    """Return how features that were saved are said to have been pooled; nothing else is there.

    Captions are taken to be pooled as models here pool them, over tokens, unless it is said.
    """
    language = record.modality == "language"
    pooling = str(record.options.get("pooling", "mean" if language else "unstated"))
    return Variant(pooling, "none" if language else "")


def check_variant(record: ModelRecord, variant: Variant) -> None:
    """Raise CatalogError when the variant does not suit the model's modality."""
    own = variant.own_pooling
    fits = variant.pooling in _names(record) if own is None else own.modality == record.modality
    if not fits:
        raise CatalogError(
            f"Model {record.id!r} is a {record.modality} model; its pooling should be one of "
            f"{', '.join(_names(record))}, or your own; got {variant.pooling!r}."
        )
    prompts = sorted(_shipped().prompts) if record.modality == "language" else [""]
    if record.modality != "language" or variant.own_prompt is None:
        if variant.prompt not in prompts:
            raise CatalogError(
                f"Model {record.id!r}: the prompt should be one of "
                f"{', '.join(repr(name) for name in prompts)}; got {variant.prompt!r}."
            )
    if variant.prompt:
        _refuse_absent_part(variant.pools, variant.says)


def _names(record: ModelRecord) -> list[str]:
    """Return the poolings that ship for a model's modality."""
    return sorted(
        name for name, pooling in _shipped().poolings.items() if pooling.modality == record.modality
    )


def _refuse_absent_part(pooling: PoolingRecord, prompt: PromptRecord) -> None:
    if pooling.part is not None and not getattr(prompt, pooling.part):
        raise CatalogError(
            f"The pooling {pooling.id!r} reads the {pooling.part} of the prompt, and the prompt "
            f"{prompt.id!r} has none; name another with --prompt."
        )
