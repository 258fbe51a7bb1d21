"""Language: read every hidden state of every caption, pooled as it comes out of the network."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ingest.catalog.records import ModelRecord
from ingest.catalog.variant_records import PoolingRecord
from ingest.datasets import Dataset
from ingest.errors import DatasetError, RowOrderError
from ingest.extract.batching import LayerStack, run_batches, same_row
from ingest.extract.chosen import Chosen, chosen_tokens
from ingest.extract.continuing import continue_texts, opened_ends
from ingest.extract.loaded import LoadedLanguage, Placement
from ingest.extract.variants import Variant
from ingest.progress import Progress

# Padded tokens and texts of one batch at most.
_TOKENS = {"cpu": 1024, "mps": 4096, "cuda": 32768}
_TEXTS = {"cpu": 64, "mps": 128, "cuda": 512}


@dataclass(frozen=True)
class _Texts:
    ids: list[list[int]]
    truncated: int
    read: list[int] | None = None
    """How many tokens of each are the text's, where the network continued it."""


class Watch(Protocol):
    """Looks on while captions without a prompt go through a network."""

    def begin(
        self, loaded: LoadedLanguage, captions: Sequence[str], ids: Sequence[Sequence[int]]
    ) -> None:
        """Learn what will be run: the texts and their tokens, special ones included."""
        ...

    def see(self, rows: Sequence[int], ids: Tensor, mask: Tensor, last: Tensor) -> None:
        """Look at a batch: (B, T) ids and mask, (B, T, D) last hidden state; may come again."""
        ...


def extract_language(
    record: ModelRecord,
    loaded: LoadedLanguage,
    dataset: Dataset,
    variants: Sequence[Variant],
    place: Placement,
    batch_size: int | None,
    progress: Progress,
    watch: Watch | None = None,
) -> tuple[dict[Variant, dict[str, NDArray[np.float32]]], dict[Variant, int]]:
    """Return per variant the hidden states, name -> (n, d) float32, and how many were truncated.

    Variants that share a prompt come out of one forward pass.

    Raises:
        CatalogError: a pooling needs to know where tokens stand, and the tokenizer does not tell; a
            prompt has captions continued by a network that does not predict the next token.
        DatasetError: a caption has no token, or none that a pooling means.
        OutOfMemoryError: not even one caption fits.
        RowOrderError: a row run alone differs from what was stored for it.
    """
    loaded.move(place)
    layers: dict[Variant, dict[str, NDArray[np.float32]]] = {}
    truncated: dict[Variant, int] = {}
    for prompt in dict.fromkeys(variant.says for variant in variants):
        said = [prompt.around(caption) for caption in dataset.captions]
        texts = tokenize(loaded, said, dataset)
        if prompt.generate:
            whole = opened_ends(loaded, said, texts.ids)
            batches = text_batches(whole, place, batch_size)
            longer = continue_texts(
                record, loaded, dataset, prompt, whole, batches, place, progress
            )
            texts = _Texts(longer, texts.truncated, [len(row) for row in whole])
        sharing = [variant for variant in variants if variant.says == prompt]
        chosen = {
            variant.pools: chosen_tokens(
                record, loaded, dataset, prompt, variant.pools, texts.ids, texts.read
            )
            for variant in sharing
        }
        stacks = {pooling: LayerStack(len(dataset)) for pooling in chosen}
        looking = watch if prompt.id == "none" else None
        if looking is not None:
            looking.begin(loaded, dataset.captions, texts.ids)
        title = f"{record.label}: captions" + (
            "" if prompt.id == "none" else f", prompt {prompt.id}"
        )

        def step(
            rows: Sequence[int],
            texts: _Texts = texts,
            stacks: dict[PoolingRecord, LayerStack] = stacks,
            chosen: Mapping[PoolingRecord, Chosen] = chosen,
            looking: Watch | None = looking,
        ) -> None:
            see = None if looking is None else partial(looking.see, rows)
            ids = [texts.ids[row] for row in rows]
            pooled = run_texts(loaded, ids, of_rows(chosen, rows), place, see)
            for pooling, stack in stacks.items():
                stack.put(rows, pooled[pooling])

        batches = text_batches(texts.ids, place, batch_size)
        progress.start(title, len(dataset))
        try:
            with torch.inference_mode():
                run_batches(batches, step, place.device, progress, record.label)
                finished: dict[PoolingRecord, list[NDArray[np.float32]]] = {
                    pooling: stack.finish() for pooling, stack in stacks.items()
                }
                verify_rows(record, loaded, texts.ids, chosen, finished, place)
        finally:
            progress.done()
        for variant in sharing:
            arrays = finished[variant.pools]
            layers[variant] = {f"hidden.{depth}": array for depth, array in enumerate(arrays)}
            truncated[variant] = texts.truncated
    return layers, truncated


def of_rows(
    chosen: Mapping[PoolingRecord, Chosen], rows: Sequence[int]
) -> dict[PoolingRecord, Chosen]:
    """Return the choices of some rows."""
    return {
        pooling: None if every is None else [every[row] for row in rows]
        for pooling, every in chosen.items()
    }


