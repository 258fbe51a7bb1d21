"""Log-probabilities by strided windows: every token scored once, with as much context as fits."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ingest.extract.batching import run_batches
from ingest.extract.language import token_batches
from ingest.extract.loaded import Causal
from ingest.progress import Silent

SLICE = 1 << 24
"""Probabilities held in float32 at once, 64 MiB."""


class Window(NamedTuple):
    """Tokens to run, and from which on they are scored."""

    ids: list[int]
    first: int
    """Position of the first token scored; at least 1, since token 0 is never predicted."""
    row: int
    """Which text it belongs to."""


def windows(
    ids: Sequence[int], start: int | None, length: int, stride: int, row: int = 0
) -> list[Window]:
    """Cut a text into windows that overlap by `length - stride` tokens of context.

    Every token is scored exactly once: all but the very first one, or all of them where a `start`
    token stands before the text.

    Args:
        ids: the text's tokens.
        start: a token to put before the text (BOS), or None.
        length: most tokens a window, at least 2.
        stride: tokens scored by each window but the first, 1 to length - 1.
        row: passed on.
    """
    if length < 2 or not 1 <= stride < length:
        raise ValueError(f"expected length >= 2 and 1 <= stride < length, got {length}, {stride}")
    whole = [*([] if start is None else [start]), *ids]
    found: list[Window] = []
    scored = 1
    while scored < len(whole):
        stop = min(len(whole), length if scored == 1 else scored + stride)
        begin = max(0, stop - length)
        found.append(Window(whole[begin:stop], scored - begin, row))
        scored = stop
    return found


def nats(
    causal: Causal, cut: Sequence[Window], device: torch.device, pad_id: int, tokens: int
) -> list[float]:
    """Return each window's sum of -log p over its scored tokens, float32 log-probabilities.

    Windows of like length run together, at most `tokens` tokens a batch, padding included; a batch
    that runs out of memory is run again in halves.

    Raises:
        OutOfMemoryError: a single window does not fit.
    """
    found = [0.0] * len(cut)

    def step(rows: Sequence[int]) -> None:
        width = max(len(cut[row].ids) for row in rows)
        ids = torch.full((len(rows), width), pad_id, dtype=torch.long)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        scored = torch.zeros((len(rows), width - 1), dtype=torch.bool)
        for at, row in enumerate(rows):
            window = cut[row]
            ids[at, : len(window.ids)] = torch.tensor(window.ids)
            mask[at, : len(window.ids)] = 1
            scored[at, window.first - 1 : len(window.ids) - 1] = True
        sums = _sums(causal, ids.to(device), mask.to(device), scored.to(device))
        for row, value in zip(rows, sums.tolist(), strict=True):
            found[row] = value

    batches = list(token_batches([len(w.ids) for w in cut], tokens, 256))
    run_batches(batches, step, device, Silent(), "Predicting text")
    return found


def _sums(causal: Causal, ids: Tensor, mask: Tensor, scored: Tensor) -> Tensor:
    with torch.inference_mode():
        logits = causal.logits(ids, mask)
        return sums_of(logits, ids, scored)


def sums_of(logits: Tensor, ids: Tensor, scored: Tensor) -> Tensor:
    """Return each row's sum of -log p over its scored places, (B,) float64 on the CPU.

    Args:
        logits: (B, T, V): at t, what the network expects at t + 1.
        ids: (B, T) tokens.
        scored: (B, T - 1): whether the token at t + 1 counts.
    """
    at, place = scored.nonzero(as_tuple=True)
    sums = torch.zeros(len(ids), dtype=torch.float64, device=logits.device)
    # The vocabulary is the widest thing there is: a slice at a time becomes float32.
    for part in torch.arange(len(at), device=at.device).split(max(1, SLICE // logits.shape[-1])):
        rows, places = at[part], place[part]
        losses = functional.cross_entropy(
            logits[rows, places].float(), ids[rows, places + 1], reduction="none"
        )
        sums.index_add_(0, rows, losses.double())
    return sums.cpu()
