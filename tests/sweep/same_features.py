"""Are features what they were? Hash every layer in two checkouts and compare the hashes.

    cd OLD && PYTHONPATH=. .venv/bin/python NEW/tests/sweep/same_features.py write old.json
    cd NEW && PYTHONPATH=. .venv/bin/python tests/sweep/same_features.py write new.json
    python tests/sweep/same_features.py compare old.json new.json

It imports nothing of the tests, so that it runs in a checkout that has it not.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ingest.catalog import load_catalog
from ingest.catalog.records import DatasetRecord, ModelRecord
from ingest.datasets import Dataset
from ingest.extract import Variant, extract, variants_for
from prh_core.errors import PRHError

# Architectures with random weights and the options that keep them small.
_TIMM: dict[str, dict[str, object]] = {
    "test_vit": {},
    "vit_tiny_patch16_224": {"input_size": 64},
    "vit_base_patch16_siglip_224": {"input_size": 64, "depth": 2},
    "vit_little_patch16_reg4_gap_256": {"input_size": 64},
    "vit_small_patch14_reg4_dinov2": {"input_size": 56},
    "vit_relpos_small_patch16_224": {"input_size": 64},
    "deit_tiny_distilled_patch16_224": {"input_size": 64},
    "deit3_small_patch16_224": {"input_size": 64, "depth": 3},
    "beit_base_patch16_224": {"input_size": 64, "depth": 2},
    "eva02_tiny_patch14_224": {"input_size": 56},
    "vit_tiny_patch16_dinov3_qkvb": {"input_size": 64},
    "vitamin_small_224": {"input_size": 64},
    "swin_tiny_patch4_window7_224": {"input_size": 56},
    "swinv2_cr_tiny_224": {"input_size": 64},
    "pit_ti_224": {"pooling": "gap"},
    "poolformerv2_s12": {"input_size": 64},
    "test_convnext": {"input_size": 64},
    "test_mambaout": {"input_size": 64},
    "test_coatnet": {"input_size": 64},
    "test_resnet": {"input_size": 64},
    "test_nfnet": {"input_size": 64},
    "test_byobnet": {"input_size": 64},
    "test_efficientnet": {"input_size": 64},
    "resnet10t": {"input_size": 64},
    "resnetv2_18": {"input_size": 64},
    "seresnext26t_32x4d": {"input_size": 64},
    "mobilenetv3_small_050": {"input_size": 64},
    "regnetx_002": {"input_size": 64},
    "densenet121": {"input_size": 64},
}
_WORDS = "a red blue dog cat runs sits on the mat hill under big small sky".split()


def records() -> Iterator[ModelRecord]:
    """Yield the models that are hashed: random timm networks, and what packages ship."""
    for name, options in _TIMM.items():
        yield ModelRecord.model_validate(
            {
                "id": name,
                "label": name,
                "modality": "vision",
                "family": "timm",
                "objective": "none (random weights)",
                "source": "random:0",
                "revision": "seed-0",
                "licence": "Apache-2.0",
                "loader": "timm-random",
                "citation": "none",
                "options": {"architecture": name, **options},
            }
        )
    yield from packaged("vision")


def packaged(modality: str) -> Iterator[ModelRecord]:
    """Yield the catalog's models of one modality whose weights a package ships."""
    for record in load_catalog().models.values():
        if record.modality == modality and record.loader.startswith("package-"):
            yield record


def hashes() -> dict[str, str]:
    """Return 'model/pooling/prompt/layer' -> sha256 of its features, or of a model what it said."""
    torch.set_num_threads(1)
    data, found = _dataset(), {}
    for record in records():
        variants = dict.fromkeys(variants_for(record))
        if record.modality == "vision":
            variants |= {Variant("gap"): None}
        try:
            got = extract(record, data, list(variants), device="cpu", batch_size=4)
        except PRHError as error:
            found[record.id] = str(error)
            continue
        for variant, extracted in got.items():
            for at, (name, layer) in enumerate(extracted.layers.items()):
                key = f"{record.id}/{variant.pooling}/{variant.prompt}/{at}:{name}"
                found[key] = hashlib.sha256(repr(layer.shape).encode() + layer.data).hexdigest()
    return found


def compare(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return how many layers are bit-equal, and a line for each that is not."""
    shared = old.keys() & new.keys()
    equal = [key for key in shared if old[key] == new[key]]
    lines = [f"{len(equal)} of {len(old)} are bit-equal."]
    lines += [f"changed: {key}" for key in sorted(shared) if old[key] != new[key]]
    lines += [f"only before: {key}" for key in sorted(old.keys() - shared)]
    lines += [f"only now: {key}" for key in sorted(new.keys() - shared)]
    return lines


def _dataset() -> Dataset:
    """Return 7 pictures of noise on a slope, with captions."""
    rng = np.random.default_rng(0)
    slope = np.linspace(0, 120, 72)[:, None, None]
    pixels = (slope + rng.integers(0, 120, size=(7, 72, 72, 3))).astype(np.uint8)
    ids = tuple(str(row) for row in range(len(pixels)))
    return Dataset(
        record=DatasetRecord(
            id="noise",
            title="Noise",
            kind="folder",
            source="drawn",
            revision="1",
            licence="CC0-1.0",
            citation="none",
        ),
        sample_ids=ids,
        captions=tuple(" ".join(rng.choice(_WORDS, size=2 + row)) for row in range(len(ids))),
        image_refs=ids,
        skipped=(),
        image_hashes=ids,
        reader=lambda row: Image.fromarray(pixels[row]),
    )


def main(arguments: list[str]) -> int:
    """Run `write FILE` or `compare OLD NEW`; return 1 where something changed."""
    match arguments:
        case ["write", file]:
            Path(file).write_text(json.dumps(hashes(), indent=1))
            return 0
        case ["compare", old, new]:
            lines = compare(*(json.loads(Path(file).read_text()) for file in (old, new)))
            sys.stdout.write("\n".join(lines) + "\n")
            return int(len(lines) > 1)
        case _:
            sys.stderr.write(__doc__ or "")
            return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
