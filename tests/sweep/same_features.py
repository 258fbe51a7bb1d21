"""Are features what they were? Hash every layer in two checkouts and compare the hashes.

    cd OLD && PYTHONPATH=. .venv/bin/python NEW/tests/sweep/same_features.py write old.json
    cd NEW && PYTHONPATH=. .venv/bin/python tests/sweep/same_features.py write new.json
    python tests/sweep/same_features.py compare old.json new.json

It imports nothing of the tests, so that it runs in a checkout that has it not.
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

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
# Tiny language architectures with random weights: what each calls its sizes.
_TEXT = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
_TRANSFORMERS: dict[str, dict[str, object]] = {
    "gpt2": {"n_embd": 32, "n_layer": 3, "n_head": 4},
    "opt": {**_TEXT, "ffn_dim": 48, "word_embed_proj_dim": 32},
    "bloom": {"hidden_size": 32, "n_layer": 3, "n_head": 4},
    "gpt_neox": {**_TEXT, "intermediate_size": 48},
    "distilbert": {"dim": 32, "hidden_dim": 48, "n_layers": 3, "n_heads": 4},
    **{
        kind: {**_TEXT, "intermediate_size": 48}
        for kind in ("bert", "roberta", "electra", "deberta-v2", "mpnet", "phi")
    },
    **{
        kind: {**_TEXT, "intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8}
        for kind in ("llama", "mistral", "mixtral", "qwen2", "qwen3", "gemma", "gemma2", "olmo2")
    },
}
_WORDS = "a red blue dog cat runs sits on the mat hill under big small sky".split()


def save_language(folder: str) -> None:
    """Save the tiny language networks, each with a tokenizer of words, in folders of their own."""
    names = ["[UNK]", "[PAD]", "</s>", *dict.fromkeys(_WORDS)]
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(names)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    tokens = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]", eos_token="</s>"
    )
    for kind, sizes in _TRANSFORMERS.items():
        make: Any = transformers.AutoConfig.for_model
        torch.manual_seed(0)
        network: Any = transformers.AutoModel.from_config(make(kind, vocab_size=64, **sizes))
        network.save_pretrained(Path(folder) / kind)
        tokens.save_pretrained(Path(folder) / kind)


def records(folder: str) -> Iterator[ModelRecord]:
    """Yield the models that are hashed: random networks, and what packages ship.

    `folder` holds what `save_language` saved.
    """
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
                "license": "Apache-2.0",
                "loader": "timm-random",
                "citation": "none",
                "options": {"architecture": name, **options},
            }
        )
    yield from packaged("vision")
    yield from packaged("language")
    for kind in _TRANSFORMERS:
        yield ModelRecord.model_validate(
            {
                "id": f"tiny-{kind}",
                "label": kind,
                "modality": "language",
                "family": "transformers",
                "objective": "none (random weights)",
                "source": "made here",
                "revision": "seed-0",
                "license": "Apache-2.0",
                "loader": "transformers",
                "citation": "none",
                "options": {"path": kind},
                "base": Path(folder),
            }
        )


def packaged(modality: str) -> Iterator[ModelRecord]:
    """Yield the catalog's models of one modality whose weights a package ships."""
    for record in load_catalog().models.values():
        if record.modality == modality and record.loader.startswith("package-"):
            yield record


def hashes() -> dict[str, str]:
    """Return 'model/pooling/prompt/layer' -> sha256 of its features, or of a model what it said."""
    torch.set_num_threads(1)
    data, found = _dataset(), {}
    folder = tempfile.mkdtemp()
    save_language(folder)
    for record in records(folder):
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
            license="CC0-1.0",
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
