"""The mean of several feature sets of one model: features of several captions or frames an item.

Raw features are averaged, layer by layer and row by row; what comes after (truncation, l2
normalization) sees the mean as it sees any features. A vector that is longer weighs more.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingest.errors import RowOrderError
from ingest.store.features import (
    FeatureHeader,
    StoredLayer,
    check_same_precision,
    check_same_rows,
    read_layers,
    read_stored,
    unit_key,
)
from prh_core.types import Layers


def header_of_mean(headers: Sequence[FeatureHeader]) -> FeatureHeader:
    """Describe the mean of feature sets, which no file holds; of one set it is that set.

    Raises:
        RowOrderError: they are not of one model, one way of pooling and the same layers, or do not
            list the same samples in the same order.
        MixedPrecisionError: they were computed or stored in different precision.
    """
    first = headers[0]
    for other in headers[1:]:
        check_same_rows(first, other)
        check_same_precision(first, other)
        if _what(first) != _what(other):
            raise RowOrderError(
                f"features of {first.model_id} on {first.dataset_id} and of {other.model_id} on "
                f"{other.dataset_id} cannot be averaged: model, pooling, prompt and layers should "
                "be the same"
            )
    if len(headers) == 1:
        return first
    return replace(first, key=unit_key({"mean of": [header.key for header in headers]}))


def _what(header: FeatureHeader) -> tuple[object, ...]:
    return (
        header.model_id, header.pooling, header.prompt, header.layer_names, header.widths
    )  # fmt: skip


def read_mean(paths: Sequence[Path]) -> list[StoredLayer]:
    """Read the mean of files' layers in depth order, float32; sums are in float64.

    One layer of one file is in memory beside the result. The layers of one file stay as they are
    stored.

    Raises:
        DamagedFeatureFileError: one is truncated or altered.
    """
    if len(paths) == 1:
        return read_stored(paths[0])
    layers: Layers = read_layers(paths[0])
    for depth, layer in enumerate(layers):
        total = layer.astype(np.float64)
        for path in paths[1:]:
            total += read_layers(path, [depth])[0]
        layers[depth] = (total / len(paths)).astype(np.float32)
    return [StoredLayer(layer, None) for layer in layers]
