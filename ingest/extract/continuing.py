"""Captions continued by the network that reads them: so many tokens of its own, then its states."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ingest.catalog.records import ModelRecord
from ingest.catalog.variant_records import PromptRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError, DatasetError
from ingest.extract.batching import run_batches
from ingest.extract.loaded import Causal, LoadedLanguage, Placement
from ingest.progress import Progress


def opened_ends(
    loaded: LoadedLanguage, texts: Sequence[str], ids: Sequence[Sequence[int]]
) -> list[list[int]]:
    """Return every text's tokens without special ones at its end, behind which nothing follows."""
    rows = None if loaded.spans is None else loaded.spans(texts)
    if rows is None or [len(row) for row in rows] != [len(row) for row in ids]:
        return [list(row) for row in ids]
    ends = [max((at + 1 for at, span in enumerate(row) if span), default=0) for row in rows]
    return [list(row[:end]) for row, end in zip(ids, ends, strict=True)]


def continue_texts(
    record: ModelRecord,
    loaded: LoadedLanguage,
    dataset: Dataset,
    prompt: PromptRecord,
    ids: Sequence[Sequence[int]],
    batches: Sequence[Sequence[int]],
    place: Placement,
    progress: Progress,
) -> list[list[int]]:
    """Return every text's tokens and `prompt.generate` more, which the network continues with.

    Always so many, whatever they are: the likeliest at every step, or drawn by the network's own
    probabilities where the prompt has a seed, each text by numbers of its own, so that no text
    depends on those beside it.

    Args:
        record: the model, for the sentences.
        loaded: its network, on its device.
        dataset: whose captions they are.
        prompt: says how many tokens, and how they are chosen.
        ids: every text's tokens.
        batches: rows that are run together.
        place: where the network runs.
        progress: told about every text.

    Raises:
        CatalogError: the network does not predict the next token.
        DatasetError: a text and its continuation do not fit the network's window.
        OutOfMemoryError: not even one text fits.
    """
    if loaded.causal is None:
        raise CatalogError(
            f"Model {record.id!r} does not predict the next token, so it cannot continue captions, "
            f"which the prompt {prompt.id!r} asks for."
        )
    causal, count = loaded.causal, prompt.generate
    for sample, row in zip(dataset.sample_ids, ids, strict=True):
        if not row or (loaded.window is not None and len(row) + count > loaded.window):
            raise DatasetError(
                f"Dataset {dataset.record.id!r}: the text of {sample} has {len(row)} tokens and "
                f"its continuation {count}; model {record.id!r} reads 1 to {loaded.window} "
                f"together. The prompt {prompt.id!r} asks for them."
            )
    longer = [list(row) for row in ids]

    def step(rows: Sequence[int]) -> None:
        drawn = None
        if prompt.seed is not None:
            seeds = [np.random.default_rng([prompt.seed, row]) for row in rows]
            drawn = np.stack([one.random(count) for one in seeds])
        now = [list(ids[row]) for row in rows]
        for at in range(count):
            scores = _next_scores(causal, now, loaded.pad_id, place)
            chosen = (
                scores.argmax(dim=1)
                if drawn is None
                else _drawn(scores, torch.from_numpy(drawn[:, at]))
            )
            for row, token in zip(now, chosen.tolist(), strict=True):
                row.append(int(token))
        for row, tokens in zip(rows, now, strict=True):
            longer[row] = tokens

    progress.start(f"{record.label}: continuations, prompt {prompt.id}", len(ids))
    try:
        with torch.inference_mode():
            run_batches(batches, step, place.device, progress, record.label)
    finally:
        progress.done()
    return longer


def _next_scores(
    causal: Causal, rows: Sequence[Sequence[int]], pad: int, place: Placement
) -> Tensor:
    """Return what the network expects behind each row, (B, V) float64 on the host."""
    lengths = torch.tensor([len(row) for row in rows])
    width = int(lengths.max())
    ids = torch.full((len(rows), width), pad, dtype=torch.long)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
    mask = (torch.arange(width) < lengths[:, None]).long()
    ids, mask, ends = (part.to(place.device) for part in (ids, mask, lengths - 1))
    places = torch.arange(len(rows), device=ends.device)
    if causal.head is not None and causal.last is not None:
        found = causal.head(causal.last(ids, mask)[places, ends])
    else:
        found = causal.logits(ids, mask)[places, ends]
    return found.double().cpu()


def _drawn(scores: Tensor, uniform: Tensor) -> Tensor:
    """Return a token of each row by its probabilities: where the cumulative one passes a number."""
    passed = scores.softmax(dim=1).cumsum(dim=1) < uniform[:, None]
    return passed.sum(dim=1).clamp(max=scores.shape[1] - 1)
