"""Load a model, choose the device, extract, and write down what was run."""

import json
import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError, MissingCaptionError
from ingest.extract.audio import extract_audio
from ingest.extract.crops import CropCache
from ingest.extract.device import exact_float32, place
from ingest.extract.language import Watch, extract_language
from ingest.extract.loaded import LoadedAudio, LoadedLanguage, LoadedVision
from ingest.extract.loaders import Loaded, load
from ingest.extract.variants import Extracted, Variant, check_variant
from ingest.extract.vision import extract_vision, resolved_pooling
from ingest.progress import Progress, Silent
from ingest.store.precision import EXACT
from prh_core.errors import NotFiniteError


def extract_features(
    record: ModelRecord,
    dataset: Dataset,
    variants: Sequence[Variant],
    device: str,
    dtype: str,
    batch_size: int | None,
    progress: Progress | None,
    watch: Watch | None = None,
    crops: CropCache | None = None,
) -> dict[Variant, Extracted]:
    """Do what `ingest.extract.extract` says."""
    if batch_size is not None and batch_size < 1:
        raise CatalogError(f"The batch size should be at least 1; got {batch_size}.")
    for variant in variants:
        check_variant(record, variant)
    variants = tuple(dict.fromkeys(variants))
    shown = progress or Silent()
    where = place(device, dtype)
    started = time.perf_counter()
    shown.note(f"Loading {record.label}")
    loaded = load(record, where)
    parameters = _parameters(loaded)  # before anything is folded
    ready = time.perf_counter()
    truncated: dict[Variant, int] = {}
    layers: Mapping[Variant, dict[str, NDArray[np.float32]]]
    with exact_float32():
        if isinstance(loaded, LoadedVision):
            layers = extract_vision(
                record, loaded, dataset, variants, where, batch_size, shown, crops
            )
        elif isinstance(loaded, LoadedAudio):
            layers = extract_audio(record, loaded, dataset, variants, where, batch_size, shown)
        else:
            if not dataset.has_captions:
                raise MissingCaptionError(
                    f"Dataset {dataset.record.id!r} has no captions for {record.id} to read."
                )
            layers, truncated = extract_language(
                record, loaded, dataset, variants, where, batch_size, shown, watch
            )
    ended = time.perf_counter()
    device_name = where.device.type
    if device_name == "cuda":
        device_name = torch.cuda.get_device_name(where.device)
    facts = {
        "revision": loaded.revision,
        "device": device_name,
        "dtype": where.precision,
        **_versions(),
        "seconds": f"{ended - started:.2f}",
        "load_seconds": f"{ready - started:.2f}",
        "items_per_second": f"{len(dataset) / max(ended - ready, 1e-9):.2f}",
        "parameters": str(parameters),
    }
    result: dict[Variant, Extracted] = {}
    for variant in variants:
        _refuse_not_finite(record, variant, layers[variant], facts["dtype"])
        own: dict[str, str] = {}
        if isinstance(loaded, LoadedVision):
            own["pooling"] = resolved_pooling(record, loaded, variant.pools).id
        elif isinstance(loaded, LoadedLanguage) and loaded.tower is not None:
            own |= {} if (read := loaded.tower()) is None else {"tower": read}
        if variant.own_pooling is not None:
            own["pooling_definition"] = json.dumps(variant.own_pooling.content())
        if variant.prompt not in ("", "none"):
            own["prompt_template"] = variant.says.template
        if variant.prompt and variant.says.generate:
            own["continuation"] = json.dumps(variant.says.content())
        if variant in truncated:
            own["truncated_captions"] = str(truncated[variant])
        result[variant] = Extracted(layers=layers[variant], facts={**facts, **own})
    return result


def _refuse_not_finite(
    record: ModelRecord, variant: Variant, layers: dict[str, NDArray[np.float32]], dtype: str
) -> None:
    for name, layer in layers.items():
        if not np.isfinite(layer).all():
            row = int(np.flatnonzero(~np.isfinite(layer).all(axis=1))[0])
            raise NotFiniteError(
                f"Model {record.id!r}: layer {name!r} holds NaN or infinity at row {row} in "
                f"{dtype} (pooling {variant.pooling}); "
                + ("its weights may be damaged." if dtype == EXACT else f"try --dtype {EXACT}.")
            )


def _parameters(loaded: Loaded) -> int:
    if loaded.module is None:
        return 0
    return sum(parameter.numel() for parameter in loaded.module.parameters())


def _versions() -> dict[str, str]:
    import timm
    import transformers

    return {
        "torch": torch.__version__,
        "timm": timm.__version__,
        "transformers": transformers.__version__,
    }
