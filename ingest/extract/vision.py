"""Vision: read every tapped layer of every image, pooled as it comes out of the network."""

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError
from ingest.extract.batching import LayerStack, run_batches
from ingest.extract.fold import fold_batchnorm
from ingest.extract.loaded import Layout, LoadedVision, Placement
from ingest.extract.variants import Pooling, Variant
from ingest.progress import Progress

# On a CPU small batches stay in its caches: 8 images run 1.5 to 2 times as fast as 32.
_BATCH = {"cpu": 8, "mps": 32, "cuda": 128}


def extract_vision(
    record: ModelRecord,
    loaded: LoadedVision,
    dataset: Dataset,
    variants: Sequence[Variant],
    place: Placement,
    batch_size: int | None,
    progress: Progress,
) -> dict[Variant, dict[str, NDArray[np.float32]]]:
    """Return per variant the tapped layers, name -> (n, d) float32 array; one forward pass.

    Raises:
        CatalogError: a pooling does not suit the network, or a tap does not fire.
        OutOfMemoryError: not even one image fits.
    """
    poolings: dict[Variant, Pooling] = {
        variant: resolved_pooling(record, loaded, variant.pooling) for variant in variants
    }
    module = loaded.module.to(device=place.device, dtype=place.dtype)
    channels_last = loaded.layout != "tokens"
    if channels_last:
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    n = len(dataset)
    stacks: dict[Pooling, LayerStack] = {pooling: LayerStack(n) for pooling in poolings.values()}
    size = batch_size or _BATCH.get(place.device.type, 32)
    batches = [range(at, min(at + size, n)) for at in range(0, n, size)]
    feeder = ImageFeeder(loaded, dataset, ahead=size, device=place.device)

    def batch_of(images: Tensor) -> Tensor:
        images = images.to(device=place.device, dtype=place.dtype)
        return images.contiguous(memory_format=torch.channels_last) if channels_last else images

    progress.start(f"{record.label}: images", n)
    try:
        with torch.inference_mode(), feeder:
            if place.device.type == "cpu" and loaded.layout == "nchw":
                fold_batchnorm(loaded, batch_of(feeder.get([0])))
            with TapReader(record, loaded, set(stacks)) as taps:

                def step(rows: Sequence[int]) -> None:
                    taps.clear()
                    loaded.forward(batch_of(feeder.get(rows)))
                    for pooling, stack in stacks.items():
                        stack.put(rows, taps.layers(pooling))

                run_batches(batches, step, place.device, progress, record.label)
    finally:
        progress.done()
    names = [tap.name for tap in loaded.taps]
    finished = {pooling: stack.finish() for pooling, stack in stacks.items()}
    return {
        variant: dict(zip(names, finished[pooling], strict=True))
        for variant, pooling in poolings.items()
    }


class ImageFeeder:
    """Decodes and preprocesses images in threads, one batch ahead of the network."""

    def __init__(
        self, loaded: LoadedVision, dataset: Dataset, ahead: int, device: torch.device
    ) -> None:
        """Prepare to feed `dataset`, starting up to `ahead` images early."""
        self._loaded, self._dataset, self._ahead = loaded, dataset, ahead
        workers = 1 if device.type == "cpu" else min(8, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(max_workers=workers)
        self._pending: dict[int, Future[Tensor]] = {}

    def __enter__(self) -> "ImageFeeder":
        """Start."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop the threads; images not asked for yet are dropped."""
        self._pool.shutdown(cancel_futures=True)

    def get(self, rows: Sequence[int]) -> Tensor:
        """Return the images of the rows, (len(rows), 3, H, W) float32, and start the next ones."""
        for row in rows:
            self._start(row)
        for row in range(rows[-1] + 1, min(rows[-1] + 1 + self._ahead, len(self._dataset))):
            self._start(row)
        return torch.stack([self._pending.pop(row).result() for row in rows])

    def _start(self, row: int) -> None:
        if row not in self._pending:
            self._pending[row] = self._pool.submit(self._prepare, row)

    def _prepare(self, row: int) -> Tensor:
        return self._loaded.preprocess(self._dataset.image(row))


class TapReader:
    """Hooks the tapped modules and pools what comes out, so full activations never pile up."""

    def __init__(self, record: ModelRecord, loaded: LoadedVision, poolings: set[Pooling]) -> None:
        """Prepare to read every tap of `loaded`."""
        self._record, self._loaded, self._poolings = record, loaded, poolings
        self._pooled: dict[tuple[str, Pooling], Tensor] = {}
        self._handles: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> "TapReader":
        """Attach the hooks."""
        modules = dict(self._loaded.module.named_modules())
        for tap in self._loaded.taps:
            if tap.path not in modules:
                raise CatalogError(
                    f"Model {self._record.id!r} has no layer {tap.path!r}; it has, among others, "
                    f"{', '.join(name for name in list(modules)[1:9])}."
                )
            self._attach(tap.name, modules[tap.path])
        return self

    def __exit__(self, *exception: object) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()

    def clear(self) -> None:
        """Forget the last batch."""
        self._pooled.clear()

    def layers(self, pooling: Pooling) -> list[Tensor]:
        """Return the last batch's layers, (B, d) float32 each, in depth order."""
        missing = [t.name for t in self._loaded.taps if (t.name, pooling) not in self._pooled]
        if missing:
            raise CatalogError(
                f"Model {self._record.id!r}: the layer {missing[0]!r} did not run in the forward "
                "pass."
            )
        return [self._pooled[tap.name, pooling] for tap in self._loaded.taps]

    def _attach(self, name: str, module: nn.Module) -> None:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if (name, next(iter(self._poolings))) in self._pooled:
                raise CatalogError(
                    f"Model {self._record.id!r}: the layer {name!r} ran twice in one forward pass; "
                    "name a layer that runs once."
                )
            tensor = output[0] if isinstance(output, tuple) else output
            dims = 3 if self._loaded.layout == "tokens" else 4
            if not isinstance(tensor, Tensor) or tensor.ndim != dims:
                got = tuple(tensor.shape) if isinstance(tensor, Tensor) else type(tensor).__name__
                raise CatalogError(
                    f"Model {self._record.id!r}: the layer {name!r} should give {dims} dimensions "
                    f"({self._loaded.layout}); got {got}."
                )
            for pooling in self._poolings:
                self._pooled[name, pooling] = pool_image(
                    tensor, self._loaded.layout, pooling, self._loaded.prefix_tokens
                )

        self._handles.append(module.register_forward_hook(hook))


def pool_image(output: Tensor, layout: Layout, pooling: Pooling, prefix_tokens: int) -> Tensor:
    """Return one float32 vector an image, (B, d).

    Args:
        output: (B, T, d) tokens, (B, d, H, W) or (B, H, W, d).
        layout: which of the three.
        pooling: 'cls' takes the first token, 'gap' averages the positions (patches only).
        prefix_tokens: tokens before the patches.
    """
    if pooling == "cls":
        return output[:, 0].float()
    if layout == "tokens":
        return output[:, prefix_tokens:].mean(dim=1, dtype=torch.float32)
    return output.mean(dim=(2, 3) if layout == "nchw" else (1, 2), dtype=torch.float32)


def resolved_pooling(record: ModelRecord, loaded: LoadedVision, pooling: Pooling) -> Pooling:
    """Return the pooling really used: a class token where there is one, else the global average."""
    if pooling == "auto":
        return "cls" if loaded.has_class_token else "gap"
    if pooling == "cls" and not loaded.has_class_token:
        raise CatalogError(f'Model {record.id!r} has no class token; use pooling = "gap".')
    return pooling
