"""Log-probabilities by strided windows: every token scored once, with as much context as fits."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ingest.extract.batching import run_batches
from ingest.extract.language import token_batches
from ingest.extract.loaded import Causal, Pieces
from ingest.progress import Silent

_SLICE = 1 << 24
"""Probabilities held in float32 at once, 64 MiB."""
_FEW = 16
"""Tokens on which it is seen whether a network looks ahead."""
_LOOK = 32
"""Tokens on which a head is held against its network."""
_SAME = {torch.float32: 1e-5}
"""Largest relative difference of scores that should not differ: an expert of a mixture that is sent
another number of tokens rounds otherwise; 0.02 in half precision."""
_AGREE = {torch.float32: 1e-3}
"""Largest relative difference of log-probabilities between the two; 0.05 in half precision."""


class Window(NamedTuple):
    """Tokens to run, and from which on they are scored."""

    ids: list[int]
    first: int
    """Position of the first token scored; at least 1, since token 0 is never predicted."""
    row: int
    """Which text it belongs to."""


def windows(
    ids: Sequence[int],
    start: int | None,
    length: int,
    stride: int,
    row: int = 0,
    opening: int = 1,
) -> list[Window]:
    """Cut a text into windows that overlap by `length - stride` tokens of context.

    Every token is scored exactly once: all but the `opening` ones, or all of them where a `start`
    token stands before the text.

    Args:
        ids: the text's tokens.
        start: a token to put before the text (BOS), or None.
        length: most tokens a window, at least 2.
        stride: tokens scored by each window but the first, 1 to length - 1.
        row: passed on.
        opening: tokens that are given where no start token is, at least 1.
    """
    if length < 2 or not 1 <= stride < length:
        raise ValueError(f"expected length >= 2 and 1 <= stride < length, got {length}, {stride}")
    whole = [*([] if start is None else [start]), *ids]
    found: list[Window] = []
    scored = 1 if start is not None else max(1, opening)
    while scored < len(whole):
        stop = min(len(whole), scored + stride if found else max(length, scored + 1))
        begin = max(0, stop - length)
        found.append(Window(whole[begin:stop], scored - begin, row))
        scored = stop
    return found


def scored_bytes(text: str, found: Pieces, start: int | None) -> int:
    """Return the UTF-8 bytes of the text that scored tokens stand for.

    All of them where a start token stands before the text. Without one the first token is given,
    not predicted, and so are the bytes it stands for; where only the starts of tokens are known,
    these are those up to the second token, of a character that is split over tokens all of them
    (which are then given, too: `opening_of`).

    Args:
        text: the document, as it was read: what a tokenizer normalizes or drops counts, too.
        found: its tokens.
        start: the start token, or None.
    """
    if len(found.ids) <= (opening_of(found) if start is None else 0):
        return 0
    whole = len(text.encode())
    if start is not None:
        return whole
    if found.opening_bytes is not None:
        return whole - found.opening_bytes
    return whole - len(text[: _behind_first(found)].encode())


def opening_of(found: Pieces) -> int:
    """Return how many tokens are given, not predicted, where no start token stands before a text.

    One, but where a character is split over tokens and nothing tells which bytes of it are whose:
    its tokens are then given together, as its bytes are.
    """
    if found.opening_bytes is not None or len(found.ids) < 2:
        return found.opening
    end = _behind_first(found)
    return next((at for at, begin in enumerate(found.starts) if begin >= end), len(found.ids))


def _behind_first(found: Pieces) -> int:
    """Return the character behind the first token, or behind the first character if longer."""
    return max(found.starts[1], found.starts[0] + 1)


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
    sliced = _head_alone(causal, cut, device)

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
        sums = _sums(causal, ids.to(device), mask.to(device), scored.to(device), sliced=sliced)
        for row, value in zip(rows, sums.tolist(), strict=True):
            found[row] = value

    batches = list(token_batches([len(w.ids) for w in cut], tokens, 256))
    run_batches(batches, step, device, Silent(), "Predicting text")
    return found


def _head_alone(causal: Causal, cut: Sequence[Window], device: torch.device) -> bool:
    """Say whether the head may be applied to scored places only."""
    if causal.last is None or causal.head is None or not cut:
        return False
    ids = torch.tensor([cut[0].ids[:_LOOK]], device=device)
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        return head_agrees(causal, ids, mask, causal.last(ids, mask))


def _sums(causal: Causal, ids: Tensor, mask: Tensor, scored: Tensor, *, sliced: bool) -> Tensor:
    with torch.inference_mode():
        if sliced:
            assert causal.last is not None and causal.head is not None
            last, head = causal.last(ids, mask), causal.head
            return sums_of(lambda row, place: head(last[row, place]), ids, scored)
        logits = causal.logits(ids, mask)
        return sums_of(lambda row, place: logits[row, place], ids, scored)


def sums_of(expected: Callable[[Tensor, Tensor], Tensor], ids: Tensor, scored: Tensor) -> Tensor:
    """Return each row's sum of -log p over its scored places, (B,) float64 on the CPU.

    Args:
        expected: rows and places t, (m,) each -> (m, V): what the network expects at t + 1.
        ids: (B, T) tokens.
        scored: (B, T - 1): whether the token at t + 1 counts.
    """
    at, place = scored.nonzero(as_tuple=True)
    sums = torch.zeros(len(ids), dtype=torch.float64)
    # The vocabulary is the widest thing there is: a slice at a time is held, in float32.
    width = 0
    done = 0
    while done < len(at):
        part = slice(done, done + max(1, width or 1))
        logits = expected(at[part], place[part])
        chosen = ids[at[part], place[part] + 1].to(logits.device)
        losses = functional.cross_entropy(logits.float(), chosen, reduction="none")
        sums.index_add_(0, at[part].cpu(), losses.double().cpu())
        done, width = part.stop, _SLICE // logits.shape[-1]
    return sums


def sees_ahead(causal: Causal, ids: Tensor) -> bool:
    """Say whether what a network expects changes with tokens that come after.

    An encoder with a language-model head (BERT's, where its configuration does not say that it is a
    decoder) does: it sees the tokens it should predict.

    Args:
        causal: the predicting part.
        ids: (T,) tokens of a text.
    """
    text = ids.repeat(-(-_FEW // len(ids)))[:_FEW]
    mask = torch.ones((1, _FEW), dtype=torch.long, device=ids.device)
    seen = causal.logits(text.unsqueeze(0), mask)[0]
    changed = text.clone()
    changed[-1] = (text[-1] + 1) % seen.shape[-1]
    again = causal.logits(changed.unsqueeze(0), mask)[0]
    before, after = (scores[:-1].float() for scores in (seen, again))
    limit = _SAME.get(seen.dtype, 0.02) * float(before.abs().max())
    return float((after - before).abs().max()) > limit


def head_agrees(causal: Causal, ids: Tensor, mask: Tensor, last: Tensor) -> bool:
    """Hold the head against the network's own scores on the first tokens of one text.

    They differ where something follows the head (a soft cap, a scale): it must not be used alone.

    Args:
        causal: the predicting part.
        ids: (B, T) tokens.
        mask: (B, T), 1 at real tokens, which come first.
        last: (B, T, D) last hidden state of these.
    """
    if causal.head is None:
        return False
    seen = min(int(mask[0].sum()), _LOOK)
    whole = causal.logits(ids[:1, :seen], mask[:1, :seen])[0].float().log_softmax(-1)
    own = causal.head(last[0, :seen]).float().log_softmax(-1).to(whole.device)
    # Equal shifts of all scores change no probability, so probabilities are compared.
    limit = _AGREE.get(last.dtype, 0.05) * float(whole.abs().max())
    return float((own - whole).abs().max()) <= limit
