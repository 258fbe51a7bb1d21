"""Features that another program saved, as a model's: read, put in order, and no network run.

[[model]]
loader = "features"
source = "features.safetensors"  # relative to this file, or hf://datasets/OWNER/NAME/FILE; or
                               # several, in depth order:
[model.options]
files = ["early.npy", "late.npy"]  # optional, instead of `source`
ids = "ids.txt"                # optional: sample ids, where the files have none
layout = "nld"                 # optional: axes of an array of three, "lnd" or "nld"
row_order = "9f86d0..."        # optional: of files without ids, the dataset's row order
pooling = "last"               # optional: how tokens or patches were made one vector
precision = "bfloat16"         # optional: in which the network computed; float32 by default
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np

from ingest.catalog.addresses import is_address, once_local
from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError
from ingest.extract.variants import Extracted, Variant
from ingest.foreign import Given, read_given
from ingest.foreign.fit import on_samples
from ingest.store.precision import EXACT, PRECISIONS
from prh_core.errors import PRHError
from prh_core.types import Layer, Layout

_OPTIONS = {"files", "ids", "layout", "row_order", "pooling", "precision"}
_DESCRIBING = ("pooling", "precision")
"""Options that are named elsewhere in a key: the variant's, and the study's."""


def saved_files(record: ModelRecord) -> list[Path]:
    """Return the files behind a record: features in depth order, then ids; none if imported.

    Raises:
        CatalogError: an option is none of those there are, or a file on the hub cannot be had.
    """
    unknown = sorted(set(record.options) - _OPTIONS)
    if unknown:
        raise CatalogError(
            f"Model {record.id!r} has an option {unknown[0]!r} that the loader 'features' does "
            f"not know; known: {', '.join(sorted(_OPTIONS))}."
        )
    if record.base is None:
        return []
    named = record.options.get("files", [record.source])
    names = named if isinstance(named, list) else [named]
    ids = record.options.get("ids")
    return [_file(record, str(name)) for name in [*names, *([] if ids is None else [ids])]]


def _file(record: ModelRecord, name: str) -> Path:
    if not is_address(name):
        return (record.base or Path()) / name
    try:
        return once_local(name)
    except PRHError as error:  # leaves out this model, and the others go on
        raise CatalogError(f"Model {record.id!r}: {error}") from error


def read_by(record: ModelRecord) -> dict[str, Any]:
    """Return the options that say how the files are read, for the key of the features."""
    return {k: v for k, v in record.options.items() if k not in _DESCRIBING}


def precision_of(record: ModelRecord) -> str:
    """Return the precision in which the network behind saved features computed.

    Raises:
        CatalogError: it is none of `PRECISIONS`.
    """
    precision = str(record.options.get("precision", EXACT))
    if precision not in PRECISIONS:
        raise CatalogError(
            f"Model {record.id!r}: precision should be one of {', '.join(PRECISIONS)}; got "
            f"{precision!r}."
        )
    return precision


def content_of(layers: Mapping[str, Layer]) -> str:
    """Return 'sha256:' and 64 hex digits over the names, shapes and numbers of layers."""
    digest = hashlib.sha256()
    for name, layer in layers.items():
        digest.update(f"{len(name)}:{name}{layer.shape}".encode())
        digest.update(np.ascontiguousarray(layer).view(np.uint8).data)
    return f"sha256:{digest.hexdigest()}"


def saved_facts(record: ModelRecord, given: Given, revision: str) -> dict[str, str]:
    """Return what is known of features that were saved."""
    return {
        "revision": revision,
        "device": "unknown",
        "dtype": precision_of(record),
        "files": given.title,
        "loader": record.loader,
    }


def extract_saved(
    record: ModelRecord, dataset: Dataset, variants: Sequence[Variant], dtype: str
) -> dict[Variant, Extracted]:
    """Read a record's files and put their rows in the order of a dataset.

    Raises:
        CatalogError: an option is wrong, the study is in another precision, or the record was
            imported for another dataset and has no files.
        FeaturesFileError, SampleIdsError, NotFiniteError, SampleCountError: the files are not as
            described, or not of these samples.
    """
    files, own = saved_files(record), precision_of(record)
    if not files:
        raise CatalogError(
            f"Model {record.id!r} was imported, and not for these samples of {dataset.record.id}: "
            f"`prh import features FILE --dataset {dataset.record.id} --model {record.id}`."
        )
    if dtype not in ("auto", own):
        raise CatalogError(
            f"Model {record.id!r} was computed in {own}, and the study is in {dtype}: choose "
            f"--dtype {own}, or another model."
        )
    layout = record.options.get("layout", "auto")
    if layout not in get_args(Layout):
        raise CatalogError(f"Model {record.id!r}: layout should be lnd or nld; got {layout!r}.")
    ids = files.pop() if "ids" in record.options else None
    said = record.options.get("row_order")
    given = read_given(files, ids=ids, layout=cast(Layout, layout))
    fitted = on_samples(
        given,
        dataset.record.id,
        dataset.sample_ids,
        dataset.row_order,
        said=None if said is None else str(said),
    )
    facts = saved_facts(record, given, record.revision)
    return {variant: Extracted(layers=fitted.given.layers, facts=facts) for variant in variants}
