"""Audio: read every tapped layer of every sound, averaged over what holds sound."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from math import gcd
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import resample_poly
from torch import Tensor

from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.datasets.dataset import Sound
from ingest.errors import CatalogError, DatasetError, RowOrderError
from ingest.extract.batching import LayerStack, run_batches, same_row
from ingest.extract.layouts import first_tensor, hooked, layer_output, submodules
from ingest.extract.loaded import LoadedAudio, Placement, Window
from ingest.extract.variants import Variant
from ingest.progress import Progress

# Windows a pass at most.
BATCH = {"cpu": 4, "mps": 8, "cuda": 32}
_DECODERS = 4
"""Sounds that are decoded at once."""


class _Part(NamedTuple):
    """A window, and which of a batch's sounds it belongs to."""

    sound: int
    window: Window


def extract_audio(
    record: ModelRecord,
    loaded: LoadedAudio,
    dataset: Dataset,
    variants: Sequence[Variant],
    place: Placement,
    batch_size: int | None,
    progress: Progress,
) -> dict[Variant, dict[str, NDArray[np.float32]]]:
    """Return per variant the tapped layers, name -> (n, d) float32 array.

    A sound is cut into windows that follow each other; its features are the mean over the positions
    of all of them that hold sound. All poolings of sounds are that mean.

    Raises:
        CatalogError: a tap does not fire once.
        DatasetError: the dataset has no sounds.
        OutOfMemoryError: not even one window fits.
        RowOrderError: a sound run alone differs from what was stored for it.
    """
    if dataset.sounds is None:
        raise DatasetError(f"Dataset {dataset.record.id!r} has no sounds for {record.id} to hear.")
    n, size = len(dataset), batch_size or BATCH.get(place.device.type, 8)
    loaded.module.to(device=place.device, dtype=place.dtype)
    stack = LayerStack(n)
    batches = [range(at, min(at + size, n)) for at in range(0, n, size)]
    progress.start(f"{record.label}: sounds", n)
    try:
        with ThreadPoolExecutor(_DECODERS) as pool, torch.inference_mode():
            with reading(record, loaded) as read:

                def features(rows: Sequence[int], at_once: int) -> list[Tensor]:
                    sounds = pool.map(dataset.sound, rows)
                    return _averaged(len(rows), _parts(loaded, sounds), read, place, at_once)

                def step(rows: Sequence[int]) -> None:
                    stack.put(rows, features(rows, len(rows)))

                run_batches(batches, step, place.device, progress, record.label)
                finished = stack.finish()
                _verify(record, loaded, features, finished, place)
    finally:
        progress.done()
    names = [tap.name for tap in loaded.taps]
    return {variant: dict(zip(names, finished, strict=True)) for variant in variants}


def resampled(sound: Sound, rate: int) -> NDArray[np.float32]:
    """Return a sound's samples at another rate, (about length * rate / sound.rate,)."""
    if sound.rate == rate:
        return sound.samples
    common = gcd(sound.rate, rate)
    return resample_poly(sound.samples, rate // common, sound.rate // common).astype(np.float32)


def _parts(loaded: LoadedAudio, sounds: Iterator[Sound]) -> Iterator[_Part]:
    """Yield the windows of all sounds in order; of each sound no more is prepared than asked."""
    for number, sound in enumerate(sounds):
        samples = resampled(sound, loaded.rate)
        for at in range(0, len(samples), loaded.window):
            yield _Part(number, loaded.prepare(samples[at : at + loaded.window]))


def _averaged(
    count: int,
    parts: Iterator[_Part],
    read: Callable[[Tensor, Sequence[int | None]], list[Tensor]],
    place: Placement,
    at_once: int,
) -> list[Tensor]:
    """Return per layer the weighted mean of each sound's windows, (count, d) float32."""
    sums: list[Tensor] = []
    weights = torch.zeros(count, 1, dtype=torch.float64)
    while batch := list(islice(parts, at_once)):
        inputs = torch.stack([part.window.inputs for part in batch])
        layers = read(
            inputs.to(device=place.device, dtype=place.dtype),
            [part.window.positions for part in batch],
        )
        if not sums:
            sums = [torch.zeros(count, layer.shape[1], dtype=torch.float64) for layer in layers]
        of = torch.tensor([part.sound for part in batch])
        by = torch.tensor([[part.window.weight] for part in batch], dtype=torch.float64)
        weights.index_add_(0, of, by)
        for total, layer in zip(sums, layers, strict=True):
            total.index_add_(0, of, layer.cpu().double() * by)
    return [(total / weights).float() for total in sums]


@contextmanager
def reading(
    record: ModelRecord, loaded: LoadedAudio
) -> Iterator[Callable[[Tensor, Sequence[int | None]], list[Tensor]]]:
    """Yield what runs windows and returns their layers, (B, d) float32 each.

    It takes the inputs, (B, ...), and how many positions of each hold sound. The tapped modules are
    hooked and pooled as they run, so full activations never pile up.
    """
    label = f"Model {record.id!r}"
    pooled: dict[str, Tensor] = {}
    held: list[int | None] = []

    def take(path: str, output: object) -> None:
        if path in pooled:
            raise CatalogError(f"{label}: the layer {path!r} ran twice in one forward pass.")
        layer = layer_output(label, path, first_tensor(output), "tokens")
        if len(layer) != len(held):
            raise RowOrderError(
                f"{label}: the first axis of the layer {path!r} is not the batch: {len(held)} "
                f"windows came back as {len(layer)} rows."
            )
        means = [
            row[:to].mean(dim=0, dtype=torch.float32) for row, to in zip(layer, held, strict=True)
        ]
        pooled[path] = torch.stack(means)

    def read(inputs: Tensor, positions: Sequence[int | None]) -> list[Tensor]:
        pooled.clear()
        held[:] = positions
        loaded.forward(inputs)
        lacking = [path for path in paths if path not in pooled]
        if lacking:
            raise CatalogError(f"{label}: the layer {lacking[0]!r} did not run.")
        return [pooled[path] for path in paths]

    paths = tuple(tap.path for tap in loaded.taps)
    submodules(label, loaded.module, paths)  # refuses paths that are none
    with hooked(loaded.module, paths, take):
        yield read


def _verify(
    record: ModelRecord,
    loaded: LoadedAudio,
    features: Callable[[Sequence[int], int], list[Tensor]],
    finished: Sequence[NDArray[np.float32]],
    place: Placement,
) -> None:
    """Run the first, the middle and the last sound alone, window by window, and compare.

    Raises:
        RowOrderError: one differs by more than rounding.
    """
    n = len(finished[0])
    for row in dict.fromkeys((0, n // 2, n - 1)):
        for tap, array, again in zip(loaded.taps, finished, features([row], 1), strict=True):
            vector = again[0].numpy()
            if not same_row(array, row, vector, place.dtype):
                raise RowOrderError(
                    f"Model {record.id!r}: row {row} run alone differs from the stored one in the "
                    f"layer {tap.name!r} (distance {np.linalg.norm(array[row] - vector):.3g}, norm "
                    f"{np.linalg.norm(vector):.3g}): features depend on the sounds that share a "
                    "batch, or change each time the network runs."
                )