def tokenize(loaded: LoadedLanguage, texts: Sequence[str], dataset: Dataset) -> _Texts:
    """Return every text's token ids, cut to the network's window, and how many were cut."""
    ids = loaded.encode(texts)
    for sample, row in zip(dataset.sample_ids, ids, strict=True):
        if not row:
            raise DatasetError(
                f"Dataset {dataset.record.id!r}: the caption of {sample} has no token in this "
                "model's vocabulary."
            )
    window = loaded.window
    if window is None:
        return _Texts(ids, 0)
    long = [row for row, tokens in enumerate(ids) if len(tokens) > window]
    if long and loaded.shorten is not None:
        cut = loaded.shorten([texts[row] for row in long], window)
    else:
        cut = [ids[row][:window] for row in long]
    for row, tokens in zip(long, cut, strict=True):
        ids[row] = tokens
    return _Texts(ids, len(long))


def text_batches(
    ids: Sequence[Sequence[int]], place: Placement, batch_size: int | None = None
) -> list[list[int]]:
    """Return batches of rows as they suit a device, longest first; see `token_batches`."""
    return list(
        token_batches(
            [len(row) for row in ids],
            _TOKENS.get(place.device.type, 4096),
            batch_size or _TEXTS.get(place.device.type, 64),
        )
    )


def token_batches(lengths: Sequence[int], tokens: int, texts: int) -> Iterator[list[int]]:
    """Yield batches of rows, longest first, so that padding is small and memory fails early.

    Args:
        lengths: tokens of each row.
        tokens: most tokens a batch, padding included.
        texts: most rows a batch.
    """
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    batch: list[int] = []
    for row in order:
        longest = lengths[batch[0]] if batch else lengths[row]
        if batch and (len(batch) == texts or longest * (len(batch) + 1) > tokens):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def run_texts(
    loaded: LoadedLanguage,
    ids: Sequence[Sequence[int]],
    poolings: Mapping[PoolingRecord, Chosen],
    place: Placement,
    see: Callable[[Tensor, Tensor, Tensor], None] | None = None,
) -> dict[PoolingRecord, list[Tensor]]:
    """Run one padded batch; return per pooling the layers, (B, d) float32 each.

    A pooling comes with the tokens of these texts that it averages, where it chooses. `see` is
    shown the ids, the mask and the last hidden state.
    """
    width = max(len(row) for row in ids)
    tokens = torch.full((len(ids), width), loaded.pad_id, dtype=torch.long)
    mask = torch.zeros((len(ids), width), dtype=torch.long)
    for at, row in enumerate(ids):
        tokens[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
    tokens, mask = tokens.to(place.device), mask.to(place.device)
    pooled: dict[PoolingRecord, list[Tensor]] = {pooling: [] for pooling in poolings}
    weights = {pooling: _averaged(mask, chosen) for pooling, chosen in poolings.items()}

    last: list[Tensor] = []

    def take(state: Tensor) -> None:
        if state.ndim != 3 or state.shape[:2] != tokens.shape:
            raise RowOrderError(
                f"A hidden state should be (texts, tokens, width), here ({len(ids)}, {width}, "
                f"width); the network gave {tuple(state.shape)}."
            )
        for pooling, layers in pooled.items():
            take_of = "mean" if poolings[pooling] is not None else pooling.take
            layers.append(pool_text(state, weights[pooling].to(state.device), take_of))
        if see is not None:
            last[:] = [state]

    loaded.stream(tokens, mask, take)
    if see is not None:
        see(tokens, mask, last[0])
    return pooled


def _averaged(mask: Tensor, chosen: Chosen) -> Tensor:
    """Return (B, T), 1 at the tokens that are averaged: the chosen ones, else all real ones."""
    if chosen is None:
        return mask
    weights = torch.zeros_like(mask)
    for row, positions in enumerate(chosen):
        weights[row, list(positions)] = 1
    return weights


def pool_text(state: Tensor, mask: Tensor, take: int | str) -> Tensor:
    """Return one float32 vector a text, (B, d).

    Args:
        state: (B, T, d) hidden state.
        mask: (B, T), 1 at the tokens meant; for 'first' and 'last' at real ones, which come first.
        take: 'mean' over these tokens, the 'last', or the 'first'.
    """
    if take == "first":
        return state[:, 0].float()
    if take == "last":
        rows = torch.arange(len(state), device=state.device)
        return state[rows, mask.sum(dim=1) - 1].float()
    weight = mask.unsqueeze(-1).float()
    # where, not multiplication: an overflow at a padded position must not leak in as NaN.
    real = torch.where(weight > 0, state.float(), 0.0)
    return real.sum(dim=1) / weight.sum(dim=1)


def verify_rows(
    record: ModelRecord,
    loaded: LoadedLanguage,
    ids: Sequence[Sequence[int]],
    chosen: Mapping[PoolingRecord, Chosen],
    finished: Mapping[PoolingRecord, list[NDArray[np.float32]]],
    place: Placement,
) -> None:
    """Run the shortest, the middle and the longest row alone and compare with what is stored.

    Raises:
        RowOrderError: one differs by more than rounding.
    """
    by_length = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    for row in {by_length[0], by_length[len(ids) // 2], by_length[-1]}:
        result = run_texts(loaded, [ids[row]], of_rows(chosen, [row]), place)
        for pooling, arrays in finished.items():
            for depth, (array, layer) in enumerate(zip(arrays, result[pooling], strict=True)):
                vector = layer[0].cpu().numpy()
                if not same_row(array, row, vector, place.dtype):
                    distance = np.linalg.norm(array[row] - vector)
                    raise RowOrderError(
                        f"Model {record.id!r}: row {row} run alone differs from the stored one at "
                        f"hidden.{depth} (pooling {pooling.id}, distance {distance:.3g}, norm "
                        f"{np.linalg.norm(vector):.3g}): its states depend on padding or on "
                        "the texts beside it; --batch-size 1 runs every text alone."
                    )
