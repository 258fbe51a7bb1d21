"""Bits per byte of a stream of documents, a chunk at a time, in bounded memory."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import torch

from ingest.errors import CatalogError
from ingest.experiments.bits import Start
from ingest.experiments.bits.texts import Document
from ingest.experiments.bits.windows import (
    Window,
    nats,
    opening_of,
    scored_bytes,
    sees_ahead,
    windows,
)
from ingest.extract.loaded import Causal, LoadedLanguage

CHUNK_TOKENS = 65_536
"""Tokens of text held and scored together: enough for full batches of windows of like length."""
BATCH_TOKENS = {"cpu": 2048, "mps": 8192, "cuda": 32768}


class Tally(NamedTuple):
    """What was scored of some documents; tallies add up."""

    nats: float
    tokens: int
    """Tokens scored."""
    bytes: int
    """UTF-8 bytes of the text those tokens stand for."""
    documents: int

    def __add__(self, other: "Tally") -> "Tally":  # type: ignore[override]
        """Add two tallies."""
        return Tally(
            self.nats + other.nats,
            self.tokens + other.tokens,
            self.bytes + other.bytes,
            self.documents + other.documents,
        )

    @property
    def bits_per_byte(self) -> float:
        """Return sum of nats / ln 2 / bytes of the scored text (paper, Fig. 3; Gao et al. 2020)."""
        return self.nats / math.log(2) / self.bytes if self.bytes else math.nan


def causal_of(model_id: str, loaded: LoadedLanguage) -> Causal:
    """Return the part that predicts tokens.

    Raises:
        CatalogError: the network has none (an encoder such as BERT).
    """
    if loaded.causal is None:
        raise CatalogError(
            f"Model {model_id!r} does not predict the next token (it is an encoder, or its "
            "checkpoint has no language-model head), so it has no bits per byte"
        )
    return loaded.causal


def started(model_id: str, causal: Causal, start: Start) -> Causal:
    """Return the predicting part with what is to stand before every document.

    Args:
        model_id: for the sentence.
        causal: from `causal_of`.
        start: auto (the tokenizer's BOS, where it has one), bos (that, or an error) or none.

    Raises:
        CatalogError: a start token is asked for, and the tokenizer has none.
    """
    if start == "none":
        return replace(causal, start=None)
    if start == "bos" and causal.start is None:
        raise CatalogError(
            f"Model {model_id!r} has no start token (BOS) to put before a document; leave the "
            "choice to the tokenizer with --start auto"
        )
    return causal


def resolved_window(
    loaded: LoadedLanguage, window: int | None, stride: int | None
) -> tuple[int, int]:
    """Return the window and stride meant; see `tallies`.

    Raises:
        CatalogError: they do not fit the network.
    """
    length = window or min(loaded.window or 2048, 2048)
    step = stride or max(1, length // 2)
    if length < 2 or not 1 <= step < length or (loaded.window and length > loaded.window):
        raise CatalogError(
            f"expected 2 <= window <= {loaded.window or 'any'} and 1 <= stride < window, got a "
            f"window of {length} and a stride of {step}"
        )
    return length, step


def tallies(
    loaded: LoadedLanguage,
    causal: Causal,
    texts: Iterable[Document],
    *,
    budget: int,
    window: int | None = None,
    stride: int | None = None,
    device: torch.device,
    chunk_tokens: int = CHUNK_TOKENS,
) -> Iterator[Tally]:
    """Score documents until `budget` bytes are read; yield a tally a chunk of whole documents.

    Every document starts afresh: with the tokenizer's BOS where it has one, so that all of its
    tokens are scored; without one its first token is not, and its bytes are not counted. The
    document that reaches the budget is the last and is scored whole, so models of any tokenizer
    read the same documents.

    Args:
        loaded: the network.
        causal: its predicting part, from `causal_of`.
        texts: documents.
        budget: UTF-8 bytes of text to read.
        window: most tokens of context; None takes the network's own, at most 2,048.
        stride: tokens that move into view at a time; None takes half a window. A smaller stride
            gives more context and takes longer.
        device: where the network is.
        chunk_tokens: tokens held at once.

    Raises:
        CatalogError: a window or stride that does not fit the network, or the network sees the
            tokens that it should predict.
    """
    length, step = resolved_window(loaded, window, stride)
    tokens = BATCH_TOKENS.get(device.type, 4096)
    cut: list[Window] = []
    held = Tally(0.0, 0, 0, 0)
    total, looked = 0, False
    for document in texts:
        found = causal.pieces(document.text)
        own = windows(found.ids, causal.start, length, step, opening=opening_of(found))
        if own and not looked:
            looked = True
            _refuse_looking_ahead(causal, own[0], device)
        scored = sum(len(w.ids) - w.first for w in own)
        cut += own
        held += Tally(0.0, scored, scored_bytes(document.text, found, causal.start), 1)
        total += len(document.text.encode())  # read, scored or not: the same for every model
        if held.tokens >= chunk_tokens or total >= budget:
            yield held + Tally(sum(nats(causal, cut, device, loaded.pad_id, tokens)), 0, 0, 0)
            cut, held = [], Tally(0.0, 0, 0, 0)
        if total >= budget:
            return
    if held.documents:
        yield held + Tally(sum(nats(causal, cut, device, loaded.pad_id, tokens)), 0, 0, 0)


def _refuse_looking_ahead(causal: Causal, window: Window, device: torch.device) -> None:
    with torch.inference_mode():
        if sees_ahead(causal, torch.tensor(window.ids, device=device)):
            raise CatalogError(
                "what it expects at a place changes with the tokens behind it, so it sees what it "
                "should predict and has no bits per byte; of a decoder, is_decoder in its "
                "configuration should be true"
            )
