"""Weights in fewer bits: GGUF files, brought to float32, and bitsandbytes."""

import contextlib
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError, MissingPackageError
from ingest.extract.cache import cached_folder
from ingest.extract.loaded import Placement


def quantized(record: ModelRecord, place: Placement) -> dict[str, Any]:
    """Return transformers' arguments for weights in fewer bits; none where it is not asked for.

    Raises:
        CatalogError: the option says neither 4bit nor 8bit.
        MissingPackageError: bitsandbytes is not installed.
    """
    bits = record.quantization
    if bits is None:
        return {}
    if bits not in ("4bit", "8bit"):
        raise CatalogError(
            f"Model {record.id!r}: quantization should be '4bit' or '8bit'; got {bits!r}."
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingPackageError(
            f"Model {record.id!r} is to be loaded in {bits}, which needs the package "
            "bitsandbytes: pip install bitsandbytes"
        )
    how: Any = transformers.BitsAndBytesConfig
    config = (
        how(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=place.dtype)
        if bits == "4bit"
        else how(load_in_8bit=True)
    )
    # Packed weights cannot be moved later: they are put in place as they are loaded.
    return {"quantization_config": config, "device_map": {"": str(place.device)}}


def dequantized(record: ModelRecord, file: Path, revision: str) -> Path:
    """Return a folder with the model of a GGUF file in float32, kept in the cache.

    Raises:
        DiskFullError: no room for the copy.
    """

    def build(folder: Path) -> None:
        with quiet():
            where = {"gguf_file": file.name, "local_files_only": True}
            tokens: Any = transformers.AutoTokenizer.from_pretrained(str(file.parent), **where)
            packed = transformers.AutoModelForCausalLM.from_pretrained(
                str(file.parent), dtype=torch.float32, **where
            )
            # transformers refuses to save a model that it believes to be still quantized.
            packed_type: Any = type(packed)
            config = type(packed.config).from_dict(
                {k: v for k, v in packed.config.to_dict().items() if k != "quantization_config"}
            )
            with torch.device("meta"):
                plain = packed_type(config)
            plain.load_state_dict(packed.state_dict(), assign=True)
            plain.tie_weights()
            plain.save_pretrained(folder)
            tokens.save_pretrained(folder)

    key = f"{record.id}-{revision}-transformers-{transformers.__version__}".replace(":", "-")
    return cached_folder(key, build)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' own bars and reports away from our progress display."""
    from transformers import modeling_gguf_pytorch_utils as gguf

    log: Any = transformers.utils.logging
    home: Any = gguf
    bar = home.tqdm
    before, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    home.tqdm = functools.partial(bar, disable=True)  # it has no switch of its own
    try:
        yield
    finally:
        home.tqdm = bar
        log.set_verbosity(before)
        if bars:
            log.enable_progress_bar()
