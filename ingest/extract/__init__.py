"""Extraction: run a model over a dataset and keep one vector a sample and layer.

Importing this package does not import torch; calling `extract` does.
"""

import contextlib
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError, MissingExtraError, ModelFailedError
from ingest.extract.crops import CropCache
from ingest.extract.saved import extract_saved
from ingest.extract.variants import Extracted, Variant, variant, variants_for
from ingest.progress import Progress
from ingest.store.precision import EXACT
from prh_core.errors import PRHError

if TYPE_CHECKING:
    from ingest.extract.language import Watch

__all__ = [
    "CropCache",
    "Extracted",
    "Variant",
    "extract",
    "ingest_half",
    "model_named",
    "named_devices",
    "suited_precision",
    "variant",
    "variants_for",
]


@contextlib.contextmanager
def ingest_half(what: str) -> Iterator[None]:
    """Turn a library missing from imports into one sentence.

    Raises:
        MissingExtraError: torch, timm or transformers is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{what} needs the ingest half of the installation ({error}): "
            "pip install 'prh-explorer[ingest]'"
        ) from error


@contextlib.contextmanager
def model_named(record: ModelRecord) -> Iterator[None]:
    """Turn whatever one model's work raises into an error that names the model.

    Models are brought by users: what their code, their files or the libraries that run them raise
    must leave out that model, and let the others go on.

    Raises:
        ModelFailedError: says what was raised, and where.
    """
    try:
        yield
    except PRHError:
        raise
    except (Exception, SystemExit) as error:  # a user's module may call sys.exit
        reason = next(iter(str(error).strip().splitlines()), "")
        raise ModelFailedError(
            f"Model {record.id!r} could not be run: {type(error).__name__}"
            + (f": {reason[:300]}" if reason else "")
            + _raised_in(error)
        ) from error


def _raised_in(error: BaseException) -> str:
    """Say in which file and line an error was raised; nothing where it carries no traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


def named_devices(names: str) -> tuple[str, ...]:
    """Return the devices that an option names: one, several separated by commas, or all cards.

    Raises:
        CatalogError: one of several is unknown or absent, or there is no card.
        MissingExtraError: several are named, and torch is not installed.
    """
    if names != "all" and "," not in names:
        return (names,)
    with ingest_half("Extraction"):
        from ingest.extract.device import cards, place
    devices = cards() if names == "all" else tuple(name.strip() for name in names.split(","))
    if not devices:
        raise CatalogError("This machine has no CUDA device for --device all; use auto or cpu.")
    for name in devices:
        place(name, "auto")
    return devices


def suited_precision(device: str) -> str:
    """Return the precision that dtype auto means on a device: float32 but on CUDA.

    Raises:
        CatalogError: the device is unknown or absent.
    """
    if device == "cpu":
        return EXACT
    try:
        from ingest.extract.device import place
    except ModuleNotFoundError:  # the half that only shows: it runs no network
        return EXACT
    return place(device, "auto").precision


def extract(
    record: ModelRecord,
    dataset: Dataset,
    variants: Sequence[Variant],
    *,
    device: str = "auto",
    dtype: str = "auto",
    batch_size: int | None = None,
    progress: Progress | None = None,
    watch: "Watch | None" = None,
    crops: CropCache | None = None,
) -> dict[Variant, Extracted]:
    """Load a model and extract every layer's features of every sample.

    Args:
        record: the model.
        dataset: its images (vision) or captions (language) are the inputs.
        variants: which poolings and prompts; those that share a prompt share one forward pass.
        device: 'auto' (cuda, else mps, else cpu) or a torch device.
        dtype: 'auto' (bfloat16 or float16 on cuda, float32 elsewhere), 'float32', 'bfloat16' or
            'float16'. Pooling is in float32 always.
        batch_size: most inputs a batch; None lets the device decide.
        progress: told about the forward passes.
        watch: looks on while captions without a prompt are run, e.g. to score predictions.
        crops: images that another vision model was shown are not decoded again; give every call the
            same one.

    Returns:
        Per variant the layers in depth order, each (n, d) float32, and the facts of the run.

    Raises:
        CatalogError: the record's options do not fit its loader, the variant does not fit the
            model, or the model cannot be run in that precision.
        MissingExtraError: torch, timm or transformers is not installed.
        MissingPackageError: the package that ships the weights is not installed.
        HubUnreachableError, UnknownHubModelError: the hub does not answer, or not with that.
        UnsafeCheckpointError, CheckpointMismatchError: the weights are unsafe, or do not fit.
        OutOfMemoryError: not even one input fits the device.
        DiskFullError: no room for a cached copy.
        MissingCaptionError, DatasetError: the dataset has no captions or images for this model.
        FeaturesFileError, SampleIdsError: saved features are not as described, or of other samples.
        RowOrderError: the rows did not come back in order, or depend on those beside them.
        ModelFailedError: whatever else the model's code or its library raises.
    """
    if record.saved:
        with model_named(record):
            return extract_saved(record, dataset, variants, dtype)
    with ingest_half("Extraction"):
        from ingest.extract.extraction import extract_features
        from ingest.extract.loaders import loader_names

        loader_names()  # imports every loader, so a missing library is told here

    with model_named(record):
        return extract_features(
            record, dataset, variants, device, dtype, batch_size, progress, watch, crops
        )
