"""Bits per byte: exact against one pass over the whole text, and every byte accounted for."""

import json
import math
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ingest.bits.measure import Tally, causal_of, tallies
from ingest.bits.texts import Document, Skipped, documents
from ingest.bits.windows import nats, windows
from ingest.errors import CatalogError, DatasetError
from ingest.extract.loaded import LoadedLanguage
from ingest.extract.transformers_models import wrap
from tests.ingest.tiny import model

CPU = torch.device("cpu")
TEXT = "Löwen & tigers 🐅 sleep; " * 8


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


def total(loaded: LoadedLanguage, *texts: str, budget: int = 10**6, **options: int) -> Tally:
    read = [Document(str(i), text) for i, text in enumerate(texts)]
    found = tallies(loaded, causal_of("m", loaded), read, budget=budget, device=CPU, **options)
    return sum(found, Tally(0.0, 0, 0, 0))


def whole(loaded: LoadedLanguage, text: str) -> float:
    """Sum -log p in one pass over a text that fits the window."""
    assert loaded.causal is not None
    start = [] if loaded.causal.start is None else [loaded.causal.start]
    ids = torch.tensor([[*start, *loaded.causal.pieces(text).ids]])
    with torch.inference_mode():
        logits: Tensor = loaded.causal.logits(ids, torch.ones_like(ids))
    chosen = logits[0, :-1].double().log_softmax(dim=-1).gather(1, ids[0, 1:, None])
    return -float(chosen.sum())


def test_a_text_that_fits_equals_one_pass_over_it() -> None:
    loaded = byte_llama()
    text = "tigers 🐅 sleep"
    found = total(loaded, text)
    assert found.bytes == found.tokens == len(text.encode())
    assert found.bits_per_byte == pytest.approx(whole(loaded, text) / math.log(2) / found.bytes)


def test_without_bos_the_first_token_is_neither_scored_nor_counted() -> None:
    loaded = byte_llama(bos=False)
    found = total(loaded, "sleep")
    assert (found.tokens, found.bytes) == (4, 4)
    assert found.nats == pytest.approx(whole(loaded, "sleep"), rel=1e-6)


@pytest.mark.parametrize(("length", "stride"), [(2, 1), (8, 3), (8, 7), (16, 8), (400, 1)])
@pytest.mark.parametrize("start", [None, 256])
def test_windows_score_every_token_once_with_all_the_context_that_fits(
    length: int, stride: int, start: int | None
) -> None:
    ids = list(range(100, 137))
    seen = []
    for window in windows(ids, start, length, stride):
        assert 1 <= window.first < len(window.ids) <= length
        seen += window.ids[window.first :]
        if seen != window.ids[window.first :]:  # not the first window
            assert len(window.ids) == length and len(window.ids) - window.first <= stride
    assert seen == (ids if start is not None else ids[1:])


def test_batches_and_padding_change_nothing() -> None:
    loaded = byte_llama()
    assert loaded.causal is not None
    ids = loaded.causal.pieces(TEXT).ids
    cut = [w for size in (9, 33, 64) for w in windows(ids[:size], 256, 24, 10)]
    together = nats(loaded.causal, cut, CPU, loaded.pad_id, 256)
    alone = [nats(loaded.causal, [w], CPU, loaded.pad_id, 256)[0] for w in cut]
    assert together == pytest.approx(alone, rel=1e-5)


def test_a_batch_too_large_for_the_memory_is_run_in_halves() -> None:
    loaded = byte_llama()
    assert loaded.causal is not None
    real = loaded.causal.last
    assert real is not None
    cut = windows(loaded.causal.pieces(TEXT).ids, 256, 24, 10)
    sizes: list[int] = []

    def short_of_memory(ids: Tensor, mask: Tensor) -> Tensor:
        sizes.append(len(ids))
        if len(ids) > 2:
            raise MemoryError("out of memory")
        return real(ids, mask)

    small = replace(loaded.causal, last=short_of_memory)
    found = nats(small, cut, CPU, loaded.pad_id, 256)
    assert max(sizes) > 2  # it was tried
    assert found == pytest.approx(nats(loaded.causal, cut, CPU, loaded.pad_id, 256), rel=1e-5)


def test_the_budget_ends_a_stream_after_the_document_that_reaches_it() -> None:
    loaded = byte_llama()

    def endless():
        while True:
            yield Document("d", "ten bytes!")

    found = list(
        tallies(loaded, causal_of("m", loaded), endless(), budget=95, device=CPU, chunk_tokens=30)
    )
    assert [t.documents for t in found] == [3, 3, 3, 1]
    assert sum(t.tokens for t in found) == 100


def test_refusals() -> None:
    encoder = byte_llama()
    encoder = LoadedLanguage(**{**vars(encoder), "causal": None})
    with pytest.raises(CatalogError, match="'m' does not predict the next token"):
        causal_of("m", encoder)
    with pytest.raises(CatalogError, match="window of 65 and a stride of 32"):
        total(byte_llama(), "text", window=65)


def test_files_are_read_in_order_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ein Löwe", encoding="utf-8")
    (tmp_path / "b.txt").write_text("  \n", encoding="utf-8")
    (tmp_path / "c.txt").write_bytes(b"caf\xe9")
    lines = [json.dumps({"text": text}) for text in ("one", "", "two")]
    (tmp_path / "d.jsonl").write_text("\n".join(lines), encoding="utf-8")
    pl.DataFrame({"text": ["three", None]}).write_parquet(tmp_path / "e.parquet")
    (tmp_path / "ignored.md").write_text("no")
    skipped: list[Skipped] = []
    found = list(documents(tmp_path, "text", skipped.append))
    assert [d.text for d in found] == ["Ein Löwe", "one", "two", "three"]
    assert [tuple(s) for s in skipped] == [
        ("b.txt", "it is empty"),
        ("c.txt", "it is not UTF-8 at byte 3"),
        ("d.jsonl:2", "it is empty"),
        ("e.parquet:2", "it is empty"),
    ]
    with pytest.raises(DatasetError, match='d.jsonl, line 1: expected .* "body"'):
        list(documents(tmp_path / "d.jsonl", "body", skipped.append))
    with pytest.raises(DatasetError, match="expected a .txt, .jsonl or .parquet file"):
        list(documents(tmp_path / "ignored.md", "text", skipped.append))
