"""What can be taken from one model: pooling and prompt; and the shape of what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError

Pooling = Literal["cls", "gap", "mean", "last", "first", "auto"]

PROMPTS: Mapping[str, str] = {
    "none": "{caption}",
    "paper": "An image with the caption '{caption}'. This is an image of a",
}
"""Templates put round a caption (App. C.2 of the paper); '{caption}' is replaced literally."""

_POOLINGS: Mapping[str, frozenset[Pooling]] = {
    "vision": frozenset({"cls", "gap", "auto"}),
    "language": frozenset({"mean", "last", "first"}),
}


@dataclass(frozen=True)
class Variant:
    """One way of turning a layer into one vector a sample."""

    pooling: Pooling
    """Vision: 'cls' (class token), 'gap' (mean over positions), 'auto' (class token if every layer
    has one, else 'gap'). Language: 'mean' over real tokens, 'last' or 'first' token."""
    prompt: str = ""
    """Name of a template in PROMPTS; '' for vision."""


@dataclass(frozen=True)
class Extracted:
    """The features of one variant."""

    layers: dict[str, NDArray[np.float32]]
    """Layer name -> (n, d) C-contiguous float32, in depth order, rows in dataset order."""
    facts: dict[str, str]
    """What was run: revision, device, dtype, library versions, seconds, counts."""


def variants_for(record: ModelRecord) -> tuple[Variant, ...]:
    """Return the variants extracted by default: the paper's main choice for the model's kind.

    Raises:
        CatalogError: the record's option `pooling` is unknown for its modality.
    """
    if record.saved:
        return (saved_variant(record),)
    if record.modality == "language":
        return (Variant("mean", "none"),)
    pooling = record.options.get("pooling", "auto")
    if pooling not in _POOLINGS["vision"]:
        raise CatalogError(
            f"Model {record.id!r}: pooling should be one of "
            f"{', '.join(sorted(_POOLINGS['vision']))}; got {pooling!r}."
        )
    return (Variant(cast(Pooling, pooling)),)


def saved_variant(record: ModelRecord) -> Variant:
    """Return how features that were saved are said to have been pooled; nothing else is there.

    Captions are taken to be pooled as models here pool them, over tokens, unless it is said.
    """
    language = record.modality == "language"
    pooling = str(record.options.get("pooling", "mean" if language else "unstated"))
    return Variant(cast(Pooling, pooling), "none" if language else "")


def check_variant(record: ModelRecord, variant: Variant) -> None:
    """Raise CatalogError when the variant does not suit the model's modality."""
    fits = variant.pooling in _POOLINGS[record.modality]
    if not fits or variant.pooling not in get_args(Pooling):
        raise CatalogError(
            f"Model {record.id!r} is a {record.modality} model; its pooling should be one of "
            f"{', '.join(sorted(_POOLINGS[record.modality]))}; got {variant.pooling!r}."
        )
    prompts = {""} if record.modality == "vision" else set(PROMPTS)
    if variant.prompt not in prompts:
        raise CatalogError(
            f"Model {record.id!r}: the prompt should be one of "
            f"{', '.join(repr(name) for name in sorted(prompts))}; got {variant.prompt!r}."
        )


def prompted(caption: str, prompt: str) -> str:
    """Return the caption inside the named template."""
    return PROMPTS[prompt].replace("{caption}", caption)
