"""Bits per byte with real weights: by hand, by strides, by documents, of characters and tokens."""

import json
import math
from pathlib import Path

import pytest
import torch

from ingest.catalog import load_catalog
from ingest.experiments.bits.measure import Tally, causal_of, tallies
from ingest.experiments.bits.texts import Document
from ingest.extract.device import place
from ingest.extract.loaded import LoadedLanguage
from ingest.extract.loaders import load
from tests.shared import shared_catalog, shared_dir

pytestmark = pytest.mark.shared
CPU = torch.device("cpu")


def opened(model_id: str, folder: Path) -> LoadedLanguage:
    loaded = load(load_catalog([shared_catalog(folder)]).model(model_id), place("cpu", "float32"))
    assert isinstance(loaded, LoadedLanguage)
    return loaded


def total(loaded: LoadedLanguage, texts: list[str], **options: int) -> Tally:
    read = [Document(str(i), text) for i, text in enumerate(texts)]
    found = tallies(loaded, causal_of("m", loaded), read, budget=10**9, device=CPU, **options)
    return sum(found, Tally(0.0, 0, 0, 0))


def reviews() -> list[str]:
    lines = (shared_dir() / "datasets/text/imdb_test_500.jsonl").read_text(encoding="utf-8")
    return [json.loads(line)["text"] for line in lines.split("\n") if line]


def test_strides_agree_with_the_full_context(tmp_path: Path) -> None:
    """Against one pass over half a review, its log-probabilities taken in float64."""
    loaded = opened("stories260K", tmp_path)
    causal = causal_of("m", loaded)
    text = max(reviews(), key=len)[:760]
    assert causal.start is not None
    ids = torch.tensor([[causal.start, *causal.pieces(text).ids]])
    assert 400 < ids.shape[1] < 512
    with torch.inference_mode():
        log_p = causal.logits(ids, torch.ones_like(ids))[0].double().log_softmax(dim=-1)
    nats = -sum(float(log_p[t, ids[0, t + 1]]) for t in range(ids.shape[1] - 1))
    full = nats / math.log(2) / len(text.encode())
    assert total(loaded, [text]).bits_per_byte == pytest.approx(full, rel=1e-4)
    strided = total(loaded, [text], window=256, stride=64)
    assert strided.bits_per_byte == pytest.approx(full, rel=0.01)


@pytest.mark.parametrize(("model_id", "size"), [("stories260K", 5000), ("textgenrnn", 1500)])
def test_how_a_text_is_split_hardly_matters(model_id: str, size: int, tmp_path: Path) -> None:
    """The same play, whole and as four documents and more, cut between speeches."""
    loaded = opened(model_id, tmp_path)
    play = (shared_dir() / "datasets/text/tinyshakespeare.txt").read_text(encoding="utf-8")
    text, parts, at = play[: 4 * size], list[str](), 0
    while at < len(text):
        end = text.find("\n\n", at + size * 4 // 5)
        end = len(text) if end < 0 else end + 2
        parts.append(text[at:end])
        at = end
    assert len(parts) >= 4
    whole, split = total(loaded, [text]), total(loaded, parts)
    assert whole.bytes == split.bytes == len(text.encode())
    assert split.bits_per_byte == pytest.approx(whole.bits_per_byte, rel=0.005)


def test_characters_and_tokens_compare(tmp_path: Path) -> None:
    """Both count the same bytes of the same reviews, and both know more than nothing."""
    texts = [text[:400] for text in reviews()[:10]]
    for model_id in ("textgenrnn", "stories260K"):
        found = total(opened(model_id, tmp_path), texts)
        assert found.bytes == sum(len(text.encode()) for text in texts)
        assert 1 < found.bits_per_byte < 8
