"""Tiny datasets and networks, built in memory, for the extraction tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ingest.catalog.records import DatasetRecord, ModelRecord
from ingest.datasets import Dataset
from ingest.extract.loaded import LoadedLanguage
from ingest.extract.transformers_models import wrap

CPU = torch.device("cpu")
WORDS = "a red blue dog cat runs sits on the mat hill under big small sky".split()


def dataset(n: int = 7, captions: Sequence[str] | None = None, side: int = 40) -> Dataset:
    """Return n random pictures with captions of 1 to 9 words, the longest not first."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, size=(n, side, side, 3), dtype=np.uint8)
    lengths = rng.permutation(np.arange(n)) % 9 + 1
    texts = captions or [" ".join(rng.choice(WORDS, size=length)) for length in lengths]
    ids = tuple(str(i) for i in range(n))
    return Dataset(
        record=DatasetRecord(
            id="tiny",
            title="Tiny",
            kind="folder",
            source="made",
            revision="1",
            license="MIT",
            citation="none",
        ),
        sample_ids=ids,
        captions=tuple(texts),
        image_refs=ids,
        skipped=(),
        image_hashes=ids,
        reader=lambda i: Image.fromarray(pixels[i]),
    )


def model(modality: str, loader: str, base: Path | None = None, **fields: Any) -> ModelRecord:
    """Return a record; `options` and any other field may be given."""
    return ModelRecord.model_validate(
        {
            "id": "tiny",
            "label": "Tiny",
            "modality": modality,
            "family": "tiny",
            "objective": "none",
            "source": "random:0",
            "revision": "1",
            "license": "MIT",
            "loader": loader,
            "citation": "none",
            "base": base,
            **fields,
        }
    )


def tokenizer(pad: bool = True) -> PreTrainedTokenizerFast:
    """Return a word-level tokenizer over WORDS, with or without a padding token."""
    names = ["[UNK]", *(["[PAD]"] if pad else []), "</s>", *WORDS]
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(names)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    special = {"pad_token": "[PAD]"} if pad else {}
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[UNK]", eos_token="</s>", **special
    )


def byte_llama(bos: bool = True, window: int = 64) -> LoadedLanguage:
    """Return a random Llama over bytes."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({c: i for i, c in enumerate(letters)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    inner.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    inner.add_special_tokens(["<s>"])
    tokens = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>" if bos else None)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=257, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=window,
    )  # fmt: skip
    network = LlamaForCausalLM(config)
    with torch.no_grad():
        network.lm_head.weight.mul_(20)  # far from uniform
    return wrap(model("language", "transformers"), network, tokens, "seed-0")
